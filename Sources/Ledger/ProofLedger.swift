// Statements that add the night up: intervals, totals, shares, conflicts (PROTOCOL 34–36).

public import Plan
public import Postgres

/// Counts of what a phase did; a row of `kugiri.interval`, or a sum of rows.
public struct IntervalCounts: Sendable, Equatable {
    /// Valid records there were.
    public var staged: Int64 = 0
    /// Rows made.
    public var inserted: Int64 = 0
    /// Rows changed.
    public var updated: Int64 = 0
    /// Rows removed.
    public var deleted: Int64 = 0
    /// Rows closed because the input lacks them.
    public var closed: Int64 = 0
    /// Rows that held the wanted values already.
    public var unchanged: Int64 = 0
    /// Unchanged rows that somebody else had brought there since validation.
    public var converged: Int64 = 0
    /// Rows that changed, vanished or appeared since validation, or were locked.
    public var conflicts: Int64 = 0
    /// Records that the target's constraints refused during the load.
    public var late: Int64 = 0
    /// Records that validation rejected.
    public var rejected: Int64 = 0
    /// Sums of the settled rows, one per summed field.
    public var sums: [Int64] = []
    /// Exclusive or of the digests of all staged rows touched.
    public var digest: UInt64 = 0
    /// Certify: rows that somebody else changed after we wrote them; never a fault.
    public var changedSince: Int64 = 0
    /// Certify: rows that are still ours and do not hold what they should; always a fault.
    public var differing: Int64 = 0

    /// Certify: rows loaded before their slice was staged anew.
    public var restored: Int64 = 0

    /// All zero.
    public init() {}

    /// Adds another set of counts.
    public static func += (left: inout IntervalCounts, right: IntervalCounts) {
        left.staged += right.staged
        left.inserted += right.inserted
        left.updated += right.updated
        left.deleted += right.deleted
        left.closed += right.closed
        left.unchanged += right.unchanged
        left.converged += right.converged
        left.conflicts += right.conflicts
        left.late += right.late
        left.rejected += right.rejected
        if left.sums.isEmpty {
            left.sums = right.sums
        } else {
            for index in right.sums.indices { left.sums[index] += right.sums[index] }
        }
        left.digest ^= right.digest
        left.changedSince += right.changedSince
        left.differing += right.differing
        left.restored += right.restored
    }
}

/// What a partition came to.
public struct PartitionRow: Sendable {
    /// As the partition table numbers it.
    public var number: Int
    /// Its keys.
    public var range: KeyRange
    /// What became of its records.
    public var counts: IntervalCounts
    /// Names of the workers that loaded it, sorted.
    public var workers: [String]
    /// The most often one of its claims was taken.
    public var attempts: Int
    /// From the first chunk's start to the last one's commit.
    public var elapsedSeconds: Double
    /// nil: it never began (no staged rows of it are loaded yet).
    public var startedAt: String?
    /// When its last chunk was committed; nil: none is.
    public var endedAt: String?
}

/// How conflicts ended, for one partition.
public struct ConflictRow: Sendable, Equatable {
    /// nil: outside every partition.
    public var partition: Int?
    /// open, applied or skipped.
    public var state: String
    /// I, U, N, C or R for applied ones.
    public var outcome: String?
    /// How many.
    public var count: Int64
}

/// Statements that add the night up.
public enum ProofLedger {
    /// Writes the interval of a claim's piece of work, in the transaction that did it.
    ///
    /// - Parameter isDerived: The staged rows carry no state of their own; it is derived from the
    ///   interval, which names the transaction.
    public static func insert(
        _ counts: IntervalCounts, claim: TakenClaim, chunkNumber: Int, low: String,
        high: String?, worker: String, startedAt: String, isDerived: Bool = false,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.interval_insert_sql),
            [
                .text(claim.run), .int(Int64(claim.revision)), .text(claim.phase.rawValue),
                .text(low), .optional(high), .int(claim.id), .int(claim.epoch),
                .int(Int64(chunkNumber)), .int(Int64(claim.slice)),
                .optional(claim.partition.map { Int64($0) }), .text(worker), .text(startedAt),
                .int(counts.staged), .int(counts.inserted), .int(counts.updated),
                .int(counts.deleted), .int(counts.closed), .int(counts.unchanged),
                .int(counts.converged), .int(counts.conflicts), .int(counts.late),
                .int(counts.rejected), .intArray(counts.sums),
                .int(Int64(bitPattern: counts.digest)), .int(counts.changedSince),
                .int(counts.differing), .int(counts.restored), .bool(isDerived),
            ])
    }

    /// Removes what validation said of a slice, before it is validated anew.
    public static func deleteValidation(
        slice: Int, run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.interval_delete_slice_sql),
            [.text(run), .int(Int64(revision)), .int(Int64(slice))])
    }

    /// The ranges a phase has committed.
    public static func ranges(
        run: String, revision: Int, phase: Phase, _ connection: borrowing Connection
    ) throws -> [KeyRange] {
        let rows = try connection.query(
            sql(PackageResources.interval_ranges_sql),
            [.text(run), .int(Int64(revision)), .text(phase.rawValue)])
        return rows.ranges()
    }

    /// The ranges of a slice whose load is committed.
    public static func loaded(
        slice: Int, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [KeyRange] {
        let rows = try connection.query(
            sql(PackageResources.interval_load_slice_sql),
            [.text(run), .int(Int64(revision)), .int(Int64(slice))])
        return rows.ranges()
    }

    /// What a phase did in total.
    public static func counts(
        run: String, revision: Int, phase: Phase, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let identity: [Parameter] = [
            .text(run), .int(Int64(revision)), .text(phase.rawValue),
        ]
        let rows = try connection.query(sql(PackageResources.interval_totals_sql), identity)
        var counts = counts(rows, row: 0, from: 0)
        counts.rejected = rows.int(0, 9) ?? 0
        counts.digest = UInt64(bitPattern: rows.int(0, 10) ?? 0)
        counts.changedSince = rows.int(0, 11) ?? 0
        counts.differing = rows.int(0, 12) ?? 0
        counts.restored = rows.int(0, 13) ?? 0
        let sums = try connection.query(sql(PackageResources.interval_sums_sql), identity)
        counts.sums = (0..<sums.count).map { sums.int($0, 1) ?? 0 }
        return counts
    }

    /// What every partition came to in the load, by range.
    public static func partitions(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [PartitionRow] {
        let rows = try connection.query(
            sql(PackageResources.interval_partitions_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            PartitionRow(
                number: Int(rows.int(row, 0) ?? 0),
                range: KeyRange(
                    low: Key(rows.text(row, 1) ?? ""), high: rows.text(row, 2).map { Key($0) }),
                counts: counts(rows, row: row, from: 3),
                workers: (rows.text(row, 12) ?? "").split(separator: ",").map { String($0) },
                attempts: Int(rows.int(row, 13) ?? 0),
                elapsedSeconds: Double(rows.text(row, 14) ?? "0") ?? 0,
                startedAt: rows.text(row, 15), endedAt: rows.text(row, 16))
        }
    }

    private static func counts(
        _ rows: borrowing Rows, row: Int, from first: Int
    ) -> IntervalCounts {
        var counts = IntervalCounts()
        counts.staged = rows.int(row, first) ?? 0
        counts.inserted = rows.int(row, first + 1) ?? 0
        counts.updated = rows.int(row, first + 2) ?? 0
        counts.deleted = rows.int(row, first + 3) ?? 0
        counts.closed = rows.int(row, first + 4) ?? 0
        counts.unchanged = rows.int(row, first + 5) ?? 0
        counts.converged = rows.int(row, first + 6) ?? 0
        counts.conflicts = rows.int(row, first + 7) ?? 0
        counts.late = rows.int(row, first + 8) ?? 0
        return counts
    }

    /// Data records, rejected ones and rows to be closed per partition; 0: outside every range.
    public static func shares(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int: (records: Int64, rejected: Int64, absent: Int64)] {
        let rows = try connection.query(
            sql(PackageResources.shares_sql), [.text(run), .int(Int64(revision))])
        var result: [Int: (records: Int64, rejected: Int64, absent: Int64)] = [:]
        for row in 0..<rows.count {
            result[Int(rows.int(row, 0) ?? 0)] = (
                rows.int(row, 1) ?? 0, rows.int(row, 2) ?? 0, rows.int(row, 3) ?? 0
            )
        }
        return result
    }

    /// Control totals as validation found them: per group the figures in the contract's order;
    /// nil: a summed field could not be read.
    public static func totals(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int: [Int64?]] {
        let rows = try connection.query(
            sql(PackageResources.totals_sql), [.text(run), .int(Int64(revision))])
        var result: [Int: [Int64?]] = [:]
        for row in 0..<rows.count {
            result[Int(rows.int(row, 0) ?? 0), default: []].append(rows.int(row, 2))
        }
        return result
    }

    /// Data records per group as validation counted them.
    public static func recordsPerGroup(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int: Int64] {
        let rows = try connection.query(
            sql(PackageResources.total_records_sql), [.text(run), .int(Int64(revision))])
        var result: [Int: Int64] = [:]
        for row in 0..<rows.count {
            result[Int(rows.int(row, 0) ?? 0)] = rows.int(row, 1) ?? 0
        }
        return result
    }

    /// Rejects by rule and field, most frequent first.
    public static func rejectRules(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [(rule: String, field: String, count: Int64)] {
        let rows = try connection.query(
            sql(PackageResources.reject_rules_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            (rows.text(row, 0) ?? "", rows.text(row, 1) ?? "", rows.int(row, 2) ?? 0)
        }
    }

    /// How conflicts ended, per partition.
    public static func conflicts(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [ConflictRow] {
        let rows = try connection.query(
            sql(PackageResources.conflict_partitions_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            ConflictRow(
                partition: rows.int(row, 0).map { Int($0) }, state: rows.text(row, 1) ?? "",
                outcome: rows.text(row, 2), count: rows.int(row, 3) ?? 0)
        }
    }

    /// Open conflicts after a place in key order, at most `limit`.
    public static func openConflicts(
        run: String, revision: Int, after: (key: String, record: Int64), limit: Int,
        _ connection: borrowing Connection
    ) throws -> [(slice: Int, key: String, record: Int64, sequence: Int, kind: String)] {
        let rows = try connection.query(
            sql(PackageResources.conflict_open_sql),
            [
                .text(run), .int(Int64(revision)), .text(after.key), .int(after.record),
                .int(Int64(limit)),
            ])
        return (0..<rows.count).map { row in
            (
                Int(rows.int(row, 0) ?? 0), rows.text(row, 1) ?? "", rows.int(row, 2) ?? 0,
                Int(rows.int(row, 3) ?? 0), rows.text(row, 4) ?? ""
            )
        }
    }

    /// Closes conflicts that were applied after all, with what became of them.
    public static func settle(
        _ outcomes: [(record: Int64, outcome: String)], run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.conflict_settle_sql),
            [
                .text(run), .int(Int64(revision)), .intArray(outcomes.map(\.record)),
                .textArray(outcomes.map(\.outcome)),
            ])
    }

    /// Leaves the remaining conflicts as they are, within the tolerance.
    public static func skipOpenConflicts(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.conflict_skip_sql), [.text(run), .int(Int64(revision))])
    }
}
