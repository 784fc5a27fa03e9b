// One phase driven through the fleet: claims are given out, settled from the ledger, taken back
// from the silent. Decisions are `ClaimBook`'s; this carries them out.

import Glibc
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Settings
import Wire

extension RunCoordinator {
    /// What ends a drive before all claims are finished.
    enum DriveEnd: Error, Equatable {
        /// UNLOGGED staging was emptied by a crash of the server; it must be staged again.
        case stagingLost
        /// A spool slice is missing or torn; the archived input must be spooled again.
        case spoolTorn
    }

    /// Drives a phase that reads the spool; a torn slice is spooled again, once.
    func driveWithSpool(_ phase: Phase, shouldStop: () throws -> Bool = { false }) throws {
        do {
            try drive(phase, shouldStop: shouldStop)
        } catch DriveEnd.spoolTorn {
            for claim in try ClaimLedger.taken(run: run, revision: revision, connection) {
                _ = try takeBack(claim)
            }
            try spoolAgain()
            do {
                try drive(phase, shouldStop: shouldStop)
            } catch DriveEnd.spoolTorn {
                throw RunStop(
                    .input,
                    LogMessage(
                        .inputMissing,
                        [
                            "input": definition.spoolDirectory(of: run),
                            "reason": lastFailure?.reason ?? "the spool is torn again",
                        ]), isResumable: true)
            }
        }
    }

    /// Drives the phase's claims until every one is finished.
    ///
    /// - Parameter shouldStop: Asked after every settled claim; true ends the drive early.
    func drive(_ phase: Phase, shouldStop: () throws -> Bool = { false }) throws {
        let claims = try ClaimLedger.open(run: run, revision: revision, phase: phase, connection)
        let job = definition.job
        var book = ClaimBook(
            claims: claims, attemptsMax: job.attemptsMax,
            silenceLimit: .milliseconds(job.silenceMilliseconds),
            noProgressLimit: CoordinationLimits.noProgressLimit)
        var table: [Int64: Claim] = [:]
        for claim in claims { table[claim.id] = claim }
        if phase == .validate {
            let slices = try SliceLedger.slices(run: run, revision: revision, connection)
            fleet.spool.open(slices, directory: definition.spoolDirectory(of: run))
        }
        defer { fleet.spool.close() }
        failures = PartitionFailures()
        claimsLeft = Dictionary(grouping: claims.compactMap(\.partition)) { $0 }.mapValues(\.count)
        var lastReview = clock
        var lastWorkerAt = clock
        let (began, rested, settled) = (clock, fleet.timeAtRest, claimsSettled.count)
        let worked = ProcessorTime.now
        defer {
            noteBusy(
                clock - began - (fleet.timeAtRest - rested), ProcessorTime.now - worked,
                claims: claimsSettled.count - settled)
        }
        if !isSettlingPrepared {
            try ClaimLedger.prepareStates(connection)
            isSettlingPrepared = true
        }
        var queue: [ClaimBook.Effect] = fleet.idle.sorted().flatMap { book.ready($0, at: clock) }
        while !book.isFinished {
            try perform(&queue, &book, table)
            if try shouldStop() { return }
            if book.isFinished { break }
            try fleet.pause(milliseconds: 20)
            try checkSignal()
            try followInstructions()
            for event in fleet.takeEvents() {
                queue += try handle(event, &book, table)
            }
            queue += try relieve(&book, &table)
            drawSoon()
            if fleet.childCount > 0 || fleet.hasLiveCrew { lastWorkerAt = clock }
            if clock - lastWorkerAt > fleet.workerWait {
                throw RunStop(
                    .infrastructure,
                    LogMessage(
                        .noWorkers,
                        [
                            "elapsed": Figures.duration(clock - lastWorkerAt),
                            "phase": phase.rawValue, "run": run,
                        ]), isResumable: true)
            }
            guard clock - lastReview >= CoordinationLimits.reviewInterval else { continue }
            lastReview = clock
            queue += try review(&book)
            queue += book.assignments(at: clock)
        }
        try checkSetAside()
    }

    /// What the fleet's claims cost the coordinator itself: the most it can give out in a second is
    /// the inverse of it.
    private func noteBusy(_ busy: Duration, _ processor: Duration, claims: Int) {
        guard claims > 0 else { return }
        note(
            LogMessage(
                .claimsCost,
                [
                    "phase": phase.rawValue, "claims": String(claims),
                    "elapsed": Figures.duration(busy),
                    "microseconds": String(Figures.whole(busy / .microseconds(claims))),
                    "processor": String(Figures.whole(processor / .microseconds(claims))),
                ]))
    }

    /// Time since the run began; what the claim book calls now.
    var clock: Duration { Monotonic.now() - startedClock }

    private func perform(
        _ queue: inout [ClaimBook.Effect], _ book: inout ClaimBook, _ table: [Int64: Claim]
    ) throws {
        while !queue.isEmpty {
            switch queue.removeFirst() {
            case .assign(let claim, let epoch, let worker):
                fleet.idle.remove(worker)
                claimWatch.assigned(claim, at: clock)
                fleet.spool.grant(
                    claim: claim, epoch: epoch, slice: table[claim]?.slice ?? 0, to: worker)
                try Failpoint.claimGranted.pass()
                fleet.send(
                    .assign(
                        Assignment(
                            claim: claim, epoch: epoch, phase: phase,
                            slice: Int32(table[claim]?.slice ?? 0))), to: worker)
            case .settle(let claim):
                // Workers that became idle at the same time are answered by one statement.
                var claims = [claim]
                queue.removeAll { effect in
                    guard case .settle(let other) = effect else { return false }
                    claims.append(other)
                    return true
                }
                queue += try settle(claims, &book, table)
            case .revoke(let claim, let worker):
                queue += try revoke(claim, from: worker, &book, table)
            case .giveUp(let claim, let attempts):
                guard let tried = table[claim] else { continue }
                try giveUp(tried, attempts: attempts, &book)
                queue += book.assignments(at: clock)
            }
        }
    }

    private func handle(
        _ event: FleetEvent, _ book: inout ClaimBook, _ table: [Int64: Claim]
    ) throws -> [ClaimBook.Effect] {
        switch event {
        case .ready(let worker):
            return book.ready(worker, at: clock)
        case .beat(let worker, let beat):
            book.beat(
                worker, claim: beat.claim,
                progress: beat.recordsDone &+ beat.bytesSent &+ beat.bytesReceived, at: clock)
            return []
        case .failed(let worker, let failure):
            return try failed(worker, failure, &book)
        case .left(let worker, let reason):
            note(LogMessage(.workerLeft, ["worker": worker, "reason": reason]), worker: worker)
            try left(worker, reason: reason)
            return book.gone(worker)
        case .ended(let worker, let process, let status):
            noteEnd(of: worker, process: process, status)
            try left(worker, reason: Self.text(of: status))
            try replace(worker)
            return book.gone(worker)
        case .retiring(let worker):
            book.retire(worker)
            return []
        case .drained(let worker):
            return try drained(worker, &book)
        case .joined(let worker, let host, let process, _):
            noteArrival(event)
            try TenureLedger.join(
                worker, host: host, process: process, run: run, term: term, connection)
            events?.tell(.workerJoined) { event in
                event.worker = worker
                event.host = host
            }
            return []
        default:
            noteArrival(event)
            return []
        }
    }

    /// A worker process of ours that ended is started again, within a bound.
    private func replace(_ worker: WorkerName) throws {
        let limit = CoordinationLimits.restartsPerWorkerMax * definition.job.workers
        guard fleet.restarts < limit else { return }
        try fleet.start(
            1, executable: executable, databaseURL: databaseURL, logDirectory: directory,
            isReplacement: true)
    }

    private func failed(
        _ worker: WorkerName, _ failure: Failure, _ book: inout ClaimBook
    ) throws -> [ClaimBook.Effect] {
        lastFailure = (worker, failure.text)
        note(
            LogMessage(
                .claimFailed,
                [
                    "phase": phase.rawValue, "slice": "?", "worker": worker,
                    "reason": failure.text, "attempt": "?",
                    "attempts": String(definition.job.attemptsMax),
                ]), worker: worker)
        let reason: KeyValuePairs<String, String> = [
            "statement": phase.rawValue, "state": failure.sqlState ?? "-", "partition": "?",
            "reason": failure.text, "run": run,
        ]
        switch failure.kind {
        case .configuration:
            throw RunStop(
                .configuration, LogMessage(.statementFailed, reason), isResumable: true)
        case .bug:
            throw RunStop(.bug, LogMessage(.statementFailed, reason), isResumable: true)
        case .retry, .data, .fenced:
            // A worker may still tell of a claim of the drive before this one.
            guard let claim = failure.claim, book.claims(of: worker).contains(claim) else {
                return []
            }
            // No room, no memory: not this claim's fault, and no other claim fares better.
            let trouble = PostgresError(sqlState: failure.sqlState, message: failure.text)
            if failure.sqlState != nil, trouble.isPassing { throw trouble }
            if failure.text.hasPrefix(LoadingError.stagingLostPrefix) {
                throw DriveEnd.stagingLost
            }
            if failure.text.hasPrefix(LoadingError.spoolTornPrefix) { throw DriveEnd.spoolTorn }
            return [.revoke(claim: claim, from: worker)]
        }
    }

    /// The ledger decides whether a claim is done; an idle worker only says that it is idle.
    private func settle(
        _ claims: [Int64], _ book: inout ClaimBook, _ table: [Int64: Claim]
    ) throws -> [ClaimBook.Effect] {
        var effects: [ClaimBook.Effect] = []
        let states = try ClaimLedger.states(claims, connection)
        for claim in claims {
            // One that was told of twice is settled once.
            guard let (state, rejected) = states[claim], let worker = book.holder(of: claim) else {
                continue
            }
            guard !state.isFinished else {
                try settled(claim, rejected: rejected, &book, table)
                continue
            }
            // The worker may not have seen the assignment yet; it asks again if it does not.
            guard claimWatch.isGivenUp(claim, at: clock) else { continue }
            effects.append(.revoke(claim: claim, from: worker))
        }
        return effects + book.assignments(at: clock)
    }

    private func settled(
        _ claim: Int64, rejected: Int64, _ book: inout ClaimBook, _ table: [Int64: Claim]
    ) throws {
        fleet.spool.close(claim: claim)
        let weight = table[claim]?.weight ?? 0
        if let worker = book.holder(of: claim) { fleet.count(claim: weight, for: worker) }
        recordsSettled += UInt64(max(weight, 0))
        claimsSettled.insert(claim)
        book.finished(claim)
        settledInPartition(table[claim]?.partition)
        rejectsSettled += rejected
        if let claim = table[claim] { try judgeLoaded(claim) }
        drawSoon()
    }

    /// Looks at claims whose holder is silent; a claim that moves in the ledger is left alone.
    private func review(_ book: inout ClaimBook) throws -> [ClaimBook.Effect] {
        // While all workers are busy nothing else asks the server: a lost session, and with it the
        // lock on the target, would show only when the first of them gives up.
        _ = try SessionClock.now(connection)
        var effects: [ClaimBook.Effect] = []
        for suspect in book.suspects(at: clock) {
            guard case .revoke(let claim, let worker) = suspect,
                let state = try ClaimLedger.state(claim, connection)
            else { continue }
            if claimWatch.hasMoved(claim, chunks: state.chunkNumber) {
                book.moved(claim: claim, at: clock)
                continue
            }
            note(
                LogMessage(
                    .workerSilent,
                    [
                        "worker": worker,
                        "elapsed": "\(definition.job.silenceMilliseconds) ms or more",
                    ]), worker: worker)
            // A process of ours that does not answer is of no use any more.
            fleet.kill(worker)
            effects.append(.revoke(claim: claim, from: worker))
        }
        return effects
    }

    /// Takes a claim away (PROTOCOL 11): epoch first, then the session, then the next worker.
    private func revoke(
        _ claim: Int64, from worker: WorkerName, _ book: inout ClaimBook, _ table: [Int64: Claim]
    ) throws -> [ClaimBook.Effect] {
        guard book.holder(of: claim) == worker else { return [] }
        let state = try takeBack(claim)
        if state.isFinished {
            let found = try ClaimLedger.states([claim], connection)[claim]
            try settled(claim, rejected: found?.rejected ?? 0, &book, table)
        } else {
            note(
                LogMessage(
                    .claimTakenBack,
                    [
                        "phase": phase.rawValue, "slice": String(table[claim]?.slice ?? 0),
                        "worker": worker, "epoch": String(state.epoch),
                        "attempt": String(state.epoch),
                        "attempts":
                            String(definition.job.attemptsMax),
                    ]), worker: worker)
            let progressed = claimWatch.progressed(claim, chunks: state.chunkNumber)
            book.reopened(claim, epoch: state.epoch, progressed: progressed)
        }
        return book.assignments(at: clock)
    }

    /// Raises a claim's epoch and ends its holder's session; nothing of it writes any more.
    func takeBack(_ claim: Int64) throws -> ClaimState {
        fleet.spool.close(claim: claim)
        let box = try guardConnection()
        return try ClaimFence.takeBack(
            claim, run: run, term: term,
            pause: { milliseconds in
                if milliseconds > 0 {
                    try fleet.pause(milliseconds: milliseconds)
                } else {
                    try fleet.breathe()
                }
            }, box.connection)
    }
}
