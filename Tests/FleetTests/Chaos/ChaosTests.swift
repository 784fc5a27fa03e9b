// Chaos: real processes, a real server and real sockets, disturbed at moments that a seed draws.
// Every trial ends before the one oracle of all fleet tests.

import Foundation
import Glibc
import Synchronization
import Testing

extension FleetTests {
    @Suite struct ChaosTests {
        /// What the trials of a kind came to.
        private struct Tally {
            var trials = 0
            var failures: [(seed: UInt64, why: String)] = []
        }

        @Test(arguments: ChaosSelection.current.shares)
        func `whatever happens, the night ends with the same rows`(
            share: ChaosSelection.Share
        ) throws {
            let start = ContinuousClock.now
            let selection = ChaosSelection.current
            if let obstacle = share.kind.obstacle() {
                report("\(share.kind.name) is not tried: \(obstacle)")
                try record(share.kind, Tally(), .zero, "not tried: \(obstacle)")
                return
            }
            var tally = Tally()
            for index in 0..<share.trials {
                let seed = selection.seed + UInt64(index)
                let trial = Trial(kind: share.kind.name, seed: seed, index: index)
                let why = try failure(of: share.kind, trial)
                guard !trial.isVoid else { continue }
                tally.trials += 1
                if let why {
                    tally.failures.append((seed, why))
                    report("\(share.kind.name) seed \(seed) FAILED: \(why)")
                }
                if selection.isAsked, (index + 1) % 10 == 0 {
                    report(
                        "\(share.kind.name) \(index + 1)/\(share.trials), "
                            + "\(tally.failures.count) failed")
                }
            }
            let took = ContinuousClock.now - start
            let seeds = tally.failures.map { String($0.seed) }.joined(separator: " ")
            try record(share.kind, tally, took, seeds.isEmpty ? "" : "failed: \(seeds)")
            #expect(
                tally.failures.isEmpty,
                """
                \(tally.failures.count) of \(tally.trials) trials failed; one again: \
                ops/chaos real --seed \(tally.failures.first?.seed ?? 0) \(share.kind.name)=1
                \(tally.failures.map { "seed \($0.seed): \($0.why)" }.joined(separator: "\n"))
                """)
        }

        /// Why a trial failed; nil: it did not.
        private func failure(of kind: ChaosKind, _ trial: Trial) throws -> String? {
            let found = Mutex<[String]>([])
            // Expectations that do not hold are counted here, and fail the test in one piece.
            try withKnownIssue(isIntermittent: true) {
                try kind.trial(trial)
            } matching: { issue in
                found.withLock { $0.append("\(issue)") }
                return true
            }
            let issues = found.withLock { $0 }
            guard !issues.isEmpty else { return nil }
            return issues.joined(separator: "\n    ") + "\n  "
                + trial.story.joined(separator: "\n  ")
        }

        private func report(_ line: String) {
            guard ChaosSelection.current.isAsked else { return }
            FileHandle.standardError.write(Data("chaos: \(line)\n".utf8))
        }

        /// One line of results: name, title, trials, failures, seconds, first seed, remark.
        private func record(
            _ kind: ChaosKind, _ tally: Tally, _ took: Duration, _ remark: String
        ) throws {
            let words = [
                kind.name, kind.title, String(tally.trials * kind.each),
                String(tally.failures.count), String(Int(took / .seconds(1))),
                String(ChaosSelection.current.seed), remark,
            ]
            try ChaosSelection.current.note(words)
        }
    }
}
