// Validation of what a slice lacks: open rows of the target that no record of the file is for are
// staged to be closed (PROTOCOL 26).
//
// A rejected record is in the file all the same. Its row must not be closed, and the field that
// broke a rule may be part of its key; so a reject protects every row with its partition key. One
// whose partition key itself is in doubt is counted: the barrier closes nothing then.

import Ledger
import Plan
import Postgres

/// Rows that a slice's records lack, once they are staged: a reader of them in key order.
struct AbsentRows {
    /// Open rows of the target in the slice's range; nil: the job closes none.
    private(set) var open: Int64?
    /// Rows that are staged to be closed.
    private(set) var count: Int64 = 0
    /// Number of the row behind which the next ones are read.
    private var place: Int64 = 0
    private var block: ArraySlice<AbsentRow> = []

    /// None: for a job that leaves such rows alone.
    static let none = AbsentRows()

    private init() {}

    /// Finds and stages what a slice lacks; after its COPY, in its transaction.
    ///
    /// When the slice is staged anew, what was found the first time is staged again: rows may be
    /// closed since, and validation must give the same.
    init(
        staging slice: CheckedSlice, row: SliceRow, claim: TakenClaim, tables: RunTables,
        _ connection: borrowing Connection
    ) throws {
        guard tables.plan.absent != nil else { return }
        place = AbsentLedger.firstRecord(slice: row.slice)
        open = row.open
        var found: Int64?
        if row.open == nil {
            let result = try AbsentLedger.find(
                slice: row.slice, range: row.range, protected: slice.rejectedKeys,
                tables: tables, run: claim.run, revision: claim.revision, connection)
            (open, found) = (result.open, result.absent)
        }
        count = Int64(
            try AbsentLedger.stage(
                slice: row.slice, tables: tables, run: claim.run, revision: claim.revision,
                connection))
        if let found, found != count {
            throw LedgerError.broken(
                "slice \(row.slice): \(found) absent rows were noted, \(count) staged")
        }
    }

    /// The next row whose key is not above `key`; nil: there is none.
    ///
    /// nil as key: any row.
    mutating func next(
        upTo key: Key?, slice: Int, claim: TakenClaim, _ connection: borrowing Connection
    ) throws -> AbsentRow? {
        guard count > 0 else { return nil }
        if block.isEmpty {
            block =
                try AbsentLedger.rows(
                    slice: slice, after: place, limit: LoadingLimits.absentRowsPerRead,
                    run: claim.run, revision: claim.revision, connection)[...]
            place = block.last?.record ?? place
        }
        guard let row = block.first, key.map({ Key(row.key) <= $0 }) ?? true else { return nil }
        block.removeFirst()
        return row
    }
}

extension CheckedSlice {
    /// Key images of rejected records, each once.
    var rejectedKeys: [String] {
        Set(entries.lazy.filter { !$0.isValid }.map { keyText($0) }).sorted()
    }
}
