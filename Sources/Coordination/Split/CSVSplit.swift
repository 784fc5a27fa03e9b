// The split of CSV files: the sample of keys and the pass over lines of differing length.

import Loading
import Plan
import Records
import Settings

extension Splitter {
    /// Keys of a CSV file, sorted, and how many records it has, about.
    ///
    /// A small file is read whole. Of a larger one, lines behind places drawn by a fixed seed are
    /// read; a line that begins inside a quoted line break gives a wrong key, which moves a cut
    /// and nothing else.
    func sampleCSVKeys(
        _ file: borrowing Descriptor, _ layout: FrameLayout
    ) throws -> (keys: [Key], records: Int) {
        var sample = CSVSample(definition.contract, checker, layout)
        if bytes <= Int64(CoordinationLimits.csvSampleWholeBytes) {
            var content = [UInt8](repeating: 0, count: Int(bytes))
            let got = try file.read(into: &content, count: content.count, from: 0)
            sample.take(content.span.extracting(0..<got), skipsFirst: false, linesMax: .max)
            try breathe(0, UInt64(sample.lines))
            return (sample.sortedKeys, sample.lines)
        }
        var window = [UInt8](repeating: 0, count: CoordinationLimits.csvSampleWindowBytes)
        var state = Self.seed
        for index in 0..<CoordinationLimits.csvSampleWindows {
            let offset = Int64(Self.draw(&state) % UInt64(bytes))
            let got = try file.read(into: &window, count: window.count, from: offset)
            sample.take(
                window.span.extracting(0..<got), skipsFirst: offset > 0,
                linesMax: CoordinationLimits.csvSampleLines)
            if index % 256 == 0 { try breathe(0, 0) }
        }
        return (sample.sortedKeys, Int(Double(bytes) / max(sample.lineBytes, 1)))
    }

    /// The pass over a CSV file: like that over a fixed one, but records come with a length.
    func csvPass<Sink: RecordSink & ~Copyable>(
        _ file: borrowing Descriptor, _ layout: FrameLayout, records: UInt64,
        _ writer: inout Sink
    ) throws -> EnvelopeSummary {
        guard
            let reader = CSVReader(
                contract: definition.contract, layout: layout, parameters: definition.parameters,
                identity: definition.job.identity),
            let keys = CSVKeyReader(contract: definition.contract, checker: checker)
        else { preconditionFailure("a CSV layout of a contract that is fixed") }
        var pass = CSVPass(reader: reader, keys: keys)
        var buffer = [UInt8](
            repeating: 0, count: max(CoordinationLimits.blockBytes, 2 * CSVReader.blockBytesMin))
        var filled = 0
        do {
            while true {
                let got = try file.read(into: &buffer, at: filled, count: buffer.count - filled)
                filled += got
                if got == 0 { break }
                let consumed = try pass.take(buffer.span.extracting(0..<filled), &writer)
                Self.moveDown(&buffer, from: consumed, count: filled - consumed)
                filled -= consumed
                guard filled < buffer.count else {
                    throw LoadingError.spoolTorn("a record longer than a block")
                }
                try breathe(min(pass.done, records), records)
            }
            return try pass.finish(buffer.span.extracting(0..<filled), &writer)
        } catch let fault as StructureFault {
            throw structure(fault)
        }
    }
}

/// The state of one pass: the reader, and where the block begins in the file.
private struct CSVPass {
    private var reader: CSVReader
    private var keys: CSVKeyReader
    private var image: [UInt8] = []
    private var base: UInt64 = 0
    /// The number of the last record.
    private(set) var done: UInt64 = 0

    init(reader: CSVReader, keys: CSVKeyReader) {
        self.reader = reader
        self.keys = keys
    }

    /// Puts the whole records of a block into their slices; returns the bytes consumed.
    mutating func take<Sink: RecordSink & ~Copyable>(
        _ block: Span<UInt8>, _ writer: inout Sink
    ) throws -> Int {
        var reader = reader
        let consumed = try reader.read(block) { at, count, number, group in
            try spool(block, at, count, number, group, &writer)
        }
        self.reader = reader
        base += UInt64(consumed)
        return consumed
    }

    /// Takes what is left at the file's end.
    mutating func finish<Sink: RecordSink & ~Copyable>(
        _ rest: Span<UInt8>, _ writer: inout Sink
    ) throws -> EnvelopeSummary {
        var reader = reader
        return try reader.finish(rest: rest) { at, count, number, group in
            try spool(rest, at, count, number, group, &writer)
        }
    }

    private mutating func spool<Sink: RecordSink & ~Copyable>(
        _ block: Span<UInt8>, _ at: Int, _ count: Int, _ number: UInt64, _ group: Int,
        _ writer: inout Sink
    ) throws {
        image.removeAll(keepingCapacity: true)
        _ = keys.appendKeyImage(block.extracting(at..<(at + count)), to: &image)
        try writer.add(
            key: image.span, number: number, fileOffset: base + UInt64(at), group: group,
            block: block, at: at, count: count)
        done = number
    }
}

/// Keys found in pieces of a CSV file.
private struct CSVSample {
    private var reader: CSVKeyReader?
    private let lineScanner: CSVLines
    private var keys: [Key] = []
    private var image: [UInt8] = []
    private(set) var lines = 0
    private var bytes = 0

    init(_ contract: Contract, _ checker: RecordChecker, _ layout: FrameLayout) {
        reader = CSVKeyReader(contract: contract, checker: checker)
        lineScanner = CSVLines(contract: contract, framing: layout.framing)
    }

    /// Bytes of a line with its separator, on average.
    var lineBytes: Double { Double(bytes) / Double(max(lines, 1)) }

    var sortedKeys: [Key] {
        let most = SlicePlan.sampleKeysMax
        guard keys.count > most else { return keys.sorted() }
        // Evenly thinned, so that the places stay those of the file.
        return (0..<most).map { keys[$0 * keys.count / most] }.sorted()
    }

    /// Takes the whole lines of a piece.
    ///
    /// - Parameters:
    ///   - skipsFirst: The piece may begin inside a line.
    ///   - linesMax: Lines taken of it.
    mutating func take(_ piece: Span<UInt8>, skipsFirst: Bool, linesMax: Int) {
        let most = linesMax == .max ? .max : lines + linesMax
        var at = skipsFirst ? lineScanner.next(piece, from: 0)?.next ?? piece.count : 0
        while lines < most, let line = lineScanner.next(piece, from: at) {
            lines += 1
            bytes += line.next - at
            let record = piece.extracting(at..<line.end)
            at = line.next
            image.removeAll(keepingCapacity: true)
            guard lineScanner.isData(record), reader?.appendKeyImage(record, to: &image) == true
            else { continue }
            keys.append(Key(String(decoding: image, as: UTF8.self)))
        }
    }
}
