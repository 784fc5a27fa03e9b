// Checks and reads data records by a contract. One record at a time; what concerns several records
// (unique keys, totals over a group) is put together elsewhere from what is read here.

/// Checks data records against the contract's field rules.
///
/// Compiled once. Checking a good record allocates nothing and makes no `String`. A record passed
/// in has exactly the contract's length; anything else is a programming error.
public struct RecordChecker: Sendable {
    private let table: FieldTable
    private let screen: FieldScreen
    private let recordBytes: Int
    private let keyField: Int
    private let totals: [Total]
    private let conditions: ValueLists

    /// A control total by field indexes; -1: counts, or no condition.
    private struct Total: Sendable {
        var sumField: Int
        var conditionField: Int
        var conditionValues: Int
        var negated: Bool
    }

    /// Compiles the contract; throws its first fault.
    ///
    /// A contract with a month and day in any record type needs the parameter `business_date`.
    public init(contract: Contract, parameters: RunParameters) throws(ContractFault) {
        if let fault = contract.faults.first { throw fault }
        if parameters.businessDate == nil, let fault = contract.datelessFault { throw fault }
        guard let data = contract.recordType(.data) else {
            throw ContractFault(path: "records", message: "there is no data record type")
        }
        table = try FieldTable(
            data, contract.characters, businessDate: parameters.businessDate,
            lineBreaks: contract.csv?.lineBreaksInQuotes ?? false)
        recordBytes = contract.recordBytes
        screen = FieldScreen(table, recordBytes: recordBytes)
        let names = data.fields.map(\.name)
        keyField = names.firstIndex(of: contract.partitionKey) ?? -1
        var conditions = ValueLists()
        var lists: [[String]: Int] = [:]
        totals = contract.controlTotals.map { total in
            let condition = total.condition
            let list = condition.map { condition in
                lists[condition.values] ?? conditions.add(condition.values, contract.characters)
            }
            if let condition { lists[condition.values] = list }
            return Total(
                sumField: total.sum.flatMap { names.firstIndex(of: $0) } ?? -1,
                conditionField: condition.flatMap { names.firstIndex(of: $0.field) } ?? -1,
                conditionValues: list ?? -1, negated: condition?.negated ?? false)
        }
        self.conditions = conditions
    }

    /// Appends every violation of one record, at most one per field in the order of the fields;
    /// true when there was none.
    public func check(_ record: Span<UInt8>, into violations: inout [Violation]) -> Bool {
        precondition(record.count == recordBytes, "a record of another length")
        if screen.passes(record) {
            var good = true
            for index in screen.remaining
            where table.screenedFinding(table.entries[index], record) != nil {
                good = false
                break
            }
            if good { return true }
        }
        var good = true
        for index in table.entries.indices {
            guard let finding = table.finding(table.entries[index], record) else { continue }
            good = false
            violations.append(
                Violation(
                    fieldIndex: index, rule: finding.rule, byteInRecord: finding.byteInRecord))
        }
        return good
    }

    /// Appends the partition key's image: its normalised text as UTF-8 (PROTOCOL 1).
    ///
    /// False and nothing appended when the key is blank or holds a byte its type does not allow.
    public func appendKeyImage(_ record: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        let entry = table.entries[keyField]
        guard table.isReadable(entry, record) else { return false }
        return table.appendText(entry, record, to: &bytes)
    }

    /// Adds what this record is worth to every figure of `contract.controlTotals`.
    ///
    /// 0 when the condition does not hold or the summed field is blank, 1 for counts; a figure
    /// becomes nil when the summed field cannot be read or the sum leaves Int64. The condition
    /// compares normalised text, blank is "". Totals mostly share a condition and a field, so each
    /// is looked at once when they stand together.
    func contribute(_ record: Span<UInt8>, to figures: inout [Int64?]) {
        var heldField = -1
        var heldList = -1
        var isHeld = true
        var readField = -1
        var read: Int64? = 0
        for index in totals.indices {
            let total = totals[index]
            if total.conditionField >= 0 {
                if total.conditionField != heldField || total.conditionValues != heldList {
                    heldField = total.conditionField
                    heldList = total.conditionValues
                    let entry = table.entries[heldField]
                    isHeld = conditions.contains(
                        heldList, record, entry.start, table.textEnd(entry, record))
                }
                if isHeld == total.negated { continue }
            }
            var worth: Int64? = 1
            if total.sumField >= 0 {
                if total.sumField != readField {
                    readField = total.sumField
                    let entry = table.entries[readField]
                    read =
                        table.integer(entry, record)
                        ?? (table.isBlank(entry, record) ? 0 : nil)
                }
                worth = read
            }
            figures[index] = ControlSums.sum(figures[index], worth)
        }
    }

    /// The index of a data field by its name; nil: no such field.
    public func fieldIndex(_ name: String) -> Int? { table.names.firstIndex(of: name) }

    /// The number in a field of digits; nil: blank (or, in a record that was not checked, unreadable).
    ///
    /// Of a decimal, in units of its last decimal place.
    public func integer(_ field: Int, _ record: Span<UInt8>) -> Int64? {
        table.integer(table.entries[field], record)
    }

    /// Appends a checked field's normalised text as UTF-8; false and nothing appended when blank.
    ///
    /// Digits keep their leading zeros; a month and day becomes `yyyy-mm-dd`.
    public func appendText(
        _ field: Int, _ record: Span<UInt8>, to bytes: inout [UInt8]
    ) -> Bool {
        table.appendText(table.entries[field], record, to: &bytes)
    }

    /// Where a checked text field's normalised text stands in the record, when that is its UTF-8 as
    /// well; empty: it is blank; nil: it must be asked for with `appendText`.
    @inline(__always)
    public func plainText(_ field: Int, _ record: Span<UInt8>) -> Range<Int>? {
        table.plainText(table.entries[field], record)
    }

    /// The day in a date or month-and-day field; nil: blank, or no such day (near the business
    /// date).
    public func date(_ field: Int, _ record: Span<UInt8>) -> CalendarDate? {
        table.date(table.entries[field], record)
    }

    /// A field as people see it, checked or not: trailing spaces off, unreadable bytes as `\xNN`.
    ///
    /// - Parameter masked: Hides all but the last 2 characters of a personal field, and all of
    ///   them when there are fewer than 5.
    public func display(_ field: Int, _ record: Span<UInt8>, masked: Bool) -> String {
        let entry = table.entries[field]
        let end = table.textEnd(entry, record)
        if table.repertoire == .utf8 {
            let scalars = FileText.scalars(record.extracting(entry.start..<end), .utf8)
            let count = scalars.count
            let hidden = masked && entry.personal ? (count < 5 ? count : count - 2) : 0
            return scalars.enumerated().map { $0.offset < hidden ? "*" : $0.element }.joined()
        }
        let length = end - entry.start
        let hidden = masked && entry.personal ? (length < 5 ? length : length - 2) : 0
        var text = String(repeating: "*", count: hidden)
        for index in (entry.start + hidden)..<end {
            text += Excerpt.text(record[index], table.repertoire)
        }
        return text
    }
}

extension Contract {
    /// A month and day without a business date to give it a year; nil: there is none.
    var datelessFault: ContractFault? {
        for type in recordTypes {
            for field in type.fields where field.type == .monthDay {
                return ContractFault(
                    path: "records.\(type.role.rawValue).fields.\(field.name)",
                    message: "a month and day gets its year from the parameter business_date, "
                        + "which the run was not given")
            }
        }
        return nil
    }
}
