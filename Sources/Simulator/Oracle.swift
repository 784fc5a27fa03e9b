// What must hold whatever happened: watched at every commit, judged at the end.

import Plan

/// Something that must not happen.
package struct Finding: Sendable, Equatable {
    /// What it is; the raw value is for people.
    package enum Kind: String, Sendable, CaseIterable {
        case fencedWorkerWrote = "a worker wrote after its claim was taken away"
        case fencedCoordinatorWrote = "a coordinator wrote after its term was over"
        case secondInterval = "an interval was to be committed twice"
        case loadedBeforeValidated = "loading began before everything was validated"
        case rose = "a row that was deleted online rose again"
        case publishedTwice = "the run was published twice"
        case wrongRow = "a row of the target is not what an undisturbed run leaves"
        case wrongCoverage = "intervals of a phase do not cover the keys exactly once"
        case wrongSum = "the outcomes do not add up to the input"
        case leftInProcessing = "a claim or a conflict is still open"
        case undecodable = "a message of our own does not decode"
        case stopped = "a proof failed and the run stopped"
        case stuck = "the run did not end in time"

        /// Whether data is, or could be, wrong; otherwise the run only stopped or waits.
        package var isAboutData: Bool { self != .stopped && self != .stuck }
    }

    /// What happened.
    package var kind: Kind
    /// Milliseconds.
    package var at: Int
    /// A key, claim, term or exit code.
    package var place: Int
}

extension Finding: CustomStringConvertible {
    /// For people.
    package var description: String { "at \(at) ms: \(kind.rawValue) (\(place))" }
}

extension Simulation {
    func find(_ kind: Finding.Kind, _ place: Int) {
        guard findings.count < SimulatorLimits.findingsMax else { return }
        findings.append(Finding(kind: kind, at: now, place: place))
        trace.note(now, .found, place)
    }

    // MARK: While it runs

    /// Whether a coordinator's transaction may begin; notes one that should not.
    func mayConduct(_ term: Int) -> Bool {
        if term == database.term, !database.isPublished { return true }
        guard removed.contains(.term) else { return false }
        find(.fencedCoordinatorWrote, term)
        return true
    }

    /// Looks at what a worker's transaction is about to commit.
    func watchCommit(_ open: OpenTransaction) {
        if database.claims[open.claim.id].epoch != open.epoch || database.isPublished {
            find(.fencedWorkerWrote, open.claim.id)
        }
        for (key, row) in open.effect.rows where database.target[key] == nil {
            insertedAt[key] = now
            let staged = database.staging[open.claim.slice]?.first { $0.key == key }
            if staged?.seen != nil { find(.rose, row.balance) }
        }
    }

    func watchRequeue(_ key: Int, before: TargetRow?) {
        if before == nil, database.target[key] != nil { insertedAt[key] = now }
    }

    func published(by process: Int, term: Int) {
        publishedAt = now
        trace.note(now, .published, process, term)
        // What stood still shows now whether it still writes.
        for index in processes.indices { processes[index].frozenUntil = 0 }
        for worker in workers { worker.hungUntil = 0 }
    }

    /// Whether a phase's intervals cover the keys exactly once, by the real arithmetic.
    func isCovered(_ phase: Phase) -> Bool {
        let ranges = database.ranges(phase).map { scenario.range($0.low, $0.high) }
        return IntervalSet.coverageFault(ranges, of: .all) == nil
    }

    private var inputCount: Int { scenario.records.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

    /// The certificate's lines: input = sum of outcomes, and every phase saw the same rows.
    var proofHolds: Bool {
        let validated = database.totals(.validate)
        let loaded = database.totals(.load)
        var settled = Outcomes()
        for conflict in database.conflicts where conflict.state != .applied {
            settled.conflicts += 1
        }
        for conflict in database.conflicts { settled += conflict.outcomes }
        let outcomes =
            loaded.inserted + loaded.updated + loaded.unchanged + settled.inserted
            + settled.updated + settled.unchanged + settled.conflicts + validated.rejected
        return validated.staged + validated.rejected == inputCount
            && loaded.staged == validated.staged && outcomes == inputCount
            && loaded.conflicts == database.conflicts.count
            && database.totals(.certify).staged == validated.staged
    }

    // MARK: At the end

    func judge() {
        guard publishedAt != nil else {
            if findings.isEmpty { find(.stuck, now) }
            return
        }
        for phase in [Phase.validate, .load, .certify] where !isCovered(phase) {
            find(.wrongCoverage, phase == .validate ? 1 : phase == .load ? 2 : 3)
        }
        if !proofHolds { find(.wrongSum, inputCount) }
        for claim in database.claims where !claim.isFinished { find(.leftInProcessing, claim.id) }
        for conflict in database.conflicts where conflict.state == .open {
            find(.leftInProcessing, conflict.key)
        }
        for key in database.target.indices where !isRight(key) { find(.wrongRow, key) }
    }

    /// Whether a row is what an undisturbed run and the same online writes leave.
    private func isRight(_ key: Int) -> Bool {
        let row = database.target[key]
        var amount: Int?
        if case .valid(let added) = scenario.records[key] { amount = added }
        if let deletedAt = deletedOnlineAt[key] {
            // It rises only by a record that saw it gone already.
            guard let row else { return insertedAt[key].map { $0 < deletedAt } ?? true }
            return amount != nil && row.balance == amount
        }
        guard scenario.rows[key] != nil || insertedOnline[key] || amount != nil else {
            return row == nil
        }
        let before = scenario.rows[key]?.balance ?? 0
        return row?.balance == before + onlineAdded[key] + (amount ?? 0)
    }
}
