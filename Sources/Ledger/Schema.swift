// The ledger's schema and its migrations.

public import Postgres

/// The ledger's schema: which version a database has, and how it gets the newest.
public enum Schema {
    /// The version this binary works with.
    public static let wanted = 9

    private static let migrations: [(number: Int, text: String)] = [
        (1, sql(PackageResources.migration_0001_sql)),
        (2, sql(PackageResources.migration_0002_sql)),
        (3, sql(PackageResources.migration_0003_sql)),
        (4, sql(PackageResources.migration_0004_sql)),
        (5, sql(PackageResources.migration_0005_sql)),
        (6, sql(PackageResources.migration_0006_sql)),
        (7, sql(PackageResources.migration_0007_sql)),
        (8, sql(PackageResources.migration_0008_sql)),
        (9, sql(PackageResources.migration_0009_sql)),
    ]

    /// The numbers of all migrations, in their order.
    public static var numbers: [Int] { migrations.map(\.number) }

    /// The version the database has; 0: no ledger.
    public static func version(_ connection: borrowing Connection) throws -> Int {
        let exists = try connection.query(sql(PackageResources.schema_exists_sql))
        guard exists.bool(0, 0) == true else { return 0 }
        let rows = try connection.query(sql(PackageResources.schema_version_sql))
        return Int(rows.int(0, 0) ?? 0)
    }

    /// The migrations that are still to be applied, as SQL for people to read.
    public static func pending(_ connection: borrowing Connection) throws -> [String] {
        let found = try version(connection)
        return migrations.filter { $0.number > found }.map(\.text)
    }

    /// Applies what is pending, each migration in a transaction of its own.
    public static func migrate(_ connection: borrowing Connection) throws {
        try connection.transaction { connection in
            // Two processes may start at once; the second waits and finds nothing to do.
            try connection.query(sql(PackageResources.schema_lock_sql))
            let found = try version(connection)
            for migration in migrations where migration.number > found {
                try connection.execute(migration.text)
                try connection.query(
                    sql(PackageResources.schema_applied_sql), [.int(Int64(migration.number))])
            }
        }
    }

    /// Makes the roles of least privilege where they are missing, and gives each its rights in this
    /// database; done again, it does what later migrations left open.
    ///
    /// - Returns: Why it was not done; nothing was changed then. nil: it is done.
    public static func setUpRoles(_ connection: borrowing Connection) throws -> String? {
        do {
            return try connection.query(sql(PackageResources.schema_roles_sql)).text(0, 0)
        } catch let error as PostgresError where error.kind == .permission {
            // Not even the function may be called: somebody else owns the ledger.
            return error.description
        }
    }

    /// Throws ``LedgerError/schema(found:wanted:)`` unless the database has the wanted version.
    public static func check(_ connection: borrowing Connection) throws {
        let found = try version(connection)
        guard found == wanted else { throw LedgerError.schema(found: found, wanted: wanted) }
    }
}
