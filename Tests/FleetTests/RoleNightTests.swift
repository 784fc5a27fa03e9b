// Real nights in which nobody has more rights than the work needs: coordinator and worker are
// logged in as their roles.

import FoundationEssentials
import Glibc
import Postgres
import Testing

extension FleetTests {
    @Suite(.serialized) struct RoleNightTests {
        /// A night whose settings name the coordinator's role; workers must be started by hand.
        private func night(_ change: (inout Settings91) -> Void = { _ in }) throws -> Night {
            let night = try Night {
                $0.workers = 0
                change(&$0)
            }
            for role in ["coordinator", "worker", "reader"] {
                try night.online("ALTER ROLE kugiri_\(role) LOGIN")
            }
            try night.online("GRANT SELECT, INSERT, UPDATE ON member_account TO kugiri_worker")
            try write(night, "kugiri_coordinator")
            return night
        }

        private func url(_ night: Night, _ role: String) -> String {
            night.settings.database.replacing("user=kugiri", with: "user=\(role)")
        }

        private func write(_ night: Night, _ role: String) throws {
            var settings = night.settings
            settings.database = url(night, role)
            try night.write(settings)
        }

        private func worker(
            _ name: String, of running: Running, _ night: Night, failpoint: String = ""
        ) throws -> Running {
            try Binary.start(
                [
                    "worker", "--connect", night.endpoint(of: running), "--name", name,
                    "--coordinator-wait", "5",
                ],
                environment: [
                    "KUGIRI_DATABASE_URL": url(night, "kugiri_worker"),
                    "KUGIRI_FAILPOINT": failpoint,
                ], scratch: "\(night.folder)/out")
        }

        @Test func `two nights with rejects, updates and conflicts run under the roles`() throws {
            let night = try night { $0.maxRejects = 100 }
            for (seed, date) in [(1, "2026-11-20"), (2, "2026-11-24")] {
                let sample = try night.sample(
                    records: 1_500, seed: seed, date: date, defects: ["bad-enum:2"])
                let oracle = try Oracle(night)
                let running = try night.startRun(sample)
                let workers = try ["tokyo", "osaka"].map { try worker($0, of: running, night) }
                let end = try Conclusion(try running.wait())
                for worker in workers { _ = try worker.wait() }
                try oracle.expectLoaded(sample, end, code: 4)
            }
            let owners = try night.texts(
                """
                SELECT DISTINCT relowner::regrole::text FROM pg_class
                WHERE relnamespace IN ('kugiri_stage'::regnamespace, 'kugiri_history'::regnamespace)
                    AND relkind IN ('r', 'p')
                """)
            #expect(owners == ["kugiri_coordinator"])
            let looked = try night.count(
                """
                SELECT count(*) FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename
                WHERE s.schemaname = 'kugiri_stage'
                """)
            #expect(looked > 0, "no slice was analyzed")
        }

        @Test func `the coordinator takes the claim of a frozen worker back under its own role`()
            throws
        {
            let night = try night { $0.silence = "2s" }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample)
            let frozen = try worker("tokyo", of: running, night, failpoint: "in_chunk:stop:2")
            try waitUntil("the worker in its chunk") { Processes.isStopped(frozen.pid) }
            let other = try worker("osaka", of: running, night)
            let end = try Conclusion(try running.wait())
            frozen.signal(SIGKILL)
            _ = try frozen.wait()
            _ = try other.wait()
            try oracle.expectLoaded(sample, end)
            #expect(try end.log.contains("taken back from worker tokyo"))
        }

        @Test func `the reader sees how a run is and can change nothing`() throws {
            let night = try night()
            let sample = try night.sample(records: 300)
            let running = try night.startRun(sample)
            let only = try worker("tokyo", of: running, night)
            let run = try Conclusion(try running.wait()).run
            _ = try only.wait()
            try write(night, "kugiri_reader")
            for command in [["status", run], ["runs"], ["report", run], ["partitions", run]] {
                let ended = try night.kugiri(command)
                #expect(ended.code == 0, "\(command) \(ended.stderr)")
            }
            for command in [
                ["backout", run, "--reason", "no", "--yes"], ["purge", "--keep", "0d", "--yes"],
                ["cancel", run, "--reason", "no"],
            ] {
                let ended = try night.kugiri(command)
                #expect(ended.code != 0, "\(command) \(ended.stdout)")
            }
            let published = "SELECT count(*) FROM kugiri.run WHERE state = 'published'"
            #expect(try night.count(published) == 1)
            let reader = try Connection(url: url(night, "kugiri_reader"), applicationName: "test")
            for statement in ["SELECT * FROM member_account", "SELECT * FROM kugiri_stage.r1"] {
                #expect(throws: PostgresError.self) { try reader.execute(statement) }
            }
        }

        @Test func `doctor says whether roles are set up, and what a member of one forgot`()
            throws
        {
            let night = try night()
            let fine = try night.kugiri(["doctor", "debit-result"])
            #expect(fine.stdout.contains("the roles kugiri_… are set up"), "\(fine.stdout)")
            let role = "member_\(night.name)"
            try night.online("CREATE ROLE \(role) LOGIN IN ROLE kugiri_coordinator")
            defer { try? night.online("DROP ROLE \(role)") }
            try write(night, role)
            var found = try night.kugiri(["doctor", "debit-result"]).stdout
            #expect(found.contains("is a member of kugiri_coordinator"), "\(found)")
            try night.online("ALTER ROLE \(role) SET role = 'kugiri_coordinator'")
            found = try night.kugiri(["doctor", "debit-result"]).stdout
            #expect(found.contains("the roles kugiri_… are set up"), "\(found)")
        }

        @Test func `db migrate sets roles up where it may, and says why where it may not`() throws {
            let night = try Night()
            let done = try night.kugiri(["db", "migrate", "--json"])
            #expect(done.code == 0)
            let facts = try JSON(text: done.stdout)["facts"]
            #expect(facts?["roles"]?.string == "set up", "\(done.stdout)")
            let role = "plain_\(night.name)"
            try night.online(
                """
                CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA kugiri TO \(role);
                GRANT SELECT, INSERT ON kugiri.migration, kugiri.audit TO \(role)
                """)
            defer {
                try? night.online("DROP OWNED BY \(role)")
                try? night.online("DROP ROLE \(role)")
            }
            try write(night, role)
            let refused = try night.kugiri(["db", "migrate"])
            #expect(refused.code == 0, "\(refused.stderr)")
            #expect(refused.stderr.contains("roles not set up: "), "\(refused.stderr)")
        }
    }
}
