// Going on with a run that is not finished: by a person's command, for a standby, or by the process
// that had it when its database went away.

import FoundationEssentials
import Glibc
import Journal
import Ledger
import Loading
package import Messaging
import Plan
import Postgres
import Settings

/// How an unfinished run goes on.
package struct ResumeRequest: Sendable {
    package var run: String
    package var databaseURL: String
    /// Path of this binary, to start workers from.
    package var executable: String
    package var binaryVersion: String
    /// The command as typed, for the audit.
    package var command: String
    /// Stops after the barrier.
    package var untilValidate: Bool
    /// Conflicts that may be left, when that was decided after the run ended with 15 (a row deleted
    /// online never comes back); nil: as many as when it began.
    package var maxConflicts: Int?
    /// The settings file as it is now; what holds of it says `Job.edited`; nil: it is not looked at.
    package var edited: EditedSettings?
    /// The term that a standby found without a living coordinator; nil: a person says that the run
    /// goes on.
    package var takeoverOf: Int64?
    package var consent: Consent
    package var surroundings: Surroundings

    /// Memberwise.
    package init(
        run: String, databaseURL: String, executable: String, binaryVersion: String,
        command: String, untilValidate: Bool, maxConflicts: Int? = nil,
        edited: EditedSettings? = nil, takeoverOf: Int64? = nil, consent: Consent = .impossible,
        surroundings: Surroundings
    ) {
        self.run = run
        self.databaseURL = databaseURL
        self.executable = executable
        self.binaryVersion = binaryVersion
        self.command = command
        self.untilValidate = untilValidate
        self.maxConflicts = maxConflicts
        self.edited = edited
        self.takeoverOf = takeoverOf
        self.consent = consent
        self.surroundings = surroundings
    }

    /// As a new run goes on after its database was away: by what it began with.
    init(_ request: RunRequest, run: String) {
        self.init(
            run: run, databaseURL: request.databaseURL, executable: request.executable,
            binaryVersion: request.binaryVersion, command: request.command,
            untilValidate: request.untilValidate, surroundings: request.surroundings)
        surroundings.workers = request.definition.job.workers
    }

    /// As a rerun goes on after its database was away.
    init(_ request: RerunRequest) {
        self.init(
            run: request.run, databaseURL: request.databaseURL, executable: request.executable,
            binaryVersion: request.binaryVersion, command: request.command, untilValidate: false,
            consent: request.consent, surroundings: request.surroundings)
    }
}

/// An unfinished run as its ledger describes it, before it is taken.
struct OpenRun {
    var row: RunRow
    var definition: RunDefinition
    var tolerances: [RunSummary.Tolerance]
    var plan: TargetPlan
    var input: ArrivedInput
    /// What the edited settings file changes; nil: nothing.
    var recut: PendingRecut?
    /// nil: nobody whom the ledger knows.
    var former: LastConductor?
}

extension RunStart {
    /// Goes on with an unfinished run from where its ledger stands.
    package static func resume(
        _ request: ResumeRequest, signals: consuming SignalReader, screen: RunScreen
    ) -> RunEnd {
        do {
            let fleetSignals = signals
            let hook = IdleHook()
            let connection = try connect(request.databaseURL, run: request.run, hook)
            try Schema.check(connection)
            guard let asked = try RunLedger.get(request.run, connection) else {
                throw RunStop(
                    .usage,
                    LogMessage(
                        .commandFailed,
                        ["command": "resume", "reason": "there is no run \(request.run)"]))
            }
            guard asked.state == "open" else { return try finished(asked, connection) }
            if asked.revision == 1, let later = try RunLedger.later(than: asked.run, connection) {
                throw RunStop(
                    .totals,
                    LogMessage(
                        .laterRunLoaded,
                        [
                            "run": asked.run, "later": later.run, "holder": later.coordinator,
                            "target": asked.target, "since": Holders.moment(later.since),
                        ]))
            }
            try seizeTarget(of: asked, isWatched: request.takeoverOf != nil, connection)
            // A session that held it may have committed its last while this one waited (PROTOCOL 13).
            guard let row = try RunLedger.get(asked.run, connection) else {
                throw LedgerError.broken("run \(asked.run) is gone")
            }
            guard row.state == "open" else { return try finished(row, connection) }
            let found = try read(row, request, connection)
            // Everything that this machine may lack comes before the term is raised: another one,
            // which lacks nothing, then still finds the run as it was left.
            let fleet = try makeFleet(
                found.definition, request.surroundings, binaryVersion: request.binaryVersion,
                signals: fleetSignals)
            let term = try take(
                row.run, after: request.takeoverOf, isTakeover: request.takeoverOf != nil,
                command: request.command, version: request.binaryVersion, connection)
            let made = try make(
                found, request, term: term, connection: connection, fleet: fleet, screen: screen)
            hook.follow(made.fleet)
            return Conducting.conduct(made, as: request) { coordinator in
                try open(coordinator, row, request.surroundings)
                if request.takeoverOf != nil { noteTakeover(coordinator, from: found.former) }
                try takeOver(coordinator, row)
                if let recut = found.recut { try coordinator.recut(recut) }
            }
        } catch {
            return Ending.failed(error, nil)
        }
    }

    /// Takes the run again whose session was lost, or has to make way: a new session, the lock of the
    /// target, the next term, the same fleet (PROTOCOL 16).
    ///
    /// - Parameter coordinator: The one that had it; becomes the new one as soon as that is there.
    /// - Returns: How the run had ended, when its last commit was done after all; nil: it goes on.
    /// - Throws: ``RunStop`` with 13 when somebody else has it, or ended it.
    static func takeAgain(
        _ coordinator: inout RunCoordinator, _ request: ResumeRequest
    ) throws -> RunEnd? {
        let lost = coordinator
        let fleet = lost.fleet
        // The new session is nobody's helper, and the old one holds the target.
        fleet.heartbeat = nil
        lost.connection.close()
        let hook = IdleHook()
        hook.follow(fleet)
        let connection = try connect(request.databaseURL, run: lost.run, hook)
        try Schema.check(connection)
        guard let before = try RunLedger.get(lost.run, connection) else {
            throw try lostRace(for: lost.run, connection)
        }
        // Published is final, and needs no target: another run may hold it by now.
        if before.state == "published",
            let last = try HolderLedger.lastConductor(of: lost.run, connection), lost.isOwn(last)
        {
            return try published(before, last, connection)
        }
        try seizeTarget(of: before, isWatched: false, ownTerms: lost.ownTerms, connection) {
            try fleet.pause(milliseconds: $0)
            try lost.checkSignal()
        }
        // What the lost session was committing is decided only now that it is gone (PROTOCOL 13). The
        // commit of an earlier try may have been done although its answer never came.
        guard let last = try HolderLedger.lastConductor(of: lost.run, connection),
            lost.isOwn(last), let row = try RunLedger.get(lost.run, connection),
            row.state == "open" || row.state == "published"
        else { throw try lostRace(for: lost.run, connection) }
        guard row.state == "open" else { return try published(row, last, connection) }
        let found = try read(row, request, connection)
        lost.termTried = last.term + 1
        let term = try take(
            row.run, after: last.term, isTakeover: false, command: request.command,
            version: request.binaryVersion, connection)
        let made = try make(
            found, request, term: term, connection: connection, fleet: fleet,
            screen: lost.screen, after: lost)
        coordinator = made
        try open(made, row, request.surroundings, after: lost)
        try takeOver(made, row)
        if let recut = found.recut { try made.recut(recut) }
        return nil
    }

    /// The end of a run whose publication was committed and never answered: its own, not that of a run
    /// that is proved again.
    private static func published(
        _ row: RunRow, _ last: LastConductor, _ connection: borrowing Connection
    ) throws -> RunEnd {
        var end = try finished(row, connection)
        if end.outcome == .normal, row.exitCode == Int(Outcome.warning.rawValue) {
            end.outcome = .warning
            end.summary?.exitCode = Int(Outcome.warning.rawValue)
            end.summary?.result = Outcome.warning.result
        }
        try TenureLedger.end(run: row.run, term: last.term, outcome: end.outcome, connection)
        return end
    }

    /// What the ledger and this machine say about an open run; throws what speaks against going on.
    private static func read(
        _ row: RunRow, _ request: ResumeRequest, _ connection: borrowing Connection
    ) throws -> OpenRun {
        try checkAgreed(row, request.consent, connection)
        let former = try HolderLedger.lastConductor(of: row.run, connection)
        let decoder = JSONDecoder()
        var definition = try decoder.decode(RunDefinition.self, from: Data(row.definition.utf8))
        var tolerances = try decoder.decode(
            [RunSummary.Tolerance].self, from: Data(row.tolerances.utf8))
        if let maxConflicts = request.maxConflicts {
            tolerances.removeAll { $0.name == "max_conflicts" }
            tolerances.append(
                .init(
                    name: "max_conflicts", value: String(maxConflicts),
                    fileDefault: String(definition.job.maxConflicts)))
            definition.job.maxConflicts = maxConflicts
        }
        let plan = try decoder.decode(TargetPlan.self, from: Data(row.plan.utf8))
        let recut = try request.edited.flatMap {
            try PendingRecut.read($0, row, command: request.command, connection)
        }
        if let recut { definition.job = recut.after.job.edited(in: definition.job) }
        definition.job.workers = request.surroundings.workers ?? definition.job.workers
        let input = ArrivedInput(
            path: row.inputPath, archivedPath: definition.archivedInput(of: row.run),
            bytes: row.inputBytes, hash: row.inputHash)
        guard Files.exists(input.archivedPath) else {
            throw RunStop(
                .input,
                LogMessage(
                    .inputMissing,
                    [
                        "input": input.archivedPath,
                        "reason": missingReason(former?.conductor),
                    ]))
        }
        return OpenRun(
            row: row, definition: definition, tolerances: tolerances, plan: plan, input: input,
            recut: recut, former: former)
    }

    private static func make(
        _ found: OpenRun, _ request: ResumeRequest, term: Int64,
        connection: consuming Connection, fleet: Fleet, screen: RunScreen,
        after lost: RunCoordinator? = nil
    ) throws -> RunCoordinator {
        let made = try make(
            definition: found.definition, connection: connection, row: found.row,
            plan: found.plan, term: term, input: found.input, tolerances: found.tolerances,
            databaseURL: request.databaseURL, executable: request.executable,
            binaryVersion: request.binaryVersion, surroundings: request.surroundings,
            fleet: fleet, screen: screen, after: lost)
        made.consent = request.consent
        return made
    }
}
