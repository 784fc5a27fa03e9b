// `doctor` finds what would break a night, and changes nothing.

import FoundationEssentials
import Postgres
import Testing

extension FleetTests {
    @Suite struct DoctorTests {
        /// The checks that are not fine, by name.
        private func findings(
            _ night: Night, _ arguments: [String] = ["debit-result"], code: Int32
        ) throws -> [String: String] {
            let ended = try night.kugiri(["doctor", "--json"] + arguments)
            #expect(ended.code == code, "\(ended.stdout) \(ended.stderr)")
            #expect(try JSONSchema("doctor-1").faults(ended.stdout).isEmpty, "\(ended.stdout)")
            var found: [String: String] = [:]
            for check in try JSON(text: ended.stdout)["checks"]?.list ?? [] {
                guard let verdict = check["verdict"]?.string, verdict != "ok" else { continue }
                found[check["name"]?.string ?? "?"] = verdict
            }
            return found
        }

        /// The tests' server runs without fsync; nothing else may be found on it.
        private let usual = ["fsync": "fault"]

        @Test func `a good installation has one known fault here, and is not written to`() throws {
            let night = try Night()
            try night.online("ANALYZE")
            let before = try night.texts(
                "SELECT relname || relfilenode FROM pg_class ORDER BY relname")
            #expect(try findings(night, code: 16) == usual)
            #expect(try findings(night, [], code: 16) == usual)
            let after = try night.texts(
                "SELECT relname || relfilenode FROM pg_class ORDER BY relname")
            #expect(after == before)
            #expect(try night.count("SELECT count(*) FROM kugiri.audit") == 0)
            let screen = try night.kugiri(["doctor", "debit-result"])
            #expect(screen.stdout.contains("fault    fsync"), "\(screen.stdout)")
            #expect(screen.stdout.contains(": 1 fault, 0 warnings"))
        }

        @Test func `a table without its trigger, column and with row-level security is a fault`()
            throws
        {
            let night = try Night()
            try night.online("DROP TRIGGER kugiri_lock ON member_account")
            try night.online("ALTER TABLE member_account DROP COLUMN failures_before")
            try night.online("ALTER TABLE member_account SET (autovacuum_enabled = off)")
            let found = try findings(night, code: 16)
            #expect(
                found
                    == usual.merging([
                        "target of debit-result": "fault",
                        "vacuum of public.member_account": "warning",
                    ]) { first, _ in first })
        }

        @Test func `a role that lacks privileges and has time limits is told which`() throws {
            let night = try Night()
            let role = "clerk_\(night.name)"
            try night.online(
                """
                CREATE ROLE \(role) LOGIN; ALTER ROLE \(role) SET statement_timeout = '5s';
                GRANT USAGE ON SCHEMA kugiri TO \(role);
                GRANT SELECT ON ALL TABLES IN SCHEMA kugiri TO \(role);
                GRANT SELECT, INSERT ON member_account TO \(role)
                """)
            // A role of the whole server: it must not outlive the database it has rights in.
            defer {
                try? night.online("DROP OWNED BY \(role)")
                try? night.online("DROP ROLE \(role)")
            }
            var settings = night.settings
            settings.database.replace("user=kugiri", with: "user=\(role)")
            try night.write(settings)
            let ended = try night.kugiri(["doctor", "debit-result"])
            #expect(ended.code == 16)
            #expect(ended.stdout.contains("UPDATE on kugiri.run"), "\(ended.stdout)")
            #expect(ended.stdout.contains("CREATE on schema kugiri_stage"))
            #expect(ended.stdout.contains("may not UPDATE"), "\(ended.stdout)")
            #expect(ended.stdout.contains("warning  statement_timeout"))
        }

        @Test func `transactions left open and staging left behind are warnings`() throws {
            let night = try Night()
            _ = try night.run(try night.sample(records: 50))
            try night.online("CREATE TABLE kugiri_stage.r77_s0 (a int)")
            #expect(try findings(night, code: 16)["leftover staging"] == "warning")
        }

        @Test func `an unreachable database is a fault, a private one that never ran a warning`()
            throws
        {
            let night = try Night()
            var settings = night.settings
            settings.database = "postgresql://127.0.0.1:1/none"
            try night.write(settings)
            #expect(try findings(night, code: 16) == ["database": "fault"])
            let text = settings.text.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.hasPrefix("database:") }.joined(separator: "\n")
            try text.write(
                toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            #expect(try findings(night, code: 4) == ["database": "warning"])
            #expect(!FileManager.default.fileExists(atPath: "\(night.state)/postgres"))
        }

        @Test func `a ledger of another version is a fault on a server of one's own`() throws {
            let night = try Night()
            try night.online("DELETE FROM kugiri.migration WHERE number > 1")
            #expect(try findings(night, code: 16)["ledger"] == "fault")
        }
    }
}
