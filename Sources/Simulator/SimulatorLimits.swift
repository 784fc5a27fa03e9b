// Every figure of the simulated fleet, with its reason. Times are milliseconds of the seeded clock.

/// Figures of the simulated fleet.
package enum SimulatorLimits {
    /// Keys of the smallest and the largest input: enough for several slices, partitions and
    /// chunks, few enough for thousands of runs a second.
    static let keys = 8...16
    /// Slices of a run.
    static let slices = 1...3
    /// Partitions of a run.
    static let partitions = 1...3
    /// Keys of a chunk.
    static let chunkKeys = 2...4
    /// Worker processes.
    static let workers = 2...3
    /// Online writes of a run; all fall into `onlineSpan`.
    static let onlineWrites = 0...5
    /// An undisturbed run takes about 1.5 s, so that writes meet every phase.
    static let onlineSpan = 0...2_500
    /// Faults of a run; a quarter of all seeds has none.
    static let faults = 1...9
    /// Faults by time begin here at the latest; later ones would find the run ended.
    static let faultSpan = 0...5_000
    /// Numbers of the messages that are lost, doubled or delayed.
    static let messageSpan = 0...120
    /// Numbers of the statements that fail, or during which a process ends or stops.
    static let statementSpan = 0...110

    /// The product's, see `LoadingLimits.beatInterval` and `CoordinationLimits.aliveInterval`; a
    /// worker's idle greeting and the coordinator's review come as often.
    static let beatInterval = 500
    /// The product's `LoadingLimits.introductionInterval`.
    static let introductionInterval = 2_000
    /// The product's `CoordinationLimits.assignmentGrace`.
    static let assignmentGrace = 1_000
    /// A job's `silence`: shorter than most freezes.
    static let silenceLimit = 2_500
    /// Short, so that a hung worker costs seconds of the seeded clock instead of minutes.
    static let noProgressLimit = 4_000
    /// A job's `attempts`.
    static let attemptsMax = 5
    /// The product's `CoordinationLimits.raiseLockTimeoutMilliseconds`.
    static let raiseLockTimeout = 200
    /// The product's `CoordinationLimits.raiseTriesMax`.
    static let raiseTriesMax = 150
    /// The product's `LoadingLimits.lockTimeoutMilliseconds`.
    static let loadLockTimeout = 50
    /// A lock wait of statements that have no limit of their own.
    static let lockTimeout = 3_000
    /// Time between two looks at a lock that is in the way.
    static let lockPoll = 10
    /// The product's `LoadingLimits.reconnectsMax`.
    static let reconnectsMax = 20
    /// Commits that are not flushed are lost when the server crashes; PostgreSQL promises three
    /// times `wal_writer_delay`.
    static let flushDelay = 600
    /// The server's keepalives of an idle session whose client's machine is gone: 10 s, then three
    /// times 5 s (`Postgres.Limits`).
    static let keepalive = 25_000
    /// What stands still for ever: longer than any run.
    static let forever = 10_000_000
    /// Somebody starts another worker for one that stands still so long.
    static let workerPatience = 5_000
    /// A coordinator frozen for so long loses its target to a standby.
    static let standbyPatience = 3_000
    /// Passes over open conflicts until what is left cannot be applied: busy rows are free after
    /// a second at most.
    static let requeuePassesMax = 60
    /// A run that is not published after so long is stuck.
    ///
    /// All faults have happened by 5 s; a
    /// freeze lasts 8 s, a link is cut for 8 s, a claim whose holder is gone costs the no-progress
    /// limit and a raise 30 s at most, and several of them can follow each other.
    static let runLimit = 180_000
    /// Events of one run before it counts as stuck: a run within its limit has a tenth of them.
    static let eventsMax = 200_000
    /// How long a run goes on after it was published, so that a late writer is seen.
    static let afterglow = 400
    /// Findings kept of one run: the first says what went wrong.
    static let findingsMax = 8
}
