// Where the defects of a file stand, and what they do to a record's bytes.

/// The places of a file's defects, drawn once from the seed.
struct SamplePlantings: Sendable {
    /// A data record that carries a defect.
    struct Place: Sendable {
        /// 0-based among the data records of the file.
        var index: Int
        var defect: SampleDefect
    }

    /// In file order; at most one per record.
    let places: [Place]
    /// The defect of the envelope that takes no data record; nil: none.
    let envelope: SampleDefect?
    /// The group whose trailer `totalOff` or `countOff` spoils.
    let group: Int

    /// Draws the places; throws when the contract or the file's size has none.
    init(
        _ defects: [SampleDefect: Int], layout: SampleLayout, records: Int, groupRecords: Int,
        groups: Int, seed: UInt64
    ) throws(SampleFault) {
        // In the order of the cases: a dictionary's own order changes from run to run.
        let wanted = SampleDefect.allCases.filter { defects[$0] != nil }
        var kinds: [SampleDefect] = []
        for defect in wanted {
            let count = defects[defect] ?? 0
            guard (1...SampleLimits.defectsMax).contains(count) else {
                throw .badDefectCount("\(defect.rawValue):\(count)")
            }
            guard Self.hasPlace(defect, layout) else { throw .noPlace(defect) }
            if defect.takesRecord { kinds += [SampleDefect](repeating: defect, count: count) }
        }
        let fileLevel = wanted.filter(\.isFileLevel)
        guard fileLevel.reduce(0, { $0 + (defects[$1] ?? 0) }) <= 1 else {
            throw .severalFileDefects
        }
        // The first record of each group stays good when some defect needs one before it.
        let keepsFirst = kinds.contains(where: \.needsEarlierRecord)
        let room = min(SampleLimits.defectsMax, keepsFirst ? max(0, records - groups) : records)
        guard kinds.count <= room else {
            throw .tooManyDefects(defects: kinds.count, room: room)
        }
        envelope = fileLevel.first { !$0.takesRecord }
        var random = SampleRandom(seed: seed, purpose: .group)
        group = random.index(below: groups)
        let order = SampleShuffle(
            count: keepsFirst ? max(0, records - groups) : records,
            random: SampleRandom(seed: seed, purpose: .places))
        places = kinds.enumerated().map { number, defect in
            let slot = order.element(at: number)
            guard keepsFirst else { return Place(index: slot, defect: defect) }
            // Slots leave out the first record of every group.
            let slotsPerGroup = groupRecords - 1
            let index = slot / slotsPerGroup * groupRecords + slot % slotsPerGroup + 1
            return Place(index: index, defect: defect)
        }
        .sorted { $0.index < $1.index }
    }

    /// Whether a data record carries a defect.
    func holds(_ index: Int) -> Bool {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if places[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < places.count && places[low].index == index
    }

    private static func hasPlace(_ defect: SampleDefect, _ layout: SampleLayout) -> Bool {
        switch defect {
        case .missingTrailer:
            layout.trailer != nil && layout.end?.type.after.contains(.data) != true
        case .missingEnd, .garbageAfterEnd: layout.end != nil
        case .shortRecord: layout.contract.recordBytes > 1 && layout.cells == nil
        case .wrongOrder: layout.trailer != nil && !layout.data.type.after.contains(.trailer)
        default: !layout.candidates(defect).isEmpty
        }
    }
}

extension SamplePlantings {
    /// Spoils one field of the record that starts here.
    ///
    /// - Returns: Which byte of the record the defect is reported at.
    static func spoil(
        _ field: Field, _ defect: SampleDefect, _ bytes: inout [UInt8], at start: Int,
        _ random: inout SampleRandom
    ) -> Int {
        let offset = field.at - 1
        let at = start + offset
        switch defect {
        case .badDigits, .badAmount:
            let place = random.index(below: field.bytes)
            bytes[at + place] = UInt8(ascii: "A") + UInt8(random.below(26))
            return offset + place
        case .badCharacter:
            let place = random.index(below: field.bytes)
            // 0x81 to 0x9F: lead bytes of Shift_JIS, in neither ASCII nor JIS X 0201.
            bytes[at + place] = 0x81 + UInt8(random.below(31))
            return offset + place
        case .badEnum:
            let values = foreignValues(field)
            write(values[random.index(below: values.count)], in: &bytes, at: at)
        case .blankRequired:
            write([UInt8](repeating: 0x20, count: field.bytes), in: &bytes, at: at)
        case .belowMinimum:
            let digits = Array(String((field.minimum ?? 1) - 1).utf8)
            let zeros = [UInt8](repeating: 0x30, count: max(0, field.bytes - digits.count))
            write(zeros + digits, in: &bytes, at: at)
        case .totalOff, .countOff:
            shift(&bytes, at..<at + field.bytes)
        case .wrongIdentity:
            change(&bytes, at..<at + field.bytes, field)
        case .duplicate, .missingTrailer, .missingEnd, .garbageAfterEnd, .shortRecord, .wrongOrder:
            preconditionFailure("\(defect) does not spoil a single field")
        }
        return offset
    }

    /// Field contents of the right type that are not among the allowed values: one digit or
    /// capital letter, repeated; empty: the field allows any value.
    static func foreignValues(_ field: Field) -> [[UInt8]] {
        guard let values = field.values else { return [] }
        let digits: ClosedRange<UInt8> = field.type == .integer ? 0x31...0x39 : 0x30...0x39
        var alphabet = Array(digits)
        switch field.type {
        case .text: alphabet += 0x41...0x5A
        case .digits, .integer: break
        case .monthDay, .filler, .date, .decimal: return []
        }
        let length = field.type == .text ? min(field.bytes, field.maxLength ?? .max) : field.bytes
        return alphabet.compactMap { byte in
            let text = [UInt8](repeating: byte, count: length)
            guard !values.contains(String(decoding: text, as: UTF8.self)) else { return nil }
            return text + [UInt8](repeating: 0x20, count: field.bytes - length)
        }
    }

    /// One more than the figure, or one less when the field is full.
    private static func shift(_ bytes: inout [UInt8], _ field: Range<Int>) {
        if bytes[field].allSatisfy({ $0 == 0x39 }) {
            bytes[field.upperBound - 1] = 0x38
            return
        }
        var place = field.upperBound - 1
        while bytes[place] == 0x39 {
            bytes[place] = 0x30
            place -= 1
        }
        bytes[place] += 1
    }

    /// Another value of the same type: the last character that is not blank becomes another.
    private static func change(_ bytes: inout [UInt8], _ range: Range<Int>, _ field: Field) {
        guard let place = bytes[range].lastIndex(where: { $0 != 0x20 }) else {
            let length = field.type == .text ? 1 : field.bytes
            write([UInt8](repeating: 0x31, count: length), in: &bytes, at: range.lowerBound)
            return
        }
        let isNumber = SampleText.isDigit(bytes[place])
        let first = isNumber ? UInt8(ascii: "0") : UInt8(ascii: "A")
        let last = isNumber ? UInt8(ascii: "9") : UInt8(ascii: "Z")
        let next = bytes[place] >= first && bytes[place] < last ? bytes[place] + 1 : first
        bytes[place] = next
    }

    private static func write(_ field: [UInt8], in bytes: inout [UInt8], at start: Int) {
        bytes.replaceSubrange(start..<start + field.count, with: field)
    }
}
