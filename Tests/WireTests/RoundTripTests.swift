import Plan
import Testing

@testable import Wire

@Suite struct RoundTripTests {
    @Test(arguments: Samples.all)
    func `what was encoded is decoded again`(_ envelope: Envelope) throws {
        let bytes = encode(envelope)

        #expect(bytes.count <= WireLimits.messageBytesMax)
        #expect(try decode(bytes) == envelope)
    }

    @Test func `the bytes of an assignment are these`() {
        let envelope = Envelope(
            term: 2, sequence: 3, run: "ab",
            message: .assign(Assignment(claim: -1, epoch: 5, phase: .load, slice: 258)))

        let expected: [UInt8] =
            Array("KGR1".utf8) + [2, 66, 0, 0]
            + [0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 3]
            + [0, 0, 0, 21] + [2] + Array("ab".utf8)
            + [255, 255, 255, 255, 255, 255, 255, 255] + [0, 0, 0, 0, 0, 0, 0, 5]
            + [3] + [0, 0, 1, 2]
        #expect(encode(envelope) == expected)
    }

    @Test func `the bytes of a request and of a block are these`() {
        let fetch = Envelope(
            term: 2, sequence: 3, run: "ab",
            message: .fetch(Fetch(claim: 7, epoch: 5, slice: 258, offset: 61_440, credit: 16)))
        let block = Envelope(
            term: 2, sequence: 3, run: "ab",
            message: .block(Block(slice: 258, offset: 61_440, isLast: true, bytes: [9, 8])))

        let head: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 3]
        #expect(
            encode(fetch) == Array("KGR1".utf8) + [2, 7, 0, 0] + head + [0, 0, 0, 30] + [2]
                + Array("ab".utf8) + [0, 0, 0, 0, 0, 0, 0, 7] + [0, 0, 0, 0, 0, 0, 0, 5]
                + [0, 0, 1, 2] + [0, 0, 0, 0, 0, 0, 0xF0, 0] + [0, 16])
        #expect(
            encode(block) == Array("KGR1".utf8) + [2, 70, 0, 0] + head + [0, 0, 0, 19] + [2]
                + Array("ab".utf8) + [0, 0, 1, 2] + [0, 0, 0, 0, 0, 0, 0xF0, 0] + [1]
                + [0, 0, 0, 2] + [9, 8])
    }

    @Test func `a long text is cut between two characters`() throws {
        // 1,999 bytes, then a character of three that does not fit.
        let fits = String(repeating: "a", count: WireLimits.textBytesMax - 1)
        let line = LogLine(number: 1, severity: UInt8(ascii: "E"), id: "KGR1", text: fits + "区切り")

        let decoded = try decode(
            encode(Envelope(term: 1, sequence: 1, run: "r", message: .log(line))))

        guard case .log(let sent) = decoded.message else {
            Issue.record("another message came back")
            return
        }
        #expect(sent.text == fits)
    }

    @Test func `a text of combining marks without end is still cut to its bound`() throws {
        let text = "e" + String(repeating: "\u{0301}", count: 5_000)
        let failure = Failure(claim: nil, epoch: 0, kind: .bug, sqlState: nil, text: text)

        let decoded = try decode(
            encode(Envelope(term: 1, sequence: 1, run: "r", message: .failed(failure))))

        guard case .failed(let sent) = decoded.message else {
            Issue.record("another message came back")
            return
        }
        #expect(sent.text.utf8.count == WireLimits.textBytesMax - 1)
    }

    @Test func `a zero byte in a text for people is sent as a question mark`() throws {
        let failure = Failure(claim: nil, epoch: 0, kind: .bug, sqlState: nil, text: "a\0b\0")

        let decoded = try decode(
            encode(Envelope(term: 1, sequence: 1, run: "r", message: .failed(failure))))

        guard case .failed(let sent) = decoded.message else {
            Issue.record("another message came back")
            return
        }
        #expect(sent.text == "a?b?")
    }

    @Test func `a name with a zero byte stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let hello = Hello(worker: "a\0b", host: "h", pid: 1, binaryVersion: "1")
            _ = encode(Envelope(term: 1, sequence: 1, run: "r", message: .hello(hello)))
        }
    }

    @Test func `a run id over its bound stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let run = String(repeating: "r", count: WireLimits.runBytesMax + 1)
            _ = encode(Envelope(term: 1, sequence: 1, run: run, message: .ready))
        }
    }

    @Test(arguments: [0, WireLimits.blockBytesMax + 1])
    func `a block without bytes or over its bound stops the process`(count: Int) async {
        await #expect(processExitsWith: .failure) { [count] in
            let bytes = [UInt8](repeating: 1, count: count)
            let block = Block(slice: 0, offset: 0, isLast: false, bytes: bytes)
            _ = encode(Envelope(term: 1, sequence: 1, run: "r", message: .block(block)))
        }
    }
}
