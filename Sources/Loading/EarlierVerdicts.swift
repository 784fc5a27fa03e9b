// What an earlier validation of a slice said of its records, where staging anew must say the same:
// the slice's own (its staging was lost), or, in a rerun of a key range, that of the keys outside,
// which are loaded and stay as they are.

import Ledger
import Plan
import Postgres
import Records

/// Verdicts that only the database could give, as the ledger has them.
struct EarlierVerdicts {
    /// Refused records with the rule's id.
    private(set) var rules: [Int64: String] = [:]
    /// Whether the whole slice was judged before.
    private var areWhole = false
    /// Loaded keys, in order.
    private var settled: [KeyRange] = []

    /// None: the slice is judged for the first time.
    init() {}

    /// Reads what the ledger has of a slice.
    init(
        _ slice: CheckedSlice, row: SliceRow, claim: TakenClaim, _ connection: borrowing Connection
    ) throws {
        areWhole = row.staged != nil
        settled = try ProofLedger.loaded(
            slice: row.slice, run: claim.run, revision: claim.revision, connection)
        guard areWhole || !settled.isEmpty else { return }
        rules = try SliceLedger.judged(
            slice: row.slice, run: claim.run, revision: claim.revision, connection)
    }

    /// Whether a record's verdict is one that was given before.
    func hold(for slice: CheckedSlice, _ entry: SliceEntry) -> Bool {
        areWhole || (!settled.isEmpty && areSettled(slice.key(of: entry)))
    }

    /// Whether a key is loaded.
    func areSettled(_ key: Key) -> Bool {
        var low = 0
        var high = settled.count
        while low < high {
            let middle = (low + high) / 2
            if settled[middle].low <= key { low = middle + 1 } else { high = middle }
        }
        return low > 0 && settled[low - 1].contains(key)
    }

    /// Whether a loaded record was refused as one the target's constraints do not take.
    func refused(_ slice: CheckedSlice, _ entry: SliceEntry) -> Bool {
        rules[entry.number] == RuleID.targetConstraint.rawValue
            && areSettled(slice.key(of: entry))
    }
}
