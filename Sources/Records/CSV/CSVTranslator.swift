// Turns a CSV record into its canonical form: the fixed layout of the contract, in its repertoire.
// From there on nothing knows whether a file was fixed or CSV.

/// Buffers of a translation, kept so that a good record allocates nothing.
public struct CSVScratch: Sendable {
    var cells: [CSVCell] = []
    var content: [UInt8] = []
    var encoded: [UInt8] = []

    /// Empty buffers.
    public init() {}
}

/// Translates records of one contract; compiled once.
public struct CSVTranslator: Sendable {
    /// One kind of record and where its cells go.
    struct Kind: Sendable {
        let type: RecordType
        let template: [UInt8]
        /// By the number of cells, the field of each cell; nil: no such record.
        let layouts: [[Int]?]

        /// The numbers of cells a record may have.
        var counts: [Int] { layouts.indices.filter { layouts[$0] != nil } }
        /// The fields of a record with as many cells as possible.
        var widest: [Int] { layouts.compactMap { $0 }.last ?? [] }
    }

    let format: CSVFormat
    let scanner: CSVScanner
    let cells: CSVCellEncoder
    private let kinds: [RecordType.Role: Kind]
    private let data: Kind
    private let keyField: Int

    /// The translator of a CSV contract without faults; nil: the contract is not CSV.
    public init?(contract: Contract) {
        guard let format = contract.csv, let dataType = contract.recordType(.data) else {
            return nil
        }
        self.format = format
        scanner = CSVScanner(format)
        cells = CSVCellEncoder(format, contract.characters)
        var kinds: [RecordType.Role: Kind] = [:]
        for type in contract.canonicalTypes {
            let bytes = type.role == .data ? contract.recordBytes : type.fieldBytes
            kinds[type.role] = Self.kind(type, format, bytes: bytes)
        }
        self.kinds = kinds
        data = kinds[.data] ?? Self.kind(dataType, format, bytes: contract.recordBytes)
        keyField = dataType.fields.firstIndex { $0.name == contract.partitionKey } ?? 0
    }

    func kind(_ role: RecordType.Role) -> Kind { kinds[role] ?? data }

    private static func kind(_ type: RecordType, _ format: CSVFormat, bytes: Int) -> Kind {
        let all = Array(type.fields.indices)
        let values = all.filter { type.fields[$0].type != .filler }
        var layouts = [[Int]?](repeating: nil, count: all.count + 1)
        if format.fillers != .absent { layouts[all.count] = all }
        if format.fillers != .present { layouts[values.count] = values }
        if format.fillers == .optional {
            var shorter = all
            while let last = shorter.last, type.fields[last].type == .filler {
                shorter.removeLast()
                layouts[shorter.count] = shorter
            }
        }
        return Kind(
            type: type, template: [UInt8](repeating: 0x20, count: bytes), layouts: layouts)
    }

    /// Appends the canonical form of a record, always of the same length.
    ///
    /// A field that does not fit is filled with NUL bytes, which no rule accepts, so that nothing
    /// is read from a part of it. With a wrong number of cells nobody knows which cell is which:
    /// all fields are filled so.
    ///
    /// - Parameter violations: Gets what does not fit; `byteInRecord` counts in the CSV record.
    /// - Returns: True when everything fitted.
    public func translate(
        _ record: Span<UInt8>, _ role: RecordType.Role, _ scratch: inout CSVScratch,
        to canonical: inout [UInt8], violations: inout [Violation]
    ) -> Bool {
        let kind = role == .data ? data : kind(role)
        let base = canonical.count
        canonical.append(contentsOf: kind.template)
        scanner.split(record, into: &scratch.cells)
        let count = scratch.cells.count
        guard count < kind.layouts.count, let layout = kind.layouts[count] else {
            for index in base..<canonical.count { canonical[index] = 0 }
            violations.append(cellCount(kind, record, scratch.cells))
            return false
        }
        var good = true
        for index in 0..<count {
            let field = layout[index]
            let finding = cells.encode(
                scratch.cells[index], record, kind.type.fields[field], scanner, &scratch,
                to: &canonical, base)
            guard let finding else { continue }
            good = false
            violations.append(
                Violation(
                    fieldIndex: field, rule: finding.rule, byteInRecord: finding.byteInRecord))
        }
        return good
    }

    /// Where the first surplus cell begins, or the record's end when cells are missing.
    private func cellCount(
        _ kind: Kind, _ record: Span<UInt8>, _ cells: [CSVCell]
    ) -> Violation {
        let widest = kind.widest
        if cells.count > widest.count, let last = widest.last {
            return Violation(
                fieldIndex: last, rule: .cellCount, byteInRecord: cells[widest.count].start)
        }
        let missing = cells.count < widest.count ? widest[cells.count] : widest.last ?? 0
        return Violation(fieldIndex: missing, rule: .cellCount, byteInRecord: record.count)
    }

    /// Makes the canonical form of the partition key's cell alone; the other fields stay blank.
    ///
    /// The key of the whole translation is the same, or is unreadable in both.
    public func translateKey(
        _ record: Span<UInt8>, _ scratch: inout CSVScratch, into canonical: inout [UInt8]
    ) {
        canonical.removeAll(keepingCapacity: true)
        canonical.append(contentsOf: data.template)
        scanner.split(record, into: &scratch.cells)
        let count = scratch.cells.count
        guard count < data.layouts.count, let layout = data.layouts[count],
            let index = layout.firstIndex(of: keyField)
        else {
            for index in canonical.indices { canonical[index] = 0 }
            return
        }
        _ = cells.encode(
            scratch.cells[index], record, data.type.fields[keyField], scanner, &scratch,
            to: &canonical, 0)
    }
}

// The slow side: where something stood in the file, and what it looked like there.
extension CSVTranslator {
    /// Where the byte of the canonical record came from; padding came from the cell's beginning.
    ///
    /// - Parameter byte: 0-based in the canonical record, inside the field.
    public func place(
        ofField field: Int, byte: Int, _ role: RecordType.Role = .data, in record: Span<UInt8>
    ) -> Int {
        var scratch = CSVScratch()
        let kind = kind(role)
        guard let cell = cell(ofField: field, kind, record, &scratch) else { return 0 }
        let index = cells.contentIndex(
            ofByte: byte - (kind.type.fields[field].at - 1), cell, record, kind.type.fields[field],
            scanner)
        return scanner.place(ofContent: index, cell, record)
    }

    /// A data field as it stands in the file, for people: padding off, unreadable bytes as `\xNN`,
    /// `…` behind the first `RecordsLimits.shownCharactersMax` characters; "" when the record
    /// has no such cell.
    ///
    /// - Parameter masked: As for `RecordChecker.display`.
    public func display(_ field: Int, _ record: Span<UInt8>, masked: Bool) -> String {
        var scratch = CSVScratch()
        guard let cell = cell(ofField: field, data, record, &scratch) else { return "" }
        var content: [UInt8] = []
        scanner.appendContent(cell, record, to: &content)
        while content.last == 0x20 { content.removeLast() }
        let scalars = FileText.scalars(content.span, format.encoding)
        let count = scalars.count
        let isPersonal = masked && data.type.fields[field].personal
        let hidden = isPersonal ? (count < 5 ? count : count - 2) : 0
        let shown = scalars.enumerated().map { $0.offset < hidden ? "*" : $0.element }
        let most = RecordsLimits.shownCharactersMax
        return shown.prefix(most).joined() + (count > most ? "…" : "")
    }

    /// The cells of personal fields; empty when the number of cells is wrong.
    func personalPlaces(_ role: RecordType.Role, _ record: Span<UInt8>) -> [Range<Int>] {
        var scratch = CSVScratch()
        let kind = kind(role)
        return kind.type.fields.indices.filter { kind.type.fields[$0].personal }.compactMap {
            cell(ofField: $0, kind, record, &scratch).map { $0.start..<$0.end }
        }
    }

    private func cell(
        ofField field: Int, _ kind: Kind, _ record: Span<UInt8>, _ scratch: inout CSVScratch
    ) -> CSVCell? {
        scanner.split(record, into: &scratch.cells)
        let count = scratch.cells.count
        guard count < kind.layouts.count, let layout = kind.layouts[count],
            let index = layout.firstIndex(of: field)
        else { return nil }
        return scratch.cells[index]
    }
}

/// Reads the partition key of CSV records, as the splitter needs it.
public struct CSVKeyReader: Sendable {
    private let translator: CSVTranslator
    private let checker: RecordChecker
    private var scratch = CSVScratch()
    private var canonical: [UInt8] = []

    /// nil: the contract is not CSV.
    public init?(contract: Contract, checker: RecordChecker) {
        guard let translator = CSVTranslator(contract: contract) else { return nil }
        self.translator = translator
        self.checker = checker
    }

    /// Appends the key image of a record; false and nothing appended when it is unreadable.
    public mutating func appendKeyImage(_ record: Span<UInt8>, to image: inout [UInt8]) -> Bool {
        translator.translateKey(record, &scratch, into: &canonical)
        return checker.appendKeyImage(canonical.span, to: &image)
    }
}
