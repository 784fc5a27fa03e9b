// A coordinator whose run another one has taken: it was frozen, cut off, or thought to be. It leaves
// with 13 and writes neither ledger nor target; its run goes on elsewhere.

import Journal
import Ledger
import Messaging
import Plan
import Postgres

/// Leaving a run to a newer coordinator.
enum Supplanting {
    /// Whether an error comes from a newer coordinator; nil: it does not, or nobody can be asked.
    ///
    /// A session that was ended for a takeover shows as a lost connection: the ledger says which
    /// it was.
    static func stop(for error: any Error, _ coordinator: RunCoordinator) -> RunStop? {
        switch error {
        case LedgerError.fenced: break
        case let error as PostgresError where error.connectionLost: break
        default: return nil
        }
        coordinator.fleet.heartbeat = nil
        // When the database is away too, the trouble is the database's.
        // A term that this very process took, without learning of it, is nobody else's.
        guard let last = try? newest(coordinator), last.term > coordinator.term,
            !coordinator.isOwn(last)
        else { return nil }
        coordinator.isSupplanted = true
        return RunStop(
            .held,
            LogMessage(
                .termLost,
                [
                    "run": coordinator.run, "term": String(coordinator.term),
                    "holder": "\(last.conductor), since \(Holders.moment(last.startedAt))",
                ]), isResumable: true)
    }

    /// The newest coordinator, asked on a session of its own: the coordinator's may be gone.
    private static func newest(_ coordinator: RunCoordinator) throws -> LastConductor? {
        let fleet = coordinator.fleet
        let connection = try Connection(
            url: coordinator.databaseURL,
            applicationName: "kugiri coordinator \(coordinator.run) parting",
            idle: { try fleet.breathe() })
        return try HolderLedger.lastConductor(of: coordinator.run, connection)
    }

    /// Lets the workers go and leaves; the run log gets one line, because the run has not ended.
    static func leave(
        _ coordinator: RunCoordinator, _ outcome: Outcome, _ causes: [LogMessage]
    ) -> RunEnd {
        coordinator.fleet.killOwn()
        coordinator.fleet.dismiss()
        for cause in causes { coordinator.note(cause) }
        coordinator.closeEvents()
        MeetingPlace.clear(coordinator.fleet.endpoint)
        return RunEnd(
            outcome: outcome, summary: nil, messages: causes, runID: coordinator.run)
    }
}
