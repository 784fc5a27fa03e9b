// The worker's side of the talk with its coordinator: one DEALER, heartbeats, signals. It is
// looked at every few milliseconds by whatever the worker is doing, so a stuck worker goes
// silent by itself.

import Glibc
import Messaging
import Plan
import Wire

/// What the worker is doing, as its heartbeats tell.
struct Progress {
    var claim: Int64?
    var epoch: Int64 = 0
    var phase: Phase = .validate
    var recordsDone: UInt64 = 0
    var recordsTotal: UInt64 = 0
    var bytesSent: UInt64 = 0
    var rejects: UInt64 = 0
    var bytesReceived: UInt64 = 0
}

/// The worker's end of the wire.
///
/// A class, because the database connection's idle hook and the worker's loop both look at it; one
/// thread uses it.
final class CoordinatorLink {
    private let context: Context
    private let socket: DealerSocket
    private let signals: SignalReader
    private let hello: Hello
    /// Silence of the coordinator after which the worker leaves.
    private let coordinatorWait: Duration
    /// Local workers end with the process that started them; nil: a remote worker.
    private let parent: Int32?
    private var sequence: UInt64 = 0
    private var logNumber: UInt64 = 0
    private var lastBeat = Monotonic.now()
    private var heardAt = Monotonic.now()
    private var introducedAt = Monotonic.now()
    private(set) var term: UInt64 = 0
    private(set) var run = ""

    /// The coordinator asked to stop, or SIGTERM or SIGINT came.
    private(set) var isDraining = false
    /// The signal that asked to stop; nil: none.
    private(set) var signal: Int32?
    /// The run is over its reject budget: no staging, no reading of the target.
    private(set) var budgetExceeded = false
    /// Why the coordinator, or this worker itself, will not have it in the run; nil: it will.
    private(set) var refusal: String?
    /// How the newest handshake went.
    private(set) var handshake = Handshake.pending
    /// The newest assignment not yet looked at.
    private var assignment: Assignment?
    var progress = Progress()
    /// Whether this worker comes over a network and without a key.
    private let lacksKey: Bool
    /// The slice that is being received; nil: none, and blocks are dropped.
    var transfer: Transfer?
    /// The coordinator said that its run has ended; another one may come.
    private(set) var hasRunEnded = false

    init(
        hello: Hello, connect endpoint: Endpoint, signals: consuming SignalReader,
        security: ClientSecurity?, coordinatorWait: Duration, parent: Int32?
    ) throws {
        context = try Context()
        socket =
            endpoint.address == nil
            ? try DealerSocket(context, connect: endpoint)
            : try DealerSocket(context, connect: endpoint, security: security)
        lacksKey = endpoint.address != nil && security == nil
        self.signals = signals
        self.hello = hello
        self.coordinatorWait = coordinatorWait
        self.parent = parent
    }

    /// The newest assignment, once.
    func takeAssignment() -> Assignment? {
        defer { assignment = nil }
        return assignment
    }

    /// Waits for a message or a signal, at most this long, then looks at everything.
    func pause(milliseconds: Int) throws {
        _ = try wait(
            dealer: socket, descriptors: [signals.fileDescriptor], milliseconds: milliseconds)
        try breathe()
    }

    /// Looks at messages and signals and sends a heartbeat when one is due.
    ///
    /// Never waits.
    func breathe() throws {
        while let signal = signals.next() {
            guard signal == SIGTERM || signal == SIGINT else { continue }
            self.signal = signal
            isDraining = true
        }
        while let body = try socket.receive() { try receive(body) }
        let now = Monotonic.now()
        if now - max(heardAt, introducedAt) >= LoadingLimits.introductionInterval { introduce() }
        if now - lastBeat >= LoadingLimits.beatInterval {
            lastBeat = now
            beat()
        }
        try checkHandshake()
        if let parent, getppid() != parent { throw LoadingError.orphaned }
        if now - heardAt > coordinatorWait { throw LoadingError.orphaned }
    }

    private func receive(_ body: [UInt8]) throws {
        // A message that does not decode is dropped: messages are hints, and the sender repeats.
        let decoded: Envelope
        do throws(WireError) {
            decoded = try decode(body)
        } catch {
            if case .version(let version) = error.kind { differ(version) }
            return
        }
        let envelope = decoded
        // Terms are of a run: the next run begins with low ones.
        guard envelope.run != run || envelope.term >= term else { return }
        heardAt = Monotonic.now()
        // The end of a run that was given up already is no news; a coordinator's own worker may
        // come when all is done, and hear nothing else.
        if case .drain = envelope.message, run.isEmpty, parent == nil { return }
        term = envelope.term
        run = envelope.run
        switch envelope.message {
        case .assign(let assignment): self.assignment = assignment
        case .alive(let notice): budgetExceeded = notice.budgetExceeded
        case .block(let block): try transfer?.take(block)
        case .deny(let denial): transfer?.take(denial)
        case .drain:
            isDraining = true
            hasRunEnded = true
        case .retire: isDraining = true
        case .refuse(let reason):
            refusal = reason
            isDraining = true
        case .welcome, .hello, .ready, .beat, .failed, .log, .goodbye, .fetch: break
        }
    }

    /// Ends what libzmq does not try again, or would try for ever.
    private func checkHandshake() throws {
        handshake = try socket.handshake()
        switch handshake {
        case .refused: throw LoadingError.keyRefused
        case .mismatch: throw LoadingError.securityDiffers
        case .interrupted(let times)
        where lacksKey && times >= LoadingLimits.brokenHandshakesMax:
            throw LoadingError.securityDiffers
        case .pending, .succeeded, .interrupted: break
        }
    }

    /// The coordinator speaks another protocol: nothing it says can be understood.
    private func differ(_ version: UInt8) {
        refusal = "its protocol version is \(version), this worker's \(wireVersion)"
        isDraining = true
    }

    private func beat() {
        send(
            .beat(
                Beat(
                    claim: progress.claim, epoch: progress.epoch, phase: progress.phase,
                    recordsDone: progress.recordsDone, recordsTotal: progress.recordsTotal,
                    bytesSent: progress.bytesSent, rejects: progress.rejects,
                    bytesReceived: progress.bytesReceived
                        + (transfer?.assembly.bytesReceived ?? 0))))
    }

    /// Says who this is; the coordinator answers with a notice.
    func introduce() {
        introducedAt = Monotonic.now()
        send(.hello(hello))
    }

    /// Whether a coordinator has spoken since the start, or since the last run's end.
    var hasCoordinator: Bool { !run.isEmpty }

    /// Forgets the run that ended, so that the next one can be served.
    ///
    /// Not after a signal or a refusal: those stay.
    func standDown() {
        guard hasRunEnded, signal == nil else { return }
        hasRunEnded = false
        isDraining = false
        budgetExceeded = false
        assignment = nil
        run = ""
        term = 0
    }

    /// Sends a message; one that cannot be sent now is lost, and the ledger makes good for it.
    func send(_ message: Message) {
        sequence += 1
        let envelope = Envelope(term: term, sequence: sequence, run: run, message: message)
        _ = try? socket.send(encode(envelope))
    }

    /// A line for the run log, best effort.
    func log(_ id: String, _ text: String, severity: UInt8) {
        logNumber += 1
        send(.log(LogLine(number: logNumber, severity: severity, id: id, text: text)))
    }
}
