// A run whose making was committed, or not: the answer never came, and the ledger knows.

import Glibc
import Journal
import Ledger
import Messaging
import Postgres

/// The COMMIT that makes a run was sent, and its answer never came.
struct LostCreation: Error {
    /// The run's id, if it is there.
    var run: String
    /// The input in the run's place of the archive.
    var input: ArrivedInput
    /// The target table's number.
    var target: Int64
    /// What happened to the session.
    var error: PostgresError

    /// Whether the run is in the ledger.
    ///
    /// The lost session may still be committing. It holds the target to its end, so whoever has the
    /// target sees what became of it (PROTOCOL 13).
    ///
    /// - Throws: ``error`` when the target is not free within `seizeLimit`; ``PostgresError`` when
    ///   the ledger cannot be asked until then: the server may be starting again.
    fileprivate func wasDone(_ databaseURL: String) throws -> Bool {
        let deadline = Monotonic.now() + CoordinationLimits.seizeLimit
        while true {
            do {
                return try isThere(databaseURL, deadline)
            } catch let trouble as PostgresError
                where trouble.isPassing && Monotonic.now() < deadline
            {
                usleep(UInt32(CoordinationLimits.seizePauseMilliseconds) * 1_000)
            }
        }
    }

    private func isThere(
        _ databaseURL: String, _ deadline: ContinuousClock.Instant
    ) throws -> Bool {
        let connection = try Connection(url: databaseURL, applicationName: "kugiri run")
        while try !RunLedger.lockTarget(target, connection) {
            guard Monotonic.now() < deadline else { throw error }
            usleep(UInt32(CoordinationLimits.seizePauseMilliseconds) * 1_000)
        }
        return try RunLedger.get(run, connection) != nil
    }
}

extension RunStart {
    /// Goes on with the run if it was made; ends with the error of the lost session if not.
    static func settle(
        _ lost: LostCreation, _ request: RunRequest, screen: RunScreen
    ) throws -> RunEnd {
        guard try lost.wasDone(request.databaseURL) else {
            Arrival.discard(lost.input)
            throw lost.error
        }
        return resume(
            ResumeRequest(request, run: lost.run),
            signals: try SignalReader([SIGINT, SIGTERM, SIGCHLD]), screen: screen)
    }
}
