// `kugiri rerun`: a finished run is opened once more as its next revision, and the coordinator goes
// on with that as with any unfinished run.

import FoundationEssentials
import Glibc
import Journal
package import Ledger
import Loading
package import Messaging
import Plan
import Postgres
import Settings

/// What `kugiri rerun` asks for.
package struct RerunRequest: Sendable {
    package var run: String
    package var scope: WantedScope
    package var beginning: RerunBeginning
    package var reason: String
    package var consent: Consent
    /// Goes on although a later run has loaded into the same table.
    package var forceOlder: Bool
    /// A corrected input; nil: the run's own.
    package var inputPath: String?
    /// Keys that the corrected input lacks may stay behind.
    package var dropMissing: Bool
    package var databaseURL: String
    package var executable: String
    package var binaryVersion: String
    /// The command as typed, for the audit.
    package var command: String
    package var surroundings: Surroundings

    /// Memberwise.
    package init(
        run: String, scope: WantedScope, beginning: RerunBeginning, reason: String,
        consent: Consent, forceOlder: Bool, inputPath: String?, dropMissing: Bool,
        databaseURL: String, executable: String, binaryVersion: String, command: String,
        surroundings: Surroundings
    ) {
        self.inputPath = inputPath
        self.dropMissing = dropMissing
        self.run = run
        self.scope = scope
        self.beginning = beginning
        self.reason = reason
        self.consent = consent
        self.forceOlder = forceOlder
        self.databaseURL = databaseURL
        self.executable = executable
        self.binaryVersion = binaryVersion
        self.command = command
        self.surroundings = surroundings
    }
}

extension RunStart {
    /// Does a finished run, or a range of its keys, again.
    package static func rerun(
        _ request: RerunRequest, signals: consuming SignalReader, screen: RunScreen
    ) -> RunEnd {
        do {
            let fleetSignals = signals
            let hook = IdleHook()
            let connection = try connect(request.databaseURL, run: request.run, hook)
            try Schema.check(connection)
            let old = try finishedRun(request, connection)
            try lockTarget(old.targetID, name: old.target, connection)
            try checkTarget(of: old, forceOlder: request.forceOlder, connection)
            let decoder = JSONDecoder()
            var definition = try decoder.decode(
                RunDefinition.self, from: Data(old.definition.utf8))
            let plan = try decoder.decode(TargetPlan.self, from: Data(old.plan.utf8))
            let scope = try RerunScope.find(
                request.scope, request.beginning, isCorrected: request.inputPath != nil, old,
                definition, connection)
            var input = ArrivedInput(
                path: old.inputPath, archivedPath: definition.archivedInput(of: old.run),
                bytes: old.inputBytes, hash: old.inputHash)
            guard Files.exists(input.archivedPath) else {
                throw RunStop(
                    .input,
                    LogMessage(
                        .inputMissing,
                        ["input": input.archivedPath, "reason": "it left the archive"]))
            }
            let corrected = try request.inputPath.map { path in
                try CorrectedInput.read(
                    path, inputs: request.surroundings.inputs, of: old, definition, scope,
                    connection)
            }
            definition.revision = old.revision + 1
            definition.revalidates = request.beginning == .load ? nil : true
            if let corrected {
                definition.inputRevision = old.revision + 1
                input = try keep(corrected, request, old, definition)
            }
            definition.job.workers = request.surroundings.workers ?? definition.job.workers
            let fleet = try makeFleet(
                definition, request.surroundings, binaryVersion: request.binaryVersion,
                signals: fleetSignals)
            let term = try open(
                request, old, definition, plan, scope, corrected, input, connection)
            try Failpoint.revisionOpened.pass()
            guard let row = try RunLedger.get(old.run, connection) else {
                throw LedgerError.broken("run \(old.run) vanished")
            }
            let made = try make(
                definition: definition, connection: connection, row: row, plan: plan, term: term,
                input: input,
                tolerances: try decoder.decode(
                    [RunSummary.Tolerance].self, from: Data(row.tolerances.utf8)),
                databaseURL: request.databaseURL, executable: request.executable,
                binaryVersion: request.binaryVersion, surroundings: request.surroundings,
                fleet: fleet, screen: screen)
            hook.follow(made.fleet)
            made.consent = request.consent
            return Conducting.conduct(made, as: ResumeRequest(request)) { coordinator in
                try RunStart.open(coordinator, row, request.surroundings)
                try takeOver(coordinator, row)
                coordinator.noteRevision(scope, request)
                if let corrected, corrected.missing > 0 {
                    coordinator.note(corrected.missingMessage(old, isAgreed: true))
                }
                if request.beginning != .start, corrected == nil {
                    try coordinator.spoolAgain(
                        because: "\(scope.text) of run \(old.run) is done again")
                }
            }
        } catch {
            return Ending.failed(error, nil)
        }
    }

    /// Gives a corrected input its place in the archive; throws 9 when it lacks keys and nobody
    /// agreed to that.
    private static func keep(
        _ corrected: CorrectedInput, _ request: RerunRequest, _ old: RunRow,
        _ definition: RunDefinition
    ) throws -> ArrivedInput {
        guard corrected.missing == 0 || request.dropMissing else {
            Arrival.discard(corrected.input)
            try Files.removeDirectory(definition.spoolDirectory(of: old.run))
            throw RunStop(.totals, corrected.missingMessage(old, isAgreed: false))
        }
        return try Arrival.keep(corrected.input, as: definition.archivedInput(of: old.run))
    }

    /// The run when it is one that can be done again; else a refusal.
    private static func finishedRun(
        _ request: RerunRequest, _ connection: borrowing Connection
    ) throws -> RunRow {
        guard let row = try RunLedger.get(request.run, connection) else {
            throw RunStop(
                .usage,
                LogMessage(
                    .commandFailed,
                    ["command": "rerun", "reason": "there is no run \(request.run)"]))
        }
        switch row.state {
        case "open":
            throw RerunScope.refused(
                row, .usage, "it is not finished; 'kugiri resume \(row.run)' goes on with it")
        case "superseded":
            throw RerunScope.refused(
                row, .usage, "a later run took its place before anything was loaded")
        case "backed_out" where request.beginning != .start:
            throw RerunScope.refused(
                row, .usage,
                "it was backed out as a whole; use 'kugiri rerun \(row.run) --from start --reason TEXT'"
            )
        default: break
        }
        if let day = try PurgeLedger.day(of: row.run, connection) {
            throw RerunScope.refused(row, .usage, "it was purged on \(day)")
        }
        if case .impossible = request.consent {
            throw RerunScope.refused(
                row, .usage,
                "what it would change has to be agreed to: there is no terminal to "
                    + "ask, so say '--yes'")
        }
        return row
    }

    /// Throws 9 or 13 when other runs stand between this one and its table.
    ///
    /// - Parameter goesOn: The run's own backout that is under way is what is gone on with.
    static func checkTarget(
        of row: RunRow, forceOlder: Bool, goesOn: Bool = false, _ connection: borrowing Connection
    ) throws {
        if let open = try RunLedger.open(onTarget: row.targetID, connection)
            .first(where: { $0.run != row.run })
        {
            let last = try Holders.last(
                of: open.run, else: open.coordinator, since: open.since, connection)
            throw halfLoaded(
                open.run, since: open.since, row.target, holder: last.holder, ending: last.ending)
        }
        try checkBackouts(
            onTarget: row.targetID, name: row.target, except: goesOn ? row.run : nil, connection)
        if !forceOlder, let later = try RunLedger.later(than: row.run, connection) {
            throw RerunScope.refused(
                row, .totals,
                "run \(later.run) has loaded into the same table since, and newer data would be "
                    + "overwritten; if that is meant, say '--force-older'")
        }
    }

    /// Throws 13 when a run on the table is half taken back.
    static func checkBackouts(
        onTarget target: Int64, name: String, except: String? = nil,
        _ connection: borrowing Connection
    ) throws {
        guard let open = try BackoutLedger.unfinished(onTarget: target, connection),
            open.run != except
        else { return }
        throw RunStop(
            .held,
            LogMessage(
                .backoutUnfinished,
                [
                    "run": open.run, "target": name, "since": Holders.moment(open.since),
                    "partitions": open.partitions.map { " --partition \($0)" } ?? "",
                ]))
    }

    /// Throws 64 when a revision waits for an answer and nobody can be asked.
    static func checkAgreed(
        _ row: RunRow, _ consent: Consent, _ connection: borrowing Connection
    ) throws {
        guard case .impossible = consent,
            let revision = try RevisionLedger.get(
                run: row.run, revision: row.revision, connection), !revision.isApproved
        else { return }
        throw RunStop(
            .usage,
            LogMessage(
                .rerunRefused,
                [
                    "run": row.run,
                    "reason": "nobody has agreed yet to what its rerun would change: there is no "
                        + "terminal to ask, so say 'resume \(row.run) --yes'",
                ]))
    }

    private static func open(
        _ request: RerunRequest, _ old: RunRow, _ definition: RunDefinition, _ plan: TargetPlan,
        _ scope: RerunScope, _ corrected: CorrectedInput?, _ input: ArrivedInput,
        _ connection: borrowing Connection
    ) throws -> Int64 {
        let new = NewRevision(
            run: old.run, after: old.revision, coordinator: identity,
            definition: try JSONText.compact(definition), scope: scope.text,
            beginning: corrected == nil ? request.beginning : .start, reason: request.reason,
            command: request.command,
            isApproved: request.consent.isGiven,
            input: (input.path, input.bytes, input.hash))
        let late = try RevisionLedger.lateRejects(
            run: old.run, revision: old.revision, slices: scope.slices, connection)
        let copy = RevisionCopy(
            ranges: scope.ranges, slices: scope.slices,
            keepsVerdicts: request.beginning == .load && definition.job.target.absent == nil,
            lateRecords: late.map(\.record),
            tables: RunTables(number: old.number, revision: old.revision + 1, plan: plan))
        return try connection.transaction { connection in
            guard let term = try RevisionLedger.open(new, connection) else {
                throw LedgerError.fenced(run: old.run)
            }
            if let corrected {
                try corrected.insert(copy.tables, scope, row: old, connection)
            } else if request.beginning != .start {
                try RevisionLedger.copy(copy, run: old.run, from: old.revision, connection)
            }
            try TenureLedger.begin(
                run: old.run, term: term, conductor: Holders.own, isTakeover: false, connection)
            try Preparation.audit(
                request.command, run: old.run, version: request.binaryVersion, hash: nil,
                reason: request.reason, connection)
            return term
        }
    }
}
