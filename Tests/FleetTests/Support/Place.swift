// Sockets without libzmq: somewhere to listen or to connect to, and a connection.

import Glibc
import Testing

/// Somewhere to listen or to connect to.
enum Place: Sendable {
    case path(String)
    /// Of the loopback.
    case port(Int)

    /// Calls a function with the address of the place.
    private func withAddress(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        switch self {
        case .path(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
                for (index, byte) in path.utf8.enumerated() { unsafe buffer[index] = byte }
            }
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    private var family: Int32 {
        if case .path = self { return AF_UNIX }
        return AF_INET
    }

    /// A socket that has the place; nil: somebody else has it.
    private func bound() -> Int32? {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard unsafe withAddress({ unsafe bind(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Whether nobody has it.
    var isFree: Bool {
        guard let descriptor = bound() else { return false }
        close(descriptor)
        return true
    }

    /// A socket that listens here.
    func listening() throws -> Int32 {
        let descriptor = try #require(bound(), "\(self): errno \(errno)")
        try #require(listen(descriptor, 64) == 0, "\(self): errno \(errno)")
        return descriptor
    }

    /// A socket connected to it; nil: nobody is there.
    func connected() -> Int32? {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard unsafe withAddress({ unsafe connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}

/// A connection without libzmq; closed with its last reference.
final class RawConnection {
    private let descriptor: Int32

    /// Connects and sends.
    init(_ place: Place, _ bytes: [UInt8]) throws {
        descriptor = try #require(place.connected(), "\(place)")
        // MSG_NOSIGNAL: the other side may have closed already.
        _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    deinit { close(descriptor) }

    /// How many bytes have come, up to a page.
    var bytesWaiting: Int {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        return max(0, unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)))
    }
}
