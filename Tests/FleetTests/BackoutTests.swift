// What a run wrote is taken back where it is still ours; the rest is left and listed.

import FoundationEssentials
import Glibc
import Messaging
import Postgres
import Testing

extension FleetTests {
    @Suite struct BackoutTests {
        @Test func `a night is taken back row for row, but for rows changed since`() throws {
            let night = try Night()
            let it = try night.twoNights()
            let customers = try it.sample.debits().map(\.customer).sorted()
            // Three of our rows change online: a column of the job, another one, and a row goes.
            try night.online(
                """
                UPDATE member_account SET last_amount = 7 WHERE customer_number = '\(customers[3])';
                UPDATE member_account SET name = 'moved' WHERE customer_number = '\(customers[900])';
                DELETE FROM member_account WHERE customer_number = '\(customers[1_500])'
                """)
            let moved = try night.contents()
            let back = try night.backout(it.second)
            #expect(back.ended.code == 4, "\(back.ended.stderr)")
            let report = try back.checked
            #expect(report["counts"]?["left_alone"]?.number == 3)
            #expect(
                report["rows"]?.list.compactMap { $0["kind"]?.string }.sorted()
                    == ["changed", "changed", "vanished"])
            #expect(report["state"]?.string == "backed_out")
            var expected = it.before
            for key in [customers[3], customers[900], customers[1_500]] {
                expected[key] = moved[key]
            }
            #expect(try night.contents() == expected)
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [it.first])
            let shown = try night.kugiri(["report", it.second])
            #expect(shown.stdout.contains("backed out at"), "\(shown.stdout)")
            #expect(try night.kugiri(["certificate", it.second]).stdout.contains("backed out at"))
            #expect(try night.kugiri(["runs"]).stdout.contains("backed_out"))
            #expect(try night.backout(it.second).ended.code == 64)

            // The same file may come again: by a run, and the run itself by a rerun.
            let again = try night.run(it.sample)
            #expect(again.code == 0, "\(again.ended.stderr)")
            #expect(try again.run != it.second)
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [try again.run])
        }

        @Test func `a run whose partitions were taken back one by one is backed out`() throws {
            let night = try Night()
            let it = try night.twoNights()
            #expect(try night.backout(it.second, ["--partition", "1"]).ended.code == 0)
            let again = try night.run(it.sample)
            #expect(again.code == 4, "\(again.ended.stderr)")
            #expect(again.ended.stderr.contains("KGR1074W partitions 1 of run \(it.second)"))
            for partition in 2...4 {
                let back = try night.backout(it.second, ["--partition", String(partition)])
                #expect(back.ended.code == 0, "\(back.ended.stderr)")
            }
            #expect(try night.contents() == it.before)
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [it.first])
            let state = "SELECT state FROM kugiri.run WHERE run = '\(it.second)'"
            #expect(try night.texts(state) == ["backed_out"])
            let anew = try night.run(it.sample)
            #expect(anew.code == 0, "\(anew.ended.stderr)")
            #expect(try anew.run != it.second)
        }

        @Test func `who is held up by a backout that stands still learns whose it is`() throws {
            let night = try Night()
            let it = try night.twoNights()
            let frozen = try night.startBackout(
                it.second, environment: ["KUGIRI_FAILPOINT": "in_backout:stop:3"])
            try waitUntil("the backout standing still") { Processes.isStopped(frozen.pid) }
            let held = try night.rerun(it.second, ["--from", "start"])
            #expect(held.code == 13, "\(held.ended.stderr)")
            for part in [
                "KGR5067E", "'kugiri backout \(it.second)'", "@\(HostName.current)",
                "'kill -9 \(frozen.pid)' on \(HostName.current)",
            ] {
                #expect(held.ended.stderr.contains(part), "\(held.ended.stderr)")
            }
            frozen.signal(SIGKILL)
            #expect(try frozen.wait().wasKilled)
            #expect(try night.backout(it.second).ended.code == 0)
            #expect(try night.contents() == it.before)
        }

        @Test func `a certificate holds while a rerun of its run waits for an answer`() throws {
            let night = try Night()
            let it = try night.twoNights()
            let killed = try night.rerun(
                it.second, ["--from", "start"],
                environment: ["KUGIRI_FAILPOINT": "before_approval:kill"])
            #expect(killed.ended.wasKilled)
            let verified = try night.kugiri(["certificate", "verify", it.second])
            #expect(verified.code == 0, "\(verified.stdout)")
            // Nor does the rerun hide that the run has loaded: it can still be taken back.
            let back = try night.backout(it.second)
            #expect(back.ended.code == 0, "\(back.ended.stderr)")
            #expect(try night.contents() == it.before)
        }

        @Test func `a run that has loaded nothing has nothing to be taken back`() throws {
            let night = try Night()
            let validated = try night.run(
                try night.sample(records: 500), ["--until", "validate"])
            let back = try night.backout(try validated.run)
            #expect(back.ended.code == 64, "\(back.ended.stderr)")
            #expect(back.ended.stderr.contains("it has loaded nothing"))
        }

        @Test func `lock and counter move forwards where a row is restored`() throws {
            let night = try Night()
            let it = try night.twoNights()
            let moving =
                "SELECT customer_number || ' ' || to_char(updated_at, 'YYYYMMDDHH24MISSUS') "
                + "|| ' ' || update_count FROM member_account ORDER BY customer_number"
            let before = try night.texts(moving)
            #expect(try night.backout(it.second).ended.code == 0)
            #expect(try night.contents() == it.before)
            let remaining = Set(try night.texts("SELECT customer_number FROM member_account"))
            let old = before.filter { remaining.contains(String($0.prefix { $0 != " " })) }
            let new = try night.texts(moving)
            #expect(old.count == new.count)
            let pairs = zip(old, new)
            #expect(pairs.allSatisfy { $0 <= $1 })
            #expect(pairs.contains { $0 < $1 })
        }

        @Test func `a backout that was killed goes on when it is given again`() throws {
            let night = try Night()
            let it = try night.twoNights()
            let killed = try night.backout(
                it.second, environment: ["KUGIRI_FAILPOINT": "in_backout:kill:4"])
            #expect(killed.ended.wasKilled)
            #expect(try night.contents() != it.before)
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [it.first])
            let next = try night.run(
                try night.sample(records: 500, seed: 9, date: "2026-11-27"))
            #expect(next.code == 13, "\(next.ended.stderr)")
            #expect(next.ended.stderr.contains("kugiri backout \(it.second) --reason"))
            // A run that is half taken back is not complete.
            let resumed = try night.resume(it.second)
            #expect(resumed.code == 13, "\(resumed.ended.stderr)")
            #expect(try night.rerun(it.second, ["--from", "start"]).code == 13)
            let other = try night.backout(it.second, ["--partition", "1"])
            #expect(other.ended.code == 13, "\(other.ended.stderr)")
            let end = try night.backout(it.second)
            #expect(end.ended.code == 0, "\(end.ended.stderr)")
            #expect(try night.contents() == it.before)
            #expect(try night.count("SELECT count(*) FROM kugiri.backout") == 1)
            let written = try night.count("SELECT restored + removed FROM kugiri.backout")
            #expect(written == it.written)
        }

        @Test func `one partition is taken back, and done again`() throws {
            let night = try Night()
            let it = try night.twoNights()
            let loaded = try night.contents()
            let part = try night.texts(
                """
                SELECT format('customer_number COLLATE "C" >= %L AND customer_number COLLATE "C" < %L',
                    low, high) FROM kugiri.partition WHERE number = 2 AND run = '\(it.second)'
                """)[0]
            let outside =
                "SELECT xmin || t::text FROM member_account t WHERE NOT (\(part)) "
                + "ORDER BY customer_number"
            let siblings = try night.texts(outside)
            let back = try night.backout(it.second, ["--partition", "2"])
            #expect(back.ended.code == 0, "\(back.ended.stderr)")
            #expect(try back.checked["state"]?.string == "published")
            #expect(try night.texts(outside) == siblings)
            let inside = Set(
                try night.texts("SELECT customer_number FROM member_account WHERE \(part)"))
            for (key, row) in try night.contents() {
                #expect(row == (inside.contains(key) ? it.before[key] : loaded[key]))
            }
            #expect(try night.rerun(it.second, ["--partition", "3"]).code == 64)
            let again = try night.rerun(it.second, ["--partition", "2"])
            #expect(again.code == 0, "\(again.ended.stderr)")
            #expect(try night.contents() == loaded)
            #expect(try night.texts(outside) == siblings)
            #expect(try night.backout(it.second).ended.code == 0)
            #expect(try night.contents() == it.before)
        }

        @Test func `rows that are locked are tried again, then by the same command`() throws {
            let night = try Night { $0.lockBudget = "200ms" }
            let it = try night.twoNights()
            let customers = try it.sample.debits().map(\.customer).sorted()
            let holder = try Connection(
                url: FleetServer.url(of: night.name), applicationName: "test/holder")
            try holder.execute(
                "BEGIN; SELECT FROM member_account WHERE customer_number IN "
                    + "('\(customers[5])', '\(customers[700])') FOR UPDATE")
            let locked = try night.backout(it.second)
            #expect(locked.ended.code == 15, "\(locked.ended.stderr)")
            #expect(try locked.checked["rows"]?.list.count == 2)
            try holder.execute("ROLLBACK")
            let end = try night.backout(it.second)
            #expect(end.ended.code == 0, "\(end.ended.stderr)")
            #expect(try night.contents() == it.before)
        }

        @Test func `closed rows are open again`() throws {
            let night = try Feed.night()
            let it = try Feed.lacking(every: 20, of: 1_200, in: night)
            let before = try night.contents()
            let first = try night.run(it.file)
            try #require(first.code == 0, "\(first.ended.stderr)")
            #expect(try night.closed() == it.closing)
            let back = try night.backout(try first.run)
            #expect(back.ended.code == 0, "\(back.ended.stderr)")
            #expect(try back.checked["counts"]?["reopened"]?.number == Double(it.closing.count))
            #expect(try night.closed() == [])
            #expect(try night.contents() == before)
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [])
        }

        @Test func `a half loaded run is taken back, and cannot go on`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_000)
            try night.enrol(try sample.debits().prefix(1_000).map(\.customer))
            let before = try night.contents()
            let run = try night.killInLoad(sample, at: 4)
            #expect(try night.contents() != before)
            let back = try night.backout(run)
            #expect(back.ended.code == 0, "\(back.ended.stderr)")
            #expect(try night.contents() == before)
            #expect(try night.resume(run).code == 64)
            #expect(try night.run(sample).code == 0)
        }

        @Test func `no images, nobody to ask, a later night: refused, nothing is written`() throws {
            let night = try Night { $0.history = "off" }
            let bare = try night.run(try night.sample(records: 500))
            try #require(bare.code == 0)
            var before = try night.fingerprint()
            let refused = try night.backout(try bare.run)
            #expect(refused.ended.code == 16)
            #expect(refused.ended.stderr.contains("history: off"), "\(refused.ended.stderr)")
            #expect(try night.fingerprint() == before)

            let other = try Night()
            let it = try other.twoNights()
            before = try other.fingerprint()
            let silent = try other.kugiri(["backout", it.second, "--reason", "x"])
            #expect(silent.code == 64)
            let behind = try other.backout(it.first)
            #expect(behind.ended.code == 9, "\(behind.ended.stderr)")
            #expect(behind.ended.stderr.contains(it.second))
            let no = try other.asked(["backout", it.second, "--reason", "x"], "no")
            #expect(no.code == 5, "\(no.stdout)")
            #expect(try other.fingerprint() == before)
            #expect(try other.count("SELECT count(*) FROM kugiri.backout") == 0)
        }
    }
}

/// Two nights of one table; the second is to be taken back.
struct TwoNights {
    var first: String
    var second: String
    /// The file of the second.
    var sample: Sample
    /// The table between the two.
    var before: [String: Member]
    /// Rows the second one wrote.
    var written: Int
}

/// How a backout ended, for a test.
struct BackedOut {
    var ended: Ended

    /// What it printed, against its schema.
    var checked: JSON {
        get throws {
            let faults = try JSONSchema("backout-1").faults(ended.stdout)
            #expect(faults.isEmpty, "\(faults) \(ended.stdout)")
            return try JSON(text: ended.stdout)
        }
    }
}

extension Night {
    /// Takes a run back; agreed to, with a reason.
    func backout(
        _ run: String, _ flags: [String] = [], environment: [String: String] = [:]
    ) throws -> BackedOut {
        BackedOut(
            ended: try kugiri(
                ["backout", run, "--reason", "a test", "--yes", "--json"] + flags,
                environment: environment))
    }

    /// Loads a night, and another one that changes many of its rows and makes others.
    func twoNights() throws -> TwoNights {
        let sample = try sample(records: 2_000, seed: 2, date: "2026-11-24")
        // Two thirds are there before; the other rows are made by the second night.
        let known = try sample.debits().enumerated().filter { $0.offset % 3 != 0 }
            .map(\.element.customer)
        try enrol(known)
        let first = try run(
            try self.sample(records: 700, seed: 5, date: "2026-11-20"))
        try #require(first.code == 0, "\(first.ended.stderr)")
        let before = try contents()
        let second = try run(sample)
        try #require(second.code == 0, "\(second.ended.stderr)")
        let counts = try second.facts.counts
        return TwoNights(
            first: try first.run, second: try second.run, sample: sample, before: before,
            written: counts.inserted + counts.updated)
    }
}
