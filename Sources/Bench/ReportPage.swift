// What people read of a bench: tables for the terminal, a page in Markdown, a chart. Made from the
// results alone, so that they can be made again from the JSON.

import Journal

/// Renders results.
package struct ReportPage {
    private let results: BenchResults

    /// Renders these results.
    package init(_ results: BenchResults) { self.results = results }

    // MARK: Terminal

    /// Every contestant's median and spread, then every bound.
    package func terminal() -> String {
        Table.render(columns: Self.timeColumns, rows: timeRows()) + "\n"
            + Table.render(
                columns: [
                    .init("measure"), .init("at most", .right), .init("measured"), .init("met"),
                ],
                rows: Reach(results).rows().map {
                    [$0.measure, $0.bound, $0.measured, $0.verdict.text]
                })
    }

    private static let timeColumns: [Table.Column] = [
        .init("scenario"), .init("who"), .init("median", .right), .init("from – to", .right),
        .init("records/s", .right), .init("to script", .right), .init("client CPU", .right),
        .init("peak memory", .right),
    ]

    private func timeRows() -> [[String]] {
        var rows: [[String]] = []
        for scenario in Scenario.allCases {
            for contestant in Contestant.allCases {
                let samples = results.samples(scenario, contestant)
                guard let first = samples.first,
                    let median = Statistics.median(samples.map(\.seconds))
                else { continue }
                let times = samples.map(\.seconds)
                let ratio = Statistics.ratioOfMedians(
                    times, to: results.seconds(scenario, .script))
                rows.append([
                    scenario.rawValue, contestant.rawValue, Statistics.seconds(median),
                    "\(Statistics.text(times.min() ?? 0, decimals: 2)) – "
                        + Statistics.text(times.max() ?? 0, decimals: 2),
                    median > 0 ? Figures.rate(Double(first.records) / median) : "–",
                    ratio.map { Statistics.text($0, decimals: 2) } ?? "–",
                    Statistics.median(samples.map(\.processorSeconds))
                        .map { Statistics.seconds($0) } ?? "–",
                    samples.map(\.peakBytes).max().flatMap { $0 > 0 ? Figures.bytes($0) : nil }
                        ?? "–",
                ])
            }
        }
        return rows
    }

    // MARK: Chart

    /// The chart of the three loads.
    package func chart() -> Chart {
        let groups = [Scenario.change, .empty, .onePercent].compactMap { scenario -> Chart.Group? in
            let bars = Contestant.allCases.compactMap { contestant -> Chart.Bar? in
                guard let median = Statistics.median(results.seconds(scenario, contestant)) else {
                    return nil
                }
                return Chart.Bar(
                    label: contestant.rawValue, seconds: median, isOurs: contestant.isKugiri)
            }
            return bars.isEmpty ? nil : Chart.Group(title: scenario.title, bars: bars)
        }
        let records = Figures.count(Int64(results.conditions.records))
        return Chart(
            title: "\(records) Zengin 91 records into PostgreSQL, seconds",
            subtitle: "Medians of \(results.conditions.rounds) interleaved rounds, "
                + "\(results.machine.cores) cores, \(results.conditions.workers) workers; "
                + "shorter is better", groups: groups)
    }

    // MARK: Markdown

    /// The page `ops/bench-results.md`.
    ///
    /// - Parameters:
    ///   - chart: The chart's path as the page links to it; nil: no chart.
    ///   - remark: A paragraph under the heading, such as what disturbed the run; nil: none.
    ///   - inTheWay: What stands between the product and the bounds it misses; nil: only the list.
    package func markdown(chart: String?, remark: String?, inTheWay: String?) -> String {
        var text = "# Results of the bench\n\n"
        text +=
            "Written by `kugiri-bench report` from the results of `ops/bench`"
            + " (\(results.startedAt)); do not edit.\n\n"
        if let remark { text += "**\(remark)**\n\n" }
        text += machineText() + "\n"
        text += "## Bounds\n\n" + boundsText() + "\n"
        if let chart { text += "![Seconds by contestant and scenario](\(chart))\n\n" }
        text +=
            "## Times\n\n"
            + Self.markdownTable(Self.timeColumns.map(\.title), timeRows()) + "\n"
        text += Self.rules + "\n" + phasesText() + inTheWayText(inTheWay)
        if !results.skipped.isEmpty {
            text += "## Left out\n\n"
            for item in results.skipped { text += "- \(item.what): \(item.why)\n" }
        }
        return text
    }

    private func boundsText() -> String {
        Self.markdownTable(
            ["measure", "bound", "measured", "met"],
            Reach(results).rows().map { [$0.measure, $0.bound, $0.measured, $0.verdict.text] })
    }

    private func machineText() -> String {
        let machine = results.machine
        let conditions = results.conditions
        var rows = [
            ["processor", "\(machine.processor), \(machine.cores) cores"],
            ["memory", Figures.bytes(machine.memoryBytes)],
            ["kernel", machine.kernel],
            ["load before", Statistics.text(machine.loadAverage, decimals: 2)],
            ["PostgreSQL", machine.postgres],
            [
                "settings",
                machine.serverSettings.sorted { $0.key < $1.key }
                    .map { "`\($0.key)` \($0.value)" }.joined(separator: ", "),
            ],
            [
                "target",
                "fillfactor \(conditions.targetFillfactor), rows written in the order of the "
                    + conditions.targetOrder + ", vacuumed and analysed",
            ],
            [
                "workload",
                "\(Figures.count(Int64(conditions.records))) records, "
                    + "\(conditions.rounds) rounds, \(conditions.workers) workers",
            ],
        ]
        for (name, version) in machine.programs.sorted(by: { $0.key < $1.key }) {
            rows.append([name, version])
        }
        return Self.markdownTable(["machine", ""], rows)
    }

    private func phasesText() -> String {
        let names = ["split", "validate", "load", "certify", "publish"]
        let rows = Scenario.allCases.compactMap { scenario -> [String]? in
            let samples = results.samples(scenario, .kugiri).filter { !$0.phases.isEmpty }
            guard !samples.isEmpty else { return nil }
            let medians = names.map { name in
                Statistics.median(samples.compactMap { $0.phases[name] })
                    .map { Statistics.seconds($0) } ?? "–"
            }
            let outside = samples.map { $0.seconds - $0.phases.values.reduce(0, +) }
            return [scenario.rawValue] + medians
                + [Statistics.median(outside).map { Statistics.seconds($0) } ?? "–"]
        }
        guard !rows.isEmpty else { return "" }
        return "## Kugiri by phase\n\n"
            + Self.markdownTable(["scenario"] + names + ["arrival, start and end"], rows) + "\n"
    }

    private func inTheWayText(_ words: String?) -> String {
        let missed = Reach(results).rows().filter { $0.verdict == .missed }
        guard !missed.isEmpty else { return words.map { "## In the way\n\n\($0)\n\n" } ?? "" }
        return "## In the way\n\n"
            + missed.map { "- \($0.measure): \($0.measured), wanted \($0.bound)\n" }.joined()
            + (words.map { "\n\($0)\n" } ?? "") + "\n"
    }

    private static let rules = """
        How it is measured: one server for everybody; before each run the target is a fresh copy of
        the same database and a checkpoint is taken; contestants take turns, and another one begins
        each round. A time runs from the start of the first process to the end of the last. The
        target's business columns are compared after every run; a difference ends the bench.
        `script` runs with `jit` on and 4 MB of `work_mem`, PostgreSQL's defaults, because that is
        what a user gets; everybody else has the server's `jit = off`. Peers read a CSV of the four
        columns that their SQL needs, made beforehand and not counted; Kugiri reads the Zengin file.
        The input of `floor` is also sorted and divided beforehand. `client CPU` is the processor
        time of the contestant's own processes, without the server.

        """

    private static func markdownTable(_ titles: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
        return line(titles) + line(titles.map { _ in "---" }) + rows.map(line).joined()
    }
}
