// The run object's schema, its result line, and the report made from it.

import FoundationEssentials
import Journal
import Testing

struct ReportTests {
    private let started = Timestamp(milliseconds: 1_795_107_601_123, offsetSeconds: 32_400)

    private func summary(result: String = "NORMAL", exit: Int = 0) -> RunSummary {
        let counts = Counts(input: 1_200_000, updated: 1_190_000, unchanged: 9_988, rejected: 12)
        let half = Counts(input: 600_000, updated: 595_000, unchanged: 4_994, rejected: 6)
        return RunSummary(
            runID: "debit-result-20261120-01", job: "debit-result", program: "KGRB091",
            result: result, exitCode: exit, businessDate: "2026-11-20",
            input: .init(
                path: "/data/in/口座振替結果.dat", bytes: 599_785_472, records: 1_200_000,
                sha256: String(repeating: "ab", count: 32)),
            counts: counts,
            controlTotals: [
                .init(group: 1, name: "件数", promised: 1_200_000, found: 1_200_000, holds: true),
                .init(group: 1, name: "amount", promised: 500, found: 400, holds: false),
            ],
            partitions: [
                .init(
                    number: 1, low: "", high: "ｱｲ", counts: half, workers: ["w1"], attempts: 1,
                    elapsedSeconds: 40),
                .init(
                    number: 2, low: "ｱｲ", high: nil, counts: half, workers: ["w1", "w2"],
                    attempts: 3, elapsedSeconds: 62.3, isDone: false),
            ],
            phases: [
                .init(name: "split", elapsedSeconds: 4.2),
                .init(name: "validate", elapsedSeconds: 18),
                .init(name: "load", elapsedSeconds: 62.3),
            ],
            workers: [.init(name: "w1", host: "a", claims: 9, records: 900_000)],
            tolerances: [.init(name: "max_rejects", value: "20", fileDefault: "0")],
            rejectsByRule: [.init(rule: "amount-minimum", count: 12)], startedAt: started,
            endedAt: started, elapsedSeconds: 84.5, certificate: String(repeating: "c0", count: 32),
            directory: "/var/lib/kugiri/runs/debit-result-20261120-01",
            messages: [
                .init(LogMessage(.workerLeft, ["worker": "w\n2", "reason": "done"]), at: started)
            ])
    }

    private func object(_ value: some Encodable) throws -> [String: JSONValue] {
        try JSONDecoder().decode(
            [String: JSONValue].self, from: Data(try JSONText.compact(value).utf8))
    }

    @Test func `the run object has the keys of its schema`() throws {
        let run = try object(summary())
        #expect(
            run.keys.sorted() == [
                "business_date", "certificate", "control_totals", "counts", "directory",
                "elapsed_seconds", "ended_at", "exit_code", "input", "job", "messages",
                "partitions", "phases", "program", "rejects_by_rule", "result", "run_id", "schema",
                "started_at", "tolerances", "workers",
            ])
        #expect(run["schema"] == .text("kugiri.run/1"))
        #expect(run["started_at"] == .text("2026-11-20T02:00:01.123+09:00"))
        #expect(run["input"]?.keys == ["bytes", "path", "records", "sha256"])
        #expect(
            run["counts"]?.keys == [
                "absent", "closed", "conflicts", "converged", "deleted", "input", "inserted",
                "rejected", "requeued", "unchanged", "updated",
            ])
        #expect(run["control_totals"]?.keys == ["found", "group", "holds", "name", "promised"])
        #expect(
            run["partitions"]?.keys == [
                "attempts", "counts", "done", "elapsed_seconds", "high", "low", "number", "workers",
            ])
        #expect(run["phases"]?.keys == ["elapsed_seconds", "name"])
        #expect(run["workers"]?.keys == ["claims", "host", "name", "records"])
        #expect(run["tolerances"]?.keys == ["default", "name", "value"])
        #expect(run["messages"]?.keys == ["id", "text", "time"])
    }

    @Test func `a run object reads back as it was, in both forms`() throws {
        let run = summary()
        for text in [try JSONText.compact(run), try JSONText.pretty(run)] {
            #expect(!text.contains("\\/"))
            #expect(try JSONDecoder().decode(RunSummary.self, from: Data(text.utf8)) == run)
        }
        #expect(try !JSONText.compact(run).contains("\n"))
    }

    @Test(arguments: [
        ("NORMAL", 0, "KGR9001I"), ("WARNING", 4, "KGR9002W"), ("DATA", 9, "KGR9003E"),
        ("RETRY", 12, "KGR9003E"), ("BUG", 70, "KGR9003E"),
    ])
    func `the result line is stable and one line long`(result: String, exit: Int, id: String) {
        #expect(
            summary(result: result, exit: exit).resultMessage.line()
                == "\(id) run=debit-result-20261120-01 job=debit-result result=\(result) "
                + "exit=\(exit) input=1200000 loaded=1190000 unchanged=9988 rejected=12 "
                + "conflicts=0 partitions=1/2 elapsed=1m24.5s")
    }

    @Test func `workers that somebody else started are named with their hosts`() {
        var run = summary()
        #expect(!ReportText().report(run).contains("Workers\n"))
        run.workers.append(.init(name: "tokyo.7", host: "edge2", claims: 3, records: 1_200))
        let lines = ReportText().report(run).split(separator: "\n").map(String.init)
        #expect(lines.contains("Workers"))
        #expect(lines.contains("w1       a           9  900,000"))
        #expect(lines.contains("tokyo.7  edge2       3    1,200"))
    }

    @Test func `the report fits 80 columns and names what matters`() {
        let report = ReportText().report(summary())
        let lines = report.split(separator: "\n").map(String.init)
        for line in lines { #expect(DisplayWidth.columns(line) <= 80, "\(line)") }
        #expect(lines[0] == "NORMAL  NORMAL END, exit 0, 1m 24.5s")
        #expect(report.contains("  balance   ✓ every record accounted for\n"))
        #expect(report.contains("572 MiB, 1,200,000 data records\n"))
        #expect(report.contains("tried more than once: 2 (3×)\n"))
        #expect(report.contains("✓      1  件数    1,200,000  1,200,000\n"))
        #expect(report.contains("✗      1  amount        500        400        -100\n"))
        #expect(report.contains("max_rejects  20 (the file says 0)\n"))
        #expect(report.contains("  KGR6002I worker w\\u{A}2 left: done\n"))
        #expect(!report.contains("\u{1B}"))
    }

    @Test func `the rows of the partition table line up with their total`() throws {
        let lines = ReportText().report(summary()).split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex(of: "Partitions"))
        let table = lines[(start + 1)...(start + 6)]
        #expect(Set(table.map(DisplayWidth.columns)).count == 1)
        #expect(table.last?.contains("1,200,000") == true)
    }

    @Test(arguments: [
        (["", "00010", "00023"], ["−∞", "…10", "…23"]), (["", "00010"], ["−∞", "00010"]),
        (["A1", "B1"], ["A1", "B1"]), (["0001", "00012"], ["…", "…2"]), ([""], ["−∞"]),
        (["10", "19"], ["10", "19"]),
    ])
    func `keys are shown without the beginning they share`(lows: [String], shown: [String]) throws {
        var run = summary()
        let model = run.partitions[0]
        run.partitions = lows.map { low in
            var partition = model
            partition.low = low
            return partition
        }
        let lines = ReportText().report(run).split(separator: "\n")
        let start = try #require(lines.firstIndex(of: "Partitions"))
        let column = lines[(start + 3)..<(start + 3 + lows.count)].map { line in
            String(line.split(separator: " ")[1])
        }
        #expect(column == shown)
    }

    @Test func `a run that never began has a short report`() {
        var run = summary(result: "DATA", exit: 11)
        run.partitions = []
        run.phases = []
        run.controlTotals = []
        run.tolerances = []
        run.rejectsByRule = []
        run.messages = []
        run.counts = .zero
        run.certificate = nil
        let report = ReportText().report(run)
        #expect(report.hasPrefix("DATA  ABNORMAL END, exit 11"))
        for title in ["Phases", "Partitions", "Control totals", "Rejects", "Messages"] {
            #expect(!report.contains(title))
        }
        #expect(report.hasSuffix("  log        run.log, run.jsonl\n"))
    }

    @Test(arguments: [
        (["split"], Counts(input: 100, rejected: 3), "DATA", "nothing was loaded"),
        (["split"], Counts(input: 100, rejected: 100), "DATA", "✓ every record"),
        (["split", "validate"], Counts(input: 100, updated: 40), "RETRY", "60 records are left"),
        (["load"], Counts(input: 100, updated: 40), "RETRY", "✗ does not add up"),
        (["load", "certify"], Counts(input: 100), "BUG", "✗ does not add up"),
        ([], Counts(input: 100), "BUG", "✗ does not add up"),
        ([], Counts(input: 100, conflicts: 100), "NORMAL", "✓ every record"),
        ([], Counts(), "DATA", "nothing was loaded"),
        (["load"], Counts(), "NORMAL", "✓ every record"),
    ])
    func `the balance of an unfinished run says how far it came`(
        phases: [String], counts: Counts, result: String, expected: String
    ) throws {
        var run = summary(result: result, exit: 12)
        run.counts = counts
        run.phases = phases.map { .init(name: $0, elapsedSeconds: 1) }
        let report = ReportText().report(run)
        let line = try #require(report.split(separator: "\n").first { $0.contains("  balance ") })
        #expect(line.contains(expected))
        #expect(report.contains("  rate ") == (counts.balances && counts.input > 0))
    }

    @Test func `colours are added only where the style has them`() {
        let report = ReportText(width: 80, style: Style(isColoured: true)).report(summary())
        #expect(report.hasPrefix("\u{1B}[32mNORMAL\u{1B}[0m"))
    }
}

/// Any JSON, as far as the tests look into it.
private enum JSONValue: Decodable, Equatable {
    case text(String)
    case object([String: JSONValue])
    case list([JSONValue])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let object = try? container.decode([String: JSONValue].self) {
            self = .object(object)
        } else if let list = try? container.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .other
        }
    }

    /// The keys of an object, or of all objects of a list.
    var keys: [String] {
        switch self {
        case .object(let object): object.keys.sorted()
        case .list(let list): Set(list.flatMap(\.keys)).sorted()
        case .text, .other: []
        }
    }
}
