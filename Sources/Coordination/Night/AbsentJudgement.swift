// Whether the rows that the input lacks may be closed (PROTOCOL 26): decided at the barrier, when
// every slice has counted them and the target is untouched.

import Journal
import Ledger
import Loading
import Plan
import Records
import Settings

extension RunCoordinator {
    /// Throws 9 for a file without data records where absent rows are closed: it would close them
    /// all.
    func refuseEmptyFeed(_ envelope: EnvelopeSummary) throws {
        guard envelope.dataRecords == 0, definition.job.target.absent != nil else { return }
        throw RunStop(
            .totals,
            LogMessage(.closeByEmptyInput, ["input": input.path, "target": plan.table]))
    }

    /// What speaks against closing; empty: nothing, or the job closes none.
    ///
    /// While slices were not staged, because the rejects are over their budget, nobody knows.
    func absentFaults() throws -> [LogMessage] {
        guard let absent = definition.job.target.absent else { return [] }
        let totals = try AbsentLedger.totals(run: run, revision: revision, connection)
        guard let open = totals.open else { return [] }
        let shares = try ProofLedger.shares(run: run, revision: revision, connection)
        let closing = shares.values.reduce(0) { $0 + $1.absent }
        guard closing > 0 else { return [] }
        var faults: [LogMessage] = []
        if totals.nameless > 0 {
            faults.append(
                LogMessage(
                    .closeInDoubt,
                    [
                        "records": String(totals.nameless), "absent": String(closing),
                        "target": plan.table, "path": "\(directory)/rejects.csv",
                    ]))
        }
        if !absent.allows(closing: closing, of: open) {
            faults.append(
                LogMessage(
                    .closeShareExceeded,
                    [
                        "absent": String(closing), "rows": String(open),
                        "share": absent.maxShareText,
                    ]))
        } else if faults.isEmpty {
            note(
                LogMessage(
                    .closeWithinShare,
                    [
                        "absent": String(closing), "rows": String(open),
                        "share": absent.maxShareText,
                    ]))
        }
        return faults
    }
}
