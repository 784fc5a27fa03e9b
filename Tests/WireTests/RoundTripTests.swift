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
            Array("KGR1".utf8) + [1, 66, 0, 0]
            + [0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 3]
            + [0, 0, 0, 21] + [2] + Array("ab".utf8)
            + [255, 255, 255, 255, 255, 255, 255, 255] + [0, 0, 0, 0, 0, 0, 0, 5]
            + [3] + [0, 0, 1, 2]
        #expect(encode(envelope) == expected)
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

    @Test func `a run id over its bound stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let run = String(repeating: "r", count: WireLimits.runBytesMax + 1)
            _ = encode(Envelope(term: 1, sequence: 1, run: run, message: .ready))
        }
    }
}
