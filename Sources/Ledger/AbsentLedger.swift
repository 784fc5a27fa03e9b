// Rows that the input lacks: found once per slice, noted in the ledger, staged from there
// (PROTOCOL 26). The rows themselves are closed by the load's one statement.

public import Plan
public import Postgres

/// A row to be closed, as chunks are cut by it.
public struct AbsentRow: Sendable, Equatable {
    /// Its key image.
    public var key: String
    /// Its negative number; falls as the key rises.
    public var record: Int64
    /// Its digest in staging.
    public var digest: UInt64

    /// Memberwise.
    public init(key: String, record: Int64, digest: UInt64) {
        self.key = key
        self.record = record
        self.digest = digest
    }
}

/// Statements about rows that the input lacks.
public enum AbsentLedger {
    /// Above every record number of a slice's absent rows.
    public static func firstRecord(slice: Int) -> Int64 { -(Int64(slice) << 32) }

    /// Notes the open target rows of a slice's key range that are neither staged nor protected;
    /// after the slice's COPY, in its transaction.
    ///
    /// - Parameter protected: Key images of rejected records: their rows are in the file.
    /// - Returns: Open rows in the range, and how many of them were noted.
    public static func find(
        slice: Int, range: KeyRange, protected: [String], tables: RunTables, run: String,
        revision: Int, _ connection: borrowing Connection
    ) throws -> (open: Int64, absent: Int64) {
        guard let statement = findStatement(tables: tables, slice: slice) else { return (0, 0) }
        // The anti-join with the slice wants a hash, and the planner is to weigh an index scan of
        // the target against reading it whole.
        try connection.execute("SET LOCAL enable_hashjoin = on; SET LOCAL enable_seqscan = on")
        let rows = try connection.query(
            statement,
            [
                .text(run), .int(Int64(revision)), .int(Int64(slice)), .text(range.low.text),
                .text(range.high?.text ?? topBound), .textArray(protected),
            ])
        return (rows.int(0, 0) ?? 0, rows.int(0, 1) ?? 0)
    }

    /// Stages the noted rows of a slice; after its COPY, in its transaction.
    public static func stage(
        slice: Int, tables: RunTables, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws -> Int {
        try connection.query(
            stageStatement(tables: tables, slice: slice),
            [.text(run), .int(Int64(revision)), .int(Int64(slice))]
        ).affected
    }

    /// The noted rows of a slice in key order, at most `limit`, behind the one with a number.
    public static func rows(
        slice: Int, after record: Int64, limit: Int, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws -> [AbsentRow] {
        let rows = try connection.query(
            sql(PackageResources.absent_rows_sql),
            [
                .text(run), .int(Int64(revision)), .int(Int64(slice)), .int(record),
                .int(Int64(limit)),
            ])
        return (0..<rows.count).map { row in
            AbsentRow(
                key: rows.text(row, 0) ?? "", record: rows.int(row, 1) ?? 0,
                digest: UInt64(bitPattern: rows.int(row, 2) ?? 0))
        }
    }

    /// What all slices together say: open rows (nil: not every slice knows) and records whose key
    /// cannot be trusted.
    public static func totals(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> (open: Int64?, nameless: Int64) {
        let rows = try connection.query(
            sql(PackageResources.absent_totals_sql), [.text(run), .int(Int64(revision))])
        return (rows.int(0, 0), rows.int(0, 1) ?? 0)
    }

    /// Forgets the noted rows of a run, by its number, together with its staging.
    public static func forget(number: Int64, _ connection: borrowing Connection) throws {
        try connection.query(sql(PackageResources.absent_delete_sql), [.int(number)])
    }

    /// `$1` run, `$2` revision, `$3` slice, `$4` and `$5` the range, `$6` protected key images.
    ///
    /// nil: the plan closes nothing. Open rows are read once, whatever becomes of them.
    public static func findStatement(tables: RunTables, slice: Int) -> String? {
        let plan = tables.plan
        guard let absent = plan.absent else { return nil }
        let keys = plan.keys.enumerated().map { "t.\($1.column) AS k\($0)" }
        let names = plan.keys.indices.map { "o.k\($0)" }
        let join = plan.keys.enumerated().map { "s.\($1.staging) = o.k\($0)" }
        let texts = names.map { "\($0)::text" }.joined(separator: ", ")
        let count = plan.updateCountColumn.map { "t.\($0)::bigint" } ?? "NULL::bigint"
        return """
            WITH o AS MATERIALIZED (
                SELECT \(absent.image) AS image, \(keys.joined(separator: ", ")),
                    t.\(plan.lockColumn) AS at, t.xmin AS x, \(count) AS n
                FROM \(plan.table) t
                WHERE \(absent.isBetween("$4", "$5")) AND \(plan.inline(absent.open))
            ), noted AS (
                INSERT INTO kugiri.absent (run, revision, slice, record, key, keys, seen_at,
                    seen_xmin, seen_count, digest)
                SELECT $1, $2::integer, $3::integer,
                    -($3::bigint << 32) - row_number() OVER (
                        ORDER BY o.image, \(names.joined(separator: ", "))),
                    o.image, ARRAY[\(texts)], o.at, o.x::text, o.n,
                    hashtextextended(ARRAY[\(texts)]::text, 26)
                FROM o WHERE o.image <> ALL ($6::text[]) AND NOT EXISTS (
                    SELECT FROM \(tables.slice(slice)) s WHERE \(join.joined(separator: " AND ")))
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM o), (SELECT count(*) FROM noted)
            """
    }

    /// `$1` run, `$2` revision, `$3` slice.
    public static func stageStatement(tables: RunTables, slice: Int) -> String {
        let plan = tables.plan
        let columns = plan.keys.map { ", \($0.staging)" }.joined()
        let values = plan.keys.enumerated().map { ", a.keys[\($0 + 1)]::\($1.type)" }.joined()
        return """
            INSERT INTO \(tables.slice(slice)) (kugiri_key, kugiri_record, kugiri_seq,
                kugiri_last, kugiri_seen, kugiri_lock_at, kugiri_lock_xmin, kugiri_lock_count,
                kugiri_digest, kugiri_state, kugiri_action\(columns))
            SELECT a.key, a.record, 0, true, true, a.seen_at, a.seen_xmin::xid, a.seen_count,
                a.digest, 'U', 'C'\(values)
            FROM kugiri.absent a
            WHERE a.run = $1 AND a.revision = $2::integer AND a.slice = $3::integer
            ORDER BY a.record DESC
            """
    }
}
