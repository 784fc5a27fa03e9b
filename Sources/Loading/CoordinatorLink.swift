// The worker's side of the talk with its coordinator: one DEALER, heartbeats, signals. It is
// looked at every few milliseconds by whatever the worker is doing, so a stuck worker goes
// silent by itself.

import Glibc
import Journal
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
    private let lines: [CoordinatorLine]
    /// The line on which the run's coordinator speaks; nil: none has yet.
    private var active: CoordinatorLine?
    private let signals: SignalReader
    private let hello: Hello
    /// Silence of the coordinator after which the worker leaves.
    private let coordinatorWait: Duration
    /// Told of a place that is given up.
    private let tell: (LogMessage) -> Void
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
    /// How the newest handshake went, with the coordinator or with whom it was tried last.
    var handshake: Handshake { (active ?? lines[0]).handshake }
    /// The newest assignment not yet looked at.
    private var assignment: Assignment?
    var progress = Progress()
    /// The slice that is being received; nil: none, and blocks are dropped.
    var transfer: Transfer?
    /// The coordinator said that its run has ended; another one may come.
    private(set) var hasRunEnded = false

    /// - Parameters:
    ///   - places: Where coordinators may be, at least one.
    ///   - tell: Told of a place that is given up while others are left.
    init(
        hello: Hello, connect places: [CoordinatorPlace], signals: consuming SignalReader,
        coordinatorWait: Duration, parent: Int32?, tell: @escaping (LogMessage) -> Void
    ) throws {
        let context = try Context()
        lines = try places.map { try CoordinatorLine(context, $0) }
        self.context = context
        self.signals = signals
        self.hello = hello
        self.coordinatorWait = coordinatorWait
        self.parent = parent
        self.tell = tell
    }

    /// The newest assignment, once.
    func takeAssignment() -> Assignment? {
        defer { assignment = nil }
        return assignment
    }

    /// Waits for a message or a signal, at most this long, then looks at everything.
    func pause(milliseconds: Int) throws {
        _ = try wait(
            dealers: lines.map(\.dealer), descriptors: [signals.fileDescriptor],
            milliseconds: milliseconds)
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
        for line in lines {
            while let body = try line.dealer.socket.receive() { try receive(body, from: line) }
        }
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

    private func receive(_ body: [UInt8], from line: CoordinatorLine) throws {
        // A message that does not decode is dropped: messages are hints, and the sender repeats.
        let decoded: Envelope
        do throws(WireError) {
            decoded = try decode(body)
        } catch {
            if case .version(let version) = error.kind { differ(version) }
            return
        }
        let envelope = decoded
        guard isToBeHeard(envelope, from: line) else { return }
        if case .refuse(let reason) = envelope.message, giveUp(line, because: reason) { return }
        heardAt = Monotonic.now()
        // The end of a run that was given up already is no news; a coordinator's own worker may
        // come when all is done, and hear nothing else.
        if case .drain = envelope.message, run.isEmpty, parent == nil { return }
        active = line
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

    /// Whether a message comes from the coordinator this worker serves, or from a newer one.
    ///
    /// A coordinator that was frozen goes on speaking when it wakes up, and two runs may be conducted
    /// at two addresses.
    private func isToBeHeard(_ envelope: Envelope, from line: CoordinatorLine) -> Bool {
        if envelope.run == run {
            return line === active ? envelope.term >= term : envelope.term > term
        }
        // Terms are of a run: the next run begins with low ones. Until a claim in hand is done,
        // what is told of it must not reach the coordinator of another run.
        if run.isEmpty { return true }
        return progress.claim == nil && (line === active || isUnheard)
    }

    /// Whether the coordinator has been silent for so long that others are asked too.
    private var isUnheard: Bool {
        run.isEmpty || Monotonic.now() - heardAt >= LoadingLimits.introductionInterval
    }

    /// Looks at handshakes: ends what libzmq does not try again, or would try for ever, when there
    /// is no other place left.
    private func checkHandshake() throws {
        for line in lines where !line.isGivenUp {
            guard let trouble = try line.trouble() else { continue }
            guard giveUp(line, because: "\(trouble)") else { throw trouble }
        }
    }

    /// Gives a place up while another one is left; false: it is the last, or the one in use.
    private func giveUp(_ line: CoordinatorLine, because reason: String) -> Bool {
        guard lines.contains(where: { $0 !== line && !$0.isGivenUp }), line !== active else {
            return false
        }
        line.isGivenUp = true
        tell(
            LogMessage(
                .coordinatorPlaceGivenUp,
                ["worker": hello.worker, "endpoint": line.place.endpoint.text, "reason": reason]))
        return true
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

    /// Says who this is, everywhere while no coordinator is heard; a coordinator answers with a
    /// notice.
    func introduce() {
        introducedAt = Monotonic.now()
        guard let active, !isUnheard else {
            for line in lines where !line.isGivenUp { send(.hello(hello), on: line) }
            return
        }
        send(.hello(hello), on: active)
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
        active = nil
    }

    /// Sends a message; one that cannot be sent now is lost, and the ledger makes good for it.
    func send(_ message: Message) { send(message, on: active ?? lines[0]) }

    private func send(_ message: Message, on line: CoordinatorLine) {
        sequence += 1
        let envelope = Envelope(term: term, sequence: sequence, run: run, message: message)
        _ = try? line.dealer.socket.send(encode(envelope))
    }

    /// A line for the run log, best effort.
    func log(_ id: String, _ text: String, severity: UInt8) {
        logNumber += 1
        send(.log(LogLine(number: logNumber, severity: severity, id: id, text: text)))
    }
}
