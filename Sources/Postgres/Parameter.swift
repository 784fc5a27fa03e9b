// Values on their way to the server, in text form, and the C strings that carry them.

/// One parameter of a statement, sent as text; the statement's cast gives it its type.
///
/// For example `$1::bigint`, `$2::text[]`, `$3::bytea`.
public enum Parameter: Sendable, Equatable {
    /// SQL NULL.
    case null
    /// Text. A zero byte in it is refused with SQLSTATE 22021.
    case text(String)
    /// A whole number.
    case int(Int64)
    /// `true` or `false`.
    case bool(Bool)
    /// One-dimensional; no element is NULL.
    case textArray([String])
    /// One-dimensional; no element is NULL.
    case intArray([Int64])
    /// Bytes, sent in hexadecimal.
    case bytes([UInt8])

    /// The value as PostgreSQL reads it; nil: SQL NULL.
    var encoded: String? {
        switch self {
        case .null: nil
        case .text(let text): text
        case .int(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        case .textArray(let elements): arrayLiteral(elements)
        case .intArray(let elements): "{" + elements.map { String($0) }.joined(separator: ",") + "}"
        case .bytes(let bytes): hexLiteral(bytes)
        }
    }
}

/// An array literal with every element in quotation marks, so that NULL, blanks, braces and the
/// empty string are plain text.
private func arrayLiteral(_ elements: [String]) -> String {
    let quote = UInt8(ascii: "\"")
    let backslash = UInt8(ascii: "\\")
    var bytes = [UInt8(ascii: "{")]
    for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(quote)
        for byte in element.utf8 {
            if byte == quote || byte == backslash { bytes.append(backslash) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
}

/// `\x` and two hexadecimal digits per byte.
private func hexLiteral(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text = Array("\\x".utf8)
    text.reserveCapacity(2 + 2 * bytes.count)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// Refuses text that C would cut off.
func checkNoZeroByte(_ text: String, _ what: String) throws(PostgresError) {
    guard !text.utf8.contains(0) else { throw .zeroByte(in: what) }
}

/// Lends an array of C strings that ends with a null pointer; nil elements are null pointers.
///
/// The pointers are valid only inside `body`. Every text must be free of zero bytes.
func withCStrings<Result>(
    _ texts: [String?],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    // One buffer for all texts: offsets stay true while it grows, pointers would not.
    var buffer: [CChar] = []
    var offsets: [Int?] = []
    for text in texts {
        guard let text else {
            offsets.append(nil)
            continue
        }
        offsets.append(buffer.count)
        buffer.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
        buffer.append(0)
    }
    buffer.append(0)
    return try unsafe buffer.withUnsafeBufferPointer { characters in
        var pointers = unsafe [UnsafePointer<CChar>?]()
        unsafe pointers.reserveCapacity(offsets.count + 1)
        for offset in offsets {
            guard let offset, let start = characters.baseAddress else {
                unsafe pointers.append(nil)
                continue
            }
            unsafe pointers.append(start + offset)
        }
        unsafe pointers.append(nil)
        return try unsafe pointers.withUnsafeBufferPointer { list in
            guard let start = list.baseAddress else { preconditionFailure("it has an element") }
            return try unsafe body(start)
        }
    }
}
