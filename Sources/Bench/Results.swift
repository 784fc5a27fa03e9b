// Everything one bench run found, as it is written to JSON. What is judged or drawn is made from
// this and nothing else.

/// Results of one run of the bench.
package struct BenchResults: Codable, Sendable, Equatable {
    /// The schema this version writes.
    package static let schemaName = "kugiri.bench/1"

    /// Always ``schemaName`` when made here.
    package var schema = BenchResults.schemaName
    /// When the run began, in UTC.
    package var startedAt: String
    /// Where it ran.
    package var machine: Machine
    /// What was asked for.
    package var conditions: Conditions
    /// One per contestant, scenario and round, in the order they were taken.
    package var samples: [Sample] = []
    /// What a run leaves in the database; nil: not measured.
    package var databaseGrowth: DatabaseGrowth?
    /// The neighbours online; nil: not measured.
    package var online: Online?
    /// What was left out, and why.
    package var skipped: [Skipped] = []

    /// An empty result.
    package init(startedAt: String, machine: Machine, conditions: Conditions) {
        self.startedAt = startedAt
        self.machine = machine
        self.conditions = conditions
    }

    enum CodingKeys: String, CodingKey {
        case schema, machine, conditions, samples, online, skipped
        case startedAt = "started_at"
        case databaseGrowth = "database_growth"
    }

    /// The machine and the server.
    package struct Machine: Codable, Sendable, Equatable {
        /// The model, as the kernel names it.
        package var processor: String
        /// Processors online.
        package var cores: Int
        /// Physical memory.
        package var memoryBytes: Int64
        /// Its release.
        package var kernel: String
        /// The server's version.
        package var postgres: String
        /// Settings that are not PostgreSQL's defaults, and some that matter.
        package var serverSettings: [String: String]
        /// The load average of the last minute when the bench began.
        package var loadAverage: Double
        /// Programs of the peers with their versions.
        package var programs: [String: String]

        /// Memberwise.
        package init(
            processor: String, cores: Int, memoryBytes: Int64, kernel: String, postgres: String,
            serverSettings: [String: String], loadAverage: Double, programs: [String: String]
        ) {
            self.processor = processor
            self.cores = cores
            self.memoryBytes = memoryBytes
            self.kernel = kernel
            self.postgres = postgres
            self.serverSettings = serverSettings
            self.loadAverage = loadAverage
            self.programs = programs
        }

        enum CodingKeys: String, CodingKey {
            case processor, cores, kernel, postgres, programs
            case memoryBytes = "memory_bytes"
            case serverSettings = "server_settings"
            case loadAverage = "load_average"
        }
    }

    /// What was asked for.
    package struct Conditions: Codable, Sendable, Equatable {
        /// Records of the file and members of the target.
        package var records: Int
        /// Interleaved rounds.
        package var rounds: Int
        /// Worker processes of Kugiri.
        package var workers: Int
        /// Records of the two runs that show growth and memory.
        package var growthRecords: [Int]
        /// Parts that were asked for.
        package var sections: [String]
        /// How long the batch may hold up an online transaction.
        package var lockBudgetMilliseconds: Int
        /// Of the target table.
        package var targetFillfactor: Int
        /// `key` or `file`: the order in which the target's rows were written.
        package var targetOrder: String

        /// Memberwise.
        package init(
            records: Int, rounds: Int, workers: Int, growthRecords: [Int], sections: [String],
            lockBudgetMilliseconds: Int, targetFillfactor: Int, targetOrder: String
        ) {
            self.records = records
            self.rounds = rounds
            self.workers = workers
            self.growthRecords = growthRecords
            self.sections = sections
            self.lockBudgetMilliseconds = lockBudgetMilliseconds
            self.targetFillfactor = targetFillfactor
            self.targetOrder = targetOrder
        }

        enum CodingKeys: String, CodingKey {
            case records, rounds, workers, sections
            case growthRecords = "growth_records"
            case lockBudgetMilliseconds = "lock_budget_ms"
            case targetFillfactor = "target_fillfactor"
            case targetOrder = "target_order"
        }
    }

    /// One measurement.
    package struct Sample: Codable, Sendable, Equatable {
        /// A ``Scenario``.
        package var scenario: String
        /// A ``Contestant``.
        package var contestant: String
        /// From 1.
        package var round: Int
        package var records: Int
        /// From the start of the first program to the end of the last.
        package var seconds: Double
        /// Processor time of the programs themselves, without the server's.
        package var processorSeconds: Double
        /// The most memory any of its processes held, by the kernel's count at their end.
        package var peakBytes: Int64
        /// Memory by process where it was watched: the coordinator and its workers.
        package var processes: [ProcessPeak]
        /// Kugiri's own times by phase; empty for peers.
        package var phases: [String: Double]
        /// Digest of the target's business columns afterwards; nil: not compared.
        package var digest: String?

        /// Memberwise.
        package init(
            scenario: String, contestant: String, round: Int, records: Int, seconds: Double,
            processorSeconds: Double, peakBytes: Int64, processes: [ProcessPeak] = [],
            phases: [String: Double] = [:], digest: String? = nil
        ) {
            self.scenario = scenario
            self.contestant = contestant
            self.round = round
            self.records = records
            self.seconds = seconds
            self.processorSeconds = processorSeconds
            self.peakBytes = peakBytes
            self.processes = processes
            self.phases = phases
            self.digest = digest
        }

        enum CodingKeys: String, CodingKey {
            case scenario, contestant, round, records, seconds, processes, phases, digest
            case processorSeconds = "processor_seconds"
            case peakBytes = "peak_bytes"
        }
    }

    /// The highest memory of one process (VmHWM).
    package struct ProcessPeak: Codable, Sendable, Equatable {
        /// `coordinator`, or `worker 1` and so on.
        package var name: String
        package var bytes: Int64

        /// Memberwise.
        package init(name: String, bytes: Int64) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// Something that was not measured.
    package struct Skipped: Codable, Sendable, Equatable {
        /// A contestant, a part, or a measure.
        package var what: String
        /// One clause.
        package var why: String

        /// Memberwise.
        package init(what: String, why: String) {
            self.what = what
            self.why = why
        }
    }

    /// What runs leave in the database once their staging and before-images are purged.
    package struct DatabaseGrowth: Codable, Sendable, Equatable {
        /// Of every run.
        package var partitions: Int
        /// Of every run.
        package var records: Int
        /// Without the first runs, which make room in the catalog.
        package var bytesPerRun: Int64
        /// The database without the target, after each run.
        package var sizes: [Int64]

        /// Memberwise.
        package init(partitions: Int, records: Int, bytesPerRun: Int64, sizes: [Int64]) {
            self.partitions = partitions
            self.records = records
            self.bytesPerRun = bytesPerRun
            self.sizes = sizes
        }

        enum CodingKeys: String, CodingKey {
            case partitions, records, sizes
            case bytesPerRun = "bytes_per_run"
        }
    }

    /// What the online side met while a night was loaded.
    package struct Online: Codable, Sendable, Equatable {
        /// Transactions that were committed.
        package var transactions: Int
        /// Of them, while the load ran.
        package var duringLoad: Int
        /// Half of the client's latencies are below it, counted from when it was sent.
        package var medianMilliseconds: Double
        /// 99 of 100 took at most this.
        package var p99Milliseconds: Double
        /// The slowest.
        package var maxMilliseconds: Double
        /// The longest wait for a lock that a process of Kugiri held, as sampled.
        package var longestLockWaitMilliseconds: Double
        /// How often was looked.
        package var lockSamples: Int
        /// Rows whose counter is not what the online and the batch writes add up to.
        package var rowsWithLostWrites: Int64
        /// Rows that do not hold what the last online transaction wrote.
        package var rowsWithLostValues: Int64
        /// Conflicts that Kugiri's load counted.
        package var conflictsReported: Int64
        /// Rows of the conflict table.
        package var conflictsNoted: Int64
        /// Rows that were certainly changed between validation and load and were not reported.
        package var conflictsMissing: Int64
        /// Reported rows that certainly were not.
        package var conflictsSpurious: Int64
        /// Rows that certainly were: what `conflictsMissing` was counted among.
        package var conflictsCertain: Int64
        /// The night's exit code.
        package var exitCode: Int
        /// The night's time.
        package var seconds: Double
        /// Whether online transactions ran from before the night to after it.
        package var coversNight: Bool

        enum CodingKeys: String, CodingKey {
            case transactions, seconds
            case duringLoad = "during_load"
            case medianMilliseconds = "median_ms"
            case p99Milliseconds = "p99_ms"
            case maxMilliseconds = "max_ms"
            case longestLockWaitMilliseconds = "longest_lock_wait_ms"
            case lockSamples = "lock_samples"
            case rowsWithLostWrites = "rows_with_lost_writes"
            case rowsWithLostValues = "rows_with_lost_values"
            case conflictsReported = "conflicts_reported"
            case conflictsNoted = "conflicts_noted"
            case conflictsMissing = "conflicts_missing"
            case conflictsSpurious = "conflicts_spurious"
            case conflictsCertain = "conflicts_certain"
            case exitCode = "exit_code"
            case coversNight = "covers_night"
        }
    }
}

extension BenchResults {
    /// Every time of a contestant in a scenario, one per round.
    package func seconds(_ scenario: Scenario, _ contestant: Contestant) -> [Double] {
        samples(scenario, contestant).map(\.seconds)
    }

    /// Every time of one phase of a contestant in a scenario.
    package func phase(
        _ phase: String, _ scenario: Scenario, _ contestant: Contestant
    ) -> [Double] {
        samples(scenario, contestant).compactMap { $0.phases[phase] }
    }

    /// Every measurement of a contestant in a scenario.
    package func samples(_ scenario: Scenario, _ contestant: Contestant) -> [Sample] {
        samples.filter { $0.scenario == scenario.rawValue && $0.contestant == contestant.rawValue }
    }
}
