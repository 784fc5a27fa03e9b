// The whole fleet in one thread: processes, the clock, the wire. What a worker does is in
// SimulatedWorker.swift, what a coordinator does in SimulatedCoordinator.swift.

import Plan
import Wire

/// A process: it can stand still, and end once.
struct SimulatedProcess {
    var isAlive = true
    /// Nothing happens to it before this time.
    var frozenUntil = 0
}

/// One run of the fleet under a seeded clock.
///
/// Use it once. What it does depends on the scenario and the removed guards only: no clock, no
/// random source, and no order of a dictionary or set gets in.
final class Simulation {
    let scenario: Scenario
    let removed: Guards
    let chance: Chance
    var trace: Trace
    /// Milliseconds since the first coordinator's start.
    private(set) var now = 0
    private var queue = EventQueue()
    private var order = 0
    private var eventCount = 0

    // Processes.
    var processes: [SimulatedProcess] = []
    var workers: [SimulatedWorker] = []
    var coordinators: [SimulatedCoordinator] = []
    /// The coordinator of the newest term, where workers connect to; nil: there was none yet.
    var listening: Int?
    var isOver = false

    // The wire.
    private var messageCount = 0
    private var messageFaults: [Int: Fault] = [:]
    /// Until when a worker's link is cut.
    private var linkCuts: [Int]

    // The server; see Server.swift.
    var database: Database
    var sessions: [ServerSession] = []
    var claimLocks: [Int: Int] = [:]
    var rowLocks: [Int: Int] = [:]
    /// Rows that an online transaction holds, and until when.
    var onlineLocks: [Int: Int] = [:]
    var unflushed: [(time: Int, database: Database)] = []
    var serverBackAt = 0
    var statementCount = 0
    var statementFaults: [Int: Fault] = [:]
    /// The session that holds the target's advisory lock.
    var lockHolder: Int?

    // What the oracle remembers; see Oracle.swift.
    var findings: [Finding] = []
    var onlineAdded: [Int]
    var deletedOnlineAt: [Int?]
    var insertedOnline: [Bool]
    var insertedAt: [Int?]
    var publishedAt: Int?

    init(_ scenario: Scenario, removed: Guards, isTraced: Bool) {
        self.scenario = scenario
        self.removed = removed
        chance = Chance(seed: scenario.seed)
        trace = Trace(isKept: isTraced)
        database = Database(scenario)
        linkCuts = []
        let count = scenario.count
        onlineAdded = Array(repeating: 0, count: count)
        deletedOnlineAt = Array(repeating: nil, count: count)
        insertedOnline = Array(repeating: false, count: count)
        insertedAt = Array(repeating: nil, count: count)
    }

    /// Runs to the end, or to the limits.
    func run() {
        plan(scenario.faults)
        plan(scenario.writes)
        if !scenario.areWorkersLocal {
            for _ in 0..<scenario.workers { startWorker(parent: nil) }
        }
        startCoordinator()
        while let event = queue.next() {
            guard !isOver else { break }
            now = event.time
            if let publishedAt, now > publishedAt + SimulatorLimits.afterglow { break }
            guard now <= SimulatorLimits.runLimit, eventCount < SimulatorLimits.eventsMax else {
                break
            }
            if let process = event.process {
                guard processes[process].isAlive else { continue }
                let until = processes[process].frozenUntil
                if until > now {
                    queue.add(
                        EventQueue.Event(
                            time: until, order: event.order, process: process,
                            action: event.action))
                    continue
                }
            }
            eventCount += 1
            event.action()
        }
        judge()
        // Closures hold this object, and it holds them.
        queue.clear()
        workers.removeAll()
        coordinators.removeAll()
    }

    /// Plans something; what is planned for a process waits while that stands still.
    func at(_ time: Int, _ process: Int? = nil, _ action: @escaping () -> Void) {
        order += 1
        queue.add(EventQueue.Event(time: time, order: order, process: process, action: action))
    }

    // MARK: Processes

    func startProcess() -> Int {
        processes.append(SimulatedProcess())
        return processes.count - 1
    }

    /// A new worker; `parent` is the coordinator that starts it, nil: somebody else does.
    func startWorker(parent: Int?) {
        let worker = SimulatedWorker(self, index: workers.count, parent: parent)
        workers.append(worker)
        linkCuts.append(0)
        trace.note(now, .processStarted, worker.process, 0, worker.index)
        worker.start()
    }

    func startCoordinator() {
        let coordinator = SimulatedCoordinator(self, index: coordinators.count)
        coordinators.append(coordinator)
        trace.note(now, .processStarted, coordinator.process, 0, -1)
        coordinator.start()
    }

    /// A process is gone; its sessions end when the server notices, 0: keepalives have to tell it.
    func end(_ process: Int, noticedAfter delay: Int? = nil) {
        guard processes[process].isAlive else { return }
        processes[process].isAlive = false
        trace.note(now, .processEnded, process)
        endSessions(
            of: process,
            noticedAfter: delay ?? chance.number(.endDelay, processes.count, in: 1...80))
        if let coordinator = coordinators.first(where: { $0.process == process }) {
            for worker in workers where worker.parent == coordinator.index {
                end(worker.process)
            }
            replace(coordinator)
        } else if let worker = workers.first(where: { $0.process == process }) {
            replace(worker)
        }
    }

    /// What the supervisor, or a worker's parent, does about a process that ended.
    private func replace(_ coordinator: SimulatedCoordinator) {
        guard !coordinator.isFinal, publishedAt == nil else { return }
        at(now + chance.number(.startDelay, coordinators.count, in: 200...1_500)) { [self] in
            // Not when a standby has it already.
            guard !coordinators.contains(where: { isRunning($0.process) }) else { return }
            startCoordinator()
        }
    }

    private func replace(_ worker: SimulatedWorker) {
        if let parent = worker.parent {
            guard processes[coordinators[parent].process].isAlive else { return }
            at(now + 20, coordinators[parent].process) { [self] in
                coordinators[parent].childEnded(worker.index)
            }
        } else if publishedAt == nil {
            at(now + chance.number(.startDelay, workers.count + 100, in: 100...2_000)) {
                [self] in startWorker(parent: nil)
            }
        }
    }

    /// A process stands still; 0: for ever, unless it is a coordinator that nobody stands in for.
    func freeze(_ process: Int, for fault: Int) {
        guard processes[process].isAlive else { return }
        let coordinator = coordinators.first { $0.process == process }
        let isAlone = coordinator != nil && !scenario.hasStandby
        let length =
            fault > 0 ? fault : isAlone ? SimulatorLimits.keepalive : SimulatorLimits.forever
        processes[process].frozenUntil = max(processes[process].frozenUntil, now + length)
        trace.note(now, .processFrozen, process, length)
        if let coordinator {
            if scenario.hasStandby { standIn(for: coordinator) }
        } else if length == SimulatorLimits.forever, !scenario.areWorkersLocal {
            at(now + SimulatorLimits.workerPatience) { [self] in startWorker(parent: nil) }
        }
    }

    /// A standby begins when a coordinator stands still too long.
    private func standIn(for coordinator: SimulatedCoordinator) {
        let process = coordinator.process
        at(now + SimulatorLimits.standbyPatience) { [self] in
            guard processes[process].isAlive, processes[process].frozenUntil > now,
                coordinator.index == coordinators.count - 1, publishedAt == nil
            else { return }
            startCoordinator()
        }
    }

    /// Whether nobody works behind a session any more: its process stands still or is gone.
    func isSilent(_ session: Int) -> Bool {
        let process = processes[sessions[session].process]
        return !process.isAlive || process.frozenUntil > now
    }

    private func isRunning(_ process: Int) -> Bool {
        processes[process].isAlive && processes[process].frozenUntil <= now
    }

    /// The last process of a kind that is alive; nil: there is none.
    private var liveCoordinator: Int? {
        coordinators.last { processes[$0.process].isAlive }?.process
    }

    private func liveWorker(_ target: Int) -> SimulatedWorker? {
        let alive = workers.filter { processes[$0.process].isAlive }
        return alive.isEmpty ? nil : alive[target % alive.count]
    }

    // MARK: Faults

    private func plan(_ faults: [Fault]) {
        for fault in faults {
            if fault.kind.countsMessages {
                messageFaults[fault.at] = fault
            } else if fault.kind.countsStatements {
                statementFaults[fault.at] = fault
            } else {
                at(fault.at) { [self] in happen(fault) }
            }
        }
    }

    private func happen(_ fault: Fault) {
        switch fault.kind {
        case .workerKilled:
            if let worker = liveWorker(fault.target) { end(worker.process) }
        case .workerFrozen:
            if let worker = liveWorker(fault.target) { freeze(worker.process, for: fault.length) }
        case .workerHung:
            guard let worker = liveWorker(fault.target) else { return }
            worker.hungUntil = now + fault.length
            trace.note(now, .workHung, worker.process, fault.length)
        case .coordinatorKilled:
            if let process = liveCoordinator { end(process) }
        case .coordinatorFrozen:
            if let process = liveCoordinator { freeze(process, for: fault.length) }
        case .linkCut:
            guard let worker = liveWorker(fault.target) else { return }
            linkCuts[worker.index] = now + fault.length
            trace.note(now, .linkCut, worker.index, fault.length)
        case .serverCrashed: crash(for: fault.length)
        case .messageLost, .messageDoubled, .messageDelayed, .cutBefore, .cutAfter, .executedLate,
            .clientKilled, .clientFrozen:
            break
        }
    }

    // MARK: The wire

    /// A message on its way: encoded by its sender, decoded where it arrives.
    func transmit(
        _ envelope: Envelope, from sender: Int, to receiver: Int, link: Int,
        _ deliver: @escaping (Envelope) -> Void
    ) {
        let number = messageCount
        messageCount += 1
        let code = SimulatedMessage.code(envelope.message)
        trace.note(now, .sent, number, sender, code)
        let fault = messageFaults[number]
        guard fault?.kind != .messageLost, linkCuts[link] <= now else {
            return trace.note(now, .lost, number)
        }
        let bytes = encode(envelope)
        var arrival = now + chance.number(.messageDelay, number, in: 1...5)
        if let fault, fault.kind == .messageDelayed {
            arrival += fault.length
            trace.note(now, .delayed, number, fault.length)
        }
        let receive = { [self] in
            guard linkCuts[link] <= now else { return trace.note(now, .lost, number) }
            guard let envelope = try? decode(bytes) else {
                trace.note(now, .refused, number)
                return find(.undecodable, number)
            }
            trace.note(now, .received, number, receiver, code)
            deliver(envelope)
        }
        at(arrival, receiver, receive)
        if let fault, fault.kind == .messageDoubled {
            trace.note(now, .doubled, number, fault.length)
            at(arrival + fault.length, receiver, receive)
        }
    }
}

/// Messages as the event log numbers them.
enum SimulatedMessage {
    static func code(_ message: Message) -> Int {
        switch message {
        case .hello: 0
        case .ready: 1
        case .beat: 2
        case .failed: 3
        case .goodbye: 4
        case .assign: 5
        case .alive: 6
        case .drain: 7
        default: 8
        }
    }
}
