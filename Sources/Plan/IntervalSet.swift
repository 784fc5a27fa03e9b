// Sets of keys as sorted ranges: planned minus done, and the proof of "once, without a gap".

/// A set of keys, held as sorted, disjoint, non-adjacent ranges.
public struct IntervalSet: Sendable, Equatable {
    /// Sorted, disjoint, and as long as they can be.
    public private(set) var ranges: [KeyRange] = []

    /// The empty set.
    public init() {}

    /// The union of the given ranges, which may overlap.
    public init(_ list: some Sequence<KeyRange>) {
        for range in list.sorted(by: { $0.low < $1.low }) { append(range) }
    }

    /// Whether no key is in the set.
    public var isEmpty: Bool { ranges.isEmpty }

    /// The keys of this set that are not in the other one.
    public func subtracting(_ other: IntervalSet) -> IntervalSet {
        var result = IntervalSet()
        var index = 0
        for range in ranges {
            var low: Key? = range.low
            while index < other.ranges.count, let high = other.ranges[index].high,
                high <= range.low
            {
                index += 1
            }
            var scan = index
            while let start = low, scan < other.ranges.count {
                let hole = other.ranges[scan]
                if let high = range.high, hole.low >= high { break }
                if start < hole.low { result.append(KeyRange(low: start, high: hole.low)) }
                low = hole.high.map { max(start, $0) }
                scan += 1
            }
            if let start = low {
                if let high = range.high {
                    if start < high { result.append(KeyRange(low: start, high: high)) }
                } else {
                    result.append(KeyRange(low: start, high: nil))
                }
            }
        }
        return result
    }

    /// What keeps a list of ranges from covering `whole` exactly once; nil: nothing does.
    public static func coverageFault(_ list: [KeyRange], of whole: KeyRange) -> String? {
        var reached: Key? = whole.low
        for range in list.sorted(by: { $0.low < $1.low }) {
            guard let start = reached else { return "\(range) overlaps the range before it" }
            if start < range.low { return "no interval covers [\(start), \(range.low))" }
            if range.low < start { return "\(range) overlaps the range before it" }
            reached = range.high
        }
        if reached == whole.high { return nil }
        guard let start = reached else { return "an interval reaches beyond \(whole)" }
        if let high = whole.high, high < start { return "an interval reaches beyond \(whole)" }
        return "no interval covers \(KeyRange(low: start, high: whole.high))"
    }

    /// Adds a range that does not start before any range already there.
    private mutating func append(_ range: KeyRange) {
        guard let last = ranges.last else {
            ranges.append(range)
            return
        }
        guard let high = last.high else { return }
        guard range.low <= high else {
            ranges.append(range)
            return
        }
        if let other = range.high, other <= high { return }
        ranges[ranges.count - 1] = KeyRange(low: last.low, high: range.high)
    }
}
