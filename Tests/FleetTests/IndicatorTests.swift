// The cheaper indicator: staged rows carry no state, and still everybody is told the same.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct IndicatorTests {
        private func states(_ night: Night) throws -> [String] {
            try night.texts(
                "SELECT kugiri_state::text || ' ' || coalesce(kugiri_outcome::text, '-') || ' ' || count(*) "
                    + "FROM kugiri_stage.r1 GROUP BY kugiri_state, kugiri_outcome ORDER BY 1")
        }

        /// One slice, one claim of each phase.
        private func night() throws -> Night {
            try Night {
                $0.indicator = "intervals"
                $0.partitions = "{auto: {count: 1}}"
                $0.workers = 1
                $0.sliceRecords = 2_000
            }
        }

        /// Everything of a file is loaded and nothing is certified; the run.
        private func loaded(_ sample: Sample, _ night: Night) throws -> String {
            let ended = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "claim_granted:kill:3"]
            ).wait()
            try #require(ended.wasKilled, "\(ended.status) \(ended.stderr)")
            let run = try night.onlyRun()
            try #require(
                try night.count(
                    "SELECT sum(staged)::bigint FROM kugiri.interval WHERE phase = 'load'")
                    == 1_000)
            return run
        }

        @Test
        func `records without exceptions are done by their interval, and the proof is the same`()
            throws
        {
            let night = try Night { $0.indicator = "intervals" }
            let sample = try night.sample(records: 1_500)
            try night.enrol(sample.debits().prefix(900).map(\.customer))
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.counts.inserted == 600)
            #expect(try end.facts.counts.updated == 900)
            #expect(try states(night) == ["U - 1500"])
            let run = try end.run
            #expect(
                try night.count(
                    "SELECT count(*) FROM kugiri.record_state('\(run)') WHERE state = 'done'")
                    == 1_500)
            #expect(
                try night.count(
                    "SELECT count(*) FROM kugiri.interval WHERE phase = 'load' AND xid IS NULL")
                    == 0)
        }

        @Test func `a chunk with an exception carries its states, the others do not`() throws {
            let night = try night()
            let sample = try night.sample(records: 1_000)
            let debits = try sample.debits()
            try night.enrol(debits.map(\.customer))
            let run = try night.run(sample, ["--until", "validate"]).run
            let changed = debits[0].customer
            try night.online(
                "UPDATE member_account SET name = 'new', updated_at = clock_timestamp() "
                    + "WHERE customer_number = '\(changed)'")
            let oracle = try Oracle(night)
            try oracle.expectLoaded(sample, try night.resume(run))
            let marked = try night.count(
                "SELECT sum(staged)::bigint FROM kugiri.interval "
                    + "WHERE phase = 'load' AND xid IS NULL")
            #expect((1...200).contains(marked))
            #expect(try states(night) == ["D U \(marked)", "U - \(1_000 - marked)"])
            #expect(
                try night.texts("SELECT kind || ' ' || state FROM kugiri.conflict")
                    == ["changed applied"])
        }

        /// Without before-images, so that staging, interval and row are all there is.
        @Test func `why tells of a record what its interval and its row tell`() throws {
            let night = try Night {
                $0.indicator = "intervals"
                $0.history = "off"
            }
            let sample = try night.sample(records: 1_000)
            let debits = try sample.debits()
            try night.enrol(debits.prefix(500).map(\.customer))
            let run = try night.run(sample).run
            func why(_ index: Int) throws -> String {
                let ended = try night.kugiri(["why", run, debits[index].customer])
                try ended.expect(code: 0)
                return ended.stdout
            }
            let updated = try why(0)
            #expect(updated.contains(": updated\n"), "\(updated)")
            #expect(!updated.contains("not written"), "\(updated)")
            #expect(try why(600).contains(": inserted\n"))
            try night.online(
                "UPDATE member_account SET name = 'behind' "
                    + "WHERE customer_number = '\(debits[0].customer)'")
            let changed = try why(0)
            #expect(changed.contains(": loaded"), "\(changed)")
            #expect(!changed.contains("not written"), "\(changed)")
            // The same again: nothing is written, and the row still says so.
            let again = try night.kugiri(
                ["rerun", run, "--from", "load", "--reason", "test", "--yes", "--json"])
            try again.expect(code: 0)
            let kept = try why(1)
            #expect(kept.contains(": unchanged\n"), "\(kept)")
        }

        @Test func `rows that change online behind the load are counted, and are no fault`() throws
        {
            let night = try night()
            let sample = try night.sample(records: 1_000)
            let debits = try sample.debits()
            try night.enrol(debits.prefix(500).map(\.customer))
            let run = try loaded(sample, night)
            for debit in [debits[0], debits[600]] {
                try night.online(
                    "UPDATE member_account SET name = 'behind' "
                        + "WHERE customer_number = '\(debit.customer)'")
            }
            let end = try night.resume(run)
            #expect(end.code == 0, "\(end.ended.stderr)")
            #expect(try end.log.contains("KGR9015W"))
            #expect(
                try night.texts(
                    "SELECT sum(changed_since) || ' ' || sum(differing) || ' ' || sum(restored) "
                        + "FROM kugiri.interval WHERE phase = 'certify'") == ["2 0 1"])
        }

        /// Written as if by the load: only a row that others can no longer be blamed for is a fault.
        @Test func `a row of ours that differs is found`() throws {
            let night = try night()
            let sample = try night.sample(records: 1_000)
            let run = try loaded(sample, night)
            let customer = try sample.debits()[7].customer
            // The staged amount is no longer what the load wrote into the row.
            try night.online(
                "UPDATE kugiri_stage.r1 SET last_amount = last_amount + 1 WHERE kugiri_key = '\(customer)'"
            )
            let end = try night.resume(run)
            #expect(end.code == 70, "\(end.ended.stderr)")
            #expect(end.ended.stderr.contains("rows of ours that differ"), "\(end.ended.stderr)")
            #expect(try night.count("SELECT count(*) FROM kugiri.publication") == 0)
        }
    }
}
