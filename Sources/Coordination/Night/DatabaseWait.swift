// The run waits for its database. What was begun is not undone: the workers wait too, and the ledger
// says where to go on.

import Glibc
import Journal
import Ledger
import Messaging
import Plan
import Postgres

/// A wait for the database that is on.
struct DatabaseWait {
    private var patience: DatabasePatience
    /// When it began, as people read it.
    private var began = Timestamp.now()
    private var toldAt: ContinuousClock.Instant?

    /// - Parameter limit: Time without progress after which the run ends.
    init(limit: Duration) { patience = DatabasePatience(limit: limit) }

    /// How long it has lasted; zero: there was none.
    var elapsed: Duration { patience.since.map { Monotonic.now() - $0 } ?? .zero }

    /// Waits until the run may be tried again.
    ///
    /// - Throws: ``RunStop``: a signal, the deadline, an instruction, or it took too long.
    mutating func pass(_ trouble: PostgresError, _ coordinator: RunCoordinator) throws {
        let before = patience.since
        let next = patience.nextTry(
            .init(
                term: coordinator.term, phase: coordinator.phase,
                hasFinishedClaims: !coordinator.claimsSettled.isEmpty),
            isFull: !trouble.connectionLost && trouble.kind != .connection,
            at: Monotonic.now(), share: .random(in: 0...1))
        if before != patience.since {
            began = .now()
            toldAt = nil
        }
        guard let next else { throw over(trouble, coordinator) }
        tell(trouble, coordinator)
        while Monotonic.now() < next {
            try coordinator.fleet.pause(
                milliseconds: CoordinationLimits.databaseLookMilliseconds)
            coordinator.noteWhileWaiting()
            try coordinator.checkSignal()
            try coordinator.followWhileWaiting()
        }
    }

    private func over(_ trouble: PostgresError, _ coordinator: RunCoordinator) -> RunStop {
        let cause = Ending.stop(for: trouble, run: coordinator.run)
        guard toldAt != nil else { return cause }
        let message = LogMessage(
            .databaseNotBack,
            [
                "run": coordinator.run, "elapsed": Figures.duration(elapsed),
                "reason": trouble.description,
            ])
        return RunStop(cause.outcome, [message] + cause.messages, isResumable: true)
    }

    /// Says what is waited for when it begins, and every now and then.
    private mutating func tell(_ trouble: PostgresError, _ coordinator: RunCoordinator) {
        let now = Monotonic.now()
        if let toldAt, now - toldAt < CoordinationLimits.databaseNoticeInterval { return }
        toldAt = now
        let left = patience.end.map { $0 - now } ?? .zero
        let message = LogMessage(
            .databaseAwaited,
            [
                "run": coordinator.run, "since": began.iso8601WithOffset,
                "left": Figures.duration(left), "reason": trouble.description,
            ])
        coordinator.note(message)
        coordinator.screen.announce(message)
    }
}

extension RunCoordinator {
    /// Says that the run goes on after a wait.
    func noteDatabaseBack(after wait: Duration) {
        let message = LogMessage(
            .databaseBack,
            ["run": run, "elapsed": Figures.duration(wait), "term": String(term)])
        note(message)
        screen.announce(message)
    }

    /// Notes who comes and goes meanwhile; the ledger learns of those who are left.
    fileprivate func noteWhileWaiting() {
        for event in fleet.takeEvents() {
            if case .ended(let worker, let process, let status) = event {
                noteEnd(of: worker, process: process, status)
            } else {
                noteArrival(event)
            }
        }
    }

    /// Does what is asked while the session is there, and keeps the deadline in any case.
    fileprivate func followWhileWaiting() throws {
        if connection.isUsable {
            do {
                return try followInstructions()
            } catch let error as PostgresError where error.isPassing {
                // Still the trouble that is waited for; this process's clock knows the deadline.
            }
        }
        guard let deadline = watch.deadline, let end = watch.deadlineAt, Monotonic.now() >= end
        else { return }
        throw RunStop(
            .deadline,
            LogMessage(
                .deadlineReached,
                [
                    "run": run, "deadline": deadline.text, "phase": phase.rawValue,
                    "done": String(fleet.recordsDone), "total": String(fleet.recordsTotal),
                ]), isResumable: true)
    }
}
