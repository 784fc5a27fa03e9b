// What the fleet tells the coordinator at each look.

import Journal
import Messaging
import Plan
import Wire

/// What happened in the fleet since the last look.
enum FleetEvent {
    case joined(WorkerName, host: String, process: Int32, version: String)
    case ready(WorkerName)
    case beat(WorkerName, Beat)
    case failed(WorkerName, Failure)
    case log(WorkerName, LogLine)
    case left(WorkerName, reason: String)
    case ended(WorkerName, process: Int32, ExitStatus)
    /// Somebody asked for this worker to go: it gets no more work.
    case retiring(WorkerName)
    /// A worker that was asked to go has gone.
    case drained(WorkerName)
    /// For the run log.
    case notice(LogMessage)
}
