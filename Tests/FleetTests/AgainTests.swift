// The same file again, another file for the same night, an older night: nothing is loaded twice.

import Testing

extension FleetTests {
    @Suite struct AgainTests {
        @Test func `a finished run again is proved again and changes nothing`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:3"])
            var oracle = try Oracle(night)
            let first = try night.run(sample, ["--max-rejects", "3"])
            try oracle.expectLoaded(sample, first, code: 4)

            oracle = try Oracle(night)
            let before = try night.fingerprint()
            let again = try night.run(sample, ["--max-rejects", "3"])
            #expect(again.code == 0, "\(again.ended.stderr)")
            #expect(try again.run == (try first.run))
            #expect(try again.facts.counts == (try first.facts.counts))
            #expect(again.ended.lastErrorLine.hasPrefix("KGR9001I "))
            let resumed = try night.resume(try first.run)
            #expect(resumed.code == 0, "\(resumed.ended.stderr)")
            #expect(try night.fingerprint() == before)
            #expect(try night.count("SELECT count(*) FROM kugiri.publication") == 1)
        }

        @Test func `a known content under another date is the wrong file`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_200)
            try #require(try night.run(sample).code == 0)
            let oracle = try Oracle(night)
            let end = try night.run(sample, date: "2026-11-24")
            try oracle.expectUntouched(end, code: 9)
            #expect(end.ended.stderr.contains("debit-result-20261120-01"), "\(end.ended.stderr)")
        }

        @Test func `a second content for a date needs supersede`() throws {
            let night = try Night()
            let first = try night.run(try night.sample(records: 1_200, seed: 1))
            try #require(first.code == 0)
            let corrected = try night.sample(records: 1_200, seed: 2)
            let oracle = try Oracle(night)
            let refused = try night.run(corrected)
            try oracle.expectUntouched(refused, code: 9)
            #expect(refused.ended.stderr.contains(try first.run))
            let wrong = try night.run(corrected, ["--supersede", "debit-result-20261120-99"])
            try oracle.expectUntouched(wrong, code: 9)

            let end = try night.run(corrected, ["--supersede", try first.run])
            try oracle.expectLoaded(corrected, end)
        }

        @Test func `an older date than the last published one is refused`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_200, seed: 1)
            try #require(try night.run(sample).code == 0)
            let older = try night.sample(records: 1_200, seed: 2, date: "2026-11-19")
            let oracle = try Oracle(night)
            let end = try night.run(older)
            try oracle.expectUntouched(end, code: 9)
            #expect(end.ended.stderr.contains("2026-11-20"), "\(end.ended.stderr)")
            try oracle.expectLoaded(older, try night.run(older, ["--out-of-order"]))
        }

        @Test func `a half loaded run makes a new one refuse, and its resume finishes`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_000, seed: 1)
            let oracle = try Oracle(night)
            let killed = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "before_publish:kill"])
            #expect(killed.ended.wasKilled)
            let run = try night.onlyRun()
            let other = try night.sample(records: 2_000, seed: 2, date: "2026-11-24")
            let refused = try night.run(other)
            #expect(refused.code == 13, "\(refused.ended.stderr)")
            #expect(refused.ended.stderr.contains(run))
            #expect(try night.run(sample).code == 13)
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `an unfinished run that loaded nothing gives way to a new one`() throws {
            let night = try Night()
            let first = try night.sample(records: 1_500, seed: 1)
            let stopped = try night.run(first, ["--until", "validate"])
            let second = try night.sample(records: 1_500, seed: 2)
            let oracle = try Oracle(night)
            try oracle.expectLoaded(second, try night.run(second))
            let resumed = try night.resume(try stopped.run)
            #expect(resumed.code == 64, "\(resumed.ended.stderr)")
        }
    }
}
