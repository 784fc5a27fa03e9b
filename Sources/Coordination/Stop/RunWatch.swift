// What reaches a run from outside while it is on: instructions in the ledger, and its deadline.
// Looked at twice a second, on the coordinator's own session, between its transactions.

import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings

/// What a coordinator remembers of its looks.
struct RunWatch {
    /// nil: it takes the time it takes.
    private(set) var deadline: Deadline?
    /// The deadline by this process's clock, for when the database cannot be asked; nil: none.
    private(set) var deadlineAt: ContinuousClock.Instant?
    /// Whether it was asked what the deadline is.
    private(set) var isDeadlineKnown = false
    var lookedAt = Monotonic.now()
    var forecastAt = Monotonic.now()
    /// One warning is enough.
    var hasWarned = false
    /// A transaction is under way on the coordinator's session: nobody may ask it anything.
    var isTransacting = false

    /// Keeps a deadline.
    ///
    /// - Parameters:
    ///   - deadline: nil: there is none.
    ///   - now: The database's clock, in milliseconds since 1970.
    mutating func keep(_ deadline: Deadline?, now: Int64) {
        self.deadline = deadline
        deadlineAt = deadline.map {
            Monotonic.now() + .milliseconds($0.moment.milliseconds - now)
        }
        isDeadlineKnown = true
    }

    /// Keeps what an earlier coordinator of this process kept: the next such time of day may have
    /// become tomorrow's.
    mutating func keep(as earlier: RunWatch) {
        deadline = earlier.deadline
        deadlineAt = earlier.deadlineAt
        isDeadlineKnown = true
    }
}

extension RunCoordinator {
    /// Does what is asked of the run; throws when that, or the deadline, ends it.
    ///
    /// Asks the ledger at most twice a second.
    func followInstructions() throws {
        let now = Monotonic.now()
        guard !watch.isTransacting,
            now - watch.lookedAt >= CoordinationLimits.instructionInterval
        else { return }
        watch.lookedAt = now
        let found = try InstructionLedger.open(run: run, term: term, connection)
        for instruction in found.instructions {
            try transact { connection in
                try InstructionLedger.answer(instruction.number, connection)
            }
            switch instruction.wish {
            case .cancel:
                throw RunStop(
                    .terminated,
                    LogMessage(
                        .cancelRequested,
                        [
                            "run": run, "user": instruction.askedBy,
                            "reason": instruction.reason ?? "none given",
                        ]), isResumable: true)
            case .drain(let worker):
                note(
                    LogMessage(
                        .workerDraining,
                        [
                            "worker": worker, "user": instruction.askedBy,
                            "reason": instruction.reason ?? "none given",
                        ]), worker: worker)
                fleet.retire(worker)
            }
        }
        try checkDeadline(found.now)
    }

    /// Keeps the next such time of day as the deadline; nil: there is none.
    func keep(_ deadline: DeadlineTime?) throws {
        guard let deadline else { return watch.keep(nil, now: 0) }
        let now = try InstructionLedger.open(run: run, term: term, connection).now
        watch.keep(Deadline(deadline, now: now, offset: Timestamp.localOffset(at:)), now: now)
    }

    private func checkDeadline(_ now: Int64) throws {
        guard let deadline = watch.deadline else { return }
        guard !deadline.isOver(at: now) else {
            let (left, total) = try extent()
            throw RunStop(
                .deadline,
                LogMessage(
                    .deadlineReached,
                    [
                        "run": run, "deadline": deadline.text, "phase": phase.rawValue,
                        "done": String(total - left), "total": String(total),
                    ]), isResumable: true)
        }
        guard !watch.hasWarned, phase > .split, phase < .publish,
            Monotonic.now() - watch.forecastAt >= CoordinationLimits.forecastInterval
        else { return }
        watch.forecastAt = Monotonic.now()
        let seconds = (Monotonic.now() - phaseClock) / .seconds(1)
        let (left, total) = try extent()
        let recent = try StatusLedger.progress(
            run, revision: revision, phase: phase, since: now - Int64(seconds * 1_000), connection
        ).recent
        let pace = Pace(left: left, recent: recent, seconds: seconds)
        guard pace.isTooSlow(for: Double(deadline.moment.milliseconds - now) / 1_000) else {
            return
        }
        watch.hasWarned = true
        note(
            LogMessage(
                .deadlineInDoubt,
                [
                    "run": run, "deadline": deadline.text, "phase": phase.rawValue,
                    "left": String(left), "total": String(total),
                    "rate": String(Figures.whole(pace.perSecond)),
                ]))
    }

    /// Records of the phase that are not committed, and all of them.
    private func extent() throws -> (left: Int64, total: Int64) {
        let progress = try StatusLedger.progress(
            run, revision: revision, phase: phase, since: 0, connection)
        return switch phase {
        case .split: (Int64(envelope?.dataRecords ?? 0), Int64(envelope?.dataRecords ?? 0))
        case .validate: (progress.records - progress.validated, progress.records)
        case .load, .certify: (progress.staged - progress.handled, progress.staged)
        case .publish: (0, progress.records)
        }
    }

    /// Takes back and frees what workers have in hand: nothing of it writes any more.
    ///
    /// What is committed stays.
    func releaseClaims() throws {
        var held = Set(try ClaimLedger.taken(run: run, revision: revision, connection))
        // A worker of another machine may have been told of a claim and take it only now.
        for claim in claimWatch.offered where !claimsSettled.contains(claim) {
            guard let state = try ClaimLedger.state(claim, connection), !state.isFinished else {
                continue
            }
            held.insert(claim)
        }
        for claim in held.sorted() { _ = try takeBack(claim) }
        try transact { connection in
            try ClaimLedger.release(run: run, revision: revision, connection)
        }
    }
}
