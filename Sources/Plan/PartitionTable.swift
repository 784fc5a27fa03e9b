// The list of partitions of a job, and the proof that it covers the keys.

/// A numbered key range of a job.
public struct Partition: Sendable, Hashable, Codable {
    /// 1-based; people say it, the ledger never identifies work by it.
    public var number: Int
    /// Its keys.
    public var range: KeyRange

    /// Memberwise.
    public init(number: Int, range: KeyRange) {
        self.number = number
        self.range = range
    }
}

/// The partitions of a job, sorted by range.
///
/// An explicit table may leave keys out only at its two ends; a key there is the reject
/// `key-range`. Between two partitions there is neither gap nor overlap.
public struct PartitionTable: Sendable, Hashable, Codable {
    /// Sorted by range.
    public private(set) var partitions: [Partition]

    /// What is wrong with a list of partitions.
    public enum Fault: Error, Hashable, Sendable {
        case empty
        case tooMany(count: Int)
        case numberTwice(Int)
        /// Keys from `from` to `to` belong to no partition; the numbers are those beside it.
        case gap(after: Int, before: Int, from: Key, to: Key)
        /// Both partitions hold the keys from `from` on.
        case overlap(Int, Int, from: Key)
    }

    /// Partitions of one run, at most.
    public static let partitionsMax = 1_000

    /// Checks and sorts a list of partitions; throws the first fault found.
    public init(_ list: [Partition]) throws(Fault) {
        let faults = Self.faults(of: list)
        if let first = faults.first { throw first }
        partitions = list.sorted { $0.range.low < $1.range.low }
    }

    /// Everything that is wrong with a list of partitions; empty: it is a partition table.
    public static func faults(of list: [Partition]) -> [Fault] {
        if list.isEmpty { return [.empty] }
        if list.count > partitionsMax { return [.tooMany(count: list.count)] }
        var found: [Fault] = []
        var numbers: Set<Int> = []
        for partition in list where !numbers.insert(partition.number).inserted {
            found.append(.numberTwice(partition.number))
        }
        let sorted = list.sorted { $0.range.low < $1.range.low }
        // The partition that reaches furthest so far: what lies inside it is no gap.
        var left = sorted[0]
        for right in sorted.dropFirst() {
            guard let high = left.range.high, high <= right.range.low else {
                found.append(.overlap(left.number, right.number, from: right.range.low))
                if let high = left.range.high, right.range.high.map({ $0 > high }) ?? true {
                    left = right
                }
                continue
            }
            if high < right.range.low {
                found.append(
                    .gap(
                        after: left.number, before: right.number, from: high,
                        to: right.range.low))
            }
            left = right
        }
        return found
    }

    /// One partition for every key.
    public static let single = PartitionTable(unchecked: [Partition(number: 1, range: .all)])

    /// A table cut at the given keys: one partition more than there are keys.
    ///
    /// Equal and unsorted keys are put in order first.
    public init(cutAt keys: [Key]) {
        var lows: [Key] = [.lowest]
        for key in keys.sorted() where key > (lows.last ?? .lowest) { lows.append(key) }
        partitions = lows.indices.map { index in
            let high = index + 1 < lows.count ? lows[index + 1] : nil
            return Partition(number: index + 1, range: KeyRange(low: lows[index], high: high))
        }
    }

    private init(unchecked partitions: [Partition]) { self.partitions = partitions }

    /// From the first partition's low to the last one's high.
    public var span: KeyRange {
        KeyRange(
            low: partitions.first?.range.low ?? .lowest, high: partitions.last?.range.high)
    }

    /// The partition that holds a key; nil: the key lies outside the table.
    public func partition(of key: Key) -> Partition? {
        var low = 0
        var high = partitions.count
        while low < high {
            let middle = (low + high) / 2
            if partitions[middle].range.low <= key { low = middle + 1 } else { high = middle }
        }
        guard low > 0, partitions[low - 1].range.contains(key) else { return nil }
        return partitions[low - 1]
    }
}
