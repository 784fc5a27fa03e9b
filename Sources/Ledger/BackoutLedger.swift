// Statements about backouts: what of a run was taken back, how far it got, what was left alone.

public import Plan
public import Postgres

/// Rows a backout touches, or touched.
public struct BackoutCounts: Codable, Sendable, Equatable {
    /// Rows that got their old values back.
    public var restored: Int64 = 0
    /// Rows the run had made, that are gone again.
    public var removed: Int64 = 0
    /// Rows the run had closed, that are open again.
    public var reopened: Int64 = 0
    /// Rows that others changed since; they stay as they are.
    public var leftAlone: Int64 = 0

    /// All zero.
    public init() {}

    /// The keys of the JSON.
    public enum CodingKeys: String, CodingKey {
        case restored, removed, reopened
        case leftAlone = "left_alone"
    }

    /// Adds other counts.
    public static func += (left: inout BackoutCounts, right: BackoutCounts) {
        left.restored += right.restored
        left.removed += right.removed
        left.reopened += right.reopened
        left.leftAlone += right.leftAlone
    }
}

/// A backout that is under way.
public struct OpenBackout: Sendable {
    /// The ledger's number of it.
    public var number: Int64
    /// nil: the whole run.
    public var partitions: [Int]?
    /// The keys that are taken back, in order.
    public var ranges: [KeyRange]
    /// Keys below are dealt with.
    public var doneTo: String

    /// Memberwise.
    public init(number: Int64, partitions: [Int]?, ranges: [KeyRange], doneTo: String) {
        self.number = number
        self.partitions = partitions
        self.ranges = ranges
        self.doneTo = doneTo
    }
}

/// A backout as reports show it.
public struct BackoutRow: Sendable {
    /// The ledger's number of it.
    public var number: Int64
    /// As text, such as `{7,9}`; nil: the whole run.
    public var partitions: String?
    /// What it did.
    public var counts: BackoutCounts
    /// Why, as the operator said it.
    public var reason: String
    /// Milliseconds since 1970.
    public var startedAt: Int64
    /// nil: it is unfinished.
    public var endedAt: Int64?
}

/// A row that a backout left as it is.
public struct BackoutLeftRow: Sendable {
    /// The partition key's image.
    public var key: String
    /// changed, vanished, between, busy or refused.
    public var kind: String
    /// The constraint that refused it; nil: none did.
    public var detail: String?
}

/// Statements about backouts.
public enum BackoutLedger {
    /// Takes a run away from whoever has it; nil: it is not one that can be taken back.
    ///
    /// - Parameter isWhole: Nothing of it stays, so it is not published any more.
    public static func take(
        _ run: String, isWhole: Bool, _ connection: borrowing Connection
    ) throws -> Int64? {
        let rows = try connection.query(
            sql(PackageResources.backout_take_sql), [.text(run), .bool(isWhole)])
        return rows.count == 1 ? rows.int(0, 0) : nil
    }

    /// First statement of a backout's transaction; throws `fenced` when another took the run.
    public static func fence(
        _ run: String, term: Int64, _ connection: borrowing Connection
    ) throws {
        let rows = try connection.query(
            sql(PackageResources.backout_fence_sql), [.text(run), .int(term)])
        guard rows.count == 1 else { throw LedgerError.fenced(run: run) }
    }

    /// Begins a backout; returns its number.
    public static func start(
        run: String, revision: Int, partitions: [Int]?, ranges: [KeyRange], reason: String,
        command: String, _ connection: borrowing Connection
    ) throws -> Int64 {
        let rows = try connection.query(
            sql(PackageResources.backout_start_sql),
            [
                .text(run), .int(Int64(revision)),
                partitions.map { .intArray($0.map { Int64($0) }) } ?? .null,
                .textArray(ranges.map(\.low.text)),
                .optionalTextArray(ranges.map { $0.high?.text }), .text(reason), .text(command),
            ])
        guard let number = rows.int(0, 0) else {
            throw LedgerError.broken("a backout was begun without a number")
        }
        return number
    }

    /// Notes who does a backout from here on, in this session.
    public static func conduct(
        _ number: Int64, by conductor: Conductor, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.backout_conduct_sql),
            [
                .int(number), .text(conductor.host), .optional(conductor.user),
                .int(Int64(conductor.process)),
            ])
    }

    /// The unfinished backout of a run; nil: none.
    public static func open(
        run: String, _ connection: borrowing Connection
    ) throws -> OpenBackout? {
        let rows = try connection.query(sql(PackageResources.backout_open_sql), [.text(run)])
        guard rows.count == 1, let number = rows.int(0, 0) else { return nil }
        let partitions = rows.text(0, 1).map { text in
            text.split { !$0.isNumber }.compactMap { Int($0) }
        }
        return OpenBackout(
            number: number, partitions: partitions,
            ranges: try connection.query(
                sql(PackageResources.backout_scope_sql), [.int(number)]
            ).ranges(), doneTo: rows.text(0, 4) ?? "")
    }

    /// An unfinished backout on a table; nil: none.
    public static func unfinished(
        onTarget target: Int64, _ connection: borrowing Connection
    ) throws -> (run: String, since: Int64, partitions: String?)? {
        let rows = try connection.query(
            sql(PackageResources.backout_on_target_sql), [.int(target)])
        guard rows.count == 1, let run = rows.text(0, 0) else { return nil }
        return (run, rows.int(0, 1) ?? 0, rows.text(0, 2))
    }

    /// Moves a backout over one chunk, in the chunk's transaction; throws `fenced` when the chunk
    /// is not the next one.
    public static func advance(
        _ number: Int64, run: String, from low: String, to high: String, _ counts: BackoutCounts,
        _ connection: borrowing Connection
    ) throws {
        let moved = try connection.query(
            sql(PackageResources.backout_advance_sql),
            [
                .int(number), .text(low), .text(high), .int(counts.restored),
                .int(counts.removed), .int(counts.reopened),
            ])
        guard moved.affected == 1 else { throw LedgerError.fenced(run: run) }
    }

    /// Adds to what a backout did, for rows that were had at a second try.
    public static func count(
        _ number: Int64, _ counts: BackoutCounts, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.backout_count_sql),
            [
                .int(number), .int(counts.restored), .int(counts.removed), .int(counts.reopened),
            ])
    }

    /// Ends a backout; a run that was taken back as a whole says so from now on.
    public static func finish(_ number: Int64, _ connection: borrowing Connection) throws {
        try connection.query(sql(PackageResources.backout_finish_sql), [.int(number)])
    }

    /// Every backout of a run, the oldest first.
    public static func list(
        run: String, _ connection: borrowing Connection
    ) throws -> [BackoutRow] {
        let rows = try connection.query(sql(PackageResources.backout_list_sql), [.text(run)])
        return (0..<rows.count).map { row in
            var counts = BackoutCounts()
            counts.restored = rows.int(row, 2) ?? 0
            counts.removed = rows.int(row, 3) ?? 0
            counts.reopened = rows.int(row, 4) ?? 0
            counts.leftAlone = rows.int(row, 5) ?? 0
            return BackoutRow(
                number: rows.int(row, 0) ?? 0, partitions: rows.text(row, 1), counts: counts,
                reason: rows.text(row, 6) ?? "", startedAt: rows.int(row, 7) ?? 0,
                endedAt: rows.int(row, 8))
        }
    }

    /// Partitions of a run's revision that were taken back, in order.
    public static func takenBack(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int] {
        let rows = try connection.query(
            sql(PackageResources.backout_partitions_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).compactMap { rows.int($0, 0).map { Int($0) } }
    }

    /// Keys of a run's revision that were taken back.
    public static func ranges(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [KeyRange] {
        try connection.query(
            sql(PackageResources.backout_ranges_sql), [.text(run), .int(Int64(revision))]
        ).ranges()
    }

    /// Rows that a backout left alone, in key order.
    ///
    /// - Parameter kind: nil: of every kind.
    public static func left(
        by number: Int64, kind: String? = nil, limit: Int, _ connection: borrowing Connection
    ) throws -> [BackoutLeftRow] {
        let rows = try connection.query(
            sql(PackageResources.backout_rows_sql),
            [.int(number), .optional(kind), .int(Int64(limit))])
        return (0..<rows.count).map { row in
            BackoutLeftRow(
                key: rows.text(row, 0) ?? "", kind: rows.text(row, 2) ?? "",
                detail: rows.text(row, 3))
        }
    }

    /// Forgets that a key's rows were locked: they are tried again, in the same transaction.
    public static func forgetBusy(
        _ number: Int64, key: String, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.backout_row_forget_sql), [.int(number), .text(key)])
    }
}
