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

    /// Whether the run is in the ledger, asked until the database is back: it may be starting again.
    ///
    /// - Parameters:
    ///   - limit: How long it is waited for (`database_wait`).
    ///   - tell: Called once, when it has to be waited for.
    /// - Throws: ``PostgresError`` when it is not back in time, ``error`` when nobody can tell;
    ///   ``RunStop``: SIGINT or SIGTERM.
    fileprivate func wasDone(
        _ databaseURL: String, within limit: Duration, _ signals: borrowing SignalReader,
        tell: (PostgresError) -> Void
    ) throws -> Bool {
        let end = Monotonic.now() + limit
        var isTold = false
        while true {
            do {
                guard let isThere = try isThere(databaseURL) else { break }
                return isThere
            } catch let trouble as PostgresError where trouble.isPassing && Monotonic.now() < end {
                if !isTold { tell(trouble) }
                isTold = true
            }
            usleep(UInt32(CoordinationLimits.databaseLookMilliseconds) * 1_000)
            if let signal = signals.next(), signal != SIGCHLD { throw RunStop(signal: signal) }
        }
        throw error
    }

    /// nil: the target is not free within `seizeLimit`, so that nobody can tell.
    ///
    /// The lost session may still be committing. It holds the target to its end, so whoever has the
    /// target sees what became of it (PROTOCOL 13).
    private func isThere(_ databaseURL: String) throws -> Bool? {
        let connection = try Connection(url: databaseURL, applicationName: "kugiri run")
        let deadline = Monotonic.now() + CoordinationLimits.seizeLimit
        while try !RunLedger.lockTarget(target, connection) {
            guard Monotonic.now() < deadline else { return nil }
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
        let signals = try SignalReader([SIGINT, SIGTERM, SIGCHLD])
        let limit = request.surroundings.databaseWait
        var screen = screen
        let wasDone = try lost.wasDone(request.databaseURL, within: limit, signals) { trouble in
            screen.announce(
                LogMessage(
                    .databaseAwaited,
                    [
                        "run": lost.run, "since": Timestamp.now().iso8601WithOffset,
                        "left": Figures.duration(limit), "reason": trouble.description,
                    ]))
        }
        guard wasDone else {
            Arrival.discard(lost.input)
            throw lost.error
        }
        return resume(ResumeRequest(request, run: lost.run), signals: signals, screen: screen)
    }
}
