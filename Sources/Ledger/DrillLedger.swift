// What a drill asks of catalogs and ledgers: the source's table, and how a run of its own stands.

public import Postgres

/// A column of a table, as a copy of it is made.
public struct DrillColumn: Sendable, Equatable {
    /// Quoted where it has to be.
    public var name: String
    /// As CREATE TABLE takes it.
    public var definition: String
    /// Whether rows can be given a value; not where the server computes it.
    public var takesValues: Bool
    /// The default's expression; nil: none.
    public var defaultText: String?
    /// Whether the server numbers the rows.
    public var isIdentity: Bool

    /// In quotation marks, whether it has to be or not.
    public var quotedName: String { name.hasPrefix("\"") ? name : quoteIdentifier(name) }
}

/// How far a run of a drill is.
public struct DrillProgress: Sendable, Equatable {
    /// The run's id.
    public var run: String
    /// The phase it is in.
    public var phase: String
    /// open, ended or published.
    public var state: String
    /// Data records in its slices.
    public var records: Int64
    /// Those of slices that are checked.
    public var checked: Int64
    /// Rows that are to be loaded; 0 until validation has counted them.
    public var rows: Int64
    /// Those whose chunk is committed.
    public var loaded: Int64
}

/// A worker with a claim in hand.
public struct DrillHolder: Sendable, Equatable {
    /// The worker's name.
    public var worker: String
    /// Its process on this machine.
    public var process: Int32
    /// The chunk of its claim it is at, from 1.
    public var chunk: Int64
}

/// What a fault left in the ledger.
public struct DrillTraces: Sendable, Equatable {
    /// Claims that were taken more than once.
    public var claimsTakenAgain: Int64
    /// Coordinators the run had, or one that took it again.
    public var terms: Int64
    /// Conflicts that were noted.
    public var conflicts: Int64
    /// Those of them that were applied in the end.
    public var conflictsApplied: Int64
    /// Deadlocks that the server found.
    public var deadlocks: Int64
}

/// Questions of a drill.
public enum DrillLedger {
    /// A table's options, its bytes with indexes, and the search path it was found by.
    public static func table(
        _ table: Int64, _ connection: borrowing Connection
    ) throws -> (options: String?, bytes: Int64, searchPath: String) {
        let rows = try connection.query(sql(PackageResources.drill_table_sql), [.int(table)])
        return (rows.text(0, 0), rows.int(0, 1) ?? 0, rows.text(0, 2) ?? "")
    }

    /// A table's columns in their order.
    public static func columns(
        _ table: Int64, _ connection: borrowing Connection
    ) throws -> [DrillColumn] {
        let rows = try connection.query(sql(PackageResources.drill_columns_sql), [.int(table)])
        return (0..<rows.count).map { row in
            DrillColumn(
                name: rows.text(row, 0) ?? "", definition: rows.text(row, 1) ?? "",
                takesValues: rows.bool(row, 2) == true, defaultText: rows.text(row, 3),
                isIdentity: rows.bool(row, 4) == true)
        }
    }

    /// Statements that make what a table hangs on, in their order.
    public static func needs(
        _ table: Int64, _ connection: borrowing Connection
    ) throws -> [String] {
        let rows = try connection.query(sql(PackageResources.drill_needs_sql), [.int(table)])
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }

    /// Statements that make a table's constraints and indexes, and foreign keys in words.
    ///
    /// - Parameter name: The table's, quoted and with its schema.
    public static func constraints(
        _ table: Int64, name: String, _ connection: borrowing Connection
    ) throws -> (statements: [String], foreignKeys: [String]) {
        let rows = try connection.query(
            sql(PackageResources.drill_constraints_sql), [.int(table), .text(name)])
        var statements: [String] = []
        var foreignKeys: [String] = []
        for row in 0..<rows.count {
            if let statement = rows.text(row, 0) { statements.append(statement) }
            if let key = rows.text(row, 1) { foreignKeys.append(key) }
        }
        return (statements, foreignKeys)
    }

    /// A table's triggers, and whether each is of the kind that moves a lock column.
    public static func triggers(
        _ table: Int64, _ connection: borrowing Connection
    ) throws -> [(name: String, movesLock: Bool)] {
        let rows = try connection.query(sql(PackageResources.drill_triggers_sql), [.int(table)])
        var found: [(name: String, movesLock: Bool)] = []
        for row in 0..<rows.count {
            found.append((rows.text(row, 0) ?? "", rows.bool(row, 1) == true))
        }
        return found
    }

    /// Where the database's newest run is; nil: there is none yet.
    public static func progress(_ connection: borrowing Connection) throws -> DrillProgress? {
        let rows = try connection.query(sql(PackageResources.drill_progress_sql))
        guard rows.count == 1 else { return nil }
        return DrillProgress(
            run: rows.text(0, 0) ?? "", phase: rows.text(0, 1) ?? "",
            state: rows.text(0, 2) ?? "", records: rows.int(0, 3) ?? 0,
            checked: rows.int(0, 4) ?? 0, rows: rows.int(0, 5) ?? 0, loaded: rows.int(0, 6) ?? 0)
    }

    /// A worker that has a claim of a phase in hand; nil: nobody has.
    public static func holder(
        phase: String, _ connection: borrowing Connection
    ) throws -> DrillHolder? {
        let rows = try connection.query(sql(PackageResources.drill_holder_sql), [.text(phase)])
        guard rows.count == 1 else { return nil }
        return DrillHolder(
            worker: rows.text(0, 0) ?? "", process: Int32(rows.int(0, 1) ?? 0),
            chunk: rows.int(0, 2) ?? 0)
    }

    /// What faults left in the ledger.
    public static func traces(_ connection: borrowing Connection) throws -> DrillTraces {
        let rows = try connection.query(sql(PackageResources.drill_traces_sql))
        return DrillTraces(
            claimsTakenAgain: rows.int(0, 0) ?? 0, terms: rows.int(0, 1) ?? 0,
            conflicts: rows.int(0, 2) ?? 0, conflictsApplied: rows.int(0, 3) ?? 0,
            deadlocks: rows.int(0, 4) ?? 0)
    }

    /// Chunks nobody has begun, with more than one row, the last ones first.
    ///
    /// - Returns: Key images, low inclusive, high exclusive.
    public static func untouchedChunks(
        atMost count: Int, _ connection: borrowing Connection
    ) throws -> [(low: String, high: String)] {
        let rows = try connection.query(
            sql(PackageResources.drill_untouched_chunks_sql), [.int(Int64(count))])
        var found: [(low: String, high: String)] = []
        for row in 0..<rows.count {
            found.append((rows.text(row, 0) ?? "", rows.text(row, 1) ?? topBound))
        }
        return found
    }

    /// What a run left behind though it should not have, in words.
    public static func residue(_ connection: borrowing Connection) throws -> [String] {
        let rows = try connection.query(sql(PackageResources.drill_residue_sql))
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }

    /// Records of a run that nothing became of.
    public static func openRecords(
        run: String, _ connection: borrowing Connection
    ) throws -> Int64 {
        try connection.query(sql(PackageResources.drill_open_records_sql), [.text(run)]).int(0, 0)
            ?? 0
    }

    /// Every reject of a run as one text, in the order of the file.
    public static func rejects(
        run: String, _ connection: borrowing Connection
    ) throws -> [String] {
        let rows = try connection.query(sql(PackageResources.drill_rejects_sql), [.text(run)])
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }
}
