// A look at a whole record at once. Of good records, and nearly all are good, only the few fields
// that have more rules than their characters are looked at one by one.

/// What every byte of a record must be, whatever its field.
struct FieldScreen: Sendable {
    /// All bits where a byte must be a digit.
    private let digits: [UInt8]
    /// All bits where a byte must be a character of the repertoire.
    private let texts: [UInt8]
    /// All bits when the repertoire has half-width kana.
    private let kana: UInt8
    /// The fields whose characters do not say everything: indexes into the table.
    let remaining: [Int]

    /// The screen of a table's fields in records of so many bytes.
    init(_ table: FieldTable, recordBytes: Int) {
        var digits = [UInt8](repeating: 0, count: recordBytes)
        var texts = digits
        var remaining: [Int] = []
        for (index, entry) in table.entries.enumerated() {
            let hasList = entry.values >= 0 || entry.pattern >= 0
            switch entry.type {
            case .filler: continue
            case .text where table.repertoire != .utf8:
                for place in entry.start..<entry.end { texts[place] = 0xFF }
                let isBounded = entry.maxLength < entry.end - entry.start
                if entry.required || isBounded || hasList { remaining.append(index) }
            case .digits where !entry.isNumber, .integer where !entry.isNumber:
                for place in entry.start..<entry.end { digits[place] = 0xFF }
                if hasList || (entry.minimum ?? 0) > 0 { remaining.append(index) }
            case .monthDay:
                for place in entry.start..<entry.end { digits[place] = 0xFF }
                remaining.append(index)
            default: remaining.append(index)
            }
        }
        self.digits = digits
        self.texts = texts
        self.remaining = remaining
        kana = table.repertoire == .jisX0201 ? 0xFF : 0
    }

    /// Whether every byte is of the kind that its field holds.
    ///
    /// False decides nothing: a field of digits may be blank. One straight loop without a branch,
    /// which the compiler turns into vector instructions.
    func passes(_ record: Span<UInt8>) -> Bool {
        let digits = digits.span
        let texts = texts.span
        let kana = kana
        guard digits.count == record.count, texts.count == record.count else { return false }
        var wrong: UInt8 = 0
        for index in record.indices {
            let byte = record[index]
            let isOther: UInt8 = byte &- 0x30 > 9 ? 0xFF : 0
            let isOutsideASCII: UInt8 = byte &- 0x20 > 0x5E ? 0xFF : 0
            let isKana: UInt8 = byte &- 0xA1 < 0x3F ? kana : 0
            wrong |= (isOther & digits[index]) | (isOutsideASCII & ~isKana & texts[index])
        }
        return wrong == 0
    }
}

extension FieldTable {
    /// What is wrong with a field whose characters are known to be of its kind; nil: nothing.
    func screenedFinding(_ entry: Entry, _ record: Span<UInt8>) -> Finding? {
        switch entry.type {
        case .filler: return nil
        case .text:
            if repertoire == .utf8 { return utf8Finding(entry, record) }
            let end = textEnd(entry, record)
            guard end > entry.start else {
                return entry.required ? Finding(rule: .required, byteInRecord: entry.start) : nil
            }
            guard end - entry.start <= entry.maxLength else {
                return Finding(rule: .maxLength, byteInRecord: entry.start + entry.maxLength)
            }
            return listFinding(entry, record, end)
        case .date, .decimal: return scalarFinding(entry, record)
        case .integer where entry.isNumber: return scalarFinding(entry, record)
        case .digits, .integer, .monthDay:
            if let finding = listFinding(entry, record, entry.end) { return finding }
            if let minimum = entry.minimum, number(entry, record) < minimum {
                return Finding(rule: .minimum, byteInRecord: entry.start)
            }
            guard entry.type != .monthDay || isDay(entry, record) else {
                return Finding(rule: .date, byteInRecord: entry.start)
            }
            return nil
        }
    }
}

/// A set of bytes.
struct ByteSet: Sendable, Equatable {
    private var words = SIMD4<UInt64>()

    /// Adds a byte.
    mutating func insert(_ byte: UInt8) {
        words[Int(byte >> 6)] |= 1 &<< UInt64(byte & 63)
    }

    /// Whether the byte is in it.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        words[Int(byte >> 6)] & (1 &<< UInt64(byte & 63)) != 0
    }
}
