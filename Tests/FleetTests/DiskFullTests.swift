// The database has no room: the run stands still, tries seldom, and goes on when there is some.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct DiskFullTests {
        /// What lies on the disk that is full.
        enum Full: String, Sendable {
            /// What the coordinator makes before the first claim.
            case tables
            /// What the workers stage.
            case staging
            /// What they load into.
            case target

            /// Bytes left free: enough for what comes before.
            var bytesLeft: Int {
                switch self {
                case .tables: 0
                case .staging: 200_000
                case .target: 40_000
                }
            }
        }

        private func awaitWait(_ running: Running) throws {
            try waitUntil("the wait for room") {
                running.errorsSoFar.contains("KGR7013W") || !running.isRunning
            }
            try #require(running.isRunning, "\(running.errorsSoFar)")
            #expect(running.errorsSoFar.contains("53100: "), "\(running.errorsSoFar)")
        }

        @Test(
            .enabled(if: TinyDisk.isPossible, "only root can mount a small disk"),
            arguments: [Full.tables, .staging, .target])
        func `a full disk is waited for until there is room`(full: Full) throws {
            let disk = try TinyDisk()
            let night = try Night { $0.partitions = "{auto: {count: 2}}" }
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            if full == .target {
                try night.online("ALTER TABLE member_account SET TABLESPACE \(disk.name)")
            } else {
                try night.online(
                    "ALTER DATABASE \(night.name) SET default_tablespace = \(disk.name)")
            }
            // The rehearsal at the beginning needs room too.
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "split_committed:stop"])
            try waitUntil("a stopped coordinator") { Processes.isStopped(running.pid) }
            try disk.fill(leaving: full.bytesLeft)
            running.signal(SIGCONT)
            try awaitWait(running)
            try disk.free()
            let end = try Conclusion(try running.wait())
            // The disk goes away before the night's database does.
            try night.online(
                "ALTER DATABASE \(night.name) RESET default_tablespace; "
                    + "ALTER TABLE member_account SET TABLESPACE pg_default")
            try oracle.expectLoaded(sample, end)
            try night.online("DROP SCHEMA kugiri_stage CASCADE; DROP SCHEMA kugiri CASCADE")
            #expect(end.ended.stderr.contains("KGR7014I"), "\(end.ended.stderr)")
        }

        @Test(.enabled(if: TinyDisk.isPossible, "only root can mount a small disk"))
        func `a run that finds no room at its very beginning may be run again unchanged`() throws {
            let disk = try TinyDisk()
            let night = try Night()
            let sample = try night.sample(records: 1_000)
            let oracle = try Oracle(night)
            try night.online("ALTER DATABASE \(night.name) SET default_tablespace = \(disk.name)")
            try disk.fill(leaving: 0)
            let refused = try night.run(sample)
            #expect(refused.code == 12, "\(refused.ended.stderr)")
            #expect(refused.ended.stderr.contains("53100"), "\(refused.ended.stderr)")
            try night.online("ALTER DATABASE \(night.name) RESET default_tablespace")
            try oracle.expectLoaded(sample, try night.run(sample))
        }

        /// The target has no room for anything until this is taken away again.
        private func refuse(_ night: Night) throws {
            try night.online(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
                CREATE TRIGGER refuse AFTER INSERT ON member_account FOR EACH ROW
                    EXECUTE FUNCTION refuse()
                """)
        }

        @Test func `a run without room tries seldom, and does not use up its attempts`() throws {
            let night = try Night { $0.attempts = 1 }
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            try refuse(night)
            let running = try night.startRun(sample)
            try awaitWait(running)
            usleep(6_000_000)
            #expect(running.isRunning)
            let run = try night.onlyRun()
            // Tries after 1 to 2, 2 to 4 and 4 to 8 seconds.
            let term = try night.term(of: run)
            #expect(term >= 2 && term <= 4, "\(term)")
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
            try night.online("DROP TRIGGER refuse ON member_account")
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }

        @Test func `a run without room can be cancelled, and is held until then`() throws {
            let night = try Night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            try refuse(night)
            let running = try night.startRun(sample)
            try awaitWait(running)
            let run = try night.onlyRun()
            let cancelled = try night.kugiri(["cancel", run])
            #expect(cancelled.code == 0, "\(cancelled.stderr)")
            let end = try running.wait(.seconds(40))
            // Asked while it waited, or taken from it between two tries.
            #expect([143, 13].contains(end.code ?? -1), "\(end.stderr)")
            try night.online("DROP TRIGGER refuse ON member_account")
            try oracle.expectLoaded(sample, try night.resume(run))
        }
    }
}
