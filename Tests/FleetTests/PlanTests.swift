// `kugiri plan`: what it says of a file is what a run makes of it, and it leaves nothing behind.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct PlanTests {
        private func plan(
            _ night: Night, _ sample: Sample, _ flags: [String] = []
        ) throws -> Ended {
            try night.kugiri(
                [
                    "plan", "debit-result", "--input", sample.path, "--set",
                    "business_date=\(sample.date)",
                ] + flags)
        }

        private func planned(
            _ night: Night, _ sample: Sample, _ flags: [String] = []
        ) throws -> JSON {
            let ended = try plan(night, sample, flags + ["--json"])
            #expect(ended.code == 0, "\(ended.stderr)")
            let faults = try JSONSchema("plan-1").faults(ended.stdout)
            #expect(faults.isEmpty, "\(faults) \(ended.stdout)")
            return try JSON(text: ended.stdout)
        }

        @Test func `a plan needs no database, writes nothing, and a run does what it says`() throws
        {
            let night = try Night()
            var apart = night.settings
            apart.database = "postgres://nobody@127.0.0.1:1/nowhere"
            try night.write(apart)
            let sample = try night.sample(records: 3_500)
            let report = try planned(night, sample)
            #expect(!FileManager.default.fileExists(atPath: night.state))
            #expect(report["records"]?.number == 3_500)
            #expect(report["covered"] == .bool(true))
            try night.write(night.settings)
            let end = try night.run(sample)
            #expect(end.code == 0, "\(end.ended.stderr)")
            let parts = try end.facts.partitions
            let rows = report["partitions"]?.list ?? []
            #expect(rows.map { $0["low"]?.string } == parts.map(\.low))
            #expect(rows.map { $0["high"]?.string } == parts.map(\.high))
            #expect(rows.map { $0["records"]?.number } == parts.map { Double($0.counts.input) })
            let slices = try night.count("SELECT count(*) FROM kugiri.slice")
            let largest = try night.count("SELECT max(records) FROM kugiri.slice")
            #expect(report["slices"]?["count"]?.number == Double(slices))
            #expect(report["slices"]?["largest_records"]?.number == Double(largest))
            let text = try plan(night, sample)
            #expect(text.stdout.contains("3,500 in exactly one partition"), "\(text.stdout)")
        }

        @Test func `records without a partition are counted with their places`() throws {
            let night = try Night {
                $0.partitions = #"{ranges: [{number: 1, low: "200", high: "400"}]}"#
            }
            let sample = try night.file(
                Handmade.file([
                    (
                        "1120",
                        ["100", "200", "300", "400"].map { .init(customer: $0, amount: 1) }
                    )
                ]))
            let report = try planned(night, sample)
            #expect(report["covered"] == .bool(false))
            #expect(report["uncovered"]?.number == 2)
            #expect(report["unreadable"]?.number == 0)
            #expect(report["outside"]?.list.map { $0["record"]?.number } == [2, 5])
            #expect(report["outside"]?.list.map { $0["byte"]?.number } == [120, 480])
            #expect(report["partitions"]?.list.first?["records"]?.number == 2)
        }

        @Test func `wrong files end as validate ends`() throws {
            let night = try Night()
            let good = try night.sample(records: 300)
            var other = try good.bytes
            // The consignor code of the header: another company's file.
            other[5] = UInt8(ascii: "9")
            var total = try good.bytes
            // The first digit of an amount: the trailer's sum no longer holds.
            total[122 + 80] = UInt8(ascii: "7")
            var missing = good
            missing.path += ".not"
            let torn = try night.file(Array(try good.bytes.dropLast(300)))
            let files = [try night.file(other), try night.file(total), torn, missing]
            for (sample, code) in zip(files, [9, 9, 10, 11]) {
                let ended = try plan(night, sample, ["--json"])
                let validated = try night.kugiri([
                    "validate", "debit-result", "--input", sample.path, "--set",
                    "business_date=\(sample.date)",
                ])
                #expect(ended.code == Int32(code), "\(ended.stderr)")
                #expect(validated.code == Int32(code), "\(validated.stderr)")
            }
        }

        @Test func `a CSV file is planned like the fixed one, its totals too`() throws {
            let fixed = try Night()
            let wanted = try planned(
                fixed, try fixed.sample(records: 2_000, seed: 5), ["--suggest", "3"])
            let night = try Night()
            try night.settings.text.replacing("zengin-91-result", with: "zengin-91-result-csv")
                .write(
                    toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            let sample = try night.sample(records: 2_000, seed: 5)
            let report = try planned(night, sample, ["--suggest", "3"])
            func records(_ rows: JSON?) -> [Double?] {
                (rows?.list ?? []).map { $0["records"]?.number }
            }
            #expect(records(report["partitions"]) == records(wanted["partitions"]))
            #expect(
                records(report["suggestion"]?["ranges"]) == records(wanted["suggestion"]?["ranges"])
            )
            #expect(report["covered"] == .bool(true))
            // Without one data record the trailer's count no longer holds.
            var lines = try sample.bytes.split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            lines.remove(at: 1)
            let short = try night.file(Array(lines.joined(separator: [UInt8(ascii: "\n")])))
            #expect(try plan(night, short).code == 9)
        }

        @Test func `a suggestion balances a skewed file within five percent, ready to paste`()
            throws
        {
            let night = try Night {
                $0.partitions =
                    "{ranges: [" + Self.even(8).joined(separator: ", ") + "]}"
            }
            // Nine of ten keys in a hundredth of the range.
            let debits = (0..<9_000).map { index in
                let number = index % 10 == 0 ? index * 11_000 : 50_000_000 + index * 100
                return Handmade.Debit(customer: Self.padded(number), amount: 1)
            }
            let sample = try night.file(Handmade.file([("1120", debits)]))
            let report = try planned(night, sample, ["--suggest", "8"])
            let skew = try #require(report["skew"]?.number)
            #expect(skew > 6, "the file is not skewed: \(skew)")
            let ranges = report["suggestion"]?["ranges"]?.list ?? []
            let records = ranges.compactMap { $0["records"]?.number }
            #expect(records.count == 8)
            #expect((records.max() ?? 0) <= (records.min() ?? 0) * 1.05, "\(records)")
            #expect(records.reduce(0, +) == 9_000)
            // Pasted, the plan is the suggestion.
            let yaml = try #require(report["suggestion"]?["yaml"]?.string)
            var pasted = night.settings
            pasted.partitions =
                "\n"
                + yaml.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n")
            try night.write(pasted)
            let again = try planned(night, sample)
            #expect(
                again["partitions"]?.list.compactMap { $0["records"]?.number } == records)
        }

        @Test func `a plan is compared with the table of the last published run`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let none = try plan(night, sample, ["--diff"])
            #expect(none.code == 64, "\(none.stderr)")
            let end = try night.run(sample)
            #expect(end.code == 0, "\(end.ended.stderr)")
            let same = try planned(night, sample, ["--diff"])
            #expect(same["diff"]?["run"]?.string == (try end.run))
            #expect(same["diff"]?["changes"]?.list.isEmpty == true)
            #expect(same["diff"]?["gone"]?.list.isEmpty == true)
            var two = night.settings
            two.partitions = "{auto: {count: 2}}"
            try night.write(two)
            let halves = try planned(night, sample, ["--diff", try end.run])
            let changes = halves["diff"]?["changes"]?.list ?? []
            #expect(changes.map { $0["from"]?.list.map(\.number) } == [[1, 2], [3, 4]])
            #expect(halves["diff"]?["gone"]?.list.count == 4)
        }

        private static func padded(_ number: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: 10 - text.count) + text
        }

        /// Even ranges over keys of up to a hundred million.
        private static func even(_ count: Int) -> [String] {
            (1...count).map { number in
                let low = padded((number - 1) * 100_000_000 / count)
                let high = padded(number * 100_000_000 / count)
                var members = ["number: \(number)"]
                if number > 1 { members.append("low: \"\(low)\"") }
                if number < count { members.append("high: \"\(high)\"") }
                return "{" + members.joined(separator: ", ") + "}"
            }
        }
    }
}
