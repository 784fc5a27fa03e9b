// The figures that a trailer promises, added up over the records as they are written.

/// The running control totals of one group.
///
/// Every data record counts, also one with a planted defect. A summed field that is no number
/// adds nothing; a condition looks at the field's bytes as they are.
struct SampleTotals: Sendable {
    /// A control total, with its fields as places in the record.
    private struct Rule: Sendable {
        /// The summed field's offset and bytes; nil: records are counted.
        var sum: Range<Int>?
        /// The condition's field; nil: every record.
        var condition: Range<Int>?
        /// The condition's values one after another, each as long as the field.
        var values: [UInt8] = []
        var negated = false
    }

    private let rules: [Rule]
    /// The figures so far, in the contract's order of control totals.
    private(set) var figures: [UInt64]

    /// No records yet; throws when a total names an unknown field or could outgrow the trailer's.
    init(
        _ contract: Contract, data: RecordType, groupRecords: Int, records: Int,
        businessDay: SampleDay
    ) throws(SampleFault) {
        var rules: [Rule] = []
        for total in contract.controlTotals {
            rules.append(try Self.rule(total, contract, data, businessDay))
            try Self.checkRoom(total, contract, data, groupRecords: groupRecords, records: records)
        }
        self.rules = rules
        figures = [UInt64](repeating: 0, count: rules.count)
    }

    /// Adds the record that starts here.
    mutating func add(_ bytes: [UInt8], at start: Int) {
        for index in rules.indices where holds(index, bytes, start) {
            guard let sum = rules[index].sum else {
                figures[index] += 1
                continue
            }
            let field = bytes[start + sum.lowerBound..<start + sum.upperBound]
            // Never negative; that it fits was proved for the largest value of every record.
            if let number = SampleText.number(field) { figures[index] += UInt64(number) }
        }
    }

    /// Starts the next group.
    mutating func reset() {
        for index in figures.indices { figures[index] = 0 }
    }

    private func holds(_ index: Int, _ bytes: [UInt8], _ start: Int) -> Bool {
        guard let condition = rules[index].condition else { return true }
        var from = 0
        while from < rules[index].values.count {
            var matches = true
            for place in condition
            where bytes[start + place] != rules[index].values[from + place - condition.lowerBound] {
                matches = false
                break
            }
            if matches { return !rules[index].negated }
            from += condition.count
        }
        return rules[index].negated
    }

    private static func rule(
        _ total: ControlTotal, _ contract: Contract, _ data: RecordType, _ businessDay: SampleDay
    ) throws(SampleFault) -> Rule {
        var rule = Rule()
        if let name = total.sum {
            guard let field = data.field(name), field.type == .integer else {
                throw .unknownTotal(total.name)
            }
            rule.sum = field.at - 1..<field.at - 1 + field.bytes
        }
        guard let condition = total.condition else { return rule }
        guard let field = data.field(condition.field) else { throw .unknownTotal(total.name) }
        rule.condition = field.at - 1..<field.at - 1 + field.bytes
        rule.negated = condition.negated
        for text in condition.values {
            let bytes = SampleText.fieldBytes(text, field, contract.characters, businessDay)
            guard let bytes else { throw .unusableText(field: field.name, text: text) }
            rule.values += bytes
        }
        return rule
    }

    /// That the trailer has a field for the total, and that it is long enough.
    private static func checkRoom(
        _ total: ControlTotal, _ contract: Contract, _ data: RecordType, groupRecords: Int,
        records: Int
    ) throws(SampleFault) {
        guard let trailer = contract.recordType(.trailer)?.field(total.trailerField),
            trailer.sample == .controlTotal(total.name)
        else { throw .totalNotWritten(total.name) }
        var largest: Int64 = 1
        if let name = total.sum, let field = data.field(name) {
            largest =
                switch field.sample {
                case nil, .businessMonthDay, .controlTotal: 0
                case .constant(let text): Int64(text) ?? 0
                case .shuffledNumber: Int64(records)
                case .number(_, let high): high
                case .choice(let options): options.compactMap { Int64($0.text) }.max() ?? 0
                }
        }
        let (product, overflow) = largest.multipliedReportingOverflow(
            by: Int64(min(groupRecords, records)))
        guard !overflow, product <= SampleRecord.numberMax(trailer) else {
            throw .totalTooLarge(total.name)
        }
    }
}
