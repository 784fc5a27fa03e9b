// Targets that are not what the job needs, and values that do not fit: never a wrong row.

import FoundationEssentials
import Postgres
import Testing

extension FleetTests {
    @Suite struct TargetFitTests {
        @Test func `a constant longer than its column is refused, never cut`() throws {
            let night = try Night { $0.extraColumn = "source: {constant: ABCDEF}" }
            try night.online("ALTER TABLE member_account ADD source varchar(3)")
            let end = try night.run(try night.sample(records: 20))
            #expect(end.code == 8, "\(end.ended.stderr)")
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
        }

        @Test func `an amount larger than its column is a reject, never another amount`() throws {
            let night = try Night { $0.extraColumn = "small: {field: amount}" }
            try night.online("ALTER TABLE member_account ADD small smallint")
            let sample = try night.file(
                Handmade.file([("1120", [Handmade.Debit(customer: "M1", amount: 40_000)])]))
            let end = try night.run(sample)
            #expect(end.code == 8, "\(end.ended.stderr)")
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
        }

        /// A foreign key was once found only by the load: 8 with the target partly loaded.
        @Test func `references to nothing are rejects before the barrier, all of them`() throws {
            let night = try Night()
            try night.online(
                "CREATE TABLE result (code text PRIMARY KEY); INSERT INTO result VALUES ('0'); "
                    + "ALTER TABLE member_account ADD FOREIGN KEY (last_result_code) "
                    + "REFERENCES result (code)")
            let sample = try night.file(
                Handmade.file([
                    (
                        "1120",
                        [
                            Handmade.Debit(customer: "M1", amount: 100),
                            Handmade.Debit(customer: "M2", amount: 200, result: "1"),
                            Handmade.Debit(customer: "M3", amount: 300, result: "2"),
                        ]
                    )
                ]))
            let end = try night.run(sample)
            #expect(end.code == 8, "\(end.ended.stderr)")
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
            #expect(
                try night.count(
                    "SELECT count(*) FROM kugiri.reject WHERE rule = 'target-constraint'") == 2)
        }

        @Test func `a second unique key over a written column is refused with 16`() throws {
            let night = try Night()
            try night.online("CREATE UNIQUE INDEX one_amount ON member_account (last_amount)")
            let end = try night.run(try night.sample(records: 20))
            #expect(end.code == 16)
            #expect(end.ended.stderr.contains("unique index one_amount"))
        }

        @Test func `a column that must have a value and gets none is refused with 16`() throws {
            let night = try Night()
            try night.online("ALTER TABLE member_account ADD must text NOT NULL")
            let end = try night.run(try night.sample(records: 20))
            #expect(end.code == 16)
            #expect(end.ended.stderr.contains("job debit-result"))
            #expect(end.ended.stderr.contains("column must is NOT NULL"))
        }

        @Test func `a table in a schema of Kugiri's own is no target`() throws {
            let night = try Night()
            let sample = try night.sample(records: 20)
            #expect(try night.run(sample).code == 0)
            try night.online(
                "ALTER TABLE member_account SET SCHEMA kugiri; "
                    + "ALTER DATABASE \(night.name) SET search_path = kugiri, public")
            let next = try night.sample(records: 20, seed: 2, date: "2026-11-24")
            #expect(try night.run(next).code == 16)
        }

        @Test func `the next file over the same name leaves the archived one alone`() throws {
            let night = try Night()
            let sample = try night.sample(records: 20)
            let end = try night.run(sample)
            #expect(end.code == 0, "\(end.ended.stderr)")
            // Not atomically: into the same file, as `cp` does.
            try "the next night".write(toFile: sample.path, atomically: false, encoding: .utf8)
            let verified = try night.kugiri(["certificate", "verify", try end.run])
            #expect(verified.code == 0, "\(verified.stdout)")
        }

        @Test func `the lock trigger is printed for quoted names as SQL writes them`() throws {
            let printed = try Binary.run(
                ["db", "lock-trigger", #""My Schema"."a.""b""#], environment: [:],
                scratch: "/tmp", limit: Binary.limit)
            #expect(printed.stdout.contains(#"ON "My Schema"."a.""b" FOR"#))
            let plain = try Binary.run(
                ["db", "lock-trigger", "App.Members"], environment: [:], scratch: "/tmp",
                limit: Binary.limit)
            #expect(plain.stdout.contains(#"ON "app"."members" FOR"#))
        }

        /// Certify by address once computed the job's expressions for refused records too, failed as
        /// they had, and so did every resume.
        @Test func `a record that its own expression refuses is late, and certify goes on`()
            throws
        {
            let night = try Night {
                $0.extraColumn =
                    "name: {sql: \"(1000 / (new.customer_number::bigint - 12))::text\"}"
            }
            let end = try night.run(try night.sample(records: 200))
            #expect(end.code == 8, "\(end.ended.stderr)")
            #expect(
                try night.texts("SELECT rule || ' ' || value FROM kugiri.reject WHERE late")
                    == ["target-constraint SQLSTATE 22012"])
            #expect(try night.count("SELECT count(*) FROM member_account") == 199)
        }
    }
}
