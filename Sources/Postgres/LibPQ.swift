// Which libpq this process has loaded.

import CLibPQ

/// The client library.
public enum LibPQ {
    /// As the server numbers itself: 150018 is 15.18.
    public static var version: Int { Int(PQlibVersion()) }

    /// `15.18`.
    public static var versionText: String { "\(version / 10_000).\(version % 10_000)" }
}
