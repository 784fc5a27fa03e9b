// The short forms of the load's statement: which ones a chunk is tried with, and how it is done
// within the lock budget.

import Ledger
import Messaging
import Postgres

/// The short forms that a chunk is tried with before the general statement.
///
/// A value that learns from the chunk before: neighbouring keys of a file mostly fare alike. A form
/// that settles few rows costs more than it saves; one that is left out costs time, never a row.
struct ChunkForms: Equatable {
    /// Rows as they were seen are updated by their address.
    private(set) var updates = true
    /// Rows that hold the record's values already are confirmed by their address.
    private(set) var confirms = true
    /// Rows that were not there are inserted without looking for them first.
    private(set) var inserts = true

    /// Chooses for the next chunk by what a whole chunk came to, in whatever form.
    mutating func learn(from counts: IntervalCounts) {
        guard counts.staged > 0 else { return }
        let enough = max(1, counts.staged / LoadingLimits.shortFormChunkParts)
        updates = counts.updated >= enough
        confirms = counts.unchanged >= enough
        inserts = counts.inserted >= enough
    }
}

extension SliceLoad {
    /// Prepares the statements of the short forms.
    func prepareForms(_ connection: borrowing Connection) throws {
        try connection.prepare("update_seen", statement.updateSeen)
        try connection.prepare("confirm_seen", statement.confirmSeen)
        if plan.inserts { try connection.prepare("insert_unseen", statement.insertUnseen) }
    }

    /// Applies a chunk: rows that are as validation saw them in a short form, the others, and later
    /// records of the same target row, by the general statement.
    func apply(
        _ chunk: ChunkPromise, forms: ChunkForms, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let deadline = Monotonic.now() + .milliseconds(lockBudgetMilliseconds)
        var counts = IntervalCounts()
        if forms.updates {
            let done = try settle("update_seen", chunk, connection)
            counts += done
            counts.updated = done.staged
            if counts.staged >= chunk.rows { return counts }
            try keep(deadline, connection)
        }
        if forms.confirms {
            let done = try settle("confirm_seen", chunk, connection)
            counts += done
            counts.unchanged = done.staged
            if counts.staged >= chunk.rows { return counts }
            try keep(deadline, connection)
        }
        if forms.inserts, plan.inserts {
            let done = try settle("insert_unseen", chunk, connection)
            counts += done
            counts.inserted = done.staged
            if counts.staged >= chunk.rows { return counts }
            try keep(deadline, connection)
        }
        counts += try apply(chunk, busy: [], connection)
        return counts
    }

    /// What one short form settled: its count as `staged`, digest and sums.
    private func settle(
        _ name: String, _ chunk: ChunkPromise, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let rows = try connection.run(
            name, [.text(chunk.low), .text(chunk.high ?? topBound)] + values)
        var counts = IntervalCounts()
        counts.staged = rows.int(0, 0) ?? 0
        let written = 2 + plan.sums.count
        if written < rows.columnNames.count, rows.int(0, written) != counts.staged {
            throw LedgerError.broken(
                "\(rows.int(0, written) ?? 0) rows written, \(counts.staged) records settled")
        }
        counts.digest = UInt64(bitPattern: rows.int(0, 1) ?? 0)
        counts.sums = plan.sums.indices.map { rows.int(0, 2 + $0) ?? 0 }
        return counts
    }

    /// The next statement of the chunk gets what is left of the lock budget: the rows that the
    /// first one locked stay locked until the last one is done (PROTOCOL 23).
    private func keep(
        _ deadline: ContinuousClock.Instant, _ connection: borrowing Connection
    ) throws {
        // 0 would mean no limit at all.
        let left = max(1, Monotonic.milliseconds(until: deadline))
        try connection.execute("SET LOCAL statement_timeout = \(left)")
    }
}
