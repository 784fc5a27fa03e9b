// The report of a run for people: headline, identity, phases, partitions, totals, where files are.
// Plain text that fits 80 columns; colours only where the style has them.

/// Turns a run summary into a report.
public struct ReportText: Sendable {
    private let width: Int
    private let style: Style

    /// A report for this width and style; without arguments it suits paper and pipes.
    public init(width: Int = JournalLimits.columnsDefault, style: Style = .plain) {
        self.width = max(width, JournalLimits.columnsMin)
        self.style = style
    }

    /// A report as this terminal can show it, or for a pipe.
    public init(_ terminal: Terminal) {
        self.init(
            width: terminal.isTerminal ? terminal.columns : JournalLimits.columnsDefault,
            style: terminal.style)
    }

    /// The whole report, every line with its line feed.
    public func report(_ summary: RunSummary) -> String {
        let sections = [
            headline(summary) + identity(summary),
            section("Phases", phases(summary)),
            section("Partitions", partitions(summary)),
            section("Workers", workers(summary)),
            section("Control totals", controlTotals(summary)),
            section("Rejects by rule", rejects(summary)),
            section("Tolerances", tolerances(summary)),
            section("Messages", messages(summary)),
            section("Files", files(summary)),
        ]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func section(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : style.paint(title, .bold) + "\n" + body
    }

    private func headline(_ summary: RunSummary) -> String {
        let ink: Style.Ink =
            switch summary.result {
            case "NORMAL": .green
            case "WARNING": .yellow
            default: .red
            }
        let end = ["NORMAL", "WARNING"].contains(summary.result) ? "NORMAL END" : "ABNORMAL END"
        let name = Escaping.escaped(summary.result)
        let elapsed = Figures.duration(seconds: summary.elapsedSeconds)
        return style.paint(name, ink) + "  \(end), exit \(summary.exitCode), \(elapsed)\n\n"
    }

    private func identity(_ summary: RunSummary) -> String {
        let input = summary.input
        let counts = summary.counts
        var lines = [
            ("run", summary.runID), ("job", "\(summary.job) (\(summary.program))"),
        ]
        if let date = summary.businessDate { lines.append(("for date", date)) }
        lines.append(("input", input.path))
        // Without a phase that ended nobody knows how many records there are.
        let isRead = input.records > 0 || !summary.phases.isEmpty
        let records = isRead ? ", \(Figures.count(input.records)) data records" : ""
        lines.append(("", Figures.bytes(input.bytes) + records))
        if let sha256 = input.sha256 { lines.append(("sha256", sha256)) }
        lines.append(("started", summary.startedAt.iso8601WithOffset))
        if let endedAt = summary.endedAt { lines.append(("ended", endedAt.iso8601WithOffset)) }
        lines.append(("counts", "\(Figures.count(counts.loaded)) loaded" + written(counts)))
        lines.append(("", untouched(counts)))
        if counts.absent > 0 {
            lines.append(
                ("absent", "\(Figures.count(counts.absent)) open rows were not in the input"))
        }
        if let use = summary.validationCache, use.hits > 0 {
            lines.append(
                ("cache", "\(use.hits) of \(use.hits + use.misses) slices proved by earlier runs"))
        }
        lines.append(("balance", balance(summary)))
        if summary.elapsedSeconds > 0, counts.input > 0, counts.balances {
            let rate = Double(counts.input) / summary.elapsedSeconds
            lines.append(("rate", "\(Figures.rate(rate)) over the whole run"))
        }
        return labelled(lines)
    }

    /// Whether every record is accounted for; a run that ended before that says how far it came.
    private func balance(_ summary: RunSummary) -> String {
        let counts = summary.counts
        let hasLoaded = summary.phases.contains {
            ["load", "certify", "publish"].contains($0.name)
        }
        let settled = counts.loaded + counts.unchanged + counts.conflicts
        if counts.balances, hasLoaded || counts.input > 0 { return "✓ every record accounted for" }
        if hasLoaded || summary.result == "BUG" { return "✗ does not add up" }
        if settled == 0 {
            let next =
                [0, 4].contains(summary.exitCode) ? "; next: kugiri resume \(summary.runID)" : ""
            return "– nothing was loaded, the target is untouched\(next)"
        }
        let left = counts.input + counts.absent - settled - counts.rejected
        return "– the load is not finished, \(Figures.count(left)) records are left"
    }

    /// How rows were written, kind by kind; empty when none was.
    private func written(_ counts: Counts) -> String {
        let kinds = [
            ("inserted", counts.inserted), ("updated", counts.updated),
            ("deleted", counts.deleted), ("closed", counts.closed),
        ].filter { $0.1 != 0 }.map { "\(Figures.count($0.1)) \($0.0)" }
        return kinds.isEmpty ? "" : " (" + kinds.joined(separator: ", ") + ")"
    }

    private func untouched(_ counts: Counts) -> String {
        "\(Figures.count(counts.unchanged)) unchanged, \(Figures.count(counts.rejected)) rejected, "
            + "\(Figures.count(counts.conflicts)) conflicts"
    }

    private func phases(_ summary: RunSummary) -> String {
        Bar.chart(
            summary.phases.map {
                ("  " + $0.name, $0.elapsedSeconds, Figures.duration(seconds: $0.elapsedSeconds))
            }, width: min(width, 72))
    }

    private func partitions(_ summary: RunSummary) -> String {
        guard !summary.partitions.isEmpty else { return "" }
        let total = summary.partitions.reduce(Counts.zero) { $0 + $1.counts }
        let titles =
            ["input"] + (total.absent > 0 ? ["absent"] : [])
            + ["loaded", "unchanged", "rejected", "conflicts", "time"]
        let columns =
            [Table.Column("no.", .right), Table.Column("from key")]
            + titles.map { Table.Column($0, .right) }
        let lows = shortened(summary.partitions.map(\.low))
        let rows = zip(summary.partitions, lows).map { partition, low in
            [String(partition.number), low.isEmpty ? "−∞" : low]
                + figures(partition.counts, withAbsent: total.absent > 0)
                + [Figures.duration(seconds: partition.elapsedSeconds)]
        }
        let footer =
            ["", "total"] + figures(total, withAbsent: total.absent > 0) + [
                Figures.duration(seconds: summary.elapsedSeconds)
            ]
        let retried = summary.partitions.filter { $0.attempts > 1 }
        let note =
            retried.isEmpty
            ? ""
            : "tried more than once: "
                + retried.map { "\($0.number) (\($0.attempts)×)" }.joined(separator: ", ") + "\n"
        return Table.render(columns: columns, rows: rows, footer: footer, width: width) + note
    }

    /// Who worked where, when not all were the coordinator's own, which it calls w1, w2 and so on.
    private func workers(_ summary: RunSummary) -> String {
        let hasGuests = summary.workers.contains { worker in
            worker.name.first != "w" || UInt(worker.name.dropFirst()) == nil
        }
        guard hasGuests else { return "" }
        return Table.render(
            columns: [
                .init("worker"), .init("host"), .init("claims", .right), .init("records", .right),
            ],
            rows: summary.workers.map { worker in
                [
                    worker.name, worker.host,
                    Figures.count(Int64(worker.claims)), Figures.count(worker.records),
                ]
            }, width: width)
    }

    /// Keys without the beginning that all of them share, so that what differs is not cut off.
    private func shortened(_ keys: [String]) -> [String] {
        let named = keys.filter { !$0.isEmpty }
        guard named.count > 1, let first = named.min(), let last = named.max() else { return keys }
        let shared = zip(first, last).prefix { $0 == $1 }.count
        guard shared > 1 else { return keys }
        return keys.map { $0.isEmpty ? $0 : "…" + $0.dropFirst(shared) }
    }

    private func figures(_ counts: Counts, withAbsent: Bool) -> [String] {
        ([counts.input] + (withAbsent ? [counts.absent] : [])
            + [counts.loaded, counts.unchanged, counts.rejected, counts.conflicts])
            .map(Figures.count)
    }

    private func controlTotals(_ summary: RunSummary) -> String {
        guard !summary.controlTotals.isEmpty else { return "" }
        return Table.render(
            columns: [
                .init(""), .init("group", .right), .init("name"), .init("promised", .right),
                .init("found", .right), .init("difference", .right),
            ],
            rows: summary.controlTotals.map { total in
                let (difference, isTooLarge) =
                    total.found.subtractingReportingOverflow(total.promised)
                return [
                    total.holds ? "✓" : "✗", String(total.group), total.name,
                    Figures.count(total.promised, scale: total.scale ?? 0),
                    Figures.count(total.found, scale: total.scale ?? 0),
                    isTooLarge ? "–" : total.holds ? "" : Figures.count(difference),
                ]
            }, width: width)
    }

    private func rejects(_ summary: RunSummary) -> String {
        Bar.chart(
            summary.rejectsByRule.map { rule in
                ("  " + rule.rule, Double(rule.count), Figures.count(rule.count))
            }, width: min(width, 72))
    }

    private func tolerances(_ summary: RunSummary) -> String {
        labelled(
            summary.tolerances.map { tolerance in
                let fileDefault = tolerance.fileDefault.map { " (the file says \($0))" } ?? ""
                return (tolerance.name, tolerance.value + fileDefault)
            })
    }

    private func messages(_ summary: RunSummary) -> String {
        summary.messages.map { message in
            let ink: Style.Ink =
                switch message.id.severity {
                case .information: .plain
                case .warning: .yellow
                case .error: .red
                }
            return "  " + style.paint(message.id.rawValue, ink) + " "
                + Escaping.escaped(message.text) + "\n"
        }.joined()
    }

    private func files(_ summary: RunSummary) -> String {
        var lines = [("directory", summary.directory), ("log", "run.log, run.jsonl")]
        if summary.counts.rejected > 0 { lines.append(("rejects", "rejects.csv")) }
        if let certificate = summary.certificate {
            lines.append(("certificate", certificate))
        }
        return labelled(lines)
    }

    /// Lines of label and value; values are never cut, since paths and hashes are copied from here.
    private func labelled(_ lines: [(String, String)]) -> String {
        let labelWidth = lines.map { DisplayWidth.columns(Escaping.escaped($0.0)) }.max() ?? 0
        return lines.map { label, value in
            let name = DisplayWidth.fitted(Escaping.escaped(label), to: labelWidth)
            return "  " + style.paint(name, .dim) + "  " + Escaping.escaped(value) + "\n"
        }.joined()
    }
}
