// The topology of compose/compose.yaml as processes: commands, keys and variables are read from that
// file, only addresses and paths become this machine's. So the two cannot drift apart.

import FoundationEssentials
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
            let network = try Network(night, allowed: ["worker"])
            let sample = try night.sample(records: 3_000)
            let text = try Repository.text(of: "compose/compose.yaml")
            let root = try #require(try Yams.compose(yaml: text))
            let address = "127.0.0.1:\(network.port)"
            let words =
                try secrets(root, folder: network.folder) + [
                    ("172.28.91.10:5591", address), ("coordinator:5591", address),
                    ("/input/${KUGIRI_INPUT:-input.txt}", sample.path),
                    ("${KUGIRI_JOB:-debit-result}", "debit-result"),
                    ("${KUGIRI_BUSINESS_DATE:-}", sample.date),
                    ("postgresql://batch@database:5432/batch", night.settings.database),
                    ("/var/lib/kugiri", night.state),
                ]
            let coordinator = try Service("coordinator", root, words)
            let worker = try Service("worker", root, words)
            let migrate = try Service("migrate", root, words)
            let settings = ["--settings", "\(night.folder)/partitions.yaml"]
            let scratch = "\(night.folder)/out"
            func clean(_ service: Service) -> [String: String] {
                service.environment.filter { $0.key != "PGPASSFILE" }
            }

            #expect(
                try Binary.run(
                    migrate.command + settings, environment: clean(migrate), scratch: scratch
                ).code == 0)
            let oracle = try Oracle(night)
            let running = try Binary.start(
                coordinator.command + ["--json"] + settings, environment: clean(coordinator),
                scratch: scratch)
            let workers = try (0..<4).map { _ in
                try Binary.start(
                    worker.command + ["--coordinator-wait", "5"], environment: clean(worker),
                    scratch: scratch)
            }
            let end = try Conclusion(running.wait())
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.workers.allSatisfy { $0.name.hasPrefix("worker") })
            #expect(try end.facts.workers.count == 4)
            for worker in workers { _ = try worker.wait() }
        }
    }
}
