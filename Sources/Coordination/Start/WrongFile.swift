// Is this the right file for this night? (PROTOCOL 29)

import Journal
import Ledger
import Loading
import Plan
import Postgres
import Records
import Settings

/// Checks that end a run before it begins.
enum WrongFile {
    /// Throws 9 or 13 when the file is not one for this night; returns an end when the very same
    /// run is already complete and was proved again; nil: go on.
    static func check(
        _ request: RunRequest, input: ArrivedInput, target: TargetPlan, contractHash: String,
        _ connection: borrowing Connection
    ) throws -> RunEnd? {
        let definition = request.definition
        let date = definition.parameters.businessDate?.iso
        let same = try RunLedger.sameInput(
            job: definition.job.name, inputHash: input.hash,
            parameters: try JSONText.compact(definition.parameters), contractHash: contractHash,
            connection)
        for run in same where run.state == "published" {
            if run.identical, let row = try RunLedger.get(run.run, connection) {
                return try RunStart.finished(row, connection)
            }
            guard run.businessDate != date, request.supersede != run.run else { continue }
            throw RunStop(
                .totals,
                LogMessage(
                    .wrongFile,
                    ["input": input.path, "run": run.run, "date": run.businessDate ?? "-"]))
        }
        for run in same where run.state == "open" && run.identical {
            let open = try RunLedger.open(onTarget: target.tableID, connection)
            guard open.contains(where: { $0.run == run.run && $0.loaded }) else { continue }
            throw RunStop(
                .held,
                LogMessage(
                    .runHalfLoaded, ["run": run.run, "target": target.table, "since": "earlier"]))
        }
        try checkDate(request, input: input, date: date, connection)
        return nil
    }

    private static func checkDate(
        _ request: RunRequest, input: ArrivedInput, date: String?,
        _ connection: borrowing Connection
    ) throws {
        let job = request.definition.job.name
        if let published = try RunLedger.published(
            job: job, businessDate: date, inputHash: input.hash, connection),
            request.supersede != published.run
        {
            throw RunStop(
                .totals,
                LogMessage(
                    .dateAlreadyPublished,
                    ["job": job, "date": date ?? "-", "run": published.run]))
        }
        guard let date, !request.outOfOrder,
            let later = try RunLedger.publishedLater(job: job, than: date, connection)
        else { return }
        throw RunStop(
            .totals,
            LogMessage(
                .dateOutOfOrder,
                ["job": job, "date": date, "run": later.run, "later": later.businessDate]))
    }
}
