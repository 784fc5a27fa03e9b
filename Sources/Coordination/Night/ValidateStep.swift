// Phase validate, and the judgement at the barrier: control totals, identity, reject budget.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings
import Wire

extension RunCoordinator {
    /// Has every slice validated and staged.
    func validate() throws {
        try begin(.validate)
        // Workers hear of broken promises before their first claim: no table is asked for.
        if !breaksPromises { try createStaging() }
        try CacheUpkeep.prepare(definition.cacheDirectory)
        try transact { connection in
            try ClaimLedger.insertForSlices(
                run: run, revision: revision, phase: .validate, connection)
        }
        rejectsSettled = try ProofLedger.counts(
            run: run, revision: revision, phase: .validate, connection
        ).rejected
        let job = definition.job
        fleet.budgetExceeded = breaksPromises
        try driveWithSpool(.validate) {
            let isOver = rejectsSettled + inFlight.rejects > Int64(job.maxRejects)
            fleet.budgetExceeded = isOver || breaksPromises
            return isOver && job.onBudget == .stop && rejectsSettled > Int64(job.maxRejects)
        }
        note(
            LogMessage(
                .validationFinished,
                [
                    "records": String(envelope?.dataRecords ?? 0),
                    "rejects": String(rejectsSettled),
                ]))
        if let use = try cacheUse(), use.hits > 0 {
            note(
                LogMessage(
                    .rulesProvedBefore,
                    ["hits": String(use.hits), "slices": String(use.hits + use.misses)]))
        }
        try finish(.validate, records: envelope?.dataRecords ?? 0)
    }

    /// Decides whether the target may be touched; throws what speaks against it, all of it.
    func judge() throws {
        var faults: [LogMessage] = []
        var outcomes: [Outcome] = []
        for fault in envelope?.identityFaults ?? [] {
            outcomes.append(.totals)
            faults.append(CheckedTotal.message(fault))
        }
        let isComplete = try isValidationComplete()
        if isComplete {
            for total in try controlTotals() where !total.holds {
                outcomes.append(.totals)
                faults.append(total.message)
            }
        }
        try writeRejects()
        let absent = isComplete ? try absentFaults() : []
        outcomes += absent.map { _ in .totals }
        faults += absent
        if rejectsSettled > Int64(definition.job.maxRejects) {
            outcomes.append(.rejects)
            faults.append(
                LogMessage(
                    .rejectsOverBudget,
                    [
                        "rejects": String(rejectsSettled),
                        "budget": String(definition.job.maxRejects),
                        "path": "\(directory)/rejects.csv",
                    ]))
        } else if rejectsSettled > 0 {
            warnings.append(.warning)
            note(
                LogMessage(
                    .rejectsWithinBudget,
                    [
                        "rejects": String(rejectsSettled),
                        "budget": String(definition.job.maxRejects),
                        "path": "\(directory)/rejects.csv",
                    ]))
        }
        guard outcomes.isEmpty else { throw RunStop(Outcome.gravest(outcomes), faults) }
        guard !breaksPromises else {
            throw LedgerError.broken("control totals failed in the split and hold after validation")
        }
        guard isComplete else {
            throw LedgerError.broken("validation ended before every slice was validated")
        }
    }

    /// Every key is in exactly one validated interval, and every record was counted.
    private func isValidationComplete() throws -> Bool {
        let ranges = try ProofLedger.ranges(
            run: run, revision: revision, phase: .validate, connection)
        guard IntervalSet.coverageFault(ranges, of: .all) == nil else { return false }
        let counted = try ProofLedger.recordsPerGroup(run: run, revision: revision, connection)
        for group in envelope?.groups ?? [] where group.dataRecords > 0 {
            guard counted[group.number] == Int64(group.dataRecords) else {
                throw LedgerError.broken(
                    "group \(group.number): the split read \(group.dataRecords) records, "
                        + "validation counted \(counted[group.number] ?? 0)")
            }
        }
        return true
    }

    /// Every control total of every group (PROTOCOL 34).
    func controlTotals() throws -> [CheckedTotal] {
        guard let envelope else { return [] }
        return try checkedTotals(envelope)
    }

    private func checkedTotals(_ envelope: EnvelopeSummary) throws -> [CheckedTotal] {
        CheckedTotal.all(
            contract: definition.contract, envelope: envelope,
            found: try ProofLedger.totals(run: run, revision: revision, connection),
            strideBytes: UInt64(layout?.strideBytes ?? 0))
    }

    /// Writes the rejects to `rejects.csv`, at most as many as are reported.
    func writeRejects() throws {
        var writer = try RejectWriter(path: "\(directory)/rejects.csv")
        var place: (record: Int64, field: String, rule: String) = (.min, "", "")
        var written = 0
        while written < definition.job.maxReported {
            let batch = try SliceLedger.rejects(
                run: run, revision: revision, after: place,
                limit: min(
                    CoordinationLimits.rejectsPerRead, definition.job.maxReported - written),
                connection)
            guard let last = batch.last else { break }
            for (reject, _) in batch { writer.write(reject.row) }
            written += batch.count
            place = (last.reject.record, last.reject.field, last.reject.rule)
            try breathe()
        }
        try writer.close()
    }

    /// The barrier's transaction: coverage is proved in the database, load claims come into
    /// being (PROTOCOL 17).
    func passBarrier() throws {
        try Failpoint.atBarrier.pass()
        try attachSlices()
        try transact { connection in
            if plan.history { try connection.execute(tables.createHistory) }
            let ranges = try ProofLedger.ranges(
                run: run, revision: revision, phase: .validate, connection)
            if let fault = IntervalSet.coverageFault(ranges, of: .all) {
                throw LedgerError.broken("barrier: \(fault)")
            }
            try insertLoadClaims(connection)
            try RunLedger.enter(.load, run: run, connection)
        }
        try Failpoint.barrierCommitted.pass()
        note(
            LogMessage(
                .barrierPassed,
                [
                    "slices": String(try ownSlices().count),
                    "rejects": String(rejectsSettled),
                    "budget": String(definition.job.maxRejects),
                ]))
        phase = .load
    }

    /// Shows all slices as one table, in short transactions (PROTOCOL 6).
    private func attachSlices() throws {
        let slices = try ownSlices()
        try transact { connection in
            guard try !TargetCatalog.exists(tables.parent, connection) else { return }
            try connection.execute(tables.createParent)
        }
        var rest = slices[...]
        while !rest.isEmpty {
            let batch = rest.prefix(CoordinationLimits.tablesPerTransaction)
            rest = rest.dropFirst(batch.count)
            try transact { connection in
                // The barrier's own commit, which comes after it, brings these to disk.
                try connection.execute("SET LOCAL synchronous_commit = off")
                for slice in batch
                where try !TargetCatalog.isAttached(slice.staging, connection) {
                    try connection.execute(tables.attach(slice.slice, range: slice.range))
                }
            }
            try breathe()
        }
    }
}
