// What PostgreSQL or libpq reported, as one value; what to do about it is the caller's.

import CLibPQ

/// Trouble reported by PostgreSQL or libpq.
///
/// No parameter is ever put into it here, and a URL's password is never echoed. The server itself
/// quotes values in ``message`` (class 22), ``detail`` and ``context``: treat these as personal
/// data. ``description`` leaves such values out.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is: the choice between retry, stop and report hangs on this.
    public enum Kind: Sendable, Equatable {
        /// The connection failed or the server is going or coming up (08, 57P01–57P03, none).
        case connection
        /// `lock_timeout` or NOWAIT (55P03).
        case lockNotAvailable
        /// A deadlock; this transaction was the victim (40P01).
        case deadlock
        /// Could not serialize (40001).
        case serialization
        /// Canceled by a person or by `statement_timeout` (57014).
        case canceled
        /// No space left (53100).
        case diskFull
        /// Memory, connections or another resource ran out (53).
        case resources
        /// A value or a constraint (22, 23).
        case data
        /// Not allowed, or not let in (42501, 28).
        case permission
        /// A table, column, function, schema or database that is not there (42P01, 42703, …).
        case undefined
        /// Our own bug or the server's (other 42, 0A, 25, 26, 34, XX).
        case bug
        /// Anything else, errors raised by functions (P0001) among them.
        case other
    }

    /// The five characters of SQLSTATE; nil: the connection itself failed.
    public var sqlState: String?
    /// The primary message, one line as a rule.
    public var message: String
    /// The server's detail; nil: none given.
    ///
    /// May quote values.
    public var detail: String?
    /// Where it happened, for example `COPY t, line 17, column a: "x"`; nil: none given.
    public var context: String?
    /// The constraint that was broken; nil: not about a constraint.
    public var constraint: String?
    /// The column it is about; nil: not about one column.
    public var column: String?
    /// Whether the connection broke after COMMIT was sent, so that only the data can tell
    /// whether the transaction took place.
    public var commitUnknown: Bool
    /// Whether the connection is gone.
    ///
    /// It never comes back: open another one.
    public var connectionLost: Bool

    /// An error with these facts.
    public init(
        sqlState: String?, message: String, detail: String? = nil, context: String? = nil,
        constraint: String? = nil, column: String? = nil, commitUnknown: Bool = false,
        connectionLost: Bool = false
    ) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.context = context
        self.constraint = constraint
        self.column = column
        self.commitUnknown = commitUnknown
        self.connectionLost = connectionLost
    }

    /// What kind of trouble ``sqlState`` stands for.
    public var kind: Kind {
        guard let sqlState else { return .connection }
        switch sqlState {
        // The last two end a session that idled too long: the remedy is a new connection.
        case "57P01", "57P02", "57P03", "57P05", "25P03": return .connection
        case "55P03": return .lockNotAvailable
        case "40P01": return .deadlock
        case "40001": return .serialization
        case "57014": return .canceled
        case "53100": return .diskFull
        case "42501": return .permission
        case "42P01", "42703", "42704", "42883", "3D000", "3F000": return .undefined
        default: break
        }
        switch sqlState.prefix(2) {
        case "08": return .connection
        case "53": return .resources
        case "22", "23": return .data
        case "28": return .permission
        case "42", "0A", "25", "26", "34", "XX": return .bug
        default: return .other
        }
    }

    /// Whether it ends by itself: the server is away, starts or stops, or has no disk, memory or
    /// connection to give.
    public var isPassing: Bool {
        connectionLost || [.connection, .diskFull, .resources].contains(kind)
    }

    /// Whether a key that only one row may have is another row's (23505).
    public var isTaken: Bool { sqlState == "23505" }

    /// One line for a log: state, message, constraint and column, without quoted values.
    public var description: String {
        var text = sqlState.map { "\($0): " } ?? ""
        let shown = kind == .data ? hidingQuoted(message, after: ": ") : message
        text += shown.split(separator: "\n").joined(separator: " ")
        if let constraint { text += ", constraint \(constraint)" }
        if let column { text += ", column \(column)" }
        if let context, let line = context.split(separator: "\n").first, line.hasPrefix("COPY ") {
            text += " (\(hidingQuoted(String(line), after: ": ")))"
        }
        if commitUnknown { text += " (whether the transaction was committed is not known)" }
        return text
    }
}

extension PostgresError {
    /// The session was closed earlier; nothing was sent.
    static var closed: PostgresError {
        PostgresError(
            sqlState: nil, message: "the connection was closed before", connectionLost: true)
    }

    /// Misuse that would otherwise be cut off silently at the zero byte.
    static func zeroByte(in what: String) -> PostgresError {
        PostgresError(
            sqlState: "22021", message: "\(what) holds a zero byte, which PostgreSQL cannot store")
    }
}

/// Text with everything from the first quotation mark after `lead` to the last one replaced.
///
/// From first to last, because a quoted value may hold quotation marks itself.
func hidingQuoted(_ text: String, after lead: String = "") -> String {
    let bytes = Array(text.utf8)
    let opening = Array(lead.utf8) + [UInt8(ascii: "\"")]
    guard let last = bytes.lastIndex(of: UInt8(ascii: "\"")),
        let first = bytes.indices.first(where: { bytes[$0...].starts(with: opening) })
    else { return text }
    let start = first + opening.count
    guard start <= last else { return text }
    return String(decoding: bytes[..<start], as: UTF8.self) + "…"
        + String(decoding: bytes[last...], as: UTF8.self)
}
