// Control totals counted while the file is split: a file that breaks its promises is only checked,
// not staged, and its sender learns it in a third of the time.

import Records

/// Counts control totals of the data records on their way to the spool.
///
/// Not the judgement: that is made at the barrier from what validation counted and committed
/// (PROTOCOL 34), and the two must agree.
struct TotallingWriter: ~Copyable, RecordSink {
    var writer: SpoolWriter
    /// nil: nothing is counted.
    private let contract: Contract?
    private let checker: RecordChecker
    /// The group whose records come now; nil: none came yet.
    private var group: Int?
    private var sums: ControlSums?
    private var finished: [Int: [Int64?]] = [:]

    /// - Parameters:
    ///   - writer: Takes every record.
    ///   - contract: nil: what comes are lines of CSV, not records, and nothing is counted.
    init(_ writer: consuming SpoolWriter, contract: Contract?, checker: RecordChecker) {
        self.writer = writer
        self.contract = contract
        self.checker = checker
    }

    mutating func add(
        key: Span<UInt8>, number: UInt64, fileOffset: UInt64, group: Int, block: Span<UInt8>,
        at: Int, count: Int
    ) throws {
        if group != self.group { turn(to: group) }
        sums?.add(block.extracting(at..<(at + count)), checker)
        try writer.add(
            key: key, number: number, fileOffset: fileOffset, group: group, block: block, at: at,
            count: count)
    }

    private mutating func turn(to next: Int?) {
        if let group { finished[group] = sums?.figures }
        group = next
        sums = contract.map { ControlSums(contract: $0) }
    }

    /// Per group the figures in the contract's order; nil: nothing was counted.
    mutating func totals() -> [Int: [Int64?]]? {
        turn(to: nil)
        return contract == nil ? nil : finished
    }
}
