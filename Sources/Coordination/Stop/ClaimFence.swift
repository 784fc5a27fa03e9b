// Taking a claim away from its holder (PROTOCOL 11), on a session used for nothing else.

import Journal
import Ledger
import Messaging
import Plan
import Postgres

/// Takes claims away.
enum ClaimFence {
    /// Raises a claim's epoch and ends its holder's session; nothing of it writes any more.
    ///
    /// - Parameter pause: Waits this many milliseconds, and lets others breathe.
    static func takeBack(
        _ claim: Int64, run: String, term: Int64, pause: (Int) throws -> Void,
        _ guardian: borrowing Connection
    ) throws -> ClaimState {
        try guardian.execute(
            "SET lock_timeout = \(CoordinationLimits.raiseLockTimeoutMilliseconds)")
        var raised: ClaimState?
        for _ in 0..<CoordinationLimits.raiseTriesMax where raised == nil {
            do {
                raised = try guardian.transaction { guardian in
                    try RunLedger.fence(run, term: term, guardian)
                    return try ClaimLedger.raise(claim, guardian)
                }
            } catch let error as PostgresError where error.kind == .lockNotAvailable {
                try ClaimLedger.terminateBlockers(claim, guardian)
                try pause(0)
            }
        }
        guard let raised else {
            throw RunStop(
                .infrastructure,
                LogMessage(
                    .statementFailed,
                    [
                        "statement": "claim_raise", "state": "55P03", "partition": "?",
                        "reason": "claim \(claim) stays locked by another session", "run": run,
                    ]), isResumable: true)
        }
        try Failpoint.afterEpochBump.pass()
        let deadline = Monotonic.now() + CoordinationLimits.terminateLimit
        while try ClaimLedger.terminateHolder(claim, guardian) {
            guard Monotonic.now() < deadline else { break }
            try pause(5)
        }
        return raised
    }
}
