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
    /// Rows of a key range that are read for one key asked for: when a range holds more, asking for
    /// every key is as cheap (0.7 µs a row against 2.8 µs a key).
    static let rowsPerKeyMax = 4
    /// Statistics target of a staged slice: 3,000 of its rows are looked at, in 0.1 µs per row
    /// instead of 1.0.
    static let stagingStatisticsTarget = 10
    /// Rows to be closed that are read at once when chunks are cut; about 1 MiB.
    static let absentRowsPerRead = 8_192
    /// Bytes of COPY data built before they are sent.
    static let copyBlockBytes = 256 << 10
    /// Bytes of one entry of the validation cache: 512 Ki records of 4 bytes, and the most rejects a
    /// job lists by default at 150 bytes.
    static let cacheEntryBytesMax = 32 << 20
    /// Rows that the target's constraints refuse in one slice before the worker stops looking
    /// for more: each costs the slice's COPY once more.
    static let constraintRejectsMax = 200
    /// Lock wait of one statement in a load chunk, far below `deadlock_timeout`, so that the
    /// batch gives way before the online side does (PROTOCOL 23).
    package static let lockTimeoutMilliseconds = 50
    /// Rows of a piece of a chunk whose rows are locked first: at 0.1 ms a row, with the waits of a few
    /// locks, a fifth of the default lock budget.
    static let carefulRows: Int64 = 500
    /// Pieces of a piece that stayed over the lock budget all the same.
    static let carefulParts: Int64 = 8
    /// A short form of the load's statement is tried on the next chunk when it fits at least one
    /// row in so many: on all rows it costs about a quarter of the general statement, which then
    /// has that many fewer.
    static let shortFormChunkParts: Int64 = 4
    /// Silence after which the blocks asked for are suspected to be lost.
    ///
    /// The least is a few round trips of any
    /// network and longer than the coordinator's look at its sockets; it doubles up to the most, so
    /// that a link of 64 kbit/s, which needs 8 s for a block, is not filled with doubles.
    static let blockPatience: ClosedRange<Duration> =
        Duration.seconds(1)...Duration.seconds(16)
    /// One wait for blocks: a heartbeat is due every half second, and a signal wakes it at once.
    static let transferPauseMilliseconds = 100
    /// Time without a new block after which the claim is given back: four doubled silences.
    static let transferSilence: Duration = .seconds(60)
    /// How often a slice is asked for: once more after a wrong checksum.
    static let transferTriesMax = 2
    /// Time between two greetings while no coordinator is there.
    static let coordinatorPauseMilliseconds = 200
    /// Silence of the coordinator after which a worker introduces itself again.
    ///
    /// Its connection may be a new one, or the coordinator. Notices come every half second.
    static let introductionInterval: Duration = .seconds(2)
    /// Tries to reach a database that was never reached, and sessions lost one after the other with
    /// the same claim, before the worker gives up.
    static let reconnectsMax = 20
    /// Pause before the database is asked again, in milliseconds, doubled up to the most.
    static let reconnectMilliseconds = 50...2_000
    /// Handshakes broken off one after the other that tell a worker without keys that keys are
    /// wanted.
    ///
    /// Which side notices first is a race, and only one of the two says why. A coordinator without
    /// keys that starts or ends breaks off one or two.
    static let brokenHandshakesMax = 20
    /// Coordinators' addresses of one worker: a coordinator and its standbys.
    public static let endpointsMax = 8
    /// Time between two heartbeats.
    static let beatInterval: Duration = .milliseconds(500)
}
