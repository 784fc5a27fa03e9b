// The split: frame, check the envelope, put every data record into the slice of its key. One
// pass over the file in constant memory, after a look at a sample of keys.

import Journal
package import Loading
package import Plan
package import Records
import Settings

/// What the split found and wrote.
package struct SplitResult {
    package var envelope: EnvelopeSummary
    package var layout: FrameLayout
    package var partitions: PartitionTable
    var slices: [WrittenSlice]
    /// Control totals per group as the records were spooled; nil: they are not known before
    /// validation, which makes records of CSV lines.
    var totals: [Int: [Int64?]]?
}

/// Splits one input.
package struct Splitter {
    let definition: RunDefinition
    let checker: RecordChecker
    let path: String
    /// How the input is called in messages.
    let shownPath: String
    let bytes: Int64
    let spool: String
    let breathe: (_ recordsDone: UInt64, _ recordsTotal: UInt64) throws -> Void

    /// - Parameter breathe: Called after every block with records done and, about, in all.
    package init(
        definition: RunDefinition, path: String, shownPath: String, bytes: Int64, spool: String,
        breathe: @escaping (_ recordsDone: UInt64, _ recordsTotal: UInt64) throws -> Void
    ) throws {
        self.definition = definition
        self.path = path
        self.shownPath = shownPath
        self.bytes = bytes
        self.spool = spool
        self.breathe = breathe
        checker = try RecordChecker(
            contract: definition.contract, parameters: definition.parameters)
    }

    /// Splits; throws 10 for a structure fault.
    package func split() throws -> SplitResult {
        let file = try Files.openForReading(path)
        let layout = try detect(file)
        let (sample, estimate) = try sampleKeys(file, layout)
        let partitions = partitionTable(sample, records: estimate)
        let sliceRecords = sliceRecords(records: estimate, layout)
        let cuts = SlicePlan.cuts(sample: sample, records: estimate, sliceRecords: sliceRecords)
        try Files.removeDirectory(spool)
        try Files.makeDirectory(spool)
        var writer = TotallingWriter(
            SpoolWriter(directory: spool, ranges: SlicePlan.ranges(cutAt: cuts), prefix: "s"),
            contract: layout.isCSV ? nil : definition.contract, checker: checker)
        let envelope = try pass(file, layout, records: UInt64(estimate), &writer)
        let totals = writer.totals()
        var slices = try writer.writer.finish {
            try breathe(envelope.dataRecords, envelope.dataRecords)
        }
        let wanted = max(sliceRecords, Int(envelope.dataRecords) / SlicePlan.slicesMax)
        slices = try recut(slices, wanted: wanted)
        try Files.syncDirectory(spool)
        return SplitResult(
            envelope: envelope, layout: layout, partitions: partitions, slices: slices,
            totals: totals)
    }

    /// Spools the input again into slices that are already known.
    func spoolAgain(ranges: [KeyRange], files: [String]) throws -> [WrittenSlice] {
        let file = try Files.openForReading(path)
        let layout = try detect(file)
        try Files.removeDirectory(spool)
        try Files.makeDirectory(spool)
        var writer = SpoolWriter(directory: spool, ranges: ranges, files: files)
        _ = try pass(file, layout, records: UInt64(estimatedRecords(layout)), &writer)
        let written = try writer.finish { try breathe(0, 0) }
        try Files.syncDirectory(spool)
        return written
    }

    /// Turns a structure fault into the run's end, with the bad byte shown.
    func structure(_ fault: StructureFault) -> RunStop {
        var stop = RunStop(.structure, StructureMessages.message(fault, input: shownPath))
        stop.picture = StructureMessages.picture(fault)
        return stop
    }

    func detect(_ file: borrowing Descriptor) throws -> FrameLayout {
        let wanted = RecordsLimits.headBytes(definition.contract)
        var head = [UInt8](repeating: 0, count: wanted)
        let got = try file.read(into: &head, count: wanted, from: 0)
        do {
            return try FrameLayout.detect(
                head.span.extracting(0..<got), contract: definition.contract)
        } catch {
            throw structure(error)
        }
    }

    /// Records of the file, about; of fixed ones exact but for the last separator.
    private func estimatedRecords(_ layout: FrameLayout) -> Int {
        Int(bytes) / (layout.isCSV ? definition.contract.typicalRecordBytes : layout.strideBytes)
    }

    /// Records of a slice, fewer than the job's when they are so long that the slice would not
    /// fit a worker's memory.
    func sliceRecords(records: Int, _ layout: FrameLayout) -> Int {
        let average = max(Int(bytes) / max(records, 1), definition.contract.recordBytes)
        // CSV is in memory twice, and some slices get more than their share.
        let share = layout.isCSV ? 2 : 1
        let room = LoadingLimits.sliceBytesMax / share / (average + SpoolRecord.headerBytes)
        return max(1, min(definition.job.sliceRecords, room))
    }

    /// Keys at places drawn by a fixed seed, so that the same file always gives the same cuts,
    /// and how many records there are, about.
    func sampleKeys(
        _ file: borrowing Descriptor, _ layout: FrameLayout
    ) throws -> (keys: [Key], records: Int) {
        if layout.isCSV { return try sampleCSVKeys(file, layout) }
        let records = estimatedRecords(layout)
        return (try sampleFixedKeys(file, layout, records: records), records)
    }

    private func sampleFixedKeys(
        _ file: borrowing Descriptor, _ layout: FrameLayout, records: Int
    ) throws -> [Key] {
        let dataMarker = definition.contract.recordType(.data)?.marker
        var keys: [Key] = []
        var image: [UInt8] = []
        var record = [UInt8](repeating: 0, count: layout.recordBytes)
        var state = Self.seed
        let slices = records / sliceRecords(records: records, layout)
        let wanted = min(records, SlicePlan.sampleKeys(slices: slices))
        let takesAll = wanted == records
        for index in 0..<wanted {
            let mixed = Self.draw(&state)
            let number = takesAll ? UInt64(index) : mixed % UInt64(records)
            let offset = Int64(number) * Int64(layout.strideBytes)
            let got = try file.read(into: &record, count: layout.recordBytes, from: offset)
            guard got == layout.recordBytes, record[0] == dataMarker else { continue }
            image.removeAll(keepingCapacity: true)
            guard checker.appendKeyImage(record.span, to: &image) else { continue }
            keys.append(Key(String(decoding: image, as: UTF8.self)))
            if index % 4_096 == 0 { try breathe(0, UInt64(records)) }
        }
        // Sorted here once: what cuts it by pieces then only walks over it.
        return keys.sorted()
    }

    /// Where every drawing of places in a file begins.
    static let seed: UInt64 = 0x6B75_6769_7269

    /// Steele, Lea, Flood: SplitMix64.
    static func draw(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    func partitionTable(_ sample: [Key], records: Int) -> PartitionTable {
        let pieces: Int
        switch definition.job.partitions {
        case .explicit(let table): return table
        case .count(let count): pieces = count
        case .rowsPerPartition(let rows):
            pieces = min((records + rows - 1) / max(rows, 1), PartitionTable.partitionsMax)
        }
        return PartitionTable(cutAt: SlicePlan.cuts(sample: sample, pieces: pieces))
    }

    func pass<Sink: RecordSink & ~Copyable>(
        _ file: borrowing Descriptor, _ layout: FrameLayout, records: UInt64,
        _ writer: inout Sink
    ) throws -> EnvelopeSummary {
        if layout.isCSV { return try csvPass(file, layout, records: records, &writer) }
        var reader = EnvelopeReader(
            contract: definition.contract, layout: layout, parameters: definition.parameters,
            identity: definition.job.identity)
        var buffer = [UInt8](
            repeating: 0, count: max(CoordinationLimits.blockBytes, 2 * layout.blockBytesMin))
        var filled = 0
        var base: UInt64 = 0
        var image: [UInt8] = []
        var done: UInt64 = 0
        do {
            while true {
                let got = try file.read(into: &buffer, at: filled, count: buffer.count - filled)
                filled += got
                if got == 0 { break }
                let consumed = try consume(
                    buffer.span.extracting(0..<filled), base: base, layout, &reader, &image,
                    &done, &writer)
                base += UInt64(consumed)
                Self.moveDown(&buffer, from: consumed, count: filled - consumed)
                filled -= consumed
                guard filled < buffer.count else {
                    throw LoadingError.spoolTorn("a record longer than a block")
                }
                try breathe(min(done, records), records)
            }
            return try reader.finish(rest: buffer.span.extracting(0..<filled))
        } catch let fault as StructureFault {
            throw structure(fault)
        }
    }

    /// Puts the whole records of a block into their slices; returns the bytes consumed.
    private func consume<Sink: RecordSink & ~Copyable>(
        _ block: Span<UInt8>, base: UInt64, _ layout: FrameLayout,
        _ reader: inout EnvelopeReader, _ image: inout [UInt8], _ done: inout UInt64,
        _ writer: inout Sink
    ) throws -> Int {
        let checker = checker
        return try reader.read(block) { at, number, group in
            image.removeAll(keepingCapacity: true)
            _ = checker.appendKeyImage(
                block.extracting(at..<(at + layout.recordBytes)), to: &image)
            try writer.add(
                key: image.span, number: number, fileOffset: base + UInt64(at), group: group,
                block: block, at: at, count: layout.recordBytes)
            done = number
        }
    }

    /// Moves what a block left over to the buffer's beginning.
    static func moveDown(_ buffer: inout [UInt8], from start: Int, count: Int) {
        guard start > 0, count > 0 else { return }
        unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe base.copyMemory(from: base.advanced(by: start), byteCount: count)
        }
    }

    /// Cuts slices again that the sample made too large, until none is or one key fills it.
    private func recut(_ written: [WrittenSlice], wanted: Int) throws -> [WrittenSlice] {
        let most = Int64(Double(wanted) * CoordinationLimits.oversizeFactor)
        var slices = written
        for round in 0..<CoordinationLimits.recutsMax {
            guard slices.contains(where: { $0.records > most }) else { break }
            var next: [WrittenSlice] = []
            for (index, slice) in slices.enumerated() {
                guard slice.records > most else {
                    next.append(slice)
                    continue
                }
                next += try recut(slice, wanted: wanted, prefix: "r\(round)-\(index)-")
            }
            if next.count == slices.count { break }
            slices = next
        }
        for slice in slices where slice.bytes > Int64(LoadingLimits.sliceBytesMax) {
            throw RunStop(
                .totals,
                LogMessage(
                    .keyTooFrequent,
                    [
                        "input": shownPath, "records": String(slice.records),
                        "limit": Figures.bytes(Int64(LoadingLimits.sliceBytesMax)),
                    ]))
        }
        return slices
    }

    private func recut(
        _ slice: WrittenSlice, wanted: Int, prefix: String
    ) throws -> [WrittenSlice] {
        let path = "\(spool)/\(slice.file)"
        var reader = CSVKeyReader(contract: definition.contract, checker: checker)
        var keys: [Key] = []
        let step = max(1, Int(slice.records) / SlicePlan.sampleKeysMax)
        var index = 0
        try forEachRecord(path) { place, block in
            index += 1
            guard index % step == 0 else { return }
            var image: [UInt8] = []
            let record = block.extracting(place.at..<place.next)
            if reader?.appendKeyImage(record, to: &image)
                ?? checker.appendKeyImage(record, to: &image)
            {
                keys.append(Key(String(decoding: image, as: UTF8.self)))
            }
        }
        let pieces = (Int(slice.records) + wanted - 1) / wanted
        let cuts = SlicePlan.cuts(sample: keys, pieces: pieces).filter {
            $0 > slice.range.low && slice.range.contains($0)
        }
        guard !cuts.isEmpty else { return [slice] }
        let ranges = SlicePlan.ranges(cutAt: cuts).compactMap(slice.range.intersection)
        var writer = SpoolWriter(directory: spool, ranges: ranges, prefix: prefix)
        var image: [UInt8] = []
        try forEachRecord(path) { place, block in
            image.removeAll(keepingCapacity: true)
            let record = block.extracting(place.at..<place.next)
            _ =
                reader?.appendKeyImage(record, to: &image)
                ?? checker.appendKeyImage(record, to: &image)
            try writer.add(
                key: image.span, number: place.number, fileOffset: place.fileOffset,
                group: place.group, block: block, at: place.at, count: place.count)
        }
        Files.remove(path)
        return try writer.finish { try breathe(0, 0) }
    }

    /// Walks a spool slice block by block.
    func forEachRecord(
        _ path: String, _ body: (_ place: SpoolRecord, _ block: Span<UInt8>) throws -> Void
    ) throws {
        let file = try Files.openForReading(path)
        var buffer = [UInt8](repeating: 0, count: CoordinationLimits.blockBytes)
        var filled = 0
        while true {
            let got = try file.read(into: &buffer, at: filled, count: buffer.count - filled)
            filled += got
            if got == 0 { break }
            let offset = try Self.walk(buffer.span.extracting(0..<filled), body)
            let rest = filled - offset
            Self.moveDown(&buffer, from: offset, count: rest)
            filled = rest
            try breathe(0, 0)
        }
        guard filled == 0 else { throw LoadingError.spoolTorn(path) }
    }

    /// Walks the whole records of a block; returns where the first incomplete one begins.
    private static func walk(
        _ block: Span<UInt8>,
        _ body: (_ place: SpoolRecord, _ block: Span<UInt8>) throws -> Void
    ) throws -> Int {
        var offset = 0
        while let place = SpoolRecord.read(block, at: offset) {
            try body(place, block)
            offset = place.next
        }
        return offset
    }
}
