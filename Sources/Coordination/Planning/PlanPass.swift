// The pass of `kugiri plan`: every record is counted between bounds, and nothing is written.

import Loading
import Plan
import Records
import Settings

/// What one pass over an input counted.
struct CountedInput {
    var layout: FrameLayout
    var envelope: EnvelopeSummary
    var table: PartitionTable
    /// Where the sample cuts the slices.
    var slices: [KeyRange]
    /// Records a slice is meant to have.
    var sliceRecords: Int
    var counter: PlanCounter
}

extension Splitter {
    /// Counts the input's records between the keys of a sample, in one pass and constant memory;
    /// throws 10 for a structure fault.
    func countKeys() throws -> CountedInput {
        let file = try Files.openForReading(path)
        let layout = try detect(file)
        let (sample, estimate) = try sampleKeys(file, layout)
        let table = partitionTable(sample, records: estimate)
        let wanted = sliceRecords(records: estimate, layout)
        let slices = SlicePlan.ranges(
            cutAt: SlicePlan.cuts(sample: sample, records: estimate, sliceRecords: wanted))
        var bounds = sample + slices.map(\.low) + table.partitions.map(\.range.low)
        if let end = table.span.high { bounds.append(end) }
        var counter = PlanCounter(
            histogram: KeyHistogram(bounds: bounds), span: table.span,
            totals: PlanTotals(definition.contract, checker))
        let envelope = try pass(file, layout, records: UInt64(estimate), &counter)
        return CountedInput(
            layout: layout, envelope: envelope, table: table, slices: slices,
            sliceRecords: max(wanted, Int(envelope.dataRecords) / SlicePlan.slicesMax),
            counter: counter)
    }

    /// The partition table that the settings and a sample of the input give; throws 10 when the
    /// first bytes are not those of such a file.
    func plannedTable() throws -> PartitionTable {
        if case .explicit(let table) = definition.job.partitions { return table }
        let file = try Files.openForReading(path)
        let (sample, estimate) = try sampleKeys(file, try detect(file))
        return partitionTable(sample, records: estimate)
    }
}

/// Counts records as the pass brings them.
struct PlanCounter: RecordSink {
    var histogram: KeyHistogram
    /// The histogram's bounds, to be searched.
    private let bounds: CutKeys
    /// Keys outside belong to no partition.
    let span: KeyRange
    var totals: PlanTotals
    /// Records whose key cannot be read.
    var unreadable: Int64 = 0
    /// Records whose key no partition covers.
    var uncovered: Int64 = 0
    /// Where those stand; at most `CoordinationLimits.planOutsideMax`.
    var outside: [PlanReport.Outside] = []

    init(histogram: KeyHistogram, span: KeyRange, totals: PlanTotals) {
        self.histogram = histogram
        bounds = CutKeys(Array(histogram.lows.dropFirst()))
        self.span = span
        self.totals = totals
    }

    mutating func add(
        key: Span<UInt8>, number: UInt64, fileOffset: UInt64, group: Int, block: Span<UInt8>,
        at: Int, count: Int
    ) throws {
        totals.add(block.extracting(at..<(at + count)), group: group)
        guard !key.isEmpty else {
            unreadable += 1
            note(number, fileOffset, reason: .unreadable, key: nil)
            return
        }
        histogram.add(to: bounds.count(notAbove: key), bytes: count)
        guard span != .all else { return }
        let image = unsafe key.withUnsafeBufferPointer {
            unsafe Key(String(decoding: $0, as: UTF8.self))
        }
        guard !span.contains(image) else { return }
        uncovered += 1
        note(number, fileOffset, reason: .uncovered, key: image)
    }

    private mutating func note(
        _ number: UInt64, _ fileOffset: UInt64, reason: PlanReport.Outside.Reason, key: Key?
    ) {
        guard outside.count < CoordinationLimits.planOutsideMax else { return }
        outside.append(
            .init(
                record: Int64(number), byte: Int64(fileOffset), reason: reason,
                key: key.map { Mask.key($0.text) }))
    }
}

/// Control totals, added up as records pass by; of CSV records by their canonical form.
struct PlanTotals {
    private let contract: Contract
    private let checker: RecordChecker
    private let translator: CSVTranslator?
    private var scratch = CSVScratch()
    private var canonical: [UInt8] = []
    private var misfits: [Violation] = []
    private var sums: [Int: ControlSums] = [:]
    private var group = -1
    private var current: ControlSums

    init(_ contract: Contract, _ checker: RecordChecker) {
        self.contract = contract
        self.checker = checker
        translator = CSVTranslator(contract: contract)
        current = ControlSums(contract: contract)
    }

    mutating func add(_ record: Span<UInt8>, group number: Int) {
        if number != group {
            if group >= 0 { sums[group] = current }
            group = number
            current = ControlSums(contract: contract)
        }
        guard let translator else { return current.add(record, checker) }
        // Taken out and put back, so that the buffer is not allocated for every record.
        var bytes: [UInt8] = []
        swap(&bytes, &canonical)
        bytes.removeAll(keepingCapacity: true)
        misfits.removeAll(keepingCapacity: true)
        _ = translator.translate(record, .data, &scratch, to: &bytes, violations: &misfits)
        current.add(bytes.span, checker)
        swap(&bytes, &canonical)
    }

    /// Figures per group, in the contract's order.
    var figures: [Int: [Int64?]] {
        var all = sums
        if group >= 0 { all[group] = current }
        return all.mapValues(\.figures)
    }
}
