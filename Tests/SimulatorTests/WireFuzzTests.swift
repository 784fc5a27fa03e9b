// Every byte of a peer is hostile: broken messages are refused, or are messages.

import Simulator
import Testing

@Suite struct WireFuzzTests {
    @Test(.timeLimit(.minutes(2)))
    func `no broken message crashes the parser, and none is read as what it does not say`() {
        let result = WireFuzz.run(seed: 20_261_120, executions: 200_000)
        #expect(result.misread == nil)
        #expect(result.executions == 200_000)
        // Broken, but not beyond everything: some are messages, the others are refused in every
        // way but by their size, which a mutation of a few bytes does not reach.
        #expect(result.accepted > 10_000 && result.accepted < 150_000)
        #expect(
            result.refusals == [
                "truncated", "not ours", "version", "type", "flags", "body length",
                "value too long", "count", "not UTF-8", "zero byte", "unknown value", "SQLSTATE",
                "trailing",
            ])
    }

    @Test func `the same seed breaks messages in the same way`() {
        let first = WireFuzz.run(seed: 5, executions: 2_000)
        #expect(first == WireFuzz.run(seed: 5, executions: 2_000))
        #expect(first != WireFuzz.run(seed: 6, executions: 2_000))
    }
}
