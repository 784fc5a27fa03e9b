// Makes any text safe to stand in one line of a log, a table or a CSV file.
// Not a codec: a backslash stays as it is, so the result is for reading, not for parsing back.

/// Text from outside, made harmless for logs and terminals.
public enum Escaping {
    /// The text on one line, without anything that moves a cursor or reorders what is read.
    ///
    /// C0 and C1 controls, DEL, the line and paragraph separators, and bidirectional controls become
    /// `\u{..}`. Text above ``JournalLimits/valueCharactersMax`` characters ends in `…`.
    public static func escaped(_ text: String) -> String {
        let head = text.unicodeScalars.prefix(JournalLimits.valueCharactersMax + 1)
        let isLong = head.count > JournalLimits.valueCharactersMax
        guard isLong || head.contains(where: isHarmful) else { return text }
        var result = ""
        for scalar in head.prefix(JournalLimits.valueCharactersMax) {
            if isHarmful(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        if isLong { result += "…" }
        return result
    }

    /// Whether a character could break a line, steer a terminal or reverse the reading order.
    static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x2028, 0x2029: true
        case 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
