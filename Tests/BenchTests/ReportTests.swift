// What the bench says of its results: bounds, tables, page, chart.

import Testing

@testable import Bench

/// Results with the given times, in seconds.
private func results(
    _ times: [(Scenario, Contestant, [Double])], growth: [Int] = [1_000_000, 10_000_000]
) -> BenchResults {
    var results = BenchResults(
        startedAt: "2026-11-21T02:00:00.000+00:00",
        machine: .init(
            processor: "Abacus", cores: 2, memoryBytes: 8 << 30, kernel: "6.1",
            postgres: "15.18", serverSettings: ["fsync": "on"], loadAverage: 0.1,
            programs: ["psql": "psql 15"]),
        conditions: .init(
            records: 5_000_000, rounds: 3, workers: 2, growthRecords: growth,
            sections: ["change"], lockBudgetMilliseconds: 500, targetFillfactor: 80,
            targetOrder: "key"))
    for (scenario, contestant, seconds) in times {
        for (index, value) in seconds.enumerated() {
            let records =
                switch scenario {
                case .growthSmall: growth[0]
                case .growthLarge, .growthEmpty: growth[1]
                default: 5_000_000
                }
            results.samples.append(
                .init(
                    scenario: scenario.rawValue, contestant: contestant.rawValue,
                    round: index + 1, records: records, seconds: value, processorSeconds: 1,
                    peakBytes: 100 << 20))
        }
    }
    return results
}

/// The row whose measure begins like this.
private func row(_ measure: String, _ results: BenchResults) throws -> ReachRow {
    try #require(Reach(results).rows().first { $0.measure.hasPrefix(measure) })
}

struct ReachTests {
    @Test func `a bound is met up to and with its value`() throws {
        let met = results([
            (.change, .kugiriWithoutHistory, [20, 21, 90]), (.change, .script, [42, 42, 41]),
        ])
        #expect(try row("whole night, history off / script", met).verdict == .met)
        #expect(
            try row("whole night, history off / script", met).measured == "0.50 (21.0 s / 42.0 s)")
        let missed = results([
            (.change, .kugiriWithoutHistory, [22]), (.change, .script, [42]),
        ])
        #expect(try row("whole night, history off / script", missed).verdict == .missed)
    }

    @Test func `what was left out is not measured and says why`() throws {
        var left = results([(.change, .kugiri, [10])])
        left.skipped.append(.init(what: "pgloader", why: "it is not installed"))
        let found = try row("whole night / pgloader", left)
        #expect(found.verdict == .notMeasured("it is not installed"))
        #expect(found.verdict.text == "not measured: it is not installed")
        #expect(try row("whole night / floor", left).verdict == .notMeasured("it was left out"))
    }

    @Test func `the split is judged by the phase alone`() throws {
        var split = results([(.split, .duckdb, [6])])
        split.samples.append(
            .init(
                scenario: "change", contestant: "kugiri", round: 1, records: 5_000_000,
                seconds: 30, processorSeconds: 1, peakBytes: 0, phases: ["split": 1.8]))
        #expect(try row("split phase", split).measured == "0.30 (1.80 s / 6.00 s)")
        #expect(try row("split phase", split).verdict == .met)
    }

    @Test func `memory is judged by its height and by its growth`() throws {
        var memory = results([(.growthSmall, .kugiri, [1]), (.growthLarge, .kugiri, [9])])
        #expect(try row("peak memory", memory).verdict == .met)
        #expect(try row("difference of the two peaks", memory).verdict == .met)
        memory.samples[1].peakBytes = 300 << 20
        #expect(try row("peak memory", memory).verdict == .missed)
        #expect(try row("difference of the two peaks", memory).verdict == .missed)
    }

    @Test func `what a run leaves in the database is judged by its bytes`() throws {
        var measured = results([])
        #expect(
            try row("database growth", measured).verdict == .notMeasured("it was left out"))
        measured.databaseGrowth = .init(
            partitions: 64, records: 64_000, bytesPerRun: 999_999, sizes: [1, 2])
        #expect(try row("database growth", measured).verdict == .met)
        #expect(try row("database growth", measured).measured == "999 kB")
        measured.databaseGrowth?.bytesPerRun = 1_000_000
        #expect(try row("database growth", measured).verdict == .missed)
    }

    @Test func `growth is bound in proportion where the sizes are not tenfold`() throws {
        let tenfold = results([(.growthSmall, .kugiri, [1]), (.growthLarge, .kugiri, [10.9])])
        #expect(try row("growth", tenfold).verdict == .met)
        #expect(try row("growth", tenfold).bound == "11.00")
        let twice = results(
            [(.growthSmall, .kugiri, [1]), (.growthLarge, .kugiri, [2.3])],
            growth: [1_000_000, 2_000_000])
        #expect(try row("growth", twice).bound == "2.20")
        #expect(try row("growth", twice).verdict == .missed)
    }

    @Test func `minutes for fifty million come from two sizes and say so`() throws {
        let two = results([(.change, .kugiri, [60]), (.growthLarge, .kugiri, [110])])
        let found = try row("50,000,000 members, every row changes", two)
        #expect(found.measured == "8.5 minutes, extrapolated from 5 M and 10 M")
        #expect(found.verdict == .reported)
    }

    @Test func `online is judged by the longest wait, by lost rows and by wrong conflicts`() throws
    {
        var online = BenchResults.Online.quiet
        var judged = results([])
        judged.online = online
        #expect(Reach(judged).rows().suffix(3).map(\.verdict) == [.met, .met, .met])
        online.longestLockWaitMilliseconds = 501
        online.rowsWithLostValues = 1
        online.conflictsMissing = 1
        judged.online = online
        #expect(Reach(judged).rows().suffix(3).map(\.verdict) == [.missed, .missed, .missed])
        online = .quiet
        online.conflictsReported = 8
        judged.online = online
        #expect(Reach(judged).rows().last?.verdict == .missed)
    }

    @Test func `sizes are said shortly`() {
        #expect(Reach.short(10_000_000) == "10 M")
        #expect(Reach.short(1_500_000) == "1.5 M")
        #expect(Reach.short(20_000) == "20,000")
        #expect(Reach.short(999) == "999")
    }
}

extension BenchResults.Online {
    /// A night that disturbed nobody.
    fileprivate static var quiet: Self {
        .init(
            transactions: 1_000, duringLoad: 500, medianMilliseconds: 1, p99Milliseconds: 5,
            maxMilliseconds: 60, longestLockWaitMilliseconds: 40, lockSamples: 100,
            rowsWithLostWrites: 0, rowsWithLostValues: 0, conflictsReported: 7,
            conflictsNoted: 7, conflictsMissing: 0, conflictsSpurious: 0, conflictsCertain: 5,
            exitCode: 0, seconds: 10, coversNight: true)
    }
}

struct ChartTests {
    private let chart = Chart(
        title: "Night & day", subtitle: "<seconds>",
        groups: [
            .init(
                title: "every row",
                bars: [
                    .init(label: "kugiri", seconds: 20, isOurs: true),
                    .init(label: "script", seconds: 40, isOurs: false),
                ])
        ])

    @Test func `the longest bar fills the room and the others stand in proportion`() {
        let svg = chart.svg()
        #expect(svg.contains("class=\"ours\" x=\"170\" y=\"108\" width=\"250.0\""))
        #expect(svg.contains("class=\"peer\" x=\"170\" y=\"134\" width=\"500.0\""))
        #expect(svg.contains(">20.0 s</text>"))
    }

    @Test func `texts cannot break the document and both backgrounds have colours`() {
        let svg = chart.svg()
        #expect(svg.contains("Night &amp; day"))
        #expect(svg.contains("&lt;seconds&gt;"))
        #expect(!svg.contains("<seconds>"))
        #expect(svg.contains("@media (prefers-color-scheme: dark)"))
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
    }

    @Test(arguments: [(40.0, 10.0), (7, 1), (0.35, 0.05), (118, 50), (0.9, 0.2)])
    func `lines stand at round numbers, three to eight of them`(longest: Double, step: Double) {
        #expect(abs(Chart.step(longest) - step) < 1e-9)
        #expect((2...7).contains(Int(longest / Chart.step(longest))))
    }

    @Test func `a chart of nothing is still a document`() {
        let empty = Chart(title: "", subtitle: "", groups: [])
        #expect(empty.svg().hasSuffix("</svg>\n"))
    }
}

struct ReportPageTests {
    @Test func `the page has every bound, the machine and what is in the way`() {
        var found = results([(.change, .kugiri, [50]), (.change, .script, [40])])
        found.skipped.append(.init(what: "duckdb", why: "not | there"))
        let page = ReportPage(found).markdown(
            chart: "bench-results.svg", remark: "A busy machine.", inTheWay: "The disk.")
        #expect(page.contains("**A busy machine.**"))
        #expect(
            page.contains(
                "| whole night, all defaults / script | 0.60 | 1.25 (50.0 s / 40.0 s) | NO |"))
        #expect(page.contains("not measured: not \\| there"))
        #expect(page.contains("| processor | Abacus, 2 cores |"))
        #expect(page.contains("](bench-results.svg)"))
        #expect(
            page.contains("- whole night, all defaults / script: 1.25 (50.0 s / 40.0 s), wanted"))
        #expect(page.contains("The disk."))
    }

    @Test func `the terminal shows medians with their spread and the ratio to the script`() {
        let found = results([(.change, .kugiri, [21, 20, 30]), (.change, .script, [42])])
        let text = ReportPage(found).terminal()
        #expect(text.contains("20.00 – 30.00"))
        #expect(text.contains("0.50"))
        #expect(text.contains("not measured: it was left out"))
    }
}

struct RowJudgeTests {
    private func sample(_ contestant: Contestant, _ digest: String?) -> BenchResults.Sample {
        .init(
            scenario: "change", contestant: contestant.rawValue, round: 1, records: 1, seconds: 1,
            processorSeconds: 1, peakBytes: 0, digest: digest)
    }

    @Test func `a peer that leaves other rows ends the bench with 70`() throws {
        var judge = RowJudge()
        try judge.compare(sample(.kugiri, "10 rows, digest 7"))
        try judge.compare(sample(.script, "10 rows, digest 7"))
        try judge.compare(sample(.duckdb, nil))
        let fault = #expect(throws: BenchFault.self) {
            try judge.compare(sample(.floor, "10 rows, digest 8"))
        }
        #expect(fault?.exitCode == 70)
        #expect(fault?.description.contains("floor left other rows") == true)
    }
}
