// The coordinator's heartbeat in the ledger, on a session of its own: its main session may be in a
// long statement, and only a process that still comes round writes it.

import Journal
import Ledger
import Messaging
import Postgres

/// Says in the ledger that a coordinator is alive, and learns there that it is not one any more.
final class Pulse {
    private let session: BoundedSession
    private let run: String
    private let term: Int64
    private var triedAt = Monotonic.now()
    private var isTroubled = false
    /// What the operator should know; the same trouble is told once.
    private let tell: (LogMessage) -> Void

    init(url: String, run: String, term: Int64, tell: @escaping (LogMessage) -> Void) {
        session = BoundedSession(
            url: url, name: "kugiri coordinator \(run) pulse",
            limit: CoordinationLimits.beatTimeMax)
        self.run = run
        self.term = term
        self.tell = tell
    }

    /// Writes a beat when one is due; throws `fenced` when the term is over.
    ///
    /// A beat that cannot be written is told and tried again: the main session decides whether the
    /// run goes on, and whoever takes it over meanwhile fences it.
    func beatWhenDue() throws {
        let now = Monotonic.now()
        guard now - triedAt >= CoordinationLimits.coordinatorBeatInterval else { return }
        triedAt = now
        do {
            let isNewest = try session.use { connection in
                try TenureLedger.beat(run: run, term: term, connection)
            }
            guard isNewest else { throw LedgerError.fenced(run: run) }
            isTroubled = false
        } catch let error as PostgresError {
            guard !isTroubled else { return }
            isTroubled = true
            tell(LogMessage(.pulseFailed, ["run": run, "reason": error.description]))
        }
    }
}
