// The job as a drill runs it: cut small enough that a fault can hit a given share of the load.

import Journal
import Messaging
import Plan
import Settings

/// The job of a drill, what is different in it, and how much it is slowed down.
struct DrillPace {
    /// With the drill's own values.
    private(set) var job: Job
    /// What differs, in words: name, value, the job's own value.
    private(set) var changes: [String] = []
    /// What each chunk and each claim is held for; 0: nothing.
    private(set) var milliseconds: Int64 = 0

    /// - Parameters:
    ///   - settings: The job's own.
    ///   - recordBytes: Of one record, about.
    init(job own: Job, settings: Settings, inputBytes: Int64, recordBytes: Int64) {
        job = own
        let records = max(1, inputBytes / max(1, recordBytes))
        let interval = Int(records / DrillLimits.chunksWanted)
        set(
            "commit_interval", \.commitInterval,
            min(own.commitInterval, max(SettingsLimits.commitIntervalMin, interval)))
        let slice = Int(records / DrillLimits.slicesWanted)
        set(
            "slice_records", \.sliceRecords,
            min(own.sliceRecords, max(SettingsLimits.sliceRecordsMin, slice)))
        set("workers", \.workers, max(1, own.workers))
        set("attempts", \.attemptsMax, DrillLimits.attempts)
        let silence = min(own.silenceMilliseconds, DrillLimits.silenceMilliseconds)
        if silence != own.silenceMilliseconds {
            job.silenceMilliseconds = silence
            changes.append("silence \(silence / 1_000)s (\(own.silenceMilliseconds / 1_000)s)")
        }
        if own.conflicts != .requeue {
            job.conflicts = .requeue
            changes.append("conflicts requeue (\(own.conflicts.rawValue))")
        }
        if own.deadline != nil {
            job.deadline = nil
            changes.append("no deadline")
        }
        let wait = settings.movedDatabaseWaitMilliseconds
        if wait != settings.databaseWaitMilliseconds {
            changes.append(
                "database_wait \(wait / 1_000)s (\(settings.databaseWaitMilliseconds / 1_000)s)")
        }
        let chunks = max(
            records / Int64(job.commitInterval), records / Int64(job.sliceRecords), 1)
        let wanted = DrillLimits.loadMillisecondsMin * Int64(job.workers) / chunks
        let held = min(wanted, DrillLimits.paceMillisecondsMax)
        milliseconds = held < DrillLimits.paceMillisecondsMin ? 0 : held
    }

    /// What the run's processes find in their environment.
    var environment: [String: String] {
        guard milliseconds > 0 else { return [:] }
        return [
            "KUGIRI_FAILPOINT": "\(Failpoint.inChunk.rawValue):slow:\(milliseconds),"
                + "\(Failpoint.claimTaken.rawValue):slow:\(milliseconds)"
        ]
    }

    private mutating func set(_ name: String, _ path: WritableKeyPath<Job, Int>, _ value: Int) {
        let own = job[keyPath: path]
        guard value != own else { return }
        job[keyPath: path] = value
        changes.append(
            "\(name) \(Figures.count(Int64(value))) (\(Figures.count(Int64(own))))")
    }
}
