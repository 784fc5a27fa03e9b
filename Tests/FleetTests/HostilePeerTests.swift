// A peer with a good key that does not behave: it is not listened to for the rest of the run, and
// the run is none the worse.

import FoundationEssentials
import Glibc
import Messaging
import Testing
import Wire

extension FleetTests {
    @Suite struct HostilePeerTests {
        @Test func `three messages that are none ban a key for the run, its other connections too`()
            throws
        {
            let night = try Night { $0.workers = 0 }
            let network = try Network(night, allowed: ["osaka", "kyoto"])
            let sample = try night.sample(records: 2_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            try waitUntil("the door") { network.log.contains("KGR6020I") }
            let whole = encode(
                Envelope(term: 0, sequence: 1, run: "", message: .goodbye(reason: "\u{1B}[2J\n")))
            // Not ours; cut off; what only a coordinator says.
            try say([Array("GET / HTTP/1.1".utf8), whole.dropLast(), drain], as: "osaka", network)
            try waitUntil("the ban") { network.log.contains("KGR6025W") }
            #expect(network.log.contains("does not begin with KGR1"))
            let honest = try network.worker(wait: 3)
            #expect(try honest.wait(.seconds(60)).code == 12)
            #expect(running.isRunning)

            let kyoto = try network.worker(key: "kyoto")
            let end = try Conclusion(try running.wait())
            kyoto.signal(SIGTERM)
            _ = try kyoto.wait()
            try oracle.expectLoaded(sample, end)
            let names = try end.facts.workers.map(\.name)
            #expect(names.allSatisfy { $0.hasPrefix("kyoto.") }, "\(names)")
            #expect(network.log.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        }

        @Test func `hellos and failures full of control characters leave nothing in ledger or log`()
            throws
        {
            let night = try Night { $0.workers = 0 }
            let network = try Network(night, allowed: ["osaka", "kyoto"])
            let sample = try night.sample(records: 2_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            try waitUntil("the door") { network.log.contains("KGR6020I") }
            let version = try version(night)
            let hellos = [
                ("osaka.\u{1B}[2J", "tokyo"), ("osaka.a\nKGR9013I NORMAL END of run x", "tokyo"),
                ("osaka.=cmd|' /C calc'!A0", "tokyo"), ("osaka.ok", "a\u{1B}]0;x\u{7}"),
                ("osaka.ok", "=cmd|'/C calc'!A0"), ("kyoto.x", "tokyo"),
            ].map { name, host in
                message(.hello(Hello(worker: name, host: host, pid: 7, binaryVersion: version)))
            }
            try say(hellos, as: "osaka", network)
            try waitUntil("the refusals") {
                network.log.split(separator: "\n").count { $0.contains("KGR6050E") } >= 5
            }
            // A good name, and then all a worker may say about itself.
            let text = "a\r\n2026 I KGR9013I NORMAL END\u{1B}[2J,\"=cmd\u{202E}\u{0}"
            try say(
                [
                    message(
                        .hello(
                            Hello(
                                worker: "osaka.ok", host: "tokyo", pid: 7, binaryVersion: version)
                        )),
                    message(.log(LogLine(number: 1, severity: 0x45, id: "KGR9013I", text: text))),
                    message(
                        .failed(
                            Failure(claim: nil, epoch: 0, kind: .retry, sqlState: nil, text: text))),
                    message(.goodbye(reason: text)),
                ], as: "osaka", network)
            try waitUntil("the goodbye") { network.log.contains("worker osaka.ok left") }
            let kyoto = try network.worker(key: "kyoto")
            let end = try Conclusion(try running.wait())
            kyoto.signal(SIGTERM)
            _ = try kyoto.wait()
            try oracle.expectLoaded(sample, end)
            #expect(network.log.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
            #expect(!network.log.split(separator: "\n").contains { $0.hasPrefix("2026 I") })
            let crew = try night.texts("SELECT worker || host FROM kugiri.crew")
            #expect(!crew.contains { $0.contains("\u{1B}") || $0.contains("=cmd") }, "\(crew)")
        }

        private var drain: [UInt8] { message(.drain) }

        private func message(_ message: Message) -> [UInt8] {
            encode(Envelope(term: 0, sequence: 1, run: "", message: message))
        }

        /// Sends with a key of the network, one message after the other.
        private func say(_ bodies: [[UInt8]], as name: String, _ network: Network) throws {
            let context = try Context()
            let security = ClientSecurity(
                keyFile: try KeyFile(path: network.key(name)),
                serverKey: try KeyFile.publicKey(fileOrText: network.publicPart("coordinator")))
            let dealer = try DealerSocket(
                context, connect: try Endpoint(network.endpoint), security: security)
            for body in bodies {
                try waitUntil("a message of \(body.count) bytes to be sent") {
                    try dealer.send(body)
                }
            }
            // Until they have left this process: closing the socket would take them along.
            usleep(500_000)
        }

        /// The binary's version, as its workers say it.
        private func version(_ night: Night) throws -> String {
            let ended = try Binary.run(["--version"], scratch: "\(night.folder)/out")
            return ended.stdout.split(separator: "\n").first.map { String($0) } ?? ""
        }
    }
}
