// A line of a file with a caret under the place a fault is about.

/// Source lines with a mark below one column.
public enum Caret {
    /// The line, and under it a caret and a note.
    ///
    ///     12 │ partitons: 4
    ///        │ ^^^^^^^^^ unknown key, did you mean 'partitions'?
    ///
    /// - Parameters:
    ///   - line: One line without its line end; long ones are cut around the caret.
    ///   - column: Where the caret stands, in characters (Unicode scalars) counted from 1; beyond
    ///     the line it stands directly after it.
    ///   - length: Characters that are marked, at least 1.
    ///   - lineNumber: Shown in front; nil: no number and no rule.
    ///   - note: Shown after the caret; nil: nothing.
    public static func render(
        line: String, column: Int, length: Int = 1, lineNumber: Int? = nil, note: String? = nil
    ) -> String {
        let scalars = Array(line.unicodeScalars)
        let start = min(max(0, column - 1), scalars.count)
        let end = min(max(start, start + max(1, length)), scalars.count)
        var before = shown(scalars[..<start])
        let marked = shown(scalars[start..<end])
        var after = shown(scalars[end...])
        let limit = JournalLimits.caretLineColumnsMax
        if DisplayWidth.columns(before + marked + after) > limit {
            before = tail(before, columns: limit / 2)
            let used = DisplayWidth.columns(before + marked)
            after = DisplayWidth.truncated(after, to: max(0, limit - used))
        }
        let number = lineNumber.map { "\($0) │ " } ?? ""
        let gutter = lineNumber.map { String(repeating: " ", count: String($0).count) + " │ " }
        let carets = String(repeating: "^", count: max(1, DisplayWidth.columns(marked)))
        let indent = String(repeating: " ", count: DisplayWidth.columns(before))
        let tail = note.map { " " + Escaping.escaped($0) } ?? ""
        return number + trimmedEnd(before + marked + after) + "\n"
            + (gutter ?? "") + indent + carets + tail + "\n"
    }

    /// Characters as they are shown: a tab is one space, so that the caret stays below its column.
    private static func shown(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        for scalar in scalars {
            if scalar == "\t" {
                text.append(" ")
            } else {
                text.append(contentsOf: Escaping.escaped(String(scalar)).unicodeScalars)
            }
        }
        return String(text)
    }

    /// The end of a text in at most this many columns; what is cut shows as `…`.
    private static func tail(_ text: String, columns limit: Int) -> String {
        guard DisplayWidth.columns(text) > limit else { return text }
        var kept: [Character] = []
        var used = 1
        for character in text.reversed() {
            used += DisplayWidth.columns(String(character))
            if used > limit { break }
            kept.append(character)
        }
        return "…" + String(kept.reversed())
    }
}
