// A coordinator process: the order of its statements and decisions is that of `RunStart`,
// `RunCoordinator` and `ClaimDrive`, which must change together with this. What follows what in
// a night is in SimulatedNight.swift.

import Plan
import Wire

/// A coordinator process.
final class SimulatedCoordinator {
    /// What happened in the fleet and was not looked at yet.
    private enum FleetEvent {
        case ready(WorkerName)
        case beat(WorkerName, Beat)
        case failed(WorkerName, Failure)
        case gone(WorkerName)
        case ended(WorkerName)
    }

    private struct Member {
        var heardAt: Int
        var isConnected: Bool
    }

    unowned let world: Simulation
    let index: Int
    let process: Int
    /// It ended for good: nobody starts another one.
    private(set) var isFinal = false
    private(set) var isLeaving = false
    var term = 0
    private var main: Int?
    var guardian: Int?
    private var crew: [Member?] = []
    private var idle: [Bool] = []
    private var sequence: UInt64 = 0
    private var lastReview = 0

    private var events: [FleetEvent] = []
    private var effects: [ClaimBook.Effect] = []
    private var book = ClaimBook(
        claims: [], attemptsMax: 1, silenceLimit: .zero, noProgressLimit: .zero)
    private var watch = ClaimWatch(grace: .milliseconds(SimulatorLimits.assignmentGrace))
    private var claims: [Int: ClaimRow] = [:]
    private var phase = Phase.split
    private var isDriving = false
    /// A statement is under way; nothing else is decided meanwhile.
    var isWaiting = false
    private var driveEnds: () -> Void = {}
    private var stagingIsLost: () -> Void = {}

    init(_ world: Simulation, index: Int) {
        self.world = world
        self.index = index
        process = world.startProcess()
    }

    // MARK: Arrival

    /// Takes the target's lock, then the run's next term, then every claim a session had.
    func start() {
        guard let session = world.openSession(process) else { return leave(.infrastructure) }
        main = session
        lockTarget(session)
    }

    func lockTarget(_ session: Int) {
        run(session) { [self] in
            if let holder = world.lockHolder, holder != session, world.sessions[holder].isAlive {
                return .held
            }
            world.lockHolder = session
            return .done
        } then: { [self] reply in
            switch reply {
            case .done: takeRun()
            case .held where world.scenario.hasStandby: endSilentHolder(session)
            default: leave(.held)
            }
        }
    }

    private func takeRun() {
        query { [self] in
            if world.database.isPublished { return Reply.none }
            world.keepForCrash(isAsynchronous: false)
            world.database.term += 1
            return .term(world.database.term, world.database.phase)
        } then: { [self] reply in
            guard case .term(let term, let phase) = reply else { return leave(.normal) }
            self.term = term
            if world.listening.map({ world.coordinators[$0].term < term }) ?? true {
                world.listening = index
            }
            world.trace.note(world.now, .coordinatorTook, process, term)
            tick()
            if world.scenario.areWorkersLocal {
                for _ in 0..<world.scenario.workers { world.startWorker(parent: index) }
            }
            takeBackAll { [self] in night(from: phase) }
        }
    }

    /// Ends: workers are asked to stop, sessions close, the supervisor sees the exit code.
    func leave(_ outcome: Outcome) {
        guard !isLeaving else { return }
        isLeaving = true
        isDriving = false
        isFinal = outcome == .bug || outcome == .normal
        world.trace.note(world.now, .coordinatorLeft, process, Int(outcome.rawValue))
        if outcome == .bug { world.find(.stopped, Int(outcome.rawValue)) }
        for worker in crew.indices where crew[worker] != nil { send(.drain, to: worker) }
        world.end(process, noticedAfter: 5)
        if isFinal && outcome == .bug { world.isOver = true }
    }

    // MARK: Statements

    /// A statement on a session of this process.
    func run(
        _ session: Int, patience: Int = SimulatorLimits.lockTimeout,
        _ body: @escaping () -> Reply?, then: @escaping (Reply) -> Void
    ) {
        world.execute(session, by: process, patience: patience, body) { [self] reply in
            guard !isLeaving else { return }
            then(reply)
        }
    }

    /// A statement on the main session: lost with it is the lock on the target, and the term.
    func query(_ body: @escaping () -> Reply?, then: @escaping (Reply) -> Void) {
        guard let main else { return leave(.infrastructure) }
        isWaiting = true
        run(main, body) { [self] reply in
            isWaiting = false
            switch reply {
            case .lost: leave(.infrastructure)
            case .fenced: leave(.held)
            case .broken: leave(.bug)
            default:
                then(reply)
                pump()
            }
        }
    }

    /// A transaction: nothing is done when the term is over (PROTOCOL 16).
    func transact(_ body: @escaping () -> Reply, then: @escaping (Reply) -> Void) {
        query({ [self] in fenced(body) }, then: then)
    }

    func fenced(_ body: () -> Reply) -> Reply {
        guard world.mayConduct(term) else { return .fenced }
        world.keepForCrash(isAsynchronous: false)
        let reply = body()
        world.database.nextVersion += 1
        return reply
    }

    // MARK: The fleet

    private func tick() {
        world.at(world.now + SimulatorLimits.beatInterval, process) { [self] in
            guard !isLeaving else { return }
            for worker in crew.indices where crew[worker]?.isConnected == true {
                if idle[worker],
                    world.now - (crew[worker]?.heardAt ?? 0)
                        > SimulatorLimits.silenceLimit
                {
                    idle[worker] = false
                    crew[worker]?.isConnected = false
                    kill(world.workers[worker].name)
                    events.append(.gone(world.workers[worker].name))
                } else {
                    sendAlive(to: worker)
                }
            }
            tick()
            pump()
        }
    }

    private func sendAlive(to worker: Int) {
        send(
            .alive(
                AliveNotice(
                    phase: phase, recordsDone: 0, recordsTotal: 0, budgetExceeded: false)),
            to: worker)
    }

    private func send(_ message: Message, to worker: Int) {
        sequence += 1
        let receiver = world.workers[worker]
        world.transmit(
            Envelope(term: UInt64(term), sequence: sequence, run: "night", message: message),
            from: process, to: receiver.process, link: worker
        ) { envelope in receiver.receive(envelope) }
    }

    func receive(_ envelope: Envelope, from worker: Int) {
        guard !isLeaving, term > 0 else { return }
        while crew.count <= worker {
            crew.append(nil)
            idle.append(false)
        }
        let name = world.workers[worker].name
        if case .hello = envelope.message {
            if crew[worker]?.isConnected != true {
                crew[worker] = Member(heardAt: world.now, isConnected: true)
                sendAlive(to: worker)
            }
            crew[worker]?.heardAt = world.now
            return
        }
        guard crew[worker]?.isConnected == true else { return }
        crew[worker]?.heardAt = world.now
        switch envelope.message {
        case .ready:
            idle[worker] = true
            events.append(.ready(name))
        case .beat(let beat):
            guard envelope.term == UInt64(term) else { return }
            events.append(.beat(name, beat))
        case .failed(let failure): events.append(.failed(name, failure))
        case .goodbye:
            crew[worker]?.isConnected = false
            idle[worker] = false
            events.append(.gone(name))
        default: break
        }
        pump()
    }

    /// A worker process of ours ended.
    func childEnded(_ worker: Int) {
        guard !isLeaving else { return }
        if worker < idle.count { idle[worker] = false }
        events.append(.ended(world.workers[worker].name))
        pump()
    }

    // MARK: The drive

    /// Drives a phase's claims until every one is finished.
    func drive(
        _ phase: Phase, stagingLost: @escaping () -> Void, then: @escaping () -> Void
    ) {
        self.phase = phase
        query { [self] in
            .claims(world.database.claims.filter { $0.phase == phase && !$0.isFinished })
        } then: { [self] reply in
            guard case .claims(let rows) = reply else { return leave(.bug) }
            world.trace.note(world.now, .phaseBegun, process, rows.count)
            book = ClaimBook(
                claims: rows.map { world.claim($0) }, attemptsMax: SimulatorLimits.attemptsMax,
                silenceLimit: .milliseconds(SimulatorLimits.silenceLimit),
                noProgressLimit: .milliseconds(SimulatorLimits.noProgressLimit))
            for row in rows { claims[row.id] = row }
            effects = []
            for worker in idle.indices where idle[worker] {
                effects += book.ready(world.workers[worker].name, at: clock)
            }
            lastReview = world.now
            driveEnds = then
            stagingIsLost = stagingLost
            isDriving = true
        }
    }

    private var clock: Duration { .milliseconds(world.now) }

    /// Decides what is to be decided, one thing after the other, until something has to be waited for.
    func pump() {
        while isDriving, !isWaiting, !isLeaving {
            if !effects.isEmpty {
                perform(effects.removeFirst())
            } else if book.isFinished {
                isDriving = false
                driveEnds()
            } else if !events.isEmpty {
                handle(events.removeFirst())
            } else if world.now - lastReview >= SimulatorLimits.beatInterval {
                lastReview = world.now
                review()
            } else {
                return
            }
        }
    }

    private func perform(_ effect: ClaimBook.Effect) {
        switch effect {
        case .assign(let claim, let epoch, let name):
            guard let worker = world.worker(name) else { return }
            idle[worker] = false
            watch.assigned(claim, at: clock)
            world.trace.note(world.now, .assigned, Int(claim), Int(epoch), worker)
            send(
                .assign(
                    Assignment(
                        claim: claim, epoch: epoch, phase: phase,
                        slice: Int32(claims[Int(claim)]?.slice ?? 0))), to: worker)
        case .settle(let claim): settle(Int(claim))
        case .revoke(let claim, let name):
            guard book.holder(of: claim) == name else { return }
            takeBack(Int(claim)) { [self] row in
                if row.isFinished {
                    settled(row.id)
                } else {
                    book.reopened(
                        claim, epoch: Int64(row.epoch),
                        progressed: watch.progressed(claim, chunks: row.chunkNumber))
                }
                effects += book.assignments(at: clock)
            }
        case .giveUp: leave(.infrastructure)
        }
    }

    private func settled(_ claim: Int) {
        world.trace.note(world.now, .settled, claim)
        book.finished(Int64(claim))
    }

    /// The ledger decides whether a claim is done; an idle worker only says that it is idle.
    private func settle(_ claim: Int) {
        if world.removed.contains(.ledgerSettles), watch.isGivenUp(Int64(claim), at: clock) {
            settled(claim)
            effects += book.assignments(at: clock)
            return
        }
        query { [self] in
            .claim(world.database.claims[claim])
        } then: { [self] reply in
            guard case .claim(let row) = reply else { return leave(.bug) }
            if row.isFinished {
                settled(claim)
                effects += book.assignments(at: clock)
            } else if watch.isGivenUp(Int64(claim), at: clock),
                let holder = book.holder(of: Int64(claim))
            {
                effects.append(.revoke(claim: Int64(claim), from: holder))
            }
        }
    }

    private func handle(_ event: FleetEvent) {
        switch event {
        case .ready(let name): effects += book.ready(name, at: clock)
        case .beat(let name, let beat):
            book.beat(name, claim: beat.claim, progress: beat.recordsDone, at: clock)
        case .gone(let name): effects += book.gone(name)
        case .ended(let name):
            world.startWorker(parent: index)
            effects += book.gone(name)
        case .failed(let name, let failure):
            guard let claim = failure.claim, book.claims(of: name).contains(claim) else { return }
            if failure.text == SimulatedWorker.stagingLost {
                isDriving = false
                return stagingIsLost()
            }
            effects.append(.revoke(claim: claim, from: name))
        }
    }

    /// Looks at claims whose holder is silent; a claim that moves in the ledger is left alone.
    private func review() {
        let suspects = book.suspects(at: clock)
        query { [self] in
            .claims(
                suspects.compactMap { effect -> ClaimRow? in
                    guard case .revoke(let claim, _) = effect else { return nil }
                    return world.database.claims[Int(claim)]
                })
        } then: { [self] reply in
            guard case .claims(let rows) = reply else { return leave(.bug) }
            for row in rows {
                let claim = Int64(row.id)
                if watch.hasMoved(claim, chunks: row.chunkNumber) {
                    book.moved(claim: claim, at: clock)
                } else if let name = book.holder(of: claim) {
                    kill(name)
                    effects.append(.revoke(claim: claim, from: name))
                }
            }
            effects += book.assignments(at: clock)
        }
    }

    /// A process of ours that does not answer is of no use any more.
    private func kill(_ name: WorkerName) {
        guard let worker = world.worker(name), world.workers[worker].parent == index else { return }
        world.end(world.workers[worker].process)
    }
}
