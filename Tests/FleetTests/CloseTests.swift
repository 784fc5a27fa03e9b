// Rows that a full feed lacks are closed: which, how many, and never by mistake (PROTOCOL 26).

import FoundationEssentials
import Postgres
import Testing

/// A job whose file is a full feed: what it lacks is closed.
enum Feed {
    /// `absent` as in YAML, for `Settings91`.
    static func absent(share: String) -> String {
        "{action: close, max_share: \(share), open: {closed_on: null}, "
            + "set: {closed_on: {parameter: business_date}}}"
    }

    /// A night whose table can be closed; `share` of the open rows may be.
    static func night(
        share: String = "0.1", _ change: (inout Settings91) -> Void = { _ in }
    ) throws -> Night {
        let night = try Night {
            $0.absent = absent(share: share)
            $0.extraColumn = "closed_on: {constant: null}"
            change(&$0)
        }
        try night.online("ALTER TABLE member_account ADD closed_on date")
        return night
    }

    /// The customer of a number.
    static func customer(_ number: Int) -> String {
        let digits = String(number)
        return "M" + String(repeating: "0", count: 5 - digits.count) + digits
    }

    /// A file with a debit for each of these customers.
    static func file(
        _ numbers: [Int], in night: Night, date: String = Night.date,
        _ change: (inout Handmade.Debit) -> Void = { _ in }
    ) throws -> Sample {
        let debits = numbers.map { number in
            var debit = Handmade.Debit(customer: customer(number), amount: 100 + number)
            change(&debit)
            return debit
        }
        return try night.file(Handmade.file([("1120", debits)]), date: date)
    }

    /// Enrols customers, and gives a file that lacks every n-th of them, with those it lacks.
    static func lacking(
        every step: Int, of count: Int, in night: Night
    ) throws -> (file: Sample, closing: Set<String>) {
        try night.enrol((0..<count).map { customer($0) })
        let lost = Set(stride(from: 0, to: count, by: step))
        let sample = try file((0..<count).filter { !lost.contains($0) }, in: night)
        return (sample, Set(lost.map { customer($0) }))
    }
}

extension Night {
    /// Customers whose row is closed.
    func closed(on date: String? = nil) throws -> Set<String> {
        let condition = date.map { "closed_on = '\($0)'" } ?? "closed_on IS NOT NULL"
        return Set(try texts("SELECT customer_number FROM member_account WHERE \(condition)"))
    }
}

extension FleetTests {
    @Suite struct CloseTests {
        @Test func `what a feed lacks is closed, and opened when its key comes back`() throws {
            let night = try Feed.night()
            var oracle = try Oracle(night)
            let first = try Feed.file(Array(0..<1_500), in: night)
            try oracle.expectLoaded(first, try night.run(first))

            // Every fiftieth is gone, ten are new.
            oracle = try Oracle(night)
            let lost = Set(stride(from: 0, to: 1_500, by: 50))
            let left = (0..<1_510).filter { !lost.contains($0) }
            let second = try Feed.file(left, in: night, date: "2026-11-24")
            let closing = Set(lost.map { Feed.customer($0) })
            let end = try night.run(second)
            try oracle.expectLoaded(second, end, closing: closing)
            #expect(try night.closed(on: "2026-11-24") == closing)
            #expect(try end.facts.counts.absent == 30)
            #expect(try end.facts.partitions.reduce(0) { $0 + $1.counts.closed } == 30)
            let images = try night.count(
                "SELECT count(*) FROM kugiri_history.r2 WHERE kugiri_action = 'C' "
                    + "AND closed_on IS NULL AND last_amount IS NOT NULL")
            #expect(images == 30)
            let text = try night.kugiri(["report", try end.run])
            #expect(text.stdout.contains("30 open rows were not in the input"))
            #expect(text.stdout.contains("30 closed"))

            // The same file again changes nothing.
            let before = try night.fingerprint()
            let again = try night.run(second)
            #expect(again.code == 0, "\(again.ended.stderr)")
            #expect(try again.facts.counts == end.facts.counts)
            #expect(try night.fingerprint() == before)

            // Five come back: they are open again, the others stay closed and are not counted.
            oracle = try Oracle(night)
            let back = Array(lost.sorted().prefix(5))
            let third = try Feed.file(left + back, in: night, date: "2026-11-25")
            let last = try night.run(third)
            try oracle.expectLoaded(third, last)
            #expect(try last.facts.counts.absent == 0)
            #expect(
                try night.closed() == closing.subtracting(back.map { Feed.customer($0) }))
        }

        @Test func `over the share nothing is touched, and the message says the figures`() throws {
            let night = try Feed.night(share: "0.02")
            try night.enrol((0..<1_000).map { Feed.customer($0) })
            try night.online(
                "UPDATE member_account SET closed_on = '2026-01-01' WHERE customer_number < 'M00100'"
            )
            // 900 are open: 18 may be closed.
            let oracle = try Oracle(night)
            let many = try Feed.file(Array(119..<1_000), in: night)
            let refused = try night.run(many)
            try oracle.expectUntouched(refused, code: 9)
            #expect(
                refused.ended.stderr.contains("KGR4053E 19 of 900 open rows are absent"),
                "\(refused.ended.stderr)")
            #expect(refused.ended.stderr.contains("0.02 (target.absent.max_share)"))
            #expect(try night.count("SELECT count(*) FROM kugiri.absent") == 0)

            let few = try Feed.file(Array(118..<1_000), in: night)
            try oracle.expectLoaded(
                few, try night.run(few), closing: Set((100..<118).map { Feed.customer($0) }))
            #expect(try night.closed(on: Night.date).count == 18)
            #expect(try night.closed().count == 118)
        }

        @Test func `an empty file closes nothing, whatever the share`() throws {
            let night = try Feed.night(share: "1") { $0.onEmpty = "warn" }
            try night.enrol([Feed.customer(1)])
            let oracle = try Oracle(night)
            let end = try night.run(try night.sample(records: 0))
            try oracle.expectUntouched(end, code: 9)
            #expect(end.ended.stderr.contains("KGR4056E"), "\(end.ended.stderr)")
        }

        @Test func `a row whose record is rejected is in the file, and is not closed`() throws {
            let night = try Feed.night(share: "1") { $0.maxRejects = 10 }
            try night.enrol((0..<1_200).map { Feed.customer($0) })
            // The records of 7 and 1,100 break a rule; 3 and 900 are not there.
            let sample = try Feed.file(
                (0..<1_200).filter { $0 != 3 && $0 != 900 }, in: night
            ) { if ["M00007", "M01100"].contains($0.customer) { $0.result = "S" } }
            let end = try night.run(sample)
            #expect(end.code == 4, "\(end.ended.stderr)")
            #expect(try night.closed() == ["M00003", "M00900"])
            #expect(try end.facts.counts.absent == 2)
            #expect(try end.facts.counts.rejected == 2)
            #expect(try end.facts.counts.balances)
        }

        @Test func `a reject whose key cannot be read may be anybody's: nothing is closed`() throws
        {
            let night = try Feed.night(share: "1") { $0.maxRejects = 10 }
            try night.enrol((0..<1_200).map { Feed.customer($0) })
            let sample = try Feed.file(Array(0..<1_200), in: night) {
                if $0.customer == "M00007" { $0.customer = "" }
            }
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            try oracle.expectUntouched(end, code: 9)
            #expect(
                end.ended.stderr.contains("KGR4057E 1 rejected records have a key in doubt"),
                "\(end.ended.stderr)")
        }

        @Test(arguments: [
            "{auto: {count: 1}}", "{ranges: [{number: 1, high: M00333}, {number: 2, low: M00333}]}",
        ])
        func `any partition table closes the same rows, in mode update too`(
            partitions: String
        ) throws {
            let night = try Feed.night {
                $0.partitions = partitions
                $0.mode = "update"
            }
            let it = try Feed.lacking(every: 30, of: 1_600, in: night)
            let oracle = try Oracle(night)
            try oracle.expectLoaded(it.file, try night.run(it.file), closing: it.closing)
            #expect(try night.closed() == it.closing)
        }

        @Test func `without an index in byte order the same rows are closed`() throws {
            let night = try Feed.night()
            try night.online(
                "ALTER TABLE member_account ALTER customer_number TYPE varchar(20) "
                    + "COLLATE \"en-x-icu\"")
            let it = try Feed.lacking(every: 30, of: 1_600, in: night)
            let oracle = try Oracle(night)
            try oracle.expectLoaded(it.file, try night.run(it.file), closing: it.closing)
            #expect(try night.closed() == it.closing)
        }

        @Test func `ranges that leave keys out are refused with 16`() throws {
            let night = try Feed.night {
                $0.partitions = "{ranges: [{number: 1, low: M00100}]}"
            }
            let lint = try night.kugiri(["lint"])
            #expect(lint.code == 16)
            #expect(lint.stderr.contains("the ranges leave keys out"), "\(lint.stderr)")
        }
    }
}
