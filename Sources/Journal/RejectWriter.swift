// `rejects.csv`: what was rejected, where it stood and why. The caller masks personal values; here
// they are made safe to open in a spreadsheet.

/// One row of the reject list.
public struct RejectRow: Sendable, Equatable {
    /// 1-based number of the record in the input.
    public var record: Int64
    /// 0-based offset of the record or field in the input, in bytes.
    public var byte: Int64
    /// The partition of its key; nil: the key could not be read or belongs to none.
    public var partition: Int?
    /// The record's key, masked where it is personal; empty when it could not be read.
    public var key: String
    /// The field that broke the rule; empty for a rule about the whole record.
    public var field: String
    /// The rule's name.
    public var rule: String
    /// What the field held, masked where it is personal.
    public var value: String

    /// Memberwise.
    public init(
        record: Int64, byte: Int64, partition: Int?, key: String, field: String, rule: String,
        value: String
    ) {
        self.record = record
        self.byte = byte
        self.partition = partition
        self.key = key
        self.field = field
        self.rule = rule
        self.value = value
    }
}

/// Writes a reject list, 0600, replacing one that was there.
///
/// The first write that fails is kept and thrown by ``close()``, so that a full disk does not end
/// validation in the middle; rows after it are not kept in memory.
public struct RejectWriter: ~Copyable {
    /// The file, as it was given.
    public let path: String
    /// Rows taken so far.
    public private(set) var rows = 0
    private let file: AppendFile
    private var buffer: [UInt8]
    private var failure: JournalError?

    /// Opens the list and writes its header row.
    public init(path: String) throws(JournalError) {
        self.path = path
        file = try AppendFile(path: path, truncates: true)
        buffer = Array((RejectText.header + "\r\n").utf8)
    }

    /// Takes one row.
    public mutating func write(_ row: RejectRow) {
        rows += 1
        buffer.append(contentsOf: RejectText.line(row).utf8)
        if buffer.count >= JournalLimits.rejectBufferBytes { flush() }
    }

    /// Writes what is left, forces it to the disk and closes the file.
    ///
    /// - Throws: The first failure since the list was opened. Dropping the writer without closing
    ///   it loses the buffered rows.
    public consuming func close() throws(JournalError) {
        flush()
        if let failure { throw failure }
        if let code = file.sync() {
            throw JournalError(operation: .sync, path: path, errno: code)
        }
    }

    private mutating func flush() {
        if failure == nil, let code = file.append(buffer) {
            failure = JournalError(operation: .write, path: path, errno: code)
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Reject rows as CSV (RFC 4180), without a formula in any cell.
public enum RejectText {
    /// The header row, without its line end.
    public static let header = "record,byte,partition,key,field,rule,value"

    /// One row with its line end.
    public static func line(_ row: RejectRow) -> String {
        let texts = [row.key, row.field, row.rule, row.value].map(cell)
        let numbers = [String(row.record), String(row.byte), row.partition.map(String.init) ?? ""]
        return (numbers + texts).joined(separator: ",") + "\r\n"
    }

    /// A text as one cell: controls escaped, a leading `'` where a spreadsheet would calculate,
    /// quoted where CSV needs it.
    public static func cell(_ text: String) -> String {
        let safe = (beginsFormula(text) ? "'" : "") + Escaping.escaped(text)
        guard safe.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") })
        else { return safe }
        var quoted = "\""
        for scalar in safe.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// Whether the first character that counts starts a formula; spaces and quotes do not count,
    /// since spreadsheets strip them on import.
    static func beginsFormula(_ text: String) -> Bool {
        if let first = text.unicodeScalars.first, ["\t", "\r", "\n"].contains(first) {
            return true
        }
        let start = text.unicodeScalars.first { !isSkipped($0) }
        return start.map(startsFormula) ?? false
    }

    private static func isSkipped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x22, 0x27, 0x60, 0x2018...0x201F, 0xFF02, 0xFF07: true
        case 0x00...0x20, 0x7F...0xA0, 0x200B...0x200F, 0x2060, 0xFEFF: true
        default: scalar.properties.isWhitespace || Escaping.isHarmful(scalar)
        }
    }

    /// `= + - @` and their full-width, small and mathematical forms.
    private static func startsFormula(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "=", "+", "-", "@": true
        case "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
        case "\u{FE66}", "\u{FE62}", "\u{FE63}", "\u{FE6B}", "\u{2212}": true
        default: false
        }
    }
}
