// Workers of other machines: over tcp with keys the night is the same; strangers get nothing in.

import FoundationEssentials
import Glibc
import Messaging
import Testing
import Wire

extension FleetTests {
    @Suite struct NetworkTests {
        @Test func `two remote workers with a key load what a serial load would`() throws {
            let night = try Night { $0.workers = 0 }
            let network = try Network(night)
            let sample = try night.sample(records: 3_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            let workers = try [network.worker(), network.worker()]
            let end = try Conclusion(try running.wait())
            try leave(workers)
            try oracle.expectLoaded(sample, end)
            let names = try end.facts.workers.map(\.name)
            #expect(names.count == 2 && names.allSatisfy { $0.hasPrefix("osaka.") }, "\(names)")
            #expect(network.log.contains("KGR6020I listening at \(network.endpoint): 1 keys"))
        }

        @Test func `local workers need no key while remote ones take part`() throws {
            let night = try Night { $0.workers = 1 }
            let network = try Network(night)
            let sample = try night.sample(records: 6_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, ["--listen", network.endpoint],
                environment: ["KUGIRI_FAILPOINT": "claim_taken:stop:1"])
            let own = try running.stoppedChild()
            let remote = try network.worker(environment: ["KUGIRI_FAILPOINT": ""])
            try waitUntil("osaka in the log") { network.log.contains("worker osaka.") }
            kill(own, SIGCONT)
            let end = try Conclusion(try running.wait())
            try leave([remote])
            try oracle.expectLoaded(sample, end)
            let names = try end.facts.workers.map(\.name)
            #expect(names.contains("w1") && names.contains { $0.hasPrefix("osaka.") }, "\(names)")
        }

        @Test func `strangers get nothing in, are told why, and the night goes on`() throws {
            let night = try Night { $0.workers = 0 }
            let network = try Network(
                night, allowed: ["osaka", "nara"], others: ["mallory"])
            try network.run("revoke", "nara")
            let sample = try night.sample(records: 2_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            try waitUntil("the door") { network.log.contains("KGR6020I") }
            let strangers = try [
                (network.worker(key: "mallory"), Int32(16), "KGR6061E"),
                (network.worker(key: "nara"), 16, "KGR6061E"),
                (network.worker(key: nil), 16, "KGR6062E"),
                (network.worker(server: "mallory", wait: 2), 12, "KGR6063E"),
                (network.worker(["--name", "kyoto.1"]), 16, "KGR6060E"),
                (network.worker(["--name", "w1"]), 16, "KGR6060E"),
            ]
            let noise = try (0..<100).map { _ in
                try RawConnection(.port(network.port), Array("GET / HTTP/1.1\r\n\r\n".utf8))
            }
            for (stranger, code, message) in strangers {
                let ended = try stranger.wait(.seconds(30))
                #expect(ended.code == code, "\(message): \(ended.stderr)")
                #expect(ended.stderr.contains(message), "\(ended.stderr)")
            }
            #expect(running.isRunning)
            let good = try network.worker()
            let end = try Conclusion(try running.wait())
            try leave([good])
            try oracle.expectLoaded(sample, end)
            let names = try end.facts.workers.filter { $0.claims > 0 }.map(\.name)
            #expect(names.count == 1 && names[0].hasPrefix("osaka."), "\(names)")
            #expect(!network.log.contains("worker mallory") && !network.log.contains("worker nara"))
            #expect(network.log.contains("KGR6023W"))
            #expect(network.log.contains("KGR6050E worker kyoto.1"))
            withExtendedLifetime(noise) {}
        }

        @Test func `a key revoked in mid-run loses its claim, another worker does it`() throws {
            let night = try Night { $0.workers = 0 }
            let network = try Network(night, allowed: ["osaka", "kyoto"])
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            let osaka = try network.worker(environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            try waitUntil("osaka in its chunk") { Processes.isStopped(osaka.pid) }
            try network.run("revoke", "osaka")
            try waitUntil("the revocation") { network.log.contains("KGR6026W key osaka revoked") }
            osaka.signal(SIGCONT)
            let ended = try osaka.wait()
            #expect(ended.code == 16, "\(ended.stderr)")
            #expect(ended.stderr.contains("the key osaka was revoked"), "\(ended.stderr)")
            let kyoto = try network.worker(key: "kyoto")
            let end = try Conclusion(try running.wait())
            try leave([kyoto])
            try oracle.expectLoaded(sample, end)
            #expect(network.log.contains("its key was revoked"))
        }

        @Test func `a key made anew in mid-run comes in, and the old one is let go`() throws {
            let night = try Night { $0.workers = 0 }
            let network = try Network(night)
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            let old = try network.worker(environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            try waitUntil("osaka in its chunk") { Processes.isStopped(old.pid) }
            try network.run("rotate", "osaka")
            try Binary.run(
                [
                    "keys", "rotate", "osaka", "--public", network.publicPart("osaka"),
                    "--directory", network.folder,
                ], scratch: "\(night.folder)/out"
            ).expect(code: 0)
            try waitUntil("the list read again") { network.log.contains("KGR6021I") }
            let new = try network.worker()
            old.signal(SIGCONT)
            #expect(try old.wait().code == 16)
            let end = try Conclusion(try running.wait())
            try leave([new])
            try oracle.expectLoaded(sample, end)
            try network.run("list", "--json")
        }

        @Test func `on loopback it works without keys`() throws {
            let night = try Night { $0.workers = 0 }
            let network = Network(keyless: night)
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_LISTEN": network.endpoint])
            let worker = try network.worker(key: nil)
            let end = try Conclusion(try running.wait())
            try leave([worker])
            try oracle.expectLoaded(sample, end)
            #expect(network.log.contains("KGR6022W"))
        }

        @Test func `a killed coordinator's remote worker serves the one that resumes`() throws {
            let night = try Night { $0.workers = 0 }
            let network = try Network(night)
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, ["--listen", network.endpoint],
                environment: ["KUGIRI_FAILPOINT": "at_barrier:kill:1"])
            let worker = try network.worker(wait: 60)
            #expect(try running.wait().wasKilled)
            let end = try night.resume(try night.onlyRun(), ["--listen", network.endpoint])
            try leave([worker])
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.workers.allSatisfy { $0.name.hasPrefix("osaka.") })
        }

        @Test func `a worker without a coordinator ends, and says what it waited for`() throws {
            let night = try Night()
            let network = try Network(night)
            let ended = try network.worker(wait: 1).wait(.seconds(30))
            #expect(ended.code == 12)
            #expect(ended.stderr.contains("KGR6063E"), "\(ended.stderr)")
            #expect(ended.stderr.contains(network.endpoint))
        }

        @Test func `a run without any worker ends when its wait is over`() throws {
            let night = try Night {
                $0.workers = 0
                $0.network = "{worker_wait: 3s}"
            }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            #expect(end.code == 12)
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
            #expect(end.ended.stderr.contains("KGR6052E"), "\(end.ended.stderr)")
            // What was split stays, and a worker that comes later finds it.
            let network = Network(keyless: night)
            let resumed = try night.startResume(
                try end.run, environment: ["KUGIRI_LISTEN": network.endpoint])
            let worker = try network.worker(key: nil)
            let loaded = try Conclusion(try resumed.wait())
            try leave([worker])
            try oracle.expectLoaded(sample, loaded)
        }

        @Test func `a run whose remote workers never came is resumed with its own`() throws {
            let night = try Night {
                $0.workers = 0
                $0.network = "{worker_wait: 1s}"
            }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            #expect(end.code == 12)
            try oracle.expectLoaded(sample, try night.resume(try end.run, ["--workers", "2"]))
        }

        /// Workers of other machines outlive the run: they are told to go.
        private func leave(_ workers: [Running]) throws {
            for worker in workers { worker.signal(SIGTERM) }
            for worker in workers { #expect(try worker.wait().code == 143) }
        }

        @Test func `another version is refused on both sides, by name`() throws {
            let night = try Night { $0.workers = 0 }
            let sample = try night.sample(records: 1_500)
            let network = try Network(night)
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            try waitUntil("the door") { network.log.contains("KGR6020I") }
            let context = try Context()
            let dealer = try DealerSocket(
                context, connect: Endpoint(network.endpoint),
                security: ClientSecurity(
                    keyFile: KeyFile(path: network.key("osaka")),
                    serverKey: KeyFile.publicKey(fileOrText: network.publicPart("coordinator"))))
            let hello = encode(
                Envelope(
                    term: 0, sequence: 1, run: "",
                    message: .hello(
                        Hello(worker: "osaka.1", host: "h", pid: 1, binaryVersion: "9.9.9"))))
            let reason = try answer(to: hello, dealer)
            #expect(reason.contains("9.9.9"), "\(reason)")
            var other = hello
            other[4] = wireVersion + 1
            #expect(try answer(to: other, dealer).contains("protocol version"))
            try waitUntil("the log") { network.log.contains("KGR6050E worker osaka.1 from h") }
            running.signal(SIGTERM)
            #expect(try running.wait().code == 143)
        }

        // MARK: Help

        /// The reason of the refusal that answers a message.
        private func answer(to body: [UInt8], _ dealer: borrowing DealerSocket) throws -> String {
            let deadline = Monotonic.now() + .seconds(20)
            while try !dealer.send(body), Monotonic.now() < deadline { usleep(5_000) }
            while Monotonic.now() < deadline {
                _ = try Messaging.wait(dealer: dealer, descriptors: [], milliseconds: 100)
                guard let bytes = try dealer.receive() else { continue }
                if case .refuse(let reason) = try decode(bytes).message { return reason }
            }
            return ""
        }
    }
}
