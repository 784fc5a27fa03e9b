// The order of a bench: rehearsal, rounds, growth, online. Contestants take turns, and another one
// begins each round, so that whatever drifts drifts for all.

import FoundationEssentials
import Journal
import Settings

/// One bench from start to end.
struct BenchSession {
    let arena: Arena
    let plan: BenchPlan

    /// Runs everything.
    ///
    /// - Parameter save: Gets what there is after each part, so that a failure late in the night
    ///   does not cost the parts before it.
    func run(save: (BenchResults) throws -> Void) throws -> BenchResults {
        var results = BenchResults(
            startedAt: Timestamp.now().iso8601WithOffset, machine: try arena.machine(),
            conditions: try conditions())
        results.skipped = skipped()
        for item in results.skipped { Screen.say("skipped: \(item.what): \(item.why)") }
        let out = Set(results.skipped.map(\.what))
        try rehearse(without: out)
        try rounds(&results, without: out)
        try save(results)
        try growth(&results)
        try save(results)
        try purge(&results)
        try save(results)
        try online(&results, without: out)
        try save(results)
        return results
    }

    /// What was asked for, and what the product and the target's description say.
    private func conditions() throws -> BenchResults.Conditions {
        let settings = KugiriSettings(database: arena.url(), state: "\(arena.directory)/state")
        let job = try Settings.load(
            path: settings.write(to: "\(arena.directory)/defaults.yaml"), environment: [:]
        ).jobs["debit-result"]
        let name = "description"
        try arena.makeTemplate(name, scripts: [])
        let fillfactor = try arena.fillfactor(in: name)
        try arena.dropTemplate(name)
        return .init(
            records: plan.records, rounds: plan.rounds, workers: plan.workers,
            growthRecords: plan.growth,
            sections: Section.allCases.filter { plan.sections.contains($0) }.map(\.rawValue),
            lockBudgetMilliseconds: job?.lockBudgetMilliseconds ?? 0,
            targetFillfactor: fillfactor, targetOrder: plan.targetOrder)
    }

    // MARK: What is left out

    private func skipped() -> [BenchResults.Skipped] {
        var list = arena.tools.missing
        if !hasIntervals() {
            list.append(
                .init(
                    what: Contestant.kugiriIntervals.rawValue,
                    why: "this kugiri has no setting indicator: intervals"))
        }
        for section in Section.allCases where !plan.sections.contains(section) {
            list.append(.init(what: section.rawValue, why: "--only did not ask for it"))
        }
        for contestant in Contestant.allCases
        where !plan.contestants.contains(contestant)
            && !list.contains(where: { $0.what == contestant.rawValue })
        {
            list.append(.init(what: contestant.rawValue, why: "--contestants did not ask for it"))
        }
        return list
    }

    /// Whether the product takes `indicator: intervals`.
    private func hasIntervals() -> Bool {
        let settings = KugiriSettings(
            database: arena.url(), state: "\(arena.directory)/state",
            extra: ["indicator: intervals"])
        let path = "\(arena.directory)/intervals.yaml"
        guard (try? settings.write(to: path)) != nil else { return false }
        return
            (try? arena.programs.run(
                Program(
                    executable: arena.tools.kugiri, arguments: ["lint", "--settings", path])))
            != nil
    }

    /// The scenarios somebody takes part in.
    private func scenarios(without out: Set<String>) -> [Scenario] {
        plan.scenarios.filter { !contestants($0, without: out).isEmpty }
    }

    private func contestants(_ scenario: Scenario, without out: Set<String>) -> [Contestant] {
        scenario.contestants.filter { !out.contains($0.rawValue) }
    }

    // MARK: Phases

    /// Everybody once over a small file, only to compare the rows: nothing is timed before all
    /// contestants do the same work.
    private func rehearse(without out: Set<String>) throws {
        let scenarios = scenarios(without: out)
        guard !scenarios.isEmpty else { return }
        let records = min(plan.records, BenchLimits.rehearsalRecordsMax)
        Screen.say("rehearsal: \(records) records, everybody once, rows compared")
        let workload = workload(records, "rehearsal")
        let contest = try prepare(workload, scenarios)
        for scenario in scenarios {
            var judge = RowJudge()
            for contestant in contestants(scenario, without: out) {
                let sample = try contest.measure(contestant, in: scenario, round: 0)
                try judge.compare(sample)
            }
        }
        try workload.remove()
    }

    private func rounds(_ results: inout BenchResults, without out: Set<String>) throws {
        let scenarios = scenarios(without: out)
        guard !scenarios.isEmpty else { return }
        Screen.say("preparing \(plan.records) records and the target's states")
        let contest = try prepare(workload(plan.records, "night"), scenarios)
        for round in 1...plan.rounds {
            for scenario in scenarios {
                var judge = RowJudge()
                let turn = Turns.order(contestants(scenario, without: out), round: round)
                for contestant in turn {
                    let sample = try contest.measure(contestant, in: scenario, round: round)
                    try judge.compare(sample)
                    results.samples.append(sample)
                    Screen.say(
                        "round \(round) of \(plan.rounds): \(scenario.rawValue) "
                            + "\(contestant.rawValue) \(Statistics.seconds(sample.seconds))")
                }
            }
        }
        try contest.workload.remove()
    }

    private func growth(_ results: inout BenchResults) throws {
        guard plan.sections.contains(.growth), plan.contestants.contains(.kugiri) else { return }
        for (index, records) in plan.growth.enumerated() {
            let scenarios: [Scenario] = index == 0 ? [.growthSmall] : [.growthLarge, .growthEmpty]
            Screen.say("preparing \(records) records to see growth")
            let workload = workload(records, index == 0 ? "small" : "large")
            try workload.makeInput()
            try workload.makeTemplates(for: scenarios)
            let contest = Contest(
                arena: arena, workload: workload, workers: plan.workers, divided: nil)
            for round in 1...plan.rounds {
                for scenario in scenarios {
                    let sample = try contest.measure(.kugiri, in: scenario, round: round)
                    results.samples.append(sample)
                    Screen.say(
                        "round \(round) of \(plan.rounds): \(scenario.rawValue) "
                            + Statistics.seconds(sample.seconds))
                }
            }
            try workload.remove()
        }
    }

    private func purge(_ results: inout BenchResults) throws {
        guard plan.sections.contains(.purge), plan.contestants.contains(.kugiri) else { return }
        Screen.say("\(BenchLimits.purgeNights) nights, purged one by one, to see what stays")
        results.databaseGrowth = try PurgeMeasure(arena: arena, workers: plan.workers).measure()
    }

    private func online(_ results: inout BenchResults, without out: Set<String>) throws {
        guard plan.sections.contains(.online), !out.contains("online"),
            let pgbench = arena.tools.pgbench
        else { return }
        Screen.say("preparing \(plan.records) records for a night beside online transactions")
        let workload = workload(plan.records, "online")
        try workload.makeInput()
        try workload.makeTemplates(for: [.change])
        let contest = Contest(
            arena: arena, workload: workload, workers: plan.workers, divided: nil)
        let known = Statistics.median(results.seconds(.change, .kugiri))
        let expected = try known ?? contest.measure(.kugiri, in: .change, round: 0).seconds
        let measure = OnlineMeasure(
            arena: arena, contest: contest, rate: plan.onlineRate, expectedSeconds: expected)
        results.online = try measure.measure(pgbench: pgbench)
        try workload.remove()
    }

    // MARK: Preparation

    private func workload(_ records: Int, _ name: String) -> Workload {
        Workload(
            arena: arena, records: records, name: name, isOrdered: plan.targetOrder == "key")
    }

    private func prepare(_ workload: Workload, _ scenarios: [Scenario]) throws -> Contest {
        try workload.makeInput()
        if scenarios.contains(.rejected) { try workload.makeWrongInput() }
        try workload.makeCSV()
        let divided = try workload.divide()
        try workload.makeTemplates(for: scenarios)
        return Contest(
            arena: arena, workload: workload, workers: plan.workers, divided: divided)
    }
}

/// Whose turn it is.
package enum Turns {
    /// The same order for everybody, begun one further each round.
    package static func order<Element>(_ all: [Element], round: Int) -> [Element] {
        guard !all.isEmpty else { return [] }
        let shift = (round - 1) % all.count
        return Array(all[shift...] + all[..<shift])
    }
}

/// Holds everybody's rows against the first one's in a scenario and round.
package struct RowJudge {
    private var first: (who: String, digest: String)?

    /// Nobody was seen yet.
    package init() {}

    /// Ends the bench when somebody left other rows.
    ///
    /// - Throws: What ends the process with 70.
    package mutating func compare(_ sample: BenchResults.Sample) throws {
        guard let digest = sample.digest else { return }
        guard let first else {
            first = (sample.contestant, digest)
            return
        }
        guard digest == first.digest else {
            throw BenchFault(
                "\(sample.scenario): \(sample.contestant) left other rows (\(digest)) than "
                    + "\(first.who) (\(first.digest)); nothing is measured while the work differs",
                exitCode: 70)
        }
    }
}
