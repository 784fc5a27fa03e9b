// What the online side does between validation and load is never overwritten unseen.

import Postgres
import Testing

extension FleetTests {
    @Suite struct OnlineTests {
        /// A night whose members exist, validated and not yet loaded.
        private struct Validated {
            var night: Night
            var sample: Sample
            var run: String
            /// Customers of the first records.
            var debits: [(record: Int, byte: Int, customer: String)]
        }

        private func validated(
            records: Int = 1_500, leavingOut left: Int = 0,
            _ change: (inout Settings91) -> Void = { _ in }
        ) throws -> Validated {
            let night = try Night(change)
            let sample = try night.sample(records: records)
            let debits = try sample.debits()
            try night.enrol(debits.dropFirst(left).map(\.customer))
            if night.settings.trusted {
                try night.online("DROP TRIGGER kugiri_lock ON member_account")
            }
            let end = try night.run(sample, ["--until", "validate"])
            try #require(end.code == 0, "\(end.ended.stderr)")
            return Validated(night: night, sample: sample, run: try end.run, debits: debits)
        }

        private func conflicts(_ night: Night) throws -> [String] {
            try night.texts("SELECT kind || ' ' || state FROM kugiri.conflict ORDER BY record")
        }

        @Test func `a changed row is done again and keeps the online value`() throws {
            let it = try validated()
            for debit in it.debits.prefix(3) {
                try it.night.online(
                    "UPDATE member_account SET name = 'moved' "
                        + "WHERE customer_number = '\(debit.customer)'")
            }
            let oracle = try Oracle(it.night)
            try oracle.expectLoaded(it.sample, try it.night.resume(it.run))
            #expect(try conflicts(it.night) == Array(repeating: "changed applied", count: 3))
            let moved = "SELECT count(*) FROM member_account WHERE name = 'moved'"
            #expect(try it.night.count(moved) == 3)
        }

        @Test func `a change that leaves the lock column alone is caught by the row version`()
            throws
        {
            let it = try validated { $0.trusted = true }
            let customer = it.debits[0].customer
            let lock =
                "SELECT updated_at FROM member_account WHERE customer_number = '\(customer)'"
            let before = try it.night.texts(lock)
            try it.night.online(
                "UPDATE member_account SET name = 'silent', failures = 7 "
                    + "WHERE customer_number = '\(customer)'")
            #expect(try it.night.texts(lock) == before)
            let oracle = try Oracle(it.night)
            try oracle.expectLoaded(it.sample, try it.night.resume(it.run))
            #expect(try conflicts(it.night) == ["changed applied"])
            let kept = try it.night.texts(
                "SELECT name || ' ' || failures_before FROM member_account "
                    + "WHERE customer_number = '\(customer)'")
            #expect(kept == ["silent 7"])
        }

        @Test func `a row deleted online does not rise again`() throws {
            let it = try validated()
            try it.night.online(
                "DELETE FROM member_account WHERE customer_number = '\(it.debits[0].customer)'")
            let end = try it.night.resume(it.run)
            #expect(end.code == 15, "\(end.ended.stderr)")
            #expect(try conflicts(it.night) == ["vanished open"])
            #expect(try it.night.count("SELECT count(*) FROM member_account") == 1_499)
            #expect(try it.night.count("SELECT count(*) FROM kugiri.publication") == 0)
            // The same again: the rest is loaded, and nothing is loaded twice.
            let before = try it.night.fingerprint()
            #expect(try it.night.resume(it.run).code == 15)
            #expect(try it.night.fingerprint() == before)
            // Nothing but a person's word ends this; the certificate tells of it.
            #expect(try it.night.resume(it.run, ["--max-conflicts", "1"]).code == 4)
            #expect(try conflicts(it.night) == ["vanished skipped"])
            #expect(try it.night.count("SELECT count(*) FROM member_account") == 1_499)
        }

        @Test(arguments: ["requeue", "skip"])
        func `within the tolerance a deleted row is a warning`(policy: String) throws {
            let it = try validated {
                $0.maxConflicts = 1
                $0.conflicts = policy
            }
            let gone = it.debits[0]
            try it.night.online(
                "DELETE FROM member_account WHERE customer_number = '\(gone.customer)'")
            let oracle = try Oracle(it.night)
            let end = try it.night.resume(it.run)
            try oracle.expectLoaded(it.sample, end, code: 4, skipping: [gone.record])
            #expect(try conflicts(it.night) == ["vanished skipped"])
        }

        @Test func `a row that appeared is done again on what the online side made`() throws {
            let it = try validated(leavingOut: 2)
            try it.night.online(
                "INSERT INTO member_account (customer_number, name, failures) "
                    + "VALUES ('\(it.debits[0].customer)', 'new', 4)")
            let oracle = try Oracle(it.night)
            let end = try it.night.resume(it.run)
            try oracle.expectLoaded(it.sample, end)
            #expect(try conflicts(it.night) == ["appeared applied"])
            #expect(try end.facts.counts.inserted == 1)
            let kept = "SELECT count(*) FROM member_account WHERE name = 'new'"
            #expect(try it.night.count(kept) == 1)
        }

        @Test func `rows that appear among new ones cost their chunks a second try in one piece`()
            throws
        {
            // Pieces of a chunk have 500 rows.
            let it = try validated(records: 3_000, leavingOut: 3_000) {
                $0.commitInterval = 1_000
                $0.sliceRecords = 3_000
                $0.partitions = "{auto: {count: 1}}"
            }
            let promised = try it.night.count("SELECT count(*) FROM kugiri.chunk")
            #expect(promised < 6)
            let keys = it.debits.map(\.customer).sorted()
            for key in [keys[0], keys[250], keys[251], keys[2_999]] {
                try it.night.online(
                    "INSERT INTO member_account (customer_number, name, failures) "
                        + "VALUES ('\(key)', 'new', 4)")
            }
            let oracle = try Oracle(it.night)
            let end = try it.night.resume(it.run)
            try oracle.expectLoaded(it.sample, end)
            #expect(
                try conflicts(it.night) == [String](repeating: "appeared applied", count: 4))
            #expect(try end.facts.counts.inserted == 2_996)
            #expect(
                try it.night.count(
                    "SELECT count(*) FROM kugiri.interval WHERE phase = 'load'") == promised)
        }

        @Test func `a row locked by an open transaction is left, and resume finishes`() throws {
            let it = try validated { $0.lockBudget = "200ms" }
            let oracle = try Oracle(it.night)
            let held = it.debits[0].customer
            let teller = try Connection(
                url: FleetServer.url(of: it.night.name), applicationName: "teller")
            try teller.execute("BEGIN")
            try teller.execute(
                "SELECT FROM member_account WHERE customer_number = '\(held)' FOR UPDATE")
            let end = try it.night.resume(it.run)
            #expect(end.code == 15, "\(end.ended.stderr)")
            #expect(try conflicts(it.night) == ["busy open"])
            let loaded = "SELECT count(*) FROM member_account WHERE business_date IS NOT NULL"
            #expect(try it.night.count(loaded) == 1_499)
            try teller.execute("COMMIT")
            try oracle.expectLoaded(it.sample, try it.night.resume(it.run))
            #expect(try conflicts(it.night) == ["busy applied"])
        }

        /// Rows of each committed chunk of the load, in key order.
        private func chunks(_ night: Night) throws -> [String] {
            try night.texts(
                "SELECT staged FROM kugiri.interval WHERE phase = 'load' ORDER BY low")
        }

        private static func large(_ settings: inout Settings91) {
            settings.partitions = "{auto: {count: 1}}"
            settings.sliceRecords = 4_000
            settings.commitInterval = 1_200
        }

        @Test func `a chunk with a row in the way is loaded in pieces`() throws {
            let it = try validated(Self.large)
            let oracle = try Oracle(it.night)
            let held = try #require(it.debits.map(\.customer).min())
            let teller = try Connection(
                url: FleetServer.url(of: it.night.name), applicationName: "teller")
            try teller.execute("BEGIN")
            try teller.execute(
                "SELECT FROM member_account WHERE customer_number = '\(held)' FOR UPDATE")
            let end = try it.night.resume(it.run)
            #expect(end.code == 15, "\(end.ended.stderr)")
            #expect(try conflicts(it.night) == ["busy open"])
            #expect(try chunks(it.night) == ["500", "500", "200", "300"])
            try teller.execute("COMMIT")
            try oracle.expectLoaded(it.sample, try it.night.resume(it.run))
        }

        @Test func `a chunk with a row the target refuses is loaded in pieces`() throws {
            let it = try validated(Self.large)
            let refused = try #require(it.debits.map(\.customer).max())
            try it.night.online(
                "ALTER TABLE member_account ADD CONSTRAINT refused "
                    + "CHECK (customer_number <> '\(refused)') NOT VALID")
            let end = try it.night.resume(it.run)
            #expect(end.code == 8, "\(end.ended.stderr)")
            #expect(try chunks(it.night) == ["1200", "300"])
            let late = try it.night.texts("SELECT rule FROM kugiri.reject WHERE late")
            #expect(late == ["target-constraint"])
            let loaded = "SELECT count(*) FROM member_account WHERE business_date IS NOT NULL"
            #expect(try it.night.count(loaded) == 1_499)
        }

        @Test func `a piece that takes longer than the lock budget is cut again`() throws {
            let it = try validated {
                Self.large(&$0)
                $0.lockBudget = "200ms"
            }
            // Every row takes 2 ms: a piece of 500 rows would hold them all for a second.
            try it.night.online(
                """
                CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
                CREATE TRIGGER slowly BEFORE UPDATE ON member_account
                FOR EACH ROW EXECUTE FUNCTION slowly()
                """)
            let oracle = try Oracle(it.night)
            try oracle.expectLoaded(it.sample, try it.night.resume(it.run))
            let rows = try chunks(it.night).compactMap { Int($0) }
            #expect(rows.reduce(0, +) == 1_500)
            #expect(rows.max() ?? 0 <= 100, "\(rows)")
        }

        @Test func `looking for a refused row keeps to the lock budget too`() throws {
            let it = try validated {
                Self.large(&$0)
                $0.lockBudget = "400ms"
            }
            // Half a millisecond a row: one statement over a piece of 500 rows keeps the budget, the
            // halves that are tried after it do not.
            let refused = it.debits.map(\.customer).sorted()[499]
            try it.night.online(
                """
                CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.0005); RETURN NEW; END $$;
                CREATE TRIGGER slowly BEFORE UPDATE ON member_account
                FOR EACH ROW EXECUTE FUNCTION slowly();
                ALTER TABLE member_account ADD CONSTRAINT refused
                CHECK (customer_number <> '\(refused)') NOT VALID
                """)
            let end = try it.night.resume(it.run)
            #expect(end.code == 8, "\(end.ended.stderr)")
            #expect(try chunks(it.night).compactMap { Int($0) }.reduce(0, +) == 1_500)
            let pieces = try it.night.texts(
                "SELECT staged FROM kugiri.interval WHERE phase = 'load' AND late > 0")
            #expect(pieces.count == 1 && Int(pieces[0]) ?? 500 <= 62, "\(pieces)")
        }

        @Test func `a row changed after the load is left to the online side`() throws {
            let it = try validated()
            let killed = try it.night.resume(
                it.run, environment: ["KUGIRI_FAILPOINT": "before_publish:kill"])
            #expect(killed.ended.wasKilled)
            try it.night.online(
                "UPDATE member_account SET name = 'later' "
                    + "WHERE customer_number = '\(it.debits[5].customer)'")
            let end = try it.night.resume(it.run)
            #expect(end.code == 0, "\(end.ended.stderr)")
            let kept = "SELECT count(*) FROM member_account WHERE name = 'later'"
            #expect(try it.night.count(kept) == 1)
        }
    }
}
