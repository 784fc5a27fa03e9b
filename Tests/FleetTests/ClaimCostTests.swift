// What a claim costs the coordinator, in the largest run there can be: 1,000 slices, 1,000 partitions,
// 8 workers (issue 4, "done when" 4).

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct ClaimCostTests {
        private struct Cost {
            var claims = 0
            var microseconds = Int.max
            var processor = Int.max
        }

        /// The coordinator's own figures per phase, from its run log.
        private func costs(_ end: Conclusion) throws -> [String: Cost] {
            let log = try String(
                contentsOfFile: "\(end.facts.directory)/run.log", encoding: .utf8)
            var costs: [String: Cost] = [:]
            for line in log.split(separator: "\n") where line.contains("KGR6006I") {
                let words = line.split(separator: " ").map { String($0) }
                let phase = try #require(words.firstIndex(of: "phase"))
                let units = words.indices.filter { words[$0] == "µs" }
                try #require(units.count == 2, "\(line)")
                costs[String(words[phase + 1].dropLast())] = Cost(
                    claims: try #require(Int(words[phase + 2])),
                    microseconds: try #require(Int(words[units[0] - 1])),
                    processor: try #require(Int(words[units[1] - 1])))
            }
            return costs
        }

        /// The overhead is all the time of a driven phase but that of waiting for messages.
        ///
        /// Looking at messages, statements and their round trips, the book, the log, the display:
        /// all of it, divided by the claims that were settled. While the coordinator waits it would
        /// answer at once, so this, and not the workers' own time, bounds how many claims a second a
        /// fleet of any size is given.
        ///
        /// Two bounds. Its processor time is two milliseconds at most. The whole of it contains the wait
        /// for a core, which eight workers and their sessions want too: what a slower machine makes
        /// of that is not the coordinator's doing (2.0 ms on one, 4.5 ms on another, with 0.3 and 0.9
        /// of it on a processor). So it is held against the coordinator's own share: a lock, a round
        /// trip or a sleep too many shows as a wait that no core explains. The binary is the debug one.
        @Test(.timeLimit(.minutes(10)))
        func `a claim of the largest run costs the coordinator at most two milliseconds`() throws {
            var best: [String: Cost] = [:]
            // The best of three: other processes use the same two cores.
            for _ in 0..<3 where !isWithin(best) {
                let night = try Night {
                    $0.partitions = "{auto: {count: 1000}}"
                    $0.sliceRecords = 10
                    $0.commitInterval = 100
                    $0.workers = 8
                }
                let sample = try night.sample(records: 10_000)
                let oracle = try Oracle(night)
                let end = try night.run(sample)
                try oracle.expectLoaded(sample, end)
                for (phase, cost) in try costs(end) {
                    let known = best[phase] ?? cost
                    best[phase] = Cost(
                        claims: cost.claims,
                        microseconds: min(known.microseconds, cost.microseconds),
                        processor: min(known.processor, cost.processor))
                }
            }
            print("coordinator, a claim: \(best)")
            for phase in Self.phases {
                let cost = try #require(best[phase])
                #expect(cost.claims >= 800, "\(phase): \(cost)")
                #expect(cost.processor <= 2_000, "\(phase): \(cost)")
                #expect(cost.microseconds <= Self.bound(of: cost), "\(phase): \(cost)")
            }
        }

        private static let phases = ["validate", "load", "certify"]

        /// Two milliseconds, or eight times what the coordinator itself does: seventeen processes share
        /// two cores, and that is a fair share of the wait.
        private static func bound(of cost: Cost) -> Int { max(2_000, 8 * cost.processor) }

        private func isWithin(_ costs: [String: Cost]) -> Bool {
            Self.phases.allSatisfy { phase in
                costs[phase].map { $0.microseconds <= Self.bound(of: $0) } ?? false
            }
        }
    }
}
