// What one seed came to, and how a failing one is made small.

/// What a run of the simulated fleet came to.
package struct Verdict: Sendable {
    /// The seed it was drawn from.
    package var seed: UInt64
    /// What must not happen and did; empty: all is well.
    package var findings: [Finding]
    /// Of the event log: two runs with the same one did the same.
    package var hash: UInt64
    /// Entries of the event log.
    package var entries: Int
    /// Milliseconds of the seeded clock until the run was published; nil: it was not.
    package var publishedAt: Int?
    /// The event log; empty unless it was asked for.
    package var log: [String]
}

/// Runs scenarios.
package enum Simulator {
    /// Runs one scenario to its end.
    ///
    /// - Parameters:
    ///   - removed: Rules that are taken away; tests only.
    ///   - isTraced: Keep the event log.
    package static func run(
        _ scenario: Scenario, removed: Guards = [], isTraced: Bool = false
    ) -> Verdict {
        let simulation = Simulation(scenario, removed: removed, isTraced: isTraced)
        simulation.run()
        return Verdict(
            seed: scenario.seed, findings: simulation.findings, hash: simulation.trace.hash,
            entries: simulation.trace.count, publishedAt: simulation.publishedAt,
            log: simulation.trace.lines)
    }

    /// A failing scenario without every fault and write that it fails without.
    ///
    /// Leaves out halves first, then ever smaller parts, so that it takes few runs; what is left
    /// fails, and leaving out any one more makes it pass.
    package static func shrunk(_ scenario: Scenario, removed: Guards = []) -> Scenario {
        func fails(_ scenario: Scenario) -> Bool {
            !run(scenario, removed: removed).findings.isEmpty
        }
        guard fails(scenario) else { return scenario }
        var smallest = scenario
        var before = -1
        while before != smallest.faults.count + smallest.writes.count {
            before = smallest.faults.count + smallest.writes.count
            let faults = smallest
            smallest.faults = shrunk(smallest.faults) { list in
                var attempt = faults
                attempt.faults = list
                return fails(attempt)
            }
            let writes = smallest
            smallest.writes = shrunk(smallest.writes) { list in
                var attempt = writes
                attempt.writes = list
                return fails(attempt)
            }
        }
        return smallest
    }

    private static func shrunk<Element>(
        _ list: [Element], _ fails: ([Element]) -> Bool
    ) -> [Element] {
        var list = list
        var part = max(list.count / 2, 1)
        while !list.isEmpty {
            var start = 0
            while start < list.count {
                var rest = list
                rest.removeSubrange(start..<min(start + part, list.count))
                if fails(rest) { list = rest } else { start += part }
            }
            if part == 1 { return list }
            part = max(part / 2, 1)
        }
        return list
    }
}
