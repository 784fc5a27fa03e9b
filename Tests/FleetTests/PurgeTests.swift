// What old runs left behind goes, the proof stays, and a purge that was killed is ended by the next.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct PurgeTests {
        /// Everything runs have outside their own row, certificate and publication.
        private static let rows = [
            "partition", "slice", "claim", "interval", "chunk", "total", "share", "reject",
            "conflict", "absent", "tenure", "phase_time", "crew",
        ]

        /// Rows of the ledger about a run.
        private func rows(of run: String, _ night: Night) throws -> Int {
            let counts = Self.rows.map {
                "(SELECT count(*) FROM kugiri.\($0) WHERE run = '\(run)')"
            }
            return try night.count("SELECT " + counts.joined(separator: " + "))
        }

        /// Tables of a run, by its number in the ledger.
        private func tables(of run: String, _ night: Night) throws -> [String] {
            try night.texts(
                """
                SELECT c.oid::regclass::text FROM pg_class c, kugiri.run r
                WHERE r.run = '\(run)' AND c.relkind IN ('r', 'p')
                    AND c.relnamespace IN ('kugiri_stage'::regnamespace,
                        'kugiri_history'::regnamespace)
                    AND c.relname ~ ('^r' || r.number || '(_s[0-9]+)?$') ORDER BY 1
                """)
        }

        private func isThere(_ path: String) -> Bool {
            FileManager.default.fileExists(atPath: path)
        }

        /// Three nights; the first has many slices, before-images and rejects.
        private func nights(_ night: Night) throws -> [String] {
            try ["2026-11-20", "2026-11-24", "2026-11-25"].enumerated().map { number, date in
                let sample = try night.sample(
                    records: 1_200, seed: number + 1, date: date, defects: ["bad-enum:2"])
                let end = try night.run(sample, ["--max-rejects", "2"])
                try #require(end.code == 4, "\(end.ended.stderr)")
                return try end.run
            }
        }

        private func purge(
            _ night: Night, _ flags: [String], environment: [String: String] = [:]
        ) throws -> Ended {
            try night.kugiri(["purge", "--keep", "0s"] + flags, environment: environment)
        }

        @Test
        func `old runs go, the latest published one and an unfinished one stay, the proof too`()
            throws
        {
            let night = try Night { $0.sliceRecords = 20 }
            let runs = try nights(night)
            let open = try night.run(
                try night.sample(records: 200, date: "2026-11-26"), ["--until", "validate"])
            let target = try night.fingerprint()
            // All that two kept runs have, file by file.
            func kept() throws -> [String] {
                try [runs[2], try open.run].flatMap { run in
                    try tables(of: run, night) + ["\(try rows(of: run, night))"]
                        + ["archive", "runs", "spool"].flatMap { place throws -> [String] in
                            let folder = "\(night.state)/\(place)/\(run)"
                            guard isThere(folder) else { return [] }
                            return try FileManager.default.subpathsOfDirectory(atPath: folder)
                                .sorted()
                        }
                }
            }
            let before = try kept()

            let dry = try purge(night, ["--dry-run", "--json"])
            #expect(dry.code == 0, "\(dry.stderr)")
            #expect(try JSONSchema("purge-1").faults(dry.stdout).isEmpty, "\(dry.stdout)")
            let shown = try JSON(text: dry.stdout)
            #expect(shown["runs"]?.list.compactMap { $0["run_id"]?.string } == [runs[0], runs[1]])
            let history = shown["kinds"]?.list.first { $0["kind"]?.string == "history" }
            #expect(history?["objects"]?.number == 2)
            let ledger = shown["kinds"]?.list.first { $0["kind"]?.string == "ledger" }
            let count = try rows(of: runs[0], night) + rows(of: runs[1], night)
            #expect(ledger?["rows"]?.number == Double(count))
            #expect(try !tables(of: runs[0], night).isEmpty)

            // Nobody is there to say yes.
            let refused = try purge(night, [])
            #expect(refused.code == 64, "\(refused.stdout)")
            #expect(try rows(of: runs[0], night) > 0)

            let purged = try purge(night, ["--yes", "--json"])
            #expect(purged.code == 0, "\(purged.stderr)")
            #expect(try JSONSchema("purge-1").faults(purged.stdout).isEmpty, "\(purged.stdout)")
            for run in runs.prefix(2) {
                #expect(try rows(of: run, night) == 0)
                #expect(try tables(of: run, night) == [])
                for place in ["archive", "runs", "spool"] {
                    #expect(!isThere("\(night.state)/\(place)/\(run)"), "\(place)")
                }
                #expect(try night.kugiri(["certificate", run]).code == 0)
                let verified = try night.kugiri(["certificate", "verify", run])
                #expect(verified.code == 0, "\(verified.stdout)")
                #expect(try night.kugiri(["report", run]).code == 0)
                let looked = try night.kugiri(["partitions", run])
                #expect(looked.code == 64)
                #expect(looked.stderr.contains("was purged on"))
            }
            #expect(try kept() == before)
            #expect(try night.fingerprint() == target)
            let audits = "SELECT count(*) FROM kugiri.audit WHERE command LIKE '%purge%'"
            #expect(try night.count(audits) == 1)
            #expect(try purge(night, ["--yes"]).stdout.contains("nothing older than 0s"))
            #expect(try night.resume(try open.run).code == 0)
        }

        @Test func `younger runs and other jobs are left alone, and kinds can be chosen`() throws {
            let night = try Night()
            let runs = try nights(night)
            for flags in [["--keep", "1d"], ["--keep", "0s", "--job", "another"]] {
                let none = try night.kugiri(["purge", "--yes"] + flags)
                #expect(none.stdout.contains("there is nothing older than"))
            }
            for wrong in [
                ["--keep", "1w"], ["--keep", "-1d"], ["--keep", "0s", "--what", "ledger"],
            ] {
                #expect(try night.kugiri(["purge", "--yes"] + wrong).code == 64, "\(wrong)")
            }
            let before = try rows(of: runs[0], night)
            #expect(try purge(night, ["--what", "staging,history", "--yes"]).code == 0)
            #expect(try tables(of: runs[0], night) == [])
            #expect(try rows(of: runs[0], night) == before)
            #expect(isThere("\(night.state)/archive/\(runs[0])/input"))
            #expect(try night.kugiri(["partitions", runs[0]]).code == 0)
            #expect(try !tables(of: runs[2], night).isEmpty)
        }

        /// Two runs with before-images, three passes each; then a superseded one with two batches of
        /// staging tables.
        @Test(arguments: [1, 2, 3, 7, 8, 10])
        func `a purge that was killed is ended by the next one`(pass: Int) throws {
            let night = try Night { $0.sliceRecords = 20 }
            var runs = try nights(night)
            for date in ["2026-11-26", "2026-11-27"] {
                let sample = try night.sample(records: 1_200, date: date)
                runs.append(try night.run(sample, ["--until", "validate"]).run)
            }
            let latest = runs.remove(at: 2)
            #expect(try tables(of: runs[2], night).count > 50)
            let killed = try purge(
                night, ["--yes"], environment: ["KUGIRI_FAILPOINT": "in_purge:kill:\(pass)"])
            #expect(killed.wasKilled, "\(killed.stdout)")
            let first = "SELECT count(*) FROM kugiri.run WHERE purge_began_at IS NOT NULL"
            #expect(try night.count(first) == 3)
            // However young the runs are, what was begun is ended.
            let again = try night.kugiri(["purge", "--keep", "1d", "--yes"])
            #expect(again.code == 0, "\(again.stderr)")
            for run in runs.prefix(3) {
                #expect(try rows(of: run, night) == 0)
                #expect(try tables(of: run, night) == [])
                #expect(!isThere("\(night.state)/archive/\(run)"))
                #expect(!isThere("\(night.state)/runs/\(run)"))
            }
            #expect(try rows(of: latest, night) > 0)
            #expect(try tables(of: runs[3], night).count > 50)
            #expect(
                try night.count("SELECT count(*) FROM kugiri.run WHERE purged_at IS NOT NULL") == 3)
        }

        @Test func `an input that a kept run has too stays in the archive, and goes with that run`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 300, defects: ["bad-enum:2"])
            #expect(try night.run(sample).code == 8)
            let end = try night.run(sample, ["--max-rejects", "2"])
            #expect(end.code == 4)
            let refused = try night.texts("SELECT run FROM kugiri.run ORDER BY number")[0]
            #expect(try purge(night, ["--yes"]).code == 0)
            #expect(isThere("\(night.state)/archive/\(refused)/input"))
            #expect(try rows(of: refused, night) == 0)

            #expect(try night.run(try night.sample(records: 50, date: "2026-11-24")).code == 0)
            #expect(try purge(night, ["--yes"]).code == 0)
            #expect(!isThere("\(night.state)/archive/\(refused)"))
            #expect(!isThere("\(night.state)/archive/\(try end.run)"))
        }

        @Test func `a purged night is not loaded again, and an older one not behind it`() throws {
            let night = try Night()
            let monday = try night.sample(records: 300)
            let old = try night.run(monday, ["--until", "validate"])
            // A later night of another job on the same table would do the same to it.
            try night.online("UPDATE kugiri.run SET state = 'ended'")
            let tuesday = try night.sample(records: 300, date: "2026-11-24")
            #expect(try night.run(tuesday).code == 0)
            #expect(
                try night.run(try night.sample(records: 50, date: "2026-11-25")).code == 0)
            try night.online(
                "UPDATE kugiri.run SET state = 'open', ended_at = NULL WHERE run = '\(old.run)'")
            let target = try night.fingerprint()
            #expect(try purge(night, ["--yes"]).code == 0)
            #expect(try night.resume(try old.run).code == 9)
            let again = try night.run(tuesday)
            #expect(again.code == 0)
            #expect(again.ended.stderr.contains("KGR1004I"))
            #expect(try night.fingerprint() == target)
        }

        @Test func `a run of 64 partitions leaves less than a megabyte in the database`() throws {
            let night = try Night {
                $0.partitions = "{auto: {count: 64}}"
                $0.sliceRecords = 200
                $0.commitInterval = 100
            }
            var sizes: [Int] = []
            for day in 1...6 {
                let date = "2026-12-0\(day)"
                #expect(try night.run(try night.sample(records: 6_400, date: date)).code == 0)
                #expect(try purge(night, ["--what", "staging,history", "--yes"]).code == 0)
                for table in ["", "pg_class", "pg_attribute", "member_account"] {
                    try night.online("VACUUM (ANALYZE) \(table)")
                }
                // The members are not what a run leaves behind: the same rows, updated.
                sizes.append(
                    try night.count(
                        "SELECT pg_database_size(current_database()) "
                            + "- pg_total_relation_size('member_account')"))
            }
            // The first nights make room that later ones use again.
            let perRun = (sizes[5] - sizes[1]) / 4
            #expect(perRun < 1_000_000, "\(sizes)")
            print("database growth per run of 64 partitions: \(perRun) bytes, sizes \(sizes)")
        }
    }
}
