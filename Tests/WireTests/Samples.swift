import Plan
public import Testing

@testable public import Wire

/// What a list of tests shows of an envelope: a block alone has 64 KiB.
extension Envelope: CustomTestStringConvertible {
    /// The kind of message, and which of the two samples of it.
    public var testDescription: String {
        let kind = Mirror(reflecting: message).children.first?.label ?? "message"
        return "\(kind), \(term == 0 ? "small" : "at its bounds")"
    }
}

/// Envelopes of every message, small and at every bound.
enum Samples {
    static let all: [Envelope] = messages.flatMap { message in
        [
            Envelope(term: 0, sequence: 0, run: "", message: message),
            Envelope(
                term: .max, sequence: .max, run: String(repeating: "ü", count: 50),
                message: message),
        ]
    }

    static let messages: [Message] = fromWorker + fromCoordinator + transfer

    private static let fromWorker: [Message] =
        [
            .hello(Hello(worker: "", host: "", pid: .min, binaryVersion: "")),
            .hello(
                Hello(
                    worker: String(repeating: "w", count: WireLimits.workerBytesMax),
                    host: String(repeating: "区", count: WireLimits.hostBytesMax / 3), pid: .max,
                    binaryVersion: String(repeating: "9", count: WireLimits.binaryVersionBytesMax))),
            .ready,
            .failed(Failure(claim: nil, epoch: 0, kind: .retry, sqlState: nil, text: "")),
            .log(LogLine(number: 0, severity: 0, id: "", text: "")),
            .log(
                LogLine(
                    number: .max, severity: .max,
                    id: String(repeating: "K", count: WireLimits.logIdentifierBytesMax),
                    text: String(repeating: "x", count: WireLimits.textBytesMax))),
            .goodbye(reason: ""),
            .goodbye(reason: String(repeating: "r", count: WireLimits.reasonBytesMax)),
        ] + beats + failures

    private static let transfer: [Message] =
        [
            .fetch(Fetch(claim: .min, epoch: .max, slice: .min, offset: 0, credit: 1)),
            .fetch(
                Fetch(
                    claim: .max, epoch: .min, slice: .max, offset: .max,
                    credit: UInt16(WireLimits.creditMax))),
            .block(Block(slice: .min, offset: .max, isLast: false, bytes: [0])),
            .block(
                Block(
                    slice: .max, offset: 0, isLast: true,
                    bytes: Array(repeating: 0xFF, count: WireLimits.blockBytesMax))),
        ]
        + Denial.Kind.allCases.flatMap { kind -> [Message] in
            [
                .deny(Denial(claim: .min, epoch: .max, slice: .min, kind: kind, reason: "")),
                .deny(
                    Denial(
                        claim: .max, epoch: .min, slice: .max, kind: kind,
                        reason: String(repeating: "r", count: WireLimits.reasonBytesMax))),
            ]
        }

    private static let beats: [Message] = Phase.allCases.flatMap { phase -> [Message] in
        [
            .beat(
                Beat(
                    claim: nil, epoch: .min, phase: phase, recordsDone: 0, recordsTotal: 0,
                    bytesSent: 0, rejects: 0, bytesReceived: 0)),
            .beat(
                Beat(
                    claim: .min, epoch: .max, phase: phase, recordsDone: .max,
                    recordsTotal: .max - 1, bytesSent: .max - 2, rejects: .max - 3,
                    bytesReceived: .max - 4)),
        ]
    }

    private static let failures: [Message] = FailureKind.allCases.map { kind in
        .failed(
            Failure(
                claim: .max, epoch: -1, kind: kind, sqlState: "40P01",
                text: String(repeating: "é", count: WireLimits.textBytesMax / 2)))
    }

    private static let fromCoordinator: [Message] = [
        .welcome(Welcome(settings: [])),
        .welcome(
            Welcome(settings: Array(repeating: 0xFF, count: WireLimits.settingsBytesMax))),
        .assign(Assignment(claim: .min, epoch: .max, phase: .validate, slice: .min)),
        .assign(Assignment(claim: .max, epoch: .min, phase: .load, slice: .max)),
        .alive(
            AliveNotice(
                phase: .split, recordsDone: 0, recordsTotal: .max, budgetExceeded: false)),
        .alive(
            AliveNotice(
                phase: .publish, recordsDone: .max, recordsTotal: 0, budgetExceeded: true)),
        .refuse(reason: ""),
        .refuse(reason: String(repeating: "r", count: WireLimits.reasonBytesMax)),
        .drain,
        .retire,
    ]
}

/// splitmix64, so that a failing case comes again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
