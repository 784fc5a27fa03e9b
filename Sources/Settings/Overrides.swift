// What flags and environment say over the file: optional values with the same bounds.

import Plan

/// Settings of a job that flags or the environment may replace for one run; nil: as before.
public struct Overrides: Sendable, Equatable {
    /// Where the values come from; named in faults.
    public enum Origin: String, Sendable {
        /// Flags; faults name `--max-rejects`.
        case commandLine = "command line"
        /// Variables; faults name `KUGIRI_WORKERS`.
        case environment
    }

    /// Where the values come from.
    public var origin: Origin
    /// See `Job.workers`.
    public var workers: Int?
    /// See `Job.maxRejects`.
    public var maxRejects: Int?
    /// See `Job.maxReported`.
    public var maxReported: Int?
    /// See `Job.onBudget`.
    public var onBudget: Job.OnBudget?
    /// See `Job.maxConflicts`.
    public var maxConflicts: Int?
    /// See `Job.conflicts`.
    public var conflicts: Job.ConflictPolicy?
    /// See `Job.commitInterval`.
    public var commitInterval: Int?
    /// See `Job.sliceRecords`.
    public var sliceRecords: Int?
    /// Replaces the partition rule, explicit ranges too, by this many balanced partitions.
    public var partitionCount: Int?
    /// See `Job.lockBudgetMilliseconds`.
    public var lockBudgetMilliseconds: Int?
    /// See `Job.silenceMilliseconds`.
    public var silenceMilliseconds: Int?
    /// See `Job.attemptsMax`.
    public var attemptsMax: Int?
    /// See `Job.onEmpty`.
    public var onEmpty: Job.OnEmpty?
    /// See `Job.history`.
    public var history: Bool?
    /// See `Job.indicator`.
    public var indicator: Job.Indicator?
    /// See `Job.spoolTransfer`.
    public var spoolTransfer: Job.SpoolTransfer?
    /// See `Job.deadline`.
    public var deadline: DeadlineTime?
    /// See `Job.onPartitionFailure`.
    public var onPartitionFailure: Job.OnPartitionFailure?
    /// See `Settings.database`.
    public var database: String?
    /// Replaces the state directory and what lies below it by default.
    public var directory: String?
    /// See `NetworkSettings.listen`.
    public var listen: String?
    /// See `NetworkSettings.key`; relative to the current folder.
    public var key: String?
    /// See `NetworkSettings.allow`; relative to the current folder.
    public var allow: String?

    /// Nothing replaced.
    public init(origin: Origin = .commandLine) { self.origin = origin }

    /// The variables `KUGIRI_DATABASE_URL`, `KUGIRI_WORKERS` and `KUGIRI_DIRECTORY`, and for the
    /// network `KUGIRI_LISTEN`, `KUGIRI_KEY` and `KUGIRI_ALLOW`.
    ///
    /// An empty variable counts as absent.
    public init(environment: [String: String]) throws(SettingsFaults) {
        self.init(origin: .environment)
        let values = environment.filter { !$0.value.isEmpty }
        database = values["KUGIRI_DATABASE_URL"]
        directory = values["KUGIRI_DIRECTORY"]
        listen = values["KUGIRI_LISTEN"]
        key = values["KUGIRI_KEY"]
        allow = values["KUGIRI_ALLOW"]
        guard let text = values["KUGIRI_WORKERS"] else { return }
        guard let number = Int(text) else {
            throw SettingsFaults([
                SettingsFault(
                    file: origin.rawValue, path: "KUGIRI_WORKERS",
                    message: "expected \(Words.expectation(Self.workersBounds)), found '\(text)'")
            ])
        }
        workers = number
    }

    /// The job with these values in the place of its own; throws every value out of bounds.
    public func apply(to job: Job) throws(SettingsFaults) -> Job {
        let faults = jobFaults
        guard faults.isEmpty else { throw SettingsFaults(faults) }
        return written(over: job)
    }

    /// The settings with these values in every job, and the database and directory replaced.
    public func apply(to settings: Settings) throws(SettingsFaults) -> Settings {
        var faults = jobFaults
        if let database, let message = DatabaseAddress.fault(database) {
            faults.append(fault("database", message))
        }
        guard faults.isEmpty else { throw SettingsFaults(faults) }
        var result = settings
        result.jobs = settings.jobs.mapValues(written)
        result.database = database ?? settings.database
        if let directory { result.directories.move(to: directory) }
        result.network.replace(listen: listen, key: key, allow: allow)
        return result
    }

    /// The job with these values, whose bounds were checked before.
    func written(over job: Job) -> Job {
        var result = job
        result.workers = workers ?? job.workers
        result.maxRejects = maxRejects ?? job.maxRejects
        result.maxReported = maxReported ?? job.maxReported
        result.onBudget = onBudget ?? job.onBudget
        result.maxConflicts = maxConflicts ?? job.maxConflicts
        result.conflicts = conflicts ?? job.conflicts
        result.commitInterval = commitInterval ?? job.commitInterval
        result.sliceRecords = sliceRecords ?? job.sliceRecords
        result.partitions = partitionCount.map { .count($0) } ?? job.partitions
        result.lockBudgetMilliseconds = lockBudgetMilliseconds ?? job.lockBudgetMilliseconds
        result.silenceMilliseconds = silenceMilliseconds ?? job.silenceMilliseconds
        result.attemptsMax = attemptsMax ?? job.attemptsMax
        result.onEmpty = onEmpty ?? job.onEmpty
        result.history = history ?? job.history
        result.indicator = indicator ?? job.indicator
        result.spoolTransfer = spoolTransfer ?? job.spoolTransfer
        result.deadline = deadline ?? job.deadline
        result.onPartitionFailure = onPartitionFailure ?? job.onPartitionFailure
        return result
    }

    // MARK: Bounds

    static let workersBounds = 0...SettingsLimits.workersMax
    static let commitIntervalBounds =
        SettingsLimits.commitIntervalMin...SettingsLimits.commitIntervalMax
    static let sliceRecordsBounds = SettingsLimits.sliceRecordsMin...SettingsLimits.sliceRecordsMax
    static let toleranceBounds = 0...SettingsLimits.toleranceMax
    static let reportedBounds = 0...SettingsLimits.reportedMax
    static let partitionCountBounds = 1...PartitionTable.partitionsMax
    static let attemptsBounds = 1...SettingsLimits.attemptsMax
    static let lockBudgetBounds =
        SettingsLimits.lockBudgetMillisecondsMin...SettingsLimits.lockBudgetMillisecondsMax
    static let silenceBounds =
        SettingsLimits.silenceMillisecondsMin...SettingsLimits.silenceMillisecondsMax

    private var jobFaults: [SettingsFault] {
        [
            outOfBounds(workers, Self.workersBounds, "workers"),
            outOfBounds(maxRejects, Self.toleranceBounds, "max-rejects"),
            outOfBounds(maxReported, Self.reportedBounds, "max-reported"),
            outOfBounds(maxConflicts, Self.toleranceBounds, "max-conflicts"),
            outOfBounds(commitInterval, Self.commitIntervalBounds, "commit-interval"),
            outOfBounds(sliceRecords, Self.sliceRecordsBounds, "slice-records"),
            outOfBounds(partitionCount, Self.partitionCountBounds, "partitions"),
            outOfBounds(lockBudgetMilliseconds, Self.lockBudgetBounds, "lock-budget", "ms"),
            outOfBounds(silenceMilliseconds, Self.silenceBounds, "silence", "ms"),
            outOfBounds(attemptsMax, Self.attemptsBounds, "attempts"),
        ].compactMap { $0 }
    }

    private func outOfBounds(
        _ value: Int?, _ bounds: ClosedRange<Int>, _ name: String, _ unit: String = ""
    ) -> SettingsFault? {
        guard let value, !bounds.contains(value) else { return nil }
        return fault(name, "expected \(Words.expectation(bounds))\(unit), found \(value)\(unit)")
    }

    private func fault(_ name: String, _ message: String) -> SettingsFault {
        let path: String
        switch (origin, name) {
        case (.commandLine, _): path = "--\(name)"
        case (.environment, "database"): path = "KUGIRI_DATABASE_URL"
        case (.environment, _): path = "KUGIRI_\(name.uppercased())"
        }
        return SettingsFault(file: origin.rawValue, path: path, message: message)
    }
}
