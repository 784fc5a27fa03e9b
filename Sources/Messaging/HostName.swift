// This machine's name, for people.

import Glibc

/// This machine's name, for logs and claims.
public enum HostName {
    /// The host name; "localhost" when the system does not tell.
    public static let current: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, 255) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }()
}
