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

    /// The statement that has the server look at a slice for a role that does not own it.
    public static func lookAt(_ staging: String) -> String {
        "SELECT kugiri_stage.look_at(\(quoteLiteral(staging)))"
    }
}
