// What a standby does about the runs it sees: a value with no clock, no ledger and no process.

package import Journal
package import Ledger

/// The runs a standby watches.
package struct StandbyBook {
    /// What is to be done or told.
    package enum Effect: Sendable {
        /// Start a coordinator for this run under the term after `sight.term`.
        case takeOver(RunSight)
        case tell(LogMessage, run: String, job: String)
    }

    /// What is known of one run.
    private struct Entry {
        var watch = SilenceWatch()
        /// The term that was told of.
        var toldTerm: Int64?
        /// Looks one after the other that found nobody at it.
        var goneLooks = 0
        /// A coordinator of this standby's is at it.
        var isConducted = false
        /// The term of the takeover that was tried last.
        var triedTerm: Int64?
        var triedExit = ""
        var patience = CoordinationLimits.takeoverPatience.lowerBound
        var retryAt: ContinuousClock.Instant?
        var isGivenUp = false
    }

    private var entries: [String: Entry] = [:]

    /// Nothing is known.
    package init() {}

    /// Takes in one look at the open runs.
    ///
    /// - Parameters:
    ///   - sights: All of them.
    ///   - mayTakeOver: Whether there is room for one more coordinator.
    ///   - now: This process's time.
    package mutating func look(
        _ sights: [RunSight], mayTakeOver: Bool, at now: ContinuousClock.Instant
    ) -> [Effect] {
        var effects: [Effect] = []
        var hasRoom = mayTakeOver
        let open = Set(sights.map(\.run))
        for run in entries.keys where !open.contains(run) && entries[run]?.isConducted == false {
            entries[run] = nil
        }
        for sight in sights {
            var entry = entries[sight.run] ?? Entry()
            if !entry.isConducted {
                effects += judge(sight, &entry, &hasRoom, at: now)
            }
            entries[sight.run] = entry
        }
        return effects
    }

    /// A coordinator that was started for a run has ended, with an exit code or a signal's name.
    package mutating func ended(_ run: String, exit: String) {
        entries[run]?.isConducted = false
        entries[run]?.triedExit = exit
        entries[run]?.goneLooks = 0
        entries[run]?.watch = SilenceWatch()
    }

    private func judge(
        _ sight: RunSight, _ entry: inout Entry, _ hasRoom: inout Bool,
        at now: ContinuousClock.Instant
    ) -> [Effect] {
        guard !sight.hasEnded else { return left(sight, &entry) }
        guard let reason = absence(of: sight, &entry, at: now) else {
            return watched(sight, &entry)
        }
        if sight.takeovers >= CoordinationLimits.takeoversMax { return givenUp(sight, &entry) }
        if entry.triedTerm == sight.term, let wait = patience(sight, &entry, at: now) {
            return wait
        }
        guard hasRoom else { return [] }
        hasRoom = false
        entry.isConducted = true
        entry.triedTerm = sight.term
        entry.retryAt = nil
        return [
            tell(.coordinatorGone, sight, ["reason": reason, "term": String(sight.term)]),
            .takeOver(sight),
        ]
    }

    /// Why nobody conducts a run; nil: somebody does, or is just coming or going.
    private func absence(
        of sight: RunSight, _ entry: inout Entry, at now: ContinuousClock.Instant
    ) -> String? {
        guard sight.holdsTarget else {
            // Twice: between two readings of one look a coordinator may have ended in order.
            entry.goneLooks = sight.targetIsHeld ? 0 : entry.goneLooks + 1
            return entry.goneLooks >= 2 ? "its database session has ended" : nil
        }
        entry.goneLooks = 0
        let verdict = entry.watch.look(beatAt: sight.beatAt, silence: sight.silence, at: now)
        guard verdict == .silent, let silence = sight.silence else { return nil }
        return "it has been silent for \(Figures.duration(silence))"
    }

    private func watched(_ sight: RunSight, _ entry: inout Entry) -> [Effect] {
        guard sight.holdsTarget, entry.toldTerm != sight.term else { return [] }
        entry.toldTerm = sight.term
        entry.isGivenUp = false
        entry.patience = CoordinationLimits.takeoverPatience.lowerBound
        return [tell(.runWatched, sight, ["phase": sight.phase])]
    }

    private func left(_ sight: RunSight, _ entry: inout Entry) -> [Effect] {
        entry.goneLooks = 0
        guard entry.toldTerm == sight.term else { return [] }
        entry.toldTerm = nil
        return [tell(.runLeftAlone, sight, ["exit": sight.exitCode.map { String($0) } ?? "?"])]
    }

    private func givenUp(_ sight: RunSight, _ entry: inout Entry) -> [Effect] {
        guard !entry.isGivenUp else { return [] }
        entry.isGivenUp = true
        return [tell(.runGivenUp, sight, ["count": String(sight.takeovers)])]
    }

    /// A takeover of this very term was tried and did not come about: it is tried again later.
    ///
    /// - Returns: nil: now.
    private func patience(
        _ sight: RunSight, _ entry: inout Entry, at now: ContinuousClock.Instant
    ) -> [Effect]? {
        if let retryAt = entry.retryAt { return now < retryAt ? [] : nil }
        let delay = entry.patience
        entry.retryAt = now + delay
        entry.patience = min(delay * 2, CoordinationLimits.takeoverPatience.upperBound)
        return [
            tell(
                .takeoverFailed, sight,
                ["exit": entry.triedExit, "delay": Figures.duration(delay)])
        ]
    }

    /// A message about a run and its newest coordinator.
    private func tell(
        _ id: MessageID, _ sight: RunSight, _ more: KeyValuePairs<String, String>
    ) -> Effect {
        var message = LogMessage(
            id,
            [
                "run": sight.run, "job": sight.job, "holder": sight.conductor.description,
                "since": Holders.moment(sight.startedAt),
            ])
        message.arguments += more.map { (name: $0.key, value: $0.value) }
        return .tell(message, run: sight.run, job: sight.job)
    }
}
