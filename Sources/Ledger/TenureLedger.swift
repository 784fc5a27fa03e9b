// Statements about who conducted a run: coordinators, their phases, their workers. For reports
// and `kugiri status`; nothing here decides anything.

public import Plan
public import Postgres

/// What earlier coordinators of a run took and did.
public struct PastTenures: Sendable, Equatable {
    /// One worker's share.
    public struct Share: Sendable, Equatable {
        /// Its name; a later coordinator's worker may have the same.
        public var worker: String
        /// nil: it never said.
        public var host: String?
        /// Claims it finished.
        public var claims: Int
        /// Records of those claims.
        public var records: Int64
    }

    /// Seconds from start to end of each, without the time between them.
    public var seconds = 0.0
    /// Seconds per phase; a phase that was broken off counts too.
    public var phases: [Phase: Double] = [:]
    /// Phases that one of them finished.
    public var finished: Set<Phase> = []
    /// By worker.
    public var workers: [Share] = []

    /// None.
    public init() {}
}

/// Statements about tenures.
public enum TenureLedger {
    /// Notes a coordinator that has just taken the run, in the transaction that takes it: a term
    /// has a tenure.
    ///
    /// - Parameter isTakeover: A standby began it; false: a person, or what a person set up.
    public static func begin(
        run: String, term: Int64, conductor: Conductor, isTakeover: Bool,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.tenure_insert_sql),
            [
                .text(run), .int(term), .text(conductor.host), .optional(conductor.user),
                .int(Int64(conductor.process)), .bool(isTakeover),
            ])
    }

    /// Notes where a coordinator's events are heard.
    public static func publishes(
        _ events: String, run: String, term: Int64, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.tenure_events_sql), [.text(run), .int(term), .text(events)])
    }

    /// Says that a coordinator is alive; false: its term is over.
    public static func beat(
        run: String, term: Int64, _ connection: borrowing Connection
    ) throws -> Bool {
        try connection.query(
            sql(PackageResources.tenure_beat_sql), [.text(run), .int(term)]
        ).count == 1
    }

    /// Notes how a coordinator ended.
    public static func end(
        run: String, term: Int64, outcome: Outcome, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.tenure_end_sql),
            [.text(run), .int(term), .int(Int64(outcome.rawValue))])
    }

    /// A phase begins under a term.
    public static func begin(
        _ phase: Phase, run: String, term: Int64, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.phase_time_start_sql),
            [.text(run), .int(term), .text(phase.rawValue)])
    }

    /// A phase is finished under a term.
    public static func finish(
        _ phase: Phase, run: String, term: Int64, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.phase_time_finish_sql),
            [.text(run), .int(term), .text(phase.rawValue)])
    }

    /// A worker joined.
    public static func join(
        _ worker: String, host: String, process: Int32, run: String, term: Int64,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.crew_join_sql),
            [.text(run), .int(term), .text(worker), .text(host), .int(Int64(process))])
    }

    /// A worker left or ended.
    public static func leave(
        _ worker: String, run: String, term: Int64, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.crew_leave_sql), [.text(run), .int(term), .text(worker)])
    }

    /// What the coordinators before a term took and did.
    public static func past(
        run: String, before term: Int64, _ connection: borrowing Connection
    ) throws -> PastTenures {
        var past = PastTenures()
        let times = try connection.query(
            sql(PackageResources.tenure_times_sql), [.text(run), .int(term)])
        for row in 0..<times.count {
            let seconds = times.text(row, 1).flatMap { Double($0) } ?? 0
            guard let phase = times.text(row, 0).flatMap(Phase.init(rawValue:)) else {
                past.seconds = seconds
                continue
            }
            past.phases[phase] = seconds
            if times.bool(row, 2) == true { past.finished.insert(phase) }
        }
        let workers = try connection.query(
            sql(PackageResources.tenure_workers_sql), [.text(run), .int(term)])
        past.workers = (0..<workers.count).map { row in
            PastTenures.Share(
                worker: workers.text(row, 0) ?? "", host: workers.text(row, 1),
                claims: Int(workers.int(row, 2) ?? 0), records: workers.int(row, 3) ?? 0)
        }
        return past
    }
}
