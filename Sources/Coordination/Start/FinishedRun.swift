// A run that is complete is proved again from ledger and certificate, instead of being run.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Plan
import Postgres
import Settings

extension RunStart {
    /// Removes the spool and sockets of a run that is closed, wherever its own settings put them.
    static func discardLeftovers(of row: RunRow) throws {
        let definition = try JSONDecoder().decode(
            RunDefinition.self, from: Data(row.definition.utf8))
        try Files.removeDirectory(definition.spoolDirectory(of: row.run))
        MeetingPlace.sweep(state: definition.directories.state)
    }

    /// A finished run is proved again from ledger and certificate.
    static func finished(_ row: RunRow, _ connection: borrowing Connection) throws -> RunEnd {
        if try BackoutLedger.open(run: row.run, connection) != nil {
            try checkBackouts(onTarget: row.targetID, name: row.target, connection)
        }
        guard row.state == "published", let text = row.summary,
            let certificate = try RunLedger.certificate(of: row.run, connection)
        else {
            if let newer = try RunLedger.superseder(of: row.run, connection) {
                throw RunStop(
                    .usage,
                    LogMessage(
                        .runSuperseded,
                        [
                            "run": row.run, "by": newer.run, "holder": newer.coordinator,
                            "since": Holders.moment(newer.since),
                        ]))
            }
            throw RunStop(
                .usage,
                LogMessage(
                    .commandFailed,
                    [
                        "command": "resume",
                        "reason": "run \(row.run) is \(row.state)"
                            + (row.exitCode.map { " with exit \($0)" } ?? "")
                            + "; it cannot go on: run the input again",
                    ]))
        }
        guard Files.sha256(ofText: certificate.body) == certificate.sha256 else {
            throw LedgerError.broken(
                "the certificate of \(row.run) in the ledger does not have its hash")
        }
        if let day = try PurgeLedger.day(of: row.run, connection) {
            var summary = try JSONDecoder().decode(RunSummary.self, from: Data(text.utf8))
            summary.result = Outcome.normal.result
            summary.exitCode = 0
            return RunEnd(
                outcome: .normal, summary: summary,
                messages: [LogMessage(.runPurged, ["run": row.run, "day": day])])
        }
        let load = try ProofLedger.counts(
            run: row.run, revision: row.revision, phase: .load, connection)
        let shares = try ProofLedger.shares(
            run: row.run, revision: row.revision, connection)
        let conflicts = try ProofLedger.conflicts(
            run: row.run, revision: row.revision, connection)
        let counts = RunCoordinator.counts(
            load, records: shares.values.reduce(0) { $0 + $1.records },
            rejected: shares.values.reduce(0) { $0 + $1.rejected },
            absent: shares.values.reduce(0) { $0 + $1.absent }, conflicts: conflicts)
        // A coordinator that died right after publishing left both behind.
        try discardLeftovers(of: row)
        var summary = try JSONDecoder().decode(RunSummary.self, from: Data(text.utf8))
        guard counts.balances, counts == summary.counts else {
            throw LedgerError.broken(
                "the ledger's counts of \(row.run) are not those of its certificate")
        }
        let takenBack = try BackoutLedger.takenBack(
            run: row.run, revision: row.revision, connection)
        let outcome: Outcome = takenBack.isEmpty ? .normal : .warning
        summary.result = outcome.result
        summary.exitCode = Int(outcome.rawValue)
        var messages = [LogMessage(.runAlreadyComplete, ["run": row.run])]
        if !takenBack.isEmpty {
            messages.append(
                LogMessage(
                    .partitionsTakenBack,
                    [
                        "run": row.run,
                        "partitions": takenBack.map { String($0) }.joined(separator: ","),
                    ]))
        }
        return RunEnd(outcome: outcome, summary: summary, messages: messages)
    }
}
