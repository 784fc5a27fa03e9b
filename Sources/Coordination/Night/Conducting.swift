// The night from its opening to its end, in as many terms as the database makes of it: when the
// session is lost, or there is no room, the run waits and is taken again (PROTOCOL 16).

import Journal
import Ledger
import Messaging
import Plan
import Postgres

/// Conducts runs.
enum Conducting {
    /// Conducts a run that was taken, and ends it, whatever happens.
    ///
    /// - Parameters:
    ///   - request: How it goes on after its database was away.
    ///   - opening: What comes before the first phase; not done again, because the ledger then knows
    ///     what is left.
    static func conduct(
        _ first: RunCoordinator, as request: ResumeRequest,
        opening: (RunCoordinator) throws -> Void
    ) -> RunEnd {
        var coordinator = first
        var wait = DatabaseWait(limit: request.surroundings.databaseWait)
        var trouble: PostgresError?
        while true {
            do {
                if let trouble {
                    try wait.pass(trouble, coordinator)
                    if let end = try takeAgain(&coordinator, request) {
                        return Ending.complete(coordinator, end)
                    }
                    coordinator.noteDatabaseBack(after: wait.elapsed)
                } else {
                    try opening(coordinator)
                }
                let outcome = try coordinator.night(untilValidate: request.untilValidate)
                return try Ending.finish(coordinator, outcome)
            } catch let error as PostgresError where error.isPassing {
                if let stop = Supplanting.stop(for: error, coordinator) {
                    return Ending.failed(stop, coordinator)
                }
                // Nothing that is left to be noted is worth a wait, or another end.
                if let published = coordinator.published {
                    return finish(coordinator, published.outcome)
                }
                trouble = error
            } catch {
                return Ending.failed(error, coordinator)
            }
        }
    }

    private static func finish(_ coordinator: RunCoordinator, _ outcome: Outcome) -> RunEnd {
        do {
            return try Ending.finish(coordinator, outcome)
        } catch {
            return Ending.failed(error, coordinator)
        }
    }

    /// Takes the run again; when somebody else has it by now, its log and its end are theirs.
    private static func takeAgain(
        _ coordinator: inout RunCoordinator, _ request: ResumeRequest
    ) throws -> RunEnd? {
        do {
            return try RunStart.takeAgain(&coordinator, request)
        } catch let stop as RunStop where stop.outcome == .held {
            coordinator.isSupplanted = true
            throw stop
        }
    }
}
