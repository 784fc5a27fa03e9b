// Keys in reports: enough to tell one from another on the telephone, not enough to know one.

/// Masks personal values that are at hand only as text.
package enum Mask {
    /// All but the last two characters replaced; a short key entirely.
    package static func key(_ text: String) -> String {
        let shown = text.count < 5 ? 0 : 2
        return String(repeating: "*", count: text.count - shown) + text.suffix(shown)
    }
}
