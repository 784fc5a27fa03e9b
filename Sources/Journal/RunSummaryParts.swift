// The parts of a run summary; their keys belong to the schema `kugiri.run/1`.

extension RunSummary {
    /// The file that was read.
    public struct Input: Codable, Sendable, Equatable {
        /// As the command named it.
        public var path: String
        /// Size of the file.
        public var bytes: Int64
        /// Data records.
        public var records: Int64
        /// Hexadecimal; nil: not read to its end.
        public var sha256: String?

        /// Memberwise.
        public init(path: String, bytes: Int64, records: Int64, sha256: String?) {
            self.path = path
            self.bytes = bytes
            self.records = records
            self.sha256 = sha256
        }
    }

    /// What a trailer promised and what was found.
    public struct ControlTotal: Codable, Sendable, Equatable {
        /// 1-based number of the header group.
        public var group: Int
        /// The total's name in the contract.
        public var name: String
        /// The trailer's figure.
        public var promised: Int64
        /// The figure of the data records.
        public var found: Int64
        /// Whether the promise holds; a group that may leave its totals out holds with 0 promised.
        public var holds: Bool
        /// Decimal places of both figures, which count units of the last one; nil: none.
        public var scale: Int?

        /// Memberwise.
        public init(
            group: Int, name: String, promised: Int64, found: Int64, holds: Bool,
            scale: Int? = nil
        ) {
            self.scale = scale
            self.group = group
            self.name = name
            self.promised = promised
            self.found = found
            self.holds = holds
        }
    }

    /// One partition and who worked on it.
    public struct Partition: Codable, Sendable, Equatable {
        /// 1-based.
        public var number: Int
        /// Lowest key, inclusive; empty: from the first key on.
        public var low: String
        /// Highest key, exclusive; nil: to the last key.
        public var high: String?
        /// What became of its records.
        public var counts: Counts
        /// Names of the workers that held claims in it.
        public var workers: [String]
        /// The most often one of its claims was granted; 1: nothing was tried twice.
        public var attempts: Int
        /// From its first claim to its last commit.
        public var elapsedSeconds: Double
        /// Whether the run's last phase is finished for it.
        public var isDone: Bool

        /// Memberwise.
        public init(
            number: Int, low: String, high: String?, counts: Counts, workers: [String],
            attempts: Int, elapsedSeconds: Double, isDone: Bool = true
        ) {
            self.number = number
            self.low = low
            self.high = high
            self.counts = counts
            self.workers = workers
            self.attempts = attempts
            self.elapsedSeconds = elapsedSeconds
            self.isDone = isDone
        }

        enum CodingKeys: String, CodingKey {
            case number, low, high, counts, workers, attempts
            case elapsedSeconds = "elapsed_seconds"
            case isDone = "done"
        }
    }

    /// One phase and its time.
    public struct Phase: Codable, Sendable, Equatable {
        /// `split`, `validate`, `load`, `certify` or `publish`.
        public var name: String
        /// Time in the phase.
        public var elapsedSeconds: Double

        /// Memberwise.
        public init(name: String, elapsedSeconds: Double) {
            self.name = name
            self.elapsedSeconds = elapsedSeconds
        }

        enum CodingKeys: String, CodingKey {
            case name
            case elapsedSeconds = "elapsed_seconds"
        }
    }

    /// One worker and what it did.
    public struct Worker: Codable, Sendable, Equatable {
        /// Its name in claims and logs.
        public var name: String
        /// The machine it ran on.
        public var host: String
        /// Claims it finished.
        public var claims: Int
        /// Records of those claims, over all phases.
        public var records: Int64

        /// Memberwise.
        public init(name: String, host: String, claims: Int, records: Int64) {
            self.name = name
            self.host = host
            self.claims = claims
            self.records = records
        }
    }

    /// What the validation cache saved.
    public struct CacheUse: Codable, Sendable, Equatable {
        /// Slices whose rules an earlier run has proved.
        public var hits: Int
        /// Slices whose rules this run applied.
        public var misses: Int

        /// Memberwise.
        public init(hits: Int, misses: Int) {
            self.hits = hits
            self.misses = misses
        }
    }

    /// A tolerance that is not the file's default.
    public struct Tolerance: Codable, Sendable, Equatable {
        /// The setting's name.
        public var name: String
        /// What this run used.
        public var value: String
        /// What the file says; nil: nothing.
        public var fileDefault: String?

        /// Memberwise.
        public init(name: String, value: String, fileDefault: String?) {
            self.name = name
            self.value = value
            self.fileDefault = fileDefault
        }

        enum CodingKeys: String, CodingKey {
            case name, value
            case fileDefault = "default"
        }
    }

    /// How many records a rule rejected.
    public struct RuleCount: Codable, Sendable, Equatable {
        /// The rule's name.
        public var rule: String
        /// Records it rejected.
        public var count: Int64

        /// Memberwise.
        public init(rule: String, count: Int64) {
            self.rule = rule
            self.count = count
        }
    }

    /// A message as the run gave it, in the language of the run.
    public struct Message: Codable, Sendable, Equatable {
        /// When it was given.
        public var time: Timestamp
        /// Its id.
        public var id: MessageID
        /// Its text, already rendered.
        public var text: String

        /// Memberwise.
        public init(time: Timestamp, id: MessageID, text: String) {
            self.time = time
            self.id = id
            self.text = text
        }

        /// A log message of this moment.
        public init(_ message: LogMessage, at time: Timestamp, catalogue: Catalogue = .english) {
            self.init(time: time, id: message.id, text: message.text(in: catalogue))
        }
    }
}
