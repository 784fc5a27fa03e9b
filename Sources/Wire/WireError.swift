// Why bytes are not a message. Always a value: no byte of a peer stops this process.

/// Bytes that are not a message of this protocol.
public struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public var kind: Kind
    /// Where in the message, in bytes from its start.
    public var offset: Int

    /// Memberwise.
    public init(kind: Kind, offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// What can be wrong with a message.
    public enum Kind: Sendable, Equatable {
        /// Longer than `WireLimits.messageBytesMax`.
        case tooLong(bytes: Int)
        /// Ends before the value that starts at the offset.
        case truncated(expectedBytes: Int, foundBytes: Int)
        /// Does not begin with `KGR1`.
        case notOurs
        /// Another version of the protocol; worth an answer, see `Message.refuse`.
        case version(UInt8)
        /// A message type this version does not have.
        case type(UInt8)
        /// Flags are zero in this version.
        case flags(UInt16)
        /// The header's body length is not that of the bytes after it.
        case bodyLength(stated: Int, found: Int)
        /// A text or byte value over its bound.
        case valueTooLong(bytes: Int, limit: Int)
        /// A count that is zero or over its bound.
        case count(found: UInt64, limit: Int)
        /// Not UTF-8.
        case notUTF8
        /// A zero byte in a text: the ledger cannot store it, and names would end at it.
        case zeroByte
        /// Not one of the values an enumeration, a Boolean or an optional may have.
        case unknownValue(UInt8)
        /// Not five ASCII letters and digits.
        case sqlState
        /// Bytes after the end of the body.
        case trailing(bytes: Int)
    }

    /// One line for a log; holds numbers only, nothing a peer wrote.
    public var description: String { "message refused at byte \(offset): \(reason)" }

    private var reason: String {
        switch kind {
        case .tooLong(let bytes): "\(bytes) bytes, over \(WireLimits.messageBytesMax)"
        case .truncated(let expected, let found): "\(expected) bytes expected, \(found) left"
        case .notOurs: "does not begin with KGR1"
        case .version(let version): "protocol version \(version), ours is \(wireVersion)"
        case .type(let type): "unknown message type \(type)"
        case .flags(let flags): "flags \(flags), none are known"
        case .bodyLength(let stated, let found): "body of \(stated) bytes stated, \(found) found"
        case .valueTooLong(let bytes, let limit): "value of \(bytes) bytes, over \(limit)"
        case .count(let found, let limit): "a count of \(found), expected 1 to \(limit)"
        case .notUTF8: "text is not UTF-8"
        case .zeroByte: "zero byte in a text"
        case .unknownValue(let value): "unknown value \(value)"
        case .sqlState: "SQLSTATE is not five letters and digits"
        case .trailing(let bytes): "\(bytes) bytes after the end"
        }
    }
}
