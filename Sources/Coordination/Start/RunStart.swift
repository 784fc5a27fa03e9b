// How a run begins: a new one from an input, or an unfinished one again. What ends here has not
// touched the target.

import FoundationEssentials
import Glibc
package import Journal
import Ledger
import Loading
package import Messaging
package import Plan
import Postgres
import Records
import Settings

/// How a run ended, for the command line.
package struct RunEnd {
    package var outcome: Outcome
    /// nil: the run never came into being.
    package var summary: RunSummary?
    /// What to tell the operator, the cause first.
    package var messages: [LogMessage]
    /// More for people, such as the bad byte under a caret.
    package var picture: String

    /// Memberwise.
    package init(
        outcome: Outcome, summary: RunSummary?, messages: [LogMessage], picture: String = ""
    ) {
        self.outcome = outcome
        self.summary = summary
        self.messages = messages
        self.picture = picture
    }
}

/// Starts and resumes runs.
package enum RunStart {
    /// A new run of an input, from arrival to its end.
    package static func run(
        _ request: RunRequest, signals: consuming SignalReader, screen: RunScreen
    ) -> RunEnd {
        var coordinator: RunCoordinator?
        do {
            let begun = try begin(request, signals: signals, screen: screen)
            switch begun {
            case .provedAgain(let end): return end
            case .unfinished(let run):
                return try goOn(with: run, request, screen: screen)
            case .coordinator(let begun): coordinator = begun
            }
            guard let coordinator else { throw LedgerError.broken("no coordinator") }
            return Ending.conduct(coordinator, untilValidate: request.untilValidate)
        } catch {
            return Ending.failed(error, coordinator, request: request)
        }
    }

    /// Goes on with an unfinished run from where its ledger stands.
    ///
    /// - Parameters:
    ///   - maxConflicts: Conflicts that may be left, when that was decided after the run ended
    ///     with 15 (a row deleted online never comes back); nil: as many as when it began.
    ///   - edited: The settings file as it is now; what holds of it says `Job.edited`.
    ///   - takeoverOf: The term that a standby found without a living coordinator; nil: a person
    ///     says that the run goes on.
    package static func resume(
        run: String, databaseURL: String, executable: String, binaryVersion: String,
        command: String, untilValidate: Bool, maxConflicts: Int? = nil, edited: EditedSettings,
        takeoverOf: Int64? = nil, consent: Consent = .impossible, surroundings: Surroundings,
        signals: consuming SignalReader, screen: RunScreen
    ) -> RunEnd {
        var coordinator: RunCoordinator?
        do {
            let fleetSignals = signals
            let hook = IdleHook()
            let connection = try connect(databaseURL, run: run, hook)
            try Schema.check(connection)
            guard let row = try RunLedger.get(run, connection) else {
                throw RunStop(
                    .usage,
                    LogMessage(
                        .commandFailed,
                        ["command": "resume", "reason": "there is no run \(run)"]))
            }
            guard row.state == "open" else {
                return try finished(row, connection)
            }
            if row.revision == 1, let later = try RunLedger.later(than: run, connection) {
                throw RunStop(
                    .totals,
                    LogMessage(
                        .laterRunLoaded,
                        [
                            "run": run, "later": later.run, "holder": later.coordinator,
                            "target": row.target, "since": Holders.moment(later.since),
                        ]))
            }
            try seizeTarget(of: row, isWatched: takeoverOf != nil, connection)
            try checkAgreed(row, consent, connection)
            let former = try HolderLedger.lastConductor(of: run, connection)
            let decoder = JSONDecoder()
            var definition = try decoder.decode(
                RunDefinition.self, from: Data(row.definition.utf8))
            var tolerances = try decoder.decode(
                [RunSummary.Tolerance].self, from: Data(row.tolerances.utf8))
            if let maxConflicts {
                tolerances.removeAll { $0.name == "max_conflicts" }
                tolerances.append(
                    .init(
                        name: "max_conflicts", value: String(maxConflicts),
                        fileDefault: String(definition.job.maxConflicts)))
                definition.job.maxConflicts = maxConflicts
            }
            let plan = try decoder.decode(TargetPlan.self, from: Data(row.plan.utf8))
            let recut = try PendingRecut.read(edited, row, command: command, connection)
            if let recut { definition.job = recut.after.job.edited(in: definition.job) }
            definition.job.workers = surroundings.workers ?? definition.job.workers
            let input = ArrivedInput(
                path: row.inputPath, archivedPath: definition.archivedInput(of: run),
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
            // Everything that this machine may lack comes before the term is raised: another one,
            // which lacks nothing, then still finds the run as it was left.
            let fleet = try makeFleet(
                definition, surroundings, binaryVersion: binaryVersion, signals: fleetSignals)
            let term = try take(
                run, takeoverOf: takeoverOf, command: command, version: binaryVersion, connection)
            let made = try make(
                definition: definition, connection: connection, row: row, plan: plan,
                term: term, input: input, tolerances: tolerances, databaseURL: databaseURL,
                executable: executable, binaryVersion: binaryVersion, surroundings: surroundings,
                fleet: fleet, screen: screen)
            hook.follow(made.fleet)
            coordinator = made
            if takeoverOf != nil { noteTakeover(made, from: former) }
            made.consent = consent
            try takeOver(made, row)
            if let recut { try made.recut(recut) }
            return Ending.conduct(made, untilValidate: untilValidate)
        } catch {
            return Ending.failed(error, coordinator, request: nil)
        }
    }

    private enum Begun {
        case coordinator(RunCoordinator)
        case provedAgain(RunEnd)
        case unfinished(String)
    }

    private static func begin(
        _ request: RunRequest, signals: consuming SignalReader, screen: RunScreen
    ) throws -> Begun {
        let fleetSignals = signals
        let definition = request.definition
        let inputs = request.surroundings.inputs
        let facts = try Arrival.check(
            request.inputPath, ready: definition.job.ready, inputs: inputs, breathe: {})
        let hook = IdleHook()
        let connection = try connect(request.databaseURL, run: definition.job.name, hook)
        if request.isPrivateDatabase { try Schema.migrate(connection) }
        try Schema.check(connection)
        let plan = try TargetResolution.resolve(
            job: definition.job, contract: definition.contract,
            parameters: definition.parameters, connection)
        if let held = try lockTarget(plan, for: request, connection) { return .unfinished(held) }
        try checkBackouts(onTarget: plan.tableID, name: plan.table, connection)
        try Arrival.checkSpace(
            input: facts.bytes,
            records: facts.bytes / Int64(definition.contract.typicalRecordBytes),
            directories: definition.directories)
        let arrived = try Arrival.archive(
            request.inputPath, in: definition.directories.archive, inputs: inputs, breathe: {})
        do {
            let contractHash = try Files.sha256(
                ofText: JSONText.compact(definition.contract))
            let known = try WrongFile.check(
                request, input: arrived, target: plan, contractHash: contractHash, connection)
            switch known {
            case .complete(let end):
                Arrival.discard(arrived)
                return .provedAgain(end)
            case .unfinished(let run):
                Arrival.discard(arrived)
                return .unfinished(run)
            case .new: break
            }
            let coordinator = try create(
                request, arrived, plan, contractHash: contractHash, connection: connection,
                signals: fleetSignals, screen: screen)
            hook.follow(coordinator.fleet)
            return .coordinator(coordinator)
        } catch {
            Arrival.discard(arrived)
            throw error
        }
    }

    private static func create(
        _ request: RunRequest, _ arrived: ArrivedInput, _ plan: TargetPlan,
        contractHash: String, connection: consuming Connection,
        signals: consuming SignalReader, screen: RunScreen
    ) throws -> RunCoordinator {
        let definition = request.definition
        let new = NewRun(
            job: definition.job.name, program: definition.job.program,
            businessDate: definition.parameters.businessDate?.iso,
            parameters: try JSONText.compact(definition.parameters), inputPath: arrived.path,
            inputBytes: arrived.bytes, inputHash: arrived.hash, contractHash: contractHash,
            settingsHash: request.settingsHash, target: plan.table, targetID: plan.tableID,
            definition: try JSONText.compact(definition), plan: try JSONText.compact(plan),
            coordinator: identity, tolerances: try JSONText.compact(request.tolerances))
        let fleet = try makeFleet(
            definition, request.surroundings, binaryVersion: request.binaryVersion,
            signals: signals)
        let created = try begin(new, request, target: plan, connection)
        // Nobody can go on with them; what was read of them stays in the archive.
        for given in created.superseded {
            if let row = try RunLedger.get(given.run, connection) {
                try discardLeftovers(of: row)
            }
        }
        guard let row = try RunLedger.get(created.run, connection) else {
            throw LedgerError.broken("run \(created.run) vanished")
        }
        let kept = try Arrival.keep(arrived, as: definition.archivedInput(of: row.run))
        let made = try make(
            definition: definition, connection: connection, row: row, plan: plan,
            term: created.term, input: kept, tolerances: request.tolerances,
            databaseURL: request.databaseURL, executable: request.executable,
            binaryVersion: request.binaryVersion, surroundings: request.surroundings,
            fleet: fleet, screen: screen)
        for given in created.superseded { made.noteSuperseded(given) }
        return made
    }

    /// The coordinator with its fleet: workers start while the input is split.
    static func make(
        definition: RunDefinition, connection: consuming Connection, row: RunRow,
        plan: TargetPlan, term: Int64, input: ArrivedInput,
        tolerances: [RunSummary.Tolerance], databaseURL: String, executable: String,
        binaryVersion: String, surroundings: Surroundings, fleet: Fleet, screen: RunScreen
    ) throws -> RunCoordinator {
        let coordinator = try RunCoordinator(
            executable: executable, binaryVersion: binaryVersion, databaseURL: databaseURL,
            definition: definition, fleet: fleet, connection: connection, row: row, plan: plan,
            term: term, input: input, tolerances: tolerances, screen: screen,
            logGenerations: surroundings.logGenerations)
        coordinator.beginPulse()
        coordinator.openEvents(surroundings.events)
        try coordinator.beginTenure(row)
        try coordinator.keep(surroundings.deadline ?? definition.job.deadline)
        let start = LogMessage(
            .runStarted,
            [
                "run": row.run, "job": row.job, "input": input.path,
                "bytes": String(input.bytes), "directory": coordinator.directory,
                "deadline": coordinator.watch.deadline.map { "; deadline \($0.text)" } ?? "",
            ])
        coordinator.note(start)
        screen.announce(start)
        coordinator.note(
            LogMessage(
                .inputArchived,
                ["input": input.path, "bytes": String(input.bytes), "sha256": input.hash]))
        for event in fleet.takeEvents() { coordinator.noteArrival(event) }
        for tolerance in tolerances {
            coordinator.note(
                LogMessage(
                    .toleranceChanged,
                    [
                        "name": tolerance.name, "value": tolerance.value,
                        "default": tolerance.fileDefault ?? "-",
                    ]))
        }
        try fleet.start(
            definition.job.workers, executable: executable, databaseURL: databaseURL,
            logDirectory: coordinator.directory, isReplacement: false)
        fleet.onBreath = { [weak coordinator] in coordinator?.drawSoon() }
        return coordinator
    }

    /// A new term over an old run: what old workers hold is taken back first.
    static func takeOver(_ coordinator: RunCoordinator, _ row: RunRow) throws {
        if let text = row.envelope {
            let stored = try JSONDecoder().decode(
                StoredEnvelope.self, from: Data(text.utf8))
            coordinator.envelope = stored.summary
            coordinator.layout = stored.layout
            coordinator.partitions = try SliceLedger.partitions(
                run: row.run, revision: row.revision, coordinator.connection)
        }
        for claim in try ClaimLedger.taken(
            run: row.run, revision: row.revision, coordinator.connection)
        {
            _ = try coordinator.takeBack(claim)
        }
        coordinator.rejectsSettled = try ProofLedger.counts(
            run: row.run, revision: row.revision, phase: .validate, coordinator.connection
        ).rejected
        let slices = try SliceLedger.slices(
            run: row.run, revision: row.revision, coordinator.connection)
        coordinator.note(
            LogMessage(
                .runResumed,
                [
                    "run": row.run, "job": row.job, "term": String(coordinator.term),
                    "done": String(slices.filter { $0.staged != nil }.count),
                    "slices": String(slices.count),
                ]))
    }
}
