// Rows of a binary COPY (PostgreSQL documentation, COPY, "Binary Format"): big-endian, every
// value behind its length. Binary, because a CSV COPY ends silently at a line `\.` on 15.

import Ledger
import Records

/// What validation saw of a record's target row.
struct Seen: Equatable {
    /// The lock column in microseconds since 2000-01-01; nil: NULL.
    var lockAt: Int64?
    /// The row version's transaction (xmin).
    var rowVersion: UInt32
    /// The update counter; nil: no such column, or NULL.
    var count: Int64?
    /// Where the row is (its ctid), in the form of `Rows.binaryAddress`; nil: not known.
    var address: UInt64?
}

/// Encodes staging rows in the column order of ``RunTables/copyColumns``.
struct RowEncoder {
    /// Where a staging column's value comes from.
    private enum Source {
        case data(field: Int)
        case header(name: String)
    }

    private let columns: [(source: Source, encoding: TargetPlan.Encoding, scale: Int)]
    private let checker: RecordChecker
    private let groups: [GroupEnvelope]
    private let fieldCount: Int
    private var scratch: [UInt8] = []

    /// The signature and the empty header of a binary COPY.
    static let fileHeader: [UInt8] =
        [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00] + [0, 0, 0, 0]
        + [0, 0, 0, 0]
    /// The end of a binary COPY.
    static let fileTrailer: [UInt8] = [0xFF, 0xFF]

    init(plan: TargetPlan, rules: SliceRules) throws {
        checker = rules.checker
        groups = rules.groups
        fieldCount = 12 + plan.columns.count
        columns = try plan.columns.map { column in
            if column.field.hasPrefix("header.") {
                let name = String(column.field.dropFirst(7))
                let field = rules.contract.recordType(.header)?.field(name)
                return (.header(name: name), column.encoding, field?.scale ?? 0)
            }
            guard let index = rules.checker.fieldIndex(column.field) else {
                throw ContractFault(
                    path: "records.data", message: "there is no field \(column.field)")
            }
            return (.data(field: index), column.encoding, rules.data.fields[index].scale ?? 0)
        }
    }

    /// Appends one row.
    mutating func append(
        _ entry: SliceEntry, record: Span<UInt8>, keys: [UInt8], sequence: Int, isLast: Bool,
        seen: Seen?, digest: UInt64, to output: inout [UInt8]
    ) {
        Self.append16(Int16(fieldCount), to: &output)
        Self.append32(entry.keyCount, to: &output)
        output.append(contentsOf: keys[Int(entry.keyAt)..<Int(entry.keyAt + entry.keyCount)])
        Self.appendInt8(entry.number, to: &output)
        Self.append32(2, to: &output)
        Self.append16(Int16(sequence), to: &output)
        Self.append32(1, to: &output)
        output.append(isLast ? 1 : 0)
        Self.append32(1, to: &output)
        output.append(seen == nil ? 0 : 1)
        Self.appendOptional(seen?.lockAt, to: &output)
        if let seen {
            Self.append32(4, to: &output)
            Self.append32(Int32(bitPattern: seen.rowVersion), to: &output)
        } else {
            Self.append32(-1, to: &output)
        }
        Self.appendOptional(seen?.count, to: &output)
        Self.append(address: seen?.address, to: &output)
        Self.appendInt8(Int64(bitPattern: digest), to: &output)
        Self.append32(1, to: &output)
        output.append(UInt8(ascii: "U"))
        Self.append32(-1, to: &output)
        for column in columns {
            switch column.source {
            case .data(let field):
                append(field, record, as: column.encoding, scale: column.scale, to: &output)
            case .header(let name):
                append(
                    groups[Int(entry.group)].headerFields[name], as: column.encoding,
                    scale: column.scale, to: &output)
            }
        }
    }

    private mutating func append(
        _ field: Int, _ record: Span<UInt8>, as encoding: TargetPlan.Encoding, scale: Int,
        to output: inout [UInt8]
    ) {
        switch encoding {
        case .text:
            scratch.removeAll(keepingCapacity: true)
            guard checker.appendText(field, record, to: &scratch) else {
                return Self.append32(-1, to: &output)
            }
            Self.append32(Int32(scratch.count), to: &output)
            output.append(contentsOf: scratch)
        case .date:
            Self.append(days: checker.date(field, record)?.daysSince2000, to: &output)
        case .int2, .int4, .int8, .numeric:
            Self.append(
                number: checker.integer(field, record), as: encoding, scale: scale, to: &output)
        }
    }

    private func append(
        _ text: String?, as encoding: TargetPlan.Encoding, scale: Int, to output: inout [UInt8]
    ) {
        guard let text else { return Self.append32(-1, to: &output) }
        switch encoding {
        case .text:
            Self.append32(Int32(text.utf8.count), to: &output)
            output.append(contentsOf: text.utf8)
        case .date:
            Self.append(days: CalendarDate(iso: text)?.daysSince2000, to: &output)
        case .int2, .int4, .int8, .numeric:
            // A decimal's text has all its decimal places: without the point it counts units.
            let digits = scale > 0 ? text.filter { $0 != "." } : text
            Self.append(number: Int64(digits), as: encoding, scale: scale, to: &output)
        }
    }

    private static func append(address: UInt64?, to output: inout [UInt8]) {
        guard let address else { return append32(-1, to: &output) }
        append32(6, to: &output)
        append32(Int32(truncatingIfNeeded: address >> 16), to: &output)
        append16(Int16(truncatingIfNeeded: address), to: &output)
    }

    private static func append(days: Int32?, to output: inout [UInt8]) {
        guard let days else { return append32(-1, to: &output) }
        append32(4, to: &output)
        append32(days, to: &output)
    }

    /// A number too large for its column goes out at full width: the server refuses the row (22P03),
    /// so that it becomes the reject `target-constraint` and never another number.
    private static func append(
        number: Int64?, as encoding: TargetPlan.Encoding, scale: Int, to output: inout [UInt8]
    ) {
        guard let number else { return append32(-1, to: &output) }
        switch encoding {
        case .int2:
            guard let fitting = Int16(exactly: number) else {
                return appendInt8(number, to: &output)
            }
            append32(2, to: &output)
            append16(fitting, to: &output)
        case .int4:
            guard let fitting = Int32(exactly: number) else {
                return appendInt8(number, to: &output)
            }
            append32(4, to: &output)
            append32(fitting, to: &output)
        case .int8, .text, .date:
            appendInt8(number, to: &output)
        case .numeric:
            append(numeric: number, scale: scale, to: &output)
        }
    }

    /// A numeric: digits in base 10,000, the weight of the first, sign and scale (src: numeric_send).
    ///
    /// - Parameter scale: Decimal places of the number, which counts units of the last one.
    static func append(numeric number: Int64, scale: Int = 0, to output: inout [UInt8]) {
        var digits: [Int16] = []
        // Digits of base 10,000 stand on either side of the point: the last one is filled up.
        let fill = (4 - scale % 4) % 4
        let (high, low) = number.magnitude.multipliedFullWidth(by: [1, 10, 100, 1_000][fill])
        let places = (scale + 3) / 4
        var rest = low
        if high > 0 {
            let (quotient, remainder) = UInt64(10_000).dividingFullWidth((high, low))
            digits.append(Int16(remainder))
            rest = quotient
        }
        while rest > 0 {
            digits.append(Int16(rest % 10_000))
            rest /= 10_000
        }
        append32(Int32(8 + 2 * digits.count), to: &output)
        append16(Int16(digits.count), to: &output)
        append16(digits.isEmpty ? 0 : Int16(digits.count - 1 - places), to: &output)
        append16(number < 0 ? 0x4000 : 0, to: &output)
        append16(Int16(scale), to: &output)
        for digit in digits.reversed() { append16(digit, to: &output) }
    }

    private static func appendOptional(_ value: Int64?, to output: inout [UInt8]) {
        guard let value else { return append32(-1, to: &output) }
        appendInt8(value, to: &output)
    }

    private static func appendInt8(_ value: Int64, to output: inout [UInt8]) {
        append32(8, to: &output)
        append32(Int32(truncatingIfNeeded: value >> 32), to: &output)
        append32(Int32(truncatingIfNeeded: value), to: &output)
    }

    @inline(__always)
    private static func append32(_ value: Int32, to output: inout [UInt8]) {
        let bits = UInt32(bitPattern: value)
        output.append(UInt8(truncatingIfNeeded: bits >> 24))
        output.append(UInt8(truncatingIfNeeded: bits >> 16))
        output.append(UInt8(truncatingIfNeeded: bits >> 8))
        output.append(UInt8(truncatingIfNeeded: bits))
    }

    @inline(__always)
    private static func append16(_ value: Int16, to output: inout [UInt8]) {
        let bits = UInt16(bitPattern: value)
        output.append(UInt8(truncatingIfNeeded: bits >> 8))
        output.append(UInt8(truncatingIfNeeded: bits))
    }
}
