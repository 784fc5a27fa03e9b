// The coordinator's side of the talk: one ROUTER, the worker processes it started, signals.
// Whatever the coordinator does lets this breathe; nothing is decided here.

import Glibc
import Journal
import Messaging
import Plan
import Wire

/// The fleet of one run.
///
/// A class, because database waits and the loop both let it breathe; one thread uses it.
final class Fleet {
    private let context: Context
    private let router: Doors
    private let admission: Admission
    private let network: NetworkPlan
    private let signals: SignalReader
    let endpoint: Endpoint
    private var peers: [PeerID: WorkerName] = [:]
    private(set) var crew: [WorkerName: Crew] = [:]
    private var own = OwnWorkers()
    private var events: [FleetEvent] = []
    private var lastAlive = Monotonic.now()
    private var sequence: UInt64 = 0
    private var isDismissing = false
    /// Refusals that are in the log already: a refused worker asks again and again.
    private var refusals: Set<String> = []
    /// No worker for this long ends the run.
    var workerWait: Duration { network.workerWait }
    /// Time spent waiting for messages: whoever sent one meanwhile was answered at once.
    private(set) var timeAtRest: Duration = .zero
    /// Workers that asked for work and were given none yet.
    var idle: Set<WorkerName> = []
    /// Workers that are asked to go, for good.
    private var retiring: Set<WorkerName> = []

    /// Blocks of spool slices for workers that cannot see them.
    var spool = SpoolDesk()
    /// How long the worker processes of our own wait for a database that is away.
    var databaseWait: Duration = .zero
    /// Silence after which an idle worker counts as gone.
    var silenceLimit = CoordinationLimits.idleSilenceLimit

    /// What every message says.
    var run = ""
    var term: UInt64 = 0
    var phase = Phase.split
    var recordsDone: UInt64 = 0
    var recordsTotal: UInt64 = 0
    /// Workers must stop staging and reading the target.
    var budgetExceeded = false { didSet { if budgetExceeded != oldValue { tellAlive() } } }
    /// A signal that asks the coordinator to stop; nil: none.
    private(set) var signal: Int32?
    /// Called at every look; draws the progress when it is due.
    var onBreath: (() -> Void)?
    /// Called at every look; says in the ledger that this coordinator is alive.
    var heartbeat: (() throws -> Void)?

    init(
        endpoint: Endpoint, network: NetworkPlan, binaryVersion: String,
        signals: consuming SignalReader
    ) throws {
        self.endpoint = endpoint
        try endpoint.prepareDirectory()
        context = try Context()
        self.network = network
        admission = Admission(binaryVersion: binaryVersion)
        router = try Doors(context, local: endpoint, network: network)
        if let opening = router.opening { events.append(.notice(opening)) }
        self.signals = signals
    }

    /// A socket for the run's events, in this process's context.
    func publisher(bind endpoint: Endpoint) throws -> PublisherSocket {
        try PublisherSocket(context, bind: endpoint)
    }

    /// Worker processes of our own that are running.
    var childCount: Int { own.count }
    /// Worker processes of our own that took another one's place.
    var restarts: Int { own.restarts }

    /// Starts worker processes of this binary.
    func start(
        _ count: Int, executable: String, databaseURL: String, logDirectory: String,
        isReplacement: Bool
    ) throws {
        // A run whose database went away in its last moments is taken again, with workers.
        isDismissing = false
        for _ in 0..<count {
            let worker = try own.start(
                executable: executable, endpoint: endpoint, databaseURL: databaseURL,
                databaseWait: databaseWait, logDirectory: logDirectory,
                isReplacement: isReplacement)
            crew[worker.name] = Crew(
                peer: nil, host: HostName.current, process: worker.process, isOwn: true)
        }
    }

    /// Says once more who is there: a coordinator of a newer term has the fleet now.
    func joinAgain() {
        for (name, known) in crew where known.peer != nil {
            events.append(
                .joined(
                    name, host: known.host, process: known.process,
                    version: admission.binaryVersion))
        }
    }

    /// Looks at sockets, signals and children, and tells workers that the run goes on.
    func breathe() throws {
        while let signal = signals.next() {
            if signal == SIGINT || signal == SIGTERM { self.signal = signal }
        }
        for notice in try router.look() { take(notice) }
        var left = CoordinationLimits.messagesPerBreathMax
        while left > 0, events.count < CoordinationLimits.eventsMax,
            let received = try router.receive()
        {
            left -= 1
            guard case .message(let peer, let body) = received else { continue }
            take(body, from: peer)
        }
        try sendBlocks()
        loseSilentIdlers()
        for ended in own.takeEnded() {
            idle.remove(ended.name)
            let wasAsked = retiring.remove(ended.name) != nil
            events.append(
                wasAsked
                    ? .drained(ended.name)
                    : .ended(ended.name, process: ended.process, ended.status))
        }
        if Monotonic.now() - lastAlive >= CoordinationLimits.aliveInterval { tellAlive() }
        try heartbeat?()
        onBreath?()
    }

    /// Waits for a message, a signal or the end of a child, at most this long.
    ///
    /// While workers wait for blocks it only looks.
    func pause(milliseconds: Int) throws {
        let began = Monotonic.now()
        _ = try wait(
            router: router, descriptors: [signals.fileDescriptor],
            milliseconds: spool.isIdle ? milliseconds : 0)
        timeAtRest += Monotonic.now() - began
        try breathe()
    }

    /// What happened since the last call.
    func takeEvents() -> [FleetEvent] {
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    private func take(_ body: [UInt8], from peer: PeerID) {
        // What does not decode is dropped: every byte from a socket is somebody else's.
        let envelope: Envelope
        do throws(WireError) {
            envelope = try decode(body)
        } catch {
            refuse(error, of: peer)
            return
        }
        if case .hello(let hello) = envelope.message {
            // A worker that comes when the work is done holds nothing, and is waited for.
            if isDismissing, own.process(of: hello.worker) == hello.pid {
                return say(.drain, to: peer)
            }
            if peers[peer] != hello.worker, !isDismissing {
                guard admits(hello, from: peer) else { return }
                // A worker that came back is not expected at its old address any more.
                for (old, worker) in peers where worker == hello.worker { peers[old] = nil }
                peers[peer] = hello.worker
                crew[hello.worker, default: Crew(peer: peer, host: hello.host, process: hello.pid)]
                    .peer = peer
                events.append(
                    .joined(
                        hello.worker, host: hello.host, process: hello.pid,
                        version: hello.binaryVersion))
                send(.alive(notice), to: hello.worker)
            }
            if peers[peer] == hello.worker { crew[hello.worker]?.heardAt = Monotonic.now() }
            return
        }
        guard envelope.message.isWorkers else {
            return router.strike(peer, reason: "a message that only a coordinator sends")
        }
        guard let worker = peers[peer] else { return }
        crew[worker]?.heardAt = Monotonic.now()
        switch envelope.message {
        case .ready:
            // Asked again: the message may have been lost.
            guard !retiring.contains(worker) else { return send(.retire, to: worker) }
            idle.insert(worker)
            events.append(.ready(worker))
        case .beat(let beat):
            guard envelope.term == term else { return }
            crew[worker]?.beat = beat
            events.append(.beat(worker, beat))
        case .failed(let failure): events.append(.failed(worker, failure))
        case .log(let line): events.append(.log(worker, line))
        case .goodbye(let reason):
            peers[peer] = nil
            crew[worker]?.peer = nil
            idle.remove(worker)
            // A process of our own has gone when it has ended.
            let hasGone = own.process(of: worker) == nil && retiring.remove(worker) != nil
            events.append(hasGone ? .drained(worker) : .left(worker, reason: reason))
        case .fetch(let fetch):
            guard envelope.term == term, envelope.run == run,
                let denial = spool.take(fetch, from: worker)
            else { return }
            send(.deny(denial), to: worker)
        case .hello, .welcome, .assign, .alive, .refuse, .drain, .block, .deny, .retire:
            break
        }
    }

    /// Sends to one worker; a message that cannot be sent is lost, and asked for again.
    func send(_ message: Message, to worker: WorkerName) {
        guard let peer = crew[worker]?.peer, !offer(message, to: peer) else { return }
        peers[peer] = nil
        crew[worker]?.peer = nil
    }

    /// Sends if there is room now; false: it was not sent.
    private func offer(_ message: Message, to peer: PeerID) -> Bool {
        sequence += 1
        let envelope = Envelope(term: term, sequence: sequence, run: run, message: message)
        return (try? router.send(encode(envelope), to: peer)) == true
    }

    /// Sends blocks that workers asked for, a bounded number of them; what there is no room for is
    /// dropped, and asked for again.
    private func sendBlocks() throws {
        for _ in 0..<CoordinationLimits.blocksPerBreath {
            guard let (worker, message) = spool.next() else { return }
            guard let peer = crew[worker]?.peer, offer(message, to: peer) else {
                spool.forget(worker)
                continue
            }
            try Failpoint.blockSent.pass()
        }
    }

    /// Idle workers say so twice a second; one that fell silent is given no work.
    private func loseSilentIdlers() {
        let now = Monotonic.now()
        for worker in idle {
            guard let known = crew[worker], now - known.heardAt > silenceLimit else { continue }
            idle.remove(worker)
            if let peer = known.peer { peers[peer] = nil }
            crew[worker]?.peer = nil
            // One of ours that stands still is ended, so that another one takes its place.
            kill(worker)
            events.append(
                .left(worker, reason: "silent for more than \(Figures.duration(silenceLimit))"))
        }
    }

    /// Whether a worker is there that was not silent for too long.
    var hasLiveCrew: Bool {
        let now = Monotonic.now()
        return crew.values.contains { $0.peer != nil && now - $0.heardAt <= silenceLimit }
    }

    private var notice: AliveNotice {
        AliveNotice(
            phase: phase, recordsDone: recordsDone, recordsTotal: recordsTotal,
            budgetExceeded: budgetExceeded)
    }

    func tellAlive() {
        lastAlive = Monotonic.now()
        guard !isDismissing else { return }
        let notice = notice
        for worker in crew.keys { send(.alive(notice), to: worker) }
        for worker in retiring { send(.retire, to: worker) }
    }

    /// Asks a worker to finish its chunk, give back its claim and go; asked until it has gone.
    func retire(_ worker: WorkerName) {
        guard crew[worker] != nil else { return }
        retiring.insert(worker)
        idle.remove(worker)
        events.append(.retiring(worker))
        send(.retire, to: worker)
    }

    /// Notes what a worker finished, for the screen and the report.
    func count(claim records: Int64, for worker: WorkerName) {
        crew[worker]?.claimsDone += 1
        crew[worker]?.recordsDone += UInt64(max(records, 0))
    }

    /// Workers that others started and that have not said goodbye.
    private var hasLiveGuests: Bool {
        let now = Monotonic.now()
        return crew.values.contains {
            !$0.isOwn && $0.peer != nil && now - $0.heardAt <= CoordinationLimits.farewellLimit
        }
    }

    /// Kills a worker process of our own that is suspected or stopped.
    func kill(_ worker: WorkerName) { own.kill(worker) }

    /// Kills the worker processes of our own: what they do is fenced already.
    func killOwn() { own.killAll() }

    /// Asks every worker to stop, waits for the processes to end, and kills those that do not.
    ///
    /// Workers of other machines give back what they have and wait for the next run; they are
    /// waited for only shortly.
    func dismiss() {
        isDismissing = true
        let farewell = Monotonic.now() + CoordinationLimits.farewellLimit
        let deadline = Monotonic.now() + CoordinationLimits.drainLimit
        var asked = Monotonic.now() - .seconds(1)
        while own.count > 0 || (hasLiveGuests && Monotonic.now() < farewell),
            Monotonic.now() < deadline
        {
            if Monotonic.now() - asked > .milliseconds(200) {
                asked = Monotonic.now()
                for worker in crew.keys { send(.drain, to: worker) }
            }
            do { try pause(milliseconds: 20) } catch { break }
            events.removeAll()
        }
        own.end()
        // None of ours is there for another term.
        for (name, member) in crew where member.isOwn {
            crew[name]?.peer = nil
            idle.remove(name)
        }
        retiring.removeAll()
    }
}

// Who is let in, and who is let go.
extension Fleet {
    /// Whether a worker is taken; one that is not is told why, and the log too, once.
    private func admits(_ hello: Hello, from peer: PeerID) -> Bool {
        let known = crew[hello.worker].map {
            Admission.Holder(host: $0.host, process: $0.process, peer: $0.peer)
        }
        guard
            let reason = admission.refusal(
                of: hello, from: peer, holder: known, crewCount: crew.count)
        else { return true }
        say(.refuse(reason: reason), to: peer)
        note(refusalOf: hello.worker, from: hello.host, reason)
        return false
    }

    /// Another protocol's version is answered; anything else is nobody's message.
    private func refuse(_ error: WireError, of peer: PeerID) {
        guard case .version(let version) = error.kind else {
            router.strike(peer, reason: error.description)
            return
        }
        let reason = "its protocol version is \(version), the coordinator's \(wireVersion)"
        say(.refuse(reason: reason), to: peer)
        note(refusalOf: "?", from: peer.key ?? "?", reason)
    }

    private func note(refusalOf worker: WorkerName, from host: String, _ reason: String) {
        guard refusals.count < CoordinationLimits.refusalsLoggedMax,
            refusals.insert("\(worker) \(reason)").inserted
        else { return }
        events.append(
            .notice(
                LogMessage(
                    .workerRefused, ["worker": worker, "host": host, "reason": reason])))
    }

    /// Something about the door to the network; workers of a revoked key are let go.
    private func take(_ notice: DoorNotice) {
        events.append(
            .notice(notice.message(allowList: network.security?.allowFile ?? "-")))
        guard case .revoked(let key) = notice else { return }
        for (peer, worker) in peers where peer.key == key {
            say(.refuse(reason: "the key \(key) was revoked"), to: peer, isFarewell: true)
            peers[peer] = nil
            crew[worker]?.peer = nil
            idle.remove(worker)
            events.append(.left(worker, reason: "its key was revoked"))
        }
    }

    /// One message to somebody who is not in the crew, or will not be; may be lost.
    private func say(_ message: Message, to peer: PeerID, isFarewell: Bool = false) {
        sequence += 1
        let envelope = Envelope(term: term, sequence: sequence, run: run, message: message)
        // What a stranger does not hear is told again when it asks again.
        _ = try? router.send(encode(envelope), to: peer, isFarewell: isFarewell)
    }
}
