// Statements behind `kugiri status` and `kugiri runs`: a run as anybody with the database sees it.

public import Plan
public import Postgres

/// A run as the ledger shows it now; times in milliseconds since 1970.
public struct StandingRow: Sendable {
    /// The job's name.
    public var job: String
    /// ISO date; nil: the job has none.
    public var businessDate: String?
    /// open, ended, published or superseded.
    public var state: String
    /// The phase it is in.
    public var phase: Phase
    /// nil: it has not ended.
    public var result: String?
    /// nil: it has not ended.
    public var exitCode: Int?
    /// Counts the inputs of the run.
    public var revision: Int
    /// The target table.
    public var target: String
    /// The target table's oid.
    public var targetID: Int64
    /// When the run was created.
    public var startedAt: Int64
    /// nil: it has not ended.
    public var endedAt: Int64?
    /// The newest coordinator; nil: of a ledger before version 3.
    public var tenure: Tenure?
    /// When the phase began under that coordinator; nil: it has not.
    public var phaseStartedAt: Int64?
    /// The database's clock.
    public var now: Int64
    /// The newest coordinator's term.
    public var term: Int64

    /// A coordinator's time with the run.
    public struct Tenure: Sendable {
        /// Its machine.
        public var host: String
        /// Its process there.
        public var process: Int32
        /// Its events' endpoint; nil: it publishes none.
        public var events: String?
        /// When it took the run.
        public var startedAt: Int64
        /// nil: it is on, or was killed.
        public var endedAt: Int64?
        /// nil: it is on, or was killed.
        public var exitCode: Int?
    }
}

/// How far a run's phase is.
public struct StandingProgress: Sendable {
    /// Slices of the run; 0: it is not split yet.
    public var slices: Int64
    /// Data records.
    public var records: Int64
    /// Records that validation passed so far.
    public var staged: Int64
    /// Records that are rejected, late ones too.
    public var rejected: Int64
    /// Records that validation has judged.
    public var validated: Int64
    /// Partitions of the run.
    public var partitions: Int64
    /// Partitions with a load claim that is not finished.
    public var partitionsOpen: Int64
    /// Records whose work in the asked phase is committed.
    public var handled: Int64
    /// Records of the asked phase that were committed since the asked moment.
    public var recent: Int64
    /// Conflicts that are not resolved.
    public var conflicts: Int64
}

/// A worker of the newest coordinator.
public struct StandingWorker: Sendable {
    /// Its name.
    public var worker: String
    /// Its machine.
    public var host: String
    /// Its process there.
    public var process: Int32
    /// The slice it works on; nil: none in this phase.
    public var slice: Int?
    /// The partition it works on; nil: the phase works by slice.
    public var partition: Int?
    /// Records of its claim.
    public var records: Int64?
    /// How long it has had the claim.
    public var sinceMilliseconds: Int64?
}

/// Who holds a target.
public struct StandingHolder: Sendable {
    /// The database session's process.
    public var pid: Int64
    /// As sessions are named; nil: this role may not see it.
    public var application: String?
    /// Its role.
    public var user: String?
    /// Where it comes from.
    public var host: String
    /// When the session began; nil: this role may not see it.
    public var since: Int64?
}

/// A line of `kugiri runs`; times in milliseconds since 1970.
public struct RunLine: Sendable {
    /// The run's id.
    public var run: String
    /// The job's name.
    public var job: String
    /// ISO date; nil: the job has none.
    public var businessDate: String?
    /// open, ended, published or superseded.
    public var state: String
    /// The phase it is or was in.
    public var phase: String
    /// nil: it has not ended.
    public var result: String?
    /// nil: it has not ended.
    public var exitCode: Int?
    /// When it was created.
    public var startedAt: Int64
    /// nil: it has not ended.
    public var endedAt: Int64?
    /// The newest coordinator, for people.
    public var coordinator: String
    /// JSON of its counts; nil: it has not ended.
    public var counts: String?
    /// Time its coordinators worked; nil: it has not ended.
    public var elapsedSeconds: Double?
}

/// Statements that tell how runs stand.
public enum StatusLedger {
    /// The run to show when none is named, whether it is on, and how many are; nil: no run yet.
    public static func pick(
        _ connection: borrowing Connection
    ) throws -> (run: String, isOn: Bool, running: Int)? {
        let rows = try connection.query(sql(PackageResources.status_pick_sql))
        guard rows.count == 1, let run = rows.text(0, 0) else { return nil }
        return (run, rows.bool(0, 1) == true, Int(rows.int(0, 2) ?? 0))
    }

    /// Whether a coordinator conducts the run: its session holds the target.
    public static func isOn(_ run: String, _ connection: borrowing Connection) throws -> Bool {
        try connection.query(sql(PackageResources.status_is_on_sql), [.text(run)])
            .bool(0, 0) == true
    }

    /// A run as it stands; nil: there is none.
    public static func standing(
        _ run: String, _ connection: borrowing Connection
    ) throws -> StandingRow? {
        let rows = try connection.query(sql(PackageResources.status_run_sql), [.text(run)])
        guard rows.count == 1 else { return nil }
        guard let phase = rows.text(0, 3).flatMap(Phase.init(rawValue:)) else {
            throw LedgerError.broken("kugiri.run of \(run): unknown phase")
        }
        var tenure: StandingRow.Tenure?
        if let host = rows.text(0, 11) {
            tenure = StandingRow.Tenure(
                host: host, process: Int32(rows.int(0, 12) ?? 0), events: rows.text(0, 13),
                startedAt: rows.int(0, 14) ?? 0, endedAt: rows.int(0, 15),
                exitCode: rows.int(0, 16).map { Int($0) })
        }
        return StandingRow(
            job: rows.text(0, 0) ?? "", businessDate: rows.text(0, 1), state: rows.text(0, 2) ?? "",
            phase: phase, result: rows.text(0, 4), exitCode: rows.int(0, 5).map { Int($0) },
            revision: Int(rows.int(0, 6) ?? 1), target: rows.text(0, 7) ?? "",
            targetID: rows.int(0, 8) ?? 0, startedAt: rows.int(0, 9) ?? 0,
            endedAt: rows.int(0, 10), tenure: tenure, phaseStartedAt: rows.int(0, 17),
            now: rows.int(0, 18) ?? 0, term: rows.int(0, 19) ?? 0)
    }

    /// How far a phase of a run is.
    ///
    /// - Parameter since: From when on recent records count, in milliseconds since 1970.
    public static func progress(
        _ run: String, revision: Int, phase: Phase, since: Int64, _ connection: borrowing Connection
    ) throws -> StandingProgress {
        let rows = try connection.query(
            sql(PackageResources.status_progress_sql),
            [
                .text(run), .int(Int64(revision)), .text(phase.rawValue), .int(since),
            ])
        func number(_ column: Int) -> Int64 { rows.int(0, column) ?? 0 }
        return StandingProgress(
            slices: number(0), records: number(1), staged: number(2),
            rejected: number(3) + number(9), validated: number(4), partitions: number(5),
            partitionsOpen: number(6), handled: number(7), recent: number(8),
            conflicts: number(10))
    }

    /// The fleet under a term, with the claims of a phase it has in hand.
    public static func workers(
        _ run: String, revision: Int, phase: Phase, term: Int64,
        _ connection: borrowing Connection
    ) throws -> [StandingWorker] {
        let rows = try connection.query(
            sql(PackageResources.status_workers_sql),
            [.text(run), .int(Int64(revision)), .text(phase.rawValue), .int(term)])
        return (0..<rows.count).map { row in
            StandingWorker(
                worker: rows.text(row, 0) ?? "", host: rows.text(row, 1) ?? "",
                process: Int32(rows.int(row, 2) ?? 0), slice: rows.int(row, 3).map { Int($0) },
                partition: rows.int(row, 4).map { Int($0) }, records: rows.int(row, 5),
                sinceMilliseconds: rows.int(row, 6))
        }
    }

    /// Who holds a target table; nil: nobody.
    public static func holder(
        ofTarget target: Int64, _ connection: borrowing Connection
    ) throws -> StandingHolder? {
        let rows = try connection.query(sql(PackageResources.status_holder_sql), [.int(target)])
        guard rows.count > 0 else { return nil }
        return StandingHolder(
            pid: rows.int(0, 0) ?? 0, application: rows.text(0, 1), user: rows.text(0, 2),
            host: rows.text(0, 3) ?? "?", since: rows.int(0, 4))
    }

    /// The newest runs, newest first.
    ///
    /// - Parameter job: Only runs of this job; nil: of all.
    public static func runs(
        job: String?, limit: Int, _ connection: borrowing Connection
    ) throws -> [RunLine] {
        let rows = try connection.query(
            sql(PackageResources.run_list_sql), [.int(Int64(limit)), .optional(job)])
        return (0..<rows.count).map { row in
            RunLine(
                run: rows.text(row, 0) ?? "", job: rows.text(row, 1) ?? "",
                businessDate: rows.text(row, 2), state: rows.text(row, 3) ?? "",
                phase: rows.text(row, 4) ?? "", result: rows.text(row, 5),
                exitCode: rows.int(row, 6).map { Int($0) }, startedAt: rows.int(row, 7) ?? 0,
                endedAt: rows.int(row, 8), coordinator: rows.text(row, 9) ?? "",
                counts: rows.text(row, 10),
                elapsedSeconds: rows.text(row, 11).flatMap { Double($0) })
        }
    }

    /// Of these runs of a job those whose logs have outlived the newest `generations`, the oldest
    /// first; unfinished runs and the latest published one never do.
    public static func outlived(
        job: String, generations: Int, among runs: [String], limit: Int,
        _ connection: borrowing Connection
    ) throws -> [String] {
        let rows = try connection.query(
            sql(PackageResources.runs_outlived_sql),
            [.text(job), .int(Int64(generations)), .textArray(runs), .int(Int64(limit))])
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }
}
