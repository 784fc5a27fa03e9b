// Tables of text that line up whatever script is in them, on a terminal and in a pipe.

/// Plain-text tables: a header, a rule, rows, perhaps a total.
public enum Table {
    /// Where a cell's text stands in its column.
    public enum Alignment: Sendable { case left, right }

    /// One column of a table.
    public struct Column: Sendable, Equatable {
        /// What the header row says.
        public var title: String
        /// Texts stand left, numbers right.
        public var alignment: Alignment

        /// A column; left-aligned unless said otherwise.
        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    private static let gap = "  "

    /// The table, every line with its line feed.
    ///
    /// - Parameters:
    ///   - columns: Titles and alignment.
    ///   - rows: Cells; a row may be shorter than the columns, further cells are left out.
    ///   - footer: A last row under a second rule, such as a total; nil: none.
    ///   - width: Columns to fit into; nil: as wide as the cells. Only left-aligned columns are
    ///     cut, since a cut number is a wrong number; a table of numbers may therefore be wider.
    public static func render(
        columns: [Column], rows: [[String]], footer: [String]? = nil, width: Int? = nil
    ) -> String {
        let cells = rows.map { $0.prefix(columns.count).map(Escaping.escaped) }
        let last = footer.map { $0.prefix(columns.count).map(Escaping.escaped) }
        let widths = fit(columns, cells + (last.map { [$0] } ?? []), width)
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: gap) + "\n"
        var text = line(columns.map { Escaping.escaped($0.title) }, columns, widths) + rule
        for row in cells { text += line(row, columns, widths) }
        if let last { text += rule + line(last, columns, widths) }
        return text
    }

    private static func line(_ cells: [String], _ columns: [Column], _ widths: [Int]) -> String {
        let fitted = columns.indices.map { index in
            DisplayWidth.fitted(
                index < cells.count ? cells[index] : "", to: widths[index],
                alignment: columns[index].alignment)
        }
        return trimmedEnd(fitted.joined(separator: gap)) + "\n"
    }

    /// Column widths; the widest left-aligned column gives way first.
    private static func fit(_ columns: [Column], _ rows: [[String]], _ width: Int?) -> [Int] {
        var widths = columns.map { DisplayWidth.columns(Escaping.escaped($0.title)) }
        for row in rows {
            for (index, cell) in row.enumerated() {
                widths[index] = max(widths[index], DisplayWidth.columns(cell))
            }
        }
        guard let width else { return widths }
        var excess = widths.reduce(0, +) + gap.count * max(0, columns.count - 1) - width
        while excess > 0 {
            let candidates = columns.indices.filter {
                columns[$0].alignment == .left && widths[$0] > JournalLimits.columnWidthMin
            }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}

/// The text without the spaces at its end.
func trimmedEnd(_ text: String) -> String {
    var text = Substring(text)
    while text.last == " " { text.removeLast() }
    return String(text)
}
