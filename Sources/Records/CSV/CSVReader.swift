// One pass over a CSV file: lines, the header row, the order of records, and what stands around
// the data. The sister of `EnvelopeReader`, which keeps the groups for both.

/// Cuts blocks of a CSV file into records and walks their order.
///
/// Feed blocks with ``read(_:_:)``, then end with ``finish(rest:_:)``. How the file is cut into
/// blocks changes nothing in what is found. After an error the reader must not be used again.
public struct CSVReader: Sendable {
    let contract: Contract
    let format: CSVFormat
    let translator: CSVTranslator
    let separator: [UInt8]
    var envelope: EnvelopeReader
    private var byteOrderMarkDue: Bool
    private var headerRowDue: Bool
    private var scratch = CSVScratch()
    private var canonical: [UInt8] = []
    private var violations: [Violation] = []
    private let isTable: Bool

    /// A reader at the start of a file; nil: the contract is not CSV.
    ///
    /// - Parameters:
    ///   - contract: One without `faults`.
    ///   - layout: As detected from the file's first bytes.
    ///   - parameters: As for `EnvelopeReader`.
    ///   - identity: As for `EnvelopeReader`.
    public init?(
        contract: Contract, layout: FrameLayout, parameters: RunParameters,
        identity: [String: String]
    ) {
        guard let format = contract.csv, let translator = CSVTranslator(contract: contract) else {
            return nil
        }
        self.contract = contract
        self.format = format
        self.translator = translator
        separator = layout.framing.separator
        envelope = EnvelopeReader(
            contract: contract, layout: layout, parameters: parameters, identity: identity)
        byteOrderMarkDue = format.encoding == .utf8
        headerRowDue = format.headerRow != .none
        isTable = contract.isTable
    }

    /// The smallest block with which something is always consumed.
    public static let blockBytesMin = RecordsLimits.csvRecordBytesMax + 8

    /// Consumes the whole records of a block and calls `data` for each data record.
    ///
    /// - Parameters:
    ///   - block: Begins with the first byte that the last call did not consume.
    ///   - data: The record's offset in `block`, its length without separator, its 1-based number
    ///     in the file (a header row counts), and the 0-based index of its group.
    /// - Returns: Bytes consumed.
    /// - Throws: ``StructureFault``, or what `data` throws.
    public mutating func read(
        _ block: Span<UInt8>,
        _ data: (_ at: Int, _ count: Int, _ recordNumber: UInt64, _ group: Int) throws -> Void
    ) throws -> Int {
        let base = envelope.position
        // A mark of three bytes is judged when all of them are there.
        guard !byteOrderMarkDue || block.count >= 3 else { return 0 }
        var at = skipByteOrderMark(block)
        while true {
            envelope.position = base + UInt64(at)
            if envelope.surplus != nil {
                envelope.surplus?.bytes += UInt64(block.count - at)
                envelope.position = base + UInt64(block.count)
                return block.count
            }
            let limit = min(block.count, at + RecordsLimits.csvRecordBytesMax + 1)
            switch translator.scanner.lineEnd(block, from: at, limit: limit) {
            case .end(let end):
                guard end + separator.count <= block.count else { return at }
                try checkSeparator(block, at, end)
                try take(block, at, end, data)
                if envelope.surplus == nil { at = end + separator.count }
            case .incomplete(let opened):
                guard limit - at > RecordsLimits.csvRecordBytesMax else { return at }
                throw tooLong(block, at, opened)
            case .breakInQuotes(let opened, let index):
                throw fault(
                    .lineBreakInQuotes(openedRecord: envelope.records + 1), block, at,
                    offending: opened, end: index)
            }
        }
    }

    /// Ends the pass: takes a last record without separator, and judges whether the file is
    /// complete.
    ///
    /// One end mark may stand at the end.
    public mutating func finish(
        rest: Span<UInt8>,
        _ data: (_ at: Int, _ count: Int, _ recordNumber: UInt64, _ group: Int) throws -> Void
    ) throws -> EnvelopeSummary {
        let base = envelope.position
        var at = skipByteOrderMark(rest)
        envelope.position = base + UInt64(at)
        var end = rest.count
        if end > at, rest[end - 1] == contract.endMark { end -= 1 }
        if end > at, envelope.surplus == nil {
            switch translator.scanner.lineEnd(rest, from: at, limit: end) {
            case .end(let place): try checkSeparator(rest, at, place)
            case .incomplete(nil): try take(rest, at, end, data)
            case .incomplete(let opened?):
                throw fault(
                    .unclosedQuote, rest, at, offending: opened, end: min(opened + 1, rest.count))
            case .breakInQuotes(let opened, let index):
                throw fault(
                    .lineBreakInQuotes(openedRecord: envelope.records + 1), rest, at,
                    offending: opened, end: index)
            }
            if envelope.surplus == nil { at = end }
        }
        envelope.surplus?.bytes += UInt64(rest.count - at)
        envelope.position = base + UInt64(rest.count)
        return try envelope.conclude(
            headerRowMissing: headerRowDue && format.headerRow == .required)
    }

    private mutating func skipByteOrderMark(_ block: Span<UInt8>) -> Int {
        guard byteOrderMarkDue else { return 0 }
        byteOrderMarkDue = false
        return CSVDetector.hasMark(block) ? 3 : 0
    }

    /// One record of any kind.
    private mutating func take(
        _ block: Span<UInt8>, _ at: Int, _ end: Int,
        _ data: (_ at: Int, _ count: Int, _ recordNumber: UInt64, _ group: Int) throws -> Void
    ) throws {
        if headerRowDue {
            headerRowDue = false
            let row = HeaderRow(translator)
            if try row.check(
                block.extracting(at..<end), isRequired: format.headerRow == .required,
                {
                    fault($0, block, at, offending: at + $1, end: end)
                })
            {
                envelope.records += 1
                return
            }
        }
        let number = envelope.records + 1
        guard let role = role(block, at, end) else {
            if envelope.behindEnd { return envelope.startSurplus(block, at) }
            let byte = at < end ? block[at] : 0x0A
            throw fault(.unknownMarker(byte), block, at, offending: at, end: end)
        }
        guard envelope.mayStand(role, after: envelope.previous) else {
            if envelope.behindEnd { return envelope.startSurplus(block, at) }
            throw fault(
                .order(found: role, after: envelope.previous), block, at, offending: at, end: end)
        }
        envelope.behindEnd = false
        guard role != .data else {
            let none = [UInt8]()
            try envelope.enter(.data, number, none.span, block, at) { _, _ in 0 }
            return try data(at, end - at, number, envelope.groups.count - 1)
        }
        try takeEnvelope(role, number, block, at, end)
    }

    /// A header, trailer or end record: it must keep every rule of its fields.
    private mutating func takeEnvelope(
        _ role: RecordType.Role, _ number: UInt64, _ block: Span<UInt8>, _ at: Int, _ end: Int
    ) throws(StructureFault) {
        let record = block.extracting(at..<end)
        canonical.removeAll(keepingCapacity: true)
        violations.removeAll(keepingCapacity: true)
        _ = translator.translate(
            record, role, &scratch, to: &canonical, violations: &violations)
        if let violation = violations.first {
            throw badField(
                role, violation.fieldIndex, violation.rule, block, at, end,
                byte: violation.byteInRecord)
        }
        if let (field, finding) = envelope.tables.finding(role, canonical.span) {
            let byte = translator.place(
                ofField: field, byte: finding.byteInRecord, role, in: record)
            throw badField(role, field, finding.rule, block, at, end, byte: byte)
        }
        let offset = envelope.position
        let translator = translator
        let canonical = canonical
        try envelope.enter(role, number, canonical.span, block, at) { field, byte in
            offset + UInt64(translator.place(ofField: field, byte: byte, role, in: record))
        }
        if role == .trailer {
            let group = envelope.groups.count - 1
            envelope.groups[group].trailerOffset = offset
        }
    }

    /// The kind of a record by its first cell.
    private func role(_ block: Span<UInt8>, _ at: Int, _ end: Int) -> RecordType.Role? {
        if isTable { return .data }
        let record = block.extracting(at..<end)
        let cell = translator.scanner.cell(record, 0).cell
        var start = cell.start
        var last = cell.end
        if format.padding == .strip {
            while start < last, record[start] == 0x20 { start += 1 }
            while last > start, record[last - 1] == 0x20 { last -= 1 }
        }
        guard last - start == 1, cell.form != .broken else { return nil }
        return envelope.roles[Int(record[start])]
    }

    private func checkSeparator(
        _ block: Span<UInt8>, _ at: Int, _ end: Int
    ) throws(StructureFault) {
        var found: [UInt8] = []
        for index in end..<min(block.count, end + separator.count) { found.append(block[index]) }
        guard found != separator else { return }
        throw fault(
            .separator(expected: envelope.layout.framing, found: found), block, at,
            offending: end, end: end + found.count)
    }

    private func tooLong(_ block: Span<UInt8>, _ at: Int, _ opened: Int?) -> StructureFault {
        let limit = RecordsLimits.csvRecordBytesMax
        return fault(
            .recordTooLong(limit: limit, quoted: opened != nil), block, at,
            offending: opened ?? at + limit, end: at + limit)
    }

    private func badField(
        _ role: RecordType.Role, _ field: Int, _ rule: RuleID, _ block: Span<UInt8>, _ at: Int,
        _ end: Int, byte: Int
    ) -> StructureFault {
        let hidden = translator.personalPlaces(role, block.extracting(at..<end))
        return fault(
            .badField(role: role, field: envelope.tables.name(role, field), rule: rule), block, at,
            offending: at + byte, end: end
        ) { index in index != byte && hidden.contains { $0.contains(index) } }
    }

    /// A fault of the record at `at`; nothing behind `end` is shown, so that it does not matter
    /// how much of the file is in the block.
    private func fault(
        _ kind: StructureFault.Kind, _ block: Span<UInt8>, _ at: Int, offending: Int, end: Int,
        hides: (Int) -> Bool = { _ in false }
    ) -> StructureFault {
        let shown = block.extracting(at..<min(max(end, at), block.count))
        return StructureFault(
            kind, record: envelope.records + 1,
            fileOffset: envelope.position + UInt64(offending - at),
            Excerpt(
                shown, at: offending - at,
                contract.characters == .utf8 ? .ascii : contract.characters, hides: hides))
    }
}

extension EnvelopeReader {
    /// Everything from here on stands behind the end of the file's contents.
    mutating func startSurplus(_ block: Span<UInt8>, _ at: Int) {
        surplus = Surplus(
            fileOffset: position, bytes: 0,
            excerpt: Excerpt(block.extracting(at..<at), at: 0, .ascii))
    }

    /// Ends the pass over a CSV file whose bytes are all consumed.
    mutating func conclude(headerRowMissing: Bool) throws(StructureFault) -> EnvelopeSummary {
        let none = [UInt8]()
        func missing(_ kind: StructureFault.Kind) -> StructureFault {
            StructureFault(
                kind, record: records + 1, fileOffset: position, Excerpt(none.span, at: 0, .ascii))
        }
        if let surplus {
            throw StructureFault(
                .afterEnd(bytes: surplus.bytes), record: records + 1,
                fileOffset: surplus.fileOffset, surplus.excerpt)
        }
        if records == 0 { throw missing(headerRowMissing ? .headerRowMissing : .emptyFile) }
        if contract.recordType(.trailer) != nil, previous != .trailer, !behindEnd {
            throw missing(.missingTrailer)
        }
        if contract.recordType(.end) != nil, !behindEnd { throw missing(.missingEnd) }
        return EnvelopeSummary(
            groups: groups, dataRecords: dataRecords, records: records,
            identityFaults: identityFaults)
    }
}
