// Statements about who has a run or a table, and whether they still live: for messages that say
// who stands in the way, and for coordinators that take over.

public import Postgres

/// A coordinator process, for people.
public struct Conductor: Sendable, Equatable, CustomStringConvertible {
    /// Its machine.
    public var host: String
    /// Whose process it is; nil: of a binary that did not say.
    public var user: String?
    /// Its process there.
    public var process: Int32

    /// Memberwise.
    public init(host: String, user: String?, process: Int32) {
        self.host = host
        self.user = user
        self.process = process
    }

    /// As messages name it: `batch@osaka, process 4711`.
    public var description: String { "\(user.map { "\($0)@" } ?? "")\(host), process \(process)" }
}

/// Who holds a target table; times in milliseconds since 1970.
public struct TargetHolder: Sendable {
    /// The session's process on the server.
    public var pid: Int64
    /// As sessions are named; nil: this role may not see it.
    public var application: String?
    /// Its role; nil: this role may not see it.
    public var role: String?
    /// Where it comes from.
    public var address: String
    /// When the session began; nil: this role may not see it.
    public var sessionStartedAt: Int64?
    /// The run it conducts; nil: none yet, or it is no coordinator's session.
    public var tenure: Tenure?
    /// The run it takes back; nil: it takes none back.
    public var backout: Backout?

    /// A backout under way.
    public struct Backout: Sendable {
        /// The run's id.
        public var run: String
        /// The process.
        public var conductor: Conductor
        /// When it began, or went on.
        public var since: Int64
    }

    /// A coordinator's time with a run.
    public struct Tenure: Sendable {
        /// The run's id.
        public var run: String
        /// Its term.
        public var term: Int64
        /// The process.
        public var conductor: Conductor
        /// When it took the run.
        public var startedAt: Int64
        /// When it last said that it is alive; nil: its binary never does.
        public var beatAt: Int64?
        /// How long ago that was, by the database's clock.
        public var silence: Duration?
    }
}

/// The newest coordinator of a run; times in milliseconds since 1970.
public struct LastConductor: Sendable {
    /// Its term.
    public var term: Int64
    /// The process.
    public var conductor: Conductor
    /// When it took the run.
    public var startedAt: Int64
    /// nil: it is on, or was killed.
    public var endedAt: Int64?
    /// nil: it is on, or was killed.
    public var exitCode: Int?
}

/// An open run as a standby sees it.
public struct RunSight: Sendable {
    /// Its id.
    public var run: String
    /// The job's name.
    public var job: String
    /// The newest coordinator's term.
    public var term: Int64
    /// The phase it is in.
    public var phase: String
    /// The newest coordinator.
    public var conductor: Conductor
    /// When that took the run, in milliseconds since 1970.
    public var startedAt: Int64
    /// It ended in order: what follows is for people to say.
    public var hasEnded: Bool
    /// nil: it is on, or was killed.
    public var exitCode: Int?
    /// When it last said that it is alive, in milliseconds since 1970; nil: its binary never does.
    public var beatAt: Int64?
    /// How long ago that was, by the database's clock.
    public var silence: Duration?
    /// Its session holds the target.
    public var holdsTarget: Bool
    /// Some session holds the target.
    public var targetIsHeld: Bool
    /// Takeovers one after the other, without a person's command between them.
    public var takeovers: Int

    /// Memberwise.
    public init(
        run: String, job: String, term: Int64, phase: String, conductor: Conductor,
        startedAt: Int64, hasEnded: Bool, exitCode: Int?, beatAt: Int64?, silence: Duration?,
        holdsTarget: Bool, targetIsHeld: Bool, takeovers: Int
    ) {
        self.run = run
        self.job = job
        self.term = term
        self.phase = phase
        self.conductor = conductor
        self.startedAt = startedAt
        self.hasEnded = hasEnded
        self.exitCode = exitCode
        self.beatAt = beatAt
        self.silence = silence
        self.holdsTarget = holdsTarget
        self.targetIsHeld = targetIsHeld
        self.takeovers = takeovers
    }
}

/// Statements about holders.
public enum HolderLedger {
    /// Who holds a target table; nil: nobody.
    public static func holder(
        ofTarget target: Int64, _ connection: borrowing Connection
    ) throws -> TargetHolder? {
        let rows = try connection.query(sql(PackageResources.holder_of_target_sql), [.int(target)])
        guard rows.count > 0 else { return nil }
        var tenure: TargetHolder.Tenure?
        if let run = rows.text(0, 5) {
            tenure = TargetHolder.Tenure(
                run: run, term: rows.int(0, 6) ?? 0,
                conductor: Conductor(
                    host: rows.text(0, 7) ?? "?", user: rows.text(0, 8),
                    process: Int32(rows.int(0, 9) ?? 0)),
                startedAt: rows.int(0, 10) ?? 0, beatAt: rows.int(0, 11),
                silence: rows.int(0, 12).map { .milliseconds($0) })
        }
        var backout: TargetHolder.Backout?
        if let run = rows.text(0, 13) {
            backout = TargetHolder.Backout(
                run: run,
                conductor: Conductor(
                    host: rows.text(0, 14) ?? "?", user: rows.text(0, 15),
                    process: Int32(rows.int(0, 16) ?? 0)),
                since: rows.int(0, 17) ?? 0)
        }
        return TargetHolder(
            pid: rows.int(0, 0) ?? 0, application: rows.text(0, 1), role: rows.text(0, 2),
            address: rows.text(0, 3) ?? "?", sessionStartedAt: rows.int(0, 4), tenure: tenure,
            backout: backout)
    }

    /// Ends the session that holds a run's target, if its coordinator has been silent for so long;
    /// false: it has not.
    public static func endSilent(
        run: String, silence: Duration, _ connection: borrowing Connection
    ) throws -> Bool {
        let milliseconds = Int64(silence / .milliseconds(1))
        return try connection.query(
            sql(PackageResources.holder_end_silent_sql), [.text(run), .int(milliseconds)]
        ).count > 0
    }

    /// Ends the other sessions of a run's earlier coordinators.
    ///
    /// Call it while this session holds the target and has no helpers of its own yet.
    public static func endHelpers(run: String, _ connection: borrowing Connection) throws {
        try connection.query(sql(PackageResources.holder_end_helpers_sql), [.text(run)])
    }

    /// Who conducted a run last; nil: nobody whom the ledger knows.
    public static func lastConductor(
        of run: String, _ connection: borrowing Connection
    ) throws -> LastConductor? {
        let rows = try connection.query(sql(PackageResources.conductor_of_run_sql), [.text(run)])
        guard rows.count == 1 else { return nil }
        return LastConductor(
            term: rows.int(0, 0) ?? 0,
            conductor: Conductor(
                host: rows.text(0, 1) ?? "?", user: rows.text(0, 2),
                process: Int32(rows.int(0, 3) ?? 0)),
            startedAt: rows.int(0, 4) ?? 0, endedAt: rows.int(0, 5),
            exitCode: rows.int(0, 6).map { Int($0) })
    }

    /// The open runs of jobs.
    public static func sights(
        jobs: [String], _ connection: borrowing Connection
    ) throws -> [RunSight] {
        let rows = try connection.query(
            sql(PackageResources.standby_sights_sql), [.textArray(jobs)])
        return (0..<rows.count).map { row in
            RunSight(
                run: rows.text(row, 0) ?? "", job: rows.text(row, 1) ?? "",
                term: rows.int(row, 2) ?? 0, phase: rows.text(row, 3) ?? "",
                conductor: Conductor(
                    host: rows.text(row, 4) ?? "?", user: rows.text(row, 5),
                    process: Int32(rows.int(row, 6) ?? 0)),
                startedAt: rows.int(row, 7) ?? 0, hasEnded: rows.bool(row, 8) == true,
                exitCode: rows.int(row, 9).map { Int($0) }, beatAt: rows.int(row, 10),
                silence: rows.int(row, 11).map { .milliseconds($0) },
                holdsTarget: rows.bool(row, 12) == true,
                targetIsHeld: rows.bool(row, 13) == true,
                takeovers: Int(rows.int(row, 14) ?? 0))
        }
    }
}
