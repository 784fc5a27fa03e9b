// Every bound of the coordinator, with its reason.

/// Bounds of the coordinator.
package enum CoordinationLimits {
    /// Bytes of the input read at once.
    static let blockBytes = 4 << 20
    /// Bytes copied or read, and hashed, at once: they stay in a processor's cache between the two.
    static let copyBytes = 256 << 10
    /// Copied pieces that wait for the disk to begin with them, before the copy waits: 32 MiB.
    static let copyBlocksWaiting = 128
    /// A CSV file up to this size is read whole for the sample of its keys.
    static let csvSampleWholeBytes = 4 << 20
    /// Bytes read at each drawn place of a larger one: several lines, in one page of a disk.
    static let csvSampleWindowBytes = 8 << 10
    /// Places drawn; with their lines, as many keys as cut a thousand slices evenly.
    static let csvSampleWindows = 4_096
    /// Lines taken at each place: neighbours often have neighbouring keys and say little more.
    static let csvSampleLines = 8
    /// Bytes of all spool buffers together, those that wait to be written too; each slice has one.
    ///
    /// So few that the coordinator of 10,000,000 records takes no more memory than a worker.
    static let spoolBuffersBytes = 24 << 20
    /// Full buffers that wait for the disk's thread, so that it has work while the other fills the
    /// next ones.
    static let spoolBuffersWaiting = 4
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
    /// Time between two looks at instructions and the deadline, outside a phase's claims too.
    static let instructionInterval: Duration = .milliseconds(500)
    /// Wait of `cancel` and `workers --drain`: a chunk ends within its lock budget, a slice of
    /// 131,072 records within some ten seconds, and a coordinator waits 15 s for its workers.
    package static let stopWait: Duration = .seconds(60)
    /// Wait for a target that a stopped coordinator still holds: it only tidies its logs.
    static let freeWait: Duration = .seconds(10)
    /// Time between two looks at whether a run has stopped.
    static let stopLookMicroseconds: UInt32 = 100_000
    /// Time between two looks at whether a deadline can be met.
    static let forecastInterval: Duration = .seconds(5)
    /// A phase is not judged by less than this.
    static let forecastSecondsMin = 5.0
    /// Over the deadline by this share of what is estimated: rates are never even.
    static let forecastMargin = 0.2
    /// A load claim with fewer chunks that are not begun is not cut: a cut, a claim and a worker's
    /// preparation cost about as much as one chunk.
    static let reliefChunksMin = 2
    /// Time between two looks for a claim to be cut, while workers are idle.
    static let reliefInterval: Duration = .milliseconds(50)
    /// Time without a cut after one that waited in vain: its holder may stand in its chunk, and the
    /// wait is time in which nothing else is asked of the ledger.
    static let reliefPause: Duration = .seconds(2)
    /// Wait for the chunk under way when a claim is cut: more than a chunk's lock budget leaves.
    static let reliefLockTimeoutMilliseconds = 2_000
    /// Load claims set aside one after the other, with none finished in between, that end a run
    /// at once: a cause that all have in common, such as a full disk, is not tried a thousand times.
    static let setAsideInARowMax = 4
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
    /// Wait for killed worker processes to be gone.
    static let reapLimit: Duration = .seconds(5)
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
    /// Wait of a purge for a person who reads a table that is to be dropped: whoever comes behind it
    /// waits as long.
    static let purgeLockTimeoutMilliseconds = 5_000
    /// Conflicts requeued in one transaction: small, so that rows are locked only shortly.
    static let requeueBatchMax = 200
    /// Rejects read from the ledger at once.
    static let rejectsPerRead = 5_000
    /// A count in a heartbeat; more records are in no file, and sums of these cannot overflow.
    static let beatFigureMax: UInt64 = 1 << 40
    /// A worker's rate is taken over at least this long: chunks of half a second would make it jump
    /// between nothing and twice the truth.
    static let rateWindowSeconds = 2.0
    /// Time between two looks at what the screen shows: 20 frames a second.
    static let drawInterval: Duration = .milliseconds(50)
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
    /// Bytes of the validation cache's entries: 4 a record and some for rejects, so a hundred nights
    /// of two million records.
    static let cacheBytesMax: Int64 = 1 << 30
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
    /// Time between two beats of a coordinator in the ledger: one small update a second.
    static let coordinatorBeatInterval: Duration = .seconds(1)
    /// A beat that takes longer is given up, so that the fleet is not left alone meanwhile.
    static let beatTimeMax: Duration = .seconds(2)
    /// Silence after which a coordinator may be taken for dead: five beats; with the confirmation
    /// and the time to begin, below ten seconds in all (promise 4).
    package static let coordinatorSilenceLimit: Duration = .seconds(5)
    /// An old beat must stay the same for so long under the eyes of whoever doubts it.
    package static let silenceConfirmation: Duration = .seconds(1)
    /// Looks further apart than this say nothing about the time between them.
    package static let silenceGapMax: Duration = .seconds(1)
    /// Time to get a target from a coordinator that is gone or silent: the confirmation, and the
    /// end of its session.
    static let seizeLimit: Duration = .seconds(30)
    /// Time to get a target whose holder conducts no run: sessions end a moment after their
    /// connection.
    static let seizeGrace: Duration = .seconds(1)
    /// Time between two tries.
    static let seizePauseMilliseconds = 50
    /// How often the server looks whether a coordinator is still there during a statement.
    static let clientCheckMilliseconds = 1_000
    /// Delay before a database that was away is asked again, doubled up to the most.
    static let awayPatience: ClosedRange<Duration> =
        Duration.milliseconds(200)...Duration.seconds(5)
    /// Delay before a run is tried again whose database has no room, doubled up to the most: each
    /// try writes, and whoever makes room should not find it taken at once.
    static let fullPatience: ClosedRange<Duration> = Duration.seconds(2)...Duration.seconds(60)
    /// Waits for its database of one process with one run: more are not an accident any more.
    static let databasePausesMax = 100
    /// Time between two lines that say what is waited for.
    static let databaseNoticeInterval: Duration = .seconds(60)
    /// Time between two looks at signals and the deadline during a wait.
    static let databaseLookMilliseconds = 50
    /// Time between two looks of a standby at the ledger.
    package static let standbyInterval: Duration = .milliseconds(250)
    /// Time between two looks of a standby at its processes and signals.
    static let standbyPauseMicroseconds: UInt32 = 50_000
    /// An answer of the ledger that takes longer is given up, and asked for again.
    static let standbyAnswerMax: Duration = .seconds(5)
    /// Time until a standby asks a database again that was away.
    static let standbyDatabasePatience: Duration = .seconds(1)
    /// Takeovers of one run, one after the other, until it is given up: a run that ends its
    /// coordinator five times will end the sixth.
    package static let takeoversMax = 5
    /// Wait after a takeover that did not come about, doubled up to the most.
    package static let takeoverPatience: ClosedRange<Duration> =
        Duration.seconds(2)...Duration.seconds(60)
    /// Runs that one standby conducts at a time; each is a coordinator with its workers.
    package static let standbyRunsMax = 8
    /// Time that a standby's coordinators have to stop when it is told to: their own drain limit,
    /// and the last words.
    package static let standbyStopLimit: Duration = .seconds(30)
}
