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
    /// nil: the run never came into being, or the ledger could not be read at its end.
    package var summary: RunSummary?
    /// The run's id, also where there is no summary; nil: it never came into being.
    package var runID: String?
    /// What to tell the operator, the cause first.
    package var messages: [LogMessage]
    /// More for people, such as the bad byte under a caret.
    package var picture: String

    /// Memberwise.
    package init(
        outcome: Outcome, summary: RunSummary?, messages: [LogMessage], picture: String = "",
        runID: String? = nil
    ) {
        self.runID = runID
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
        do {
            do {
                switch try begin(request, signals: signals, screen: screen) {
                case .provedAgain(let end): return end
                case .unfinished(let run): return try goOn(with: run, request, screen: screen)
                case .coordinator(let made, let row, let superseded):
                    return Conducting.conduct(made, as: ResumeRequest(request, run: row.run)) {
                        try open($0, row, request.surroundings)
                        for given in superseded { $0.noteSuperseded(given) }
                    }
                }
            } catch let lost as LostCreation {
                return try settle(lost, request, screen: screen)
            }
        } catch {
            return Ending.failed(error, nil)
        }
    }

    private enum Begun {
        case coordinator(RunCoordinator, RunRow, superseded: [SupersededRun])
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
            try Failpoint.inputArchived.pass()
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
            let created = try create(
                request, arrived, plan, contractHash: contractHash, connection: connection,
                signals: fleetSignals, screen: screen)
            hook.follow(created.coordinator.fleet)
            return .coordinator(
                created.coordinator, created.row, superseded: created.superseded)
        } catch {
            Arrival.discard(arrived)
            throw error
        }
    }

    private static func create(
        _ request: RunRequest, _ arrived: ArrivedInput, _ plan: TargetPlan,
        contractHash: String, connection: consuming Connection,
        signals: consuming SignalReader, screen: RunScreen
    ) throws -> (coordinator: RunCoordinator, row: RunRow, superseded: [SupersededRun]) {
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
        let created = try begin(new, arrived, request, target: plan, connection)
        try Failpoint.runCreated.pass()
        // Nobody can go on with them; what was read of them stays in the archive.
        for given in created.superseded {
            if let row = try RunLedger.get(given.run, connection) {
                try discardLeftovers(of: row)
            }
        }
        guard let row = try RunLedger.get(created.run, connection) else {
            throw LedgerError.broken("run \(created.run) vanished")
        }
        let made = try make(
            definition: definition, connection: connection, row: row, plan: plan,
            term: created.term, input: created.input, tolerances: request.tolerances,
            databaseURL: request.databaseURL, executable: request.executable,
            binaryVersion: request.binaryVersion, surroundings: request.surroundings,
            fleet: fleet, screen: screen)
        return (made, row, created.superseded)
    }

    /// The coordinator of a run that was taken; nothing is asked of the ledger.
    ///
    /// - Parameter lost: The one that this process was before its database went away; nil: none.
    static func make(
        definition: RunDefinition, connection: consuming Connection, row: RunRow,
        plan: TargetPlan, term: Int64, input: ArrivedInput,
        tolerances: [RunSummary.Tolerance], databaseURL: String, executable: String,
        binaryVersion: String, surroundings: Surroundings, fleet: Fleet, screen: RunScreen,
        after lost: RunCoordinator? = nil
    ) throws -> RunCoordinator {
        let coordinator = try RunCoordinator(
            executable: executable, binaryVersion: binaryVersion, databaseURL: databaseURL,
            definition: definition, fleet: fleet, connection: connection, row: row, plan: plan,
            term: term, input: input, tolerances: tolerances, screen: screen,
            logGenerations: surroundings.logGenerations)
        coordinator.beginPulse()
        if let lost {
            coordinator.takeEvents(from: lost)
            // What was told before the database went away stands in the report all the same.
            coordinator.messages = lost.messages
        } else {
            coordinator.openEvents(surroundings.events)
        }
        fleet.databaseWait = surroundings.databaseWait
        fleet.onBreath = { [weak coordinator] in coordinator?.drawSoon() }
        return coordinator
    }

    /// Begins a coordinator's time with its run: workers start while the input is split.
    ///
    /// - Parameter lost: The one that this process was before its database went away: its workers
    ///   and its deadline stay; nil: none.
    static func open(
        _ coordinator: RunCoordinator, _ row: RunRow, _ surroundings: Surroundings,
        after lost: RunCoordinator? = nil
    ) throws {
        let fleet = coordinator.fleet
        let job = coordinator.definition.job
        let input = coordinator.input
        try coordinator.beginTenure(row)
        if let lost, lost.watch.isDeadlineKnown {
            coordinator.watch.keep(as: lost.watch)
        } else {
            try coordinator.keep(surroundings.deadline ?? job.deadline)
        }
        let start = LogMessage(
            .runStarted,
            [
                "run": row.run, "job": row.job, "input": input.path,
                "bytes": String(input.bytes), "directory": coordinator.directory,
                "deadline": coordinator.watch.deadline.map { "; deadline \($0.text)" } ?? "",
            ])
        coordinator.note(start)
        if lost == nil { coordinator.screen.announce(start) }
        coordinator.note(
            LogMessage(
                .inputArchived,
                ["input": input.path, "bytes": String(input.bytes), "sha256": input.hash]))
        for event in fleet.takeEvents() { coordinator.noteArrival(event) }
        for tolerance in coordinator.tolerances {
            coordinator.note(
                LogMessage(
                    .toleranceChanged,
                    [
                        "name": tolerance.name, "value": tolerance.value,
                        "default": tolerance.fileDefault ?? "-",
                    ]))
        }
        // Whoever stayed joins the new term too.
        if lost != nil { fleet.joinAgain() }
        try fleet.start(
            max(0, job.workers - fleet.childCount), executable: coordinator.executable,
            databaseURL: coordinator.databaseURL, logDirectory: coordinator.directory,
            isReplacement: lost != nil)
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
