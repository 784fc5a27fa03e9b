// The worker's steps one by one, for the bench: sort, encode, and what of a checked slice the
// database is asked for. The worker itself runs them together in SliceCheck and SliceStaging.

package import Ledger
package import Postgres
import Records

/// Takes a checked slice apart.
package struct SliceProbe {
    private let rules: SliceRules
    private var slice: CheckedSlice

    /// A probe of a slice without rejects.
    package init(_ slice: CheckedSlice, rules: SliceRules) {
        self.rules = rules
        self.slice = slice
    }

    /// Records in the slice.
    package var count: Int { slice.entries.count }

    /// The rows of binary COPY blocks that are sent at once.
    package static let copyBlockBytes = LoadingLimits.copyBlockBytes

    /// Puts the records back into the order of the file, as they are before they are sorted.
    package mutating func unsort() {
        slice.entries.sort { $0.number < $1.number }
    }

    /// Sorts the records by key, as the worker does.
    package mutating func sort() {
        SliceRules.sort(&slice.entries, keys: slice.keys)
    }

    /// The key image of every record, in the order they stand.
    package func keys() -> [String] { slice.entries.map { slice.keyText($0) } }

    /// Reads what the target holds for every record: lock value, row version, update count and row
    /// address; nil: it has no row.
    package func see(
        plan: TargetPlan, _ connection: borrowing Connection
    ) throws -> [(lockAt: Int64?, rowVersion: UInt32, count: Int64?, address: UInt64?)?] {
        try TargetReader(rules: rules, plan: plan).see(slice, connection).map { seen in
            seen.map { ($0.lockAt, $0.rowVersion, $0.count, $0.address) }
        }
    }

    /// Encodes every record for the staging table's binary COPY, block by block.
    ///
    /// - Parameter seen: The target's lock value, row version, update count and row address by
    ///   record; nil: the record has no row.
    package func encode(
        plan: TargetPlan,
        seen: (Int) -> (lockAt: Int64?, rowVersion: UInt32, count: Int64?, address: UInt64?)?,
        _ send: ([UInt8]) throws -> Void
    ) throws {
        var encoder = try RowEncoder(plan: plan, rules: rules, withPlaces: false)
        var block = RowEncoder.fileHeader
        block.reserveCapacity(LoadingLimits.copyBlockBytes + 4_096)
        for (index, entry) in slice.entries.enumerated() {
            let record = slice.bytes.span.extracting(entry.place)
            let found = seen(index).map {
                Seen(
                    lockAt: $0.lockAt, rowVersion: $0.rowVersion, count: $0.count,
                    address: $0.address)
            }
            encoder.append(
                entry, record: record, keys: slice.keys, sequence: 0, isLast: true, seen: found,
                to: &block)
            guard block.count >= LoadingLimits.copyBlockBytes else { continue }
            try send(block)
            block.removeAll(keepingCapacity: true)
        }
        block.append(contentsOf: RowEncoder.fileTrailer)
        try send(block)
    }
}
