// The bounds Kugiri wants to reach, held against what was measured. Pure: results in, rows out.

/// One bound and what was measured.
package struct ReachRow: Sendable, Equatable {
    /// How a measurement stands to its bound.
    package enum Verdict: Sendable, Equatable {
        case met
        case missed
        /// There is no bound: the figure is only told.
        case reported
        /// Why there is no figure.
        case notMeasured(String)

        /// One word, or why not.
        package var text: String {
            switch self {
            case .met: "yes"
            case .missed: "NO"
            case .reported: "reported"
            case .notMeasured(let why): "not measured: \(why)"
            }
        }
    }

    /// What is measured.
    package var measure: String
    /// The most it may be; a dash: no bound.
    package var bound: String
    /// The figure; a dash: there is none.
    package var measured: String
    /// Whether the bound is met.
    package var verdict: Verdict
}

/// Judges results.
package struct Reach {
    private let results: BenchResults

    /// The most memory of one process.
    package static let memoryBytesMax: Int64 = 256 << 20
    /// The two memory figures may differ by this share.
    package static let memorySpreadMax = 0.10
    /// Time may grow by this factor where the records grow tenfold.
    package static let growthPerTenfoldMax = 11.0
    /// What a run of 64 partitions may leave in the database stays below this.
    package static let databaseGrowthBytesMax: Int64 = 1_000_000
    /// The size that times are extrapolated to.
    package static let extrapolatedRecords = 50_000_000.0

    /// Judges these results.
    package init(_ results: BenchResults) { self.results = results }

    /// Every row, in the order of the plan.
    package func rows() -> [ReachRow] {
        let off = Contestant.kugiriWithoutHistory
        return [
            ratio("whole night, history off / script", .change, off, .script, 0.50),
            ratio("whole night, all defaults / script", .change, .kugiri, .script, 0.60),
            ratio("whole night, history off / script-tuned", .change, off, .scriptTuned, 0.65),
            ratio("whole night / pgloader + SQL", .change, .kugiri, .pgloader, 0.20),
            ratio("whole night / floor", .change, .kugiri, .floor, 1.5),
            ratio("empty target / script", .empty, .kugiri, .script, 0.60),
            ratio("1 % change / script", .onePercent, .kugiri, .script, 0.30),
            splitRow,
            ratio("rejected file, run to exit 9 / script's \\copy", .rejected, .kugiri, .copy, 1.0),
            ratio(
                "rejected file, validate to exit 9 / script's \\copy", .rejected, .kugiriValidate,
                .copy, nil),
            memoryRow, memorySpreadRow,
            databaseGrowthRow,
            ratio(
                "full indicator / indicator: intervals", .change, .kugiri, .kugiriIntervals, nil),
            ratio("history on / off", .change, .kugiri, off, nil),
            extrapolation("50,000,000 members, every row changes", .change, .growthLarge),
            extrapolation("50,000,000 members, empty target", .empty, .growthEmpty),
            growthRow,
        ] + onlineRows
    }

    /// A ratio of two contestants in one scenario; no bound: it is only reported.
    private func ratio(
        _ measure: String, _ scenario: Scenario, _ left: Contestant, _ right: Contestant,
        _ bound: Double?
    ) -> ReachRow {
        judge(
            measure, bound, results.seconds(scenario, left), results.seconds(scenario, right),
            why: skipped(left.rawValue) ?? skipped(right.rawValue)
                ?? skipped(scenario.section.rawValue) ?? "it was left out")
    }

    private func judge(
        _ measure: String, _ bound: Double?, _ left: [Double], _ right: [Double], why: String
    ) -> ReachRow {
        let limit = bound.map { Statistics.text($0, decimals: 2) } ?? "–"
        guard let ratio = Statistics.ratioOfMedians(left, to: right),
            let first = Statistics.median(left), let second = Statistics.median(right)
        else { return missing(measure, limit, why: why) }
        return ReachRow(
            measure: measure, bound: limit,
            measured: Statistics.text(ratio, decimals: 2)
                + " (\(Statistics.seconds(first)) / \(Statistics.seconds(second)))",
            verdict: bound.map { ratio <= $0 ? .met : .missed } ?? .reported)
    }

    private var splitRow: ReachRow {
        judge(
            "split phase / duckdb sort-and-split", 0.33,
            results.phase("split", .change, .kugiri), results.seconds(.split, .duckdb),
            why: skipped("duckdb") ?? skipped("split") ?? "it was left out")
    }

    // MARK: Memory and growth

    private var peaks: (small: Int64, large: Int64)? {
        let small = results.samples(.growthSmall, .kugiri).map(\.peakBytes).max()
        let large = results.samples(.growthLarge, .kugiri).map(\.peakBytes).max()
        guard let small, let large else { return nil }
        return (small, large)
    }

    private var sizes: String {
        results.conditions.growthRecords.map { Self.short($0) }.joined(separator: " and ")
    }

    private var memoryRow: ReachRow {
        let measure = "peak memory of any process, \(sizes) records"
        let bound = "\(Self.memoryBytesMax >> 20) MiB"
        guard let peaks else { return missing(measure, bound, why: leftOut("growth")) }
        let figures = [peaks.small, peaks.large].map { "\(Self.mebibytes($0)) MiB" }
        return ReachRow(
            measure: measure, bound: bound, measured: figures.joined(separator: ", "),
            verdict: max(peaks.small, peaks.large) <= Self.memoryBytesMax ? .met : .missed)
    }

    private var memorySpreadRow: ReachRow {
        let measure = "difference of the two peaks"
        let bound = "10 %"
        guard let peaks, peaks.small > 0 else {
            return missing(measure, bound, why: leftOut("growth"))
        }
        let spread = Double(abs(peaks.large - peaks.small)) / Double(min(peaks.small, peaks.large))
        return ReachRow(
            measure: measure, bound: bound,
            measured: Statistics.text(spread * 100, decimals: 1) + " %",
            verdict: spread <= Self.memorySpreadMax ? .met : .missed)
    }

    private var databaseGrowthRow: ReachRow {
        let measure = "database growth of a run of 64 partitions after purge"
        guard let growth = results.databaseGrowth else {
            return missing(measure, "< 1 MB", why: leftOut("purge"))
        }
        return ReachRow(
            measure: measure, bound: "< 1 MB", measured: "\(growth.bytesPerRun / 1_000) kB",
            verdict: growth.bytesPerRun < Self.databaseGrowthBytesMax ? .met : .missed)
    }

    private var growthRow: ReachRow {
        let sizes = results.conditions.growthRecords
        let times = sizes.count == 2 && sizes[0] > 0 ? Double(sizes[1]) / Double(sizes[0]) : 10
        return judge(
            "growth: time(\(sizes.last.map(Self.short) ?? "large"))"
                + " / time(\(sizes.first.map(Self.short) ?? "small"))",
            Self.growthPerTenfoldMax * times / 10,
            results.seconds(.growthLarge, .kugiri), results.seconds(.growthSmall, .kugiri),
            why: leftOut("growth"))
    }

    private func extrapolation(
        _ measure: String, _ scenario: Scenario, _ larger: Scenario
    ) -> ReachRow {
        let points = [scenario, larger].compactMap { each -> (x: Double, y: Double)? in
            let samples = results.samples(each, .kugiri)
            guard let records = samples.first?.records,
                let seconds = Statistics.median(samples.map(\.seconds))
            else { return nil }
            return (Double(records), seconds)
        }
        guard
            let seconds = Statistics.extrapolate(points, to: Self.extrapolatedRecords),
            seconds > 0
        else { return missing(measure, "–", why: leftOut(scenario.section.rawValue)) }
        let from = points.map { Self.short(Int($0.x)) }.joined(separator: " and ")
        return ReachRow(
            measure: measure, bound: "–",
            measured: Statistics.text(seconds / 60, decimals: 1)
                + " minutes, extrapolated from \(from)",
            verdict: .reported)
    }

    // MARK: Online

    private var onlineRows: [ReachRow] {
        let budget = results.conditions.lockBudgetMilliseconds
        guard let online = results.online else {
            return [
                missing(
                    "online: longest wait for a batch lock", "\(budget) ms", why: leftOut("online"))
            ]
        }
        let remark =
            (online.coversNight ? "" : "; online ended before the night")
            + (online.exitCode == 0 ? "" : "; the night ended with \(online.exitCode)")
        let lost = online.rowsWithLostWrites + online.rowsWithLostValues
        let wrong = online.conflictsMissing + online.conflictsSpurious
        let isCounted = online.conflictsReported == online.conflictsNoted
        return [
            ReachRow(
                measure: "online: longest wait for a batch lock (sampled)", bound: "\(budget) ms",
                measured: Statistics.text(online.longestLockWaitMilliseconds, decimals: 0)
                    + " ms; slowest transaction "
                    + Statistics.text(online.maxMilliseconds, decimals: 0) + " ms" + remark,
                verdict: online.longestLockWaitMilliseconds <= Double(budget) ? .met : .missed),
            ReachRow(
                measure: "online: lost updates", bound: "0",
                measured: "\(lost) of \(online.transactions) transactions",
                verdict: lost == 0 ? .met : .missed),
            ReachRow(
                measure: "online: conflicts wrongly reported", bound: "0",
                measured: "\(wrong); \(online.conflictsReported) reported, of which "
                    + "\(online.conflictsCertain) are certain",
                verdict: wrong == 0 && isCounted ? .met : .missed),
        ]
    }

    // MARK: Words

    private func missing(_ measure: String, _ bound: String, why: String) -> ReachRow {
        ReachRow(measure: measure, bound: bound, measured: "–", verdict: .notMeasured(why))
    }

    private func skipped(_ what: String) -> String? {
        results.skipped.first { $0.what == what }?.why
    }

    private func leftOut(_ section: String) -> String { skipped(section) ?? "it was left out" }

    /// `1 M`, `250,000`… as titles name sizes.
    package static func short(_ records: Int) -> String {
        if records >= 1_000_000, records % 100_000 == 0 {
            let millions = Double(records) / 1_000_000
            return Statistics.text(millions, decimals: records % 1_000_000 == 0 ? 0 : 1) + " M"
        }
        if records >= 1_000, records % 1_000 == 0 { return "\(records / 1_000),000" }
        return String(records)
    }

    private static func mebibytes(_ bytes: Int64) -> String {
        Statistics.text(Double(bytes) / 1_048_576, decimals: 0)
    }
}
