// Statements that remove what old runs left behind. A run's row, its certificate and its publication
// are never removed: they are small, and the proof.

public import Postgres

/// A run that may be purged.
public struct PurgeCandidate: Sendable {
    /// The id people say.
    public var run: String
    /// The run's number; its tables carry it.
    public var number: Int64
    /// The job's name.
    public var job: String
    /// ended, published or superseded.
    public var state: String
    /// SHA-256 of the input, in hexadecimal.
    public var inputHash: String
    /// JSON: the folders it was run with.
    public var directories: String
    /// When it ended, in milliseconds since 1970.
    public var endedAt: Int64
}

/// A table of a run, outside the ledger's own schema.
public struct PurgeTable: Sendable {
    /// With its schema, quoted.
    public var name: String
    /// As the server last counted them; nil: it never did.
    public var rows: Int64?
    /// With indexes.
    public var bytes: Int64
    /// The run's number.
    public var number: Int64
}

/// Statements behind `kugiri purge`.
public enum PurgeLedger {
    /// Holds off every other purge until this session ends; false: one is under way.
    public static func lock(_ connection: borrowing Connection) throws -> Bool {
        try connection.query(sql(PackageResources.purge_lock_sql)).bool(0, 0) == true
    }

    /// Runs that ended at least so many seconds ago, and those whose purge was broken off; never an
    /// unfinished one, never the one its job published last.
    ///
    /// - Parameter job: nil: of all jobs.
    public static func candidates(
        job: String?, keepSeconds: Int64, _ connection: borrowing Connection
    ) throws -> [PurgeCandidate] {
        candidates(
            try connection.query(
                sql(PackageResources.purge_candidates_sql), [.optional(job), .int(keepSeconds)]))
    }

    /// Purged runs of these contents, whose archived input may still be there.
    public static func siblings(
        hashes: [String], _ connection: borrowing Connection
    ) throws -> [PurgeCandidate] {
        candidates(
            try connection.query(
                sql(PackageResources.purge_siblings_sql), [.textArray(hashes)]))
    }

    private static func candidates(_ rows: borrowing Rows) -> [PurgeCandidate] {
        var list: [PurgeCandidate] = []
        for row in 0..<rows.count {
            list.append(
                PurgeCandidate(
                    run: rows.text(row, 0) ?? "", number: rows.int(row, 1) ?? 0,
                    job: rows.text(row, 2) ?? "", state: rows.text(row, 3) ?? "",
                    inputHash: rows.text(row, 4) ?? "", directories: rows.text(row, 5) ?? "",
                    endedAt: rows.int(row, 6) ?? 0))
        }
        return list
    }

    /// Of these contents those that a run still needs which is not among these runs.
    public static func shared(
        hashes: [String], besides runs: [String], _ connection: borrowing Connection
    ) throws -> Set<String> {
        let rows = try connection.query(
            sql(PackageResources.purge_shared_sql), [.textArray(hashes), .textArray(runs)])
        return Set((0..<rows.count).compactMap { rows.text($0, 0) })
    }

    /// The tables of runs in one of Kugiri's schemas, slices before their parent.
    public static func tables(
        in schema: String, of numbers: [Int64], _ connection: borrowing Connection
    ) throws -> [PurgeTable] {
        let rows = try connection.query(
            sql(PackageResources.purge_tables_sql), [.text(schema), .intArray(numbers)])
        return (0..<rows.count).map { row in
            PurgeTable(
                name: rows.text(row, 0) ?? "",
                rows: rows.int(row, 1).flatMap { $0 < 0 ? nil : $0 },
                bytes: rows.int(row, 2) ?? 0, number: rows.int(row, 3) ?? 0)
        }
    }

    /// Rows of the ledger about these runs that a purge deletes, and their bytes.
    public static func rows(
        of runs: [String], _ connection: borrowing Connection
    ) throws -> (count: Int64, bytes: Int64) {
        let rows = try connection.query(
            sql(PackageResources.purge_row_counts_sql), [.textArray(runs)])
        return (rows.int(0, 0) ?? 0, rows.int(0, 1) ?? 0)
    }

    /// Notes that these runs are being purged; answers those that may be.
    public static func mark(
        _ runs: [String], _ connection: borrowing Connection
    ) throws -> Set<String> {
        let rows = try connection.query(
            sql(PackageResources.purge_mark_sql), [.textArray(runs)])
        return Set((0..<rows.count).compactMap { rows.text($0, 0) })
    }

    /// Keeps a run closed until the transaction ends; false: it is open again.
    public static func fence(_ run: String, _ connection: borrowing Connection) throws -> Bool {
        try connection.query(sql(PackageResources.purge_fence_sql), [.text(run)]).count == 1
    }

    /// Deletes a marked run's rows and notes that it is purged, in one statement.
    public static func forget(_ run: String, _ connection: borrowing Connection) throws {
        try connection.query(sql(PackageResources.purge_rows_sql), [.text(run)])
    }

    /// The day a run's purge began; nil: it is whole.
    public static func day(of run: String, _ connection: borrowing Connection) throws -> String? {
        let rows = try connection.query(sql(PackageResources.purge_when_sql), [.text(run)])
        return rows.count == 1 ? rows.text(0, 0) : nil
    }
}
