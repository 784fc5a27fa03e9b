// `kugiri workers RUN --drain NAME`: one worker finishes its chunk and leaves, asked through the
// ledger.

import Glibc
package import Journal
import Ledger
import Messaging
import Plan
package import Postgres

/// How a drain ended; schema `kugiri.drain/1`, in `ops/schema/drain-1.json`.
package struct DrainReport: Encodable, Sendable {
    package var schema = "kugiri.drain/1"
    package var runID: String
    package var worker: String
    /// Whether it has left; false: it was asked, and the run ended or took too long.
    package var hasLeft: Bool
    /// Workers that the run has left.
    package var workersLeft: Int

    enum CodingKeys: String, CodingKey {
        case schema, worker
        case runID = "run_id"
        case hasLeft = "left"
        case workersLeft = "workers_left"
    }
}

/// Drains workers.
package enum DrainWorker {
    /// Why a drain cannot be asked for.
    package struct Refused: Error {
        package var reason: String
    }

    /// Asks the run's coordinator to let a worker go, and waits until it has left.
    ///
    /// - Returns: What came of it, and what to tell the operator.
    package static func drain(
        _ worker: String, of run: String, reason: String?, command: String, version: String,
        _ connection: borrowing Connection
    ) throws -> (report: DrainReport, messages: [LogMessage]) {
        let crew = try InstructionLedger.crew(of: run, connection)
        guard try StatusLedger.isOn(run, connection),
            let row = try StatusLedger.standing(run, connection)
        else {
            throw Refused(
                reason: "run \(run) has no coordinator now, so it has no workers to drain")
        }
        guard crew.contains(worker) else {
            throw Refused(
                reason: "run \(run) has no worker \(worker); it has \(crew.joined(separator: ", "))"
            )
        }
        let asker = RunStart.identity
        let isAsked = try connection.transaction { connection in
            try Preparation.audit(
                command, run: run, version: version, hash: nil, reason: reason, connection)
            return try InstructionLedger.ask(
                .drain(worker: worker), run: run, term: row.term, by: asker, reason: reason,
                connection)
        }
        guard isAsked else {
            throw Refused(reason: "run \(run) got another coordinator just now; ask again")
        }
        let start = Monotonic.now()
        var report = DrainReport(runID: run, worker: worker, hasLeft: false, workersLeft: 0)
        while true {
            let isOn = try StatusLedger.isOn(run, connection)
            let crew = try InstructionLedger.crew(of: run, connection)
            report.hasLeft = !crew.contains(worker)
            report.workersLeft = crew.count
            if report.hasLeft || !isOn { break }
            guard Monotonic.now() - start < CoordinationLimits.stopWait else {
                return (
                    report,
                    [
                        LogMessage(
                            .workerNotLeft,
                            [
                                "worker": worker, "run": run,
                                "elapsed": Figures.duration(CoordinationLimits.stopWait),
                            ])
                    ]
                )
            }
            usleep(CoordinationLimits.stopLookMicroseconds)
        }
        guard report.hasLeft, report.workersLeft == 0 else { return (report, []) }
        return (report, [LogMessage(.lastWorkerDrained, ["run": run])])
    }
}

extension RunCoordinator {
    /// A drained worker has gone: what it had in hand goes to another one, and nobody takes its
    /// place.
    func drained(_ worker: WorkerName, _ book: inout ClaimBook) throws -> [ClaimBook.Effect] {
        note(LogMessage(.workerDrained, ["worker": worker]), worker: worker)
        try left(worker, reason: "drained")
        if fleet.childCount == 0, !fleet.hasLiveCrew {
            note(LogMessage(.lastWorkerDrained, ["run": run]))
        }
        return book.gone(worker)
    }
}
