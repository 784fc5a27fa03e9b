// The fields of one record type, compiled for reading: offsets and flags in flat arrays, so that
// a good record costs no allocation. Used by the checker and by the envelope reader.

/// Field rules of one record type in the form the per-record path wants.
///
/// Entries hold no references; what has a length of its own (values, patterns) lies in the
/// table's pools and is found by index.
struct FieldTable: Sendable {
    /// One field; `start` is its 0-based offset.
    struct Entry: Sendable {
        var start: Int
        var end: Int
        var type: FieldType
        var required: Bool
        var personal: Bool
        /// A decimal, or an integer with a sign: read by `FieldNumber`.
        var isNumber: Bool
        var signed: Bool
        var scale: Int
        var dateFormat: DateFormat
        /// nil: any number.
        var minimum: Int64?
        /// At least the field's length when the contract sets no limit.
        var maxLength: Int
        /// Index into the table's value lists; -1: any value.
        var values: Int
        /// Index into the table's patterns; -1: none.
        var pattern: Int
        var resolution: YearResolution
    }

    /// What is wrong with one field.
    struct Finding: Equatable {
        var rule: RuleID
        var byteInRecord: Int
    }

    let entries: [Entry]
    let names: [String]
    let repertoire: CharacterRepertoire
    let businessDate: CalendarDate?
    private let values: ValueLists
    private let patterns: [Pattern]
    private let lineBreaks: Bool

    /// Compiles the fields of a record type; `lineBreaks`: text may hold them.
    init(
        _ type: RecordType, _ repertoire: CharacterRepertoire, businessDate: CalendarDate?,
        lineBreaks: Bool = false
    ) throws(ContractFault) {
        var entries: [Entry] = []
        var lists = ValueLists()
        var patterns: [Pattern] = []
        for field in type.fields {
            var pattern = -1
            if let text = field.pattern {
                do throws(Pattern.SyntaxFault) {
                    patterns.append(try Pattern(text, repertoire))
                } catch {
                    throw ContractFault(
                        path: "records.\(type.role.rawValue).fields.\(field.name).pattern",
                        message: error.message)
                }
                pattern = patterns.count - 1
            }
            entries.append(
                Entry(
                    start: field.at - 1, end: field.at - 1 + field.bytes, type: field.type,
                    required: field.required, personal: field.personal,
                    isNumber: field.type == .decimal || field.signed == true,
                    signed: field.signed == true, scale: field.scale ?? 0,
                    dateFormat: field.dateFormat ?? .hyphens, minimum: field.minimum,
                    maxLength: field.maxLength ?? field.bytes,
                    values: field.values.map { lists.add($0, repertoire) } ?? -1,
                    pattern: pattern, resolution: field.resolve ?? .past))
        }
        self.entries = entries
        values = lists
        self.patterns = patterns
        names = type.fields.map(\.name)
        self.repertoire = repertoire
        self.businessDate = businessDate
        self.lineBreaks = lineBreaks
    }

    /// The first rule this field breaks; nil: none.
    func finding(_ entry: Entry, _ record: Span<UInt8>) -> Finding? {
        switch entry.type {
        case .filler: return nil
        case .text: return textFinding(entry, record)
        case .date, .decimal: return scalarFinding(entry, record)
        case .integer where entry.isNumber: return scalarFinding(entry, record)
        case .digits, .integer, .monthDay:
            let bad = firstNonDigit(entry, record)
            guard bad == entry.end else {
                guard bad == entry.start, isBlank(entry, record) else {
                    return Finding(rule: .digits, byteInRecord: bad)
                }
                return entry.required
                    ? Finding(rule: .required, byteInRecord: entry.start) : nil
            }
            return screenedFinding(entry, record)
        }
    }

    /// Of a date, a decimal or a number with a sign.
    func scalarFinding(_ entry: Entry, _ record: Span<UInt8>) -> Finding? {
        guard !isBlank(entry, record) else {
            return entry.required ? Finding(rule: .required, byteInRecord: entry.start) : nil
        }
        if entry.type == .date {
            return date(entry, record) == nil
                ? Finding(rule: .date, byteInRecord: entry.start) : nil
        }
        switch FieldNumber.read(
            record, entry.start, entry.end, signed: entry.signed, scale: entry.scale)
        {
        case .misread(let rule, let at): return Finding(rule: rule, byteInRecord: at)
        case .value(let value):
            if let finding = listFinding(entry, record, entry.end) { return finding }
            guard let minimum = entry.minimum, value < minimum else { return nil }
            return Finding(rule: .minimum, byteInRecord: entry.start)
        }
    }

    private func textFinding(_ entry: Entry, _ record: Span<UInt8>) -> Finding? {
        if repertoire == .utf8 { return utf8Finding(entry, record) }
        for index in entry.start..<textEnd(entry, record)
        where !repertoire.contains(record[index]) {
            return Finding(rule: .characters, byteInRecord: index)
        }
        return screenedFinding(entry, record)
    }

    /// Of text in UTF-8, whose bytes are judged together.
    func utf8Finding(_ entry: Entry, _ record: Span<UInt8>) -> Finding? {
        let end = textEnd(entry, record)
        guard end > entry.start else {
            return entry.required ? Finding(rule: .required, byteInRecord: entry.start) : nil
        }
        let found = UTF8Reading.check(record, entry.start, end, lineBreaks: lineBreaks)
        if let rule = found.rule { return Finding(rule: rule, byteInRecord: found.index) }
        guard found.characters <= entry.maxLength else {
            return Finding(rule: .maxLength, byteInRecord: entry.start)
        }
        return listFinding(entry, record, end)
    }

    /// The rules that compare the normalised text as a whole.
    @inline(__always)
    func listFinding(_ entry: Entry, _ record: Span<UInt8>, _ end: Int) -> Finding? {
        if entry.values >= 0, !values.contains(entry.values, record, entry.start, end) {
            return Finding(rule: .enum, byteInRecord: entry.start)
        }
        if entry.pattern >= 0,
            !patterns[entry.pattern].matches(record, from: entry.start, to: end)
        {
            return Finding(rule: .pattern, byteInRecord: entry.start)
        }
        return nil
    }

    /// A day of the calendar that has a year near the business date; without a business date,
    /// a day of any year.
    func isDay(_ entry: Entry, _ record: Span<UInt8>) -> Bool {
        if businessDate != nil { return date(entry, record) != nil }
        let monthDay = Int(number(entry, record))
        return CalendarDate(year: 2000, month: monthDay / 100, day: monthDay % 100) != nil
    }
}

// Reading one field; a field that cannot be read is nil or the empty text, never a guess.
extension FieldTable {
    /// Where the text ends without its padding.
    @inline(__always)
    func textEnd(_ entry: Entry, _ record: Span<UInt8>) -> Int {
        var end = entry.end
        while end > entry.start, record[end &- 1] == 0x20 { end &-= 1 }
        return end
    }

    @inline(__always)
    func isBlank(_ entry: Entry, _ record: Span<UInt8>) -> Bool {
        textEnd(entry, record) == entry.start
    }

    @inline(__always)
    func firstNonDigit(_ entry: Entry, _ record: Span<UInt8>) -> Int {
        var index = entry.start
        while index < entry.end, record[index] &- 0x30 < 10 { index &+= 1 }
        return index
    }

    /// The number in a field known to be digits, 18 of them at most: so nothing can overflow.
    @inline(__always)
    func number(_ entry: Entry, _ record: Span<UInt8>) -> Int64 {
        var value: Int64 = 0
        for index in entry.start..<entry.end {
            value = value &* 10 &+ Int64(record[index] &- 0x30)
        }
        return value
    }

    /// The number; nil when the field is blank, is not all digits, or has over 18 of them.
    ///
    /// Of a decimal, in units of its last decimal place.
    func integer(_ entry: Entry, _ record: Span<UInt8>) -> Int64? {
        if entry.isNumber {
            return FieldNumber.read(
                record, entry.start, entry.end, signed: entry.signed, scale: entry.scale
            ).value
        }
        guard entry.type != .filler, entry.end - entry.start <= ContractLimits.integerDigitsMax
        else { return nil }
        let field = record.extracting(entry.start..<entry.end)
        var value: Int64 = 0
        var isOther = false
        for index in field.indices {
            let digit = field[index] &- 0x30
            isOther = isOther || digit > 9
            value = value &* 10 &+ Int64(digit)
        }
        return isOther ? nil : value
    }

    /// The day; nil when the field holds none, or has no year near the business date.
    func date(_ entry: Entry, _ record: Span<UInt8>) -> CalendarDate? {
        if entry.type == .date {
            return CalendarDate(record, entry.start, entry.end, entry.dateFormat)
        }
        guard entry.type == .monthDay, let businessDate, let monthDay = integer(entry, record)
        else { return nil }
        return CalendarDate.resolve(
            month: Int(monthDay) / 100, day: Int(monthDay) % 100, entry.resolution,
            businessDate: businessDate)
    }

    /// Appends the normalised text as UTF-8; false and nothing appended when blank.
    ///
    /// A month and day with a year becomes its ISO text; without one it is unreadable: false. A
    /// decimal loses its leading zeros and gets all its decimal places.
    func appendText(_ entry: Entry, _ record: Span<UInt8>, to utf8: inout [UInt8]) -> Bool {
        if entry.type == .decimal {
            guard let value = integer(entry, record) else { return false }
            utf8.append(contentsOf: FieldNumber.text(value, scale: entry.scale).utf8)
            return true
        }
        guard entry.type != .monthDay, entry.type != .date else {
            guard let date = date(entry, record) else { return false }
            utf8.append(contentsOf: date.iso.utf8)
            return true
        }
        let end = textEnd(entry, record)
        guard end > entry.start, entry.type != .filler else { return false }
        // Most keys and codes are plain ASCII, which is UTF-8 as it stands.
        var index = entry.start
        while index < end, repertoire.isUTF8(record[index]) { index &+= 1 }
        record.extracting(entry.start..<index).append(to: &utf8)
        while index < end {
            repertoire.appendUTF8(record[index], to: &utf8)
            index &+= 1
        }
        return true
    }

    /// Where the normalised text stands, when it is the same bytes in UTF-8; nil: it is not.
    @inline(__always)
    func plainText(_ entry: Entry, _ record: Span<UInt8>) -> Range<Int>? {
        guard entry.type == .text || entry.type == .digits else { return nil }
        let end = textEnd(entry, record)
        for index in entry.start..<end where !repertoire.isUTF8(record[index]) { return nil }
        return entry.start..<end
    }

    /// Whether every byte of the field can be part of a value of its type.
    func isReadable(_ entry: Entry, _ record: Span<UInt8>) -> Bool {
        guard entry.type == .text else {
            guard !entry.isNumber else { return integer(entry, record) != nil }
            return firstNonDigit(entry, record) == entry.end
        }
        if repertoire == .utf8 {
            let end = textEnd(entry, record)
            return UTF8Reading.check(record, entry.start, end, lineBreaks: lineBreaks).rule == nil
        }
        for index in entry.start..<entry.end where !repertoire.contains(record[index]) {
            return false
        }
        return true
    }
}

/// Lists of allowed texts, as bytes of the repertoire in one array.
struct ValueLists: Sendable {
    /// Where one value lies among the bytes.
    private struct Place: Sendable {
        var start: Int
        var end: Int
    }

    private var bytes: [UInt8] = []
    private var places: [Place] = []
    /// The first place of each list, and the end of the last list.
    private var lists: [Int] = [0]
    /// Of each list the values of one byte: most codes are.
    private var single: [ByteSet] = []

    /// Adds a list and returns its index.
    ///
    /// Texts that no field can hold are left out.
    mutating func add(_ texts: [String], _ repertoire: CharacterRepertoire) -> Int {
        for text in texts {
            guard let encoded = repertoire.bytes(of: text) else { continue }
            places.append(Place(start: bytes.count, end: bytes.count + encoded.count))
            bytes.append(contentsOf: encoded)
        }
        var bytes = ByteSet()
        for place in places[lists[lists.count - 1]...] where place.end - place.start == 1 {
            bytes.insert(self.bytes[place.start])
        }
        single.append(bytes)
        lists.append(places.count)
        return lists.count - 2
    }

    /// Whether `record[start..<end]` is one of the list's values.
    func contains(_ list: Int, _ record: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        if end &- start == 1 { return single[list].contains(record[start]) }
        for index in lists[list]..<lists[list + 1] {
            let place = places[index]
            guard place.end - place.start == end - start else { continue }
            var same = true
            for offset in 0..<(end - start)
            where bytes[place.start + offset] != record[start + offset] {
                same = false
                break
            }
            if same { return true }
        }
        return false
    }
}
