// Values that would be commands, formulas, log lines or terminal controls, in every field, the
// file's name and the worker's: they arrive as data, or are shown as harmless text.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct InjectionTests {
        /// What the rules refuse, whichever field it stands in.
        private static let hostile: [String] = [
            "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", " =1", "'=1", "＝1",
            "\u{1B}[2J\u{1B}[H", "\u{9B}31m", "\t=1", "a\"b", "a,b", "'; DROP TABLE price; --",
            "$$", "\\.", "\\copy",
            "\u{202E}gpj.exe", "a\u{2028}b", "{\"level\":\"info\"}", "a\u{0}b", "\u{7}", "a\u{7F}",
            "x\n2026-11-20T02:00:00.000+09:00 I KGR9013I NORMAL END of run x", "x\r\ny",
            "\u{FEFF}1",
        ]
        /// What is text for the contract, and must arrive as it stands.
        private static let printable: [String] = [
            "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "＝1", "a\"b", "a,b", "'; DROP TABLE price; --",
            "$1", "$$", "\\.", "\\N", "\\copy price from '/etc/passwd'", "{\"level\":\"info\"}",
            "<script>alert(1)</script>", "%s%n", "`id`", "$(id)", "U&'\\0041'", "’ OR ’1’=’1",
        ]

        private func night(rejects: Int) throws -> Night {
            let night = try Night()
            try """
            kugiri: 1
            database: \(night.settings.database)
            directories: {state: .kugiri}
            jobs:
              prices:
                program: SHOP01
                contract: price-list
                parameters: {business_date: date}
                target:
                  table: price
                  mode: upsert
                  key: {item_code: item_code}
                  lock: {column: updated_at}
                  columns:
                    name: {field: name}
                    price: {field: price}
                    valid_from: {field: valid_from}
                    note: {field: note}
                partitions: {auto: {count: 2}}
                workers: 2
                max_rejects: \(rejects)
            """.write(
                toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            try """
            contract: price-list
            title: prices
            format: csv
            csv: {encoding: utf-8, header_row: required, line_breaks_in_quotes: true}
            columns:
              item_code: {type: digits, bytes: 4, required: true}
              name: {type: text, bytes: 200, required: true, pattern: "[A-Za-z]+"}
              price: {type: decimal, bytes: 10, scale: 2, required: true}
              valid_from: {type: date, format: yyyy-mm-dd}
              note: {type: text, bytes: 200}
            partition_key: item_code
            unique_key: [item_code]
            """.write(
                toFile: "\(night.folder)/price-list.yaml", atomically: false, encoding: .utf8)
            try night.online(
                """
                CREATE TABLE price (item_code text PRIMARY KEY, name text NOT NULL,
                    price numeric(10,2) NOT NULL, valid_from date, note text,
                    updated_at timestamptz NOT NULL DEFAULT clock_timestamp())
                """)
            let trigger = try Binary.run(
                ["db", "lock-trigger", "price"], scratch: "\(night.folder)/out")
            try night.online(trigger.stdout)
            return night
        }

        /// A cell in quotes.
        private func cell(_ text: String) -> String {
            "\"" + text.replacing("\"", with: "\"\"") + "\""
        }

        /// Writes a file of these rows, each of five cells, under any name.
        private func write(_ rows: [[String]], name: String, _ night: Night) throws -> String {
            let lines =
                ["item_code,name,price,valid_from,note"]
                + rows.map { $0.map(cell).joined(separator: ",") }
            let path = "\(night.folder)/\(name)"
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
            return path
        }

        private func arguments(_ path: String) -> [String] {
            ["run", "prices", "--input", path, "--set", "business_date=2026-11-20", "--quiet"]
        }

        /// Lines, and nothing in them that steers a terminal or reverses the reading order.
        private func expectHarmless(
            _ text: String, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let bad = text.unicodeScalars.filter { scalar in
                switch scalar.value {
                case 0x0A: false
                case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x200E, 0x200F: true
                case 0x202A...0x202E, 0x2066...0x2069: true
                default: false
                }
            }
            #expect(bad.isEmpty, "\(what): \(bad)", sourceLocation: sourceLocation)
        }

        @Test func `hostile values in every field are rejects that forge nothing anywhere`()
            throws
        {
            let night = try night(rejects: 0)
            let good = ["0001", "Tea", "1.00", "2026-11-20", "fine"]
            var rows = [good]
            for (index, value) in Self.hostile.enumerated() {
                let code = String(1_000 + index * 5)
                for column in 0..<5 {
                    var row = [String(Int(code)! + column), "Tea", "1.00", "2026-11-20", "fine"]
                    row[column] = value
                    rows.append(row)
                }
            }
            let path = try write(rows, name: "in.csv", night)
            let ended = try night.kugiri(arguments(path))
            #expect(ended.code == 8, "\(ended.stderr)")
            expectHarmless(ended.stdout, "stdout")
            expectHarmless(ended.stderr, "stderr")
            let run = try night.onlyRun()
            let rejected = try night.count("SELECT count(*) FROM kugiri.reject")
            // Four of five fields refuse all of them; the note takes what is printable.
            #expect(rejected >= Self.hostile.count * 4)
            for command in [
                ["rejects", run], ["report", run], ["logs", run], ["partitions", run],
                ["why", run, "0001"], ["runs"], ["status", run],
            ] {
                let shown = try night.kugiri(command)
                expectHarmless(shown.stdout + shown.stderr, command[0])
                let json = try night.kugiri(command + ["--json"])
                for line in command[0] == "logs"
                    ? json.stdout.split(separator: "\n").map({ String($0) }) : [json.stdout]
                {
                    #expect(throws: Never.self) { try JSON(text: line) }
                }
            }
            let folder = "\(night.state)/runs/\(run)"
            expectHarmless(try text("\(folder)/run.log"), "run.log")
            let machines = try text("\(folder)/run.jsonl").split(separator: "\n")
            #expect(machines.count == (try text("\(folder)/run.log").split(separator: "\n").count))
            for line in machines {
                #expect(throws: Never.self) { try JSON(text: String(line)) }
            }
            let csv = try text("\(folder)/rejects.csv")
            let table = try CSVTable(csv)
            #expect(table.rows.count == rejected + 1)
            for row in table.rows {
                #expect(row.count == 7, "\(row)")
                for cell in row {
                    expectHarmless(cell, "rejects.csv")
                    let first = cell.unicodeScalars.first { $0 != " " && $0 != "\"" }
                    #expect(!"=+-@＝".unicodeScalars.contains(first ?? "x"), "\(cell)")
                }
            }
        }

        @Test func `hostile text that the contract takes arrives byte for byte, as data`() throws {
            let night = try night(rejects: 0)
            let rows = Self.printable.enumerated().map { index, value in
                [String(2_000 + index), "Tea", "1.00", "", value]
            }
            // The name of the file is hostile too.
            let name = "in =cmd|'\n\u{1B}[2J\u{202E}\"$(id)`, ; DROP.csv"
            let path = try write(rows, name: name, night)
            let ended = try night.kugiri(arguments(path))
            #expect(ended.code == 0, "\(ended.stderr)")
            expectHarmless(ended.stdout, "stdout")
            expectHarmless(ended.stderr, "stderr")
            let stored = try night.texts("SELECT note FROM price ORDER BY item_code")
            #expect(stored == Self.printable)
            let run = try night.onlyRun()
            #expect(try night.texts("SELECT input_path FROM kugiri.run") == [path])
            for command in [
                ["report", run], ["runs"], ["logs", run], ["certificate", "verify", run],
                ["why", run, "2000"], ["status", run],
            ] {
                let shown = try night.kugiri(command)
                expectHarmless(shown.stdout + shown.stderr, command.joined(separator: " "))
            }
            expectHarmless(try text("\(night.state)/runs/\(run)/run.log"), "run.log")
            let json = try night.kugiri(arguments(path) + ["--json"])
            #expect(throws: Never.self) { try JSON(text: json.stdout) }
        }

        @Test func `a worker may not be called like a log line or a formula`() throws {
            let night = try night(rejects: 0)
            let path = try write(
                [["0001", "Tea", "1.00", "", ""]], name: "in.csv", night)
            let running = try Binary.start(
                arguments(path) + [
                    "--workers", "0", "--settings", "\(night.folder)/partitions.yaml",
                ], scratch: "\(night.folder)/out")
            for name in ["a\nKGR9013I NORMAL END", "\u{1B}[2J", "=cmd|' /C calc'!A0", "a,b"] {
                let worker = try night.startWorker(name, at: night.endpoint(of: running), wait: 20)
                let ended = try worker.wait(.seconds(60))
                #expect(ended.code == 16, "\(ended.stderr)")
                expectHarmless(ended.stdout + ended.stderr, "worker")
            }
            let good = try night.startWorker("大阪", of: running)
            #expect(try running.wait().code == 0)
            _ = try good.wait()
            let run = try night.onlyRun()
            expectHarmless(try text("\(night.state)/runs/\(run)/run.log"), "run.log")
            #expect(try night.texts("SELECT worker FROM kugiri.crew") == ["大阪"])
        }

        private func text(_ path: String) throws -> String {
            try String(contentsOfFile: path, encoding: .utf8)
        }
    }
}

/// A reader of RFC 4180 of the tests' own.
private struct CSVTable {
    private(set) var rows: [[String]] = []

    /// The CSV text could not be read as a table.
    struct Broken: Error {}

    init(_ text: String) throws {
        var row: [String] = []
        var cell = ""
        var isQuoted = false
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\"" where isQuoted && scalars.first == "\"":
                cell.unicodeScalars.append("\"")
                scalars.removeFirst()
            case "\"" where isQuoted: isQuoted = false
            case "\"" where cell.isEmpty: isQuoted = true
            case "," where !isQuoted:
                row.append(cell)
                cell = ""
            case "\r" where !isQuoted:
                guard scalars.popFirst() == "\n" else { throw Broken() }
                rows.append(row + [cell])
                row = []
                cell = ""
            default: cell.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted, row.isEmpty, cell.isEmpty else { throw Broken() }
    }
}
