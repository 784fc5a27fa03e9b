// How many records fall between keys that were chosen before: exact counts in bounded memory.

/// Counts of records between bounds.
///
/// The bounds are a sample of keys and every key that will be asked about, so that memory depends
/// on the sample and not on the input, and no range between two bounds is guessed.
public struct KeyHistogram: Sendable {
    /// Where each bin begins; the first begins below every key.
    public let lows: [Key]
    /// Records of each bin.
    public private(set) var records: [Int64]
    /// Bytes of each bin's records.
    public private(set) var bytes: [Int64]

    /// An empty histogram with a bin from every bound on; bounds may repeat, in any order.
    public init(bounds keys: some Sequence<Key>) {
        var lows: [Key] = [.lowest]
        for key in keys.sorted() where key > (lows.last ?? .lowest) { lows.append(key) }
        self.lows = lows
        records = [Int64](repeating: 0, count: lows.count)
        bytes = records
    }

    /// Counts a record; its bin is how many of the lows but the first are not above its key.
    public mutating func add(to bin: Int, bytes count: Int) {
        records[bin] &+= 1
        bytes[bin] &+= Int64(count)
    }

    /// Records and bytes of a range whose two ends are bounds.
    public func total(of range: KeyRange) -> (records: Int64, bytes: Int64) {
        var total: (records: Int64, bytes: Int64) = (0, 0)
        for bin in bins(of: range) {
            total.records += records[bin]
            total.bytes += bytes[bin]
        }
        return total
    }

    /// Keys that cut a range, whose ends are bounds, into `pieces` as equal as the bins allow; fewer
    /// when there are fewer bins with records.
    ///
    /// Each cut is the bound nearest to its share of what is left, so that one bin that is too
    /// large spoils its own piece and not those behind it.
    public func cuts(of range: KeyRange, pieces: Int) -> [Key] {
        let bins = bins(of: range)
        var left = bins.reduce(Int64(0)) { $0 + records[$1] }
        var found: [Key] = []
        var bin = bins.lowerBound
        for piece in stride(from: pieces, to: 1, by: -1) {
            let share = Double(left) / Double(piece)
            var taken: Int64 = 0
            while bin < bins.upperBound {
                let with = Double(taken + records[bin])
                if taken > 0, with - share > share - Double(taken) { break }
                taken += records[bin]
                bin += 1
            }
            left -= taken
            guard bin < bins.upperBound, taken > 0, left > 0 else { break }
            found.append(lows[bin])
        }
        return found
    }

    private func bins(of range: KeyRange) -> Range<Int> {
        let first = place(of: range.low)
        return first..<max(first, range.high.map(place) ?? lows.count)
    }

    /// The first bin that does not begin below a key.
    private func place(of key: Key) -> Int {
        var low = 0
        var high = lows.count
        while low < high {
            let middle = (low + high) / 2
            if lows[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
