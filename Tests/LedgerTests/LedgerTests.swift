// Runs, claims and intervals: who may write, and what the schema itself refuses.

import Ledger
import Plan
import Postgres
import Testing

extension PostgresTests {
    @Suite struct SchemaTests {
        @Test func `a database gets the schema once, and keeps what is in it`() throws {
            let admin = try connect()
            try admin.execute("CREATE DATABASE fresh")
            let connection = try connect(database: "fresh")
            #expect(try Schema.version(connection) == 0)
            #expect(try Schema.pending(connection).count == Schema.numbers.count)
            #expect(throws: LedgerError.schema(found: 0, wanted: Schema.wanted)) {
                try Schema.check(connection)
            }
            try Schema.migrate(connection)
            #expect(try Schema.version(connection) == Schema.wanted)
            let created = try Night.createRun(job: "kept", connection)
            try Schema.migrate(connection)
            try Schema.check(connection)
            #expect(try Schema.pending(connection).isEmpty)
            #expect(try RunLedger.get(created.run, connection)?.number == created.number)
            let applied = try connection.query("SELECT count(*) FROM kugiri.migration").int(0, 0)
            #expect(applied == Int64(Schema.numbers.count))
            #expect(Schema.numbers.last == Schema.wanted)
        }

        @Test func `the highest key of Unicode is below the bound that stands for above all`()
            throws
        {
            let connection = try connect()
            let rows = try connection.query(
                "SELECT $1::text COLLATE \"C\" < $2::text", [.text("\u{10FFFE}z"), .text(topBound)])
            #expect(rows.bool(0, 0) == true)
        }
    }

    @Suite struct RunTests {
        @Test func `runs of a day are numbered, beyond ninety-nine too`() throws {
            let connection = try connect()
            var last = ""
            for number in 1...101 {
                last = try Night.createRun(job: "many", connection).run
                if number == 1 { #expect(last == "many-20261120-01") }
            }
            #expect(last == "many-20261120-101")
        }

        @Test func `a newer term fences the older one`() throws {
            let connection = try connect()
            let run = try Night.createRun(job: "fenced", connection).run
            let first = try RunLedger.take(run, coordinator: "one", connection)
            #expect(first?.term == 1 && first?.phase == .split && first?.revision == 1)
            try RunLedger.fence(run, term: 1, connection)
            #expect(try RunLedger.take(run, coordinator: "two", connection)?.term == 2)
            #expect(throws: LedgerError.fenced(run: run)) {
                try RunLedger.fence(run, term: 1, connection)
            }
            try RunLedger.fence(run, term: 2, connection)
            try RunLedger.end(
                run: run, state: "ended", outcome: .totals, summary: "{}", connection)
            #expect(throws: LedgerError.fenced(run: run)) {
                try RunLedger.fence(run, term: 2, connection)
            }
            #expect(try RunLedger.take(run, coordinator: "three", connection) == nil)
            #expect(try RunLedger.get(run, connection)?.exitCode == 9)
        }

        @Test func `a table is held by one session, and the other is told by whom`() throws {
            let connection = try connect()
            let other = try connect()
            for target in [1, 4_294_967_295] as [Int64] {
                #expect(try RunLedger.lockTarget(target, connection))
                #expect(try !RunLedger.lockTarget(target, other))
                let held = try HolderLedger.holder(ofTarget: target, other)
                #expect(held?.application?.hasPrefix("kugiri/test") == true)
                #expect(held?.tenure == nil && held?.sessionStartedAt != nil)
            }
            #expect(try RunLedger.lockTarget(2, other))
            #expect(try HolderLedger.holder(ofTarget: 3, other) == nil)
        }

        @Test func `a takeover counts on the term it saw, and beats end with the term`() throws {
            let connection = try connect()
            let run = try Night.createRun(job: "beats", connection).run
            let me = Conductor(host: "osaka", user: "batch", process: 7)
            func take(after term: Int64?, isTakeover: Bool) throws -> Int64? {
                guard
                    let taken = try RunLedger.take(
                        run, coordinator: "\(me)", after: term, connection)
                else { return nil }
                try TenureLedger.begin(
                    run: run, term: taken.term, conductor: me, isTakeover: isTakeover, connection)
                return taken.term
            }
            #expect(try take(after: nil, isTakeover: false) == 1)
            #expect(try TenureLedger.beat(run: run, term: 1, connection))
            #expect(try take(after: 1, isTakeover: true) == 2)
            #expect(try take(after: 1, isTakeover: true) == nil)
            #expect(try !TenureLedger.beat(run: run, term: 1, connection))
            #expect(try take(after: 2, isTakeover: true) == 3)
            let seen = try HolderLedger.sights(jobs: ["other", "beats"], connection)
            #expect(seen.map(\.run) == [run] && seen.first?.takeovers == 2)
            #expect(seen.first?.holdsTarget == false && seen.first?.beatAt != nil)
            #expect(try take(after: nil, isTakeover: false) == 4)
            #expect(try HolderLedger.sights(jobs: ["beats"], connection).first?.takeovers == 0)
            let last = try HolderLedger.lastConductor(of: run, connection)
            #expect(last?.term == 4 && last?.conductor == me && last?.endedAt == nil)
        }

        @Test func `only a silent coordinator's session is ended`() throws {
            let connection = try connect()
            let victim = try connect()
            let created = try Night.createRun(job: "silent", connection)
            try connection.execute(
                "UPDATE kugiri.run SET target_id = 77 WHERE run = '\(created.run)'")
            guard let row = try RunLedger.get(created.run, connection) else { return }
            try #require(try RunLedger.lockTarget(row.targetID, victim))
            _ = try RunLedger.take(row.run, coordinator: "v", victim)
            try TenureLedger.begin(
                run: row.run, term: 1, conductor: Conductor(host: "h", user: nil, process: 1),
                isTakeover: false, victim)
            let holder = try HolderLedger.holder(ofTarget: row.targetID, connection)
            #expect(holder?.tenure?.run == row.run && holder?.tenure?.term == 1)
            #expect(
                try !HolderLedger.endSilent(run: row.run, silence: .seconds(6), connection))
            #expect(try HolderLedger.endSilent(run: row.run, silence: .zero, connection))
            let deadline = ContinuousClock.now + .seconds(10)
            while (try? victim.execute("SELECT 1")) != nil, ContinuousClock.now < deadline {}
            let isUsable = victim.isUsable
            #expect(!isUsable)
        }
    }

    @Suite struct ClaimTests {
        /// A run under its first term with one slice of two chunks, and its load claim.
        private func loadClaim(
            _ job: String, _ connection: borrowing Connection
        ) throws -> (run: String, claim: Claim) {
            let run = try Night.createRun(job: job, connection).run
            _ = try RunLedger.take(run, coordinator: "test", connection)
            try SliceLedger.insert(partitions: .single, run: run, revision: 1, connection)
            try SliceLedger.insert(
                SliceRow(
                    slice: 0, range: .all, file: "s0", records: 3, bytes: 9, checksum: .max,
                    staging: "none"), run: run, revision: 1, connection)
            var findings = SliceFindings()
            findings.staged = 3
            findings.chunks = [
                ChunkPromise(low: "", high: "m", rows: 2, digest: .max, depth: 1),
                ChunkPromise(low: "m", high: nil, rows: 1, digest: 7, depth: 2),
            ]
            try SliceLedger.write(findings, of: 0, run: run, revision: 1, connection)
            #expect(
                try SliceLedger.chunks(slice: 0, within: .all, run: run, revision: 1, connection)
                    == findings.chunks)
            try ClaimLedger.insertForLoad(run: run, revision: 1, connection)
            let open = try ClaimLedger.open(run: run, revision: 1, phase: .load, connection)
            #expect(open.count == 1 && open.first?.weight == 3)
            return (run, try #require(open.first))
        }

        private func take(
            _ claim: Claim, epoch: Int64, _ connection: borrowing Connection
        ) throws -> TakenClaim {
            let taken = try ClaimLedger.take(
                claim.id, epoch: epoch, worker: "tokyo", connection)
            return try #require(taken)
        }

        @Test func `a claim is taken at the epoch that was told, once`() throws {
            let connection = try connect()
            let (run, claim) = try loadClaim("taken", connection)
            #expect(try ClaimLedger.state(claim.id, connection)?.wasTaken == false)
            let taken = try take(claim, epoch: 0, connection)
            #expect(taken.epoch == 1 && taken.run == run && taken.phase == .load)
            #expect(taken.range == .all && taken.doneTo == "" && taken.chunkNumber == 0)
            #expect(
                try ClaimLedger.take(claim.id, epoch: 0, worker: "osaka", connection) == nil)
            #expect(try take(claim, epoch: 1, connection).epoch == 2)
            #expect(try ClaimLedger.taken(run: run, revision: 1, connection) == [claim.id])
            try RunLedger.supersede(run, by: "newer", connection)
            #expect(
                try ClaimLedger.take(claim.id, epoch: 2, worker: "osaka", connection) == nil)
        }

        @Test func `chunks go in order, each once, up to the end`() throws {
            let connection = try connect()
            let (_, claim) = try loadClaim("advanced", connection)
            let taken = try take(claim, epoch: 0, connection)
            func advance(_ epoch: Int64, _ number: Int, _ low: String, _ high: String) throws {
                try ClaimLedger.advance(
                    claim.id, epoch: epoch, chunkNumber: number, from: low, to: high,
                    next: ("m", topBound), connection)
            }
            let lost = LedgerError.claimLost(claim: claim.id)
            #expect(throws: lost) { try advance(0, 0, "", "m") }
            #expect(throws: lost) { try advance(1, 1, "m", topBound) }
            #expect(throws: lost) { try advance(1, 1, "", "m") }
            #expect(throws: lost) { try advance(1, 0, "m", topBound) }
            try advance(1, 0, "", "m")
            #expect(try ClaimLedger.place(of: taken, connection) == "m")
            #expect(throws: lost) { try advance(1, 0, "", "m") }
            #expect(try ClaimLedger.state(claim.id, connection)?.isFinished == false)
            try ClaimLedger.advance(
                claim.id, epoch: 1, chunkNumber: 1, from: "m", to: topBound, next: nil, connection)
            let state = try ClaimLedger.state(claim.id, connection)
            #expect(state?.epoch == 1 && state?.chunkNumber == 2 && state?.isFinished == true)
            #expect(throws: lost) { try advance(1, 2, topBound, topBound) }
            #expect(try ClaimLedger.take(claim.id, epoch: 1, worker: "x", connection) == nil)
        }

        @Test func `raising the epoch fences the holder`() throws {
            let connection = try connect()
            let (_, claim) = try loadClaim("raised", connection)
            let taken = try take(claim, epoch: 0, connection)
            let state = try ClaimLedger.raise(claim.id, connection)
            #expect(state.epoch == 2 && state.wasTaken && !state.isFinished)
            let lost = LedgerError.claimLost(claim: claim.id)
            #expect(throws: lost) {
                try ClaimLedger.advance(
                    claim.id, epoch: 1, chunkNumber: 0, from: "", to: "m", next: nil, connection)
            }
            #expect(throws: lost) {
                try ClaimLedger.hold(claim.id, epoch: 1, chunkNumber: 0, at: "", connection)
            }
            #expect(throws: lost) { try ClaimLedger.finish(claim.id, epoch: 1, connection) }
            #expect(throws: lost) { _ = try ClaimLedger.place(of: taken, connection) }
            #expect(throws: LedgerError.claimLost(claim: -1)) {
                _ = try ClaimLedger.raise(-1, connection)
            }
        }

        @Test func `taking a claim away ends its holder's session, and no other`() throws {
            let connection = try connect()
            let holder = try connect()
            let bystander = try connect()
            let (_, claim) = try loadClaim("ended", connection)
            _ = try take(claim, epoch: 0, holder)
            _ = try ClaimLedger.raise(claim.id, connection)
            let deadline = ContinuousClock.now + .seconds(10)
            while try ClaimLedger.terminateHolder(claim.id, connection),
                ContinuousClock.now < deadline
            {}
            #expect(throws: PostgresError.self) { try holder.execute("SELECT 1") }
            try bystander.execute("SELECT 1")
        }

        @Test func `a raise waits only as long as its lock timeout`() throws {
            let connection = try connect()
            let other = try connect()
            let (_, claim) = try loadClaim("waiting", connection)
            try other.execute("BEGIN")
            _ = try ClaimLedger.raise(claim.id, other)
            try connection.execute("SET lock_timeout = 50")
            #expect(
                caught { _ = try ClaimLedger.raise(claim.id, connection) }?.kind
                    == .lockNotAvailable)
            try other.execute("ROLLBACK")
            #expect(try ClaimLedger.raise(claim.id, connection).epoch == 1)
        }

        @Test func `intervals that contradict themselves are refused`() throws {
            let connection = try connect()
            let (run, claim) = try loadClaim("intervals", connection)
            let taken = try take(claim, epoch: 0, connection)
            func insert(_ low: String, _ high: String?, _ change: (inout IntervalCounts) -> Void)
                throws
            {
                var counts = IntervalCounts()
                change(&counts)
                try ProofLedger.insert(
                    counts, claim: taken, chunkNumber: 0, low: low, high: high, worker: "tokyo",
                    startedAt: "2026-11-20 00:00:00+00", connection)
            }
            try insert("", "m") {
                $0.staged = 7
                $0.inserted = 1
                $0.updated = 2
                $0.unchanged = 1
                $0.conflicts = 2
                $0.late = 1
                $0.sums = [5, -6]
                $0.digest = .max
            }
            #expect(caught { try insert("", "n") { _ in } }?.kind == .data)
            #expect(caught { try insert("m", "m") { _ in } }?.kind == .data)
            #expect(caught { try insert("n", "m") { _ in } }?.kind == .data)
            #expect(caught { try insert("m", nil) { $0.staged = 1 } }?.kind == .data)
            #expect(caught { try insert("m", nil) { $0.inserted = 1 } }?.kind == .data)
            try insert("m", nil) {
                $0.staged = 1
                $0.updated = 1
                $0.sums = [1, 1]
                $0.digest = 1
            }
            let ranges = try ProofLedger.ranges(run: run, revision: 1, phase: .load, connection)
            #expect(IntervalSet.coverageFault(ranges, of: .all) == nil)
            let counts = try ProofLedger.counts(run: run, revision: 1, phase: .load, connection)
            #expect(counts.staged == 8 && counts.updated == 3 && counts.late == 1)
            #expect(counts.sums == [6, -5] && counts.digest == .max ^ 1)
        }

        @Test func `a slice staged again must be what it was`() throws {
            let connection = try connect()
            let (run, _) = try loadClaim("again", connection)
            var findings = SliceFindings()
            findings.staged = 3
            try SliceLedger.write(findings, of: 0, run: run, revision: 1, connection)
            for change in [\SliceFindings.staged, \.rejected] {
                var other = findings
                other[keyPath: change] += 1
                #expect(throws: LedgerError.self) {
                    try SliceLedger.write(other, of: 0, run: run, revision: 1, connection)
                }
            }
            findings.digest = 1
            #expect(throws: LedgerError.self) {
                try SliceLedger.write(findings, of: 0, run: run, revision: 1, connection)
            }
        }

        @Test func `rejects come back in their order, batch by batch`() throws {
            let connection = try connect()
            let (run, _) = try loadClaim("rejects", connection)
            let rejects = (1...20).map { number in
                let isEven = number % 2 == 0
                let key = number % 3 == 0 ? nil : "**\"\\,{}NULL"
                return Reject(
                    partition: isEven ? 1 : nil, record: Int64(number / 2),
                    byteOffset: Int64(number), key: key, field: isEven ? "a" : "b",
                    rule: "digits", value: "x'\u{FF71}")
            }
            try SliceLedger.insert(
                rejects: rejects.shuffled(), late: false, slice: 0, run: run, revision: 1,
                connection)
            var found: [Reject] = []
            var place: (record: Int64, field: String, rule: String) = (-1, "", "")
            while true {
                let batch = try SliceLedger.rejects(
                    run: run, revision: 1, after: place, limit: 3, connection)
                found += batch.map(\.reject)
                guard let last = batch.last?.reject else { break }
                place = (last.record, last.field, last.rule)
            }
            #expect(
                found == rejects.sorted { ($0.record, $0.field) < ($1.record, $1.field) })
        }
    }
}
