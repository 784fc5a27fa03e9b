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
    /// A port, at least: those below belong to the system's services.
    public static let portMin = 1_024
    /// A port, at most: the usual `ip_local_port_range` begins at 32768, and a worker that
    /// reconnects to a dead coordinator on such a port can connect to itself and take the port.
    public static let portMax = 32_767
    /// A host's name: the longest DNS allows.
    static let hostBytesMax = 253
    /// A key's name: with a dot and a suffix it must fit a worker's name of 64 bytes.
    public static let keyNameBytesMax = 32
    /// A key file: a comment and one line.
    static let keyFileBytesMax = 4_096
    /// An allow-list: 1,000 lines of a name, a key and a comment.
    static let allowListBytesMax = 1 << 20
    /// Keys of one allow-list: every one is compared in every handshake, in constant time.
    static let allowedKeysMax = 1_000
    /// Handshakes answered in one look at the sockets; the rest waits for the next look.
    static let handshakesPerLook = 64
    /// Frames of one request of libzmq to the ZAP handler; it sends 6 to 8.
    static let zapFramesMax = 16
    /// Time between two looks at the allow-list's file.
    static let allowListInterval: Duration = .seconds(1)
    /// Malformed messages of one key until it is not listened to for the rest of the run.
    static let strikesMax = 3
    /// Time between two notices of one kind about strangers and malformed messages.
    static let noticeInterval: Duration = .seconds(10)
    /// Notices kept until the loop takes them.
    static let noticesMax = 64
    /// How long the self-test waits for one answer: a handshake takes milliseconds; above
    /// `HANDSHAKE_IVL`, so that a busy machine is not taken for an open door.
    static let selfTestMilliseconds = 10_000
    /// Open files wanted: each connection on the network is one, and when they are used up
    /// libzmq's ipc listener ends the process.
    static let openFilesWanted: UInt = 65_536
    /// One wait; a longer one is cut, and the caller's loop comes round again.
    static let waitMillisecondsMax = 3_600_000
}
