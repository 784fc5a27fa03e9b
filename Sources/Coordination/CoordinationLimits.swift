// Every bound of the coordinator, with its reason.

/// Bounds of the coordinator.
package enum CoordinationLimits {
    /// Bytes of the input read at once.
    static let blockBytes = 4 << 20
    /// A CSV file up to this size is read whole for the sample of its keys.
    static let csvSampleWholeBytes = 4 << 20
    /// Bytes read at each drawn place of a larger one: several lines, in one page of a disk.
    static let csvSampleWindowBytes = 8 << 10
    /// Places drawn; with their lines, as many keys as cut a thousand slices evenly.
    static let csvSampleWindows = 4_096
    /// Lines taken at each place: neighbours often have neighbouring keys and say little more.
    static let csvSampleLines = 8
    /// Bytes of all spool buffers together; divided by the number of slices.
    static let spoolBuffersBytes = 64 << 20
    /// One slice's buffer: 64 KiB keeps writes cheap at 1,000 slices.
    static let spoolBufferBytes = 64 << 10...1 << 20
    /// A slice with more than this many times the wanted records is cut again.
    static let oversizeFactor = 1.5
    /// How often an oversized slice is cut; each cut divides it by its size in slices, so a
    /// second one is already rare.
    static let recutsMax = 4
    /// Messages of workers kept until the loop looks at them: 64 workers, a few each.
    static let eventsMax = 4_096
    /// Wait for an answer on the terminal before the fleet is looked at again; workers want a sign
    /// of life every half second.
    static let answerPollMilliseconds: Int32 = 100
    /// Partitions of a blast radius that are shown: what people read; the total is over all.
    static let blastPartitionsMax = 40
    /// Rows left alone by a backout that are listed, and locked ones that are tried again: what
    /// a person goes through by hand; all are in `kugiri.backout_row`.
    static let backoutRowsShown = 1_000
    /// Keys named that a corrected input lacks: enough to see what they are.
    static let missingKeysShown = 20
    /// Ranges named in the message about a rerun that takes in more keys.
    static let grownRangesShown = 4
    /// Time between two notices to every worker.
    static let aliveInterval: Duration = .milliseconds(500)
    /// Time between two looks at suspects and at the ledger's progress.
    static let reviewInterval: Duration = .milliseconds(500)
    /// An idle worker that asks again this soon after an assignment has not seen it yet.
    static let assignmentGrace: Duration = .seconds(1)
    /// Heartbeats without a commit, a byte or a counted record after which a claim is taken back.
    static let noProgressLimit: Duration = .seconds(120)
    /// No worker for this long ends the run with 12.
    static let noWorkerLimit: Duration = .seconds(60)
    /// Names of workers known in one run: 64 local ones, each replaced 20 times, and as many
    /// remote ones again; what one key's owner can make us remember is bounded by it.
    static let crewMax = 2_048
    /// Different refusals of workers that are logged in one run.
    static let refusalsLoggedMax = 64
    /// Messages looked at before the loop goes on, also those that are thrown away.
    static let messagesPerBreathMax = 4_096
    /// Worker processes started again for each that was asked for, in one run.
    static let restartsPerWorkerMax = 20
    /// Wait for workers to say goodbye after they were asked to stop.
    static let drainLimit: Duration = .seconds(15)
    /// Wait for workers of other machines to say goodbye: they look at their sockets every few
    /// milliseconds, and whoever does not answer is fenced anyway.
    static let farewellLimit: Duration = .seconds(3)
    /// Silence after which an idle worker counts as gone, before the job's own limit is known.
    static let idleSilenceLimit: Duration = .seconds(10)
    /// Blocks of spool slices sent at one look: 2 MB, about 5 ms of reading and sending, so that
    /// heartbeats and claims are never long behind them.
    static let blocksPerBreath = 32
    /// Lock wait when a claim's epoch is raised, before its holder is ended (PROTOCOL 11).
    static let raiseLockTimeoutMilliseconds = 200
    /// Tries to raise an epoch: 150 × 200 ms.
    static let raiseTriesMax = 150
    /// Wait for an ended session to be gone.
    static let terminateLimit: Duration = .seconds(30)
    /// Staging tables made, attached or dropped in one transaction (PROTOCOL 6).
    static let tablesPerTransaction = 50
    /// Conflicts requeued in one transaction: small, so that rows are locked only shortly.
    static let requeueBatchMax = 200
    /// Rejects read from the ledger at once.
    static let rejectsPerRead = 5_000
    /// A count in a heartbeat; more records are in no file, and sums of these cannot overflow.
    static let beatFigureMax: UInt64 = 1 << 40
    /// A worker's rate is taken over at least this long: chunks of half a second would make it jump
    /// between nothing and twice the truth.
    static let rateWindowSeconds = 2.0
    /// Time between two progress events: enough to follow, little enough to keep for a night.
    static let eventProgressInterval: Duration = .milliseconds(500)
    /// Records without a partition that `plan` lists: enough to see what is wrong with a table.
    static let planOutsideMax = 100
    /// Time between two looks of `status --watch` at the ledger when no event is heard.
    static let statusIntervalMicroseconds: UInt32 = 1_000_000
    /// The same as a duration.
    static let statusInterval: Duration = .microseconds(Int64(statusIntervalMicroseconds))
    /// And when events are heard: they do not tell who holds the target.
    static let statusReadInterval: Duration = .seconds(5)
    /// Run directories moved to the archive at the end of one run; the next one goes on.
    static let logMovesMax = 100
    /// Bytes kept free beside what the run needs.
    static let freeBytesMin: Int64 = 256 << 20
    /// Staged bytes per record on disk, generously: row header, key, fields at fillfactor 50, index.
    static let stagingBytesPerRecord: Int64 = 600
    /// Records of one key that `why` looks at; a person reads no more.
    static let whyRecordsMax = 1_000
    /// Rejects with a masked key like the one asked for that are compared with the archive; beyond
    /// it the archive is read from its beginning, which is then cheaper.
    static let whyCandidatesMax = 10_000
    /// Other runs whose before-images are searched for the writer of a row: each costs one pass
    /// over them, they have no index.
    static let whyRunsMax = 8
}
