// What `kugiri doctor` asks the server. Nothing here writes; a role that may see little gets
// answers with gaps, never an error.

public import Postgres

/// A setting of the server as it holds for this role and database.
public struct ServerSetting: Sendable, Equatable {
    /// As `pg_settings` writes it.
    public var value: String
    /// `kB`, `8kB`, `MB`, `ms`, `s`…; nil: none.
    public var unit: String?
    /// What a session of this role begins with.
    public var initial: String

    /// Memberwise.
    public init(value: String, unit: String? = nil, initial: String? = nil) {
        self.value = value
        self.unit = unit
        self.initial = initial ?? value
    }
}

/// Who asks, and of what kind the server is.
public struct ServerFacts: Sendable, Equatable {
    /// The role.
    public var role: String
    /// The database.
    public var database: String
    /// A standby refuses every write.
    public var isStandby: Bool
    /// Connected by a Unix socket.
    public var isLocal: Bool
    /// The server's clock, microseconds since 1970.
    public var clock: Int64
    /// Sessions there are, this one too.
    public var sessions: Int64
    /// Sessions of other roles of which this role may see nothing.
    public var hiddenSessions: Int64
    /// Whether the role may end sessions of any role but superusers.
    public var maySignal: Bool
}

/// Questions of `kugiri doctor`.
public enum DoctorLedger {
    /// The settings of these names that this role may see.
    public static func settings(
        _ names: [String], _ connection: borrowing Connection
    ) throws -> [String: ServerSetting] {
        let rows = try connection.query(
            sql(PackageResources.doctor_settings_sql), [.textArray(names)])
        var result: [String: ServerSetting] = [:]
        for row in 0..<rows.count {
            result[rows.text(row, 0) ?? ""] = ServerSetting(
                value: rows.text(row, 1) ?? "", unit: rows.text(row, 2), initial: rows.text(row, 3))
        }
        return result
    }

    /// Who asks, and of what kind the server is.
    public static func facts(_ connection: borrowing Connection) throws -> ServerFacts {
        let rows = try connection.query(sql(PackageResources.doctor_facts_sql))
        return ServerFacts(
            role: rows.text(0, 0) ?? "?", database: rows.text(0, 1) ?? "?",
            isStandby: rows.bool(0, 2) == true, isLocal: rows.bool(0, 3) == true,
            clock: rows.int(0, 4) ?? 0, sessions: rows.int(0, 5) ?? 0,
            hiddenSessions: rows.int(0, 6) ?? 0, maySignal: rows.bool(0, 7) == true)
    }

    /// Privileges on the ledger that the role lacks, in words.
    public static func lacking(_ connection: borrowing Connection) throws -> [String] {
        let rows = try connection.query(sql(PackageResources.doctor_needs_sql))
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }

    /// A target's size in bytes, whether autovacuum is off for it, its dead and its live rows.
    public static func target(
        _ target: Int64, _ connection: borrowing Connection
    ) throws -> (bytes: Int64, autovacuumIsOff: Bool, dead: Int64, live: Int64) {
        let rows = try connection.query(sql(PackageResources.doctor_target_sql), [.int(target)])
        guard rows.count == 1 else { return (0, false, 0, 0) }
        return (
            rows.int(0, 0) ?? 0, rows.bool(0, 1) == true, rows.int(0, 2) ?? 0, rows.int(0, 3) ?? 0
        )
    }

    /// Transactions open for longer than this, the oldest first.
    public static func transactions(
        olderThanSeconds seconds: Int, limit: Int, _ connection: borrowing Connection
    ) throws -> [(who: String, seconds: Int64)] {
        let rows = try connection.query(
            sql(PackageResources.doctor_transactions_sql),
            [.int(Int64(seconds)), .int(Int64(limit))])
        return (0..<rows.count).map { (rows.text($0, 0) ?? "?", rows.int($0, 1) ?? 0) }
    }

    /// Replication slots that nobody reads.
    public static func idleSlots(_ connection: borrowing Connection) throws -> [String] {
        let rows = try connection.query(sql(PackageResources.doctor_slots_sql))
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }

    /// Whether archiving of write-ahead log failed since it last succeeded.
    public static func archivingFails(_ connection: borrowing Connection) throws -> Bool {
        try connection.query(sql(PackageResources.doctor_archiver_sql)).bool(0, 0) == true
    }

    /// Whether the roles of least privilege are set up in this database, and those of them that
    /// this role is a member of without working as one; nil: none.
    public static func roles(
        _ connection: borrowing Connection
    ) throws -> (areSetUp: Bool, idleMembership: String?) {
        let rows = try connection.query(sql(PackageResources.doctor_roles_sql))
        return (rows.bool(0, 0) == true, rows.text(0, 1))
    }

    /// Roles of connected workers, and whether this role may end their sessions.
    public static func workerRoles(
        _ connection: borrowing Connection
    ) throws -> [(role: String, isOurs: Bool)] {
        let rows = try connection.query(sql(PackageResources.doctor_worker_roles_sql))
        return (0..<rows.count).map { (rows.text($0, 0) ?? "?", rows.bool($0, 1) == true) }
    }

    /// Staging tables that no run needs any more: how many, their bytes, and whose.
    public static func leftoverStaging(
        _ connection: borrowing Connection
    ) throws -> (tables: Int64, bytes: Int64, runs: String) {
        let rows = try connection.query(sql(PackageResources.doctor_staging_sql))
        return (rows.int(0, 0) ?? 0, rows.int(0, 1) ?? 0, rows.text(0, 2) ?? "")
    }

    /// The newest input of a job, or of any job (nil); nil: no run yet.
    public static func lastInput(
        of job: String?, _ connection: borrowing Connection
    ) throws -> (path: String, bytes: Int64)? {
        let rows = try connection.query(
            sql(PackageResources.doctor_last_input_sql), [.optional(job)])
        guard rows.count == 1, let path = rows.text(0, 0) else { return nil }
        return (path, rows.int(0, 1) ?? 0)
    }
}
