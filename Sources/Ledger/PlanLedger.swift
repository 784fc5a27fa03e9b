// Statements for plans that are compared with earlier runs.

public import Postgres

/// Statements for plans.
public enum PlanLedger {
    /// The last published run of a job and its newest unfinished one; nil: there is none.
    public static func runs(
        job: String, _ connection: borrowing Connection
    ) throws -> (published: String?, open: String?) {
        let rows = try connection.query(sql(PackageResources.plan_runs_sql), [.text(job)])
        guard rows.count == 1 else { return (nil, nil) }
        return (rows.text(0, 0), rows.text(0, 1))
    }
}
