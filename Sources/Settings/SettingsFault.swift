// What is wrong with a settings file, with the place, in words an operator can act on.

/// One fault of a settings file; all faults of a file are reported together.
public struct SettingsFault: Error, Sendable, Equatable {
    /// The file as it was named, or `environment`, or `command line`.
    public var file: String
    /// 1-based; 0: the fault has no place in a file.
    public var line: Int
    /// 1-based, in Unicode scalars; 0: the fault has no place in a file.
    public var column: Int
    /// Where in the file's structure; empty: the whole file.
    ///
    /// For example `jobs.debit-result.target.mode`.
    public var path: String
    /// What is wrong and what was expected.
    public var message: String
    /// What was probably meant; nil: nothing known is near enough.
    public var suggestion: String?
    /// The line's text, passwords masked; nil: the fault has no place in a file.
    public var sourceLine: String?

    /// Memberwise.
    public init(
        file: String, line: Int = 0, column: Int = 0, path: String, message: String,
        suggestion: String? = nil, sourceLine: String? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.message = message
        self.suggestion = suggestion
        self.sourceLine = sourceLine
    }

    /// The fault for people: `file:line:column: path: message`, the line, and a caret below it.
    public var rendered: String {
        var text = line > 0 ? "\(file):\(line):\(column): " : "\(file): "
        if !path.isEmpty { text += "\(path): " }
        text += message
        if let suggestion { text += "; did you mean '\(suggestion)'?" }
        guard line > 0, let sourceLine else { return text }
        return text + "\n    \(Self.printable(sourceLine))\n    \(caretIndent)^"
    }

    /// The line without what steers a terminal: each such character is one U+FFFD.
    private static func printable(_ line: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            switch scalar.value {
            case 0x09: text.append(scalar)
            case 0x00...0x1F, 0x7F...0x9F, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069:
                text.append("\u{FFFD}")
            default: text.append(scalar)
            }
        }
        return String(text)
    }

    /// White space as wide as the text before the caret: tabs stay tabs, wide letters count two.
    private var caretIndent: String {
        var indent = ""
        for scalar in (sourceLine ?? "").unicodeScalars.prefix(max(column, 1) - 1) {
            switch scalar.value {
            case 0x09: indent += "\t"
            case 0x0300...0x036F: break
            case 0x1100...0x115F, 0x2E80...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
                0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
                indent += "  "
            default: indent += " "
            }
        }
        return indent
    }
}

/// Everything that is wrong with the settings; never empty.
public struct SettingsFaults: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order of their place in the file.
    public var faults: [SettingsFault]

    /// These faults; there must be at least one.
    public init(_ faults: [SettingsFault]) {
        precondition(!faults.isEmpty, "faults without a fault")
        self.faults = faults
    }

    /// All faults, rendered, one below the other.
    public var description: String { faults.map(\.rendered).joined(separator: "\n") }
}

/// Collects the faults of one file while it is read.
final class FaultLog {
    /// The file as it was named.
    let file: String
    private let lines: [Substring.UnicodeScalarView]
    private var faults: [SettingsFault] = []

    /// An empty log for a file with this text.
    init(file: String, text: String) {
        self.file = file
        lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" }
    }

    /// Whether nothing is wrong so far.
    var isEmpty: Bool { faults.isEmpty }

    /// Adds a fault; beyond `SettingsLimits.faultsMax` faults are dropped.
    func add(_ message: String, at mark: YAMLMark, path: String, suggestion: String? = nil) {
        guard faults.count < SettingsLimits.faultsMax else { return }
        faults.append(
            SettingsFault(
                file: file, line: mark.line, column: mark.column, path: path, message: message,
                suggestion: suggestion, sourceLine: sourceLine(mark.line)))
    }

    /// Adds faults that were found elsewhere, for example in the environment.
    func add(_ others: SettingsFaults) {
        faults += others.faults.prefix(SettingsLimits.faultsMax - faults.count)
    }

    /// Throws what was collected, in the order of the file; does nothing when there is nothing.
    func throwIfAny() throws(SettingsFaults) {
        guard !faults.isEmpty else { return }
        throw SettingsFaults(faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }

    private func sourceLine(_ line: Int) -> String? {
        guard lines.indices.contains(line - 1),
            lines[line - 1].count <= SettingsLimits.shownLineScalarsMax
        else { return nil }
        var text = String(Substring(lines[line - 1]))
        if text.unicodeScalars.last == "\r" { text.unicodeScalars.removeLast() }
        return DatabaseAddress.masked(text)
    }
}
