// What a job is, resolved and checked: the value that coordinator and workers share.
// It is read from `partitions.yaml` once, at start, and travels to workers as JSON.

public import Plan

/// One nightly job: a source, a contract, a partition table, a target.
public struct Job: Codable, Sendable, Equatable {
    /// The job's name, `[a-z0-9-]+`.
    public var name: String
    /// The program id that operators know it by, for example `KGRB091`.
    public var program: String
    /// The contract's name.
    public var contract: String
    /// Parameters a run must be given (`--set name=value`), with their types.
    public var parameters: [String: ParameterType]
    /// What header fields must equal, by the name a contract's identity rules use.
    public var identity: [String: String]
    /// When the input may be read.
    public var ready: Readiness
    /// What a well-formed file without data records means.
    public var onEmpty: OnEmpty
    /// The table that is written, and how.
    public var target: Target
    /// How the partition table comes about.
    public var partitions: PartitionRule
    /// Worker processes the coordinator starts, up to `SettingsLimits.workersMax`; 0: it waits for
    /// workers of other machines.
    public var workers: Int
    /// Rows of one load transaction, 100 to `SettingsLimits.commitIntervalMax`.
    public var commitInterval: Int
    /// Data records of one slice, 10 to `SettingsLimits.sliceRecordsMax`.
    public var sliceRecords: Int
    /// Rejects a run may have and still load; 0: none.
    public var maxRejects: Int
    /// Rejects listed at the most; further ones are only counted.
    public var maxReported: Int
    /// What happens when there are more rejects than `maxRejects`.
    public var onBudget: OnBudget
    /// Conflicts that may be left after the requeue pass.
    public var maxConflicts: Int
    /// What happens to a record whose row changed after validation.
    public var conflicts: ConflictPolicy
    /// Longest wait for a row lock an online transaction holds, in milliseconds.
    public var lockBudgetMilliseconds: Int
    /// Whether before-images are kept for `backout`.
    public var history: Bool
    /// Where a record's state stands.
    public var indicator: Indicator
    /// Silence after which a worker's claim is taken back, in milliseconds.
    public var silenceMilliseconds: Int
    /// Times one claim may be tried before the run gives up with 12.
    public var attemptsMax: Int

    /// How slices reach workers (`spool: {transfer: …}`).
    public var spoolTransfer: SpoolTransfer
    /// When a run must be over, every day; nil: it takes the time it takes.
    public var deadline: DeadlineTime?
    /// What becomes of the other partitions when one cannot be loaded.
    public var onPartitionFailure: OnPartitionFailure

    /// Memberwise, with the defaults of the YAML form.
    public init(
        name: String, program: String, contract: String, parameters: [String: ParameterType] = [:],
        identity: [String: String] = [:], ready: Readiness = .stable(seconds: 0),
        onEmpty: OnEmpty = .normal, target: Target, partitions: PartitionRule, workers: Int = 2,
        commitInterval: Int = 10_000, sliceRecords: Int = 131_072, maxRejects: Int = 0,
        maxReported: Int = 100_000, onBudget: OnBudget = .finish, maxConflicts: Int = 0,
        conflicts: ConflictPolicy = .requeue, lockBudgetMilliseconds: Int = 500,
        history: Bool = true, indicator: Indicator = .full, silenceMilliseconds: Int = 10_000,
        attemptsMax: Int = 3,
        spoolTransfer: SpoolTransfer = .auto, deadline: DeadlineTime? = nil,
        onPartitionFailure: OnPartitionFailure = .continue
    ) {
        self.name = name
        self.program = program
        self.contract = contract
        self.parameters = parameters
        self.identity = identity
        self.ready = ready
        self.onEmpty = onEmpty
        self.target = target
        self.partitions = partitions
        self.workers = workers
        self.commitInterval = commitInterval
        self.sliceRecords = sliceRecords
        self.maxRejects = maxRejects
        self.maxReported = maxReported
        self.onBudget = onBudget
        self.maxConflicts = maxConflicts
        self.conflicts = conflicts
        self.lockBudgetMilliseconds = lockBudgetMilliseconds
        self.history = history
        self.indicator = indicator
        self.silenceMilliseconds = silenceMilliseconds
        self.attemptsMax = attemptsMax
        self.spoolTransfer = spoolTransfer
        self.deadline = deadline
        self.onPartitionFailure = onPartitionFailure
    }

    /// The type of a parameter.
    public enum ParameterType: String, Codable, Sendable, CaseIterable { case date, text, integer }
    /// See `Job.ready`.
    public enum Readiness: Codable, Sendable, Equatable {
        /// The file is complete when its size and time stood still this long; 0: at once.
        case stable(seconds: Int)
        /// The file is complete when a file with the input's name and this suffix exists.
        ///
        /// The setting writes the input's name as `F`: `F.end` is the suffix `.end`.
        case marker(suffix: String)
    }
    /// See `Job.onEmpty`.
    public enum OnEmpty: String, Codable, Sendable, CaseIterable {
        /// 0: zero records are a night like any other.
        case normal
        /// 5: nothing to do.
        case warn
    }
    /// See `Job.onBudget`.
    public enum OnBudget: String, Codable, Sendable, CaseIterable {
        /// Go on checking, so that the sender gets the whole list once.
        case finish
        /// End at once; the list is marked incomplete.
        case stop
    }
    /// See `Job.conflicts`.
    public enum ConflictPolicy: String, Codable, Sendable, CaseIterable {
        /// Once more, carefully, with the row locked and read anew.
        case requeue
        /// Left as they are, counted and listed.
        case skip
    }
    /// See `Job.indicator` (PROTOCOL 27).
    public enum Indicator: String, Codable, Sendable, CaseIterable {
        /// On every staged row, written with the row it applies.
        case full
        /// In the ledger's intervals; only chunks with an exception write it on their rows.
        case intervals
    }
    /// See `Job.onPartitionFailure`.
    public enum OnPartitionFailure: String, Codable, Sendable, CaseIterable {
        /// They are loaded; then the run ends with the code of the one that failed.
        case `continue`
        /// The run ends at once, between two chunks.
        case stop
    }
    /// See `Job.spoolTransfer`.
    public enum SpoolTransfer: String, Codable, Sendable, CaseIterable {
        /// From the spool directory where the worker can see the slice, else from the coordinator.
        case auto
        /// From the spool directory only.
        case shared
        /// From the coordinator only.
        case stream
    }
}

/// The table a job writes and how.
public struct Target: Codable, Sendable, Equatable {
    /// Schema-qualified or found by the search path, as written; resolved against the catalog.
    public var table: String
    /// How records meet rows.
    public var mode: Mode
    /// Target key columns in order, each with the field that holds its value.
    public var key: [ColumnField]
    /// The lock column, `timestamptz` with microseconds.
    public var lockColumn: String
    /// The online side is trusted to move the lock column without a trigger.
    public var lockTrusted: Bool
    /// A column raised by every write; nil: none.
    public var updateCountColumn: String?
    /// What every other written column gets.
    public var columns: [ColumnMapping]
    /// What becomes of rows whose key the input lacks; nil: they are left alone.
    public var absent: Absent?

    /// How records meet rows.
    public enum Mode: String, Codable, Sendable, CaseIterable {
        /// Every record changes a row that exists; an unknown key is the reject `key-unknown`.
        case update
        /// A record without a row makes one.
        case upsert
    }

    /// A target column and the field it equals.
    public struct ColumnField: Codable, Sendable, Equatable {
        /// The target column.
        public var column: String
        /// A data or header field.
        public var field: String

        /// Memberwise.
        public init(column: String, field: String) {
            self.column = column
            self.field = field
        }
    }

    /// A target column and where its value comes from.
    public struct ColumnMapping: Codable, Sendable, Equatable {
        /// The target column.
        public var column: String
        /// Where its value comes from.
        public var source: Source

        /// Memberwise.
        public init(column: String, source: Source) {
            self.column = column
            self.source = source
        }
    }

    /// Where a column's value comes from.
    public enum Source: Codable, Sendable, Equatable {
        /// A field of the data record, or `header.NAME` of its group's header.
        case field(String)
        /// A literal text, cast to the column's type.
        case constant(String)
        /// NULL: `{constant: null}`.
        case null
        /// A run parameter.
        case parameter(String)
        /// A SQL expression over `new.FIELD` and `old.COLUMN`; `old` is the row as it was before
        /// this business date, so every column it names needs a `before` column (PROTOCOL 25).
        case sql(String)
        /// The value of `column` before this business date; `per` names the column that holds
        /// the business date the row was last written for.
        case before(column: String, per: String)
    }

    /// Memberwise.
    public init(
        table: String, mode: Mode, key: [ColumnField], lockColumn: String, lockTrusted: Bool,
        updateCountColumn: String?, columns: [ColumnMapping], absent: Absent? = nil
    ) {
        self.table = table
        self.mode = mode
        self.key = key
        self.lockColumn = lockColumn
        self.lockTrusted = lockTrusted
        self.updateCountColumn = updateCountColumn
        self.columns = columns
        self.absent = absent
    }
}

/// How the partition table comes about.
public enum PartitionRule: Codable, Sendable, Equatable {
    /// Written by hand; lint proves that it covers every key once.
    case explicit(PartitionTable)
    /// Balanced from a sample of the input, this many.
    case count(Int)
    /// Balanced from a sample of the input, about this many records each.
    case rowsPerPartition(Int)
}

extension KeyedDecodingContainer {
    /// Runs that were begun before there was this setting are gone on with as they began.
    ///
    /// The synthesised decoding of `Job` calls it, because it is nearer than the general one.
    func decode(
        _ type: Job.SpoolTransfer.Type, forKey key: Key
    ) throws -> Job.SpoolTransfer {
        try decodeIfPresent(type, forKey: key) ?? .auto
    }

    /// As for the transfer of slices.
    func decode(_ type: Job.Indicator.Type, forKey key: Key) throws -> Job.Indicator {
        try decodeIfPresent(type, forKey: key) ?? .full
    }

    /// As for the transfer of slices.
    func decode(
        _ type: Job.OnPartitionFailure.Type, forKey key: Key
    ) throws -> Job.OnPartitionFailure {
        try decodeIfPresent(type, forKey: key) ?? .continue
    }
}
