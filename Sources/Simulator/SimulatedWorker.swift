// A worker process: the order of its statements and messages is that of `Loading.Worker`,
// `SliceLoad`, `SliceStaging` and `CoordinatorLink`, which must change together with this.

import Plan
import Wire

/// A worker process.
final class SimulatedWorker {
    private unowned let world: Simulation
    let index: Int
    let process: Int
    /// The coordinator that started it; nil: another.
    let parent: Int?
    let name: WorkerName
    /// Its work stands still until then.
    var hungUntil = 0

    private var session: Int?
    private var heard = HeardRun()
    private var hasHeard = false
    private var heardAt = 0
    private var introducedAt = 0
    private var isWorking = false
    private var isDraining = false
    private var waiting: Assignment?
    private var claim: Int64?
    private var epoch = 0
    private var phase = Phase.validate
    private var recordsDone: UInt64 = 0
    private var sequence: UInt64 = 0

    init(_ world: Simulation, index: Int, parent: Int?) {
        self.world = world
        self.index = index
        self.parent = parent
        name = "w\(index)"
        process = world.startProcess()
    }

    // MARK: The link

    func start() {
        heardAt = world.now
        introduce()
        tick(after: world.chance.number(.startDelay, index + 1_000, in: 50...450))
    }

    private func tick(after delay: Int = SimulatorLimits.beatInterval) {
        world.at(world.now + delay, process) { [self] in
            if !isWorking {
                introduce()
                if hasHeard { send(.ready) }
            } else if world.now - max(heardAt, introducedAt)
                >= SimulatorLimits.introductionInterval
            {
                introduce()
            }
            send(
                .beat(
                    Beat(
                        claim: claim, epoch: Int64(epoch), phase: phase, recordsDone: recordsDone,
                        recordsTotal: 0, bytesSent: 0, rejects: 0)))
            tick()
        }
    }

    private func introduce() {
        introducedAt = world.now
        send(
            .hello(
                Hello(worker: name, host: "host", pid: Int32(process), binaryVersion: "1")))
    }

    private func send(_ message: Message) {
        guard let listening = world.listening else { return }
        let coordinator = world.coordinators[listening]
        sequence += 1
        world.transmit(
            Envelope(term: heard.term, sequence: sequence, run: heard.run, message: message),
            from: process, to: coordinator.process, link: index
        ) { [self] envelope in coordinator.receive(envelope, from: index) }
    }

    func receive(_ envelope: Envelope) {
        let worth = heard.hear(envelope, isOwn: parent != nil)
        guard worth != .stale else { return }
        heardAt = world.now
        guard worth == .news else { return }
        hasHeard = true
        switch envelope.message {
        case .assign(let assignment):
            waiting = assignment
            if !isWorking { takeWork() }
        case .drain:
            isDraining = true
            if !isWorking { standDown() }
        default: break
        }
    }

    /// The run ended: a coordinator's own worker ends, another one waits for the next run.
    private func standDown() {
        send(.goodbye(reason: "asked to stop"))
        if let session { world.endLater(session, 1) }
        session = nil
        waiting = nil
        isDraining = false
        hasHeard = false
        heard = HeardRun()
        if parent != nil { world.end(process) }
    }

    // MARK: One assignment

    private func takeWork() {
        guard let assignment = waiting else { return }
        waiting = nil
        isWorking = true
        claim = assignment.claim
        epoch = Int(assignment.epoch)
        phase = assignment.phase
        recordsDone = 0
        attempt(Int(assignment.claim), tries: 0)
    }

    private func rest() {
        isWorking = false
        claim = nil
        epoch = 0
        if isDraining { return standDown() }
        world.at(world.now + 10, process) { [self] in
            guard !isWorking else { return }
            if waiting != nil { return takeWork() }
            introduce()
            send(.ready)
        }
    }

    private func fail(_ kind: FailureKind, _ text: String) {
        send(
            .failed(
                Failure(
                    claim: claim, epoch: Int64(epoch), kind: kind, sqlState: nil, text: text)))
        rest()
    }

    /// Takes the claim and does it; every new session takes it again (PROTOCOL 9, 13).
    private func attempt(_ claim: Int, tries: Int, isAgain: Bool = false) {
        guard tries < SimulatorLimits.reconnectsMax else {
            return fail(.retry, "the database cannot be reached")
        }
        guard session != nil else { return connect(claim, tries: tries, delay: 50) }
        if isAgain, world.removed.contains(.reclaim) { return resume(claim, tries: tries) }
        statement(claim, tries) { [self] session in
            guard world.claimLocks[claim] == nil else { return nil }
            world.keepForCrash(isAsynchronous: true)
            guard
                let row = world.database.take(
                    claim, epoch: epoch, by: session, world.removed)
            else { return Reply.none }
            world.trace.note(world.now, .claimTaken, claim, row.epoch, session)
            return .claim(row)
        } then: { [self] reply in
            guard case .claim(let row) = reply else { return end(reply) }
            epoch = row.epoch
            perform(row, tries: tries)
        }
    }

    private func connect(_ claim: Int, tries: Int, delay: Int) {
        guard let opened = world.openSession(process) else {
            guard delay < 10_000 else { return fail(.retry, "the database cannot be reached") }
            world.at(world.now + min(delay, 2_000), process) { [self] in
                if isDraining { return rest() }
                connect(claim, tries: tries, delay: delay * 2)
            }
            return
        }
        session = opened
        guard !world.removed.contains(.reclaim), !world.removed.contains(.termination) else {
            return attempt(claim, tries: tries, isAgain: tries > 0)
        }
        // The session that held the claim may still be alive on the server.
        statement(claim, tries) { [self] session in
            let row = world.database.claims[claim]
            if row.epoch == epoch, let holder = row.holder, holder != session {
                world.endLater(holder, 5)
            }
            return .done
        } then: { [self] _ in
            attempt(claim, tries: tries)
        }
    }

    /// Goes on without taking the claim again: only where that guard is taken away.
    private func resume(_ claim: Int, tries: Int) {
        statement(claim, tries) { [self] _ in
            .claim(world.database.claims[claim])
        } then: {
            [self] reply in
            guard case .claim(let row) = reply, !row.isFinished else { return rest() }
            perform(row, tries: tries)
        }
    }

    private func perform(_ row: ClaimRow, tries: Int) {
        switch row.phase {
        case .validate: validate(row, tries)
        case .load: load(row, tries)
        default: certify(row, tries)
        }
    }

    /// One statement of this worker; a lost connection begins the claim anew.
    private func statement(
        _ claim: Int, _ tries: Int, patience: Int = SimulatorLimits.lockTimeout,
        _ body: @escaping (Int) -> Reply?, then: @escaping (Reply) -> Void
    ) {
        guard let session else { return attempt(claim, tries: tries + 1) }
        world.execute(session, by: process, patience: patience) {
            body(session)
        } then: { [self] reply in
            whenFree { [self] in
                if case .lost = reply {
                    self.session = nil
                    return attempt(claim, tries: tries + 1, isAgain: true)
                }
                then(reply)
            }
        }
    }

    /// Goes on now, or when the work hangs no more.
    private func whenFree(_ action: @escaping () -> Void) {
        guard hungUntil > world.now else { return action() }
        world.at(hungUntil, process, action)
    }

    /// Ends an assignment by what the database answered.
    private func end(_ reply: Reply) {
        switch reply {
        case .lockNotAvailable: fail(.retry, "lock not available")
        case .duplicate: fail(.data, "duplicate key")
        case .stagingLost: fail(.retry, Self.stagingLost)
        default: rest()
        }
    }

    /// What a failure's text begins with when staging is gone.
    static let stagingLost = "staging lost"

    /// Moves a claim's row in a new transaction of the session; nil: it is locked.
    private func open(
        _ row: ClaimRow, _ session: Int, isAsynchronous: Bool, _ moved: () -> ClaimRow?
    ) -> Reply? {
        guard world.claimLocks[row.id] == nil else { return nil }
        guard let after = moved() else { return Reply.none }
        world.begin(
            session,
            OpenTransaction(claim: after, epoch: epoch, isAsynchronous: isAsynchronous))
        return .done
    }

    // MARK: Phases

    /// Reads the slice, looks at the target, and stages in one transaction.
    private func validate(_ row: ClaimRow, _ tries: Int) {
        let place = row.id * 64 + row.epoch
        world.at(
            world.now + world.chance.number(.workDelay, place, in: 10...250), process
        ) { [self] in
            whenFree { [self] in
                recordsDone += 1
                if isDraining { return rest() }
                statement(row.id, tries) { [self] _ in
                    .seen((row.low..<row.high).map { world.database.target[$0] })
                } then: { [self] reply in
                    guard case .seen(let seen) = reply else { return end(reply) }
                    stage(row, seen, tries)
                }
            }
        }
    }

    private func stage(_ row: ClaimRow, _ seen: [TargetRow?], _ tries: Int) {
        statement(row.id, tries) { [self] session in
            let reply = open(row, session, isAsynchronous: false) {
                world.database.finish(row.id, epoch: epoch, world.removed)
            }
            guard case .done = reply else { return reply }
            let slice = world.staged(row, seen)
            var outcomes = Outcomes()
            outcomes.staged = slice.rows.count
            outcomes.rejected = slice.rejected
            world.sessions[session].transaction?.staged = (slice.rows, slice.chunks)
            return insert(session, row, low: row.low, high: row.high, outcomes)
        } then: { [self] reply in
            guard case .done = reply else { return end(reply) }
            commit(row, tries) { [self] in rest() }
        }
    }

    private func load(_ row: ClaimRow, _ tries: Int) {
        statement(row.id, tries) { [self] _ in
            guard world.claimLocks[row.id] == nil || world.removed.contains(.reclaim) else {
                return nil
            }
            let found = world.database.claims[row.id]
            guard found.epoch == epoch || world.removed.contains(.epoch), !found.isFinished else {
                return Reply.none
            }
            return .claim(found)
        } then: { [self] reply in
            guard case .claim(let found) = reply else { return end(reply) }
            loadChunk(row, from: found.doneTo, number: found.chunkNumber, tries)
        }
    }

    private func loadChunk(_ row: ClaimRow, from low: Int, number: Int, _ tries: Int) {
        if isDraining { return rest() }
        guard low < row.high else { return rest() }
        let chunk = world.chunk(from: low, within: row)
        statement(row.id, tries, patience: SimulatorLimits.loadLockTimeout) { [self] session in
            open(row, session, isAsynchronous: true) {
                world.database.advance(
                    row.id, epoch: epoch, chunkNumber: number, from: low, to: chunk.high,
                    world.removed)
            }
        } then: { [self] reply in
            guard case .done = reply else { return end(reply) }
            apply(row, chunk, number: number, tries)
        }
    }

    private func apply(_ row: ClaimRow, _ chunk: ChunkRow, number: Int, _ tries: Int) {
        statement(row.id, tries) { [self] session in
            guard
                let effect = world.database.apply(
                    chunk, slice: row.slice, version: world.nextVersion(), at: world.now,
                    world.removed, isBusy: { [self] in world.isLocked($0, for: session) })
            else { return .stagingLost }
            for (key, _) in effect.rows { world.rowLocks[key] = session }
            world.sessions[session].transaction?.effect = effect
            return insert(session, row, low: chunk.low, high: chunk.high, effect.outcomes)
        } then: { [self] reply in
            guard case .done = reply else { return end(reply) }
            commit(row, tries) { [self] in
                recordsDone += UInt64(chunk.rows) + 1
                loadChunk(row, from: chunk.high, number: number + 1, tries)
            }
        }
    }

    private func certify(_ row: ClaimRow, _ tries: Int) {
        statement(row.id, tries) { [self] session in
            guard let staged = world.database.staging[row.slice] else { return .stagingLost }
            let reply = open(row, session, isAsynchronous: false) {
                world.database.finish(row.id, epoch: epoch, world.removed)
            }
            guard case .done = reply else { return reply }
            var outcomes = Outcomes()
            outcomes.staged = staged.count
            return insert(session, row, low: row.low, high: row.high, outcomes)
        } then: { [self] reply in
            guard case .done = reply else { return end(reply) }
            commit(row, tries) { [self] in rest() }
        }
    }

    /// The interval of the transaction; there is one for each low of a phase.
    private func insert(
        _ session: Int, _ row: ClaimRow, low: Int, high: Int, _ outcomes: Outcomes
    ) -> Reply {
        // Validation of a slice done anew replaces what it said before.
        if world.hasInterval(row.phase, low) {
            world.find(.secondInterval, row.id)
            return .duplicate
        }
        world.sessions[session].transaction?.interval = IntervalRow(
            phase: row.phase, low: low, high: high, slice: row.slice, claim: row.id, epoch: epoch,
            outcomes: outcomes)
        return .done
    }

    private func commit(_ row: ClaimRow, _ tries: Int, then: @escaping () -> Void) {
        statement(row.id, tries) { [self] session in
            world.commit(session)
        } then: {
            [self] reply in
            guard case .done = reply else { return end(reply) }
            then()
        }
    }
}
