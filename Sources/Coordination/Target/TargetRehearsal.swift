// The statements of the load on the real table, parsed by the server and never executed.

import Ledger
import Plan
import Postgres

extension TargetResolution {
    /// Has the server parse every statement of the load, inside a transaction that is undone; why
    /// it cannot, nil: it can.
    func rehearse(_ plan: TargetPlan, _ connection: borrowing Connection) throws -> String? {
        struct Undo: Error {}
        let tables = RunTables(number: 0, plan: plan)
        let statement = ApplyStatement(tables: tables, slice: 0)
        var reason: String?
        do {
            try connection.transaction { connection in
                // Logged, although staging is not: a server that crashes just after an UNLOGGED table
                // was rolled back does not come up at the first try (decision 0034).
                try connection.execute(
                    tables.createSlice(0, range: .all, logged: true))
                if plan.history { try connection.execute(tables.createHistory) }
                try connection.prepare("rehearse_apply", statement.apply(.range))
                try connection.prepare("rehearse_update", statement.updateSeen())
                try connection.prepare("rehearse_confirm", statement.confirmSeen())
                if plan.inserts {
                    try connection.prepare("rehearse_insert", statement.insertUnseen())
                }
                try connection.prepare("rehearse_certify", statement.certify)
                if plan.derivesState == true { try rehearseUnmarked(statement, plan, connection) }
                try connection.prepare("rehearse_see", ApplyStatement.see(plan))
                if let range = ApplyStatement.seeRange(plan) {
                    try connection.prepare("rehearse_range", range)
                }
                if let find = AbsentLedger.findStatement(tables: tables, slice: 0) {
                    try connection.prepare("rehearse_find", find)
                    try connection.prepare(
                        "rehearse_stage", AbsentLedger.stageStatement(tables: tables, slice: 0))
                }
                throw Undo()
            }
        } catch is Undo {
        } catch let error as PostgresError where !error.isPassing {
            reason = "the load cannot be prepared: \(error.message)"
        }
        // Statements outlive the transaction they were prepared in; the session has no others.
        try connection.execute("DEALLOCATE ALL")
        return reason
    }

    /// The statements of chunks whose staged rows carry no state of their own.
    private func rehearseUnmarked(
        _ statement: ApplyStatement, _ plan: TargetPlan, _ connection: borrowing Connection
    ) throws {
        try connection.prepare("rehearse_unmarked_update", statement.updateSeen(marks: false))
        try connection.prepare("rehearse_unmarked_confirm", statement.confirmSeen(marks: false))
        if plan.inserts {
            try connection.prepare("rehearse_unmarked_insert", statement.insertUnseen(marks: false))
        }
        try connection.prepare("rehearse_derived", statement.certifyDerived)
    }
}
