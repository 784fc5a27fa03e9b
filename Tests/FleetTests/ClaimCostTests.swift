// What a claim costs the coordinator, in the largest run there can be: 1,000 slices, 1,000 partitions,
// 8 workers (issue 4, "done when" 4).

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct ClaimCostTests {
        /// The coordinator's own figures per phase, from its run log.
        private func costs(_ end: Conclusion) throws -> [String: (claims: Int, microseconds: Int)] {
            let log = try String(
                contentsOfFile: "\(end.facts.directory)/run.log", encoding: .utf8)
            var costs: [String: (claims: Int, microseconds: Int)] = [:]
            for line in log.split(separator: "\n") where line.contains("KGR6006I") {
                let words = line.split(separator: " ").map { String($0) }
                let phase = try #require(words.firstIndex(of: "phase"))
                let unit = try #require(words.firstIndex(of: "µs"))
                costs[String(words[phase + 1].dropLast())] = (
                    try #require(Int(words[phase + 2])), try #require(Int(words[unit - 1]))
                )
            }
            return costs
        }

        /// The overhead is all the time of a driven phase but that of waiting for messages.
        ///
        /// Looking at messages, statements and their round trips, the book, the log, the display:
        /// all of it, divided by the claims that were settled. While the coordinator waits it
        /// would answer at once, so this, and not the workers' own time, bounds how many claims a
        /// second a fleet of any size is given. The workers and the server have the same two cores,
        /// so the time in which it waits for a core counts too. The binary is the debug one; the
        /// release build costs about a third.
        @Test(.timeLimit(.minutes(10)))
        func `a claim of the largest run costs the coordinator at most two milliseconds`() throws {
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
            let costs = try costs(end)
            for phase in ["validate", "load", "certify"] {
                let cost = try #require(costs[phase])
                #expect(cost.claims >= 800, "\(phase): \(cost)")
                #expect(cost.microseconds <= 2_000, "\(phase): \(cost)")
            }
            print("coordinator, microseconds a claim: \(costs)")
            for phase in try end.facts.phases {
                print("  \(phase.name) \(phase.elapsedSeconds) s")
            }
        }
    }
}
