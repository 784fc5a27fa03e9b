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

    /// This process among those of all machines that share a folder: its number, a dot, and the
    /// beginning of this machine's name.
    public static var processMark: String { mark(of: getpid()) }

    /// The same for another process of this machine.
    public static func mark(of process: Int32) -> String { "\(process).\(short)" }

    /// Whether a mark of a process of this machine names one that lives.
    ///
    /// - Returns: nil: it is no mark, or another machine's.
    public static func isAlive(mark: some StringProtocol) -> Bool? {
        let parts = mark.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, parts[1] == short, let process = Int32(parts[0]) else {
            return nil
        }
        return kill(process, 0) == 0 || errno != ESRCH
    }

    private static let short = String(
        current.unicodeScalars.filter {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-")
        }.prefix(16).map { Character($0) })
}
