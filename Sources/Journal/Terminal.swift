// Where text for people goes, and whether it may move the cursor and show colours.

import FoundationEssentials

/// Colours and weights, or none of them.
public struct Style: Sendable, Equatable {
    /// What a piece of text is given.
    public enum Ink: String, Sendable {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    /// Whether anything is added to the text.
    public var isColoured: Bool

    /// Text as it is.
    public static let plain = Style(isColoured: false)

    /// With colours or without.
    public init(isColoured: Bool) { self.isColoured = isColoured }

    /// Colours only on a terminal that is not dumb, and when `NO_COLOR` is unset or empty.
    public init(isTerminal: Bool, environment: [String: String]) {
        let refused = !(environment["NO_COLOR"] ?? "").isEmpty
        isColoured = isTerminal && !refused && environment["TERM"] != "dumb"
    }

    /// The text in this ink; its width does not change.
    public func paint(_ text: String, _ ink: Ink) -> String {
        guard isColoured, ink != .plain, !text.isEmpty else { return text }
        return "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m"
    }
}

/// An output stream of this process, as it was at start.
public struct Terminal: Sendable {
    /// Which stream.
    public enum Stream: Int32, Sendable {
        case standardOutput = 1
        case standardError = 2
    }

    /// Which stream.
    public let stream: Stream
    /// Whether people read it as it is written.
    public let isTerminal: Bool
    /// Whether the cursor can be moved: a terminal that is not dumb.
    public let canRedraw: Bool
    /// Colours, or none.
    public let style: Style
    private let columnsSetting: Int?

    /// Looks at a stream.
    ///
    /// - Parameter environment: `TERM`, `NO_COLOR` and `COLUMNS` are read; nil: the process's own.
    public init(_ stream: Stream, environment: [String: String]? = nil) {
        let environment = environment ?? ProcessInfo.processInfo.environment
        self.stream = stream
        isTerminal = readTerminalSize(stream.rawValue) != nil
        canRedraw = isTerminal && environment["TERM"] != "dumb"
        style = Style(isTerminal: isTerminal, environment: environment)
        columnsSetting = environment["COLUMNS"].flatMap(Int.init)
    }

    /// Columns now: `COLUMNS`, else the terminal's own size, else 80.
    public var columns: Int {
        let found = columnsSetting ?? readTerminalSize(stream.rawValue)?.columns ?? 0
        let known = found > 0 ? found : JournalLimits.columnsDefault
        return min(max(known, JournalLimits.columnsMin), JournalLimits.columnsMax)
    }

    /// Rows now: the terminal's own size, else 24.
    public var rows: Int {
        let found = readTerminalSize(stream.rawValue)?.rows ?? 0
        return found > 0 ? found : JournalLimits.rowsDefault
    }

    /// Writes text with one call; trouble with a terminal is not an error of the run.
    public func write(_ text: String) {
        _ = writeAll(Array(text.utf8), to: stream.rawValue)
    }
}
