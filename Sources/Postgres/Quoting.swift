// Names and constants as SQL text. Values belong in parameters; these are for DDL.

/// A name as an SQL identifier, always in quotation marks.
///
/// The name must hold no zero byte, which no identifier can.
public func quoteIdentifier(_ name: String) -> String {
    doubled(name, mark: UInt8(ascii: "\""))
}

/// Text as an SQL constant, for statements that take no parameters, such as CHECK in DDL.
///
/// Right only with `standard_conforming_strings` on, which every ``Connection`` sets. The text must
/// hold no zero byte.
public func quoteLiteral(_ text: String) -> String {
    doubled(text, mark: UInt8(ascii: "'"))
}

/// The text between two marks, with every mark inside it doubled.
///
/// Works on bytes: a mark followed by a combining character is one Swift character and would be
/// missed.
private func doubled(_ text: String, mark: UInt8) -> String {
    precondition(!text.utf8.contains(0), "a zero byte in SQL")
    var bytes = [mark]
    for byte in text.utf8 {
        if byte == mark { bytes.append(mark) }
        bytes.append(byte)
    }
    bytes.append(mark)
    return String(decoding: bytes, as: UTF8.self)
}
