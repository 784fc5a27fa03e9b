// The one error of this module for trouble with files.

/// A file operation that failed: which, on what, and why.
public struct JournalError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried.
    public enum Operation: String, Sendable {
        case open, read, write, sync
        case makeDirectory = "mkdir"
        case changeMode = "chmod"
    }

    /// What was tried.
    public var operation: Operation
    /// On which file or directory.
    public var path: String
    /// The system's error number.
    public var errno: Int32

    /// The system's words for the error number.
    public var reason: String { systemMessage(errno) }

    /// One line for people.
    public var description: String {
        "\(Escaping.escaped(path)): \(operation.rawValue) failed: \(reason)"
    }

    /// The same as a message for log and terminal.
    public var message: LogMessage {
        LogMessage(
            .fileFailed, ["path": path, "operation": operation.rawValue, "reason": reason])
    }
}
