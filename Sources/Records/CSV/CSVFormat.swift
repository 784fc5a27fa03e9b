// How the records of a contract are written as lines of cells: the dialect, as data.

/// The CSV dialect of a contract.
///
/// Most of it is tolerance: a reader takes quoted and unquoted cells alike, and padded ones too.
public struct CSVFormat: Codable, Sendable, Equatable {
    /// How `kugiri sample` quotes; readers take any.
    public enum Quoting: String, Codable, Sendable, CaseIterable {
        /// Where a cell needs it.
        case any
        /// Every cell.
        case all
        /// No cell; one that would need it cannot be written.
        case none
    }

    /// Whether the first line names the columns.
    public enum HeaderRow: String, Codable, Sendable, CaseIterable {
        case none, required
        /// The first line is one when its first cell is the name of a column.
        case optional
    }

    /// How characters are written in the file; the fields' own repertoire is the contract's.
    public enum Encoding: String, Codable, Sendable, CaseIterable {
        /// Windows code page 932, Microsoft's Shift_JIS.
        case cp932
        case utf8 = "utf-8"
    }

    /// Whether a UTF-8 file begins with a byte order mark.
    public enum ByteOrderMark: String, Codable, Sendable, CaseIterable {
        case none, optional, required
    }

    /// What spaces around a value mean.
    public enum Padding: String, Codable, Sendable, CaseIterable {
        /// They are part of the value: of a number never right, of a text counted as length.
        case keep
        /// Those behind a text and around a number are taken off.
        case strip
    }

    /// Whether fields of type filler have a column.
    public enum Fillers: String, Codable, Sendable, CaseIterable {
        case present, absent
        /// All of them, none, or all but some at the record's end.
        case optional
    }

    /// Between two cells.
    public var delimiter: UInt8
    /// Around a cell, doubled inside one; nil: no byte has this meaning.
    public var quote: UInt8?
    /// How samples are quoted.
    public var quoting: Quoting
    /// Whether a line of names comes first.
    public var headerRow: HeaderRow
    /// How the file's characters are written.
    public var encoding: Encoding
    /// Whether a byte order mark comes first.
    public var byteOrderMark: ByteOrderMark
    /// What spaces around a value mean.
    public var padding: Padding
    /// Leading zeros of digits fields are restored up to the field's length.
    public var zeroFill: Bool
    /// Whether fillers have columns.
    public var fillers: Fillers
    /// A quoted cell may hold line breaks; false: one is a structure fault.
    public var lineBreaksInQuotes: Bool

    /// The defaults of the YAML form.
    public init(
        delimiter: UInt8 = UInt8(ascii: ","), quote: UInt8? = UInt8(ascii: "\""),
        quoting: Quoting = .any, headerRow: HeaderRow = .none, encoding: Encoding = .utf8,
        byteOrderMark: ByteOrderMark = .none, padding: Padding = .strip, zeroFill: Bool = false,
        fillers: Fillers = .present, lineBreaksInQuotes: Bool = false
    ) {
        self.delimiter = delimiter
        self.quote = quote
        self.quoting = quoting
        self.headerRow = headerRow
        self.encoding = encoding
        self.byteOrderMark = byteOrderMark
        self.padding = padding
        self.zeroFill = zeroFill
        self.fillers = fillers
        self.lineBreaksInQuotes = lineBreaksInQuotes
    }
}

extension Contract {
    /// A CSV contract of data records alone, whose first cell is a value like any other.
    public var isTable: Bool {
        csv != nil && recordTypes.count == 1 && recordTypes[0].marker == RecordType.noMarker
    }

    /// The record types as records are checked: those of a CSV contract with room for 18 digits
    /// in every figure of a trailer, since only the fixed form limits a count to six.
    ///
    /// The data record is never changed, so that both forms give the same rows and digests.
    var canonicalTypes: [RecordType] {
        guard csv != nil else { return recordTypes }
        return recordTypes.map { type in
            guard type.role == .trailer else { return type }
            var widened = type
            var at = 1
            widened.fields = type.fields.map { field in
                var field = field
                let isFigure = field.type == .integer && field.signed != true
                if isFigure, field.values == nil, field.pattern == nil {
                    field.bytes = ContractLimits.integerDigitsMax
                }
                field.at = at
                at += field.bytes
                return field
            }
            return widened
        }
    }

    /// The contract whose record types are the canonical ones; the fixed one as it is.
    var canonicalForm: Contract {
        guard csv != nil else { return self }
        var contract = self
        contract.recordTypes = canonicalTypes
        contract.recordBytes = max(recordBytes, canonicalTypes.map(\.fieldBytes).max() ?? 1)
        return contract
    }

    /// Bytes of a record as files hold it, roughly; only for estimates of disk space.
    public var typicalRecordBytes: Int {
        guard csv != nil, let data = recordType(.data) else { return recordBytes }
        return max(1, data.fields.reduce(0) { $0 + min($1.bytes, 8) + 1 })
    }
}

extension RecordType {
    /// The marker of a table's only record type, which looks at no byte.
    public static let noMarker: UInt8 = 0

    /// Bytes from the record's start to the end of its last field.
    var fieldBytes: Int { fields.map { $0.at - 1 + $0.bytes }.max() ?? 0 }
}
