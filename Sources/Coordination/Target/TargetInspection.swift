// `lint --database`: everything between a job and its table at once, and nothing is written.

package import Journal
import Ledger
package import Postgres
package import Records
package import Settings

/// What lint tells of a job's target.
package struct TargetInspection {
    /// What keeps a run from beginning (16).
    package var faults: [LogMessage] = []
    /// What a run can live with, in words.
    package var notes: [String] = []

    /// Looks at the target of a job with parameters of the right types; a run's own values are
    /// not known here.
    ///
    /// - Parameter hasLedger: The ledger's schema is there, so that the load can be rehearsed in a
    ///   transaction that is undone.
    package init(
        job: Job, contract: Contract, hasLedger: Bool, _ connection: borrowing Connection
    ) throws {
        let examples = job.parameters.mapValues { type in
            switch type {
            case .date: "2000-01-01"
            case .integer: "0"
            case .text: "x"
            }
        }
        var resolution = TargetResolution(
            job: job, contract: contract, parameters: try RunParameters(values: examples))
        let plan = try resolution.gather(connection)
        if let plan {
            try resolution.checkExpressions(plan, connection)
            try resolution.checkPrivileges(plan, connection)
            // What is wrong by itself would only be said once more.
            if resolution.reasons.isEmpty, hasLedger,
                let reason = try resolution.rehearse(plan, connection)
            {
                resolution.reasons.append(reason)
            }
            if let absent = plan.absent, !absent.isIndexed {
                notes.append(
                    "no index finds a range of \(absent.column) in byte order, so every slice reads "
                        + "the whole table for absent rows; a btree that begins with it, COLLATE "
                        + "\"C\", makes that short")
            }
        }
        faults =
            TargetUnfit(
                job: job.name, table: plan?.table ?? job.target.table, reasons: resolution.reasons
            ).messages
    }
}

extension TargetResolution {
    /// Each SQL expression by itself, so that every one that is wrong is named.
    mutating func checkExpressions(
        _ plan: TargetPlan, _ connection: borrowing Connection
    ) throws {
        let staged = plan.columns.map { "NULL::\($0.type) AS \($0.name)" }
        let record = staged.isEmpty ? "SELECT" : "SELECT " + staged.joined(separator: ", ")
        for mapping in job.target.columns {
            guard case .sql = mapping.source,
                let written = plan.assignments.first(where: {
                    $0.column == quoteIdentifier(mapping.column)
                })
            else { continue }
            let expressions = plan.inserts ? [written.update, written.insert] : [written.update]
            for expression in expressions {
                let statement =
                    "SELECT (\(plan.inline(expression)))::\(written.type) "
                    + "FROM \(plan.table) t CROSS JOIN (\(record)) s"
                guard let fault = try Self.fault(in: statement, connection) else { continue }
                reasons.append("column \(mapping.column): \(fault)")
                break
            }
        }
    }

    /// What the role of this session may not do to the table, though a run has to.
    mutating func checkPrivileges(
        _ plan: TargetPlan, _ connection: borrowing Connection
    ) throws {
        let target = job.target
        var updated = target.columns.map(\.column) + [target.lockColumn]
        updated += [target.updateCountColumn].compactMap { $0 }
        updated += target.absent?.set.map(\.column) ?? []
        let inserted = plan.inserts ? target.key.map(\.column) + updated : []
        let known = columns.keys
        let missing = try TargetCatalog.missingPrivileges(
            plan.tableID, updated: updated.filter(known.contains),
            inserted: inserted.filter(known.contains), connection)
        for (role, privilege) in missing {
            reasons.append("role \(role) may not \(privilege); have it granted")
        }
    }
}
