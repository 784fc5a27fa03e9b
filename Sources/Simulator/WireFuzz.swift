// Hostile bytes for the wire's parser: messages of the real encoder, broken by seed.

import Plan
import Wire

/// What so many executions of the parser came to.
package struct FuzzResult: Sendable, Equatable {
    /// Inputs tried.
    package var executions = 0
    /// Inputs that are messages all the same.
    package var accepted = 0
    /// The first input that was accepted and is not what the encoder makes of it; nil: none.
    package var misread: [UInt8]?
    /// Kinds of refusal seen, by their name.
    package var refusals: Set<String> = []
}

/// Throws broken messages at ``decode(_:)``.
///
/// A crash of the process is the other thing that can be found, best with the address sanitizer
/// (`swift build --sanitize=address --product kugiri-simulate`).
package enum WireFuzz {
    /// Tries inputs; the same seed tries the same ones.
    package static func run(seed: UInt64, executions: Int) -> FuzzResult {
        var source = FuzzSource(seed: seed)
        let corpus = Self.corpus.map(encode)
        var result = FuzzResult()
        for _ in 0..<executions {
            let bytes = source.broken(corpus)
            result.executions += 1
            do throws(WireError) {
                let envelope = try decode(bytes)
                result.accepted += 1
                if encode(envelope) != bytes {
                    result.misread = bytes
                    return result
                }
            } catch {
                let name = Self.name(error.kind)
                if !result.refusals.contains(name) { result.refusals.insert(name) }
            }
        }
        return result
    }

    /// Every kind of message, small ones and one that is long.
    static let corpus: [Envelope] = messages.flatMap { message in
        [
            Envelope(term: 0, sequence: 0, run: "", message: message),
            Envelope(term: 7, sequence: .max, run: "debit-result-20261120-01", message: message),
        ]
    }

    private static let messages: [Message] = [
        .hello(Hello(worker: "w1", host: "ホスト", pid: 4_711, binaryVersion: "1.4.2+3f9c2d1")),
        .ready,
        .beat(
            Beat(
                claim: 9, epoch: 3, phase: .load, recordsDone: 1, recordsTotal: 2, bytesSent: 3,
                rejects: 4, bytesReceived: 5)),
        .beat(
            Beat(
                claim: nil, epoch: 0, phase: .validate, recordsDone: 0, recordsTotal: 0,
                bytesSent: 0, rejects: 0)),
        .failed(Failure(claim: 9, epoch: 3, kind: .data, sqlState: "22P02", text: "読めない")),
        .failed(Failure(claim: nil, epoch: 0, kind: .bug, sqlState: nil, text: "")),
        .log(LogLine(number: 1, severity: 73, id: "KGR4001I", text: "a line")),
        .goodbye(reason: "done"),
        .fetch(Fetch(claim: 9, epoch: 3, slice: 2, offset: 61_440, credit: 16)),
        .welcome(Welcome(settings: Array("{\"job\":1}".utf8))),
        .assign(Assignment(claim: 9, epoch: 3, phase: .certify, slice: 2)),
        .alive(AliveNotice(phase: .publish, recordsDone: 1, recordsTotal: 2, budgetExceeded: true)),
        .refuse(reason: "unknown worker"),
        .drain,
        .block(Block(slice: 2, offset: 0, isLast: true, bytes: Array(0..<200))),
        .deny(Denial(claim: 9, epoch: 3, slice: 2, kind: .unreadable, reason: "gone")),
    ]

    private static func name(_ kind: WireError.Kind) -> String {
        switch kind {
        case .tooLong: "too long"
        case .truncated: "truncated"
        case .notOurs: "not ours"
        case .version: "version"
        case .type: "type"
        case .flags: "flags"
        case .bodyLength: "body length"
        case .valueTooLong: "value too long"
        case .count: "count"
        case .notUTF8: "not UTF-8"
        case .zeroByte: "zero byte"
        case .unknownValue: "unknown value"
        case .sqlState: "SQLSTATE"
        case .trailing: "trailing"
        }
    }
}

/// Breaks messages; splitmix64, so that a finding comes again.
struct FuzzSource {
    private var state: UInt64
    /// Where the header states the body's length, and where the run id's length stands.
    private static let lengthOffset = 24
    private static let runOffset = 28
    /// Values at which parsers stumble.
    private static let values: [UInt8] = [0, 1, 2, 5, 16, 17, 0x7F, 0x80, 0xBF, 0xC0, 0xE3, 0xFF]

    init(seed: UInt64) { state = seed }

    private mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }

    /// A message of the corpus, broken one to four times; half of them state their length rightly,
    /// so that what was broken behind the header is reached.
    mutating func broken(_ corpus: [[UInt8]]) -> [UInt8] {
        var bytes = corpus[next(corpus.count)]
        for _ in 0...next(4) { breakOnce(&bytes, corpus) }
        if next(2) == 0 { mend(&bytes) }
        return bytes
    }

    private mutating func breakOnce(_ bytes: inout [UInt8], _ corpus: [[UInt8]]) {
        guard !bytes.isEmpty else { return bytes.append(UInt8(next(256))) }
        let place = next(bytes.count)
        switch next(8) {
        case 0: bytes[place] ^= UInt8(1 << next(8))
        case 1: bytes[place] = UInt8(next(256))
        case 2: bytes[place] = Self.values[next(Self.values.count)]
        case 3: bytes.remove(at: place)
        case 4: bytes.insert(UInt8(next(256)), at: place)
        case 5: bytes.removeLast(next(bytes.count + 1))
        case 6:
            let other = corpus[next(corpus.count)]
            bytes.replaceSubrange(place..., with: other[min(place, other.count)...])
        default:
            let end = min(place + 1 + next(8), bytes.count)
            bytes.insert(contentsOf: bytes[place..<end], at: next(bytes.count + 1))
        }
    }

    /// States the length of the body that is there.
    private func mend(_ bytes: inout [UInt8]) {
        guard bytes.count > Self.runOffset else { return }
        let body = bytes.count - Self.runOffset - 1 - Int(bytes[Self.runOffset])
        guard body >= 0 else { return }
        for index in 0..<4 {
            bytes[Self.lengthOffset + index] = UInt8(
                truncatingIfNeeded: body >> (24 - 8 * index))
        }
    }
}
