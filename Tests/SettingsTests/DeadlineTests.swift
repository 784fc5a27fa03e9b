// Times of day: how they are written, and which moment is meant.

import Settings
import Testing

@Suite struct DeadlineTests {
    /// 2026-11-20T20:00:00Z.
    private let now: Int64 = 1_795_204_800
    private let hour: Int64 = 3_600

    @Test(
        arguments: [
            ("05:00", 5, 0, nil), ("23:59+09:00", 23, 59, 540), ("00:00-03:30", 0, 0, -210),
            ("12:30Z", 12, 30, 0),
        ] as [(String, Int, Int, Int?)])
    func `a time of day is read with or without its offset`(
        text: String, hour: Int, minute: Int, offset: Int?
    ) throws {
        let time = try #require(DeadlineTime(text))
        #expect(time.hour == hour && time.minute == minute && time.offsetMinutes == offset)
        #expect(DeadlineTime(time.text) == time)
    }

    @Test(arguments: [
        "", "5:00", "05.00", "24:00", "05:60", "05:00+9:00", "05:00+16:00", "05:00*09:00", "0a:00",
        "05:00+09:60", "05:00 ", "０５:00",
    ])
    func `what is no time of day is none`(text: String) {
        #expect(DeadlineTime(text) == nil)
    }

    @Test func `the next such time under its own offset is meant`() throws {
        // 05:00+09:00 is 20:00Z: at that very second it is tomorrow's.
        let five = try #require(DeadlineTime("05:00+09:00"))
        #expect(five.next(after: now, offset: { _ in 0 }).moment == now + 24 * hour)
        #expect(five.next(after: now - 1, offset: { _ in 0 }).moment == now)
        #expect(five.next(after: now - 1, offset: { _ in 0 }).offset == 9 * 3_600)
        let late = try #require(DeadlineTime("23:30-03:30"))
        #expect(late.next(after: now, offset: { _ in 0 }).moment == now + 7 * hour)
    }

    @Test func `without an offset the machine's zone holds, the one of that moment`() throws {
        let five = try #require(DeadlineTime("05:00"))
        let tokyo = five.next(after: now - 60, offset: { _ in 9 * 3_600 })
        #expect(tokyo.moment == now && tokyo.offset == 9 * 3_600)
        // Clocks go back one hour at 22:00Z: 05:00 of tomorrow is under the new offset.
        let change = now + 2 * hour
        let changing = five.next(after: now, offset: { $0 < change ? 7_200 : 3_600 })
        #expect(changing.moment == now + 8 * hour && changing.offset == 3_600)
    }

    @Test func `a job may name its deadline and what becomes of other partitions`() throws {
        let text = changed(
            "workers: 2", "workers: 2\n    deadline: 05:00+09:00\n    on_partition_failure: stop")
        let job = try #require(try settings(text).jobs["debit-result"])
        #expect(job.deadline == DeadlineTime("05:00+09:00"))
        #expect(job.onPartitionFailure == .stop)
        let plain = try #require(try settings(shortest).jobs["debit-result"])
        #expect(plain.deadline == nil && plain.onPartitionFailure == .continue)
        let wrong = faults(changed("workers: 2", "workers: 2\n    deadline: 5 o'clock"))
        #expect(wrong.count == 1)
        #expect(wrong.first?.message.contains("05:00+09:00") == true)
    }
}
