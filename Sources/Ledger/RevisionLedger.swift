// Statements about revisions: a finished run is opened once more, everything outside the keys that
// are done again is copied, and the revision is complete by itself (PROTOCOL 31).

public import Plan
public import Postgres

/// Where a rerun begins.
public enum RerunBeginning: String, Sendable, CaseIterable {
    /// Everything: the input is split again.
    case start
    /// Records are decoded and judged again.
    case validate
    /// What validation proved holds; only what the target has is looked at again.
    case load
}

/// What a new revision is made of.
public struct NewRevision: Sendable {
    /// The run's id.
    public var run: String
    /// The revision it follows.
    public var after: Int
    /// Host, user and process of the coordinator, for people.
    public var coordinator: String
    /// JSON: what the revision goes by.
    public var definition: String
    /// What is done again, for people.
    public var scope: String
    /// Where it begins.
    public var beginning: RerunBeginning
    /// Why, as the operator said it.
    public var reason: String
    /// The command as typed.
    public var command: String
    /// Whether what it changes was agreed to beforehand.
    public var isApproved: Bool
    /// The input's path, length and SHA-256.
    public var input: (path: String, bytes: Int64, hash: String)

    /// Memberwise.
    public init(
        run: String, after: Int, coordinator: String, definition: String, scope: String,
        beginning: RerunBeginning, reason: String, command: String, isApproved: Bool,
        input: (path: String, bytes: Int64, hash: String)
    ) {
        self.run = run
        self.after = after
        self.coordinator = coordinator
        self.definition = definition
        self.scope = scope
        self.beginning = beginning
        self.reason = reason
        self.command = command
        self.isApproved = isApproved
        self.input = input
    }
}

/// What is copied into a revision, and what is not.
public struct RevisionCopy: Sendable {
    /// Keys that are done again.
    public var ranges: [KeyRange]
    /// Numbers of the slices they lie in.
    public var slices: [Int]
    /// Whether what validation proved of these slices holds on.
    public var keepsVerdicts: Bool
    /// Late rejects inside the ranges, by record.
    public var lateRecords: [Int64]
    /// The tables of the new revision.
    public var tables: RunTables

    /// Memberwise.
    public init(
        ranges: [KeyRange], slices: [Int], keepsVerdicts: Bool, lateRecords: [Int64],
        tables: RunTables
    ) {
        self.ranges = ranges
        self.slices = slices
        self.keepsVerdicts = keepsVerdicts
        self.lateRecords = lateRecords
        self.tables = tables
    }
}

/// A revision as the ledger has it.
public struct RevisionRow: Sendable {
    /// What is done again, for people.
    public var scope: String
    /// Where it began.
    public var beginning: RerunBeginning
    /// Why.
    public var reason: String
    /// Whether somebody agreed to what it changes.
    public var isApproved: Bool
}

/// Statements about revisions.
public enum RevisionLedger {
    /// Opens the next revision and takes the run; nil: the run is not finished, or not any more at
    /// that revision.
    public static func open(
        _ new: NewRevision, _ connection: borrowing Connection
    ) throws -> Int64? {
        let rows = try connection.query(
            sql(PackageResources.revision_open_sql),
            [
                .text(new.run), .int(Int64(new.after)), .text(new.coordinator),
                .text(new.definition), .text(new.scope), .text(new.beginning.rawValue),
                .text(new.reason), .text(new.command), .bool(new.isApproved),
                .text(new.input.path), .int(new.input.bytes), .text(new.input.hash),
            ])
        return rows.count == 1 ? rows.int(0, 0) : nil
    }

    /// Copies what a revision leaves alone from the one before, in the transaction that opens it.
    public static func copy(
        _ copy: RevisionCopy, run: String, from old: Int, _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(old)), .int(Int64(old + 1))]
        let slices = Parameter.intArray(copy.slices.map { Int64($0) })
        let ranges: [Parameter] = [
            .textArray(copy.ranges.map(\.low.text)),
            .optionalTextArray(copy.ranges.map { $0.high?.text }),
        ]
        try connection.query(sql(PackageResources.revision_copy_partitions_sql), identity)
        try connection.query(
            sql(PackageResources.revision_copy_slices_sql),
            identity + [slices, .text("\(copy.tables.parent)_s"), .bool(copy.keepsVerdicts)])
        try connection.query(
            sql(PackageResources.revision_copy_intervals_sql), identity + [slices] + ranges)
        for statement in [
            PackageResources.revision_copy_chunks_sql, PackageResources.revision_copy_totals_sql,
            PackageResources.revision_copy_shares_sql,
        ] {
            try connection.query(sql(statement), identity)
        }
        try connection.query(
            sql(PackageResources.revision_copy_rejects_sql),
            identity + [.intArray(copy.lateRecords)])
        try connection.query(
            sql(PackageResources.revision_copy_conflicts_sql), identity + ranges)
        try connection.query(
            sql(PackageResources.revision_copy_absent_sql), identity + [slices])
    }

    /// Copies the partition table, and what is loaded outside some keys, into a revision with another
    /// input.
    public static func copyLoaded(
        outside ranges: [KeyRange], run: String, from old: Int,
        _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(old)), .int(Int64(old + 1))]
        try connection.query(sql(PackageResources.revision_copy_partitions_sql), identity)
        let slices = try SliceLedger.slices(run: run, revision: old, connection)
        try connection.query(
            sql(PackageResources.revision_copy_intervals_sql),
            identity + [
                .intArray(slices.map { Int64($0.slice) }), .textArray(ranges.map(\.low.text)),
                .optionalTextArray(ranges.map { $0.high?.text }),
            ])
    }

    /// Knows loaded intervals by the digests that staging has of their records in another input.
    ///
    /// - Returns: How many of them hold as many rows as were loaded.
    public static func adopt(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> Int {
        try connection.query(
            sql(PackageResources.revision_adopt_sql), [.text(run), .int(Int64(revision))]
        ).affected
    }

    /// Conflicts outside some keys and rejects that the database gave: they hang on record numbers.
    public static func exceptions(
        run: String, revision: Int, outside ranges: [KeyRange],
        _ connection: borrowing Connection
    ) throws -> Int64 {
        try connection.query(
            sql(PackageResources.revision_exceptions_sql),
            [
                .text(run), .int(Int64(revision)), .textArray(ranges.map(\.low.text)),
                .optionalTextArray(ranges.map { $0.high?.text }),
            ]
        ).int(0, 0) ?? 0
    }

    /// A revision after the first; nil: there is none of this number.
    public static func get(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> RevisionRow? {
        let rows = try connection.query(
            sql(PackageResources.revision_get_sql), [.text(run), .int(Int64(revision))])
        guard rows.count == 1,
            let beginning = rows.text(0, 1).flatMap(RerunBeginning.init(rawValue:))
        else { return nil }
        return RevisionRow(
            scope: rows.text(0, 0) ?? "", beginning: beginning, reason: rows.text(0, 2) ?? "",
            isApproved: rows.bool(0, 3) == true)
    }

    /// Notes that somebody agreed to what a revision changes.
    public static func approve(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.revision_approve_sql), [.text(run), .int(Int64(revision))])
    }

    /// Takes a revision out of the ledger that has loaded nothing: the run is what it was before.
    public static func withdraw(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(revision))]
        let restored = try connection.query(
            sql(PackageResources.revision_restore_sql), identity)
        guard restored.affected == 1 else {
            throw LedgerError.broken("run \(run) has no revision \(revision) to withdraw")
        }
        for table in [
            "partition", "slice", "claim", "interval", "chunk", "total", "share", "reject",
            "conflict", "absent", "revision",
        ] {
            try connection.query(
                sql(PackageResources.revision_delete_sql).replacing("{table}", with: table),
                identity)
        }
    }

    /// How many slices, other than these, are not proved against the target.
    public static func unproved(
        run: String, revision: Int, except slices: [Int], _ connection: borrowing Connection
    ) throws -> Int64 {
        try connection.query(
            sql(PackageResources.revision_proved_sql),
            [.text(run), .int(Int64(revision)), .intArray(slices.map { Int64($0) })]
        ).int(0, 0) ?? 0
    }

    /// Records of some slices that the target refused in the load.
    public static func lateRejects(
        run: String, revision: Int, slices: [Int], _ connection: borrowing Connection
    ) throws -> [(slice: Int, record: Int64)] {
        let rows = try connection.query(
            sql(PackageResources.revision_late_sql),
            [.text(run), .int(Int64(revision)), .intArray(slices.map { Int64($0) })])
        return (0..<rows.count).map { (Int(rows.int($0, 0) ?? 0), rows.int($0, 1) ?? 0) }
    }
}
