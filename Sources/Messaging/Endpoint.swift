// Where a socket listens: `ipc://` on this machine, `tcp://` for others. Every other transport that
// libzmq was built with is refused.

import Glibc

/// Where a socket listens or connects to.
public struct Endpoint: Sendable, Equatable, CustomStringConvertible {
    /// Absolute, at most `MessagingLimits.pathBytesMax` bytes; empty for `tcp://`.
    public let path: String
    /// Host and port; nil for `ipc://`.
    public let address: TCPAddress?

    /// The endpoint as libzmq writes it: `ipc:///run/kugiri/coordinator.ipc`.
    public var text: String { address?.text ?? "\(Self.scheme)\(path)" }

    /// The same as `text`.
    public var description: String { text }

    private static let scheme = "ipc://"
    private static let fileName = "coordinator.ipc"

    /// Reads `ipc://PATH` or `tcp://HOST:PORT`.
    ///
    /// The path is absolute, so that it means the same to every process. Abstract names (`@…`)
    /// and wildcards (`*`) are refused: no directory protects them.
    public init(_ text: String) throws(MessagingError) {
        let operation = "endpoint \"\(text)\""
        if text.hasPrefix(TCPAddress.scheme) {
            path = ""
            address = try TCPAddress(
                text.dropFirst(TCPAddress.scheme.count), operation: operation)
            return
        }
        guard text.utf8.starts(with: Self.scheme.utf8) else {
            throw MessagingError(
                operation: operation, code: EPROTONOSUPPORT,
                message: "only ipc://PATH and tcp://HOST:PORT are supported")
        }
        let path = text.dropFirst(Self.scheme.count)
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.last != UInt8(ascii: "/") else {
            throw MessagingError(
                operation: operation, code: EINVAL,
                message: "the path after ipc:// must be absolute and name a file")
        }
        guard path.utf8.count <= MessagingLimits.pathBytesMax else {
            throw MessagingError(
                operation: operation, code: ENAMETOOLONG,
                message: "the path has \(path.utf8.count) bytes, the system allows "
                    + "\(MessagingLimits.pathBytesMax); choose a shorter directory")
        }
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw MessagingError(
                operation: operation, code: EINVAL, message: "the path holds control characters")
        }
        self.path = String(path)
        address = nil
    }

    /// The coordinator's endpoint in a directory: `ipc://DIRECTORY/coordinator.ipc`.
    public static func ipc(directory: String) throws(MessagingError) -> Endpoint {
        let separator = directory.utf8.last == UInt8(ascii: "/") ? "" : "/"
        return try Endpoint("\(scheme)\(directory)\(separator)\(fileName)")
    }

    /// Refuses a network beyond this machine without keys: anybody on it could give orders.
    public func checkKeys(areGiven: Bool) throws(MessagingError) {
        guard let address, !areGiven, !address.isLoopback else { return }
        throw MessagingError(
            operation: "endpoint \"\(text)\"", code: EPERM,
            message: "tcp beyond 127.0.0.0/8 and [::1] needs keys; make them with "
                + "'kugiri keys new NAME'")
    }

    /// The directory that holds the socket and protects it.
    public var directory: String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// Makes the directory with mode 0700 where it is missing, with its parents.
    ///
    /// - Throws: ``MessagingError`` when it is there but is a link, no directory, another user's,
    ///   or open to group or others. Whoever can reach the socket can speak on it, and can end
    ///   the coordinator by using up its descriptors (libzmq's listener aborts).
    public func prepareDirectory() throws(MessagingError) {
        let directory = directory
        try Self.makeDirectories(directory)
        let operation = "check directory \(directory)"
        var status = stat()
        guard unsafe lstat(directory, &status) == 0 else { throw .system(operation, errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw MessagingError(
                operation: operation, code: ENOTDIR, message: "not a directory, or a link to one")
        }
        guard status.st_uid == geteuid() else {
            throw MessagingError(
                operation: operation, code: EPERM,
                message: "belongs to user \(status.st_uid), not to user \(geteuid())")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw MessagingError(
                operation: operation, code: EPERM,
                message: "has mode \(mode), open to others; run: chmod 700 \(directory)")
        }
    }

    private static func makeDirectories(_ directory: String) throws(MessagingError) {
        var made = ""
        for component in directory.split(separator: "/") {
            made += "/\(component)"
            guard unsafe mkdir(made, 0o700) != 0 else { continue }
            // Which error an existing directory gives varies (EEXIST, EROFS, EACCES): look.
            let code = errno
            var status = stat()
            guard unsafe stat(made, &status) == 0 else {
                throw .system("make directory \(made)", code)
            }
        }
    }
}
