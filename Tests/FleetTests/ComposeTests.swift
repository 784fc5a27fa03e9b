// The topology of compose/compose.yaml as processes: commands, keys and variables are read from that
// file, only addresses and paths become this machine's. So the two cannot drift apart.

import FoundationEssentials
import Glibc
import Testing
import Yams

extension FleetTests {
    @Suite struct ComposeTests {
        /// A service of the file, with its words as this machine has them.
        private struct Service {
            var command: [String]
            var environment: [String: String]

            init(_ name: String, _ root: Node, _ substitutions: [(String, String)]) throws {
                func here(_ text: String) -> String {
                    substitutions.reduce(text) { $0.replacing($1.0, with: $1.1) }
                }
                let service = try #require(root["services"]?[name], "no service \(name)")
                let words = try #require(service["command"]?.array())
                command = words.compactMap(\.string).map(here)
                var variables: [String: String] = [:]
                // A merge key's members first, the service's own over them.
                let own = try #require(service["environment"]?.mapping)
                let shared = root["x-environment"]?.mapping
                for (key, value) in Array(shared ?? [:]) + Array(own) where key.string != "<<" {
                    variables[key.string ?? "?"] = here(value.string ?? "")
                }
                environment = variables
            }
        }

        /// `/run/secrets/NAME` and the file each stands for.
        private func secrets(_ root: Node, folder: String) throws -> [(String, String)] {
            let declared = try #require(root["secrets"]?.mapping)
            return try declared.map { name, value in
                let file = try #require(value["file"]?.string?.split(separator: "/").last)
                return ("/run/secrets/\(name.string ?? "?")", "\(folder)/\(file)")
            }.sorted { $0.0.count > $1.0.count }
        }

        @Test func `a coordinator without workers of its own and four by hand load the night`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 3_000)
            let services = try services(night, sample)
            #expect(try services.start("migrate").wait().code == 0)
            let oracle = try Oracle(night)
            let running = try services.start("coordinator", ["--json"])
            let workers = try (0..<4).map { _ in
                try services.start("worker", ["--coordinator-wait", "5"])
            }
            let end = try Conclusion(running.wait())
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.workers.allSatisfy { $0.name.hasPrefix("worker") })
            #expect(try end.facts.workers.count == 4)
            for worker in workers { _ = try worker.wait() }
        }

        @Test func `the standby of the file ends the night of a coordinator that was killed`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 3_000)
            let services = try services(night, sample)
            let oracle = try Oracle(night)
            let standby = try services.start("standby")
            let coordinator = try services.start(
                "coordinator", ["--json"], ["KUGIRI_FAILPOINT": "at_barrier:kill"])
            let workers = try (0..<2).map { _ in
                try services.start("worker", ["--coordinator-wait", "60"])
            }
            #expect(try coordinator.wait().wasKilled)
            let run = try night.onlyRun()
            try waitUntil("the night's end", limit: .seconds(90)) {
                try night.texts("SELECT state FROM kugiri.run") == ["published"]
                    && standby.children.isEmpty
            }
            for process in workers + [standby] {
                process.signal(SIGTERM)
                #expect(try process.wait().code == 143)
            }
            try oracle.expectLoaded(sample, try night.resume(run))
            let names = try night.texts(
                "SELECT DISTINCT left(worker, 7) FROM kugiri.crew WHERE term = 2")
            #expect(names == ["worker."])
        }

        /// The services of the file on this machine.
        private struct Services {
            let night: Night
            let root: Node
            let words: [(String, String)]

            func start(
                _ name: String, _ flags: [String] = [], _ more: [String: String] = [:]
            ) throws -> Running {
                let service = try Service(name, root, words)
                // Workers read no settings.
                let settings =
                    name == "worker" ? [] : ["--settings", "\(night.folder)/partitions.yaml"]
                var environment = service.environment.filter { $0.key != "PGPASSFILE" }
                for (name, value) in more { environment[name] = value }
                return try Binary.start(
                    service.command + flags + settings, environment: environment,
                    scratch: "\(night.folder)/out")
            }
        }

        private func services(_ night: Night, _ sample: Sample) throws -> Services {
            let network = try Network(night, allowed: ["worker"])
            let root = try #require(
                try Yams.compose(yaml: try Repository.text(of: "compose/compose.yaml")))
            let address = "127.0.0.1:\(network.port)"
            let other = "127.0.0.1:\(Network(keyless: night).port)"
            return Services(
                night: night, root: root,
                words: try secrets(root, folder: network.folder) + [
                    ("172.28.91.10:5591", address), ("coordinator:5591", address),
                    ("172.28.91.11:5591", other),
                    ("/input/${KUGIRI_INPUT:-input.txt}", sample.path),
                    ("${KUGIRI_JOB:-debit-result}", "debit-result"),
                    ("${KUGIRI_BUSINESS_DATE:-}", sample.date),
                    ("postgresql://batch@database:5432/batch", night.settings.database),
                    ("/var/lib/kugiri", night.state),
                ])
        }
    }
}
