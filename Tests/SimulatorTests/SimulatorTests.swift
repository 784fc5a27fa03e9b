// Whole nights under a seeded clock: nothing is lost, doubled or stuck, and every seed comes again.

import Simulator
import Testing

@Suite struct SimulatorTests {
    @Test(.timeLimit(.minutes(3))) func `no seed finds anything`() {
        for seed in UInt64(1)...10_000 {
            let verdict = Simulator.run(Scenario(seed: seed))
            #expect(verdict.findings.isEmpty, "kugiri-simulate replay --seed \(seed)")
        }
    }

    @Test(arguments: [UInt64(2), 1_211, 2_299, 72_060])
    func `a seed replays bit for bit`(seed: UInt64) {
        let first = Simulator.run(Scenario(seed: seed))
        let second = Simulator.run(Scenario(seed: seed), isTraced: true)
        #expect(first.hash == second.hash && first.entries == second.entries)
        #expect(second.log.count == second.entries)
        #expect(first.publishedAt == second.publishedAt)
    }

    @Test func `seeds differ`() {
        let hashes = (UInt64(1)...50).map { Simulator.run(Scenario(seed: $0)).hash }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func `every kind of fault and of online write is drawn, and quiet nights too`() {
        var faults: Set<Fault.Kind> = []
        var writes: Set<OnlineWrite.Kind> = []
        var calm = 0
        for seed in UInt64(1)...1_000 {
            let scenario = Scenario(seed: seed)
            faults.formUnion(scenario.faults.map(\.kind))
            writes.formUnion(scenario.writes.map(\.kind))
            if scenario.faults.isEmpty { calm += 1 }
        }
        #expect(faults == Set(Fault.Kind.allCases))
        #expect(writes == Set(OnlineWrite.Kind.allCases))
        #expect(calm > 100 && calm < 500)
    }

    @Test func `a night without faults takes seconds, and one with faults ends after them`() {
        for seed in UInt64(1)...200 {
            var calm = Scenario(seed: seed)
            calm.faults = []
            let verdict = Simulator.run(calm)
            #expect((verdict.publishedAt ?? .max) < 6_000, "seed \(seed)")
        }
    }

    @Test func `a failing night is made small, and what is left is needed`() throws {
        let removed: Guards = [.rowVersion]
        let failing = try #require(
            (UInt64(1)...2_000).lazy.map { Scenario(seed: $0) }.first {
                !Simulator.run($0, removed: removed).findings.isEmpty
                    && $0.faults.count + $0.writes.count > 4
            })
        let small = Simulator.shrunk(failing, removed: removed)
        #expect(!Simulator.run(small, removed: removed).findings.isEmpty)
        #expect(small.faults.count + small.writes.count < 4)
        for index in small.faults.indices {
            var less = small
            less.faults.remove(at: index)
            #expect(Simulator.run(less, removed: removed).findings.isEmpty)
        }
        for index in small.writes.indices {
            var less = small
            less.writes.remove(at: index)
            #expect(Simulator.run(less, removed: removed).findings.isEmpty)
        }
    }

    @Test func `the event log of a failing night ends with what was found`() throws {
        let failing = try #require(
            (UInt64(1)...2_000).lazy.map { Scenario(seed: $0) }.first {
                !Simulator.run($0, removed: .epoch).findings.isEmpty
            })
        let verdict = Simulator.run(failing, removed: .epoch, isTraced: true)
        #expect(verdict.log.contains { $0.contains("FINDING") })
        #expect(verdict.findings.contains { $0.kind == .fencedWorkerWrote })
    }
}
