// `kugiri doctor`: asks machine, settings and server what a night would need. Writes nothing: its
// database session is read-only.

import Glibc
import Journal
import Ledger
import Messaging
import Plan
package import Postgres
package import Records
package import Settings

/// The doctor's questions.
package struct Doctor {
    private let settings: Settings
    private let jobs: [(job: Job, contract: Contract)]
    private let isPrivate: Bool
    private var report: DoctorReport

    /// - Parameters:
    ///   - job: The job asked for; nil: all.
    ///   - jobs: Jobs to look at, with their contracts.
    ///   - faults: Lines about jobs that do not fit their contract.
    package init(
        _ settings: Settings, job: String?, jobs: [(job: Job, contract: Contract)],
        faults: [String], binaryVersion: String
    ) {
        self.settings = settings
        self.jobs = jobs
        isPrivate = settings.database == nil
        report = DoctorReport(job: job)
        report.checks = HostChecks.versions(binary: binaryVersion) + [HostChecks.openFiles()]
        report.checks.append(
            faults.isEmpty
                ? .ok("settings", "\(jobs.count) jobs fit their contracts")
                : .fault("settings", faults.joined(separator: "; "), "see 'kugiri lint'"))
    }

    /// What was found without a database.
    ///
    /// - Parameter reason: Why there is none to ask; a private server that was never needed is no
    ///   fault.
    package func withoutDatabase(_ reason: String, isFault: Bool) -> DoctorReport {
        var report = report
        report.checks += HostChecks.space(settings.directories, input: nil)
        report.checks.append(
            isFault
                ? .fault("database", reason, "bring it back, or correct 'database'")
                : .warning(
                    "database", reason,
                    "start it with 'kugiri db url' and ask again; a run starts it by itself"))
        return report
    }

    /// The settings of a doctor's session.
    package static let sessionSettings = [(name: "default_transaction_read_only", value: "on")]

    /// Everything.
    package mutating func examine(_ connection: borrowing Connection) throws -> DoctorReport {
        let found = try DoctorLedger.settings(ServerChecks.names, connection)
        let before = Self.now()
        let facts = try DoctorLedger.facts(connection)
        report.checks.append(
            ServerChecks.clock(server: facts.clock, before: before, after: Self.now()))
        let workers = jobs.map(\.job.workers).max() ?? 0
        report.checks += ServerChecks.judge(found, facts: facts, workers: workers)
        if found["archive_mode"]?.value != "off", try DoctorLedger.archivingFails(connection) {
            report.checks.append(
                .warning(
                    "archiving", "the newest try to archive write-ahead log failed",
                    "mend archive_command: a load fills the disk with log"))
        }
        let hasLedger = try examineLedger(connection)
        try examineRoles(facts, connection)
        try examineTransactions(facts, connection)
        for (job, contract) in jobs { try examineTarget(job, contract, found, connection) }
        let name = jobs.count == 1 ? jobs[0].job.name : nil
        let last = hasLedger ? try DoctorLedger.lastInput(of: name, connection) : nil
        report.checks.append(HostChecks.input(last?.path))
        report.checks += HostChecks.space(settings.directories, input: last?.bytes)
        report.checks.append(
            HostChecks.serverSpace(found["data_directory"]?.value, isLocal: facts.isLocal))
        return report
    }

    /// Microseconds since 1970, by this machine.
    private static func now() -> Int64 {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else {
            preconditionFailure("CLOCK_REALTIME is not readable")
        }
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Schema and privileges; false: there is no ledger this binary can read.
    private mutating func examineLedger(_ connection: borrowing Connection) throws -> Bool {
        let version: Int
        do {
            version = try Schema.version(connection)
        } catch let error as PostgresError where error.kind == .permission {
            report.checks.append(
                .fault("ledger", error.description, "GRANT USAGE ON SCHEMA kugiri, SELECT on it"))
            return false
        }
        guard version == Schema.wanted else {
            let text = "schema version \(version), this binary needs \(Schema.wanted)"
            report.checks.append(
                isPrivate
                    ? .ok("ledger", "\(text); the next command brings it up")
                    : .fault("ledger", text, "run 'kugiri db migrate --dry-run', then without it"))
            return false
        }
        report.checks.append(.ok("ledger", "schema version \(version)"))
        try examineLeastPrivilege(connection)
        let lacking = try DoctorLedger.lacking(connection)
        report.checks.append(
            lacking.isEmpty
                ? .ok("privileges", "on the ledger, staging and before-images")
                : .fault("privileges", "lacking: " + lacking.joined(separator: ", "), "grant them"))
        guard lacking.allSatisfy({ !$0.hasPrefix("SELECT") && !$0.hasPrefix("USAGE") }) else {
            return false
        }
        let left = try DoctorLedger.leftoverStaging(connection)
        report.checks.append(
            left.tables == 0
                ? .ok("leftover staging", "none")
                : .warning(
                    "leftover staging",
                    "\(left.tables) tables of \(Figures.bytes(left.bytes)), of \(left.runs)",
                    "the job's next published night drops them"))
        return true
    }

    /// Whether every part of a night works with no more rights than it needs.
    private mutating func examineLeastPrivilege(_ connection: borrowing Connection) throws {
        let name = "least privilege"
        guard !isPrivate else {
            report.checks.append(.ok(name, "the private server has one role, and nobody else's"))
            return
        }
        let roles = try DoctorLedger.roles(connection)
        guard roles.areSetUp else {
            report.checks.append(
                .warning(
                    name, "every command and worker has all rights of the ledger's owner",
                    "let a role with CREATEROLE that owns the ledger run 'kugiri db migrate'; then "
                        + "log in as kugiri_coordinator and kugiri_worker"))
            return
        }
        guard let idle = roles.idleMembership else {
            report.checks.append(.ok(name, "the roles kugiri_… are set up"))
            return
        }
        report.checks.append(
            .warning(
                name,
                "this role is a member of \(idle) but works as itself: workers may not use the "
                    + "tables it makes", "ALTER ROLE … SET role = 'kugiri_coordinator'"))
    }

    /// A claim can be taken away only from a session that may be seen and ended (PROTOCOL 11).
    private mutating func examineRoles(
        _ facts: ServerFacts, _ connection: borrowing Connection
    ) throws {
        let roles = try DoctorLedger.workerRoles(connection)
        let foreign = roles.filter { !$0.isOurs }.map(\.role)
        guard foreign.isEmpty else {
            report.checks.append(
                .fault(
                    "worker roles",
                    "role \(facts.role) may not see and end sessions of "
                        + foreign.joined(separator: ", "),
                    foreign.map { "GRANT \(quoteIdentifier($0)) TO \(quoteIdentifier(facts.role))" }
                        .joined(separator: "; ")))
            return
        }
        report.checks.append(
            .ok(
                "worker roles",
                roles.isEmpty
                    ? "no worker is connected; workers with the same address have the same role"
                    : "the sessions of connected workers may be ended"))
    }

    private mutating func examineTransactions(
        _ facts: ServerFacts, _ connection: borrowing Connection
    ) throws {
        let long = try DoctorLedger.transactions(
            olderThanSeconds: DoctorLimits.transactionSecondsMax,
            limit: DoctorLimits.transactionsShown, connection)
        let hidden =
            facts.hiddenSessions > 0
            ? "; \(facts.hiddenSessions) sessions of other roles cannot be seen (pg_monitor)" : ""
        if long.isEmpty {
            report.checks.append(
                .ok(
                    "long transactions",
                    "none over \(DoctorLimits.transactionSecondsMax / 60) minutes\(hidden)"))
        } else {
            let list = long.map {
                "\($0.who), for \(Figures.duration(seconds: Double($0.seconds)))"
            }
            report.checks.append(
                .warning(
                    "long transactions", list.joined(separator: "; ") + hidden,
                    "end them: vacuum cannot clear what they might read"))
        }
        let slots = try DoctorLedger.idleSlots(connection)
        guard !slots.isEmpty else { return }
        report.checks.append(
            .warning(
                "replication slots", "nobody reads \(slots.joined(separator: ", "))",
                "drop them or start their readers: they keep write-ahead log"))
    }

    private mutating func examineTarget(
        _ job: Job, _ contract: Contract, _ found: [String: ServerSetting],
        _ connection: borrowing Connection
    ) throws {
        let name = "target of \(job.name)"
        // Without a rehearsal of the load, which makes tables: nothing is written here.
        let inspection = try TargetInspection(
            job: job, contract: contract, hasLedger: false, connection)
        let reasons = inspection.faults.compactMap { fault in
            fault.arguments.first { $0.name == "reason" }?.value
        }
        report.checks.append(
            reasons.isEmpty
                ? .ok(name, "\(job.target.table) fits, and this role may write it")
                : .fault(name, reasons.joined(separator: "; "), "change the table or the job"))
        for note in inspection.notes {
            report.checks.append(.warning(name, note, "make that index"))
        }
        guard let table = try TargetCatalog.table(job.target.table, connection) else { return }
        let size = try DoctorLedger.target(table.id, connection)
        report.checks.append(ServerChecks.buffers(found, target: size.bytes, table: table.name))
        if size.autovacuumIsOff {
            report.checks.append(
                .warning(
                    "vacuum of \(table.name)", "autovacuum is off for this table",
                    "ALTER TABLE \(table.name) RESET (autovacuum_enabled)"))
        } else if size.live > 0, size.dead > size.live * DoctorLimits.deadShareMax {
            report.checks.append(
                .warning(
                    "vacuum of \(table.name)",
                    "\(Figures.count(size.dead)) dead rows beside \(Figures.count(size.live))",
                    "VACUUM \(table.name)"))
        }
    }
}
