// The database's sessions: transactions, locks, broken connections, unknown outcomes, crashes.

import Plan

/// What a statement answers.
enum Reply {
    case done
    /// No row: the claim is not ours, or there is nothing.
    case none
    case claim(ClaimRow)
    case claims([ClaimRow])
    case seen([TargetRow?])
    /// The run under a new term, and the phase it is in.
    case term(Int, Phase)
    case conflicts([Int])
    case slices([Int])
    case lockNotAvailable
    /// A second interval where there is one already.
    case duplicate
    case stagingLost
    /// Another coordinator has the run.
    case fenced
    /// Another coordinator has the target.
    case held
    /// A proof does not hold.
    case broken
    /// The connection is lost; whether the statement was executed is not known.
    case lost

    static let names = [
        "done", "no row", "a claim", "claims", "rows seen", "a term", "conflicts", "slices",
        "lock not available", "duplicate key", "staging lost", "fenced", "held", "proof broken",
        "connection lost",
    ]

    /// Place in ``names``.
    var code: Int {
        switch self {
        case .done: 0
        case .none: 1
        case .claim: 2
        case .claims: 3
        case .seen: 4
        case .term: 5
        case .conflicts: 6
        case .slices: 7
        case .lockNotAvailable: 8
        case .duplicate: 9
        case .stagingLost: 10
        case .fenced: 11
        case .held: 12
        case .broken: 13
        case .lost: 14
        }
    }

    /// Whether it ends the transaction.
    var isError: Bool {
        switch self {
        case .lockNotAvailable, .duplicate, .stagingLost, .fenced, .broken, .lost: true
        default: false
        }
    }
}

/// What a session has under way.
struct OpenTransaction {
    var claim: ClaimRow
    /// The epoch its worker believes in.
    var epoch: Int
    /// A crash may lose it although it was answered.
    var isAsynchronous: Bool
    var effect = ChunkEffect()
    var interval: IntervalRow?
    /// A slice's rows and chunks, of a validation.
    var staged: (rows: [StagedRow], chunks: [ChunkRow])?
}

/// A session of the database.
struct ServerSession {
    /// Whose it is.
    var process: Int
    var isAlive = true
    var transaction: OpenTransaction?
}

extension Simulation {
    /// Connects; nil: the server is away.
    func openSession(_ process: Int) -> Int? {
        guard now >= serverBackAt else { return nil }
        sessions.append(ServerSession(process: process))
        return sessions.count - 1
    }

    /// Executes a statement after its way to the server and answers after the way back.
    ///
    /// - Parameters:
    ///   - patience: How long it waits for a lock.
    ///   - body: The statement; nil: a lock is in the way.
    ///   - then: What the client does with the answer.
    func execute(
        _ session: Int, by process: Int, patience: Int = SimulatorLimits.lockTimeout,
        _ body: @escaping () -> Reply?, then: @escaping (Reply) -> Void
    ) {
        let number = statementCount
        statementCount += 1
        var arrival = now + chance.number(.requestDelay, number, in: 1...6)
        let fault = statementFaults[number]
        switch fault?.kind {
        case .cutBefore:
            tellLost(number, session, process, then)
            endLater(session, fault?.length ?? 0)
            return
        case .executedLate:
            arrival = now + (fault?.length ?? 0)
            tellLost(number, session, process, then)
        case .clientKilled: end(process, noticedAfter: fault?.length)
        case .clientFrozen: freeze(process, for: fault?.length ?? 0)
        default: break
        }
        let tells = fault?.kind != .executedLate
        let isCut = fault?.kind == .cutAfter
        at(arrival) { [self] in
            attempt(number, session, process, until: now + patience, body) { [self] reply in
                guard tells else { return endLater(session, 1) }
                guard !isCut else {
                    tellLost(number, session, process, then)
                    return endLater(session, fault?.length ?? 0)
                }
                answer(number, process, reply, then)
            }
        }
    }

    private func answer(
        _ number: Int, _ process: Int, _ reply: Reply, _ then: @escaping (Reply) -> Void
    ) {
        at(now + chance.number(.answerDelay, number, in: 1...6), process) { [self] in
            trace.note(now, .answered, number, process, reply.code)
            then(reply)
        }
    }

    private func tellLost(
        _ number: Int, _ session: Int, _ process: Int, _ then: @escaping (Reply) -> Void
    ) {
        at(now + chance.number(.answerDelay, number, in: 5...200), process) { [self] in
            trace.note(now, .broken, number, process, session)
            then(.lost)
        }
    }

    private func attempt(
        _ number: Int, _ session: Int, _ process: Int, until deadline: Int,
        _ body: @escaping () -> Reply?, _ then: @escaping (Reply) -> Void
    ) {
        guard sessions[session].isAlive else { return then(.lost) }
        let found = body()
        guard let reply = found ?? (now >= deadline ? .lockNotAvailable : nil) else {
            at(now + SimulatorLimits.lockPoll) { [self] in
                attempt(number, session, process, until: deadline, body, then)
            }
            return
        }
        trace.note(now, .statement, number, process, session)
        if reply.isError { rollBack(session) }
        then(reply)
    }

    /// Ends a session when the server notices; 0: keepalives have to tell it.
    func endLater(_ session: Int, _ delay: Int) {
        at(now + (delay > 0 ? delay : SimulatorLimits.keepalive)) { [self] in endSession(session) }
    }

    /// Ends a session and what it has under way.
    func endSession(_ session: Int) {
        guard sessions[session].isAlive else { return }
        rollBack(session)
        sessions[session].isAlive = false
        trace.note(now, .sessionEnded, session)
    }

    /// Ends the sessions of a process that is gone.
    func endSessions(of process: Int, noticedAfter delay: Int) {
        for index in sessions.indices
        where sessions[index].process == process && sessions[index].isAlive {
            endLater(index, delay)
        }
    }

    func rollBack(_ session: Int) {
        guard let open = sessions[session].transaction else { return }
        unlock(open)
        sessions[session].transaction = nil
        trace.note(now, .rolledBack, session)
    }

    private func unlock(_ open: OpenTransaction) {
        claimLocks[open.claim.id] = nil
        for (key, _) in open.effect.rows { rowLocks[key] = nil }
    }

    /// Begins a session's transaction with its claim's row locked.
    func begin(_ session: Int, _ open: OpenTransaction) {
        sessions[session].transaction = open
        claimLocks[open.claim.id] = session
    }

    /// Commits what a worker's session has under way.
    func commit(_ session: Int) -> Reply {
        guard let open = sessions[session].transaction else { return .broken }
        if let interval = open.interval, hasInterval(interval.phase, interval.low) {
            return .duplicate
        }
        watchCommit(open)
        keepForCrash(isAsynchronous: open.isAsynchronous)
        database.claims[open.claim.id] = open.claim
        for (key, row) in open.effect.rows { database.target[key] = row }
        for (place, row) in open.effect.marks { database.staging[open.claim.slice]?[place] = row }
        for var conflict in open.effect.conflicts {
            conflict.state = .open
            database.conflicts.append(conflict)
        }
        if let staged = open.staged {
            let (low, high) = (open.claim.low, open.claim.high)
            database.staging[open.claim.slice] = staged.rows
            database.chunks.removeAll { $0.low >= low && $0.low < high }
            database.chunks += staged.chunks
        }
        if let interval = open.interval { database.intervals.append(interval) }
        database.nextVersion += 1
        unlock(open)
        sessions[session].transaction = nil
        trace.note(now, .committed, session)
        trace.note(now, .chunkCommitted, open.claim.id, open.epoch, open.claim.doneTo)
        return .done
    }

    /// Whether a phase has an interval that begins here.
    func hasInterval(_ phase: Phase, _ low: Int) -> Bool {
        database.intervals.contains { $0.phase == phase && $0.low == low }
    }

    /// What a crash may go back to: everything before a commit that nothing has flushed yet.
    func keepForCrash(isAsynchronous: Bool) {
        if isAsynchronous {
            unflushed.append((now, database))
        } else {
            unflushed.removeAll(keepingCapacity: true)
        }
    }

    /// All sessions end; what was not flushed and what is not logged is gone.
    func crash(for length: Int) {
        guard now >= serverBackAt else { return }
        let candidates = unflushed.filter { now - $0.time < SimulatorLimits.flushDelay }
        let lost = chance.number(.crash, now, in: 0...candidates.count)
        if lost > 0 { database = candidates[candidates.count - lost].database }
        unflushed.removeAll()
        for index in sessions.indices where sessions[index].isAlive { endSession(index) }
        database.staging = database.staging.map { _ in nil }
        onlineLocks.removeAll()
        lockHolder = nil
        serverBackAt = now + length
        trace.note(now, .crashed, lost)
        at(serverBackAt) { [self] in trace.note(now, .recovered) }
    }
}
