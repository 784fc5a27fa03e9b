// The ledger and the target as tables: what a database would answer. Statements run on it one at
// a time; sessions, locks and unknown outcomes are in Server.swift.

import Plan

/// A row of the target; nil where there is none.
struct TargetRow: Sendable, Equatable {
    /// What the night and the online service both change, by adding: the end does not depend on
    /// their order, only on everything having happened exactly once.
    var balance: Int
    /// The lock column.
    var at: Int
    /// xmin.
    var version: Int
}

/// A record of a slice after validation.
struct StagedRow: Equatable {
    enum State: UInt8 { case unprocessed, done, conflict }

    var key: Int
    var amount: Int
    /// The target's row as validation saw it.
    var seen: TargetRow?
    var state = State.unprocessed
}

/// A row of `kugiri.claim`.
struct ClaimRow: Equatable {
    var id: Int
    var phase: Phase
    var slice: Int
    var partition: Int?
    /// Places.
    var low: Int
    var high: Int
    var weight: Int
    var epoch = 0
    var chunkNumber = 0
    /// Everything below this place is done.
    var doneTo: Int
    var isFinished = false
    /// The session that took it; nil: none did.
    var holder: Int?
}

/// What the rows of an interval came to.
struct Outcomes: Equatable {
    var staged = 0
    var inserted = 0
    var updated = 0
    var unchanged = 0
    var conflicts = 0
    var rejected = 0

    static func += (left: inout Outcomes, right: Outcomes) {
        left.staged += right.staged
        left.inserted += right.inserted
        left.updated += right.updated
        left.unchanged += right.unchanged
        left.conflicts += right.conflicts
        left.rejected += right.rejected
    }
}

/// A row of `kugiri.interval`; (phase, low) is unique.
struct IntervalRow: Equatable {
    var phase: Phase
    var low: Int
    var high: Int
    var slice: Int
    var claim: Int
    var epoch: Int
    var outcomes: Outcomes
}

/// A row of `kugiri.chunk`: what validation promises the load.
struct ChunkRow: Equatable {
    var low: Int
    var high: Int
    var rows: Int
}

/// A row of `kugiri.conflict`.
struct ConflictRow: Equatable {
    enum State: UInt8 { case open, applied, skipped }

    var key: Int
    var slice: Int
    var state = State.open
    /// How it was applied.
    var outcomes = Outcomes()
}

/// Everything that is committed.
struct Database {
    var term = 0
    var phase = Phase.split
    var isPublished = false
    var claims: [ClaimRow] = []
    var intervals: [IntervalRow] = []
    var chunks: [ChunkRow] = []
    var conflicts: [ConflictRow] = []
    /// Where partitions begin.
    var partitionLows: [Int]
    var isRecut = false
    /// Unlogged, by slice; nil: empty.
    var staging: [[StagedRow]?] = []
    var target: [TargetRow?]
    /// The next transaction's number.
    var nextVersion = 1_000

    /// The target before the run, and nothing else.
    init(_ scenario: Scenario) {
        target = scenario.rows
        partitionLows = scenario.partitionLows
        staging = Array(repeating: nil, count: scenario.sliceLows.count)
    }

    /// The intervals of a phase that are committed, as places.
    func ranges(_ phase: Phase) -> [(low: Int, high: Int)] {
        intervals.filter { $0.phase == phase }.map { ($0.low, $0.high) }
    }

    /// What a phase came to.
    func totals(_ phase: Phase) -> Outcomes {
        var sum = Outcomes()
        for interval in intervals where interval.phase == phase { sum += interval.outcomes }
        return sum
    }

    /// One claim for every slice whose work in a phase is not done (`claim_insert_slices.sql`).
    mutating func insertClaims(_ phase: Phase, _ scenario: Scenario) {
        for (slice, range) in scenario.slices {
            let low = scenario.place(of: range.low)
            let isDone = intervals.contains { $0.phase == phase && $0.low == low }
            let isOpen = claims.contains {
                $0.phase == phase && $0.slice == slice && !$0.isFinished
            }
            if isDone || isOpen { continue }
            let high = scenario.place(of: range.high)
            claims.append(
                ClaimRow(
                    id: claims.count, phase: phase, slice: slice, partition: nil, low: low,
                    high: high, weight: high - low, doneTo: low))
        }
    }

    /// The load claims (`claim_insert_load.sql`), by the real arithmetic of what is left to load.
    mutating func insertLoadClaims(_ scenario: Scenario, done: [KeyRange] = []) {
        let pieces = Remainder.pieces(
            slices: scenario.slices, table: Scenario.table(partitionLows), done: done)
        for piece in pieces {
            let low = scenario.place(of: piece.range.low)
            let high = scenario.place(of: piece.range.high)
            claims.append(
                ClaimRow(
                    id: claims.count, phase: .load, slice: piece.slice,
                    partition: piece.partition, low: low, high: high,
                    weight: scenario.validCount(low, high), doneTo: low))
        }
    }

    /// Re-cuts what is left to load (`Recut`, decision 0016): done intervals stay done, chunks are
    /// cut at the new boundaries, unfinished claims end where they are and are fenced; false: the
    /// new table is not one.
    mutating func recut(at lows: [Int], _ scenario: Scenario) -> Bool {
        let done = ranges(.load).map { scenario.range($0.low, $0.high) }
        guard let settled = try? Remainder.settled(Scenario.table(lows), done: done) else {
            return false
        }
        partitionLows = settled.table.partitions.map { scenario.place(of: $0.range.low) }
        isRecut = true
        chunks = chunks.flatMap { chunk in
            let inner = partitionLows.filter { $0 > chunk.low && $0 < chunk.high }
            let bounds = [chunk.low] + inner + [chunk.high]
            return zip(bounds, bounds.dropFirst()).map { low, high in
                ChunkRow(low: low, high: high, rows: scenario.validCount(low, high))
            }
        }
        for index in claims.indices where claims[index].phase == .load && !claims[index].isFinished
        {
            claims[index].epoch += 1
            claims[index].high = claims[index].doneTo
            claims[index].isFinished = true
        }
        insertLoadClaims(scenario, done: done)
        return true
    }

    /// A worker takes a claim (`claim_take.sql`); nil: stale or done.
    mutating func take(
        _ claim: Int, epoch: Int, by session: Int, _ removed: Guards
    ) -> ClaimRow? {
        guard !isPublished, !claims[claim].isFinished,
            claims[claim].epoch == epoch || removed.contains(.epoch)
        else { return nil }
        claims[claim].epoch += 1
        claims[claim].holder = session
        return claims[claim]
    }

    /// Whether a chunk may begin (`claim_advance.sql`); the claim as it is after it, or nil.
    func advance(
        _ claim: Int, epoch: Int, chunkNumber: Int, from low: Int, to high: Int,
        _ removed: Guards
    ) -> ClaimRow? {
        var row = claims[claim]
        guard row.epoch == epoch || removed.contains(.epoch), !row.isFinished, high <= row.high,
            (row.chunkNumber == chunkNumber && row.doneTo == low)
                || removed.contains(.chunkNumber)
        else { return nil }
        row.chunkNumber += 1
        row.doneTo = high
        row.isFinished = high == row.high
        return row
    }

    /// A claim done in one step (`claim_finish.sql`); nil: not ours.
    func finish(_ claim: Int, epoch: Int, _ removed: Guards) -> ClaimRow? {
        var row = claims[claim]
        guard row.epoch == epoch || removed.contains(.epoch), !row.isFinished else { return nil }
        row.isFinished = true
        return row
    }
}
