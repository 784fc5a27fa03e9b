// What makes a file as a whole unreadable (exit 10), in words an operator can act on.

/// A structural fault of a file: what, where, what to do.
public struct StructureFault: Error, Sendable, Equatable {
    /// The ways a file can be unreadable.
    public enum Kind: Sendable, Equatable {
        /// 0 bytes.
        case emptyFile
        /// The record ends too early (a separator or the file's end), or its separator comes late.
        case recordLength(expectedBytes: Int, foundBytes: Int)
        /// Something else where the separator should stand.
        case separator(expected: Framing, found: [UInt8])
        /// A record that begins with a byte the contract does not know.
        case unknownMarker(UInt8)
        /// A record where the contract does not allow it; `after` nil: at the file's start.
        case order(found: RecordType.Role, after: RecordType.Role?)
        /// The file ends inside a group.
        case missingTrailer
        /// The file ends before its end record.
        case missingEnd
        /// Bytes behind the end record, its separator and one end mark.
        case afterEnd(bytes: UInt64)
        /// The file was converted to UTF-8 on its way.
        case looksLikeUTF8
        /// The file begins with a Unicode byte order mark.
        case byteOrderMark
        /// More header groups than a file may have.
        case tooManyGroups(limit: Int)
        /// A header, trailer or end record breaks a field rule.
        case badField(role: RecordType.Role, field: String, rule: RuleID)
        /// A CSV record of more bytes; `quoted`: from the offending byte on inside quotes.
        case recordTooLong(limit: Int, quoted: Bool)
        /// A line break between quotes, which the contract does not allow.
        case lineBreakInQuotes(openedRecord: UInt64)
        /// The file ends between quotes.
        case unclosedQuote
        /// A wrong name in the header row; `column` counts from 1, "" stands for no column.
        case headerRow(column: Int, expected: String, found: String)
        /// The file has no header row.
        case headerRowMissing
        /// The file does not begin with the byte order mark it must have.
        case byteOrderMarkMissing
    }

    /// What is wrong.
    public var kind: Kind
    /// 1-based physical record in the file; for what follows the last record, one more than it.
    public var recordNumber: UInt64
    /// 0-based offset of the offending byte.
    public var fileOffset: UInt64
    /// The bytes around it, control bytes as escapes; `RecordsLimits.excerptBytesMax` at most.
    ///
    /// Where records are out of place nobody knows which bytes are personal, so few are shown.
    /// Where a field is at fault, personal bytes other than the offending one are `*`.
    public var line: String
    /// 0-based column of the offending byte in `line`; the line's length at the file's end.
    public var caretColumn: Int
    /// One English sentence with numbers.
    public var message: String
    /// What to do next, one English sentence.
    public var advice: String

    init(_ kind: Kind, record: UInt64, fileOffset: UInt64, _ excerpt: Excerpt) {
        self.kind = kind
        self.recordNumber = record
        self.fileOffset = fileOffset
        line = excerpt.line
        caretColumn = excerpt.caretColumn
        message = kind.message(record: record, fileOffset: fileOffset)
        advice = kind.advice
    }
}

extension StructureFault.Kind {
    fileprivate func message(record: UInt64, fileOffset: UInt64) -> String {
        let place = "at byte \(fileOffset)"
        switch self {
        case .emptyFile: return "The file has 0 bytes."
        case .recordLength(let expected, let found):
            return "Record \(record) has \(found) bytes \(place) instead of \(expected)."
        case .separator(let expected, let found):
            let wanted = expected == .none ? "the next record" : expected.rawValue
            return "Behind record \(record), \(place), stands \(hexadecimal(found)) instead of "
                + "\(wanted)."
        case .unknownMarker(let byte):
            return "Record \(record) begins \(place) with \(hexadecimal([byte])), which is no "
                + "record type of the contract."
        case .order(let found, let after):
            let before = after.map { "behind a \($0.rawValue) record" } ?? "at the file's start"
            return "Record \(record) \(place) is of type \(found.rawValue), which may not stand "
                + "\(before)."
        case .missingTrailer: return "The file ends \(place) without a trailer record."
        case .missingEnd: return "The file ends \(place) without an end record."
        case .afterEnd(let bytes):
            return "\(bytes) bytes follow \(place) behind the end record."
        case .looksLikeUTF8: return "The file holds UTF-8 text, first \(place)."
        case .byteOrderMark: return "The file begins with a Unicode byte order mark."
        case .tooManyGroups(let limit):
            return "Record \(record) \(place) begins group \(limit + 1); \(limit) are allowed."
        case .badField(let role, let field, let rule):
            return "The \(role.rawValue) record \(record) breaks the rule \(rule.rawValue) in "
                + "the field \(field) \(place)."
        case .recordTooLong(let limit, let quoted):
            return quoted
                ? "The quote that record \(record) opens \(place) is not closed within \(limit) "
                    + "bytes."
                : "Record \(record) has more than \(limit) bytes; the last one allowed stands "
                    + "before byte \(fileOffset)."
        case .lineBreakInQuotes(let opened):
            return "The quote opened in line \(opened), \(place), is not closed in its line."
        case .unclosedQuote:
            return "The file ends before the quote is closed that record \(record) opens \(place)."
        case .headerRow(let column, let expected, let found):
            let wanted = expected.isEmpty ? "no more columns" : "\"\(expected)\""
            let shown = found.isEmpty ? "nothing" : "\"\(found)\""
            return "The header row has \(shown) in column \(column), \(place), where \(wanted) "
                + "is expected."
        case .headerRowMissing: return "The file has no header row."
        case .byteOrderMarkMissing:
            return "The file does not begin with the byte order mark of UTF-8."
        }
    }

    fileprivate var advice: String {
        switch self {
        case .emptyFile: "Ask the sender whether the transfer failed."
        case .recordLength:
            "Ask for the file as it left the sender: a text tool or transfer has removed or added "
                + "bytes."
        case .separator(_, let found):
            found.isEmpty
                ? "Check whether the transfer was cut short."
                : "Use one separator throughout, one that the contract lists under framings."
        case .unknownMarker(let byte):
            byte >= 0xF0 && byte <= 0xF9
                ? "Ask for the file in JIS: this looks like an EBCDIC digit."
                : "Check that this is the right file for the job and that no byte was lost before "
                    + "it."
        case .order: "Ask the sender for a complete file; records are missing or out of place."
        case .missingTrailer, .missingEnd:
            "Check whether the transfer was cut short and send the file again."
        case .afterEnd: "Check whether two files were joined into one."
        case .looksLikeUTF8, .byteOrderMark:
            "Transfer the file in binary mode, without any conversion of characters."
        case .tooManyGroups: "Ask the sender to split the file."
        case .badField: "Check that this is the right file, then ask the sender to correct it."
        case .recordTooLong(_, true), .unclosedQuote, .lineBreakInQuotes:
            "Ask the sender to close or double the quote; where line breaks inside quotes are meant, "
                + "set line_breaks_in_quotes in the contract."
        case .recordTooLong(_, false):
            "Check the separators: the file may end its lines with other bytes than the contract "
                + "allows."
        case .headerRow, .headerRowMissing:
            "Check that this is the right file; names and order of its columns must be those of the "
                + "contract."
        case .byteOrderMarkMissing:
            "Ask for the file as UTF-8 with a byte order mark, or set byte_order_mark: optional."
        }
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        guard !bytes.isEmpty else { return "nothing" }
        return bytes.map { "0x" + Excerpt.hexadecimal($0) }.joined(separator: " ")
    }
}

/// A few bytes of a file for people, with the place of one of them.
struct Excerpt: Equatable {
    var line = ""
    var caretColumn = 0

    /// The bytes around `index`; `hides` says which are shown as `*`.
    init(
        _ bytes: Span<UInt8>, at index: Int, _ repertoire: CharacterRepertoire,
        hides: (Int) -> Bool = { _ in false }
    ) {
        let half = RecordsLimits.excerptBytesMax / 2
        let place = min(index, bytes.count)
        for position in max(0, place - half)..<min(bytes.count, place + half) {
            if position == place { caretColumn = line.unicodeScalars.count }
            line += hides(position) ? "*" : Self.text(bytes[position], repertoire)
        }
        if place == bytes.count { caretColumn = line.unicodeScalars.count }
    }

    /// A byte as text: its character, or an escape.
    static func text(_ byte: UInt8, _ repertoire: CharacterRepertoire) -> String {
        switch byte {
        case 0x0D: "\\r"
        case 0x0A: "\\n"
        default: repertoire.scalar(of: byte).map(String.init) ?? "\\x" + hexadecimal(byte)
        }
    }

    static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
