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
    /// What the ledger knows of the very same run: job, parameters, content and contract.
    enum Known {
        /// Nothing: it is a new one.
        case new
        /// It is complete, and was proved again.
        case complete(RunEnd)
        /// It is to go on.
        case unfinished(String)
    }

    /// Throws 9 when the file is not one for this night, 13 when the very same run is not finished
    /// and was not asked to go on.
    static func check(
        _ request: RunRequest, input: ArrivedInput, target: TargetPlan, contractHash: String,
        _ connection: borrowing Connection
    ) throws -> Known {
        let definition = request.definition
        let date = definition.parameters.businessDate?.iso
        let same = try RunLedger.sameInput(
            job: definition.job.name, inputHash: input.hash,
            parameters: try JSONText.compact(definition.parameters), contractHash: contractHash,
            connection)
        for run in same where run.state == "published" {
            if run.identical, let row = try RunLedger.get(run.run, connection) {
                return .complete(try RunStart.finished(row, connection))
            }
            guard run.businessDate != date, request.supersede != run.run else { continue }
            throw RunStop(
                .totals,
                LogMessage(
                    .wrongFile,
                    [
                        "input": input.path, "run": run.run, "date": run.businessDate ?? "-",
                    ]
                ).by(try RunLedger.get(run.run, connection)))
        }
        let open = try RunLedger.open(onTarget: target.tableID, connection)
        for run in same where run.state == "open" && run.identical {
            guard let found = open.first(where: { $0.run == run.run }) else { continue }
            if request.supersede == run.run, !found.loaded { continue }
            guard request.resuming == nil else { return .unfinished(run.run) }
            let last = try Holders.last(
                of: run.run, else: found.coordinator, since: found.since, connection)
            throw RunStop(
                .held,
                LogMessage(
                    found.loaded ? .runUnfinishedLoaded : .runUnfinished,
                    [
                        "run": run.run, "holder": last.holder, "since": last.since,
                        "ending": last.ending, "target": target.table,
                    ]))
        }
        try checkDate(request, input: input, date: date, connection)
        return .new
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
                    ["job": job, "date": date ?? "-", "run": published.run]
                ).by(try RunLedger.get(published.run, connection)))
        }
        guard let date, !request.outOfOrder,
            let later = try RunLedger.publishedLater(job: job, than: date, connection)
        else { return }
        throw RunStop(
            .totals,
            LogMessage(
                .dateOutOfOrder,
                ["job": job, "date": date, "run": later.run, "later": later.businessDate]
            ).by(try RunLedger.get(later.run, connection)))
    }
}
