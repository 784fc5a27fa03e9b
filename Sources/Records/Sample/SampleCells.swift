// Sample records as lines of cells: the fixed record is written and spoiled first, then it is cut
// into cells as the contract's dialect wants them.

/// Writes fixed sample records as CSV.
struct SampleCells: Sendable {
    private let format: CSVFormat
    private let repertoire: CharacterRepertoire
    private let separator: [UInt8]
    private let data: RecordType?

    /// nil: the contract is fixed.
    init?(_ contract: Contract, framing: Framing) {
        guard let format = contract.csv else { return nil }
        self.format = format
        repertoire = contract.characters
        separator = framing.separator
        data = contract.recordType(.data)
    }

    /// What stands before the first record: a byte order mark and the names of the columns, each
    /// where the dialect demands it.
    var preamble: [UInt8] {
        var bytes: [UInt8] = format.byteOrderMark == .required ? [0xEF, 0xBB, 0xBF] : []
        guard format.headerRow == .required, let data else { return bytes }
        let names = columns(data).map { column in
            var cell: [UInt8] = []
            for scalar in (column.column ?? column.name).unicodeScalars {
                append(scalar, to: &cell)
            }
            return quoted(cell)
        }
        bytes += names.joined(separator: [format.delimiter])
        return bytes + separator
    }

    /// Lines the preamble has.
    var preambleLines: Int { format.headerRow == .required ? 1 : 0 }

    private func columns(_ type: RecordType) -> [Field] {
        type.fields.filter { format.fillers != .absent || $0.type != .filler }
    }

    /// Replaces the fixed record behind `start` by its line.
    ///
    /// - Parameters:
    ///   - spoiled: The field that carries a defect; its zeros and spaces stay as they are.
    ///   - byte: A byte of the fixed record.
    /// - Returns: Where that byte, or what stands for it, is in the line.
    func write(
        _ bytes: inout [UInt8], from start: Int, _ type: RecordType, spoiled: Field? = nil,
        byte: Int = 0
    ) -> Int {
        let record = Array(bytes[start...])
        bytes.removeSubrange(start...)
        var place = 0
        for (index, field) in columns(type).enumerated() {
            if index > 0 { bytes.append(format.delimiter) }
            let range = field.at - 1..<field.at - 1 + field.bytes
            let isSpoiled = field.name == spoiled?.name
            let first = isSpoiled ? range.lowerBound : firstShown(record, field, range)
            let last = lastShown(record, field, first..<range.upperBound)
            var cell: [UInt8] = []
            var before = 0
            var at = first
            while at < last {
                if at == byte { before = cell.count }
                at += append(record, at, last, to: &cell)
            }
            let shown = quoted(cell)
            let opening = shown.count > cell.count ? 1 : 0
            if range.contains(byte) { place = bytes.count - start + opening + before }
            bytes += shown
        }
        bytes += separator
        return place
    }

    /// Numbers lose their leading zeros where the dialect restores them.
    private func firstShown(_ record: [UInt8], _ field: Field, _ range: Range<Int>) -> Int {
        let isCode = field.type == .digits || field.type == .monthDay
        let isNumber = field.type == .integer || field.type == .decimal
        let drops = isCode ? format.zeroFill || field.zeroFill == true : isNumber
        guard drops, format.padding == .strip else { return range.lowerBound }
        var first = range.lowerBound
        while first < range.upperBound - 1, record[first] == 0x30,
            SampleText.isDigit(record[first + 1])
        {
            first += 1
        }
        return first
    }

    private func lastShown(_ record: [UInt8], _ field: Field, _ range: Range<Int>) -> Int {
        var last = range.upperBound
        guard format.padding == .strip || field.type != .text else { return last }
        while last > range.lowerBound, record[last - 1] == 0x20 { last -= 1 }
        return last
    }

    /// Appends the character at this byte of the record in the file's encoding; its length there.
    private func append(
        _ record: [UInt8], _ at: Int, _ end: Int, to cell: inout [UInt8]
    ) -> Int {
        if repertoire == .utf8 {
            guard let (scalar, count) = UTF8Reading.scalar(record.span, at, end) else {
                cell.append(record[at])
                return 1
            }
            append(scalar, to: &cell)
            return count
        }
        if format.encoding == .utf8, record[at] >= 0x80 {
            // What is no character here becomes one that no single byte stands for.
            append(repertoire.scalar(of: record[at]) ?? "\u{FFFD}", to: &cell)
        } else {
            cell.append(record[at])
        }
        return 1
    }

    private func append(_ scalar: Unicode.Scalar, to cell: inout [UInt8]) {
        switch format.encoding {
        case .utf8: cell += Array(String(Character(scalar)).utf8)
        // `SampleLayout` refuses texts that have no bytes here.
        case .cp932: cell += CP932Table.bytes(of: scalar) ?? [0x3F]
        }
    }

    private func quoted(_ cell: [UInt8]) -> [UInt8] {
        guard let quote = format.quote else { return cell }
        let isNeeded = cell.contains { $0 == quote || $0 == format.delimiter || $0 < 0x20 }
        guard format.quoting == .all || (format.quoting == .any && isNeeded) else { return cell }
        return [quote] + cell.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
}
