// The partition of each key, for keys that come in order: a step, not a search.

import Plan
import Records

/// Walks a partition table beside sorted keys.
struct PartitionCursor {
    private let partitions: [Partition]
    private let lows: [[UInt8]]
    private let highs: [[UInt8]?]
    private var index = 0

    init(_ table: PartitionTable) {
        partitions = table.partitions
        lows = partitions.map { Array($0.range.low.text.utf8) }
        highs = partitions.map { $0.range.high.map { Array($0.text.utf8) } }
    }

    /// The partition of the next key, which is not below the one before it; nil: the key lies
    /// outside the table.
    mutating func advance(to entry: SliceEntry, keys: [UInt8]) -> Partition? {
        while index < partitions.count, let high = highs[index],
            !Self.precedes(entry, keys, high)
        {
            index += 1
        }
        guard index < partitions.count, !Self.precedes(entry, keys, lows[index]) else {
            return nil
        }
        return partitions[index]
    }

    /// Whether the entry's key is below a bound.
    private static func precedes(
        _ entry: SliceEntry, _ keys: [UInt8], _ bound: [UInt8]
    ) -> Bool {
        keys.span.extracting(entry.keyPlace).order(against: bound.span) < 0
    }
}
