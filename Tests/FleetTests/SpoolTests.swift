// Slices that come over the wire: workers that cannot see the spool load what local ones do.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct SpoolTests {
        @Test(arguments: [1, 2, 4])
        func `streamed slices give the rows of a serial load`(workers: Int) throws {
            let night = try Night {
                $0.transfer = "stream"
                $0.workers = workers
            }
            let sample = try night.sample(records: 3_000, defects: ["bad-enum:2"])
            let oracle = try Oracle(night)
            let hits = "\(night.folder)/hits"
            let end = try night.run(
                sample, ["--max-rejects", "2"], environment: ["KUGIRI_FAILPOINT_HITS": hits])
            try oracle.expectLoaded(sample, end, code: 4)
            // 408,000 bytes of records in slices that end with a short block each.
            #expect(try blocks(hits) >= 7)
        }

        @Test func `local workers read the directory unless they are told not to`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let hits = "\(night.folder)/hits"
            let end = try night.run(sample, environment: ["KUGIRI_FAILPOINT_HITS": hits])
            try oracle.expectLoaded(sample, end)
            #expect(try blocks(hits) == 0)
        }

        @Test(.enabled(if: Namespaces.isPossible, "needs root and mount namespaces"))
        func `workers that cannot see the spool load what local ones do`() throws {
            let night = try Night()
            let sample = try night.sample(records: 3_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--workers", "0"])
            let guests = try ["tokyo", "osaka"].map {
                try night.startWorker($0, of: running, sight: .noSpool)
            }
            let end = try Conclusion(try running.wait())
            for guest in guests { #expect(try guest.wait().code == 0) }
            try oracle.expectLoaded(sample, end)
            let names = try end.facts.workers.map(\.name)
            #expect(names.sorted() == ["osaka", "tokyo"])
            #expect(try end.log.contains("worker tokyo joined from \(HostName.current)"))
        }

        @Test(.enabled(if: Namespaces.isPossible, "needs root and mount namespaces"))
        func `where streaming is forbidden such a worker ends the run with 11`() throws {
            let night = try Night { $0.transfer = "shared" }
            let sample = try night.sample(records: 1_500)
            let running = try night.startRun(sample, ["--workers", "0"])
            let guest = try night.startWorker("tokyo", of: running, sight: .noSpool)
            let end = try Conclusion(try running.wait())
            #expect(end.code == 11, "\(end.ended.stderr)")
            #expect(end.ended.stderr.contains("/spool/"))
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
            #expect(try guest.wait().code == 0)
        }

        @Test func `a slice the coordinator lost is spooled again`() throws {
            let night = try Night {
                $0.transfer = "stream"
                $0.workers = 1
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "claim_taken:stop:1"])
            let worker = try running.stoppedChild()
            let spool = "\(night.state)/spool/\(try night.onlyRun())"
            for name in try FileManager.default.contentsOfDirectory(atPath: spool) {
                try Data([1, 2, 3]).write(to: URL(filePath: "\(spool)/\(name)"))
            }
            kill(worker, SIGCONT)
            let end = try Conclusion(try running.wait())
            try oracle.expectLoaded(sample, end)
            #expect(try end.log.contains("spools its archived input again"))
        }

        @Test func `a slice with a wrong byte is asked for once more, then spooled again`() throws {
            let night = try Night {
                $0.transfer = "stream"
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let hits = "\(night.folder)/hits"
            let running = try night.startRun(
                sample,
                environment: [
                    "KUGIRI_FAILPOINT": "claim_taken:stop:1", "KUGIRI_FAILPOINT_HITS": hits,
                ])
            let worker = try running.stoppedChild()
            let spool = "\(night.state)/spool/\(try night.onlyRun())"
            for name in try FileManager.default.contentsOfDirectory(atPath: spool) {
                let place = URL(filePath: "\(spool)/\(name)")
                var bytes = try Data(contentsOf: place)
                bytes[bytes.count - 1] ^= 1
                try bytes.write(to: place)
            }
            kill(worker, SIGCONT)
            let end = try Conclusion(try running.wait())
            try oracle.expectLoaded(sample, end)
            #expect(try end.log.contains("does not have its checksum"))
            // Three slices of two or three blocks: the first one twice in vain, then all.
            #expect(try blocks(hits) >= 10)
        }

        // MARK: Deaths

        @Test(arguments: ["kill", "error"], [1, 4])
        func `a worker that dies in a transfer costs time only`(action: String, pass: Int) throws {
            let night = try Night { $0.transfer = "stream" }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let end = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "block_received:\(action):\(pass)"])
            try oracle.expectLoaded(sample, end)
            if action == "kill" { #expect(try end.log.contains("signal 9")) }
        }

        @Test(arguments: ["kill", "error"])
        func `a coordinator that dies in a transfer is followed by resume`(action: String) throws {
            let night = try Night { $0.transfer = "stream" }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "block_sent:\(action):4"])
            if action == "kill" {
                #expect(died.ended.wasKilled)
            } else {
                #expect(died.code == 12, "\(died.ended.stderr)")
            }
            try oracle.expectLoaded(sample, try night.resume(try night.onlyRun()))
        }

        @Test func `a coordinator that stands still in a transfer goes on where it was`() throws {
            let night = try Night {
                $0.transfer = "stream"
                $0.workers = 1
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "block_sent:stop:2"])
            try waitUntil("the coordinator in a transfer") { Processes.isStopped(running.pid) }
            // Long enough for the worker to ask again, twice.
            usleep(3_500_000)
            kill(running.pid, SIGCONT)
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }

        @Test func `staging that a crash emptied in the load is filled over the wire again`() throws
        {
            let night = try Night {
                $0.transfer = "stream"
                $0.workers = 1
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let stopped = try night.run(sample, ["--until", "validate"])
            #expect(stopped.code == 0)
            try night.crashServer()
            let hits = "\(night.folder)/hits"
            let end = try night.resume(
                try stopped.run, environment: ["KUGIRI_FAILPOINT_HITS": hits])
            try oracle.expectLoaded(sample, end)
            #expect(try blocks(hits) >= 6)
        }

        private func blocks(_ hits: String) throws -> Int {
            try String(contentsOfFile: hits, encoding: .utf8).split(separator: "\n")
                .count { $0 == "block_received" }
        }
    }
}
