// How a run ends: every error becomes an outcome, messages, a ledger row, and released workers.

import Glibc
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings

/// Ends runs.
enum Ending {
    /// An error as the end of the run.
    static func failed(_ error: any Error, _ coordinator: RunCoordinator?) -> RunEnd {
        let stop =
            coordinator.flatMap { Supplanting.stop(for: error, $0) }
            ?? stop(for: error, coordinator)
        guard let coordinator else {
            return RunEnd(
                outcome: stop.outcome, summary: nil, messages: stop.messages)
        }
        return close(
            coordinator, stop.outcome, stop.messages, state: stop.isResumable ? nil : "ended",
            picture: stop.picture)
    }

    private static func stop(for error: any Error, _ coordinator: RunCoordinator?) -> RunStop {
        let run = coordinator?.run ?? "-"
        switch error {
        case let stop as RunStop: return stop
        case let unfit as TargetUnfit:
            return RunStop(.configuration, unfit.messages)
        case let trouble as FileTrouble:
            return RunStop(.infrastructure, trouble.message, isResumable: true)
        case let trouble as JournalError:
            return RunStop(.infrastructure, trouble.message, isResumable: true)
        case LedgerError.fenced(let run):
            return RunStop(
                .held,
                LogMessage(
                    .termLost,
                    ["run": run, "term": String(coordinator?.term ?? 0), "holder": "a newer one"]),
                isResumable: true)
        case LedgerError.schema(let found, let wanted):
            return RunStop(
                .configuration,
                LogMessage(
                    .schemaOutdated,
                    [
                        "database": "of this run", "found": String(found),
                        "expected": String(wanted),
                    ]))
        case let error as PostgresError: return stop(for: error, run: run)
        case let error as MessagingError:
            return RunStop(
                .infrastructure,
                LogMessage(
                    .messagingFailed,
                    [
                        "endpoint": coordinator?.fleet.endpoint.text ?? "-",
                        "operation": error.operation, "reason": error.message,
                    ]), isResumable: true)
        case let trouble as KeyTrouble:
            return RunStop(
                .configuration,
                trouble.faults.map { LogMessage(.keyFault, ["reason": $0.description]) },
                isResumable: true)
        case let open as DoorOpen:
            return RunStop(
                .bug, LogMessage(.doorOpenToStrangers, ["reason": open.description]),
                isResumable: true)
        case let fault as ContractFault:
            return RunStop(
                .configuration,
                LogMessage(
                    .contractFault,
                    [
                        "contract": coordinator?.definition.contract.name ?? "-",
                        "place": fault.path, "reason": fault.message,
                    ]))
        case let tripped as Failpoint.Tripped:
            return RunStop(
                .infrastructure,
                LogMessage(
                    .commandFailed, ["command": "run", "reason": tripped.description]),
                isResumable: true)
        default:
            return RunStop(
                .bug,
                LogMessage(
                    .proofFailed,
                    [
                        "proof": "\(error)", "run": run, "place": "the coordinator",
                        "expected": "no such state", "found": "it",
                        "directory": coordinator?.directory ?? "-",
                    ]), isResumable: true)
        }
    }

    /// Trouble of the database as the end of a run.
    static func stop(for error: PostgresError, run: String) -> RunStop {
        let message = LogMessage(
            .statementFailed,
            [
                "statement": "coordinator", "state": error.sqlState ?? "-", "partition": "-",
                "reason": error.description, "run": run,
            ])
        switch error.kind {
        case .permission, .undefined: return RunStop(.configuration, message, isResumable: true)
        case .bug, .data: return RunStop(.bug, message, isResumable: true)
        default: return RunStop(.infrastructure, message, isResumable: true)
        }
    }

    /// Ends a coordinator whose run turns out to be published: its last commit was done, and the
    /// answer was lost.
    static func complete(_ coordinator: RunCoordinator, _ end: RunEnd) -> RunEnd {
        coordinator.fleet.onBreath = nil
        coordinator.fleet.dismiss()
        coordinator.draw(isFinal: true)
        for message in end.messages { coordinator.note(message) }
        coordinator.note(LogMessage(.normalEnd, ["run": coordinator.run]))
        coordinator.log.seal()
        coordinator.closeEvents()
        MeetingPlace.clear(coordinator.fleet.endpoint)
        return end
    }

    /// Ends a night that went well.
    ///
    /// A published run ends as it was published, whatever happens to its last notes.
    ///
    /// - Throws: What a database says that is away while the run is not published: it waits then; and
    ///   ``Failpoint/Tripped``.
    static func finish(_ coordinator: RunCoordinator, _ outcome: Outcome) throws -> RunEnd {
        coordinator.fleet.onBreath = nil
        if coordinator.isSupplanted { return Supplanting.leave(coordinator, outcome, []) }
        coordinator.fleet.dismiss()
        coordinator.draw(isFinal: true)
        try Failpoint.nightDone.pass()
        var trouble: [LogMessage] = []
        var summary: RunSummary?
        do {
            try settle(coordinator, outcome, state: nil, &summary)
        } catch let error as PostgresError where error.isPassing && coordinator.published == nil {
            throw error
        } catch {
            trouble = stop(for: error, coordinator).messages
            for message in trouble { coordinator.note(message) }
        }
        return sayGoodbye(
            coordinator, outcome, [], trouble, summary ?? coordinator.published?.summary)
    }

    /// Ends a run that failed or was stopped: lets the workers go, writes the last lines and the
    /// ledger's last word, as far as that can be written.
    private static func close(
        _ coordinator: RunCoordinator, _ outcome: Outcome, _ causes: [LogMessage], state: String?,
        picture: String
    ) -> RunEnd {
        coordinator.fleet.onBreath = nil
        if coordinator.isSupplanted { return Supplanting.leave(coordinator, outcome, causes) }
        coordinator.fleet.dismiss()
        for cause in causes { coordinator.note(cause) }
        coordinator.draw(isFinal: true)
        var trouble = causes
        var summary: RunSummary?
        do {
            try settle(coordinator, outcome, state: state, &summary)
        } catch {
            let second = stop(for: error, coordinator)
            trouble += second.messages
            for message in second.messages { coordinator.note(message) }
        }
        return sayGoodbye(coordinator, outcome, causes, trouble, summary, picture: picture)
    }

    /// The ledger's last word, and what is of no more use.
    private static func settle(
        _ coordinator: RunCoordinator, _ outcome: Outcome, state: String?,
        _ summary: inout RunSummary?
    ) throws {
        if [.terminated, .interrupted, .deadline].contains(outcome) {
            try coordinator.releaseClaims()
        }
        let made = try coordinator.summary(outcome)
        summary = made
        try coordinator.logCounts(made)
        if state != nil, coordinator.isWithdrawable {
            try coordinator.withdraw()
        } else if let state {
            // What was read stays for people; what was staged is of no more use.
            try coordinator.connection.transaction { connection in
                try RunLedger.fence(coordinator.run, term: coordinator.term, connection)
                try RunLedger.end(
                    run: coordinator.run, state: state, outcome: outcome,
                    summary: try JSONText.compact(made), connection)
            }
            try coordinator.dropStaging()
            try Files.removeDirectory(
                coordinator.definition.spoolDirectory(of: coordinator.run))
        }
        try TenureLedger.end(
            run: coordinator.run, term: coordinator.term, outcome: outcome,
            coordinator.connection)
        try LogGenerations.tidy(
            coordinator.definition, generations: coordinator.logGenerations,
            note: { coordinator.note($0) }, coordinator.connection)
    }

    /// The last lines of log and events.
    private static func sayGoodbye(
        _ coordinator: RunCoordinator, _ outcome: Outcome, _ causes: [LogMessage],
        _ trouble: [LogMessage], _ summary: RunSummary?, picture: String = ""
    ) -> RunEnd {
        if outcome == .normal || outcome == .warning || outcome == .empty {
            coordinator.note(LogMessage(.normalEnd, ["run": coordinator.run]))
        } else {
            coordinator.note(
                LogMessage(
                    .abnormalEnd,
                    [
                        "run": coordinator.run, "phase": coordinator.phase.rawValue,
                        "exit": String(outcome.rawValue),
                        "reason": causes.first.map { $0.text(in: .english) } ?? outcome.result,
                    ]))
        }
        if let summary { coordinator.note(summary.resultMessage) }
        coordinator.events?.tell(.runEnded) { event in
            event.phase = coordinator.phase.rawValue
            event.result = outcome.result
            event.exitCode = outcome.rawValue
            event.elapsedSeconds = coordinator.elapsedOfRun / .seconds(1)
        }
        coordinator.log.seal()
        coordinator.closeEvents()
        MeetingPlace.clear(coordinator.fleet.endpoint)
        return RunEnd(
            outcome: outcome, summary: summary, messages: trouble, picture: picture,
            runID: coordinator.run)
    }
}
