// Sessions and the whole server go away during the load, with staging emptied: the same rows.

import Glibc
import Messaging
import Postgres
import Testing

extension FleetTests {
    @Suite struct ServerFaultTests {
        /// A night with one worker that stands still at a place in the load.
        private func standing(
            at place: String
        ) throws -> (night: Night, sample: Sample, running: Running, worker: Int32) {
            let night = try Night {
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
                $0.silence = "20s"
            }
            let sample = try night.sample(records: 2_500)
            let running = try night.startRun(sample, environment: ["KUGIRI_FAILPOINT": place])
            let worker = try running.stoppedChild()
            return (night, sample, running, worker)
        }

        /// The database session of the worker that holds a claim.
        private func session(_ night: Night) throws -> Int32 {
            Int32(
                try night.count(
                    "SELECT pid FROM kugiri.claim WHERE phase = 'load' AND finished_at IS NULL "
                        + "AND pid IS NOT NULL"))
        }

        @Test(arguments: ["in_chunk:stop:3", "before_commit:stop:3"])
        func `a worker whose session is ended goes on with a new one`(place: String) throws {
            let it = try standing(at: place)
            let empty = try Oracle(it.night, before: [:])
            let backend = try session(it.night)
            try it.night.online("SELECT pg_terminate_backend(\(backend), 5000)")
            kill(it.worker, SIGCONT)
            let end = try Conclusion(try it.running.wait())
            try empty.expectLoaded(it.sample, end)
            // The same process, under a newer epoch.
            let epochs = try it.night.texts(
                "SELECT epoch || ' ' || worker FROM kugiri.claim WHERE phase = 'load' "
                    + "AND epoch > 1")
            #expect(epochs == ["2 w1"])
        }

        @Test func `a commit whose answer never came is looked up, not repeated`() throws {
            // Passes of commit_sent: three slices validated, then chunks.
            let it = try standing(at: "commit_sent:stop:5")
            let empty = try Oracle(it.night, before: [:])
            let backend = try session(it.night)
            // The server has done the commit; the worker has not read the answer.
            try waitUntil("the commit") {
                try it.night.count(
                    "SELECT count(*) FROM pg_stat_activity WHERE pid = \(backend) "
                        + "AND state = 'idle'") == 1
            }
            let done = try it.night.count("SELECT count(*) FROM member_account")
            #expect(done == 400)
            try it.night.online("SELECT pg_terminate_backend(\(backend), 5000)")
            kill(it.worker, SIGCONT)
            try empty.expectLoaded(it.sample, try Conclusion(try it.running.wait()))
        }

        /// A chunk's commit does not wait for the disk: it is lost with the ledger that says so,
        /// or kept with it.
        @Test(arguments: [true, false])
        func `a crash of the server empties staging, and the run loads the same rows`(
            isOnDisk: Bool
        ) throws {
            let it = try standing(at: "in_chunk:stop:3")
            let empty = try Oracle(it.night, before: [:])
            let backend = try session(it.night)
            if isOnDisk { try it.night.online("SELECT pg_switch_wal()") }
            try it.night.crashServer(at: backend)
            let loaded = try it.night.count("SELECT count(*) FROM member_account")
            #expect(loaded == 400 || !isOnDisk)
            kill(it.worker, SIGCONT)
            let end = try Conclusion(try it.running.wait())
            try empty.expectLoaded(it.sample, end)
        }

        @Test func `a crash between validation and load is noticed, and validation done again`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 2_500, defects: ["bad-enum:3"])
            let oracle = try Oracle(night)
            let stopped = try night.run(sample, ["--max-rejects", "3", "--until", "validate"])
            #expect(stopped.code == 4)
            try night.crashServer()
            #expect(try night.count("SELECT count(*) FROM kugiri_stage.r1_s0") == 0)
            try oracle.expectLoaded(sample, try night.resume(try stopped.run), code: 4)
        }

        @Test func `a crash between load and certificate is noticed, and the load proved`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_500)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "before_publish:kill"])
            #expect(died.ended.wasKilled)
            try night.crashServer()
            let end = try night.resume(try night.onlyRun())
            #expect(end.code == 0, "\(end.ended.stderr)")
            let rows = try night.members()
            var reference = Reference([:], inserts: true)
            reference.load(try sample.bytes, date: sample.date, without: [])
            #expect(rows == reference.members)
        }

        /// Found by seed 1211 of the simulator.
        ///
        /// The server crashed while slices were certified, and the coordinator died while it staged
        /// them again. What it left is made by hand.
        @Test func `staging again that was broken off in certify is ended by resume`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_500)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "before_publish:kill"])
            #expect(died.ended.wasKilled)
            try night.online(
                """
                TRUNCATE kugiri_stage.r1_s0;
                DELETE FROM kugiri.interval WHERE phase = 'validate' AND slice = 0;
                INSERT INTO kugiri.claim (run, revision, phase, slice, low, high, weight, done_to)
                    SELECT run, revision, 'validate', slice, low, high, records, low
                    FROM kugiri.slice WHERE slice = 0;
                UPDATE kugiri.run SET phase = 'certify'
                """)
            let end = try night.resume(try night.onlyRun())
            #expect(end.code == 0, "\(end.ended.stderr)")
            let rows = try night.members()
            var reference = Reference([:], inserts: true)
            reference.load(try sample.bytes, date: sample.date, without: [])
            #expect(rows == reference.members)
        }
    }
}
