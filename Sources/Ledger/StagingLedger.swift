// What a worker may ask about a staging table that another role made.

public import Postgres

/// Questions about staging tables, under any role.
public enum StagingLedger {
    /// Whether this role may do with a table (quoted, with its schema) what its owner may.
    public static func isOwn(
        _ staging: String, _ connection: borrowing Connection
    ) throws -> Bool {
        try connection.query(sql(PackageResources.staging_is_own_sql), [.text(staging)])
            .bool(0, 0) == true
    }

    /// Whether a staging table has the defaults that COPY counts on; one of an earlier version has none.
    public static func hasDefaults(
        _ staging: String, _ connection: borrowing Connection
    ) throws -> Bool {
        try connection.query(sql(PackageResources.staging_has_defaults_sql), [.text(staging)])
            .bool(0, 0) == true
    }

    /// The statements that have the server look at a slice, for its owner.
    ///
    /// A slice that an earlier version made has another index, which needs no looking after.
    public static func lookAtOwn(_ staging: String) -> String {
        """
        ANALYZE \(staging); SELECT brin_summarize_new_values(found) \
        FROM to_regclass(\(quoteLiteral(RunTables.keyIndex(of: staging)))) AS found \
        WHERE found IS NOT NULL
        """
    }

    /// The statement that has the server do the same for a role that does not own it.
    public static func lookAt(_ staging: String) -> String {
        "SELECT kugiri_stage.look_at(\(quoteLiteral(staging)))"
    }
}
