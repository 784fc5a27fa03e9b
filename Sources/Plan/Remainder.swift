// What of a run is left to load under a partition table: slices, met with partitions, minus what
// is done.

/// A key range of one slice and one partition that is still to be loaded.
public struct RemainingPiece: Sendable, Hashable {
    /// The slice its rows are staged in.
    public var slice: Int
    /// The partition it goes to.
    public var partition: Int
    /// Its keys.
    public var range: KeyRange

    /// Memberwise.
    public init(slice: Int, partition: Int, range: KeyRange) {
        self.slice = slice
        self.partition = partition
        self.range = range
    }
}

/// What is left, and under which table it can be told.
public enum Remainder {
    /// The pieces still to be loaded, in key order.
    ///
    /// - Parameters:
    ///   - slices: Disjoint ranges with their numbers.
    ///   - done: Ranges whose load is committed.
    public static func pieces(
        slices: [(slice: Int, range: KeyRange)], table: PartitionTable, done: [KeyRange]
    ) -> [RemainingPiece] {
        let done = done.sorted { $0.low < $1.low }
        var found: [RemainingPiece] = []
        for (slice, range) in slices.sorted(by: { $0.range.low < $1.range.low }) {
            let near = IntervalSet(overlapping(done, range, \.self))
            for partition in overlapping(table.partitions, range, \.range) {
                guard let common = partition.range.intersection(range) else { continue }
                for rest in IntervalSet([common]).subtracting(near).ranges {
                    found.append(
                        RemainingPiece(slice: slice, partition: partition.number, range: rest))
                }
            }
        }
        return found
    }

    /// A table under which every done interval lies in one partition: a boundary inside one moves
    /// to its end, and a partition that has no keys then is left out.
    ///
    /// What a committed interval counted cannot be told apart by keys afterwards, and nothing in it
    /// is left to plan.
    ///
    /// - Returns: The table, and every boundary that moved with the place it moved to.
    public static func settled(
        _ table: PartitionTable, done: [KeyRange]
    ) throws(PartitionTable.Fault) -> (table: PartitionTable, moved: [(from: Key, to: Key?)]) {
        let done = done.sorted { $0.low < $1.low }
        var moved: [(from: Key, to: Key?)] = []
        func place(_ key: Key) -> Key? {
            guard let interval = overlapping(done, KeyRange(low: key, high: nil), \.self).first,
                interval.low < key, interval.contains(key)
            else { return key }
            return interval.high
        }
        var partitions: [Partition] = []
        for partition in table.partitions {
            let isFirst = partition.range.low == table.span.low
            // Above every key: nothing of this partition is left.
            guard let low = isFirst ? partition.range.low : place(partition.range.low) else {
                moved.append((partition.range.low, nil))
                continue
            }
            if low != partition.range.low { moved.append((partition.range.low, low)) }
            let isLast = partition.range.high == table.span.high
            let high = isLast ? partition.range.high : partition.range.high.flatMap(place)
            if let high, high <= low { continue }
            partitions.append(
                Partition(number: partition.number, range: KeyRange(low: low, high: high)))
        }
        return (try PartitionTable(partitions), moved)
    }

    /// The elements of a sorted, disjoint list that share a key with a range.
    private static func overlapping<Element>(
        _ list: [Element], _ range: KeyRange, _ rangeOf: (Element) -> KeyRange
    ) -> ArraySlice<Element> {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if rangeOf(list[middle]).high.map({ $0 <= range.low }) ?? false {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let rest = list[low...]
        let end = rest.firstIndex { element in
            range.high.map { rangeOf(element).low >= $0 } ?? false
        }
        return rest[..<(end ?? list.endIndex)]
    }
}
