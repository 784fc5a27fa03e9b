// The short forms of the load's statement: which ones a chunk is tried with, and how it is done
// within the lock budget.

import Ledger
import Messaging
import Postgres

/// One of the short forms, in the order they are tried in.
enum ShortForm: String, CaseIterable {
    /// Rows as they were seen are updated by their address.
    case update
    /// Rows that hold the record's values already are confirmed by their address.
    case confirm
    /// Rows that were not there are inserted without looking for them first.
    case insert

    /// The name its statement is prepared under.
    func name(marks: Bool) -> String { "\(rawValue)_\(marks ? "marked" : "unmarked")" }

    /// Those that a plan has use for.
    static func all(of plan: TargetPlan) -> [ShortForm] {
        plan.inserts ? allCases : [.update, .confirm]
    }

    /// Its statement.
    func sql(_ statement: ApplyStatement, marks: Bool) -> String {
        switch self {
        case .update: statement.updateSeen(marks: marks)
        case .confirm: statement.confirmSeen(marks: marks)
        case .insert: statement.insertUnseen(marks: marks)
        }
    }
}

/// Some record of a chunk is not as validation saw it: its staged rows have to carry their state.
struct NeedsMarks: Error {}

/// The short forms that a chunk is tried with before the general statement.
///
/// A value that learns from the chunk before: neighbouring keys of a file mostly fare alike. A form
/// that settles few rows costs more than it saves; one that is left out costs time, never a row.
struct ChunkForms: Equatable {
    private(set) var likely = Set(ShortForm.allCases)

    /// Does without a form, until a whole chunk was learnt from.
    mutating func leaveOut(_ form: ShortForm) { likely.remove(form) }

    /// Chooses for the next chunk by what a whole chunk came to, in whatever form.
    mutating func learn(from counts: IntervalCounts) {
        guard counts.staged > 0 else { return }
        let enough = max(1, counts.staged / LoadingLimits.shortFormChunkParts)
        likely = []
        if counts.updated >= enough { likely.insert(.update) }
        if counts.unchanged >= enough { likely.insert(.confirm) }
        if counts.inserted >= enough { likely.insert(.insert) }
    }
}

extension SliceLoad {
    /// Prepares the statements of the short forms.
    func prepareForms(_ connection: borrowing Connection) throws {
        for form in ShortForm.all(of: plan) {
            try connection.prepare(form.name(marks: true), form.sql(statement, marks: true))
            guard plan.derivesState == true else { continue }
            try connection.prepare(form.name(marks: false), form.sql(statement, marks: false))
        }
    }

    /// Applies a chunk: rows that are as validation saw them in a short form, the others, and later
    /// records of the same target row, by the general statement.
    func apply(
        _ chunk: ChunkPromise, forms: ChunkForms, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let deadline = Monotonic.now() + .milliseconds(lockBudgetMilliseconds)
        var counts = IntervalCounts()
        for form in ShortForm.all(of: plan) where forms.likely.contains(form) {
            counts += try settle(form, chunk, marks: true, connection)
            if counts.staged >= chunk.rows { return counts }
            try keep(deadline, connection)
        }
        counts += try apply(chunk, busy: [], connection)
        return counts
    }

    /// Applies a chunk whose records are all as validation saw them, and writes nothing on its
    /// staged rows (`indicator: intervals`).
    ///
    /// - Throws: ``NeedsMarks`` when the short forms do not settle every one.
    func applyUnmarked(
        _ chunk: ChunkPromise, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let deadline = Monotonic.now() + .milliseconds(lockBudgetMilliseconds)
        var counts = IntervalCounts()
        // Always in this order: of a row that a trigger of the target writes because another one is
        // updated, nothing must have been said before.
        for form in ShortForm.all(of: plan) {
            counts += try settle(form, chunk, marks: false, connection)
            if counts.staged >= chunk.rows { return counts }
            try keep(deadline, connection)
        }
        throw NeedsMarks()
    }

    /// What one short form settled: its count as `staged`, digest and sums.
    private func settle(
        _ form: ShortForm, _ chunk: ChunkPromise, marks: Bool, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let rows = try connection.run(
            form.name(marks: marks), [.text(chunk.low), .text(chunk.high ?? topBound)] + values)
        var counts = IntervalCounts()
        counts.staged = rows.int(0, 0) ?? 0
        let written = 2 + plan.sums.count
        if written < rows.columnNames.count, rows.int(0, written) != counts.staged {
            throw LedgerError.broken(
                "\(rows.int(0, written) ?? 0) rows written, \(counts.staged) records settled")
        }
        counts.digest = UInt64(bitPattern: rows.int(0, 1) ?? 0)
        counts.sums = plan.sums.indices.map { rows.int(0, 2 + $0) ?? 0 }
        switch form {
        case .update: counts.updated = counts.staged
        case .confirm: counts.unchanged = counts.staged
        case .insert: counts.inserted = counts.staged
        }
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
