// One kind of record as the writer sees it: bytes that never change, and what is filled in.

/// A record's template and the fields that differ from record to record.
struct SampleRecord: Sendable {
    /// Where a field's bytes come from.
    enum Source: Sendable {
        case shuffledNumber
        case number(low: UInt64, count: UInt64)
        /// Texts `first` ..< `first + count` of the record, by weight out of `weights`.
        case choice(first: Int, count: Int, weights: UInt64)
        /// The control total of this index.
        case total(Int)
    }

    /// A field that is filled in; `offset` counts from the record's first byte.
    struct Fill: Sendable {
        var source: Source
        var offset: Int
        var bytes: Int
        /// Digits start at the field's left and spaces follow; false: zeros, then digits.
        var leftAligned: Bool
    }

    /// The kind of record this was made from.
    let type: RecordType
    /// The whole record and its separator, with blanks, zeros and constants in place.
    private(set) var template: [UInt8]
    private(set) var fills: [Fill] = []
    /// The texts of all choices one after another, each as long as its field.
    private var choiceBytes: [UInt8] = []
    /// Where each choice's text starts in `choiceBytes`.
    private var choiceOffsets: [Int] = []
    /// Each choice's weight added to those before it in the same field.
    private var choiceWeights: [UInt64] = []

    /// Appends one record; what is drawn comes from `random` in the order of the fields.
    ///
    /// - Parameters:
    ///   - shuffled: The number of a shuffled field; unused when there is none.
    ///   - totals: The figures of the group, by the contract's order of control totals.
    func append(
        to bytes: inout [UInt8], random: inout SampleRandom, shuffled: UInt64, totals: [UInt64]
    ) {
        let start = bytes.count
        bytes.append(contentsOf: template)
        for fill in fills {
            let at = start + fill.offset
            switch fill.source {
            case .shuffledNumber:
                Self.write(shuffled, fill, at, in: &bytes)
            case .number(let low, let count):
                Self.write(low + random.below(count), fill, at, in: &bytes)
            case .choice(let first, let count, let weights):
                let draw = random.below(weights)
                var choice = first
                while choice < first + count - 1, choiceWeights[choice] <= draw { choice += 1 }
                let from = choiceOffsets[choice]
                for index in 0..<fill.bytes { bytes[at + index] = choiceBytes[from + index] }
            case .total(let index):
                Self.write(totals[index], fill, at, in: &bytes)
            }
        }
    }

    /// Writes a number over a field that the template filled with zeros or spaces.
    private static func write(_ number: UInt64, _ fill: Fill, _ at: Int, in bytes: inout [UInt8]) {
        var end = at + fill.bytes
        if fill.leftAligned {
            var digits = 1
            var rest = number / 10
            while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
            end = at + digits
        }
        var rest = number
        repeat {
            end -= 1
            bytes[end] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
        } while rest > 0
    }
}

extension SampleRecord {
    /// Makes the template and fills of one kind of record; throws the first fault found.
    init(
        _ type: RecordType, in contract: Contract, framing: Framing, businessDay: SampleDay,
        records: Int
    ) throws(SampleFault) {
        self.type = type
        template = [UInt8](repeating: 0x20, count: contract.recordBytes) + framing.separator
        for field in type.fields {
            guard field.at >= 1, field.bytes >= 1,
                field.at - 1 <= contract.recordBytes - field.bytes
            else { throw .fieldOutsideRecord(field: field.name) }
            try add(field, in: contract, businessDay, records: records)
        }
        if type.marker != RecordType.noMarker { template[0] = type.marker }
    }

    private mutating func add(
        _ field: Field, in contract: Contract, _ businessDay: SampleDay, records: Int
    ) throws(SampleFault) {
        switch field.sample {
        case nil: try leaveBlank(field)
        case .constant(let text):
            place(try checked(text, field, contract, businessDay), field)
        case .businessMonthDay:
            place(try checked(businessDay.monthDay, field, contract, businessDay), field)
        case .shuffledNumber:
            guard type.role == .data, Self.holdsNumbers(field) || field.type == .text else {
                throw .ruleOutOfPlace(field: field.name)
            }
            guard field.values == nil, field.minimum ?? 0 <= 1,
                field.maxLength ?? field.bytes >= field.bytes
            else { throw .unusableBounds(field: field.name) }
            let limit = Self.numberMax(field)
            guard records <= limit else {
                throw .recordsOutOfRange(records: records, limit: Int(limit))
            }
            addFill(.shuffledNumber, field, leftAligned: false)
        case .number(let low, let high):
            guard Self.holdsNumbers(field) || field.type == .text else {
                throw .ruleOutOfPlace(field: field.name)
            }
            guard field.values == nil, low >= 0, low <= high, high <= Self.numberMax(field),
                low >= field.minimum ?? 0
            else { throw .unusableBounds(field: field.name) }
            addFill(
                .number(low: UInt64(low), count: UInt64(high - low) + 1), field,
                leftAligned: field.type == .text)
        case .choice(let options):
            try addChoice(options, field, contract, businessDay)
        case .controlTotal(let name):
            guard type.role == .trailer, Self.holdsNumbers(field) else {
                throw .ruleOutOfPlace(field: field.name)
            }
            guard let index = contract.controlTotals.firstIndex(where: { $0.name == name }) else {
                throw .unknownTotal(name)
            }
            addFill(.total(index), field, leftAligned: false)
        }
    }

    /// A field without a sample rule: numbers are zero, all else is blank.
    private mutating func leaveBlank(_ field: Field) throws(SampleFault) {
        if field.type == .integer {
            place([UInt8](repeating: 0x30, count: field.bytes), field)
        } else if field.required, field.at > 1 || field.bytes > 1 {
            throw .requiredLeftBlank(field: field.name)
        }
    }

    private mutating func addChoice(
        _ options: [SampleRule.WeightedText], _ field: Field, _ contract: Contract,
        _ businessDay: SampleDay
    ) throws(SampleFault) {
        let first = choiceOffsets.count
        var sum: UInt64 = 0
        for option in options where option.weight != 0 {
            let (added, overflow) = sum.addingReportingOverflow(UInt64(max(0, option.weight)))
            guard option.weight > 0, !overflow else { throw .unusableBounds(field: field.name) }
            sum = added
            choiceWeights.append(sum)
            choiceOffsets.append(choiceBytes.count)
            choiceBytes += try checked(option.text, field, contract, businessDay)
        }
        guard sum > 0 else { throw .unusableBounds(field: field.name) }
        addFill(
            .choice(first: first, count: choiceOffsets.count - first, weights: sum), field,
            leftAligned: true)
    }

    private func checked(
        _ text: String, _ field: Field, _ contract: Contract, _ businessDay: SampleDay
    ) throws(SampleFault) -> [UInt8] {
        guard let bytes = SampleText.fieldBytes(text, field, contract.characters, businessDay),
            SampleText.isAllowed(text, bytes, field)
        else { throw .unusableText(field: field.name, text: text) }
        return bytes
    }

    private mutating func addFill(_ source: Source, _ field: Field, leftAligned: Bool) {
        if !leftAligned { place([UInt8](repeating: 0x30, count: field.bytes), field) }
        fills.append(
            Fill(
                source: source, offset: field.at - 1, bytes: field.bytes, leftAligned: leftAligned))
    }

    private mutating func place(_ bytes: [UInt8], _ field: Field) {
        template.replaceSubrange(field.at - 1..<field.at - 1 + bytes.count, with: bytes)
    }

    private static func holdsNumbers(_ field: Field) -> Bool {
        field.type == .digits || field.type == .integer
    }

    /// The largest number a field of digits holds, capped at 18 digits.
    static func numberMax(_ field: Field) -> Int64 {
        var limit: Int64 = 1
        for _ in 0..<min(field.bytes, ContractLimits.integerDigitsMax) { limit *= 10 }
        return limit - 1
    }
}
