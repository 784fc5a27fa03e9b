// Every limit of the settings files, with its reason.

/// Bounds of what a settings file may say and of how large it may be.
public enum SettingsLimits {
    /// Workers of one job: more connections than this is no longer one PostgreSQL server's work.
    public static let workersMax = 64
    /// Rows of one load transaction, at least: below this, commits cost more than rows.
    public static let commitIntervalMin = 100
    /// Rows of one load transaction, at most: what is lost and done again by one crash, and how
    /// long row locks may be held (100,000 rows are about two seconds).
    public static let commitIntervalMax = 100_000
    /// Records of one slice, at least: staging tables cost more than records long before, but a small
    /// file in many slices shows what a night of a thousand of them costs.
    public static let sliceRecordsMin = 10
    /// Records of one slice, at most: a slice is sorted in memory, 136 bytes each make 68 MiB.
    public static let sliceRecordsMax = 524_288
    /// Records of one balanced partition, at most; more than any file has.
    public static let rowsPerPartitionMax = 1_000_000_000
    /// Rejects or conflicts tolerated, at most; more than any file has records.
    public static let toleranceMax = 1_000_000_000
    /// Rejects listed, at most: each is a row, and nobody reads ten million of them.
    public static let reportedMax = 10_000_000
    /// Times a claim may be tried: a fault that outlives 100 tries is not passing.
    public static let attemptsMax = 100
    /// Row lock budget, at least: one statement's lock timeout is 50 ms (PROTOCOL 23).
    public static let lockBudgetMillisecondsMin = 50
    /// Row lock budget, at most: a batch that waits a minute for one chunk waits for ever.
    public static let lockBudgetMillisecondsMax = 60_000
    /// Silence of a worker, at least: three heartbeats must fit.
    public static let silenceMillisecondsMin = 1_000
    /// Silence of a worker, at most: an hour is a whole night's window.
    public static let silenceMillisecondsMax = 3_600_000
    /// How long a run waits without any worker, unless the file says.
    public static let workerWaitMillisecondsDefault = 60_000
    /// How long a run waits without any worker, at least: a worker needs a second to come back.
    public static let workerWaitMillisecondsMin = 1_000
    /// How long a run waits without any worker, at most: a night.
    public static let workerWaitMillisecondsMax = 43_200_000
    /// How long a run waits for its database, unless the file says: a restart takes a minute, the
    /// recovery after a crash some more.
    public static let databaseWaitMillisecondsDefault = 600_000
    /// How long a run waits for its database, at most: a night.
    public static let databaseWaitMillisecondsMax = 43_200_000
    /// How long an input must stand still, at most: a day.
    public static let stableSecondsMax = 86_400
    /// Weight of one sample text; sums of many such weights stay far inside an Int.
    public static let weightMax = 1_000_000
    /// Folders that inputs are taken from: each is resolved anew for each input.
    public static let inputFoldersMax = 32
    /// A file's size: 300 times the example's, and read in milliseconds.
    public static let fileBytesMax = 1_048_576
    /// Maps and lists inside each other: the grammars need eight.
    public static let depthMax = 20
    /// Keys, values, maps and lists of one file: 1,000 ranges in each of three jobs fit.
    public static let nodesMax = 20_000
    /// Bytes that may end a value or start one, counted before parsing.
    ///
    /// Quoted text and comments hold some of them too, hence four times the nodes.
    public static let separatorsMax = 4 * nodesMax
    /// Keys that stand twice, reported for one file; each costs one more parse.
    public static let duplicateKeysMax = 20
    /// Faults kept of one file: a person reads no more.
    public static let faultsMax = 200
    /// A line longer than this is not shown below a fault: it would fill the terminal.
    public static let shownLineScalarsMax = 400
    /// A longer value is not repeated in a message, only its length.
    public static let foundCharactersMax = 60
    /// Contracts based on one another: a form of a form is enough, and a circle ends here.
    public static let contractBasesMax = 3
    /// A PostgreSQL identifier, in bytes (NAMEDATALEN − 1).
    public static let identifierBytesMax = 63
    /// A job's or contract's name, in bytes: it becomes part of file names and run ids.
    public static let nameBytesMax = 48
    /// Any other text, in bytes: a CASE with a hundred branches fits.
    public static let textBytesMax = 16_384
    /// Words compared for "did you mean": longer ones are not typing errors, and the cost is
    /// the product of both lengths.
    public static let comparedCharactersMax = 64
    /// Finished runs of a job that keep their run directory: a month of nights.
    public static let logGenerationsDefault = 30
    /// The most that may be asked for; more directories side by side help nobody.
    public static let logGenerationsMax = 10_000
}
