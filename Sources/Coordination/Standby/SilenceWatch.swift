// Is a coordinator that has said nothing for a while dead? A value: no clock and no ledger.

/// Judges one coordinator's beats.
///
/// The database's clock says how old a beat is. That alone would condemn a living coordinator
/// whenever the database itself stood still, because both then come back at once: so an old beat
/// must also stay the same for `confirmation` while this process looks without a gap.
package struct SilenceWatch: Sendable {
    /// What a look says.
    package enum Verdict: Equatable, Sendable {
        /// It spoke within the limit, or never says anything (an older binary).
        case alive
        /// It is over the limit, and has not been watched for long enough.
        case doubtful
        /// Over the limit, and watched.
        case silent
    }

    private let limit: Duration
    private let confirmation: Duration
    private let gap: Duration
    private var beatAt: Int64?
    private var sinceWhen: ContinuousClock.Instant?
    private var lookedAt: ContinuousClock.Instant?

    /// - Parameters:
    ///   - limit: The age of a beat that is doubted.
    ///   - confirmation: How long it must then stay the same under this process's eyes.
    ///   - gap: Two looks further apart than this do not count as one.
    package init(
        limit: Duration = CoordinationLimits.coordinatorSilenceLimit,
        confirmation: Duration = CoordinationLimits.silenceConfirmation,
        gap: Duration = CoordinationLimits.silenceGapMax
    ) {
        self.limit = limit
        self.confirmation = confirmation
        self.gap = gap
    }

    /// Takes in one look.
    ///
    /// - Parameters:
    ///   - beat: When it last spoke, in milliseconds; nil: it never does.
    ///   - silence: How long ago that is by the database's clock.
    ///   - now: This process's time.
    package mutating func look(
        beatAt beat: Int64?, silence: Duration?, at now: ContinuousClock.Instant
    ) -> Verdict {
        guard let beat, let silence else { return .alive }
        let hasGap = lookedAt.map { now - $0 > gap } ?? true
        if hasGap || beat != beatAt { sinceWhen = now }
        beatAt = beat
        lookedAt = now
        guard silence >= limit else { return .alive }
        guard let sinceWhen, now - sinceWhen >= confirmation else { return .doubtful }
        return .silent
    }
}
