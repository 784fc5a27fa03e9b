// Every bound of this module, with its reason.

/// Bounds of what the journal writes and shows.
public enum JournalLimits {
    /// Characters of one value in a message or a reject row.
    ///
    /// Longer ones end in `…`: a log line with ten such values is still below 64 KiB of ASCII,
    /// which is what log shippers take as one line.
    public static let valueCharactersMax = 2_000
    /// Messages kept for the report of a run; the run log has them all.
    public static let reportMessagesMax = 100
    /// One catalogue file; a hundred messages take about 16 KiB.
    public static let catalogueBytesMax = 1 << 20
    /// Reject rows are gathered up to this many bytes before one write; 64 KiB is where larger
    /// writes stop being cheaper per byte.
    static let rejectBufferBytes = 65_536
    /// Bytes of a log read at once.
    static let logBlockBytes = 256 << 10
    /// A line of `run.jsonl` that is longer is shown cut: ten values at their limit, each character
    /// in four bytes, are far below it.
    static let logLineBytesMax = 1 << 20
    /// Frames of the live view: ten per second are smooth, more only cost.
    static let frameInterval: Duration = .milliseconds(100)
    /// Silence between two progress lines without a terminal.
    static let lineInterval: Duration = .seconds(30)
    /// A progress line is also due when this many more percent are done.
    static let lineStepPercent: Int64 = 5
    /// Percent alone do not make a line due sooner than this: a short run stays short in a log.
    static let lineSpacing: Duration = .seconds(5)
    /// Columns assumed when neither the terminal nor `COLUMNS` says; the width of paper and pipes.
    public static let columnsDefault = 80
    /// Rows assumed when the terminal does not say; the height of the oldest terminals.
    static let rowsDefault = 24
    /// Below this the live view cannot show a name and a figure side by side.
    static let columnsMin = 20
    /// Wider than this, lines are hard to read; also bounds what `COLUMNS` may ask for.
    static let columnsMax = 400
    /// A table column is never narrowed below one character and `…`.
    static let columnWidthMin = 2
    /// Columns a caret's source line may take; longer lines show the part around the caret.
    static let caretLineColumnsMax = 96
}
