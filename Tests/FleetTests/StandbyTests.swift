// A coordinator dies or freezes and a standby goes on within 10 s: the night ends as if nothing had
// happened, and the old coordinator writes nothing more.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct StandbyTests {
        /// From the death to the first interval of the takeover: promise 4.
        private static let promise = 10.0

        @Test func `a standby goes on with a run whose coordinator is killed in the load`() throws {
            let night = try Night { $0.partitions = "{auto: {count: 8}}" }
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let standby = try night.startStandby(["debit-result"])
            let (running, run) = try standStill(night, sample)
            try standby.told("KGR6031I")
            let death = secondsSinceEpoch
            running.signal(SIGKILL)
            #expect(try running.wait().wasKilled)
            let gone = try standby.told("KGR6033W")
            #expect(gone.runId == run && gone.text.contains("session has ended"), "\(gone.text)")
            #expect(gone.text.contains("process \(running.pid) since 20"), "\(gone.text)")
            try night.published(run)
            let wait = try #require(try night.firstInterval(of: run, after: death))
            #expect(wait > 0 && wait <= Self.promise, "first interval after \(wait) s")
            try night.quiet(standby)
            #expect(try standby.told("KGR6034I").text.contains("exit 0"))
            try standby.stop()
            try oracle.expectLoaded(sample, try night.resume(run))
            #expect(try night.term(of: run) == 2)
            let command = "SELECT count(*) FROM kugiri.audit WHERE run = '\(run)' AND command LIKE "
            #expect(try night.count(command + "'%resume%--takeover-of 1%'") == 1)
            let log = try String(
                contentsOfFile: "\(night.state)/runs/\(run)/run.log", encoding: .utf8)
            #expect(log.contains("KGR1005W"), "\(log)")
        }

        @Test func `a frozen coordinator is taken over, and leaves with 13 when it wakes up`()
            throws
        {
            let night = try Night { $0.partitions = "{auto: {count: 8}}" }
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let standby = try night.startStandby()
            let (running, run) = try standStill(night, sample)
            try standby.told("KGR6031I")
            let own = running.children
            let death = secondsSinceEpoch
            running.signal(SIGSTOP)
            let gone = try standby.told("KGR6033W")
            #expect(gone.text.contains("has been silent for"), "\(gone.text)")
            try night.published(run)
            let wait = try #require(try night.firstInterval(of: run, after: death))
            #expect(wait > 4 && wait <= Self.promise, "first interval after \(wait) s")
            try night.quiet(standby)
            let before = try night.everything()
            running.signal(SIGCONT)
            for worker in own { kill(worker, SIGCONT) }
            let woken = try running.wait()
            #expect(woken.code == 13, "\(woken.status) \(woken.stderr)")
            #expect(woken.stderr.contains("KGR6053E"), "\(woken.stderr)")
            #expect(woken.stderr.contains("lost term 1 to "), "\(woken.stderr)")
            #expect(try night.everything() == before)
            let living = Processes.naming(night.folder + "/").filter { own.contains($0) }
            #expect(living == [])
            try standby.stop()
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `remote workers go on with the standby at its own address`() throws {
            try remote(SIGKILL) { network, other in [network.endpoint, other.endpoint] }
        }

        @Test func `remote workers go on with the standby at the same address`() throws {
            try remote(SIGKILL) { network, _ in [network.endpoint] }
        }

        @Test func `remote workers leave a frozen coordinator for the standby`() throws {
            try remote(SIGSTOP) { network, other in [network.endpoint, other.endpoint] }
        }

        @Test func `of three standbys one takes over`() throws {
            let night = try Night()
            let sample = try night.sample(records: 3_000)
            let oracle = try Oracle(night)
            let standbys = try (0..<3).map { _ in try night.startStandby() }
            let (running, run) = try standStill(night, sample)
            for standby in standbys { try standby.told("KGR6031I") }
            running.signal(SIGKILL)
            _ = try running.wait()
            try night.published(run)
            for standby in standbys { try night.quiet(standby) }
            for standby in standbys { try standby.stop() }
            #expect(try night.term(of: run) == 2)
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a run that ends its coordinators is given up, and a person's resume ends it`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let standby = try night.startStandby(
                environment: ["KUGIRI_FAILPOINT": "at_barrier:kill"])
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "split_committed:kill"])
            #expect(died.ended.wasKilled)
            let run = try night.onlyRun()
            let last = try standby.told("KGR6036E", limit: .seconds(90))
            #expect(last.text.contains("ended 5 coordinators"), "\(last.text)")
            #expect(last.text.contains("'kugiri resume \(run)'"), "\(last.text)")
            #expect(try night.term(of: run) == 6)
            #expect(try standby.events().filter { $0.id == "KGR6033W" }.count == 5)
            let end = try night.resume(run)
            try standby.stop()
            try oracle.expectLoaded(sample, end)
        }

        @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
        func `a run that was stopped in order is left alone`(signal: Int32, code: Int32) throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let standby = try night.startStandby()
            let (running, run) = try standStill(night, sample)
            try standby.told("KGR6031I")
            let worker = try running.stoppedChild()
            running.signal(signal)
            kill(worker, SIGCONT)
            #expect(try running.wait().code == code)
            let left = try standby.told("KGR6032I")
            #expect(left.text.contains("exit \(code) "), "\(left.text)")
            // Four looks and more.
            usleep(1_500_000)
            #expect(try night.term(of: run) == 1)
            try standby.stop(SIGINT)
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a standby that is stopped stops the run it conducts in order`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 3_000)
            let oracle = try Oracle(night)
            let standby = try night.startStandby(
                environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:3"])
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "at_barrier:kill"])
            #expect(died.ended.wasKilled)
            var worker: Int32 = 0
            try waitUntil("a worker in its chunk") {
                worker =
                    standby.coordinators.flatMap { Processes.children(of: $0) }
                    .first { Processes.isStopped($0) } ?? 0
                return worker != 0
            }
            standby.signal(SIGTERM)
            usleep(300_000)
            kill(worker, SIGCONT)
            try standby.stop()
            let run = try night.onlyRun()
            let exit = "SELECT exit_code FROM kugiri.tenure WHERE run = '\(run)' AND term = 2"
            #expect(try night.count(exit) == 143)
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a standby without the run's directories says what is missing and stands by`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let oracle = try Oracle(night)
            let standby = try night.startStandby()
            let archive = "\(night.state)/archive"
            let died = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "split_committed:stop"])
            try waitUntil("the coordinator stands still") { Processes.isStopped(died.pid) }
            try standby.told("KGR6031I")
            // As on a machine that does not share them.
            try FileManager.default.moveItem(atPath: archive, toPath: archive + ".away")
            died.signal(SIGKILL)
            _ = try died.wait()
            let failed = try standby.told("KGR6035W")
            #expect(failed.text.contains("exit 11"), "\(failed.text)")
            let run = try night.onlyRun()
            #expect(try night.term(of: run) == 1)
            try FileManager.default.moveItem(atPath: archive + ".away", toPath: archive)
            try night.published(run)
            try night.quiet(standby)
            let ended = try standby.stop()
            #expect(ended.stderr.contains("KGR2050E"), "\(ended.stderr)")
            #expect(ended.stderr.contains(archive), "\(ended.stderr)")
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a shell loop of resume goes on within ten seconds, killed or frozen`() throws {
            for signal in [SIGKILL, SIGSTOP] {
                let night = try Night { $0.partitions = "{auto: {count: 8}}" }
                let sample = try night.sample(records: 4_000)
                let oracle = try Oracle(night)
                let (running, run) = try standStill(night, sample)
                let death = secondsSinceEpoch
                running.signal(signal)
                if signal == SIGKILL { _ = try running.wait() }
                var end = try night.resume(run)
                while end.code == 13, secondsSinceEpoch - death < 30 {
                    #expect(end.ended.stderr.contains("KGR5051E"), "\(end.ended.stderr)")
                    usleep(500_000)
                    // The command a scheduler repeats may be either.
                    end = try night.run(sample, ["--resume"])
                }
                let wait = try #require(try night.firstInterval(of: run, after: death))
                #expect(wait <= Self.promise, "first interval after \(wait) s")
                running.signal(SIGCONT)
                let old = try running.wait()
                #expect(signal == SIGKILL ? old.wasKilled : old.code == 13, "\(old.stderr)")
                try oracle.expectLoaded(sample, end)
            }
        }

        @Test func `a standby waits for its database and says so once`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let standby = try night.startStandby()
            try night.crashServer()
            try standby.told("KGR6038I")
            #expect(try standby.events().filter { $0.id == "KGR6037W" }.count == 1)
            let died = try night.run(sample, environment: ["KUGIRI_FAILPOINT": "at_barrier:kill"])
            #expect(died.ended.wasKilled)
            let run = try night.onlyRun()
            try night.published(run)
            try night.quiet(standby)
            try standby.stop()
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a coordinator that is killed in a long statement is gone at once`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let standby = try night.startStandby()
            try night.online("BEGIN")
            try night.online("LOCK TABLE kugiri.certificate IN ACCESS EXCLUSIVE MODE")
            let running = try night.startRun(sample)
            try waitUntil("the coordinator waits for the lock") {
                try night.count(
                    "SELECT count(*) FROM pg_locks l JOIN kugiri.tenure t USING (pid) "
                        + "WHERE NOT l.granted") == 1
            }
            try standby.told("KGR6031I")
            let death = secondsSinceEpoch
            running.signal(SIGKILL)
            _ = try running.wait()
            try standby.told("KGR6033W")
            #expect(secondsSinceEpoch - death < 5)
            try night.online("COMMIT")
            let run = try night.onlyRun()
            try night.published(run)
            try night.quiet(standby)
            try standby.stop()
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a worker gives up an address that refuses it and serves the other`() throws {
            let stranger = try Night { $0.workers = 0 }
            let closed = try Network(stranger)
            let night = try Night { $0.workers = 0 }
            let network = try Network(night, allowed: ["kyoto"])
            let strange = try stranger.startRun(
                try stranger.sample(records: 500), ["--listen", closed.endpoint])
            try waitUntil("the closed door") { closed.log.contains("KGR6020I") }
            let worker = try closed.worker(
                key: nil,
                [
                    "--server-key", closed.publicPart("coordinator"), "--connect",
                    network.endpoint, "--server-key", network.publicPart("coordinator"), "--key",
                    network.key("kyoto"),
                ], environment: ["KUGIRI_DATABASE_URL": night.settings.database])
            try waitUntil("the refusal") { worker.errorsSoFar.contains("KGR6028W") }
            #expect(worker.errorsSoFar.contains("\(closed.endpoint) is given up"))
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let end = try night.run(sample, ["--listen", network.endpoint])
            worker.signal(SIGTERM)
            #expect(try worker.wait().code == 143)
            try oracle.expectLoaded(sample, end)
            strange.signal(SIGTERM)
            #expect(try strange.wait().code == 143)
            let uneven = try closed.worker(
                [
                    "--connect", network.endpoint, "--server-key",
                    network.publicPart("coordinator"),
                    "--connect", "tcp://127.0.0.1:5999",
                ])
            #expect(try uneven.wait().code == 64)
        }

        @Test func `without --standby, and for a job nobody knows, it is refused`() throws {
            let night = try Night()
            for arguments in [
                ["coordinator"], ["coordinator", "--standby", "debit-resul"],
                ["coordinator", "--standby", "--workers", "-1"],
            ] {
                let ended = try night.kugiri(arguments)
                #expect(ended.code == 64, "\(arguments) \(ended.stderr)")
            }
        }

        // MARK: Help

        /// A run one of whose workers stands still in its third chunk.
        private func standStill(
            _ night: Night, _ sample: Sample
        ) throws -> (running: Running, run: String) {
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:3"])
            _ = try running.stoppedChild()
            return (running, try night.onlyRun())
        }

        /// Workers of other machines, with keys: the coordinator is killed or frozen in the load.
        private func remote(_ signal: Int32, _ addresses: (Network, Network) -> [String]) throws {
            let night = try Night {
                $0.workers = 0
                $0.partitions = "{auto: {count: 8}}"
            }
            let network = try Network(night)
            // The same keys at another port.
            let other = Network(keyless: night)
            let places = addresses(network, other)
            let sample = try night.sample(records: 6_000)
            let oracle = try Oracle(night)
            let standby = try night.startStandby([
                "--listen", places.last ?? network.endpoint, "--workers", "0",
            ])
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            let more = places.dropFirst().flatMap { ["--connect", $0] }
            let workers = try [
                network.worker(wait: 60, more),
                network.worker(
                    wait: 60, more, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:3"]),
            ]
            try waitUntil("a worker in its chunk") { Processes.isStopped(workers[1].pid) }
            let run = try night.onlyRun()
            try standby.told("KGR6031I")
            let death = secondsSinceEpoch
            running.signal(signal)
            if signal == SIGKILL { _ = try running.wait() }
            workers[1].signal(SIGCONT)
            try night.published(run)
            let wait = try #require(try night.firstInterval(of: run, after: death))
            #expect(wait <= Self.promise, "first interval after \(wait) s")
            try night.quiet(standby)
            try standby.stop()
            running.signal(SIGCONT)
            if signal == SIGSTOP { #expect(try running.wait().code == 13) }
            for worker in workers {
                worker.signal(SIGTERM)
                #expect(try worker.wait().code == 143)
            }
            let end = try night.resume(run)
            try oracle.expectLoaded(sample, end)
            let came = try night.texts(
                "SELECT DISTINCT worker FROM kugiri.crew WHERE run = '\(run)' AND term = 2")
            #expect(!came.isEmpty && came.allSatisfy { $0.hasPrefix("osaka.") }, "\(came)")
        }
    }
}
