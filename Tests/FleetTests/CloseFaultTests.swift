// Closing what a feed lacks under faults: killed workers and coordinators, lost staging, and the
// online side in between. It ends with the same rows (PROTOCOL 8, 11, 21–23, 26).

import FoundationEssentials
import Glibc
import Messaging
import Postgres
import Testing

extension FleetTests {
    @Suite struct CloseFaultTests {
        /// With one worker and one partition: two slices, chunks of at most 200 rows with the
        /// rows to be closed among them.
        private static let kills: [(Failpoint, Int, String)] = [
            (.afterCopyBeforeCommit, 1, "validate"), (.afterCommitBeforeReport, 1, "validate"),
            (.commitSent, 2, "validate"), (.claimTaken, 3, "load"), (.inChunk, 2, "load"),
            (.beforeCommit, 4, "load"), (.commitSent, 5, "load"),
            (.afterCommitBeforeReport, 6, "load"), (.claimTaken, 5, "certify"),
        ]

        private func night(
            _ change: (inout Settings91) -> Void = { _ in }
        ) throws -> (night: Night, file: Sample, closing: Set<String>) {
            let night = try Feed.night {
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
                change(&$0)
            }
            let it = try Feed.lacking(every: 20, of: 1_700, in: night)
            return (night, it.file, it.closing)
        }

        @Test(arguments: kills)
        func `a worker killed anywhere closes every row once`(
            place: Failpoint, pass: Int, phase: String
        ) throws {
            let it = try night()
            let oracle = try Oracle(it.night)
            let end = try it.night.run(
                it.file, environment: ["KUGIRI_FAILPOINT": "\(place.rawValue):kill:\(pass)"])
            try oracle.expectLoaded(it.file, end, closing: it.closing)
            #expect(try it.night.closed() == it.closing)
            let again = try it.night.texts(
                "SELECT DISTINCT phase FROM kugiri.claim WHERE run = '\(try end.run)' "
                    + "AND epoch > 1")
            #expect(again.contains(phase))
        }

        @Test(arguments: ["in_chunk:kill:3", "after_commit_before_report:kill:5"])
        func `workers killed in a run and in its resume cost time only`(place: String) throws {
            let it = try night { $0.attempts = 1 }
            let oracle = try Oracle(it.night)
            var end = try it.night.run(it.file, environment: ["KUGIRI_FAILPOINT": place])
            var tries = 0
            while end.code == 12, tries < 5 {
                tries += 1
                end = try it.night.resume(
                    try it.night.onlyRun(),
                    environment: tries < 3 ? ["KUGIRI_FAILPOINT": "in_chunk:kill:2"] : [:])
            }
            try oracle.expectLoaded(it.file, end, closing: it.closing)
            #expect(try it.night.closed() == it.closing)
        }

        @Test(arguments: ["at_barrier:kill", "before_publish:kill", "in_requeue:kill"])
        func `a coordinator killed is followed by one that ends the same`(place: String) throws {
            let it = try night()
            let oracle = try Oracle(it.night)
            let stopped = try it.night.run(it.file, ["--until", "validate"])
            let run = try stopped.run
            // One row to be closed is changed online, so that there is something to requeue.
            let changed = try #require(it.closing.min())
            try it.night.online(
                "UPDATE member_account SET name = name WHERE customer_number = '\(changed)'")
            let died = try it.night.resume(run, environment: ["KUGIRI_FAILPOINT": place])
            #expect(died.ended.wasKilled, "\(died.ended.stderr)")
            try oracle.expectLoaded(it.file, try it.night.resume(run), closing: it.closing)
            #expect(try it.night.closed() == it.closing)
        }

        @Test func `staging lost after some rows were closed is made again as it was`() throws {
            let it = try night { $0.silence = "20s" }
            let oracle = try Oracle(it.night)
            let running = try it.night.startRun(
                it.file, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:4"])
            let worker = try running.stoppedChild()
            #expect(try it.night.closed().count > 10)
            try it.night.online("SELECT pg_switch_wal()")
            try it.night.crashServer()
            kill(worker, SIGCONT)
            let end = try Conclusion(try running.wait())
            try oracle.expectLoaded(it.file, end, closing: it.closing)
            #expect(try it.night.closed() == it.closing)
        }

        @Test(arguments: ["validate", "certify"])
        func `staging lost between phases is noticed`(moment: String) throws {
            let it = try night()
            let oracle = try Oracle(it.night)
            guard moment == "validate" else {
                let died = try it.night.run(
                    it.file, environment: ["KUGIRI_FAILPOINT": "claim_taken:error:5"])
                // The worker fails as it begins to certify; another one goes on.
                try #require(died.code == 0, "\(died.ended.stderr)")
                #expect(try it.night.closed() == it.closing)
                return
            }
            #expect(try it.night.run(it.file, ["--until", "validate"]).code == 0)
            let run = try it.night.onlyRun()
            // A row that is to be closed is closed online while the run rests: it is as wanted.
            try it.night.crashServer()
            #expect(try it.night.count("SELECT count(*) FROM kugiri_stage.r1_s0") == 0)
            try oracle.expectLoaded(it.file, try it.night.resume(run), closing: it.closing)
            #expect(try it.night.closed() == it.closing)
        }

        // MARK: The online side between validation and load

        private func validated(
            _ change: (inout Settings91) -> Void = { _ in }
        ) throws -> (night: Night, file: Sample, closing: [String], run: String) {
            let it = try night(change)
            let stopped = try it.night.run(it.file, ["--until", "validate"])
            try #require(stopped.code == 0, "\(stopped.ended.stderr)")
            return (it.night, it.file, it.closing.sorted(), try stopped.run)
        }

        private func conflicts(_ night: Night) throws -> [String] {
            try night.texts(
                "SELECT kind || ' ' || state || coalesce(' ' || outcome::text, '') "
                    + "FROM kugiri.conflict ORDER BY key")
        }

        @Test func `a row changed online is read anew, closed, and keeps the change`() throws {
            let it = try validated()
            try it.night.online(
                "UPDATE member_account SET name = 'moved' "
                    + "WHERE customer_number = '\(it.closing[3])'")
            let oracle = try Oracle(it.night)
            try oracle.expectLoaded(
                it.file, try it.night.resume(it.run), closing: Set(it.closing))
            #expect(try conflicts(it.night) == ["changed applied C"])
            #expect(try it.night.closed() == Set(it.closing))
            #expect(
                try it.night.count("SELECT count(*) FROM member_account WHERE name = 'moved'") == 1)
        }

        @Test func `a row closed online is as it should be, and stays as it is`() throws {
            let it = try validated()
            try it.night.online(
                "UPDATE member_account SET closed_on = '2026-11-01' "
                    + "WHERE customer_number = '\(it.closing[3])'")
            let end = try it.night.resume(it.run)
            #expect(end.code == 0, "\(end.ended.stderr)")
            #expect(try it.night.closed(on: "2026-11-01") == [it.closing[3]])
            let counts = try end.facts.counts
            #expect(counts.absent == it.closing.count)
            #expect(counts.closed == it.closing.count - 1)
            #expect(counts.unchanged == 1)
            #expect(counts.balances)
        }

        @Test func `a row deleted online is a conflict that a person has to accept`() throws {
            let it = try validated()
            try it.night.online(
                "DELETE FROM member_account WHERE customer_number = '\(it.closing[3])'")
            let end = try it.night.resume(it.run)
            #expect(end.code == 15, "\(end.ended.stderr)")
            #expect(try conflicts(it.night) == ["vanished open"])
            let accepted = try it.night.resume(it.run, ["--max-conflicts", "1"])
            #expect(accepted.code == 4, "\(accepted.ended.stderr)")
            #expect(try accepted.facts.counts.closed == it.closing.count - 1)
            #expect(try accepted.facts.counts.balances)
        }

        @Test func `a row locked online is busy, and closed when it is free`() throws {
            let it = try validated { $0.lockBudget = "100ms" }
            let locked = try Connection(
                url: FleetServer.url(of: it.night.name), applicationName: "online")
            try locked.execute(
                "BEGIN; SELECT 1 FROM member_account WHERE customer_number = "
                    + "'\(it.closing[3])' FOR UPDATE")
            let held = try it.night.resume(it.run)
            #expect(held.code == 15, "\(held.ended.stderr)")
            #expect(try conflicts(it.night) == ["busy open"])
            #expect(try it.night.closed().count == it.closing.count - 1)
            try locked.execute("ROLLBACK")
            let oracle = try it.night.resume(it.run)
            #expect(oracle.code == 0, "\(oracle.ended.stderr)")
            #expect(try it.night.closed() == Set(it.closing))
            #expect(try conflicts(it.night) == ["busy applied C"])
        }

        @Test func `a row the target refuses to close is a late reject`() throws {
            let it = try night()
            let refused = try #require(it.closing.sorted().dropFirst(3).first)
            try it.night.online(
                "ALTER TABLE member_account ADD CHECK (closed_on IS NULL OR customer_number <> "
                    + "'\(refused)')")
            let end = try it.night.run(it.file)
            #expect(end.code == 8, "\(end.ended.stderr)")
            #expect(try it.night.closed() == it.closing.subtracting([refused]))
            #expect(try end.facts.counts.rejected == 1)
            #expect(try end.facts.counts.balances)
            let rejects = try it.night.texts(
                "SELECT record || ' ' || byte_offset || ' ' || rule || ' ' || late "
                    + "FROM kugiri.reject")
            #expect(rejects.count == 1)
            #expect(rejects.first?.hasPrefix("-") == true)
            #expect(rejects.first?.hasSuffix(" 0 target-constraint true") == true)
        }
    }
}
