// Which libzmq this process has loaded.

import CZeroMQ

/// The messaging library.
public enum ZeroMQ {
    /// `4.3.4`.
    public static var versionText: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        unsafe zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }
}
