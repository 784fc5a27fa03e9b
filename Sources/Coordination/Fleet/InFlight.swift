// What the fleet has under way but not committed, from heartbeats. A value: no socket, no ledger.

package import Plan
package import Wire

/// Figures of the claims in hand: each claim once, and none that the ledger already counts.
///
/// A heartbeat outlives its claim: until the next one comes it tells of work that is settled, or
/// that another worker has taken over. Counted twice, rejects within the budget look like rejects
/// over it, and workers stop staging a run that is then loaded.
package struct InFlight: Equatable {
    /// Records handled.
    package private(set) var records: UInt64 = 0
    /// Rejects found.
    package private(set) var rejects: Int64 = 0

    /// - Parameters:
    ///   - beats: The last heartbeat of every worker.
    ///   - phase: Claims of other phases are left out.
    ///   - settled: Claims whose work is in the ledger.
    package init(_ beats: some Sequence<Beat>, of phase: Phase, settled: Set<Int64>) {
        var claims: [Int64: (records: UInt64, rejects: UInt64)] = [:]
        for beat in beats where beat.phase == phase {
            guard let claim = beat.claim, !settled.contains(claim) else { continue }
            let known = claims[claim, default: (0, 0)]
            claims[claim] = (
                max(known.records, beat.recordsDone), max(known.rejects, beat.rejects)
            )
        }
        for figures in claims.values {
            records += min(figures.records, CoordinationLimits.beatFigureMax)
            rejects += Int64(min(figures.rejects, CoordinationLimits.beatFigureMax))
        }
    }
}
