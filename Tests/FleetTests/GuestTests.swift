// Workers that join and leave in mid-run, started by hand.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct GuestTests {
        @Test(arguments: [SIGTERM, SIGKILL])
        func `one worker leaves in its chunk, another joins, and the run goes on`(
            signal: Int32
        ) throws {
            let night = try Night {
                $0.silence = "4s"
                $0.transfer = "stream"
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--workers", "0"])
            let first = try night.startWorker("first", of: running, failpoint: "in_chunk:stop:2")
            try waitUntil("the first worker in its chunk") { Processes.isStopped(first.pid) }
            let second = try night.startWorker("second", of: running)
            first.signal(signal)
            first.signal(SIGCONT)
            let ended = try first.wait()
            #expect(signal == SIGTERM ? ended.code == 143 : ended.wasKilled)

            let end = try Conclusion(try running.wait())
            #expect(try second.wait().code == 0)
            try oracle.expectLoaded(sample, end)
            let done = try end.facts.workers.filter { $0.records > 0 }.map(\.name)
            #expect(Set(done).contains("second"))
            let left = "worker first left: asked to stop"
            #expect(try end.log.contains(left) == (signal == SIGTERM))
            #expect(try end.log.contains("taken back from worker first"))
        }

        @Test func `an idle worker that dies is given no work for long`() throws {
            let night = try Night {
                $0.silence = "2s"
                $0.attempts = 2
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
            }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            // The coordinator's own worker holds the split's end until the guests are dead.
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "claim_taken:stop:1"])
            let own = try running.stoppedChild()
            let guests = try (1...3).map { try night.startWorker("guest\($0)", of: running) }
            let log = "\(night.state)/runs/\(try night.onlyRun())/run.log"
            try waitUntil("three guests") {
                let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                return (1...3).allSatisfy { text.contains("worker guest\($0) joined") }
            }
            for guest in guests { guest.signal(SIGKILL) }
            kill(own, SIGCONT)
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }

        @Test func `a worker serves one run after the other, and leaves when no more comes`() throws
        {
            let night = try Night()
            let meeting = "\(night.folder)/meet.ipc"
            let guest = try night.startWorker("tokyo", at: "ipc://\(meeting)", wait: 8)
            for (seed, date) in [(1, "2026-11-20"), (2, "2026-11-24")] {
                let sample = try night.sample(records: 1_500, seed: seed, date: date)
                let before = try night.members()
                let running = try night.startRun(sample, ["--workers", "0"])
                _ = unsafe unlink(meeting)
                _ = unsafe symlink("\(night.meetingPlace(of: running))/coordinator.ipc", meeting)
                let end = try Conclusion(try running.wait())
                #expect(try end.facts.workers.map(\.name) == ["tokyo"])
                #expect(guest.isRunning)
                if seed == 2 { #expect(try guest.wait(.seconds(20)).code == 0) }
                guard seed == 2 else {
                    #expect(end.code == 0, "\(end.ended.stderr)")
                    continue
                }
                try Oracle(night, before: before).expectLoaded(sample, end)
            }
        }

        @Test func `a worker whose coordinator never comes leaves with 12`() throws {
            let night = try Night()
            let guest = try night.startWorker(
                "tokyo", at: "ipc://\(night.folder)/nobody.ipc", wait: 1)
            #expect(try guest.wait(.seconds(20)).code == 12)
        }

        @Test func `a worker told to stop while it waits for blocks stops at once`() throws {
            let night = try Night {
                $0.transfer = "stream"
                $0.silence = "4s"
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, ["--workers", "0"],
                environment: ["KUGIRI_FAILPOINT": "block_sent:stop:2"])
            let first = try night.startWorker("first", of: running)
            try waitUntil("the coordinator in a transfer") { Processes.isStopped(running.pid) }
            first.signal(SIGTERM)
            #expect(try first.wait(.seconds(5)).code == 143)
            running.signal(SIGCONT)
            let second = try night.startWorker("second", of: running)
            let end = try Conclusion(try running.wait())
            #expect(try second.wait().code == 0)
            try oracle.expectLoaded(sample, end)
        }

        @Test func `a worker that cannot reach the database leaves, and the run does not mind`()
            throws
        {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "claim_taken:stop:1"])
            let own = try running.stoppedChild()
            let lost = try Binary.start(
                ["worker", "--connect", night.endpoint(of: running), "--name", "lost"],
                environment: ["KUGIRI_DATABASE_URL": "postgresql:///none?host=/nowhere"],
                scratch: "\(night.folder)/out")
            #expect(try lost.wait(.seconds(60)).code == 12)
            kill(own, SIGCONT)
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }
    }
}
