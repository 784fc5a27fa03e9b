// How messages are named: an id for machines and the telephone, a severity for the eye.

/// How grave a message is; the last letter of its id.
public enum Severity: String, Codable, Sendable, CaseIterable {
    case information = "I"
    case warning = "W"
    case error = "E"
}

/// The name of a message: `KGR`, four digits, and a severity letter.
public struct MessageID: RawRepresentable, Hashable, Sendable, Codable {
    /// The id as it is printed, such as `KGR1001I`.
    public let rawValue: String
    /// The severity its last letter stands for.
    public let severity: Severity

    /// The id with this text; nil when the text does not have the form of one.
    public init?(rawValue: String) {
        let digits = rawValue.utf8.dropFirst(3).dropLast()
        guard rawValue.utf8.count == 8, rawValue.hasPrefix("KGR"),
            digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let last = rawValue.last, let severity = Severity(rawValue: String(last))
        else { return nil }
        self.rawValue = rawValue
        self.severity = severity
    }
}

extension MessageID: ExpressibleByStringLiteral {
    /// An id written in code; a literal of another form is a bug and stops the process.
    public init(stringLiteral value: String) {
        guard let id = MessageID(rawValue: value) else {
            preconditionFailure("not a message id: \(value)")
        }
        self = id
    }
}

extension MessageID: CustomStringConvertible {
    /// The id as it is printed.
    public var description: String { rawValue }
}
