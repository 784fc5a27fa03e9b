// Runs with a deadline, and runs of which a partition cannot be loaded.

import FoundationEssentials
import Glibc
import Messaging
import Postgres
import Testing

extension FleetTests {
    @Suite struct DeadlineTests {
        /// A whole minute by the database's clock, at least 15 s ahead, as UTC and as moment.
        private func deadline(_ night: Night) throws -> String {
            try night.texts(
                """
                SELECT to_char(date_trunc('minute', clock_timestamp() + interval '75 s')
                    AT TIME ZONE 'UTC', 'HH24:MI')
                """)[0] + "+00:00"
        }

        @Test func `a run stops at its deadline and resume ends the night`() throws {
            let night = try Night {
                $0.workers = 1
                $0.sliceRecords = 8_000
            }
            let sample = try night.sample(records: 5_000)
            let oracle = try Oracle(night)
            let time = try deadline(night)
            let stopped = try night.run(
                sample, ["--deadline", time],
                environment: ["KUGIRI_FAILPOINT": "after_commit_before_report:slow:4000"])
            #expect(stopped.code == 14, "\(stopped.ended.stderr)")
            let run = try stopped.run
            #expect(stopped.ended.stderr.contains("; deadline 20"))
            #expect(stopped.ended.stderr.contains("KGR1050E run \(run) reached its deadline"))
            #expect(stopped.ended.stderr.contains("kugiri resume \(run)"))
            let log = try stopped.log
            #expect(log.split(separator: "\n").filter { $0.contains("KGR1043W") }.count == 1)
            try night.expectReleased(run)
            let done = try night.loadedRows(run)
            #expect(done > 0 && done < 5_000)
            #expect(try night.count("SELECT count(*) FROM member_account") == done)
            // The flag held for that coordinator alone.
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a time that is none is refused`() throws {
            let night = try Night()
            let sample = try night.sample(records: 50)
            let ended = try night.kugiri(night.runArguments(sample, ["--deadline", "25:00"]))
            #expect(ended.code == 64)
            #expect(try night.count("SELECT count(*) FROM kugiri.run") == 0)
        }

        /// The target refuses one row of partition 3 until this is taken away again.
        private func refuse(_ night: Night, _ customer: String, state: String) throws {
            try night.online(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = '\(state)'; END $$;
                CREATE TRIGGER refuse AFTER INSERT ON member_account FOR EACH ROW
                    WHEN (NEW.customer_number = '\(customer)') EXECUTE FUNCTION refuse()
                """)
        }

        private func night(_ policy: String) throws -> Night {
            try Night {
                $0.workers = 1
                $0.attempts = 2
                $0.partitions += "\n    on_partition_failure: \(policy)"
            }
        }

        @Test
        func `with continue all other partitions are loaded, then the run names the one left`()
            throws
        {
            let night = try night("continue")
            let sample = try night.sample(records: 4_000)
            let customers = try sample.debits().map(\.customer).sorted()
            let oracle = try Oracle(night)
            // In the heaviest claim or not: the others come all the same.
            try refuse(night, customers[2_500], state: "58030")
            let failed = try night.run(sample)
            #expect(failed.code == 12, "\(failed.ended.stderr)")
            let run = try failed.run
            #expect(failed.ended.stderr.contains("KGR5055E partitions 3 of run \(run)"))
            #expect(failed.ended.stderr.contains("not today"))
            #expect(failed.ended.stderr.contains("kugiri resume \(run)"))
            #expect(try failed.log.contains("KGR5013W partition 3"))
            let left = try night.texts(
                "SELECT DISTINCT partition::text FROM kugiri.claim WHERE phase = 'load' "
                    + "AND finished_at IS NULL")
            #expect(left == ["3"])
            try night.online("DROP TRIGGER refuse ON member_account")
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `with stop the run ends at once`() throws {
            let night = try night("stop")
            let sample = try night.sample(records: 4_000)
            let customers = try sample.debits().map(\.customer).sorted()
            let oracle = try Oracle(night)
            try refuse(night, customers[0], state: "58030")
            let failed = try night.run(sample)
            #expect(failed.code == 12, "\(failed.ended.stderr)")
            #expect(failed.ended.stderr.contains("KGR6051E load of slice"))
            try night.online("DROP TRIGGER refuse ON member_account")
            try oracle.expectLoaded(sample, try night.resume(try failed.run))
        }

        @Test func `with stop rows that the target refuses end the run at once with 8`() throws {
            let night = try night("stop")
            let sample = try night.sample(records: 4_000)
            let customers = try sample.debits().map(\.customer).sorted()
            try refuse(night, customers[0], state: "23514")
            let stopped = try night.run(sample)
            #expect(stopped.code == 8, "\(stopped.ended.stderr)")
            let run = try stopped.run
            #expect(stopped.ended.stderr.contains("KGR5056E partition 1 of run \(run)"))
            #expect(try night.loadedRows(run) < 4_000)
            let end = try night.resume(run)
            #expect(end.code == 8)
            #expect(end.ended.stderr.contains("rejected during load in partition 1:"))
            #expect(try night.count("SELECT count(*) FROM member_account") == 3_999)
        }

        @Test func `when every partition fails the run does not try them all`() throws {
            let night = try Night {
                $0.workers = 1
                $0.attempts = 1
                $0.partitions = "{auto: {count: 12}}"
            }
            let sample = try night.sample(records: 4_000)
            try night.online(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'disk' USING ERRCODE = '58030'; END $$;
                CREATE TRIGGER refuse AFTER INSERT ON member_account FOR EACH ROW
                    EXECUTE FUNCTION refuse()
                """)
            let oracle = try Oracle(night)
            let failed = try night.run(sample)
            #expect(failed.code == 12, "\(failed.ended.stderr)")
            #expect(failed.ended.stderr.contains("KGR6051E"))
            let tried = "SELECT count(*) FROM kugiri.claim WHERE phase = 'load' AND attempts > 0"
            #expect(try night.count(tried) <= 6)
            try night.online("DROP TRIGGER refuse ON member_account")
            try oracle.expectLoaded(sample, try night.resume(try failed.run))
        }
    }
}
