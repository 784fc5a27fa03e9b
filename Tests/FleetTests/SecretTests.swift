// A planted password: searched for in arguments, output, logs, files, rows and core dumps.

import FoundationEssentials
import Glibc
import Postgres
import Testing

extension FleetTests {
    @Suite struct SecretTests {
        /// Where libpq finds a password.
        enum Place: CaseIterable {
            case environment, passfile, service
        }

        @Test(arguments: Place.allCases)
        func `a database password shows in no argument, output, file or row`(
            _ place: Place
        ) throws {
            let canary = "canary-\(getpid())-\(Counter.next())-x9Q"
            // Outside the night's folder, which is searched.
            let secrets = "/tmp/kf-secret-\(getpid())-\(Counter.next())"
            try FileManager.default.createDirectory(
                atPath: secrets, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: secrets) }
            let night = try Night { $0.workers = 1 }
            let environment = try plant(canary, place, secrets, night)
            let sample = try night.sample(records: 1_500)
            var planted = environment
            planted["KUGIRI_FAILPOINT"] = "in_chunk:stop:1"
            let running = try night.startRun(sample, environment: planted)
            let own = try running.stoppedChild()
            #expect(Processes.naming(canary).isEmpty)
            #expect(!Processes.naming("\(night.folder)/").isEmpty)
            for pid in [running.pid, own] {
                let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
                let core = limits.split(separator: "\n")
                    .first { $0.hasPrefix("Max core file size") }
                #expect(core?.split(separator: " ")[4...5] == ["0", "0"], "\(core ?? "none")")
            }
            kill(own, SIGCONT)
            let end = try Conclusion(try running.wait())
            #expect(end.code == 0, "\(end.ended.stderr)")

            var outputs = [end.ended]
            let run = try end.run
            for command in [
                ["doctor"], ["report", run, "--json"], ["status", run], ["db", "url", "--json"],
                ["lint", "--database"], ["resume", "debit-result-20261120-77"], ["why", run, "1"],
                ["db", "migrate"], ["runs", "--json"],
            ] {
                outputs.append(try night.kugiri(command, environment: environment))
            }
            // The same when nothing answers, and libpq says what it tried.
            var lost = environment
            lost["KUGIRI_DATABASE_URL"] = "postgresql://kugiri@127.0.0.1:1/none"
            outputs.append(try night.kugiri(["doctor"], environment: lost))
            outputs.append(try night.run(sample, environment: lost).ended)
            for ended in outputs {
                #expect(!ended.stdout.contains(canary))
                #expect(!ended.stderr.contains(canary))
            }
            try expectNowhere(canary, night)
        }

        @Test func `a password in the address is refused without being repeated`() throws {
            let canary = "canary-\(getpid())-\(Counter.next())-x9Q"
            let night = try Night()
            let sample = try night.sample(records: 20)
            for address in [
                "postgresql://kugiri:\(canary)@127.0.0.1:1/none",
                "host=127.0.0.1 port=1 password=\(canary)",
                "postgresql://127.0.0.1:1/none?password=\(canary)",
            ] {
                let environment = ["KUGIRI_DATABASE_URL": address]
                for end in [
                    try night.run(sample, environment: environment).ended,
                    try night.kugiri(["doctor", "--json"], environment: environment),
                    try Binary.run(
                        [
                            "worker", "--connect", "ipc:///tmp/none/none.ipc",
                            "--coordinator-wait", "1",
                        ], environment: environment, scratch: "\(night.folder)/out"),
                ] {
                    #expect(end.code == 16, "\(end.stdout) \(end.stderr)")
                    #expect(!(end.stdout + end.stderr).contains(canary))
                }
                var settings = night.settings
                settings.database = "\"\(address)\""
                try night.write(settings)
                let linted = try night.kugiri(["lint"])
                #expect(linted.code == 16)
                #expect(!(linted.stdout + linted.stderr).contains(canary))
                try night.write(night.settings)
            }
        }

        /// Puts the password where libpq finds it; the environment of every command from then on.
        private func plant(
            _ canary: String, _ place: Place, _ folder: String, _ night: Night
        ) throws -> [String: String] {
            let path = "\(folder)/secret"
            switch place {
            case .environment: return ["PGPASSWORD": canary]
            case .passfile:
                try "*:*:*:*:\(canary)\n".write(toFile: path, atomically: false, encoding: .utf8)
                try #require(unsafe chmod(path, 0o600) == 0)
                return ["PGPASSFILE": path]
            case .service:
                let query = night.settings.database.split(separator: "?").last ?? ""
                let lines = query.split(separator: "&").joined(separator: "\n")
                let text = "[nightly]\ndbname=\(night.name)\n\(lines)\npassword=\(canary)\n"
                try text.write(toFile: path, atomically: false, encoding: .utf8)
                var settings = night.settings
                settings.database = "service=nightly"
                try night.write(settings)
                return ["PGSERVICEFILE": path]
            }
        }

        /// Neither a file below the night's folder nor a row of the ledger holds a text.
        private func expectNowhere(_ canary: String, _ night: Night) throws {
            let names = try FileManager.default.subpathsOfDirectory(atPath: night.folder)
            #expect(names.count > 20)
            for name in names {
                let path = "\(night.folder)/\(name)"
                let bytes = FileManager.default.contents(atPath: path) ?? Data()
                #expect(bytes.firstRange(of: Data(canary.utf8)) == nil, "\(name)")
            }
            let tables = try night.texts(
                """
                SELECT oid::regclass::text FROM pg_class
                WHERE relnamespace = 'kugiri'::regnamespace AND relkind = 'r'
                """)
            #expect(tables.count > 20)
            for table in tables {
                let found = try night.count(
                    "SELECT count(*) FROM \(table) t WHERE strpos(t::text, '\(canary)') > 0")
                #expect(found == 0, "\(table)")
            }
        }
    }
}
