// What the system catalogs say of a target table.

public import Postgres

/// A column as the catalog has it.
public struct CatalogColumnRow: Sendable {
    /// Not quoted.
    public var name: String
    /// As `format_type` writes it.
    public var type: String
    /// As `type`, without the length of a text or a bit string.
    public var castType: String
    /// The oid in `pg_type`.
    public var typeID: Int64
    /// Whether it refuses NULL.
    public var isNotNull: Bool
    /// Whether the server alone writes it.
    public var isGenerated: Bool
    /// Filled by a default, an identity or a generation when an insert leaves it out.
    public var hasDefault: Bool
    /// Whether equal means equal bytes.
    public var isDeterministic: Bool
    /// Digits after the second; nil: not a timestamp, or all six.
    public var timePrecision: Int?
}

/// Questions to the catalog about a target table.
public enum TargetCatalog {
    /// The table of this name, quoted with its schema, and what speaks against it; nil: none.
    public static func table(
        _ name: String, _ connection: borrowing Connection
    ) throws -> (name: String, id: Int64, faults: [String])? {
        let rows = try connection.query(sql(PackageResources.target_table_sql), [.text(name)])
        guard rows.count == 1, let id = rows.int(0, 0), let quoted = rows.text(0, 1) else {
            return nil
        }
        var faults: [String] = []
        if rows.text(0, 2) != "r" {
            faults.append("it is not a plain table, so it has no row versions to lock by")
        }
        if rows.bool(0, 3) == true {
            faults.append("row-level security is on: rows could be skipped silently")
        }
        if rows.bool(0, 5) == true {
            faults.append(
                "it is in a schema of Kugiri's own; name the target with its schema, or set a "
                    + "search_path without \"$user\"")
        }
        if rows.text(0, 4) == "u" {
            faults.append("it is UNLOGGED: a crash would empty it")
        }
        return (quoted, id, faults)
    }

    /// The table's columns.
    public static func columns(
        _ table: Int64, _ connection: borrowing Connection
    ) throws -> [CatalogColumnRow] {
        let rows = try connection.query(sql(PackageResources.target_columns_sql), [.int(table)])
        return (0..<rows.count).map { row in
            CatalogColumnRow(
                name: rows.text(row, 0) ?? "", type: rows.text(row, 1) ?? "",
                castType: rows.text(row, 8) ?? "", typeID: rows.int(row, 2) ?? 0,
                isNotNull: rows.bool(row, 3) == true,
                isGenerated: rows.bool(row, 4) == true, hasDefault: rows.bool(row, 5) == true,
                isDeterministic: rows.bool(row, 6) != false,
                timePrecision: rows.int(row, 7).map { Int($0) })
        }
    }

    /// Whether a primary key or unique constraint has exactly these columns.
    public static func hasUniqueKey(
        _ table: Int64, columns: [String], _ connection: borrowing Connection
    ) throws -> Bool {
        let rows = try connection.query(
            sql(PackageResources.target_unique_sql), [.int(table), .textArray(columns)])
        return rows.bool(0, 0) == true
    }

    /// Whether an enabled BEFORE UPDATE row trigger exists that Kugiri's own updates do not call.
    public static func hasLockTrigger(
        _ table: Int64, _ connection: borrowing Connection
    ) throws -> Bool {
        let rows = try connection.query(sql(PackageResources.target_trigger_sql), [.int(table)])
        return rows.bool(0, 0) == true
    }

    /// Whether a text column's own order is that of key images, and whether an index can find a
    /// range of it in the order of key images.
    public static func order(
        of column: String, in table: Int64, _ connection: borrowing Connection
    ) throws -> (isBytewise: Bool, isIndexed: Bool) {
        let rows = try connection.query(
            sql(PackageResources.target_order_sql), [.int(table), .text(column)])
        return (rows.bool(0, 0) == true, rows.bool(0, 1) == true)
    }

    /// What the session's role may not do to a table though a load needs it: role and privilege.
    public static func missingPrivileges(
        _ table: Int64, updated: [String], inserted: [String], _ connection: borrowing Connection
    ) throws -> [(role: String, privilege: String)] {
        let rows = try connection.query(
            sql(PackageResources.target_privileges_sql),
            [.int(table), .textArray(updated), .textArray(inserted)])
        var found: [(role: String, privilege: String)] = []
        for row in 0..<rows.count {
            found.append((rows.text(row, 0) ?? "", rows.text(row, 1) ?? ""))
        }
        return found
    }

    /// Foreign keys over staged columns only; names as the catalog has them, not quoted, but the
    /// table quoted with its schema.
    public static func references(
        _ table: Int64, columns: [String], _ connection: borrowing Connection
    ) throws -> [TargetPlan.Reference] {
        let rows = try connection.query(
            sql(PackageResources.target_references_sql), [.int(table), .textArray(columns)])
        var found: [String: TargetPlan.Reference] = [:]
        for row in 0..<rows.count {
            let name = rows.text(row, 0) ?? ""
            let table = rows.text(row, 1) ?? ""
            found[name, default: .init(columns: [], table: table, targets: [])]
                .columns.append(quoteIdentifier(rows.text(row, 2) ?? ""))
            found[name]?.targets.append(quoteIdentifier(rows.text(row, 3) ?? ""))
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Unique indexes that the load could violate though every key is different.
    ///
    /// They hold a written column and not the whole key. Index and column, for people.
    public static func secondaryUniqueKeys(
        _ table: Int64, key: [String], written: [String], _ connection: borrowing Connection
    ) throws -> [(index: String, column: String)] {
        let rows = try connection.query(
            sql(PackageResources.target_secondary_sql),
            [.int(table), .textArray(key), .textArray(written)])
        var found: [(index: String, column: String)] = []
        for row in 0..<rows.count {
            found.append((rows.text(row, 0) ?? "", rows.text(row, 1) ?? ""))
        }
        return found
    }

    /// CHECK expressions over staged columns only.
    public static func checks(
        _ table: Int64, columns: [String], _ connection: borrowing Connection
    ) throws -> [String] {
        let rows = try connection.query(
            sql(PackageResources.target_checks_sql), [.int(table), .textArray(columns)])
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }
}

extension TargetCatalog {
    /// Whether a table of this (quoted) name exists.
    public static func exists(_ name: String, _ connection: borrowing Connection) throws -> Bool {
        let rows = try connection.query(sql(PackageResources.table_exists_sql), [.text(name)])
        return rows.bool(0, 0) == true
    }

    /// The staging tables of a run, slices before their parent.
    public static func stagingTables(
        ofRun number: Int64, _ connection: borrowing Connection
    ) throws -> [String] {
        let rows = try connection.query(
            sql(PackageResources.staging_tables_sql), [.int(number)])
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }

    /// Numbers of published or closed runs of a job, other than this one, that have staging.
    public static func runsWithStaging(
        job: String, except run: String, _ connection: borrowing Connection
    ) throws -> [Int64] {
        let rows = try connection.query(
            sql(PackageResources.staging_runs_sql), [.text(job), .text(run)])
        return (0..<rows.count).compactMap { rows.int($0, 0) }
    }
}

extension TargetCatalog {
    /// Rows of a staging table, by its quoted name.
    public static func count(_ name: String, _ connection: borrowing Connection) throws -> Int64 {
        try connection.query("SELECT count(*) FROM \(name)").int(0, 0) ?? 0
    }

    /// Whether a slice is already part of its run's parent table.
    public static func isAttached(
        _ name: String, _ connection: borrowing Connection
    ) throws -> Bool {
        let rows = try connection.query(sql(PackageResources.table_attached_sql), [.text(name)])
        return rows.bool(0, 0) == true
    }
}
