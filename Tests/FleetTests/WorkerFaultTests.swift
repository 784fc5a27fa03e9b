// Workers die, stop, stall and are told to go: the night ends with the same rows all the same.

import FoundationEssentials
import Glibc
import Messaging
import Postgres
import Testing

extension FleetTests {
    @Suite struct WorkerFaultTests {
        /// Where a worker is killed, and at which pass: with one worker and one partition the
        /// passes of `claim_taken` are three slices to validate, three to load, three to certify.
        private static let kills: [(Failpoint, Int, String)] = [
            (.claimTaken, 1, "validate"), (.afterCopyBeforeCommit, 2, "validate"),
            (.afterCommitBeforeReport, 1, "validate"), (.commitSent, 2, "validate"),
            (.claimTaken, 4, "load"), (.inChunk, 3, "load"), (.beforeCommit, 4, "load"),
            (.commitSent, 7, "load"), (.afterCommitBeforeReport, 6, "load"),
            (.claimTaken, 8, "certify"),
        ]

        @Test(arguments: kills)
        func `a worker killed anywhere costs time only`(
            place: Failpoint, pass: Int, phase: String
        ) throws {
            let night = try Night {
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let end = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "\(place.rawValue):kill:\(pass)"])
            try oracle.expectLoaded(sample, end)
            try expectDeath(night, end, "signal 9")
            try expectInPhase(night, end, phase)
        }

        @Test(arguments: [Failpoint.claimTaken, .afterCopyBeforeCommit, .inChunk, .commitSent])
        func `both workers killed at once are replaced`(place: Failpoint) throws {
            let night = try Night()
            let sample = try night.sample(records: 2_500, defects: ["bad-enum:2"])
            let oracle = try Oracle(night)
            let end = try night.run(
                sample, ["--max-rejects", "2"],
                environment: ["KUGIRI_FAILPOINT": "\(place.rawValue):kill:1"])
            try oracle.expectLoaded(sample, end, code: 4)
            try expectDeath(night, end, "signal 9")
        }

        /// Found by seed 72060 of the simulator: all workers of its own stood still while they had
        /// nothing to do, and the coordinator waited for them for ever.
        @Test func `an idle worker that stands still for ever is replaced`() throws {
            let night = try Night {
                $0.workers = 1
                $0.silence = "3s"
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            // Only the coordinator passes the barrier.
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "at_barrier:stop"])
            try waitUntil("the barrier") { Processes.isStopped(running.pid) }
            let workers = running.children
            #expect(workers.count == 1)
            for worker in workers { kill(worker, SIGSTOP) }
            running.signal(SIGCONT)
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }

        @Test func `workers killed at random moments cost time only`() throws {
            let night = try Night {
                $0.commitInterval = 100
                $0.attempts = 50
            }
            let sample = try night.sample(records: 6_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample)
            var random = SystemRandomNumberGenerator()
            var killed = 0
            while running.isRunning, killed < 8 {
                usleep(UInt32.random(in: 20_000...300_000, using: &random))
                guard let victim = running.children.randomElement(using: &random) else { continue }
                kill(victim, SIGKILL)
                killed += 1
            }
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
            #expect(killed > 0)
        }

        @Test func `a stopped worker's chunk shows as processing, then another one does it`() throws
        {
            let night = try Night {
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
                $0.silence = "6s"
            }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:3"])
            let worker = try running.stoppedChild()
            let run = try night.onlyRun()
            let processing = try night.texts(
                "SELECT key FROM kugiri.record_state('\(run)') WHERE state = 'processing'")
            // The bounds as validation promised them: the third chunk of the claim in hand.
            let promised = try night.texts(
                """
                SELECT s.kugiri_key FROM kugiri.claim c
                JOIN LATERAL (SELECT k.low, k.high FROM kugiri.chunk k WHERE k.run = c.run
                    AND k.slice = c.slice ORDER BY k.low OFFSET 2 LIMIT 1) k ON true
                JOIN kugiri_stage.r1 s ON s.kugiri_key >= k.low
                    AND (k.high IS NULL OR s.kugiri_key < k.high)
                WHERE c.run = '\(run)' AND c.phase = 'load' AND c.chunk_no = 2
                    AND c.finished_at IS NULL
                """)
            #expect(processing.count == 200)
            #expect(processing.sorted() == promised.sorted())
            let states = try night.states(of: run)
            #expect(states == ["processing": 200, "done": 400, "unprocessed": 1_900])
            #expect(Processes.isStopped(worker))

            let end = try Conclusion(try running.wait())
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.partitions.contains { $0.attempts > 1 })
        }

        @Test func `a zombie that wakes up after the run writes nothing`() throws {
            let night = try Night { $0.silence = "3s" }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--workers", "1"])
            try waitUntil("the coordinator's worker") { !running.children.isEmpty }
            let own = running.children[0]
            kill(own, SIGSTOP)
            // A worker of another machine: the coordinator cannot kill it, only fence it.
            let zombie = try night.startWorker(
                "zombie", of: running, failpoint: "in_chunk:stop:2")
            try waitUntil("the zombie in its chunk") { Processes.isStopped(zombie.pid) }
            kill(own, SIGCONT)
            let end = try Conclusion(try running.wait())
            #expect(end.code == 0, "\(end.ended.stderr)")
            let before = try night.fingerprint()
            zombie.signal(SIGCONT)
            _ = try zombie.wait()
            #expect(try night.fingerprint() == before)
            try oracle.expectLoaded(sample, end)
        }

        @Test func `a worker told to go gives back its claim and the run goes on`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            let worker = try running.stoppedChild()
            kill(worker, SIGTERM)
            kill(worker, SIGCONT)
            let end = try Conclusion(try running.wait())
            try oracle.expectLoaded(sample, end)
            try expectDeath(night, end, "exit 143")
        }

        // MARK: Help

        /// The run log tells how a worker ended.
        private func expectDeath(_ night: Night, _ end: Conclusion, _ status: String) throws {
            let log = try String(contentsOfFile: end.facts.directory + "/run.log", encoding: .utf8)
            #expect(log.contains(status), "no worker ended with \(status)")
        }

        /// A claim of this phase was taken back; on a busy machine others may have been too.
        private func expectInPhase(_ night: Night, _ end: Conclusion, _ phase: String) throws {
            let again = try night.texts(
                "SELECT DISTINCT phase FROM kugiri.claim WHERE run = '\(try end.run)' "
                    + "AND epoch > 1")
            #expect(again.contains(phase))
        }
    }
}
