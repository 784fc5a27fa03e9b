// The debit result as CSV in every dialect, written by a twin of the product's reader.

import Records

/// One way of writing the same records as CSV.
struct Dialect: CustomStringConvertible {
    var isQuoted = false
    var isPadded = false
    var dropsZeros = false
    var encoding = CSVFormat.Encoding.cp932
    var hasMark = false
    var hasHeaderRow = false
    var hasFillers = true
    var framing = Framing.crlf

    var description: String {
        "quoted \(isQuoted), padded \(isPadded), zeros dropped \(dropsZeros), "
            + "\(encoding.rawValue), mark \(hasMark), names \(hasHeaderRow), "
            + "fillers \(hasFillers), \(framing.rawValue)"
    }

    /// Every combination; a mark only stands before UTF-8.
    static let all: [Dialect] = {
        var dialects: [Dialect] = []
        for bits in 0..<64 {
            for framing in [Framing.crlf, .lf, .cr] {
                let isUTF8 = bits & 8 != 0
                let other = bits & 16 != 0
                for hasMark in isUTF8 ? [false, true] : [false] {
                    dialects.append(
                        Dialect(
                            isQuoted: bits & 1 != 0, isPadded: bits & 2 != 0,
                            dropsZeros: bits & 4 != 0, encoding: isUTF8 ? .utf8 : .cp932,
                            hasMark: hasMark, hasHeaderRow: other, hasFillers: bits & 32 != 0,
                            framing: framing))
                }
            }
        }
        return dialects
    }()

    /// The contract that reads it.
    var contract: Contract {
        var contract = Contract.debitCSV
        contract.csv?.encoding = encoding
        contract.csv?.byteOrderMark = encoding == .utf8 ? .optional : .none
        contract.csv?.headerRow = hasHeaderRow ? .required : .none
        return contract
    }

    /// Fixed records as lines of this dialect.
    func file(_ records: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = hasMark ? [0xEF, 0xBB, 0xBF] : []
        if hasHeaderRow {
            let fields = contract.recordType(.data)?.fields ?? []
            let names = fields.filter { hasFillers || $0.type != .filler }.map(\.name)
            bytes += Array(names.joined(separator: ",").utf8) + framing.separator
        }
        for record in records { bytes += line(record) + framing.separator }
        return bytes
    }

    /// One fixed record as a line without its separator.
    func line(_ record: [UInt8]) -> [UInt8] {
        let type = contract.recordTypes.first { $0.marker == record[0] }
        let fields = (type?.fields ?? []).filter { hasFillers || $0.type != .filler }
        let cells = fields.map { field -> [UInt8] in
            var cell = Array(record[(field.at - 1)..<(field.at - 1 + field.bytes)])
            if !isPadded {
                while cell.last == 0x20 { cell.removeLast() }
            }
            if dropsZeros, field.type == .digits || field.type == .integer {
                while cell.count > 1, cell[0] == 0x30 { cell.removeFirst() }
            }
            let encoded = cell.flatMap { byte -> [UInt8] in
                guard encoding == .utf8, byte >= 0x80,
                    let scalar = CharacterRepertoire.jisX0201.scalar(of: byte)
                else { return [byte] }
                return Array(String(Character(scalar)).utf8)
            }
            let quote = UInt8(ascii: "\"")
            guard isQuoted || encoded.contains(UInt8(ascii: ",")) else { return encoded }
            return [quote] + encoded.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
        }
        return Array(cells.joined(separator: [UInt8(ascii: ",")]))
    }
}

extension Contract {
    /// The debit result whose first fields are the markers, as CSV has it.
    static let debitMarked: Contract = {
        var contract = Contract.debitResult
        contract.recordTypes = contract.recordTypes.map { type in
            var type = type
            type.fields.insert(
                Field(name: "record_type", at: 1, bytes: 1, type: .digits, required: true), at: 0)
            return type
        }
        return contract
    }()

    static let debitCSV: Contract = {
        var contract = Contract.debitMarked
        contract.name = "debit-csv"
        contract.framings = [.crlf, .lf, .cr]
        contract.csv = CSVFormat(
            encoding: .cp932, padding: .strip, zeroFill: true, fillers: .optional)
        return contract
    }()

    /// A table of a few columns, in their order.
    static func table(
        _ fields: [Field], _ format: CSVFormat = CSVFormat(),
        characters: CharacterRepertoire = .utf8
    ) -> Contract {
        var at = 1
        let placed = fields.map { field in
            var field = field
            field.at = at
            at += field.bytes
            return field
        }
        return Contract(
            name: "table", title: "", recordBytes: at - 1, framings: [.crlf, .lf, .cr],
            endMark: 0x1A, characters: characters,
            recordTypes: [
                RecordType(
                    role: .data, marker: RecordType.noMarker, after: [.data], first: true,
                    fields: placed)
            ],
            partitionKey: fields[0].name, uniqueKey: [], controlTotals: [], identity: [],
            csv: format)
    }

    static let cities = table([
        Field(name: "code", at: 1, bytes: 5, type: .digits, required: true, zeroFill: true),
        Field(name: "name", at: 1, bytes: 40, type: .text, maxLength: 10),
        Field(name: "since", at: 1, bytes: 10, type: .date, dateFormat: .slashes),
        Field(
            name: "area", at: 1, bytes: 12, type: .decimal, signed: true, scale: 2),
        Field(name: "people", at: 1, bytes: 10, type: .integer, signed: true),
    ])
}

/// What one pass over a CSV file gives.
struct CSVPass: Equatable {
    /// The lines of data records as they are in the file.
    var lines: [[UInt8]] = []
    var offsets: [UInt64] = []
    var numbers: [UInt64] = []
    var groups: [Int] = []
    var canonical: [[UInt8]] = []
    /// Per record, what did not fit or broke a rule, with the byte of the file.
    var violations: [[String]] = []
    var summary: EnvelopeSummary?
    var fault: StructureFault?

    /// Reads a file in blocks of so many new bytes; `cuts` are the sizes in turn.
    init(
        _ file: [UInt8], _ contract: Contract, cuts: [Int] = [1 << 16],
        identity: [String: String] = [:]
    ) {
        do {
            let head = Array(file.prefix(RecordsLimits.headBytes(contract)))
            let layout = try FrameLayout.detect(head.span, contract: contract)
            guard
                var reader = CSVReader(
                    contract: contract, layout: layout, parameters: .november20,
                    identity: identity)
            else { preconditionFailure("no CSV contract") }
            var rest: [UInt8] = []
            var restAt: UInt64 = 0
            var at = 0
            var cut = 0
            while at < file.count {
                let end = min(file.count, at + cuts[cut % cuts.count])
                rest += file[at..<end]
                at = end
                cut += 1
                let block = rest
                let used = try reader.read(block.span) { place, count, number, group in
                    take(block, place, count, number, group, restAt)
                }
                rest.removeFirst(used)
                restAt += UInt64(used)
            }
            let block = rest
            summary = try reader.finish(rest: block.span) { place, count, number, group in
                take(block, place, count, number, group, restAt)
            }
            try judge(contract)
        } catch let error as StructureFault {
            fault = error
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private mutating func take(
        _ block: [UInt8], _ at: Int, _ count: Int, _ number: UInt64, _ group: Int, _ base: UInt64
    ) {
        lines.append(Array(block[at..<(at + count)]))
        offsets.append(base + UInt64(at))
        numbers.append(number)
        groups.append(group)
    }

    private mutating func judge(_ contract: Contract) throws {
        let checker = try RecordChecker(contract: contract, parameters: .november20)
        guard let translator = CSVTranslator(contract: contract) else { return }
        let names = contract.recordType(.data)?.fields.map(\.name) ?? []
        var scratch = CSVScratch()
        for (line, offset) in zip(lines, offsets) {
            var record: [UInt8] = []
            var misfits: [Violation] = []
            _ = translator.translate(
                line.span, .data, &scratch, to: &record, violations: &misfits)
            var rules: [Violation] = []
            if misfits.first?.rule != .cellCount { _ = checker.check(record.span, into: &rules) }
            rules = rules.filter { rule in
                !misfits.contains { $0.fieldIndex == rule.fieldIndex }
            }
            .map { rule in
                Violation(
                    fieldIndex: rule.fieldIndex, rule: rule.rule,
                    byteInRecord: translator.place(
                        ofField: rule.fieldIndex, byte: rule.byteInRecord, in: line.span))
            }
            canonical.append(record)
            violations.append(
                (misfits + rules).map {
                    "\(names[$0.fieldIndex]) \($0.rule.rawValue) \(offset + UInt64($0.byteInRecord))"
                })
        }
    }
}
