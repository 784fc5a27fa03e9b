// A proof that cannot fail is a defect: with a rule of the protocol taken away, seeds must fail.

import Simulator
import Testing

@Suite struct GuardTests {
    /// What is found in so many seeds without a rule; stops when what is looked for was found.
    private func found(
        without removed: Guards, until wanted: Finding.Kind, in seeds: ClosedRange<UInt64>
    ) -> Set<Finding.Kind> {
        found(without: removed, until: wanted, in: seeds.lazy.map { Scenario(seed: $0) })
    }

    private func found(
        without removed: Guards, until wanted: Finding.Kind,
        in nights: some Sequence<Scenario>
    ) -> Set<Finding.Kind> {
        var kinds: Set<Finding.Kind> = []
        for night in nights {
            kinds.formUnion(Simulator.run(night, removed: removed).findings.map(\.kind))
            if kinds.contains(wanted) { break }
        }
        return kinds
    }

    @Test(
        .timeLimit(.minutes(3)),
        arguments: [
            (Guards.epoch, Finding.Kind.fencedWorkerWrote),
            (.term, .fencedCoordinatorWrote),
            (.rowVersion, .wrongRow),
            (.lockColumn, .wrongRow),
            (.termination, .stuck),
            (.shape, .rose),
        ])
    func `without this rule alone some night goes wrong`(
        removed: Guards, kind: Finding.Kind
    ) {
        #expect(found(without: removed, until: kind, in: 1...2_000).contains(kind))
    }

    /// Nights in which one COMMIT after the other is executed when its worker is back already.
    private var lateCommits: [Scenario] {
        (UInt64(1)...2).flatMap { seed in
            (24..<60).flatMap { number in
                stride(from: 15, through: 240, by: 25).map { length in
                    var night = Scenario(seed: seed)
                    night.faults = [
                        Fault(kind: .executedLate, at: number, length: length)
                    ]
                    night.writes = []
                    return night
                }
            }
        }
    }

    /// Three rules stand behind each other here: any one of them is enough, and the unique low of
    /// an interval behind them all refuses.
    @Test(
        .timeLimit(.minutes(3)),
        arguments: [
            Guards.reclaim, .chunkNumber, .promisedRows,
        ])
    func `without this rule and those behind it a chunk is done twice`(removed: Guards) {
        let all: Guards = [.reclaim, .chunkNumber, .promisedRows]
        let behind = all.subtracting(removed)
        let nights = lateCommits
        #expect(found(without: behind, until: .secondInterval, in: nights).isEmpty)
        #expect(
            found(without: behind.union(removed), until: .secondInterval, in: nights)
                .contains(.secondInterval))
    }

    /// The barrier looks at the ledger itself, whatever the coordinator believes.
    @Test(.timeLimit(.minutes(3)))
    func `without the barrier's own look, loading begins too early`() {
        let unsettled: Guards = .ledgerSettles
        let behind = found(without: unsettled, until: .loadedBeforeValidated, in: 1...500)
        #expect(behind.contains(.stopped) && !behind.contains(.loadedBeforeValidated))
        #expect(!behind.contains(.wrongRow))
        #expect(
            found(
                without: unsettled.union(.barrierCoverage), until: .loadedBeforeValidated,
                in: 1...1_000
            ).contains(.loadedBeforeValidated))
    }

    /// Seed 1211 found it: the server crashes in certify, the coordinator dies while it stages
    /// again, and the next one must not take validation for whole.
    @Test(.timeLimit(.minutes(3)))
    func `without going on with staging that was broken off, a good night ends with 70`() {
        // A calm night ends with certify: the crash comes in the middle of it.
        let nights = (UInt64(1)...24).lazy.flatMap { seed in
            var calm = Scenario(seed: seed)
            calm.faults = []
            calm.writes = []
            let end = Simulator.run(calm).publishedAt ?? 0
            return stride(from: end - 75, to: end - 15, by: 6).flatMap { crash in
                stride(from: 500, through: 2_000, by: 60).map { later in
                    var night = calm
                    night.faults = [
                        Fault(kind: .serverCrashed, at: crash, length: 100),
                        Fault(kind: .coordinatorKilled, at: crash + later),
                    ]
                    return night
                }
            }
        }
        #expect(found(without: [], until: .stopped, in: nights.prefix(300)).isEmpty)
        #expect(found(without: .stagingResumed, until: .stopped, in: nights).contains(.stopped))
    }

    /// A claim that a worker takes late, with its chunks cut anew meanwhile by another partition
    /// table, looked like lost staging for ever.
    @Test func `without fencing offered claims before staging again, seed 71093 is stuck`() {
        #expect(found(without: [], until: .stuck, in: 71_093...71_093).isEmpty)
        #expect(
            found(without: .untakenFenced, until: .stuck, in: 71_093...71_093).contains(.stuck))
    }
}
