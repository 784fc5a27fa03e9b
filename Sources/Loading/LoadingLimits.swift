// Every bound of the worker, with its reason.

/// Bounds of the worker.
public enum LoadingLimits {
    /// Bytes of one spool slice held in memory: 512 Ki records of 120 + 16 bytes are 68 MiB, and
    /// keys, sort entries and seen values beside them stay below 256 MiB together.
    public static let sliceBytesMax = 96 << 20
    /// Records checked between two looks at the coordinator's socket: about 2 ms.
    static let recordsPerBreath = 8_192
    /// Keys asked for in one statement when the target is read.
    static let keysPerRead = 8_192
    /// Rows to be closed that are read at once when chunks are cut; about 1 MiB.
    static let absentRowsPerRead = 8_192
    /// Bytes of COPY data built before they are sent.
    static let copyBlockBytes = 256 << 10
    /// Rows that the target's constraints refuse in one slice before the worker stops looking
    /// for more: each costs the slice's COPY once more.
    static let constraintRejectsMax = 200
    /// Lock wait of one statement in a load chunk, far below `deadlock_timeout`, so that the
    /// batch gives way before the online side does (PROTOCOL 23).
    static let lockTimeoutMilliseconds = 50
    /// Tries to reach the database again before the claim is given back.
    static let reconnectsMax = 20
    /// Time between two heartbeats.
    static let beatInterval: Duration = .milliseconds(500)
    /// Equal keys up to this many are compared pair by pair; more go through a set.
    static let pairwiseMax = 8
}
