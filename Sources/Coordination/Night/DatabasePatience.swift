// How long a run waits for a database that went away or ran full, and when it asks again: a value
// with no clock, no session and no dice.

package import Plan

/// The patience of one process with its run's database.
///
/// It begins anew whenever the run got on in between: what counts is time without any progress.
package struct DatabasePatience: Sendable {
    /// How far the run was when its database went away.
    package struct Standing: Sendable {
        /// The coordinator's term.
        package var term: Int64
        /// The phase it was in.
        package var phase: Phase
        /// Whether a claim was finished under this term.
        package var hasFinishedClaims: Bool

        /// Memberwise.
        package init(term: Int64, phase: Phase, hasFinishedClaims: Bool) {
            self.term = term
            self.phase = phase
            self.hasFinishedClaims = hasFinishedClaims
        }
    }

    private let limit: Duration
    /// When the trouble began; nil: there was none yet.
    package private(set) var since: ContinuousClock.Instant?
    private var standing: Standing?
    private var delay: Duration = .zero
    private var pauses = 0

    /// - Parameter limit: Time without progress after which the run ends; zero: it does not wait.
    package init(limit: Duration) { self.limit = limit }

    /// When the wait that is on is given up; nil: none is.
    package var end: ContinuousClock.Instant? { since.map { $0 + limit } }

    /// Takes in that the database is away or full, once more.
    ///
    /// - Parameters:
    ///   - isFull: It answers, but has no room: asked again more seldom, because the question is
    ///     the run itself.
    ///   - share: From 0 to 1, drawn: which part of the upper half of the delay is waited, so that
    ///     many runs do not all come back at once.
    /// - Returns: When to try again; nil: never.
    package mutating func nextTry(
        _ now: Standing, isFull: Bool, at moment: ContinuousClock.Instant, share: Double
    ) -> ContinuousClock.Instant? {
        let range =
            isFull ? CoordinationLimits.fullPatience : CoordinationLimits.awayPatience
        if standing?.term != now.term {
            pauses += 1
            let hasMoved =
                standing.map { now.hasFinishedClaims || now.phase > $0.phase } ?? true
            if hasMoved {
                since = moment
                delay = .zero
            }
            standing = now
        }
        guard let end, moment < end, pauses <= CoordinationLimits.databasePausesMax else {
            return nil
        }
        delay = min(max(delay * 2, range.lowerBound), range.upperBound)
        return min(moment + delay * (0.5 + share / 2), end)
    }
}
