// A host and a port as settings and flags write them. Pure: nothing is looked up or opened.

import Glibc

/// Where a coordinator listens on a network: `tcp://HOST:PORT`.
public struct TCPAddress: Sendable, Equatable {
    /// An IPv4 or IPv6 address without brackets, or a host's name.
    public let host: String
    /// Within `MessagingLimits.portMin` and `MessagingLimits.portMax`.
    public let port: Int
    /// Whether the host is an IPv6 address, which is written in brackets.
    public let isIPv6: Bool
    /// Whether the host is an address; false: a name.
    public let isNumeric: Bool
    /// Whether only this machine can reach it: 127.0.0.0/8 or ::1.
    ///
    /// A name never counts: what `localhost` means is up to the resolver.
    public let isLoopback: Bool

    /// The address as libzmq writes it.
    public var text: String { "\(Self.scheme)\(isIPv6 ? "[\(host)]" : host):\(port)" }

    static let scheme = "tcp://"

    /// Reads what stands after `tcp://`.
    init(_ rest: Substring, operation: String) throws(MessagingError) {
        func refusal(_ message: String) -> MessagingError {
            MessagingError(operation: operation, code: EINVAL, message: message)
        }
        guard let colon = rest.lastIndex(of: ":") else {
            throw refusal("no port; write \(Self.scheme)HOST:PORT")
        }
        let hostText = rest[..<colon]
        let portText = rest[rest.index(after: colon)...]
        guard !portText.isEmpty, portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(portText)
        else { throw refusal("the port is '\(portText)', not a number; a port must be fixed") }
        guard (MessagingLimits.portMin...MessagingLimits.portMax).contains(number) else {
            throw refusal(
                "the port is \(number), allowed are \(MessagingLimits.portMin) to "
                    + "\(MessagingLimits.portMax): below are the system's own, above those the "
                    + "system lends to outgoing connections (ip_local_port_range), where a worker "
                    + "that reconnects can connect to itself and take the port")
        }
        port = number
        guard hostText != "*", !hostText.isEmpty else {
            throw refusal("name one address to listen on; '*' would be every network at once")
        }
        if hostText.first == "[" {
            guard hostText.last == "]" else { throw refusal("the bracket is not closed") }
            let inner = String(hostText.dropFirst().dropLast())
            var address = in6_addr()
            guard unsafe inet_pton(AF_INET6, inner, &address) == 1 else {
                throw refusal("'\(inner)' is not an IPv6 address")
            }
            let bytes = unsafe withUnsafeBytes(of: &address) { unsafe Array($0) }
            guard bytes.contains(where: { $0 != 0 }) else {
                throw refusal("name one address; [::] would be every network at once")
            }
            (host, isIPv6, isNumeric) = (inner, true, true)
            isLoopback = bytes == [UInt8](repeating: 0, count: 15) + [1]
            return
        }
        let text = String(hostText)
        guard !text.contains(":") else {
            throw refusal("an IPv6 address is written in brackets: tcp://[::1]:\(number)")
        }
        var address = in_addr()
        (host, isIPv6) = (text, false)
        if unsafe inet_pton(AF_INET, text, &address) == 1 {
            guard address.s_addr != 0 else {
                throw refusal("name one address; 0.0.0.0 would be every network at once")
            }
            isNumeric = true
            // In network order the first byte of the address is the first in memory.
            isLoopback = unsafe withUnsafeBytes(of: &address) { unsafe $0[0] } == 127
            return
        }
        guard Self.isHostName(text) else { throw refusal("'\(text)' is no address and no name") }
        (isNumeric, isLoopback) = (false, false)
    }

    /// Letters, digits, hyphens and dots, as DNS has them; all digits and dots is a wrong address.
    private static func isHostName(_ text: String) -> Bool {
        let bytes = text.utf8
        let isLetter = { (byte: UInt8) in (0x61...0x7A).contains(byte | 0x20) }
        guard bytes.count <= MessagingLimits.hostBytesMax, bytes.contains(where: isLetter),
            bytes.first != 0x2D, bytes.first != 0x2E
        else { return false }
        return bytes.allSatisfy {
            isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
        }
    }
}
