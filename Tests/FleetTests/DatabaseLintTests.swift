// `lint --database` names everything between jobs and tables at once, and writes nothing.

import Postgres
import Testing

extension FleetTests {
    @Suite struct DatabaseLintTests {
        private func lint(_ night: Night) throws -> Ended {
            try night.kugiri(["lint", "--database"])
        }

        /// Relations and the ledger's rows: what a command could leave behind.
        private func residue(_ night: Night) throws -> [String] {
            try night.texts("SELECT relname::text FROM pg_class ORDER BY oid")
                + night.texts("SELECT xmin::text FROM kugiri.audit")
                + night.fingerprint()
        }

        @Test func `a job that fits its table is fine, and nothing is written`() throws {
            let night = try Feed.night()
            let before = try residue(night)
            let end = try lint(night)
            #expect(end.code == 0, "\(end.stderr)")
            #expect(end.stdout.contains("job debit-result: target member_account, fine"))
            #expect(!end.stdout.contains("no index finds"))
            #expect(try residue(night) == before)
        }

        @Test func `every fault of the table is named at once`() throws {
            let night = try Feed.night {
                $0.extraColumn = "closed_on: {constant: null}\n        missing: {constant: x}"
            }
            try night.online(
                """
                DROP TRIGGER kugiri_lock ON member_account;
                ALTER TABLE member_account DROP CONSTRAINT member_account_pkey,
                    DROP CONSTRAINT member_account_last_amount_check,
                    ALTER last_amount TYPE date USING NULL, DROP closed_on,
                    ALTER updated_at TYPE timestamptz(0);
                """)
            let before = try residue(night)
            let end = try lint(night)
            #expect(end.code == 16)
            for reason in [
                "the table has no column missing", "the table has no column closed_on",
                "no primary key or unique constraint", "no BEFORE UPDATE trigger",
                "column last_amount is date", "keeps 0 digits",
            ] {
                #expect(end.stderr.contains(reason), "\(reason): \(end.stderr)")
            }
            #expect(try residue(night) == before)
        }

        @Test func `every wrong expression is named by its column`() throws {
            let night = try Night {
                $0.extraColumn = "name: {sql: \"lowr(new.result_code)\"}"
                $0.absent =
                    "{action: close, max_share: 1, open: {closed_on: null}, "
                    + "set: {closed_on: {parameter: business_date}, note: {sql: \"upper(name)\"}}}"
            }
            // The file itself has to be right, so that the database is asked.
            var settings = night.settings
            settings.extraColumn =
                "name: {sql: \"lowr(new.result_code)\"}\n        closed_on: {constant: null}"
            try night.write(settings)
            try night.online("ALTER TABLE member_account ADD closed_on date, ADD note text")
            let end = try lint(night)
            #expect(end.code == 16)
            #expect(end.stderr.contains("column name: function lowr"), "\(end.stderr)")
            #expect(
                end.stderr.contains("absent: column note: column \"name\" does not exist"),
                "\(end.stderr)")
        }

        @Test func `what the role may not do is named`() throws {
            let night = try Night()
            let role = "reader_\(night.name)"
            try night.online(
                "CREATE ROLE \(role) LOGIN; GRANT SELECT ON member_account TO \(role); "
                    + "GRANT USAGE ON SCHEMA kugiri TO \(role); "
                    + "GRANT SELECT ON ALL TABLES IN SCHEMA kugiri TO \(role)")
            var settings = night.settings
            settings.database = settings.database.replacing("user=kugiri", with: "user=\(role)")
            try #require(settings.database != night.settings.database)
            try night.write(settings)
            let end = try lint(night)
            try night.write(night.settings)
            try night.online("DROP OWNED BY \(role); DROP ROLE \(role)")
            #expect(end.code == 16)
            #expect(
                end.stderr.contains("role \(role) may not UPDATE last_amount of member_account"),
                "\(end.stderr)")
            #expect(end.stderr.contains("may not INSERT customer_number into member_account"))
        }

        @Test func `a table that is not there and an old ledger are both named`() throws {
            let night = try Night()
            try night.online(
                "DROP TABLE member_account; DELETE FROM kugiri.migration WHERE number > 1")
            let end = try lint(night)
            #expect(end.code == 16)
            #expect(end.stderr.contains("KGR8053E"), "\(end.stderr)")
            #expect(end.stderr.contains("there is no such table"), "\(end.stderr)")
        }

        @Test func `a missing index for absent rows is said, and is no fault`() throws {
            let night = try Feed.night()
            try night.online(
                "ALTER TABLE member_account ALTER customer_number TYPE text COLLATE \"en-x-icu\"")
            let end = try lint(night)
            #expect(end.code == 0, "\(end.stderr)")
            #expect(
                end.stdout.contains("no index finds a range of \"customer_number\" in byte order"))
        }
    }
}
