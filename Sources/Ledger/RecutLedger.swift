// Statements that put an unfinished run under another partition table. All of them belong into one
// transaction of the coordinator: what is derived from the table changes with it.

public import Plan
public import Postgres

/// How the records of a slice fall into a partition, before a re-cut.
public struct ShareRow: Sendable {
    /// The slice's number.
    public var slice: Int
    /// 0: outside every range.
    public var partition: Int
    /// Rejected records.
    public var rejected: Int64
}

/// A listed reject that belongs to a partition.
public struct RejectPlace: Sendable, Hashable {
    /// The record's number in the file.
    public var record: Int64
    /// The target refused it in the load; validation had staged it.
    public var late: Bool
}

/// Statements of a re-cut.
public enum RecutLedger {
    /// The hash of the settings a run goes by; throws when the run is not there.
    public static func settingsHash(
        of run: String, _ connection: borrowing Connection
    ) throws -> String {
        let rows = try connection.query(sql(PackageResources.recut_settings_sql), [.text(run)])
        guard let hash = rows.text(0, 0) else { throw LedgerError.broken("no run \(run)") }
        return hash
    }

    /// Stores what the run goes by from now on.
    public static func store(
        definition: String, settingsHash: String, run: String, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.recut_run_sql),
            [.text(run), .text(definition), .text(settingsHash)])
    }

    /// Replaces the partition table of a run.
    public static func replace(
        _ table: PartitionTable, run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.recut_partitions_sql), [.text(run), .int(Int64(revision))])
        try SliceLedger.insert(partitions: table, run: run, revision: revision, connection)
    }

    /// Replaces a promised chunk by pieces of it.
    public static func replace(
        chunk: ChunkPromise, by pieces: [ChunkPromise], slice: Int, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(revision))]
        let gone = try connection.query(
            sql(PackageResources.recut_chunk_sql), identity + [.text(chunk.low)])
        guard gone.affected == 1 else {
            throw LedgerError.broken("slice \(slice): no chunk begins at \(chunk.low)")
        }
        try connection.query(
            sql(PackageResources.chunk_insert_sql),
            identity + [
                .int(Int64(slice)), .textArray(pieces.map(\.low)),
                .optionalTextArray(pieces.map(\.high)), .intArray(pieces.map(\.rows)),
                .intArray(pieces.map { Int64(bitPattern: $0.digest) }),
                .intArray(pieces.map { Int64($0.depth) }),
            ])
    }

    /// Rejected records per slice and partition, as the table before had them.
    public static func shares(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [ShareRow] {
        let rows = try connection.query(
            sql(PackageResources.recut_shares_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            ShareRow(
                slice: Int(rows.int(row, 0) ?? 0), partition: Int(rows.int(row, 1) ?? 0),
                rejected: rows.int(row, 2) ?? 0)
        }
    }

    /// Staged rows per slice and partition of the table as it is now, and how many of them are to
    /// be closed: from the promised chunks, which no boundary cuts any more.
    public static func staged(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [(slice: Int, partition: Int, rows: Int64, absent: Int64)] {
        let rows = try connection.query(
            sql(PackageResources.recut_staged_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            (
                Int(rows.int(row, 0) ?? 0), Int(rows.int(row, 1) ?? 0), rows.int(row, 2) ?? 0,
                rows.int(row, 3) ?? 0
            )
        }
    }

    /// Replaces the shares of a slice; per partition records, rejected ones and rows to be closed.
    public static func replace(
        shares: [Int: (records: Int64, rejected: Int64, absent: Int64)], slice: Int, run: String,
        revision: Int, _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(revision)), .int(Int64(slice))]
        try connection.query(sql(PackageResources.share_delete_sql), identity)
        let list = shares.sorted { $0.key < $1.key }
        try connection.query(
            sql(PackageResources.share_insert_sql),
            identity + [
                .intArray(list.map { Int64($0.key) }), .intArray(list.map(\.value.records)),
                .intArray(list.map(\.value.rejected)), .intArray(list.map(\.value.absent)),
            ])
    }

    /// Listed rejects of a slice that belong to a partition.
    public static func rejects(
        slice: Int, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [RejectPlace] {
        let rows = try connection.query(
            sql(PackageResources.recut_rejects_sql),
            [.text(run), .int(Int64(revision)), .int(Int64(slice))])
        return (0..<rows.count).map { row in
            RejectPlace(record: rows.int(row, 0) ?? 0, late: rows.bool(row, 1) == true)
        }
    }

    /// Notes the partitions of a slice's rejects.
    public static func place(
        rejects: [(record: Int64, partition: Int)], slice: Int, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.recut_reject_places_sql),
            [
                .text(run), .int(Int64(revision)), .int(Int64(slice)),
                .intArray(rejects.map(\.record)), .intArray(rejects.map { Int64($0.partition) }),
            ])
    }

    /// Notes the partitions of conflicts, by their keys.
    public static func placeConflicts(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.recut_conflicts_sql), [.text(run), .int(Int64(revision))])
    }

    /// Raises the epoch of unfinished claims that no session has taken.
    public static func fenceUntaken(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.recut_fence_sql), [.text(run), .int(Int64(revision))])
    }

    /// Ends unfinished load claims where they stand: what they did stays theirs, the rest is free.
    public static func releaseLoadClaims(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(revision))]
        try connection.query(sql(PackageResources.recut_claims_end_sql), identity)
        try connection.query(sql(PackageResources.recut_claims_delete_sql), identity)
    }

    /// Makes load claims of what is left.
    public static func insertLoadClaims(
        _ pieces: [RemainingPiece], run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.recut_claims_insert_sql),
            [
                .text(run), .int(Int64(revision)), .intArray(pieces.map { Int64($0.slice) }),
                .intArray(pieces.map { Int64($0.partition) }),
                .textArray(pieces.map(\.range.low.text)),
                .optionalTextArray(pieces.map { $0.range.high?.text }),
            ])
    }
}
