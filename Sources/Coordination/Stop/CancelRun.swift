// `kugiri cancel RUN`: a run that is on is stopped through the ledger; one whose coordinator is gone
// is stopped here, under a term of its own.

import FoundationEssentials
import Glibc
import Journal
import Ledger
import Loading
import Messaging
import Plan
package import Postgres

/// How a run stands after it was cancelled; schema `kugiri.cancel/1`, in `ops/schema/cancel-1.json`.
package struct CancelReport: Encodable, Sendable {
    /// Who ended it.
    package enum Stopper: String, Encodable, Sendable {
        /// Its coordinator, because it was asked.
        case coordinator
        /// This command: the coordinator was gone.
        case cancel
        /// Nobody: it had stopped, or ended, before.
        case nobody
    }

    package var schema = "kugiri.cancel/1"
    package var runID: String
    /// open, ended, published or superseded; open: it can be resumed.
    package var state: String
    package var stoppedBy: Stopper
    package var phase: String
    package var recordsDone: Int64
    package var recordsTotal: Int64
    /// Of the run, or of its last coordinator; nil: there is none.
    package var exitCode: Int?
    /// nil: it has ended for good.
    package var next: String?

    enum CodingKeys: String, CodingKey {
        case schema, state, phase, next
        case runID = "run_id"
        case stoppedBy = "stopped_by"
        case recordsDone = "records_done"
        case recordsTotal = "records_total"
        case exitCode = "exit_code"
    }

    /// For people.
    package var text: String {
        let done =
            "phase \(phase), \(Figures.count(recordsDone)) of \(Figures.count(recordsTotal)) records "
            + "done"
        guard let next else {
            return "run \(runID) is \(state)"
                + (exitCode.map { " with exit \($0)" } ?? "") + ": there is nothing to cancel"
        }
        let how =
            switch stoppedBy {
            case .coordinator: "has stopped"
            case .cancel: "is stopped: its coordinator was gone"
            case .nobody: "had stopped already"
            }
        return "run \(runID) \(how); \(done); go on with: \(next)"
    }
}

/// Cancels runs.
package struct CancelRun {
    private let run: String
    private let reason: String?
    private let databaseURL: String
    private let command: String
    private let version: String

    /// A run, as somebody asked for it.
    ///
    /// - Parameters:
    ///   - reason: nil: none was given.
    ///   - databaseURL: For the session that takes claims away.
    ///   - command: As typed, for the audit.
    package init(
        run: String, reason: String?, databaseURL: String, command: String, version: String
    ) {
        self.run = run
        self.reason = reason
        self.databaseURL = databaseURL
        self.command = command
        self.version = version
    }

    /// Stops the run and waits until it has stopped.
    ///
    /// - Returns: How it stands; nil: there is no such run.
    /// - Throws: ``RunStop`` with 13 when it has not stopped in time.
    package func cancel(_ connection: borrowing Connection) throws -> CancelReport? {
        let start = Monotonic.now()
        var askedTerm: Int64?
        while true {
            guard let row = try StatusLedger.standing(run, connection) else { return nil }
            guard row.state == "open" else { return try report(.nobody, connection) }
            if try StatusLedger.isOn(run, connection) {
                // One that is frozen reads no instruction: its session is ended, and this command
                // takes its place.
                let silence = CoordinationLimits.coordinatorSilenceLimit
                if Monotonic.now() - start >= silence {
                    _ = try HolderLedger.endSilent(run: run, silence: silence, connection)
                }
                // A later coordinator was not asked yet.
                if askedTerm != row.term, try ask(row.term, connection) { askedTerm = row.term }
            } else if row.tenure?.endedAt != nil, try isReleased(row, connection) {
                guard askedTerm == row.term else { return try report(.nobody, connection) }
                // Its last act is to let the target go; until then nobody could resume the run.
                try awaitFree(row.targetID, connection)
                return try report(.coordinator, connection)
            } else if try stopInstead(row, connection) {
                return try report(.cancel, connection)
            }
            guard Monotonic.now() - start < CoordinationLimits.stopWait else {
                throw RunStop(
                    .held,
                    LogMessage(
                        .notStopped,
                        [
                            "run": run,
                            "elapsed": Figures.duration(CoordinationLimits.stopWait),
                            "coordinator": Self.name(row), "phase": row.phase.rawValue,
                        ]), isResumable: true)
            }
            usleep(CoordinationLimits.stopLookMicroseconds)
        }
    }

    private static func name(_ row: StandingRow) -> String {
        row.tenure.map { "\($0.host) process \($0.process)" } ?? "of an unknown host"
    }

    /// Nobody has a claim of it in hand.
    private func isReleased(
        _ row: StandingRow, _ connection: borrowing Connection
    ) throws -> Bool {
        try ClaimLedger.taken(run: run, revision: row.revision, connection).isEmpty
    }

    /// Waits until the target is free, but not for another run that took it meanwhile.
    private func awaitFree(_ target: Int64, _ connection: borrowing Connection) throws {
        let start = Monotonic.now()
        while Monotonic.now() - start < CoordinationLimits.freeWait,
            try StatusLedger.holder(ofTarget: target, connection) != nil
        {
            usleep(CoordinationLimits.stopLookMicroseconds)
        }
    }

    private func ask(_ term: Int64, _ connection: borrowing Connection) throws -> Bool {
        try connection.transaction { connection in
            try Preparation.audit(
                command, run: run, version: version, hash: nil, reason: reason, connection)
            return try InstructionLedger.ask(
                .cancel, run: run, term: term, by: RunStart.identity, reason: reason, connection)
        }
    }

    /// Takes the dead coordinator's place: its lock, the next term, every claim; ends that term.
    ///
    /// False: somebody else holds the target, or was faster.
    private func stopInstead(
        _ row: StandingRow, _ connection: borrowing Connection
    ) throws -> Bool {
        guard try RunLedger.lockTarget(row.targetID, connection) else { return false }
        let term = try connection.transaction { connection -> Int64? in
            guard
                let taken = try RunLedger.take(
                    run, coordinator: RunStart.identity, connection)
            else { return nil }
            try Preparation.audit(
                command, run: run, version: version, hash: nil, reason: reason, connection)
            try TenureLedger.begin(
                run: run, term: taken.term, conductor: Holders.own, isTakeover: false, connection)
            return taken.term
        }
        guard let term else { return false }
        let guardian = try Connection(
            url: databaseURL, applicationName: "kugiri cancel \(run) guard")
        try connection.transaction { connection in
            try RunLedger.fence(run, term: term, connection)
            try RecutLedger.fenceUntaken(run: run, revision: row.revision, connection)
        }
        let held = try ClaimLedger.taken(run: run, revision: row.revision, connection)
        for claim in held {
            _ = try ClaimFence.takeBack(
                claim, run: run, term: term,
                pause: { usleep(UInt32($0 + 1) * 1_000) }, guardian)
        }
        try connection.transaction { connection in
            try RunLedger.fence(run, term: term, connection)
            try ClaimLedger.release(run: run, revision: row.revision, connection)
            try TenureLedger.end(run: run, term: term, outcome: .terminated, connection)
        }
        log(
            LogMessage(
                .cancelledInstead,
                [
                    "run": run, "user": RunStart.identity, "coordinator": Self.name(row),
                    "claims": String(held.count),
                ]), try RunLedger.get(run, connection))
        return true
    }

    /// A line in the run's own log, where this machine has it.
    private func log(_ message: LogMessage, _ row: RunRow?) {
        guard let row,
            let directory = try? InspectedRun.directory(of: row),
            Files.exists(directory), let log = try? RunLog(directory: directory)
        else { return }
        log.write(message)
        log.seal()
    }

    private func report(
        _ stopper: CancelReport.Stopper, _ connection: borrowing Connection
    ) throws -> CancelReport {
        guard let status = try StatusReport.read(run: run, connection)?.run else {
            throw LedgerError.broken("run \(run) vanished")
        }
        return CancelReport(
            runID: run, state: status.state, stoppedBy: stopper, phase: status.phase,
            recordsDone: status.recordsDone, recordsTotal: status.recordsTotal,
            exitCode: status.exitCode,
            next: status.state == "open" ? "kugiri resume \(run)" : nil)
    }
}
