// What operators ask about a run: partitions, workers, conflicts. Nothing here writes or locks a
// row; times are milliseconds since 1970, lock values microseconds.

public import Plan
public import Postgres

/// What the load has committed of one partition.
public struct PartitionLoad: Sendable {
    /// What became of its staged rows.
    public var counts: IntervalCounts
    /// Names of the workers that loaded it, sorted.
    public var workers: [String]
    /// When its first chunk began.
    public var startedAt: Int64
    /// When its newest chunk was committed.
    public var committedAt: Int64
}

/// A claim that a living session works on.
public struct ClaimInHand: Sendable, Equatable {
    /// The ledger's number of it.
    public var claim: Int64
    /// What is being done.
    public var phase: Phase
    /// The slice it is about.
    public var slice: Int
    /// nil in phases that work by slice.
    public var partition: Int?
    /// Who does it.
    public var worker: String
    /// Under which right.
    public var epoch: Int64
    /// When it was taken.
    public var takenAt: Int64

    /// Memberwise.
    public init(
        claim: Int64, phase: Phase, slice: Int, partition: Int?, worker: String, epoch: Int64,
        takenAt: Int64
    ) {
        self.claim = claim
        self.phase = phase
        self.slice = slice
        self.partition = partition
        self.worker = worker
        self.epoch = epoch
        self.takenAt = takenAt
    }
}

/// What one worker has committed in one phase.
public struct WorkDone: Sendable, Equatable {
    /// Its name.
    public var worker: String
    /// The phase.
    public var phase: Phase
    /// Claims of which it committed something.
    public var claims: Int64
    /// Records it handled.
    public var records: Int64
    /// Its newest commit.
    public var committedAt: Int64

    /// Memberwise.
    public init(worker: String, phase: Phase, claims: Int64, records: Int64, committedAt: Int64) {
        self.worker = worker
        self.phase = phase
        self.claims = claims
        self.records = records
        self.committedAt = committedAt
    }
}

/// Where a worker ran.
public struct CrewRow: Sendable, Equatable {
    /// Its name.
    public var worker: String
    /// Its machine.
    public var host: String
    /// Its newest process.
    public var process: Int
    /// When it left, or else joined.
    public var seenAt: Int64
}

/// A conflict with what was seen and found of the target row.
public struct ConflictDetail: Sendable, Equatable {
    /// A value of the lock: the lock column, and the transaction that wrote the row version.
    public struct Lock: Sendable, Equatable {
        /// The lock column; nil: NULL, or there was no row.
        public var at: Int64?
        /// nil: there was no row.
        public var version: String?
    }

    /// 1-based number of the record in the file.
    public var record: Int64
    /// nil: outside every partition.
    public var partition: Int?
    /// The slice it is staged in.
    public var slice: Int
    /// The key image, not masked.
    public var key: String
    /// changed, vanished, appeared or busy.
    public var kind: String
    /// Whether validation saw a row.
    public var wasSeen: Bool
    /// What validation saw.
    public var seen: Lock
    /// What the load found.
    public var found: Lock
    /// open, applied or skipped.
    public var state: String
    /// How an applied one ended: I, U, N, C, R.
    public var outcome: String?
    /// When the load met it.
    public var notedAt: Int64
    /// When it was applied or skipped; nil: it is open.
    public var settledAt: Int64?
}

/// How many conflicts there are, by state.
public struct ConflictNumbers: Sendable, Equatable {
    /// All of them.
    public var all: Int64
    /// Neither applied nor skipped yet.
    public var open: Int64
    /// Applied by the requeue pass.
    public var applied: Int64
    /// Left as they are, within the tolerance.
    public var skipped: Int64
}

/// Questions of operators.
public enum InspectLedger {
    /// The newest run of any job; nil: there is none.
    public static func newestRun(_ connection: borrowing Connection) throws -> String? {
        let rows = try connection.query(sql(PackageResources.run_newest_sql))
        return rows.count == 0 ? nil : rows.text(0, 0)
    }

    /// What the load has committed, by partition.
    public static func load(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int: PartitionLoad] {
        let rows = try connection.query(
            sql(PackageResources.inspect_load_sql), [.text(run), .int(Int64(revision))])
        var result: [Int: PartitionLoad] = [:]
        for row in 0..<rows.count {
            var counts = IntervalCounts()
            counts.staged = rows.int(row, 1) ?? 0
            counts.inserted = rows.int(row, 2) ?? 0
            counts.updated = rows.int(row, 3) ?? 0
            counts.deleted = rows.int(row, 4) ?? 0
            counts.closed = rows.int(row, 5) ?? 0
            counts.unchanged = rows.int(row, 6) ?? 0
            counts.converged = rows.int(row, 7) ?? 0
            counts.conflicts = rows.int(row, 8) ?? 0
            counts.late = rows.int(row, 9) ?? 0
            result[Int(rows.int(row, 0) ?? 0)] = PartitionLoad(
                counts: counts,
                workers: (rows.text(row, 10) ?? "").split(separator: ",").map { String($0) },
                startedAt: rows.int(row, 11) ?? 0, committedAt: rows.int(row, 12) ?? 0)
        }
        return result
    }

    /// Claims that a living session has in hand.
    public static func claimsInHand(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [ClaimInHand] {
        let rows = try connection.query(
            sql(PackageResources.inspect_claims_sql), [.text(run), .int(Int64(revision))])
        var result: [ClaimInHand] = []
        for row in 0..<rows.count {
            guard let phase = rows.text(row, 1).flatMap(Phase.init(rawValue:)) else {
                throw LedgerError.broken("a claim of \(run) has no phase")
            }
            result.append(
                ClaimInHand(
                    claim: rows.int(row, 0) ?? 0, phase: phase, slice: Int(rows.int(row, 2) ?? 0),
                    partition: rows.int(row, 3).map { Int($0) }, worker: rows.text(row, 4) ?? "",
                    epoch: rows.int(row, 5) ?? 0, takenAt: rows.int(row, 6) ?? 0))
        }
        return result
    }

    /// What workers have committed, by worker and phase.
    public static func workDone(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [WorkDone] {
        let rows = try connection.query(
            sql(PackageResources.inspect_workers_sql), [.text(run), .int(Int64(revision))])
        var result: [WorkDone] = []
        for row in 0..<rows.count {
            guard let phase = rows.text(row, 1).flatMap(Phase.init(rawValue:)) else {
                throw LedgerError.broken("an interval of \(run) has no phase")
            }
            result.append(
                WorkDone(
                    worker: rows.text(row, 0) ?? "", phase: phase, claims: rows.int(row, 2) ?? 0,
                    records: rows.int(row, 3) ?? 0, committedAt: rows.int(row, 4) ?? 0))
        }
        return result
    }

    /// Where each worker of the run ran last.
    public static func crew(
        run: String, _ connection: borrowing Connection
    ) throws -> [CrewRow] {
        let rows = try connection.query(sql(PackageResources.inspect_crew_sql), [.text(run)])
        return (0..<rows.count).map { row in
            CrewRow(
                worker: rows.text(row, 0) ?? "", host: rows.text(row, 1) ?? "",
                process: Int(rows.int(row, 2) ?? 0), seenAt: rows.int(row, 3) ?? 0)
        }
    }

    /// When each worker took an unfinished claim last; it may have lost it since.
    public static func takenAt(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [String: Int64] {
        let rows = try connection.query(
            sql(PackageResources.inspect_taken_sql), [.text(run), .int(Int64(revision))])
        var result: [String: Int64] = [:]
        for row in 0..<rows.count { result[rows.text(row, 0) ?? ""] = rows.int(row, 1) }
        return result
    }

    /// How often a claim of the run was taken back.
    public static func takenBack(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> Int64 {
        try connection.query(
            sql(PackageResources.inspect_taken_back_sql), [.text(run), .int(Int64(revision))]
        ).int(0, 0) ?? 0
    }

    /// Conflicts in file order, at most `limit`.
    ///
    /// - Parameters:
    ///   - partition: nil: of all.
    ///   - state: open, applied or skipped; nil: all.
    ///   - key: A key image; nil: all.
    public static func conflicts(
        run: String, revision: Int, partition: Int? = nil, state: String? = nil,
        key: String? = nil, limit: Int, _ connection: borrowing Connection
    ) throws -> [ConflictDetail] {
        let rows = try connection.query(
            sql(PackageResources.inspect_conflicts_sql),
            [
                .text(run), .int(Int64(revision)), .optional(partition.map { Int64($0) }),
                .optional(state), .optional(key), .int(Int64(limit)),
            ])
        return (0..<rows.count).map { row in
            ConflictDetail(
                record: rows.int(row, 0) ?? 0, partition: rows.int(row, 1).map { Int($0) },
                slice: Int(rows.int(row, 2) ?? 0), key: rows.text(row, 3) ?? "",
                kind: rows.text(row, 5) ?? "", wasSeen: rows.bool(row, 6) == true,
                seen: .init(at: rows.int(row, 7), version: rows.text(row, 8)),
                found: .init(at: rows.int(row, 9), version: rows.text(row, 10)),
                state: rows.text(row, 11) ?? "", outcome: rows.text(row, 12),
                notedAt: rows.int(row, 13) ?? 0, settledAt: rows.int(row, 14))
        }
    }

    /// How many conflicts there are; of one partition, or of all (nil).
    public static func conflictNumbers(
        run: String, revision: Int, partition: Int?, _ connection: borrowing Connection
    ) throws -> ConflictNumbers {
        let rows = try connection.query(
            sql(PackageResources.inspect_conflict_count_sql),
            [.text(run), .int(Int64(revision)), .optional(partition.map { Int64($0) })])
        return ConflictNumbers(
            all: rows.int(0, 0) ?? 0, open: rows.int(0, 1) ?? 0, applied: rows.int(0, 2) ?? 0,
            skipped: rows.int(0, 3) ?? 0)
    }

    /// Rejects in file order, at most `limit`, of one partition (0: of keys outside every range, or
    /// unreadable) or of all (nil); the last column tells late ones.
    public static func rejects(
        run: String, revision: Int, partition: Int?, limit: Int,
        _ connection: borrowing Connection
    ) throws -> [(reject: Reject, late: Bool)] {
        let rows = try connection.query(
            sql(PackageResources.inspect_rejects_sql),
            [
                .text(run), .int(Int64(revision)), .optional(partition.map { Int64($0) }),
                .int(Int64(limit)),
            ])
        return (0..<rows.count).map { row in
            (
                Reject(
                    partition: rows.int(row, 2).map { Int($0) }, record: rows.int(row, 0) ?? 0,
                    byteOffset: rows.int(row, 1) ?? 0, key: rows.text(row, 3),
                    field: rows.text(row, 4) ?? "", rule: rows.text(row, 5) ?? "",
                    value: rows.text(row, 6) ?? ""),
                rows.bool(row, 7) == true
            )
        }
    }
}
