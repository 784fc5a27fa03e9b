// How wide text is on a terminal: kanji take two columns, half-width kana one, marks none.

/// Columns that text takes on a terminal.
public enum DisplayWidth {
    /// The columns of a text; controls count 0, so escape first.
    public static func columns(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + columns($1) }
    }

    /// The columns of one character: 2 for wide and full-width, 0 for marks and controls, else 1.
    public static func columns(_ scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x20 || (0x7F..<0xA0).contains(value) { return 0 }
        if value < 0x300 { return value == 0xAD ? 0 : 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return wide.contains { $0.contains(value) } ? 2 : 1
        }
    }

    /// The text in at most this many columns; what is cut shows as `…`.
    public static func truncated(_ text: String, to limit: Int) -> String {
        guard columns(text) > limit else { return text }
        guard limit > 0 else { return "" }
        var result = ""
        var used = 1
        for character in text {
            let width = columns(String(character))
            if used + width > limit { break }
            used += width
            result.append(character)
        }
        return result + "…"
    }

    /// The text cut or filled with spaces to exactly this many columns.
    public static func fitted(
        _ text: String, to width: Int, alignment: Table.Alignment = .left
    ) -> String {
        let cut = truncated(text, to: width)
        let spaces = String(repeating: " ", count: max(0, width - columns(cut)))
        return alignment == .left ? cut + spaces : spaces + cut
    }

    /// Blocks of wide and full-width characters (Unicode's East Asian Width W and F) that terminals
    /// agree on; half-width forms at U+FF61 to U+FFDC lie between two of them.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x2E80...0x303E, 0x3041...0x33FF,
        0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
        0x1B000...0x1B2FF, 0x1F200...0x1F2FF, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
        0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
