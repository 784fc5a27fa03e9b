// `kugiri cancel` and `kugiri workers --drain`: what is done stays done, and the night can end.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct CancelTests {
        /// Every chunk, and every staged slice, takes this much longer.
        private static let slow = ["KUGIRI_FAILPOINT": "after_commit_before_report:slow:150"]

        @Test func `a cancelled run stops at a chunk boundary and resume ends the night`() throws {
            let night = try Night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, environment: Self.slow)
            try night.awaitLoad()
            let run = try night.onlyRun()
            let began = ContinuousClock.now
            let cancelled = try night.cancel(run, ["--reason", "wrong calendar"])
            #expect(ContinuousClock.now - began < .seconds(10))
            #expect(cancelled.ended.code == 0, "\(cancelled.ended.stderr)")
            #expect(cancelled.json["stopped_by"]?.string == "coordinator")
            #expect(cancelled.json["state"]?.string == "open")
            #expect(cancelled.json["exit_code"]?.number == 143)
            #expect(cancelled.json["next"]?.string == "kugiri resume \(run)")
            // Whoever asks next finds the target free.
            let locks =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                + "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            #expect(try night.count(locks) == 0)
            let stopped = try Conclusion(try running.wait())
            #expect(stopped.code == 143, "\(stopped.ended.stderr)")
            #expect(stopped.ended.stderr.contains("KGR1040W cancel of run \(run)"))
            #expect(stopped.ended.stderr.contains("reason: wrong calendar"))
            try night.expectReleased(run)
            let done = try night.loadedRows(run)
            #expect(done > 0 && done < 4_000)
            #expect(cancelled.json["records_done"]?.number == Double(done))
            #expect(try night.count("SELECT count(*) FROM member_account") == done)
            let audited = try night.texts(
                "SELECT reason FROM kugiri.audit WHERE command LIKE '%cancel%'")
            #expect(audited == ["wrong calendar"])
            // Asked again it says how the run stands, and changes nothing.
            let again = try night.cancel(run)
            #expect(again.ended.code == 0)
            #expect(again.json["stopped_by"]?.string == "nobody")
            try oracle.expectLoaded(sample, try night.resume(run))
            let late = try night.cancel(run)
            #expect(late.ended.code == 5)
            #expect(late.json["state"]?.string == "published")
            #expect(late.json["next"] == nil || late.json["next"] == .null)
        }

        @Test(arguments: ["spool_written_before_commit", "claim_taken", "after_copy_before_commit"])
        func `a run is cancelled before its load too`(place: String) throws {
            let night = try Night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "\(place):slow:1500"])
            try waitUntil("the run") {
                try night.count("SELECT count(*) FROM kugiri.tenure") == 1
            }
            let run = try night.onlyRun()
            let cancelled = try night.cancel(run)
            #expect(cancelled.ended.code == 0, "\(cancelled.ended.stderr)")
            #expect(try running.wait().code == 143)
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
            try night.expectReleased(run)
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a run whose coordinator was killed is stopped by cancel itself`() throws {
            let night = try Night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, environment: Self.slow)
            try night.awaitLoad()
            let run = try night.onlyRun()
            running.signal(SIGKILL)
            #expect(try running.wait().wasKilled)
            let cancelled = try night.cancel(run)
            #expect(cancelled.ended.code == 0, "\(cancelled.ended.stderr)")
            #expect(cancelled.json["stopped_by"]?.string == "cancel")
            try night.expectReleased(run)
            let tenure = try night.texts(
                "SELECT term || ' ' || exit_code FROM kugiri.tenure WHERE ended_at IS NOT NULL")
            #expect(tenure == ["2 143"])
            let log = try String(
                contentsOfFile: "\(night.state)/runs/\(run)/run.log", encoding: .utf8)
            #expect(log.contains("KGR1042W"))
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a run whose coordinator is frozen is stopped by cancel itself`() throws {
            let night = try Night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, environment: Self.slow)
            try night.awaitLoad()
            let run = try night.onlyRun()
            running.signal(SIGSTOP)
            let cancelled = try night.cancel(run)
            #expect(cancelled.ended.code == 0, "\(cancelled.ended.stderr)")
            #expect(cancelled.json["stopped_by"]?.string == "cancel")
            try night.expectReleased(run)
            running.signal(SIGCONT)
            #expect(try running.wait().code == 13)
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        @Test func `a worker of a dead coordinator is fenced by cancel`() throws {
            let night = try Night { $0.transfer = "stream" }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, ["--workers", "0"])
            // It stands in its chunk's transaction, with its claim's row locked.
            let guest = try night.startWorker("guest", of: running, failpoint: "in_chunk:stop:3")
            try waitUntil("the worker in its chunk") { Processes.isStopped(guest.pid) }
            let run = try night.onlyRun()
            running.signal(SIGKILL)
            #expect(try running.wait().wasKilled)
            let cancelled = try night.cancel(run)
            #expect(cancelled.ended.code == 0, "\(cancelled.ended.stderr)")
            #expect(cancelled.json["stopped_by"]?.string == "cancel")
            let done = try night.loadedRows(run)
            guest.signal(SIGCONT)
            try night.expectReleased(run)
            guest.signal(SIGTERM)
            _ = try guest.wait()
            #expect(try night.loadedRows(run) == done)
            try oracle.expectLoaded(sample, try night.resume(run, ["--workers", "2"]))
        }

        @Test func `nothing is cancelled that is not there`() throws {
            let night = try Night()
            let ended = try night.kugiri(["cancel", "debit-result-20261120-77", "--json"])
            #expect(ended.code == 64)
            #expect(try JSONSchema("refused-1").faults(ended.stdout) == [])
        }

        @Test func `a drained worker leaves after its chunk and the other one ends the night`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, environment: Self.slow)
            try night.awaitLoad()
            let run = try night.onlyRun()
            let unknown = try night.kugiri(["workers", run, "--drain", "w9", "--json"])
            #expect(unknown.code == 64 && unknown.stderr.contains("it has w1, w2"))
            let drained = try night.kugiri(
                ["workers", run, "--drain", "w1", "--reason", "its disk", "--json"])
            #expect(drained.code == 0, "\(drained.stderr)")
            #expect(try JSONSchema("drain-1").faults(drained.stdout) == [])
            #expect(try JSON(text: drained.stdout)["workers_left"]?.number == 1)
            let loaded = "SELECT count(*) FROM kugiri.interval WHERE worker = 'w1'"
            let before = try night.count(loaded)
            let end = try Conclusion(try running.wait())
            try oracle.expectLoaded(sample, end)
            #expect(try night.count(loaded) == before)
            #expect(
                try night.texts("SELECT DISTINCT worker FROM kugiri.crew ORDER BY 1") == [
                    "w1", "w2",
                ])
            let log = try end.log
            #expect(log.contains("KGR6015I") && log.contains("reason: its disk"))
            #expect(log.contains("KGR6016I"))
            #expect(!log.contains("KGR6014W"))
            #expect(
                try night.texts("SELECT reason FROM kugiri.audit WHERE command LIKE '%--drain%'")
                    == ["its disk"])
        }

        @Test func `the last worker is not drained silently`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, environment: Self.slow)
            try night.awaitLoad()
            let run = try night.onlyRun()
            let drained = try night.kugiri(["workers", run, "--drain", "w1"])
            #expect(drained.code == 4, "\(drained.stderr)")
            #expect(drained.stderr.contains("KGR6017W"))
            // The run waits: another worker may come.
            #expect(running.isRunning)
            let guest = try night.startWorker("guest", of: running)
            let end = try Conclusion(try running.wait())
            #expect(try guest.wait().code == 0)
            try oracle.expectLoaded(sample, end)
        }

        @Test func `a worker started by hand ends with 0 when it is drained`() throws {
            let night = try Night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(sample, environment: Self.slow)
            let guest = try night.startWorker("guest", of: running)
            try waitUntil("the guest") {
                try night.count("SELECT count(*) FROM kugiri.crew WHERE worker = 'guest'") == 1
            }
            let drained = try night.kugiri(["workers", try night.onlyRun(), "--drain", "guest"])
            #expect(drained.code == 0, "\(drained.stderr)")
            #expect(try guest.wait(.seconds(10)).code == 0)
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }
    }
}

extension Night {
    /// Waits until a chunk of the load is committed.
    func awaitLoad() throws {
        try waitUntil("a loaded chunk") {
            try count("SELECT count(*) FROM kugiri.interval WHERE phase = 'load'") > 0
        }
    }

    /// Rows whose load is committed.
    func loadedRows(_ run: String) throws -> Int {
        try count(
            "SELECT coalesce(sum(staged), 0)::bigint FROM kugiri.interval "
                + "WHERE run = '\(run)' AND phase = 'load'")
    }

    /// Cancels a run; what is printed fits its schema.
    func cancel(_ run: String, _ flags: [String] = []) throws -> (ended: Ended, json: JSON) {
        let ended = try kugiri(["cancel", run, "--json"] + flags)
        try #require([0, 5].contains(ended.code), "\(ended.stderr)")
        #expect(try JSONSchema("cancel-1").faults(ended.stdout) == [])
        return (ended, try JSON(text: ended.stdout))
    }

    /// Nobody has a claim of the run in hand, and no lock or session is left.
    func expectReleased(_ run: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let held =
            "SELECT count(*) FROM kugiri.claim WHERE run = '\(run)' AND finished_at IS NULL "
            + "AND (pid IS NOT NULL OR processing IS NOT NULL)"
        #expect(try count(held) == 0, sourceLocation: sourceLocation)
        let locks =
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
            + "(SELECT oid FROM pg_database WHERE datname = current_database())"
        try? waitUntil("no lock", limit: .seconds(5)) { try count(locks) == 0 }
        #expect(try count(locks) == 0, sourceLocation: sourceLocation)
    }
}
