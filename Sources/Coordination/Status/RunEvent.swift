// One event of a run as others hear it: schema `kugiri.event/1`, in `ops/schema/event-1.json`.
// A value; what is nil is left out.

package import Journal

/// Something that happened to a run.
package struct RunEvent: Codable, Sendable, Equatable {
    /// What kind of thing.
    package enum Kind: String, Codable, Sendable {
        case runStarted = "run_started"
        case phaseStarted = "phase_started"
        case phaseFinished = "phase_finished"
        case progress
        case partitionFinished = "partition_finished"
        case workerJoined = "worker_joined"
        case workerLeft = "worker_left"
        case message
        case runEnded = "run_ended"
    }

    /// A worker as progress shows it.
    package struct Worker: Codable, Sendable, Equatable {
        package var name: String
        package var host: String
        /// What it does, in a few words.
        package var state: String
        package var recordsPerSecond: Int64

        enum CodingKeys: String, CodingKey {
            case name, host, state
            case recordsPerSecond = "records_per_second"
        }
    }

    /// How far a phase is.
    package struct Progress: Codable, Sendable, Equatable {
        package var recordsDone: Int64
        /// 0: not known yet.
        package var recordsTotal: Int64
        package var recordsPerSecond: Int64
        package var rejects: Int64
        package var conflicts: Int64
        package var elapsedSeconds: Double
        package var workers: [Worker]

        enum CodingKeys: String, CodingKey {
            case rejects, conflicts, workers
            case recordsDone = "records_done"
            case recordsTotal = "records_total"
            case recordsPerSecond = "records_per_second"
            case elapsedSeconds = "elapsed_seconds"
        }
    }

    /// The schema this version writes.
    package static let schemaName = "kugiri.event/1"

    package var schema = schemaName
    package var event: Kind
    package var runID: String
    /// Counts a coordinator's events from 1; a gap: some were missed.
    package var sequence: UInt64 = 0
    package var time: Timestamp = .now()
    package var job: String?
    package var phase: String?
    package var records: Int64?
    package var elapsedSeconds: Double?
    package var progress: Progress?
    package var partition: Int?
    package var worker: String?
    package var host: String?
    package var reason: String?
    package var id: String?
    package var text: String?
    package var result: String?
    package var exitCode: Int32?

    /// An event of a kind; the rest is set by name.
    package init(_ event: Kind, run: String) {
        self.event = event
        runID = run
    }

    enum CodingKeys: String, CodingKey {
        case schema, event, sequence, time, job, phase, records, progress, partition, worker
        case host, reason, id, text, result
        case runID = "run_id"
        case elapsedSeconds = "elapsed_seconds"
        case exitCode = "exit_code"
    }
}
