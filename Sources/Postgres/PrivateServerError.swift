// Trouble with the private server before there is any connection to it.

import Glibc

/// Why the private server could not be started, stopped or removed.
public struct PrivateServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether trying again unchanged can help.
    public enum Kind: Sendable, Equatable {
        /// PostgreSQL's programs are not installed. Settings or the machine must change first.
        case notInstalled
        /// A directory cannot be used: not absolute, owned by somebody else, not a directory.
        case unusableDirectory
        /// A program or a system call failed, or something took too long.
        case failed
    }

    /// The class of the trouble.
    public var kind: Kind
    /// What happened and what to do next.
    public var message: String

    /// The message.
    public var description: String { message }
}

extension PrivateServerError {
    /// A system call that failed, in the system's words.
    ///
    /// - Parameters:
    ///   - action: What could not be done, after "could not".
    ///   - code: The error number; the default is the last one.
    static func system(_ action: String, code: Int32 = errno) -> PrivateServerError {
        let words = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return PrivateServerError(kind: .failed, message: "could not \(action): \(words)")
    }
}
