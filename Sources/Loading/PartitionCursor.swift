// The partition of each key, for keys that come in order: a step, not a search.

import Ledger
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

/// Counts records by partition, for records that come in the order of their keys: a partition's
/// records stand together, and its count is looked up once.
struct PartitionShares {
    private var partition = 0
    private var records: Int64 = 0
    private var rejected: Int64 = 0

    /// Counts a record; 0 is the number of none.
    @inline(__always)
    mutating func add(_ isValid: Bool, to next: Int, in findings: inout SliceFindings) {
        if next != partition { settle(in: &findings) }
        partition = next
        records &+= 1
        if !isValid { rejected &+= 1 }
    }

    /// Adds what was counted since the partition before.
    mutating func settle(in findings: inout SliceFindings) {
        guard records > 0 else { return }
        findings.shares[partition, default: (0, 0)].records += records
        findings.shares[partition, default: (0, 0)].rejected += rejected
        records = 0
        rejected = 0
    }
}
