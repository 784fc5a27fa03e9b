// The partition of each key, for keys that come in order: looked up where it ends, not at every key.

import Ledger
import Plan
import Records

/// Walks a partition table beside the sorted records of a slice.
///
/// A slice touches one partition or two, so where each ends is searched and no other key compared.
struct PartitionCursor {
    private let partitions: [Partition]
    private var index = 0
    /// What the records before `end` belong to.
    private var current: Partition?
    private var end = 0

    init(_ table: PartitionTable) { partitions = table.partitions }

    /// The partition of a record, which is not before the one asked for last; nil: its key lies
    /// outside the table.
    mutating func advance(to position: Int, in slice: CheckedSlice) -> Partition? {
        guard position >= end else { return current }
        func first(reaching bound: Key) -> Int {
            var low = position
            var high = slice.entries.count
            while low < high {
                let middle = (low + high) / 2
                if slice.reaches(bound, slice.entries[middle]) {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            return low
        }
        while index < partitions.count, let high = partitions[index].range.high,
            slice.reaches(high, slice.entries[position])
        {
            index += 1
        }
        guard index < partitions.count else {
            (current, end) = (nil, slice.entries.count)
            return nil
        }
        let range = partitions[index].range
        if slice.reaches(range.low, slice.entries[position]) {
            current = partitions[index]
            end = range.high.map { first(reaching: $0) } ?? slice.entries.count
        } else {
            current = nil
            end = first(reaching: range.low)
        }
        return current
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
