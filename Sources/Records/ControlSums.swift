// Control totals counted from records, to be held against what trailers promise.

/// The figures of a contract's control totals over some records.
///
/// A value that can be added up in any order: per slice, per group, per file.
public struct ControlSums: Codable, Sendable, Equatable {
    /// In the order of `contract.controlTotals`; nil: unknown.
    ///
    /// A figure becomes unknown when a record cannot be read or the sum leaves Int64, and stays so:
    /// it agrees with no promise.
    public private(set) var figures: [Int64?]

    /// The sums over no records.
    public init(contract: Contract) {
        figures = Array(repeating: 0, count: contract.controlTotals.count)
    }

    /// Adds one data record, good or rejected: trailers count both (PROTOCOL 34).
    public mutating func add(_ record: Span<UInt8>, _ checker: RecordChecker) {
        checker.contribute(record, to: &figures)
    }

    /// Adds the sums over other records of the same contract.
    public mutating func add(_ other: ControlSums) {
        precondition(figures.count == other.figures.count, "sums of another contract")
        for index in figures.indices {
            figures[index] = Self.sum(figures[index], other.figures[index])
        }
    }

    /// The sum of two figures; nil when one is unknown or the sum leaves Int64.
    public static func sum(_ left: Int64?, _ right: Int64?) -> Int64? {
        guard let left, let right else { return nil }
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? nil : sum
    }
}
