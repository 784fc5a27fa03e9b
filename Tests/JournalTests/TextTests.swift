// Widths, tables, bars, figures and carets: what is drawn lines up.

import Journal
import Testing

struct DisplayWidthTests {
    @Test(arguments: [
        ("abc", 3), ("", 0), ("株式会社", 8), ("ｶ)ﾔﾏﾀﾞ", 6), ("カタカナ", 8), ("ＡＢ", 4), ("￥", 2),
        ("¥", 1), ("e\u{301}", 1), ("か\u{3099}", 2), ("─│█▏…✓", 6), ("\u{200B}a", 1), ("😀", 2),
        ("\u{20000}", 2), ("한", 2),
    ])
    func `text has the width a terminal gives it`(text: String, width: Int) {
        #expect(DisplayWidth.columns(text) == width)
    }

    @Test(arguments: [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("株式会社", 6, "株式…"),
        ("株式会社", 7, "株式会…"), ("abc", 1, "…"), ("abc", 0, ""), ("か\u{3099}きく", 4, "か\u{3099}…"),
    ])
    func `cut text keeps within its columns`(text: String, limit: Int, expected: String) {
        #expect(DisplayWidth.truncated(text, to: limit) == expected)
        #expect(DisplayWidth.columns(expected) <= limit)
    }
}

struct TableTests {
    private let columns: [Table.Column] = [.init("name"), .init("rows", .right)]

    @Test func `kanji, kana and letters line up`() {
        let table = Table.render(
            columns: columns,
            rows: [["東京", "1"], ["ｵｵｻｶ", "1,234"], ["Nagoya", "12"], ["が\u{3099}", "7"]],
            footer: ["total", "1,254"])
        #expect(
            table == """
                name     rows
                ──────  ─────
                東京        1
                ｵｵｻｶ    1,234
                Nagoya     12
                が\u{3099}          7
                ──────  ─────
                total   1,254

                """)
        let widths = Set(
            table.split(separator: "\n").dropFirst().map { DisplayWidth.columns(String($0)) })
        #expect(widths == [13])
    }

    @Test func `text gives way to fit, numbers do not`() {
        let table = Table.render(
            columns: columns, rows: [["a long name of a partition", "1,234,567"]], width: 20)
        #expect(table.contains("a long n…  1,234,567\n"))
        let narrow = Table.render(columns: columns, rows: [["abcdef", "1,234,567"]], width: 5)
        #expect(narrow.contains("1,234,567"))
    }

    @Test func `a cell neither breaks a line nor steers the terminal`() {
        let table = Table.render(columns: columns, rows: [["a\nb\u{1B}[2J", "1"], ["short"]])
        #expect(table.split(separator: "\n").count == 4)
        #expect(!table.contains("\u{1B}"))
    }
}

struct BarTests {
    @Test(arguments: [
        (0.0, ""), (-1, ""), (.nan, ""), (0.0001, "▏"), (1, "█"), (1.5, "█▌"), (2, "██"),
        (4, "████"),
        (9, "████"),
    ])
    func `a bar is as long as its share`(value: Double, expected: String) {
        #expect(Bar.horizontal(value, of: 4, width: 4) == expected)
    }

    @Test func `a chart lines up and keeps its width`() {
        let chart = Bar.chart(
            [("split", 1, "1.0s"), ("検証", 20, "20.0s"), ("load", 0, "0.0s")], width: 30)
        #expect(
            chart == """
                split   1.0s  ▊
                検証   20.0s  ████████████████
                load    0.0s

                """)
        #expect(chart.split(separator: "\n").allSatisfy { DisplayWidth.columns(String($0)) <= 30 })
    }

    @Test func `progress never says 100 % before the end`() {
        #expect(Bar.progress(done: 999, total: 1_000, width: 16).hasSuffix("  99 %"))
        #expect(Bar.progress(done: 1_000, total: 1_000, width: 16) == "██████████ 100 %")
        #expect(Bar.progress(done: 1, total: 2, width: 16) == "█████░░░░░  50 %")
        #expect(Bar.progress(done: 5, total: 0, width: 16) == "░░░░░░░░░░   – %")
    }

    @Test func `a spark has one column per value`() {
        #expect(Spark.line([0, 1, 4, 8, .nan]) == "▁▂▅█▁")
        #expect(Spark.line([0, 0]) == "▁▁")
        #expect(Spark.line([]) == "")
    }
}

struct FiguresTests {
    @Test(arguments: [
        (Int64(0), "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"),
        (-1_005, "-1,005"), (.min, "-9,223,372,036,854,775,808"),
    ])
    func `counts have thousands`(value: Int64, text: String) {
        #expect(Figures.count(value) == text)
    }

    @Test(arguments: [
        (Int64(0), "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (10_188, "9.9 KiB"),
        (10_240, "10 KiB"), (599_785_472, "572 MiB"), (1_048_575, "1.0 MiB"), (-2_048, "-2.0 KiB"),
    ])
    func `bytes have a unit`(value: Int64, text: String) {
        #expect(Figures.bytes(value) == text)
    }

    @Test(arguments: [
        (0, "0.0s"), (49, "0.0s"), (50, "0.1s"), (42_000, "42.0s"), (59_960, "1m 00.0s"),
        (62_300, "1m 02.3s"), (7_509_000, "2h 05m 09s"), (-5, "0.0s"),
    ])
    func `durations read like a clock`(milliseconds: Int, text: String) {
        #expect(Figures.duration(.milliseconds(milliseconds)) == text)
        #expect(Figures.duration(seconds: Double(milliseconds) / 1_000) == text)
    }

    @Test func `rates and shares bear any figure`() {
        #expect(Figures.rate(12_345.4) == "12,345/s")
        #expect(Figures.rate(.infinity) == "0/s")
        #expect(Figures.perSecond(10, in: .zero) == 0)
        #expect(Figures.perSecond(10, in: .milliseconds(500)) == 20)
        #expect(Figures.percent(done: .max, total: .max) == 100)
        #expect(Figures.percent(done: .max - 1, total: .max) == 99)
        #expect(Figures.percent(done: 5, total: 0) == 100)
    }
}

struct CaretTests {
    @Test func `the caret stands below its column, also after kanji`() {
        #expect(
            Caret.render(line: "名前: x", column: 5, lineNumber: 12, note: "unknown")
                == "12 │ 名前: x\n   │       ^ unknown\n")
        #expect(
            Caret.render(line: "partitons: 4", column: 1, length: 9) == "partitons: 4\n^^^^^^^^^\n")
        #expect(Caret.render(line: "\tkey: ｶﾞ", column: 7, length: 2) == " key: ｶﾞ\n      ^^\n")
    }

    @Test(arguments: [(0, "ab\n^\n"), (-9, "ab\n^\n"), (3, "ab\n  ^\n"), (99, "ab\n  ^\n")])
    func `a column outside the line is brought to it`(column: Int, text: String) {
        #expect(Caret.render(line: "ab", column: column) == text)
    }

    @Test func `a long line is cut around the caret`() {
        let line = String(repeating: "長", count: 300) + "X" + String(repeating: "y", count: 300)
        let lines = Caret.render(line: line, column: 301).split(separator: "\n").map(String.init)
        #expect(DisplayWidth.columns(lines[0]) <= 96)
        #expect(lines[0].hasPrefix("…長") && lines[0].hasSuffix("y…"))
        let before = lines[0].prefix { $0 != "X" }
        #expect(DisplayWidth.columns(String(before)) == lines[1].count - 1)
        let escaped = Caret.render(line: "a\u{1B}[2J", column: 2)
        #expect(escaped == "a\\u{1B}[2J\n ^^^^^^\n")
    }
}
