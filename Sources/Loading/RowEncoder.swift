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

/// Encodes staging rows in the column order of ``RunTables/copyColumns(withPlaces:)``.
///
/// One reservation per row, then words are stored: byte by byte an array's checks cost more than
/// the values.
struct RowEncoder {
    /// Where a staging column's value comes from.
    private enum Source {
        case data(field: Int)
        /// The partition key, whose image is its text.
        case key
        /// A cell that is the same for all records of a group: an index into its cells.
        case header(cell: Int)
    }

    private let columns: [(source: Source, encoding: TargetPlan.Encoding, scale: Int)]
    private let checker: RecordChecker
    /// Encoded header fields by group.
    private let headerCells: [[[UInt8]]]
    private let fieldCount: Int
    /// Whether rows say their place among the records of their target row.
    private let withPlaces: Bool
    /// Bytes of a row beside its keys.
    private let rowBytesMax: Int
    private var scratch: [UInt8] = []

    /// The signature and the empty header of a binary COPY.
    static let fileHeader: [UInt8] =
        [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00] + [0, 0, 0, 0]
        + [0, 0, 0, 0]
    /// The end of a binary COPY.
    static let fileTrailer: [UInt8] = [0xFF, 0xFF]
    /// Bytes of the columns that every staging table has, beside the key: 97.
    private static let fixedBytesMax = 128
    /// Bytes of a number, a day or its text with their length: a numeric of 7 digits to base
    /// 10,000 has 26, a decimal's text 4 + 18 digits, sign, point and zeros.
    private static let scalarBytesMax = 64
    /// UTF-8 bytes of one byte of a single-byte repertoire: half-width kana have 3.
    private static let textGrowthMax = 3

    /// - Parameter withPlaces: Some target row has more than one record; otherwise the columns' defaults
    ///   say that each is the first and the last one.
    init(plan: TargetPlan, rules: SliceRules, withPlaces: Bool) throws {
        checker = rules.checker
        self.withPlaces = withPlaces
        fieldCount = (withPlaces ? 10 : 8) + plan.columns.count
        var cells = rules.groups.map { _ in [[UInt8]]() }
        var rowBytes = Self.fixedBytesMax
        var columns: [(source: Source, encoding: TargetPlan.Encoding, scale: Int)] = []
        for column in plan.columns {
            if column.field.hasPrefix("header.") {
                let name = String(column.field.dropFirst(7))
                let scale = rules.contract.recordType(.header)?.field(name)?.scale ?? 0
                columns.append((.header(cell: cells.first?.count ?? 0), column.encoding, scale))
                for (group, envelope) in rules.groups.enumerated() {
                    let cell = Self.cell(
                        of: envelope.headerFields[name], as: column.encoding, scale: scale)
                    cells[group].append(cell)
                }
                rowBytes += cells.compactMap { $0.last?.count }.max() ?? 0
                continue
            }
            guard let index = rules.checker.fieldIndex(column.field) else {
                throw ContractFault(
                    path: "records.data", message: "there is no field \(column.field)")
            }
            let field = rules.data.fields[index]
            let isKey = index == rules.partitionKeyField && column.encoding == .text
            columns.append(
                (isKey ? .key : .data(field: index), column.encoding, field.scale ?? 0))
            rowBytes += Self.scalarBytesMax + Self.textGrowthMax * field.bytes
        }
        self.columns = columns
        headerCells = cells
        rowBytesMax = rowBytes
    }

    /// Appends one row.
    mutating func append(
        _ entry: SliceEntry, record: Span<UInt8>, keys: [UInt8], sequence: Int, isLast: Bool,
        seen: Seen?, to output: inout [UInt8]
    ) {
        let keyPlace = Int(entry.keyAt)..<Int(entry.keyAt + entry.keyCount)
        let key = keys.span.extracting(keyPlace)
        output.append(addingCapacity: rowBytesMax + columns.count * key.count + key.count) { row in
            row.append(bigEndian: UInt16(fieldCount))
            row.append(cell: key)
            row.append(int64: entry.number)
            if withPlaces {
                row.append(bigEndian: UInt32(2))
                row.append(bigEndian: UInt16(truncatingIfNeeded: sequence))
                row.append(byte: isLast ? 1 : 0)
            }
            row.append(byte: seen == nil ? 0 : 1)
            row.append(optional: seen?.lockAt)
            if let seen {
                row.append(bigEndian: UInt32(4))
                row.append(bigEndian: seen.rowVersion)
            } else {
                row.appendNull()
            }
            row.append(optional: seen?.count)
            if let address = seen?.address {
                row.append(bigEndian: UInt32(6))
                row.append(bigEndian: UInt32(truncatingIfNeeded: address >> 16))
                row.append(bigEndian: UInt16(truncatingIfNeeded: address))
            } else {
                row.appendNull()
            }
            row.append(int64: Int64(bitPattern: entry.digest))
            for column in columns {
                switch column.source {
                case .data(let field):
                    append(field, record, as: column.encoding, scale: column.scale, to: &row)
                case .key: row.append(cell: key)
                case .header(let cell):
                    let cell = headerCells[Int(entry.group)][cell]
                    row.append(contentsOf: cell.span)
                }
            }
        }
    }

    private mutating func append(
        _ field: Int, _ record: Span<UInt8>, as encoding: TargetPlan.Encoding, scale: Int,
        to row: inout OutputSpan<UInt8>
    ) {
        switch encoding {
        case .text:
            if let place = checker.plainText(field, record) {
                guard !place.isEmpty else { return row.appendNull() }
                return row.append(cell: record.extracting(place))
            }
            scratch.removeAll(keepingCapacity: true)
            guard checker.appendText(field, record, to: &scratch) else { return row.appendNull() }
            row.append(cell: scratch.span)
        case .date: Self.append(days: checker.date(field, record)?.daysSince2000, to: &row)
        case .int2, .int4, .int8, .numeric:
            Self.append(
                number: checker.integer(field, record), as: encoding, scale: scale, to: &row)
        }
    }

    /// A header field as it stands in every row of its group, with its length; nil: NULL.
    private static func cell(
        of text: String?, as encoding: TargetPlan.Encoding, scale: Int
    ) -> [UInt8] {
        var cell: [UInt8] = []
        let bytes = Array((text ?? "").utf8)
        cell.append(addingCapacity: scalarBytesMax + bytes.count) { row in
            guard let text else { return row.appendNull() }
            switch encoding {
            case .text: row.append(cell: bytes.span)
            case .date: append(days: CalendarDate(iso: text)?.daysSince2000, to: &row)
            case .int2, .int4, .int8, .numeric:
                // A decimal's text has all its decimal places: without the point it counts units.
                let digits = scale > 0 ? text.filter { $0 != "." } : text
                append(number: Int64(digits), as: encoding, scale: scale, to: &row)
            }
        }
        return cell
    }

    private static func append(days: Int32?, to row: inout OutputSpan<UInt8>) {
        guard let days else { return row.appendNull() }
        row.append(bigEndian: UInt32(4))
        row.append(bigEndian: UInt32(bitPattern: days))
    }

    /// A number too large for its column goes out at full width: the server refuses the row (22P03),
    /// so that it becomes the reject `target-constraint` and never another number.
    private static func append(
        number: Int64?, as encoding: TargetPlan.Encoding, scale: Int,
        to row: inout OutputSpan<UInt8>
    ) {
        guard let number else { return row.appendNull() }
        switch encoding {
        case .int2:
            guard let fitting = Int16(exactly: number) else { return row.append(int64: number) }
            row.append(bigEndian: UInt32(2))
            row.append(bigEndian: UInt16(bitPattern: fitting))
        case .int4:
            guard let fitting = Int32(exactly: number) else { return row.append(int64: number) }
            row.append(bigEndian: UInt32(4))
            row.append(bigEndian: UInt32(bitPattern: fitting))
        case .int8, .text, .date: row.append(int64: number)
        case .numeric: append(numeric: number, scale: scale, to: &row)
        }
    }

    /// A numeric: digits in base 10,000, the weight of the first, sign and scale (src: numeric_send).
    ///
    /// - Parameter scale: Decimal places of the number, which counts units of the last one.
    static func append(
        numeric number: Int64, scale: Int = 0, to row: inout OutputSpan<UInt8>
    ) {
        var digits: [UInt16] = []
        // Digits of base 10,000 stand on either side of the point: the last one is filled up.
        let fill = (4 - scale % 4) % 4
        let (high, low) = number.magnitude.multipliedFullWidth(by: [1, 10, 100, 1_000][fill])
        let places = (scale + 3) / 4
        var rest = low
        if high > 0 {
            let (quotient, remainder) = UInt64(10_000).dividingFullWidth((high, low))
            digits.append(UInt16(remainder))
            rest = quotient
        }
        while rest > 0 {
            digits.append(UInt16(rest % 10_000))
            rest /= 10_000
        }
        let weight = digits.isEmpty ? 0 : digits.count - 1 - places
        row.append(bigEndian: UInt32(8 + 2 * digits.count))
        row.append(bigEndian: UInt16(digits.count))
        row.append(bigEndian: UInt16(bitPattern: Int16(weight)))
        row.append(bigEndian: UInt16(number < 0 ? 0x4000 : 0))
        row.append(bigEndian: UInt16(scale))
        for digit in digits.reversed() { row.append(bigEndian: digit) }
    }
}

/// Cells of a binary COPY: a value behind its length.
extension OutputSpan<UInt8> {
    /// SQL NULL.
    @inline(__always)
    mutating func appendNull() { append(bigEndian: UInt32.max) }

    /// A value of one byte: boolean or "char".
    @inline(__always)
    mutating func append(byte: UInt8) {
        append(bigEndian: UInt32(1))
        append(byte)
    }

    /// A value of eight bytes.
    @inline(__always)
    mutating func append(int64: Int64) {
        append(bigEndian: UInt32(8))
        append(bigEndian: UInt64(bitPattern: int64))
    }

    /// nil: SQL NULL.
    @inline(__always)
    mutating func append(optional: Int64?) {
        if let optional { append(int64: optional) } else { appendNull() }
    }

    /// A value as it stands.
    @inline(__always)
    mutating func append(cell: Span<UInt8>) {
        append(bigEndian: UInt32(cell.count))
        append(contentsOf: cell)
    }
}
