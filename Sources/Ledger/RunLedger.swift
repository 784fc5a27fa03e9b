// Statements about runs: creating, taking, fencing, ending, publishing.

public import Plan
public import Postgres

/// What a new run is made of.
public struct NewRun: Sendable {
    /// The job's name.
    public var job: String
    /// The program id operators know the job by.
    public var program: String
    /// ISO date; nil: the job has no business date.
    public var businessDate: String?
    /// JSON object with sorted keys.
    public var parameters: String
    /// Where the input came from.
    public var inputPath: String
    /// The input's length.
    public var inputBytes: Int64
    /// SHA-256 of the input, in hexadecimal.
    public var inputHash: String
    /// SHA-256 of the contract, in hexadecimal.
    public var contractHash: String
    /// SHA-256 of the settings, in hexadecimal.
    public var settingsHash: String
    /// The table as the catalog names it.
    public var target: String
    /// The target table's oid.
    public var targetID: Int64
    /// JSON: job, contract, directories; what a resume works with.
    public var definition: String
    /// JSON: the target as resolved against the catalog.
    public var plan: String
    /// Host, user and process of the coordinator, for people.
    public var coordinator: String
    /// JSON array: tolerances that are not the job's defaults.
    public var tolerances: String

    /// Memberwise.
    public init(
        job: String, program: String, businessDate: String?, parameters: String,
        inputPath: String, inputBytes: Int64, inputHash: String, contractHash: String,
        settingsHash: String, target: String, targetID: Int64, definition: String, plan: String,
        coordinator: String, tolerances: String
    ) {
        self.job = job
        self.program = program
        self.businessDate = businessDate
        self.parameters = parameters
        self.inputPath = inputPath
        self.inputBytes = inputBytes
        self.inputHash = inputHash
        self.contractHash = contractHash
        self.settingsHash = settingsHash
        self.target = target
        self.targetID = targetID
        self.definition = definition
        self.plan = plan
        self.coordinator = coordinator
        self.tolerances = tolerances
    }
}

/// A run as the ledger has it.
public struct RunRow: Sendable {
    /// The id people say.
    public var run: String
    /// Counts all runs of the database.
    public var number: Int64
    /// The job's name.
    public var job: String
    /// The program id operators know the job by.
    public var program: String
    /// ISO date; nil: the job has no business date.
    public var businessDate: String?
    /// JSON object with sorted keys.
    public var parameters: String
    /// Where the input came from.
    public var inputPath: String
    /// The input's length.
    public var inputBytes: Int64
    /// SHA-256 of the input, in hexadecimal.
    public var inputHash: String
    /// SHA-256 of the contract, in hexadecimal.
    public var contractHash: String
    /// The table as the catalog names it.
    public var target: String
    /// The target table's oid.
    public var targetID: Int64
    /// JSON: job, contract, directories.
    public var definition: String
    /// JSON: the target as resolved against the catalog.
    public var plan: String
    /// JSON of the envelope; nil: the split is not done.
    public var envelope: String?
    /// Counts the inputs of the run, from 1.
    public var revision: Int
    /// The newest coordinator's term.
    public var term: Int64
    /// The phase it is in.
    public var phase: Phase
    /// open, ended, published, superseded or backed_out.
    public var state: String
    /// The newest coordinator, for people.
    public var coordinator: String
    /// JSON array: tolerances that are not the job's defaults.
    public var tolerances: String
    /// When it was created.
    public var startedAt: String
    /// nil: it has not ended.
    public var endedAt: String?
    /// The outcome's class; nil: it has not ended.
    public var result: String?
    /// nil: it has not ended.
    public var exitCode: Int?
    /// JSON of the result; nil: it has not ended.
    public var summary: String?
}

/// Statements about runs.
public enum RunLedger {
    /// Inserts a run; returns its id and number.
    public static func create(
        _ run: NewRun, _ connection: borrowing Connection
    ) throws -> (run: String, number: Int64) {
        let rows = try connection.query(
            sql(PackageResources.run_create_sql),
            [
                .text(run.job), .text(run.program), .optional(run.businessDate),
                .text(run.parameters), .text(run.inputPath), .int(run.inputBytes),
                .text(run.inputHash), .text(run.contractHash), .text(run.settingsHash),
                .text(run.target), .int(run.targetID), .text(run.definition), .text(run.plan),
                .text(run.coordinator), .text(run.tolerances),
            ])
        guard let name = rows.text(0, 0), let number = rows.int(0, 1) else {
            throw LedgerError.broken("a run was inserted without an id")
        }
        return (name, number)
    }

    /// Raises the run's term; nil: the run does not exist, is not open, or was taken by another.
    ///
    /// - Parameter term: The term that must be the newest one still; nil: whichever is.
    public static func take(
        _ run: String, coordinator: String, after term: Int64? = nil,
        _ connection: borrowing Connection
    ) throws -> (term: Int64, revision: Int, phase: Phase)? {
        let rows = try connection.query(
            sql(PackageResources.run_take_sql),
            [.text(run), .text(coordinator), .optional(term)])
        guard rows.count == 1, let term = rows.int(0, 0), let revision = rows.int(0, 1),
            let phase = rows.text(0, 2).flatMap(Phase.init(rawValue:))
        else { return nil }
        return (term, Int(revision), phase)
    }

    /// First statement of a coordinator's transaction; throws `fenced` when the term is over.
    public static func fence(
        _ run: String, term: Int64, _ connection: borrowing Connection
    ) throws {
        let rows = try connection.query(
            sql(PackageResources.run_fence_sql), [.text(run), .int(term)])
        guard rows.count == 1 else { throw LedgerError.fenced(run: run) }
    }

    /// The run with this id; nil: there is none.
    public static func get(
        _ run: String, _ connection: borrowing Connection
    ) throws -> RunRow? {
        let rows = try connection.query(sql(PackageResources.run_get_sql), [.text(run)])
        guard rows.count == 1 else { return nil }
        func need(_ column: Int) throws -> String {
            guard let value = rows.text(0, column) else {
                throw LedgerError.broken("kugiri.run of \(run): column \(column) is NULL")
            }
            return value
        }
        guard let phase = Phase(rawValue: try need(18)) else {
            throw LedgerError.broken("kugiri.run of \(run): unknown phase")
        }
        return RunRow(
            run: try need(0), number: rows.int(0, 1) ?? 0, job: try need(2), program: try need(3),
            businessDate: rows.text(0, 4), parameters: try need(5), inputPath: try need(6),
            inputBytes: rows.int(0, 7) ?? 0, inputHash: try need(8), contractHash: try need(9),
            target: try need(11), targetID: rows.int(0, 12) ?? 0, definition: try need(13),
            plan: try need(14), envelope: rows.text(0, 15), revision: Int(rows.int(0, 16) ?? 1),
            term: rows.int(0, 17) ?? 0, phase: phase, state: try need(19),
            coordinator: try need(20), tolerances: try need(21), startedAt: try need(22),
            endedAt: rows.text(0, 23), result: rows.text(0, 24),
            exitCode: rows.int(0, 25).map { Int($0) }, summary: rows.text(0, 26))
    }

    /// Earlier runs of a job with the same content, the newest first.
    public static func sameInput(
        job: String, inputHash: String, parameters: String, contractHash: String,
        _ connection: borrowing Connection
    ) throws -> [(run: String, state: String, businessDate: String?, identical: Bool)] {
        let rows = try connection.query(
            sql(PackageResources.run_same_input_sql),
            [.text(job), .text(inputHash), .text(parameters), .text(contractHash)])
        return (0..<rows.count).map { row in
            (
                rows.text(row, 0) ?? "", rows.text(row, 1) ?? "", rows.text(row, 2),
                rows.bool(row, 3) == true && rows.bool(row, 4) == true
            )
        }
    }

    /// The published run for a job and date; nil: none.
    public static func published(
        job: String, businessDate: String?, inputHash: String, _ connection: borrowing Connection
    ) throws -> (run: String, sameInput: Bool)? {
        let rows = try connection.query(
            sql(PackageResources.run_published_for_sql),
            [.text(job), .optional(businessDate), .text(inputHash)])
        guard rows.count == 1, let run = rows.text(0, 0) else { return nil }
        return (run, rows.bool(0, 1) == true)
    }

    /// A published run of a later business date; nil: none.
    public static func publishedLater(
        job: String, than businessDate: String, _ connection: borrowing Connection
    ) throws -> (run: String, businessDate: String)? {
        let rows = try connection.query(
            sql(PackageResources.run_last_published_sql), [.text(job), .text(businessDate)])
        guard rows.count == 1, let run = rows.text(0, 0), let date = rows.text(0, 1) else {
            return nil
        }
        return (run, date)
    }

    /// Unfinished runs on a table; `since` in milliseconds since 1970.
    public static func open(
        onTarget target: Int64, _ connection: borrowing Connection
    ) throws -> [(run: String, coordinator: String, since: Int64, loaded: Bool)] {
        let rows = try connection.query(
            sql(PackageResources.run_open_on_target_sql), [.int(target)])
        return (0..<rows.count).map { row in
            (
                rows.text(row, 0) ?? "", rows.text(row, 1) ?? "", rows.int(row, 2) ?? 0,
                rows.bool(row, 3) == true
            )
        }
    }

    /// A later run on the same table that has loaded something, with who began it and when
    /// (milliseconds since 1970); nil: none.
    public static func later(
        than run: String, _ connection: borrowing Connection
    ) throws -> (run: String, coordinator: String, since: Int64)? {
        let rows = try connection.query(
            sql(PackageResources.run_later_on_target_sql), [.text(run)])
        guard rows.count > 0 else { return nil }
        return (rows.text(0, 0) ?? "", rows.text(0, 1) ?? "", rows.int(0, 2) ?? 0)
    }

    /// Closes a run that has loaded nothing in favour of a newer one.
    public static func supersede(
        _ run: String, by newer: String, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.run_supersede_sql), [.text(run), .text(newer)])
    }

    /// The run in whose favour a run was given up, who began it, and when (milliseconds since
    /// 1970); nil: it was not, or by a binary that did not say.
    public static func superseder(
        of run: String, _ connection: borrowing Connection
    ) throws -> (run: String, coordinator: String, since: Int64)? {
        let rows = try connection.query(
            sql(PackageResources.run_superseded_by_sql), [.text(run)])
        guard rows.count == 1 else { return nil }
        return (rows.text(0, 0) ?? "", rows.text(0, 1) ?? "", rows.int(0, 2) ?? 0)
    }

    /// Notes the phase the run is in.
    public static func enter(
        _ phase: Phase, run: String, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.run_phase_sql), [.text(run), .text(phase.rawValue)])
    }

    /// The split is committed: the envelope is known, validation is next.
    public static func splitDone(
        run: String, envelope: String, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.run_split_done_sql), [.text(run), .text(envelope)])
    }

    /// The last word about a run: its state, result, exit code and summary (JSON).
    public static func end(
        run: String, state: String, outcome: Outcome, summary: String,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.run_end_sql),
            [
                .text(run), .text(state), .text(outcome.result), .int(Int64(outcome.rawValue)),
                .text(summary),
            ])
    }

    /// Tries to take the target table for this session; false: another session has it.
    public static func lockTarget(
        _ target: Int64, _ connection: borrowing Connection
    ) throws -> Bool {
        let rows = try connection.query(sql(PackageResources.target_lock_sql), [.int(target)])
        return rows.bool(0, 0) == true
    }

    /// Appends to `kugiri.publication`.
    public static func publish(
        run: String, revision: Int = 1, job: String, businessDate: String?, certificate: String,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.publication_insert_sql),
            [
                .text(job), .optional(businessDate), .text(run), .int(Int64(revision)),
                .text(certificate),
            ])
    }

    /// The hash of the newest published certificate; nil: this is the first.
    public static func previousCertificate(
        _ connection: borrowing Connection
    ) throws -> String? {
        let rows = try connection.query(sql(PackageResources.certificate_previous_sql))
        return rows.count == 0 ? nil : rows.text(0, 0)
    }

    /// Stores a certificate's text and hash.
    public static func storeCertificate(
        run: String, revision: Int = 1, sha256: String, previous: String?, body: String,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.certificate_insert_sql),
            [
                .text(run), .int(Int64(revision)), .text(sha256), .optional(previous),
                .text(body),
            ])
    }

    /// A stored certificate; nil: none.
    ///
    /// - Parameter revision: nil: of the newest revision that has one.
    public static func certificate(
        of run: String, revision: Int? = nil, _ connection: borrowing Connection
    ) throws -> (sha256: String, previous: String?, body: String, revision: Int)? {
        let rows = try connection.query(
            sql(PackageResources.certificate_get_sql),
            [.text(run), .optional(revision.map { Int64($0) })])
        guard rows.count == 1, let hash = rows.text(0, 0), let body = rows.text(0, 2) else {
            return nil
        }
        return (hash, rows.text(0, 1), body, Int(rows.int(0, 3) ?? 1))
    }

    /// Whether a certificate with this hash is in the ledger.
    public static func hasCertificate(
        _ sha256: String, _ connection: borrowing Connection
    ) throws -> Bool {
        try connection.query(sql(PackageResources.certificate_exists_sql), [.text(sha256)])
            .bool(0, 0) == true
    }

    /// Notes who did what (`kugiri.audit`).
    public static func audit(
        user: String, host: String, command: String, run: String?, reason: String?,
        before: String?, after: String?, version: String, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.audit_insert_sql),
            [
                .text(user), .text(host), .text(command), .optional(run), .optional(reason),
                .optional(before), .optional(after), .text(version),
            ])
    }
}

extension Parameter {
    /// Text, or NULL for nil.
    public static func optional(_ text: String?) -> Parameter { text.map { .text($0) } ?? .null }

    /// A number, or NULL for nil.
    public static func optional(_ number: Int64?) -> Parameter { number.map { .int($0) } ?? .null }
}
