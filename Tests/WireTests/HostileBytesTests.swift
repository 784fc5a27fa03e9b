import Plan
import Testing

@testable import Wire

@Suite struct HostileBytesTests {
    /// One message with one value of each kind in it.
    private static let failure = Envelope(
        term: 7, sequence: 8, run: "debit-result-20261120-01",
        message: .failed(
            Failure(claim: 9, epoch: 10, kind: .data, sqlState: "22P02", text: "読めない")))

    @Test(arguments: Samples.all)
    func `every truncation of a message is refused`(_ envelope: Envelope) {
        let bytes = encode(envelope)
        // Of the long ones every length near both ends and a stride between them.
        let lengths = Set(0..<min(bytes.count, 600))
            .union(max(0, bytes.count - 300)..<bytes.count)
            .union(stride(from: 0, to: bytes.count, by: 997))
        for length in lengths {
            #expect(throws: WireError.self) { try decode(Array(bytes[..<length])) }
        }
    }

    @Test(arguments: Samples.all)
    func `a message with a byte behind it is refused`(_ envelope: Envelope) {
        #expect(throws: WireError.self) { try decode(encode(envelope) + [0]) }
    }

    @Test(arguments: Samples.all)
    func `no changed byte crashes, and what is accepted has one encoding`(
        _ envelope: Envelope
    ) {
        let bytes = encode(envelope)
        for position in 0..<min(bytes.count, 400) {
            for value: UInt8 in [0, 1, 2, 0x7F, 0x80, 0xC0, 0xFF, bytes[position] ^ 1] {
                var changed = bytes
                changed[position] = value
                guard let decoded = try? decode(changed) else { continue }
                #expect(encode(decoded) == changed)
            }
        }
    }

    @Test func `no random bytes crash`() {
        var random = SeededGenerator(seed: 20_261_120)
        var accepted = 0
        for round in 0..<50_000 {
            var bytes = (0..<Int.random(in: 0...160, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // Half of them begin like a message, so that the bodies are reached.
            if round.isMultiple(of: 2) {
                let type = Samples.messages.randomElement(using: &random).map(MessageType.init)
                let head = WireLimits.magic + [wireVersion, type?.rawValue ?? 0, 0, 0]
                bytes.replaceSubrange(0..<min(head.count, bytes.count), with: head)
                if bytes.count >= 29 {
                    bytes.replaceSubrange(24..<29, with: [0, 0, 0, UInt8(bytes.count - 29), 0])
                }
            }
            if (try? decode(bytes)) != nil { accepted += 1 }
        }
        #expect(accepted > 0)
    }

    @Test func `a frame over the bound is refused before it is looked at`() {
        let bytes = [UInt8](repeating: 0, count: WireLimits.messageBytesMax + 1)

        #expect(throws: WireError(kind: .tooLong(bytes: bytes.count), offset: 0)) {
            try decode(bytes)
        }
    }

    @Test func `another protocol version is named, so that it can be answered`() {
        var bytes = encode(Self.failure)
        bytes[4] = wireVersion + 1

        let kind = WireError.Kind.version(wireVersion + 1)
        #expect(throws: WireError(kind: kind, offset: 4)) { try decode(bytes) }
        // Also when the rest means nothing to us.
        #expect(throws: WireError(kind: kind, offset: 4)) {
            try decode(Array(bytes[..<5]) + [9])
        }
    }

    @Test(arguments: [
        (0, UInt8(0), WireError.Kind.notOurs, 0),
        (5, 200, .type(200), 5),
        (6, 1, .flags(256), 6),
        (7, 1, .flags(1), 6),
        (28, 101, .valueTooLong(bytes: 101, limit: 100), 29),
        (29, 0xFF, .notUTF8, 29),
        // The claim's presence, the failure's kind, the SQLSTATE's presence and its letters.
        (53, 2, .unknownValue(2), 53),
        (70, 6, .unknownValue(6), 70),
        (71, 9, .unknownValue(9), 71),
        (72, 0x20, .sqlState, 72),
        // The text's length and bytes.
        (77, 0xFF, .valueTooLong(bytes: 0xFF0C, limit: 2_000), 79),
        (79, 0x80, .notUTF8, 79),
        (79 + 9, 0x00, .notUTF8, 79),
        (29 + 5, 0x00, .zeroByte, 34),
    ])
    func `the error names what is wrong and where`(
        _ position: Int, _ value: UInt8, _ kind: WireError.Kind, _ offset: Int
    ) {
        var bytes = encode(Self.failure)
        bytes[position] = value

        #expect(throws: WireError(kind: kind, offset: offset)) { try decode(bytes) }
    }

    @Test func `a stated body length that is not the body's is refused`() {
        var bytes = encode(Self.failure)
        bytes[24] = 0xFF

        let found = bytes.count - 53
        let kind = WireError.Kind.bodyLength(stated: 0xFF00_0000 + found, found: found)
        #expect(throws: WireError(kind: kind, offset: 24)) { try decode(bytes) }
    }

    @Test(arguments: [
        (UInt8(0), UInt8(0), WireError.Kind.count(found: 0, limit: 16)),
        (0, 17, .count(found: 17, limit: 16)), (0xFF, 0xFF, .count(found: 65_535, limit: 16)),
    ])
    func `a credit of nothing or over its bound is refused`(
        _ high: UInt8, _ low: UInt8, _ kind: WireError.Kind
    ) {
        var bytes = encode(
            Envelope(
                term: 1, sequence: 1, run: "",
                message: .fetch(Fetch(claim: 1, epoch: 1, slice: 1, offset: 0, credit: 1))))
        bytes.replaceSubrange(57..<59, with: [high, low])

        #expect(throws: WireError(kind: kind, offset: 57)) { try decode(bytes) }
    }

    @Test(arguments: [UInt32(0), UInt32(WireLimits.blockBytesMax) + 1, .max])
    func `a block that claims no bytes or too many allocates nothing`(count: UInt32) {
        var bytes = encode(
            Envelope(
                term: 1, sequence: 1, run: "",
                message: .block(Block(slice: 1, offset: 0, isLast: true, bytes: [1]))))
        let stated = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> UInt32($0)) }
        bytes.replaceSubrange(42..<46, with: stated)

        let kind = WireError.Kind.count(
            found: UInt64(count), limit: WireLimits.blockBytesMax)
        #expect(throws: WireError(kind: kind, offset: 42)) { try decode(bytes) }
    }

    @Test func `settings that claim four gigabytes allocate nothing`() {
        var bytes = encode(
            Envelope(term: 1, sequence: 1, run: "", message: .welcome(Welcome(settings: [1]))))
        bytes.replaceSubrange(29..<33, with: [0xFF, 0xFF, 0xFF, 0xFF])

        let kind = WireError.Kind.valueTooLong(
            bytes: 0xFFFF_FFFF, limit: WireLimits.settingsBytesMax)
        #expect(throws: WireError(kind: kind, offset: 33)) { try decode(bytes) }
    }
}
