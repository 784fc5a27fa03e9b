// Quantities as blocks: bars beside a label, a progress bar, a row of small columns.

/// Horizontal bars of block characters, to an eighth of a column.
public enum Bar {
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    /// A bar for a value, without padding; a value above 0 always shows at least a sliver.
    ///
    /// - Parameters:
    ///   - value: What is shown; negative and not-a-number count as 0.
    ///   - maximum: What fills the whole width; 0 or less: the bar is empty.
    ///   - width: Columns of a full bar.
    public static func horizontal(_ value: Double, of maximum: Double, width: Int) -> String {
        guard value > 0, maximum > 0, width > 0 else { return "" }
        let share = min(1, value / maximum)
        let parts = max(1, Int((share * Double(width * 8)).rounded()))
        return String(repeating: "█", count: parts / 8) + eighths[parts % 8]
    }

    /// One line per row: label, bar, text; labels and texts line up.
    ///
    /// - Parameters:
    ///   - rows: The label, the value that decides the bar's length, and how the value is written.
    ///   - width: Columns of the whole line.
    public static func chart(
        _ rows: [(label: String, value: Double, text: String)], width: Int
    ) -> String {
        let labels = rows.map { Escaping.escaped($0.label) }
        let labelWidth = min(labels.map(DisplayWidth.columns).max() ?? 0, max(1, width / 3))
        let textWidth = rows.map { DisplayWidth.columns($0.text) }.max() ?? 0
        let barWidth = max(1, width - labelWidth - textWidth - 4)
        let maximum = rows.map(\.value).max() ?? 0
        var chart = ""
        for (label, row) in zip(labels, rows) {
            let bar = horizontal(row.value, of: maximum, width: barWidth)
            chart += DisplayWidth.fitted(label, to: labelWidth) + "  "
            chart += DisplayWidth.fitted(row.text, to: textWidth, alignment: .right)
            chart += trimmedEnd("  " + bar) + "\n"
        }
        return chart
    }

    /// `██████▌░░░░░░  50 %`; never shows 100 % before everything is done.
    ///
    /// - Parameters:
    ///   - done: Records handled.
    ///   - total: Records to handle; 0 or less: unknown, the bar is empty and the share is `–`.
    ///   - width: Columns of bar and share together.
    public static func progress(done: Int64, total: Int64, width: Int) -> String {
        let barWidth = max(1, width - 6)
        guard total > 0 else { return String(repeating: "░", count: barWidth) + "   – %" }
        let bar = horizontal(Double(done), of: Double(total), width: barWidth)
        let rest = String(repeating: "░", count: max(0, barWidth - DisplayWidth.columns(bar)))
        let percent = String(Figures.percent(done: done, total: total))
        return bar + rest + " " + DisplayWidth.fitted(percent, to: 3, alignment: .right) + " %"
    }
}

/// A row of small columns, one per value.
public enum Spark {
    private static let levels = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// One character per value, scaled from 0 to the largest value.
    public static func line(_ values: [Double]) -> String {
        let maximum = values.filter(\.isFinite).max() ?? 0
        return values.map { value in
            guard maximum > 0, value > 0 else { return levels[0] }
            let share = min(1, value / maximum)
            return levels[min(7, Int((share * 7).rounded()))]
        }.joined()
    }
}
