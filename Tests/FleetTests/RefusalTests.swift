// Bad input, bad settings, bad arguments: the code of the table, the target byte for byte as it was.

import FoundationEssentials
import Records
import Testing

extension FleetTests {
    @Suite struct RefusalTests {
        /// `below-minimum` cannot be planted: the shipped contract's minimum is 0.
        private static let fieldKinds: [SampleDefect] = [
            .badDigits, .badEnum, .badCharacter, .blankRequired, .duplicate,
        ]
        private static let structureKinds: [SampleDefect] = [
            .missingTrailer, .missingEnd, .garbageAfterEnd, .shortRecord, .wrongOrder,
        ]

        @Test(arguments: fieldKinds)
        func `bad fields end the night with 8, or with 4 within the budget`(
            kind: SampleDefect
        ) throws {
            let night = try Night()
            let sample = try night.sample(
                records: 1_500, defects: ["\(kind.rawValue):5"], groupRecords: 800)
            try night.enrol(try sample.debits().prefix(100).map(\.customer))
            let oracle = try Oracle(night)
            #expect(sample.defects.count == 5)
            let refused = try night.run(sample)
            try oracle.expectUntouched(refused, code: 8, rejects: sample.defects)
            try expectCheckAgrees(night, sample, code: 8)

            let end = try night.run(sample, ["--max-rejects", "5"])
            try oracle.expectLoaded(sample, end, code: 4)
        }

        @Test func `all kinds of bad fields in one file are all reported`() throws {
            let night = try Night { $0.maxRejects = 100 }
            let sample = try night.sample(
                records: 2_000, defects: Self.fieldKinds.map { "\($0.rawValue):7" })
            #expect(sample.defects.count == 35)
            let oracle = try Oracle(night)
            try oracle.expectLoaded(sample, try night.run(sample), code: 4)
            try expectCheckAgrees(night, sample, code: 4)
        }

        @Test func `an amount that cannot be read leaves the totals unproved`() throws {
            let night = try Night { $0.maxRejects = 100 }
            let sample = try night.sample(records: 1_200, defects: ["bad-amount:2"])
            let oracle = try Oracle(night)
            try oracle.expectUntouched(try night.run(sample), code: 9, rejects: sample.defects)
            try expectCheckAgrees(night, sample, code: 9)
        }

        @Test(arguments: [SampleDefect.totalOff, .countOff, .wrongIdentity])
        func `totals that are off by one and a stranger's header are refused with 9`(
            kind: SampleDefect
        ) throws {
            let night = try Night()
            let sample = try night.sample(
                records: 1_200, defects: ["\(kind.rawValue):1"], groupRecords: 500)
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            try oracle.expectUntouched(end, code: 9, rejects: [])
            let failing = try end.facts.controlTotals.filter { !$0.holds }
            #expect(failing.isEmpty == (kind == .wrongIdentity))
            #expect(failing.allSatisfy { abs($0.promised - $0.found) == 1 })
        }

        @Test func `a file whose totals cannot hold is checked to its end`() throws {
            let night = try Night { $0.maxRejects = 100 }
            let wrong = try night.sample(records: 600, defects: ["total-off:1", "bad-enum:2"])
            let bad = wrong.defects.filter { $0.rule == "enum" }
            try Oracle(night).expectUntouched(try night.run(wrong), code: 9, rejects: bad)
            // The sums that would be proved are counted all the same, in whatever order.
            let badRecords = Set(bad.map(\.record))
            var sum = 0
            let bytes = try wrong.bytes
            for (index, start) in stride(from: 0, to: bytes.count, by: 122).enumerated()
            where bytes[start] == UInt8(ascii: "2") && !badRecords.contains(index + 1) {
                sum += Int(String(decoding: bytes[(start + 80)..<(start + 90)], as: UTF8.self)) ?? 0
            }
            let counted = "SELECT sum(sums[1]) FROM kugiri.interval WHERE phase = 'validate'"
            #expect(try sum > 0 && night.count(counted) == sum)
        }

        @Test func `nothing is staged of such a file, and the next coordinator ends it with 9`()
            throws
        {
            let tables = """
                SELECT count(*) FROM pg_class
                WHERE relnamespace = 'kugiri_stage'::regnamespace AND relkind = 'r'
                """
            let good = try Night { $0.sliceRecords = 100 }
            let right = try good.sample(records: 1_500)
            #expect(try good.run(right, ["--until", "validate"]).code == 0)
            #expect(try good.count(tables) > 0)
            let night = try Night { $0.sliceRecords = 100 }
            let wrong = try night.sample(records: 1_500, defects: ["total-off:1"])
            let oracle = try Oracle(night)
            let died = try night.run(
                wrong, environment: ["KUGIRI_FAILPOINT": "claim_granted:kill:5"])
            #expect(died.ended.wasKilled)
            // The first one knew that nothing would be staged; the second one does not.
            #expect(try night.count(tables) == 0)
            let run = try night.onlyRun()
            let done = try night.count("SELECT count(*) FROM kugiri.interval WHERE run = '\(run)'")
            #expect(done > 0)
            try oracle.expectUntouched(try night.resume(run), code: 9, rejects: [])
        }

        @Test(arguments: structureKinds)
        func `a broken structure is refused with 10, with record and byte`(
            kind: SampleDefect
        ) throws {
            let night = try Night()
            let sample = try night.sample(records: 1_200, defects: ["\(kind.rawValue):1"])
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            try oracle.expectUntouched(end, code: 10)
            let place = try #require(sample.defects.first)
            #expect(end.ended.stderr.contains("\(place.record)"), "\(place) \(end.ended.stderr)")
            let checked = try night.kugiri([
                "validate", "debit-result", "--input", sample.path, "--set",
                "business_date=\(sample.date)",
            ])
            #expect(checked.code == 10)
        }

        @Test func `a file in UTF-8 is refused with 10`() throws {
            let night = try Night()
            let sample = try night.sample(records: 50)
            // ﾃ in JIS X 0201 is one byte, in UTF-8 three: what a helpful editor does.
            let bytes = try sample.bytes.flatMap { byte -> [UInt8] in
                byte < 0x80
                    ? [byte]
                    : Array(String(UnicodeScalar(0xFF61 + UInt32(byte) - 0xA1) ?? " ").utf8)
            }
            let oracle = try Oracle(night)
            try oracle.expectUntouched(try night.run(try night.file(bytes)), code: 10)
        }

        @Test func `a missing file is 11 and an empty one 10`() throws {
            let night = try Night()
            let oracle = try Oracle(night)
            var missing = try night.file([])
            try oracle.expectUntouched(try night.run(missing), code: 10)
            missing.path += ".not"
            try oracle.expectUntouched(try night.run(missing), code: 11)
        }

        @Test func `every fault of the settings is told at once, with 16`() throws {
            let night = try Night {
                $0.workers = 999
                $0.commitInterval = 1
                $0.mode = "upsrt"
            }
            let sample = Sample(path: "/dev/null", date: Night.date, defects: [])
            let end = try night.run(sample)
            #expect(end.code == 16)
            for word in ["workers", "commit_interval", "upsrt"] {
                #expect(end.ended.stderr.contains(word), "\(end.ended.stderr)")
            }
            #expect(end.ended.stderr.contains("upsert"), "no 'did you mean'")
            #expect(try night.kugiri(["lint"]).code == 16)
        }

        @Test func `a target without lock trigger or table is refused with 16`() throws {
            let night = try Night()
            let sample = try night.sample(records: 10)
            try night.online("DROP TRIGGER kugiri_lock ON member_account")
            let oracle = try Oracle(night)
            try oracle.expectUntouched(try night.run(sample), code: 16)
            try night.online("ALTER TABLE member_account RENAME TO member")
            #expect(try night.run(sample).code == 16)
        }

        @Test func `wrong arguments are 64`() throws {
            let night = try Night()
            let sample = try night.sample(records: 10)
            let input = ["run", "debit-result", "--input", sample.path]
            for arguments in [
                input, input + ["--set", "business_date=2026-02-30"],
                input + ["--set", "business_date=2026-11-20", "--set", "busines_date=1"],
                ["run", "debit-results", "--input", sample.path],
                runOf(sample) + ["--until", "load"], runOf(sample) + ["--workers", "999"],
                ["resume", "debit-result-20261120-77"], ["run"],
            ] {
                let ended = try night.kugiri(arguments)
                #expect(ended.code == 64, "\(arguments) \(ended.status) \(ended.stderr)")
            }
            #expect(try night.count("SELECT count(*) FROM kugiri.run") == 0)
        }

        private func runOf(_ sample: Sample) -> [String] {
            [
                "run", "debit-result", "--input", sample.path, "--set",
                "business_date=\(sample.date)",
            ]
        }

        /// `kugiri validate` finds what the truth says, with no database in reach.
        private func expectCheckAgrees(
            _ night: Night, _ sample: Sample, code: Int32,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            struct Report: Decodable {
                var records: Int
                var rejects: [Defect]
            }
            let ended = try night.kugiri(
                [
                    "validate", "debit-result", "--input", sample.path, "--set",
                    "business_date=\(sample.date)", "--json",
                ], environment: ["KUGIRI_DATABASE_URL": "postgresql:///no?host=/nowhere"])
            #expect(ended.code == code, "\(ended.stderr)", sourceLocation: sourceLocation)
            let report = try JSONDecoder().decode(Report.self, from: Data(ended.stdout.utf8))
            #expect(
                report.rejects.sorted() == sample.defects.sorted(), sourceLocation: sourceLocation)
        }
    }
}
