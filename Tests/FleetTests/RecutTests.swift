// The partition table is edited while a run is unfinished: whatever the moment and whatever dies in
// between, the target is that of an undisturbed run, and nothing is loaded twice.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct RecutTests {
        @Test func `a table edited after validation is gone on with, and no slice is read again`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 3_500, defects: ["bad-enum:9"])
            let oracle = try Oracle(night)
            let stopped = try night.run(sample, ["--max-rejects", "9", "--until", "validate"])
            #expect(stopped.code == 4, "\(stopped.ended.stderr)")
            let validated = try night.validations()
            let table = try night.table(sample, at: [211, 1_333, 1_402, 2_999])
            try night.edit { $0.partitions = table.yaml }
            let died = try night.resume(
                try stopped.run, environment: ["KUGIRI_FAILPOINT": "before_recut_commit:kill"])
            #expect(died.ended.wasKilled)
            #expect(try night.count("SELECT count(*) FROM kugiri.partition") == 4)
            let end = try night.resume(try stopped.run)
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try night.validations() == validated)
            #expect(try end.facts.partitions.map(\.low) == [""] + table.cuts)
            #expect(try end.facts.partitions.map(\.high) == table.cuts.map { $0 } + [nil])
            try night.expectRecords(sample, try end.facts)
            try night.expectNoted(try end.facts, "KGR1021I")
            let audit = try night.texts(
                "SELECT reason FROM kugiri.audit WHERE hash_before <> hash_after")
            #expect(audit == ["partitions auto 4 → 5 ranges"])
        }

        /// Three tables, a kill in each load, and one in the middle of a re-cut.
        @Test func `a table edited again and again in the load changes no row that is loaded`()
            throws
        {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 4_000, defects: ["bad-enum:5"])
            let oracle = try Oracle(night)
            let run = try night.killInLoad(sample, at: 6, ["--max-rejects", "5"])
            var loaded = try night.versions()
            #expect(loaded.count >= 800 && loaded.count < 4_000)
            let moved = try night.table(sample, at: [150, 1_117, 1_118, 2_050, 3_333, 3_900])
            try night.edit { $0.partitions = moved.yaml }
            let died = try night.resume(
                run, environment: ["KUGIRI_FAILPOINT": "before_recut_commit:kill"])
            #expect(died.ended.wasKilled)
            try night.waitForWorkers()
            #expect(try night.versions() == loaded)
            try night.killResume(run, at: 5)
            #expect(try loaded.isSubset(of: night.versions()))
            loaded = try night.versions()

            let merged = try night.table(sample, at: [1_500])
            try night.edit {
                $0.partitions = merged.yaml
                $0.workers = 2
                $0.commitInterval = 333
            }
            try night.killResume(run, at: 2)
            loaded = try night.versions()

            try night.edit { $0.partitions = "{auto: {count: 7}}" }
            let end = try night.resume(run)
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try loaded.isSubset(of: night.versions()))
            #expect(try end.facts.partitions.count <= 7)
            try night.expectRecords(sample, try end.facts)
            #expect(
                try night.count("SELECT count(*) FROM kugiri.audit WHERE hash_before IS NOT NULL")
                    == 3)
        }

        @Test func `a partition finished elsewhere stays as it is when it is split and merged`()
            throws
        {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 3_000)
            let oracle = try Oracle(night)
            let run = try night.killInLoad(sample, at: 8)
            let done = try night.texts(
                """
                SELECT DISTINCT partition::text FROM kugiri.interval i WHERE phase = 'load'
                AND NOT EXISTS (SELECT FROM kugiri.claim c WHERE c.phase = 'load'
                    AND c.partition = i.partition AND c.finished_at IS NULL)
                """)
            #expect(done == ["1"])
            let loaded = try night.versions()
            let intervals = try night.intervals()
            // The first boundary is in the finished partition, the second in the one under way.
            let table = try night.table(sample, at: [333, 1_011, 2_500])
            try night.edit { $0.partitions = table.yaml }
            let planned = try night.kugiri(
                [
                    "plan", "debit-result", "--input", sample.path, "--set",
                    "business_date=\(sample.date)", "--diff", run, "--json",
                ])
            #expect(planned.code == 0, "\(planned.stderr)")
            #expect(try JSONSchema("plan-1").faults(planned.stdout) == [])
            let plan = try JSON(text: planned.stdout)["diff"]?["unfinished"]
            #expect(plan?["done"]?.list.first?["low"]?.string == "")
            let end = try night.resume(run)
            try oracle.expectLoaded(sample, end)
            #expect(try loaded.isSubset(of: night.versions()))
            #expect(try Set(intervals).isSubset(of: night.intervals()))
            try night.expectNoted(try end.facts, "KGR1022I")
            try night.expectRecords(sample, try end.facts)
            // What the plan said would go where is where it was loaded.
            for piece in plan?["remaining"]?.list ?? [] {
                let low = try #require(piece["low"]?.string)
                let partition = try #require(piece["partition"]?.number)
                let loaded = try night.texts(
                    "SELECT partition::text FROM kugiri.interval WHERE phase = 'load' "
                        + "AND low = '\(low)'")
                #expect(loaded == [String(Int(partition))])
            }
        }

        @Test func `a table edited in the middle of validation holds for all slices`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 3_500, defects: ["bad-enum:4"])
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, ["--max-rejects", "4"],
                environment: ["KUGIRI_FAILPOINT": "after_copy_before_commit:stop:3"])
            _ = try running.stoppedChild()
            running.signal(SIGKILL)
            #expect(try running.wait().wasKilled)
            try night.waitForWorkers()
            let run = try night.onlyRun()
            #expect(try night.validations().count == 2)
            let table = try night.table(sample, at: [77, 1_789, 3_210])
            try night.edit { $0.partitions = table.yaml }
            let end = try night.resume(run)
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try end.facts.partitions.map(\.low) == [""] + table.cuts)
            try night.expectRecords(sample, try end.facts)
        }

        @Test func `a table edited before the split is the one the split goes by`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let oracle = try Oracle(night)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "spool_written_before_commit:kill"])
            #expect(died.ended.wasKilled)
            try night.edit { $0.partitions = "{auto: {count: 3}}" }
            let end = try night.resume(try night.onlyRun())
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.partitions.count == 3)
        }

        /// The server's crash empties staging; chunks cannot be cut by counting then.
        @Test func `a table edited after staging was lost is gone on with`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 3_000, defects: ["bad-enum:3"])
            let oracle = try Oracle(night)
            let run = try night.killInLoad(sample, at: 4, ["--max-rejects", "3"])
            try night.crashServer()
            // After the crash: the last chunks' commits may be lost with it, ledger and rows alike.
            let loaded = try night.versions()
            let table = try night.table(sample, at: [499, 1_511, 2_222])
            try night.edit {
                $0.partitions = table.yaml
                $0.commitInterval = 150
            }
            let end = try night.resume(run)
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try loaded.isSubset(of: night.versions()))
            try night.expectRecords(sample, try end.facts)
        }

        @Test func `a table over other keys is refused with 16, and the run goes on without it`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let stopped = try night.run(sample, ["--until", "validate"])
            try night.edit { $0.partitions = #"{ranges: [{number: 1, low: "1", high: "9"}]}"# }
            let refused = try night.resume(try stopped.run)
            #expect(refused.code == 16)
            #expect(refused.ended.stderr.contains("KGR1052E"), "\(refused.ended.stderr)")
            try night.write(night.settings)
            try oracle.expectLoaded(sample, try night.resume(try stopped.run))
        }

        @Test func `a table edited after validation whose staging was lost is gone on with`() throws
        {
            let night = try Night()
            let sample = try night.sample(records: 2_500, defects: ["bad-enum:3"])
            let oracle = try Oracle(night)
            let stopped = try night.run(sample, ["--max-rejects", "3", "--until", "validate"])
            try night.crashServer()
            let table = try night.table(sample, at: [301, 302, 1_777])
            try night.edit { $0.partitions = table.yaml }
            let end = try night.resume(try stopped.run)
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try end.facts.partitions.map(\.low) == [""] + table.cuts)
            try night.expectRecords(sample, try end.facts)
        }

        @Test func `rows to be closed go to the partitions their keys have now`() throws {
            let night = try Feed.night {
                $0.workers = 1
                $0.partitions = "{auto: {count: 2}}"
            }
            let it = try Feed.lacking(every: 20, of: 1_700, in: night)
            let oracle = try Oracle(night)
            let run = try night.killInLoad(it.file, at: 3)
            let loaded = try night.intervals()
            #expect(loaded.count == 2)
            let cuts = [700, 1_000, 1_407].map(Feed.customer)
            try night.edit {
                $0.partitions =
                    "{ranges: [{number: 4, high: \(cuts[0])}, "
                    + "{number: 3, low: \(cuts[0]), high: \(cuts[1])}, "
                    + "{number: 2, low: \(cuts[1]), high: \(cuts[2])}, "
                    + "{number: 1, low: \(cuts[2])}]}"
            }
            let end = try night.resume(run)
            try oracle.expectLoaded(it.file, end, closing: it.closing)
            #expect(try Set(loaded).isSubset(of: night.intervals()))
            let parts = try end.facts.partitions
            #expect(parts.map(\.number) == [4, 3, 2, 1])
            #expect(parts.map(\.low) == [""] + cuts)
            #expect(parts.map(\.counts.absent) == [35, 15, 21, 14])
        }

        @Test func `a conflict is counted in the partition its key has now`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let customers = try sample.debits().map(\.customer).sorted()
            try night.enrol(customers)
            let stopped = try night.run(sample, ["--until", "validate"])
            try night.online(
                "DELETE FROM member_account WHERE customer_number IN "
                    + "('\(customers[40])', '\(customers[1_960])')")
            let oracle = try Oracle(night)
            let left = try night.resume(try stopped.run)
            #expect(left.code == 15)
            let table = try night.table(sample, at: [1_000, 1_900])
            try night.edit { $0.partitions = table.yaml }
            let end = try night.resume(try stopped.run, ["--max-conflicts", "2"])
            let gone = try sample.debits().filter {
                [customers[40], customers[1_960]].contains($0.customer)
            }
            try oracle.expectLoaded(
                sample, end, code: 4, skipping: Set(gone.map(\.record)))
            #expect(try end.facts.partitions.map(\.counts.conflicts) == [1, 0, 1])
        }
    }
}

extension Night {
    /// Edits the settings file; every edit begins with the night's own settings.
    func edit(_ change: (inout Settings91) -> Void) throws {
        var edited = settings
        change(&edited)
        try write(edited)
    }

    /// A table cut at the keys of some records in key order.
    func table(_ sample: Sample, at places: [Int]) throws -> (yaml: String, cuts: [String]) {
        let keys = try sample.debits().map(\.customer).sorted()
        let cuts = places.map { keys[$0] }
        let ranges = (0...cuts.count).map { index in
            var members = ["number: \(index + 1)"]
            if index > 0 { members.append("low: \"\(cuts[index - 1])\"") }
            if index < cuts.count { members.append("high: \"\(cuts[index])\"") }
            return "{" + members.joined(separator: ", ") + "}"
        }
        return ("{ranges: [\(ranges.joined(separator: ", "))]}", cuts)
    }

    /// Rows of the target by key and version.
    func versions() throws -> Set<String> {
        Set(try texts("SELECT customer_number || ' ' || xmin FROM member_account"))
    }

    /// Committed load intervals as they were written.
    func intervals() throws -> [String] {
        try texts("SELECT i::text FROM kugiri.interval i WHERE phase = 'load'")
    }

    /// Committed validations as they were written.
    func validations() throws -> [String] {
        try texts("SELECT i::text FROM kugiri.interval i WHERE phase = 'validate' ORDER BY low")
    }

    func waitForWorkers() throws {
        try waitUntil("no worker left") { Processes.naming(folder + "/") == [] }
    }

    /// Kills the coordinator while a worker stands in its n-th chunk; answers the run.
    func killInLoad(_ sample: Sample, at chunk: Int, _ flags: [String] = []) throws -> String {
        try kill(
            startRun(sample, flags, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:\(chunk)"]))
        return try onlyRun()
    }

    /// The same in a resume.
    func killResume(_ run: String, at chunk: Int) throws {
        try kill(
            startResume(run, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:\(chunk)"]))
    }

    private func kill(_ running: Running) throws {
        _ = try running.stoppedChild()
        running.signal(SIGKILL)
        #expect(try running.wait().wasKilled)
        try waitForWorkers()
    }

    /// Every partition of a report counts the file's records of its range, rejected ones too.
    func expectRecords(
        _ sample: Sample, _ report: Report, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let rejected = Set(sample.defects.map(\.record))
        let debits = try sample.debits()
        for part in report.partitions {
            let own = debits.filter { debit in
                debit.customer >= part.low && part.high.map { debit.customer < $0 } ?? true
            }
            #expect(part.counts.input == own.count, "\(part)", sourceLocation: sourceLocation)
            #expect(
                part.counts.rejected == own.count { rejected.contains($0.record) }, "\(part)",
                sourceLocation: sourceLocation)
        }
    }

    /// The run log has a message.
    func expectNoted(
        _ report: Report, _ id: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let log = try String(contentsOfFile: "\(report.directory)/run.log", encoding: .utf8)
        #expect(log.contains(id), sourceLocation: sourceLocation)
    }
}
