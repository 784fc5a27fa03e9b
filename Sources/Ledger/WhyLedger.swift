// What the ledger, staging, before-images and the target know about one key of a run. Nothing here
// writes or locks a row.

public import Plan
public import Postgres

/// A piece of committed work on the range that a key lies in.
public struct WorkOnKey: Sendable, Equatable {
    /// What was done.
    public var phase: Phase
    /// The range.
    public var range: KeyRange
    /// The claim it was done under.
    public var claim: Int64
    /// The claim's epoch.
    public var epoch: Int64
    /// The chunk's number in its claim; 0 in phases without chunks.
    public var chunk: Int
    /// The slice.
    public var slice: Int
    /// nil in phases that work by slice.
    public var partition: Int?
    /// Who did it.
    public var worker: String
    /// Milliseconds.
    public var startedAt: Int64
    /// Milliseconds.
    public var committedAt: Int64
}

/// A staged record.
public struct StagedRecord: Sendable, Equatable {
    /// 1-based number in the file.
    public var record: Int64
    /// How many records of its target row come before it.
    public var sequence: Int
    /// Whether validation saw its target row.
    public var wasSeen: Bool
    /// U, D or E.
    public var state: String
    /// I, U, N, C, X, R or L; nil: not handled yet.
    public var outcome: String?
    /// What validation saw; after the load, what was written.
    public var lock: ConflictDetail.Lock
    /// The target key, in the plan's order.
    public var keys: [String?]
}

/// A row of a table, column by column, as text.
public struct RowImage: Sendable, Equatable {
    /// By column, not quoted; a NULL is there with nil.
    public var values: [String: String?]
    /// The lock; a before-image has that of the row that was written over it.
    public var lock: ConflictDetail.Lock
    /// Of a before-image: U or I (then only the key is known); "" for a row of the target.
    public var action: String
}

/// Questions about one key of a run.
public enum WhyLedger {
    /// The slice a key lies in; nil: the run has no slices.
    public static func slice(
        of key: String, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> Int? {
        let rows = try connection.query(
            sql(PackageResources.why_slice_sql), [.text(run), .int(Int64(revision)), .text(key)])
        return rows.count == 0 ? nil : rows.int(0, 0).map { Int($0) }
    }

    /// Committed work on the ranges that a key lies in, the oldest first.
    public static func work(
        on key: String, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [WorkOnKey] {
        let rows = try connection.query(
            sql(PackageResources.why_intervals_sql),
            [.text(run), .int(Int64(revision)), .text(key)])
        var result: [WorkOnKey] = []
        for row in 0..<rows.count {
            guard let phase = rows.text(row, 0).flatMap(Phase.init(rawValue:)) else {
                throw LedgerError.broken("an interval of \(run) has no phase")
            }
            result.append(
                WorkOnKey(
                    phase: phase,
                    range: KeyRange(
                        low: Key(rows.text(row, 1) ?? ""),
                        high: rows.text(row, 2).map { Key($0) }),
                    claim: rows.int(row, 3) ?? 0, epoch: rows.int(row, 4) ?? 0,
                    chunk: Int(rows.int(row, 5) ?? 0), slice: Int(rows.int(row, 6) ?? 0),
                    partition: rows.int(row, 7).map { Int($0) }, worker: rows.text(row, 8) ?? "",
                    startedAt: rows.int(row, 9) ?? 0, committedAt: rows.int(row, 10) ?? 0))
        }
        return result
    }

    /// The load chunk a key lies in; nil: validation has promised none.
    public static func chunk(
        of key: String, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> (range: KeyRange, rows: Int64)? {
        let rows = try connection.query(
            sql(PackageResources.why_chunk_sql), [.text(run), .int(Int64(revision)), .text(key)])
        guard rows.count == 1 else { return nil }
        let range = KeyRange(
            low: Key(rows.text(0, 0) ?? ""), high: rows.text(0, 1).map { Key($0) })
        return (range, rows.int(0, 2) ?? 0)
    }

    /// Records of a slice whose rejects show one of these masked keys, and how many rejected
    /// records of the slice are listed at all.
    public static func rejectedRecords(
        maskedKeys: [String], slice: Int, run: String, revision: Int, limit: Int,
        _ connection: borrowing Connection
    ) throws -> (records: [Int64], listed: Int64) {
        let identity: [Parameter] = [.text(run), .int(Int64(revision)), .int(Int64(slice))]
        let rows = try connection.query(
            sql(PackageResources.why_reject_records_sql),
            identity + [.textArray(maskedKeys), .int(Int64(limit))])
        let listed = try connection.query(
            sql(PackageResources.why_reject_listed_sql), identity)
        return ((0..<rows.count).compactMap { rows.int($0, 0) }, listed.int(0, 0) ?? 0)
    }

    /// The rejects of some records.
    public static func rejects(
        of records: [Int64], run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [(reject: Reject, late: Bool)] {
        let rows = try connection.query(
            sql(PackageResources.why_rejects_sql),
            [.text(run), .int(Int64(revision)), .intArray(records)])
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

    /// Other runs on the table of which before-images are left, the newest first.
    public static func otherRuns(
        onTarget target: Int64, except run: String, limit: Int, _ connection: borrowing Connection
    ) throws -> [(run: String, number: Int64)] {
        let rows = try connection.query(
            sql(PackageResources.why_writers_sql), [.int(target), .text(run), .int(Int64(limit))])
        return (0..<rows.count).map { (rows.text($0, 0) ?? "", rows.int($0, 1) ?? 0) }
    }
}

extension RunTables {
    private static func micro(_ column: String) -> String {
        "(extract(epoch FROM \(column)) * 1000000)::bigint"
    }

    /// The staged records of a key, in file order; of those that carry no state of their own, what
    /// their interval and the target row tell.
    ///
    /// - Parameter run: As the ledger calls it.
    public func staged(
        _ key: String, slice number: Int, of run: String, _ connection: borrowing Connection
    ) throws -> [StagedRecord] {
        let keys = plan.keys.map { ", s.\($0.staging)::text" }.joined()
        var found = slice(number)
        var parameters: [Parameter] = [.text(key)]
        if plan.derivesState == true {
            found = "(\(DerivedState(plan: plan, staging: found).rows))"
            parameters += [.text(run), .int(Int64(revision)), .int(Int64(number))]
        }
        let rows = try connection.query(
            """
            SELECT s.kugiri_record, s.kugiri_seq, s.kugiri_seen, s.kugiri_state, s.kugiri_outcome,
                \(Self.micro("s.kugiri_lock_at")), s.kugiri_lock_xmin::text\(keys)
            FROM \(found) s WHERE s.kugiri_key = $1 ORDER BY s.kugiri_record
            """, parameters)
        var result: [StagedRecord] = []
        for row in 0..<rows.count {
            result.append(
                StagedRecord(
                    record: rows.int(row, 0) ?? 0, sequence: Int(rows.int(row, 1) ?? 0),
                    wasSeen: rows.bool(row, 2) == true, state: rows.text(row, 3) ?? "",
                    outcome: rows.text(row, 4),
                    lock: .init(at: rows.int(row, 5), version: rows.text(row, 6)),
                    keys: plan.keys.indices.map { rows.text(row, 7 + $0) }))
        }
        return result
    }

    /// The newest before-images of some records of a key, by record: a rerun may have kept another
    /// one, and a corrected input may have had another key's record under this number.
    public func beforeImages(
        of records: [Int64], key: String, _ connection: borrowing Connection
    ) throws -> [Int64: RowImage] {
        let rows = try connection.query(
            """
            SELECT h.kugiri_record, h.kugiri_action, \(Self.micro("h.kugiri_lock_at")),
                h.kugiri_lock_xmin::text, e.key, e.value
            FROM \(history) h, jsonb_each_text(to_jsonb(h)) e
            WHERE h.kugiri_record = ANY($1::bigint[])
                AND (h.kugiri_key IS NULL OR h.kugiri_key = $2) AND e.key NOT LIKE 'kugiri\\_%'
                AND NOT EXISTS (SELECT FROM \(history) newer
                    WHERE newer.kugiri_record = h.kugiri_record
                        AND newer.kugiri_key IS NOT DISTINCT FROM h.kugiri_key
                        AND newer.kugiri_lock_at > h.kugiri_lock_at)
            """, [.intArray(records), .text(key)])
        var result: [Int64: RowImage] = [:]
        for row in 0..<rows.count {
            let record = rows.int(row, 0) ?? 0
            let empty = RowImage(
                values: [:], lock: .init(at: rows.int(row, 2), version: rows.text(row, 3)),
                action: rows.text(row, 1) ?? "")
            result[record, default: empty].values[rows.text(row, 4) ?? ""] =
                .some(rows.text(row, 5))
        }
        return result
    }

    /// Whether this run wrote the version of a row that has this lock.
    ///
    /// - Parameter keys: The target key, in the plan's order.
    public func wrote(
        _ keys: [String?], lock: ConflictDetail.Lock, _ connection: borrowing Connection
    ) throws -> Bool {
        let rows = try connection.query(
            """
            SELECT FROM \(history) t WHERE \(keyMatch("t"))
                AND t.kugiri_lock_xmin::text = $\(keys.count + 1)
                AND \(Self.micro("t.kugiri_lock_at")) = $\(keys.count + 2)::bigint LIMIT 1
            """, keys.map { .optional($0) } + [.optional(lock.version), .optional(lock.at)])
        return rows.count > 0
    }

    /// The target row of a key as it is now; nil: there is none.
    public func target(
        _ keys: [String?], _ connection: borrowing Connection
    ) throws -> RowImage? {
        let rows = try connection.query(
            """
            SELECT \(Self.micro("t.\(plan.lockColumn)")), t.xmin::text, e.key, e.value
            FROM \(plan.table) t, jsonb_each_text(to_jsonb(t)) e WHERE \(keyMatch("t"))
            """, keys.map { .optional($0) })
        guard rows.count > 0 else { return nil }
        var image = RowImage(
            values: [:], lock: .init(at: rows.int(0, 0), version: rows.text(0, 1)), action: "")
        for row in 0..<rows.count {
            image.values[rows.text(row, 2) ?? ""] = .some(rows.text(row, 3))
        }
        return image
    }

    /// What the load computes for the written columns of a record, from its fields and from its
    /// before-image; quoted columns with their values.
    ///
    /// - Parameters:
    ///   - fields: Texts of the staging columns, in the plan's order; nil: NULL.
    ///   - inserted: The row was made, so there was none before.
    public func computed(
        fields: [String?], record: Int64, inserted: Bool, _ connection: borrowing Connection
    ) throws -> [(column: String, value: String?)] {
        guard !plan.assignments.isEmpty else { return [] }
        let first = plan.columns.count + 2
        // A value that only closing uses is in no assignment, but every parameter must be named.
        let columns =
            plan.columns.enumerated().map { "$\($0 + 2)::\($1.type) AS \($1.name)" }
            + plan.values.indices.map { "$\(first + $0)::text AS kugiri_value_\($0)" }
        let list = plan.assignments.map { assignment in
            let text = inserted ? assignment.insert : assignment.update
            return "((\(plan.bind(text, from: first)))::\(assignment.type))::text"
        }
        let source = columns.isEmpty ? "SELECT 1" : "SELECT " + columns.joined(separator: ", ")
        let rows = try connection.query(
            """
            SELECT \(list.joined(separator: ", ")) FROM (\(source)) s
            LEFT JOIN (SELECT * FROM \(history) h WHERE h.kugiri_record = $1::bigint
                ORDER BY h.kugiri_lock_at DESC LIMIT 1) t ON true
            """,
            [.int(record)] + fields.map { .optional($0) } + plan.values.map { .text($0) })
        guard rows.count > 0 else { return [] }
        return plan.assignments.enumerated().map { ($1.column, rows.text(0, $0)) }
    }

    /// `t."a" = $1::text AND …` for the target key.
    private func keyMatch(_ alias: String) -> String {
        plan.keys.enumerated().map { "\(alias).\($1.column) = $\($0 + 1)::\($1.type)" }
            .joined(separator: " AND ")
    }
}
