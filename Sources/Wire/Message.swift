// What coordinator and worker say to each other. Messages are hints: losing, doubling, delaying
// or reordering any of them costs time, never a row (DESIGN, "Truth and messages").

public import Plan

/// A message with what the receiver needs to judge it.
public struct Envelope: Sendable, Equatable {
    /// The coordinator's term the sender knows; 0: none yet.
    ///
    /// Lower ones are ignored.
    public var term: UInt64
    /// Counts the sender's messages from 1, so that a doubled or late one is seen.
    public var sequence: UInt64
    /// The run's id, at most `WireLimits.runBytesMax` bytes; empty in a worker's first hello.
    public var run: String
    /// What is said.
    public var message: Message

    /// Memberwise.
    public init(term: UInt64, sequence: UInt64, run: String, message: Message) {
        self.term = term
        self.sequence = sequence
        self.run = run
        self.message = message
    }
}

/// Everything that can be said.
public enum Message: Sendable, Equatable {
    /// Worker → coordinator: who I am. Answered by `welcome` or `refuse`.
    case hello(Hello)
    /// Worker → coordinator: idle. Settle what I had from the ledger and give me work.
    case ready
    /// Worker → coordinator: alive, and this far.
    case beat(Beat)
    /// Worker → coordinator: the claim cannot be finished by me.
    case failed(Failure)
    /// Worker → coordinator: a line for the merged run log; best effort.
    case log(LogLine)
    /// Worker → coordinator: leaving. At most `WireLimits.reasonBytesMax` bytes are sent.
    case goodbye(reason: String)
    /// Worker → coordinator: send me these blocks of a spool slice. Answered by as many `block`,
    /// or by `deny`, or by nothing: then it is asked again.
    case fetch(Fetch)

    /// Coordinator → worker: what the run is.
    case welcome(Welcome)
    /// Coordinator → worker: claim this. The ledger's row decides, not the message.
    case assign(Assignment)
    /// Coordinator → worker: still here, and this far.
    case alive(AliveNotice)
    /// Coordinator → worker: go away (protocol or term mismatch, unknown worker).
    /// At most `WireLimits.reasonBytesMax` bytes are sent.
    case refuse(reason: String)
    /// Coordinator → worker: finish or give back the chunk, say goodbye.
    case drain
    /// Coordinator → worker: as `drain`, and do not come back: somebody asked for this worker to go.
    case retire
    /// Coordinator → worker: a part of a spool slice.
    case block(Block)
    /// Coordinator → worker: nothing of this slice comes.
    case deny(Denial)

    /// Whether a worker may say it; a coordinator takes nothing else.
    public var isWorkers: Bool {
        switch self {
        case .hello, .ready, .beat, .failed, .log, .goodbye, .fetch: true
        case .welcome, .assign, .alive, .refuse, .drain, .retire, .block, .deny: false
        }
    }
}

/// Who a worker is.
public struct Hello: Sendable, Equatable {
    /// At most `WireLimits.workerBytesMax` bytes.
    public var worker: String
    /// At most `WireLimits.hostBytesMax` bytes.
    public var host: String
    /// The process on that host.
    public var pid: Int32
    /// At most `WireLimits.binaryVersionBytesMax` bytes.
    public var binaryVersion: String

    /// Memberwise.
    public init(worker: String, host: String, pid: Int32, binaryVersion: String) {
        self.worker = worker
        self.host = host
        self.pid = pid
        self.binaryVersion = binaryVersion
    }
}

/// A worker's sign of life with what may explain a lack of progress (PROTOCOL 12).
public struct Beat: Sendable, Equatable {
    /// The claim in hand; nil: idle.
    public var claim: Int64?
    /// The claim's epoch; 0 when idle.
    public var epoch: Int64
    /// The phase of the claim, or of the last one when idle.
    public var phase: Phase
    /// Records of the claim handled so far.
    public var recordsDone: UInt64
    /// Records of the claim; 0: not known yet.
    public var recordsTotal: UInt64
    /// Bytes sent to the database since the process started.
    public var bytesSent: UInt64
    /// Rejects found in the claim so far.
    public var rejects: UInt64
    /// Bytes of the claim's spool slice received over the wire; 0: it is read from a file.
    public var bytesReceived: UInt64

    /// Memberwise.
    public init(
        claim: Int64?, epoch: Int64, phase: Phase, recordsDone: UInt64, recordsTotal: UInt64,
        bytesSent: UInt64, rejects: UInt64, bytesReceived: UInt64 = 0
    ) {
        self.claim = claim
        self.epoch = epoch
        self.phase = phase
        self.recordsDone = recordsDone
        self.recordsTotal = recordsTotal
        self.bytesSent = bytesSent
        self.rejects = rejects
        self.bytesReceived = bytesReceived
    }
}

/// What kind of trouble ended a claim; decides whether it is tried again.
public enum FailureKind: UInt8, Sendable, Equatable, CaseIterable {
    /// Infrastructure; the same claim may work elsewhere or later.
    case retry = 1
    /// The data; trying again gives the same.
    case data = 2
    /// Settings, schema or permission.
    case configuration = 3
    /// A proof failed or an invariant broke.
    case bug = 4
    /// Somebody else has the claim; nothing was written.
    case fenced = 5
}

/// A claim that a worker could not finish.
public struct Failure: Sendable, Equatable {
    /// nil: the trouble is the worker's, not one claim's.
    public var claim: Int64?
    /// The claim's epoch; 0 without one.
    public var epoch: Int64
    /// Decides whether the claim is tried again.
    public var kind: FailureKind
    /// Five ASCII letters and digits; nil: not from the database.
    public var sqlState: String?
    /// For people.
    ///
    /// At most `WireLimits.textBytesMax` bytes are sent, cut between two characters.
    public var text: String

    /// Memberwise.
    public init(claim: Int64?, epoch: Int64, kind: FailureKind, sqlState: String?, text: String) {
        self.claim = claim
        self.epoch = epoch
        self.kind = kind
        self.sqlState = sqlState
        self.text = text
    }
}

/// A line for the merged run log.
public struct LogLine: Sendable, Equatable {
    /// Counts the worker's lines from 1; a gap is one line in the run log (PROTOCOL 37).
    public var number: UInt64
    /// The severity's ASCII letter: I, W or E.
    ///
    /// Not checked here.
    public var severity: UInt8
    /// The catalogue's id, at most `WireLimits.logIdentifierBytesMax` bytes.
    public var id: String
    /// At most `WireLimits.textBytesMax` bytes are sent, cut between two characters.
    ///
    /// May hold control characters: whoever prints it escapes them.
    public var text: String

    /// Memberwise.
    public init(number: UInt64, severity: UInt8, id: String, text: String) {
        self.number = number
        self.severity = severity
        self.id = id
        self.text = text
    }
}

/// What a worker needs to know of the run.
public struct Welcome: Sendable, Equatable {
    /// Job, contract, parameters and spool directory as one JSON text that Wire does not read;
    /// at most `WireLimits.settingsBytesMax` bytes, checked by whoever makes it.
    public var settings: [UInt8]

    /// Memberwise.
    public init(settings: [UInt8]) { self.settings = settings }
}

/// A claim offered to a worker.
public struct Assignment: Sendable, Equatable {
    /// The claim in the ledger.
    public var claim: Int64
    /// The epoch the claim has now; the worker raises it when it takes the claim.
    public var epoch: Int64
    /// What is to be done with the slice.
    public var phase: Phase
    /// The slice's number in the run.
    public var slice: Int32

    /// Memberwise.
    public init(claim: Int64, epoch: Int64, phase: Phase, slice: Int32) {
        self.claim = claim
        self.epoch = epoch
        self.phase = phase
        self.slice = slice
    }
}

/// The coordinator's sign of life.
public struct AliveNotice: Sendable, Equatable {
    /// The phase the run is in.
    public var phase: Phase
    /// Records handled in this phase, in all partitions.
    public var recordsDone: UInt64
    /// Records of this phase; 0: not known yet.
    public var recordsTotal: UInt64
    /// Over the reject budget: check on, but stop staging (PROTOCOL 33).
    public var budgetExceeded: Bool

    /// Memberwise.
    public init(
        phase: Phase, recordsDone: UInt64, recordsTotal: UInt64, budgetExceeded: Bool
    ) {
        self.phase = phase
        self.recordsDone = recordsDone
        self.recordsTotal = recordsTotal
        self.budgetExceeded = budgetExceeded
    }
}
