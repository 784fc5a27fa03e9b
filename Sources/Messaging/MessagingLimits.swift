// Every bound of this module that is not a socket option (those are in SocketOptions.swift).

/// The bounds of sockets, endpoints and waits.
public enum MessagingLimits {
    /// One message's body.
    ///
    /// Frames above 64 KiB cause false heartbeat time-outs in libzmq (#2709); equal to
    /// `WireLimits.messageBytesMax`.
    public static let messageBytesMax = 65_536
    /// The path of an `ipc://` endpoint: `sun_path` has 108 bytes, one of them ends the text.
    public static let pathBytesMax = 107
    /// Descriptors beside the socket in one wait: a process here has two or three.
    public static let descriptorsMax = 32
    /// Threads of libzmq that move bytes; one is enough for about a gigabyte per second.
    static let ioThreads: Int32 = 1
    /// Sockets of one context: a process has one, later two more for CURVE's handler.
    static let socketsMax: Int32 = 64
    /// One wait; a longer one is cut, and the caller's loop comes round again.
    static let waitMillisecondsMax = 3_600_000
}
