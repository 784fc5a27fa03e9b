// A finished or unfinished run as one object: what `--json` prints and the report is made from.

/// What a run did, with a versioned schema.
///
/// Keys are snake_case; an optional value that is nil is left out.
public struct RunSummary: Codable, Sendable, Equatable {
    /// The schema this version writes.
    public static let schemaName = "kugiri.run/1"

    /// Always ``schemaName`` when made here.
    public var schema: String
    /// The run's id, such as `debit-result-20261120-01`.
    public var runID: String
    /// The job's name.
    public var job: String
    /// The program id, such as `KGRB091`.
    public var program: String
    /// NORMAL, WARNING, DATA, RETRY, CONFIG, CONFLICT, USAGE or BUG: the class of the exit code.
    public var result: String
    /// The process's exit code.
    public var exitCode: Int
    /// `2026-11-20`; nil: the job has no such parameter.
    public var businessDate: String?
    /// The file that was read.
    public var input: Input
    /// What became of all records.
    public var counts: Counts
    /// What trailers promised, by group.
    public var controlTotals: [ControlTotal]
    /// By number.
    public var partitions: [Partition]
    /// Phases that were entered, in their order.
    public var phases: [Phase]
    /// The fleet of this run.
    public var workers: [Worker]
    /// Tolerances that are not the file's default.
    public var tolerances: [Tolerance]
    /// Slices whose rules an earlier run has proved; nil: no slice was validated.
    public var validationCache: CacheUse?
    /// Rejects by rule; empty: none, or not counted by rule.
    public var rejectsByRule: [RuleCount]
    /// When the run was started first.
    public var startedAt: Timestamp
    /// nil: the run has not ended.
    public var endedAt: Timestamp?
    /// Time this run has taken.
    public var elapsedSeconds: Double
    /// sha256 of the certificate, hexadecimal; nil: not certified.
    public var certificate: String?
    /// The run directory.
    public var directory: String
    /// Warnings and errors, in the order they came.
    public var messages: [Message]
    /// What was taken back of the run since, a line each; nil: nothing.
    public var backouts: [String]?

    /// Memberwise; lists that are not given are empty.
    public init(
        runID: String, job: String, program: String, result: String, exitCode: Int,
        businessDate: String? = nil, input: Input, counts: Counts = .zero,
        controlTotals: [ControlTotal] = [], partitions: [Partition] = [], phases: [Phase] = [],
        workers: [Worker] = [], tolerances: [Tolerance] = [], rejectsByRule: [RuleCount] = [],
        startedAt: Timestamp, endedAt: Timestamp? = nil, elapsedSeconds: Double,
        certificate: String? = nil, directory: String, messages: [Message] = []
    ) {
        schema = Self.schemaName
        self.runID = runID
        self.job = job
        self.program = program
        self.result = result
        self.exitCode = exitCode
        self.businessDate = businessDate
        self.input = input
        self.counts = counts
        self.controlTotals = controlTotals
        self.partitions = partitions
        self.phases = phases
        self.workers = workers
        self.tolerances = tolerances
        self.rejectsByRule = rejectsByRule
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.elapsedSeconds = elapsedSeconds
        self.certificate = certificate
        self.directory = directory
        self.messages = messages
    }

    enum CodingKeys: String, CodingKey {
        case schema, job, program, result, input, counts, partitions, phases, workers, tolerances
        case certificate, directory, messages, backouts
        case runID = "run_id"
        case exitCode = "exit_code"
        case businessDate = "business_date"
        case controlTotals = "control_totals"
        case validationCache = "validation_cache"
        case rejectsByRule = "rejects_by_rule"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case elapsedSeconds = "elapsed_seconds"
    }

    /// The one-line result for standard error, always in this form so that a scheduler can match
    /// it: KGR9001I for NORMAL, KGR9002W for WARNING, KGR9003E for the rest.
    public var resultMessage: LogMessage {
        let id: MessageID =
            switch result {
            case "NORMAL": .runEndedNormal
            case "WARNING": .runEndedWarning
            default: .runEndedAbnormal
            }
        let done = partitions.count(where: \.isDone)
        return LogMessage(
            id,
            [
                "run": runID, "job": job, "result": result, "exit": String(exitCode),
                "input": String(counts.input), "loaded": String(counts.loaded),
                "unchanged": String(counts.unchanged), "rejected": String(counts.rejected),
                "conflicts": String(counts.conflicts),
                "partitions": "\(done)/\(partitions.count)",
                "elapsed": Figures.duration(seconds: elapsedSeconds)
                    .split(separator: " ").joined(),
            ])
    }
}
