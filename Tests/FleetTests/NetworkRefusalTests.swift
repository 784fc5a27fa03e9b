// Settings of the network that are refused before a run begins, and secrets that show nowhere.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct NetworkRefusalTests {
        @Test(arguments: [
            ("tcp://127.0.0.1:32768", "ip_local_port_range"),
            ("tcp://127.0.0.1:60000", "ip_local_port_range"), ("tcp://*:5571", "one address"),
            ("tcp://0.0.0.0:5571", "one address"), ("tcp://192.0.2.7:5571", "needs keys"),
            ("tcp://localhost:5571", "address of this machine"), ("ws://127.0.0.1:5571", "only"),
            ("ipc:///tmp/a.ipc", "address of this machine"), ("tcp://127.0.0.1:80", "1024"),
        ])
        func `a place that is none is refused with 16 before anything begins`(
            listen: String, reason: String
        ) throws {
            let night = try Night()
            let sample = try night.sample(records: 200)
            let end = try night.run(sample, ["--listen", listen])
            #expect(end.code == 16)
            #expect(end.ended.stderr.contains("KGR8060E"), "\(end.ended.stderr)")
            #expect(end.ended.stderr.contains(reason), "\(end.ended.stderr)")
            #expect(try night.count("SELECT count(*) FROM kugiri.run") == 0)
        }

        @Test func `loose modes and faults of key files are refused with 16, all lines at once`()
            throws
        {
            let night = try Night()
            let network = try Network(night)
            let sample = try night.sample(records: 200)
            let flags = ["--listen", network.endpoint]
            let allow = "\(network.folder)/allow"
            _ = unsafe chmod(network.key("coordinator"), 0o640)
            var end = try night.run(sample, flags)
            #expect(end.code == 16)
            #expect(end.ended.stderr.contains("chmod 600"), "\(end.ended.stderr)")
            _ = unsafe chmod(network.key("coordinator"), 0o600)

            _ = unsafe chmod(allow, 0o666)
            end = try night.run(sample, flags)
            #expect(end.code == 16)
            #expect(end.ended.stderr.contains("chmod 644"), "\(end.ended.stderr)")
            _ = unsafe chmod(allow, 0o644)

            try "Osaka x\nkobe\n".write(toFile: allow, atomically: false, encoding: .utf8)
            end = try night.run(sample, flags)
            #expect(end.code == 16)
            #expect(end.ended.stderr.contains("line 1") && end.ended.stderr.contains("line 2"))

            try FileManager.default.removeItem(atPath: allow)
            end = try night.run(sample, flags)
            #expect(end.code == 16)
            #expect(end.ended.stderr.contains("keys allow"), "\(end.ended.stderr)")
            #expect(try night.count("SELECT count(*) FROM kugiri.run") == 0)

            _ = unsafe chmod(network.key("osaka"), 0o644)
            let worker = try network.worker().wait()
            #expect(worker.code == 16)
            #expect(worker.stderr.contains("chmod 600"), "\(worker.stderr)")
        }

        @Test func `lint tells what is wrong with the network block`() throws {
            let night = try Night { $0.network = "{listen: \"tcp://192.0.2.7:5571\"}" }
            let ended = try night.kugiri(["lint"])
            #expect(ended.code == 16)
            #expect(ended.stderr.contains("network.listen"), "\(ended.stderr)")
        }

        @Test func `a secret shows in no output, log, argument or report`() throws {
            let night = try Night { $0.workers = 1 }
            let network = try Network(night, others: ["mallory"])
            let secrets = try ["coordinator", "osaka", "mallory"].map { try network.secret($0) }
            let sample = try night.sample(records: 2_000)
            let running = try night.startRun(
                sample, ["--listen", network.endpoint],
                environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            let own = try running.stoppedChild()
            let remote = try network.worker()
            let stranger = try network.worker(key: "mallory").wait()
            #expect(stranger.code == 16)
            for secret in secrets {
                #expect(Processes.naming(secret).isEmpty)
                for pid in [running.pid, own, remote.pid] {
                    let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
                    let text = String(decoding: environment ?? Data(), as: UTF8.self)
                    #expect(!text.contains(secret))
                }
            }
            kill(own, SIGCONT)
            #expect(try running.wait().code == 0)
            remote.signal(SIGTERM)
            _ = try remote.wait()
            try network.run("list", "--json")
            for path in try files(below: night.folder) where !path.hasSuffix(".key") {
                let bytes = FileManager.default.contents(atPath: path) ?? Data()
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(!secrets.contains { text.contains($0) }, "\(path)")
            }
            let run = try night.texts("SELECT r::text FROM kugiri.run r")
            let audit = try night.texts("SELECT a::text FROM kugiri.audit a")
            #expect(!(run + audit).contains { row in secrets.contains { row.contains($0) } })
        }

        private func files(below folder: String) throws -> [String] {
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
            #expect(names.count > 20)
            return names.map { "\(folder)/\($0)" }
        }
    }
}
