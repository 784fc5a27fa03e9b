// Deadlines: when they are over, and when they are in doubt.

import Coordination
import Settings
import Testing

@Suite struct DeadlineTests {
    @Test func `a deadline is told with its offset and is over at its moment`() throws {
        let time = try #require(DeadlineTime("05:00+09:00"))
        // 2026-11-20T19:59:59.999Z.
        let deadline = Deadline(time, now: 1_795_204_799_999, offset: { _ in 0 })
        #expect(deadline.text == "2026-11-21T05:00:00.000+09:00")
        #expect(!deadline.isOver(at: 1_795_204_799_999))
        #expect(deadline.isOver(at: 1_795_204_800_000))
    }

    @Test func `a phase that is visibly too slow is, one that is a little late is not`() {
        let pace = Pace(left: 6_000, recent: 1_000, seconds: 10)
        #expect(pace.perSecond == 100)
        #expect(pace.isTooSlow(for: 49))
        #expect(!pace.isTooSlow(for: 51))
        #expect(!pace.isTooSlow(for: 600))
    }

    @Test(arguments: [
        Pace(left: 6_000, recent: 0, seconds: 100), Pace(left: 0, recent: 10, seconds: 100),
        Pace(left: 6_000, recent: 1, seconds: 1),
    ])
    func `nobody can tell before something is committed, or in the first seconds`(pace: Pace) {
        #expect(!pace.isTooSlow(for: 1))
    }
}
