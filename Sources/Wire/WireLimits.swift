// Every bound of a message, in one place. A peer that goes over one is refused, never cut.

/// The bounds of messages, in bytes of UTF-8 where they are about text.
public enum WireLimits {
    /// One message.
    ///
    /// Frames above 64 KiB cause false heartbeat time-outs in libzmq (#2709); equal to
    /// `MessagingLimits.messageBytesMax`, which the sockets enforce before we see a byte.
    public static let messageBytesMax = 65_536
    /// A run id: job name, date and number.
    ///
    /// One byte of length stands before it, so 255 is the end.
    public static let runBytesMax = 100
    /// A worker's name: chosen by us, fits a log column.
    public static let workerBytesMax = 64
    /// A host name: the longest DNS allows.
    public static let hostBytesMax = 255
    /// A binary's version, like `1.4.2+3f9c2d1`.
    public static let binaryVersionBytesMax = 32
    /// A message id of the catalogue, like `KGR9001I`.
    public static let logIdentifierBytesMax = 16
    /// Text of a failure or a log line: a PostgreSQL error with detail and context.
    public static let textBytesMax = 2_000
    /// Why a peer leaves or is refused: one sentence.
    public static let reasonBytesMax = 500
    /// A SQLSTATE has exactly this many ASCII letters and digits.
    public static let sqlStateBytes = 5
    /// Job, contract and parameters as one JSON text.
    ///
    /// With 28 + 1 + 100 bytes of header and 4 of length this leaves 5,403 bytes below
    /// `messageBytesMax` for what a later version adds.
    public static let settingsBytesMax = 60_000

    /// Bytes of a spool slice in one block.
    ///
    /// With 28 + 1 + 100 bytes of header and 17 of the block's own this leaves 3,950 bytes below
    /// `messageBytesMax`; encryption of a frame takes 33 of them.
    public static let blockBytesMax = 61_440
    /// Blocks one worker may have asked for and not received.
    ///
    /// 16 × 60 KiB are 960 KiB, so 64 workers keep at most 60 MiB of the coordinator's queues,
    /// whatever the slices' size. At 5 ms from request to block this is 190 MB/s. Far below the
    /// sockets' 64 messages per peer, so that notices always find room beside the blocks.
    public static let creditMax = 16

    /// The header before the run id: magic 4, version 1, type 1, flags 2, term 8, sequence 8,
    /// body length 4.
    static let headerBytes = 28
    /// What every message begins with.
    static let magic: [UInt8] = Array("KGR1".utf8)
}

/// The protocol both sides must speak.
///
/// Raised by every change that an older peer cannot read.
public let wireVersion: UInt8 = 2
