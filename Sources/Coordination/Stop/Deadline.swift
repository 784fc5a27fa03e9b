// The moment by which a run must be over, and whether it can be. Decided here; the clock is the
// database's.

package import Journal
import Ledger
import Plan
import Postgres
package import Settings

/// When a coordinator stops, whatever is left.
package struct Deadline: Sendable, Equatable {
    /// With the offset people wrote it under, or the machine's.
    package var moment: Timestamp

    /// The next such time of day after now.
    ///
    /// - Parameters:
    ///   - now: The database's clock, in milliseconds since 1970.
    ///   - offset: Local time minus UTC in seconds at a moment, where the time names none.
    package init(_ time: DeadlineTime, now: Int64, offset: (Int64) -> Int) {
        let next = time.next(after: now / 1_000, offset: offset)
        moment = Timestamp(milliseconds: next.moment * 1_000, offsetSeconds: next.offset)
    }

    /// `2026-11-21T05:00:00.000+09:00`.
    package var text: String { moment.iso8601WithOffset }

    /// Whether it is over.
    package func isOver(at now: Int64) -> Bool { now >= moment.milliseconds }
}

/// What a phase has done and has left, from the ledger.
package struct Pace: Sendable, Equatable {
    /// Records of the phase that are not committed.
    package var left: Int64
    /// Records committed since the phase began under this coordinator.
    package var recent: Int64
    /// Time since then, in seconds.
    package var seconds: Double

    /// Memberwise.
    package init(left: Int64, recent: Int64, seconds: Double) {
        self.left = left
        self.recent = recent
        self.seconds = seconds
    }

    /// Records per second; 0: nothing yet.
    package var perSecond: Double { seconds > 0 ? Double(recent) / seconds : 0 }

    /// Whether the rest of this phase alone takes visibly longer than what is left of the window.
    ///
    /// Never before something was committed, nor in a phase's first seconds: then nobody can tell.
    /// Later phases are not estimated, so the warning may come late, but not without reason.
    ///
    /// - Parameter available: Seconds up to the deadline.
    package func isTooSlow(for available: Double) -> Bool {
        guard seconds >= CoordinationLimits.forecastSecondsMin, recent > 0, left > 0 else {
            return false
        }
        let needed = Double(left) / perSecond
        return needed > available * (1 + CoordinationLimits.forecastMargin)
    }
}
