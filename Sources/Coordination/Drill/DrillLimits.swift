// Every bound of a drill, with its reason.

/// Bounds of a drill.
package enum DrillLimits {
    /// Rows of the target that are copied unless another number is given: a minute at the most.
    package static let rowsMaxDefault: Int64 = 1_000_000
    /// Rows that may be asked for: more than any table of a night has.
    package static let rowsMaxHighest: Int64 = 1_000_000_000_000
    /// Rows of a cursor's page, and of a block of COPY: some hundred kilobytes.
    static let rowsPerPage = 2_000
    /// Differences that are named in the report; all are counted.
    static let differencesShown = 3
    /// Messages of the undisturbed run on the page: the first ones say why a file is refused.
    static let messagesShown = 5
    /// Between two lines of progress in a pipe, as for runs.
    static let lineInterval: Duration = .seconds(30)
    /// Chunks that a load should have at least, so that a share of it can be hit.
    static let chunksWanted: Int64 = 40
    /// Slices that validation should have at least, for the same reason.
    static let slicesWanted: Int64 = 16
    /// A load that is over sooner is slowed down, evenly and in every run: faults have to hit it.
    static let loadMillisecondsMin: Int64 = 1_500
    /// Time a chunk is held for at the most.
    static let paceMillisecondsMax: Int64 = 60
    /// A pace below this changes nothing but the report.
    static let paceMillisecondsMin: Int64 = 2
    /// Silence after which a claim is taken back: a pause of the machine is shorter.
    static let silenceMilliseconds = 3_000
    /// Tries of a claim: faults are meant to use some up.
    static let attempts = 100
    /// Pause between two looks at the ledger: a fault hits within a hundredth of the load.
    static let lookMilliseconds: Int32 = 4
    /// The worker is killed when this share of the load is committed.
    static let workerKilledPercent: Int64 = 37
    /// The coordinator is killed, and the database restarted, when this share is.
    static let middlePercent: Int64 = 50
    /// The rival of the deadlock comes when this share is, and takes a chunk at the end.
    static let rivalPercent: Int64 = 10
    /// Chunks that are looked through for two rows the load writes.
    static let rivalChunksMax = 200
    /// The server looks for deadlocks sooner than a worker gives up its wait for a lock (50 ms).
    static let deadlockMilliseconds = 20
    /// Time the rival holds its rows for, from when the worker waits for them: a worker gives up its
    /// wait and notes the conflict within a fraction of it.
    static let rivalPatience: Duration = .seconds(2)
    /// Time a worker that stood still has to do harm before it is told to go.
    static let wakingTime: Duration = .seconds(2)
    /// A process that is told to end must be gone after this.
    static let partingLimit: Duration = .seconds(30)
    /// Time the undisturbed run has, or one that reads keys: no night is longer.
    static let undisturbedLimit: Duration = .seconds(12 * 3_600)
    /// What a run under a fault has more than ``runFactor`` times the undisturbed one: silence limit,
    /// restart and waits for the database do not get shorter with the file.
    static let runLimitMin: Duration = .seconds(120)
    /// Times the undisturbed run that one under a fault has.
    static let runFactor = 10.0
    /// Time a run under a fault has.
    static func runLimit(undisturbedSeconds: Double) -> Duration {
        runLimitMin + .milliseconds(Int64(undisturbedSeconds * runFactor * 1_000))
    }
    /// A session whose process is gone is known to be by then.
    static let residueLimit: Duration = .seconds(5)
    /// Pause between two looks at what a run left: each reads all of /proc.
    static let residueLookMilliseconds: Int32 = 80
    /// Things left behind that are named in a finding.
    static let leftoversShown = 5
    /// Characters of a statement that failed on the copy: its beginning names what it makes.
    static let statementShown = 200
    /// Between two drawings of the progress block: more often nobody sees.
    static let drawInterval: Duration = .milliseconds(100)
    /// Columns of the progress bar: mark, longest step and figures fit beside it into 80.
    static let barColumns = 26
    /// Scratch space for each byte of the table: original, reference, one run, their logs, and the
    /// sorts of two whole tables that are compared.
    static let spacePerTableByte: Int64 = 6
    /// Scratch space for each byte of the input: archive, spool, staging, the log of it.
    static let spacePerInputByte: Int64 = 6
    /// Scratch space of an empty server.
    static let spaceMin: Int64 = 512 << 20
}
