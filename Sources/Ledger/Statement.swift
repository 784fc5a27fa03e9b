// The texts of the statements, embedded from `SQL/`: one statement a file, named after its verb; and
// what many of them have in common.

import Plan
import Postgres

/// Text of an embedded SQL file.
func sql(_ bytes: [UInt8]) -> String {
    #if MUTANTS
        return weakened(bytes)
    #else
        return String(decoding: bytes, as: UTF8.self)
    #endif
}

/// The text that stands for "above every key" where a bound may not be NULL: U+10FFFF, a
/// noncharacter that no key image holds.
public let topBound = "\u{10FFFF}"

/// Trouble the ledger itself found.
public enum LedgerError: Error, Equatable, Sendable {
    /// Another coordinator has a newer term, or the run is closed: leave with 13.
    case fenced(run: String)
    /// The claim belongs to a newer epoch: what was being done is dropped.
    case claimLost(claim: Int64)
    /// The schema is missing or of another version (16, or migrate).
    case schema(found: Int, wanted: Int)
    /// A proof failed inside the ledger (70).
    case broken(String)
}

extension Rows {
    /// The first two columns as key ranges.
    borrowing func ranges() -> [KeyRange] {
        (0..<count).map { row in
            KeyRange(low: Key(text(row, 0) ?? ""), high: text(row, 1).map { Key($0) })
        }
    }
}
