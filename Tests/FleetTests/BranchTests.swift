// The job bank-branches: two versions of a master feed in turn are two nights, and what they do to
// the table is the plain difference of the two files.

import FoundationEssentials
import Messaging
import Postgres
import Testing

/// Branches by bank and branch code, each with its other columns in the file's order.
private typealias Branches = [[String]: [String]]

extension FleetTests {
    @Suite struct BranchTests {
        private static let header =
            "bank_code,branch_code,bank_name,bank_kana,bank_hira,bank_roma,"
            + "branch_name,branch_kana,branch_hira,branch_roma"

        /// A night with the table and the job as the repository has them, but for its size.
        private func night() throws -> Night {
            let night = try Night()
            try night.online(
                String(
                    contentsOfFile: Repository.file("ops/sql/bank_branch.sql"), encoding: .utf8))
            let trigger = try Binary.run(
                ["db", "lock-trigger", "bank_branch"], scratch: "\(night.folder)/out")
            try night.online(trigger.stdout)
            let file = try String(
                contentsOfFile: Repository.file("partitions.yaml"), encoding: .utf8)
            let job = try #require(file.firstRange(of: "  bank-branches:\n"))
            let text =
                "kugiri: 1\ndatabase: \(night.settings.database)\n"
                + "directories: {state: .kugiri}\njobs:\n" + file[job.lowerBound...]
                + "    slice_records: 1000\n    commit_interval: 300\n"
            try text.write(
                toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            return night
        }

        private func load(_ path: String, date: String, _ night: Night) throws -> Conclusion {
            try Conclusion(
                night.kugiri([
                    "run", "bank-branches", "--input", path, "--set", "business_date=\(date)",
                    "--json",
                ]))
        }

        /// The open rows of the table.
        private func open(_ night: Night) throws -> Branches {
            let rows = try night.connection.query(
                """
                SELECT bank_code, branch_code, bank_name, bank_kana, bank_hira, bank_roma,
                    branch_name, branch_kana, branch_hira, branch_roma
                FROM bank_branch WHERE closed_on IS NULL
                """)
            var result: Branches = [:]
            for row in 0..<rows.count {
                let cells = (0..<10).map { rows.text(row, $0) ?? "" }
                result[Array(cells.prefix(2))] = Array(cells.dropFirst(2))
            }
            return result
        }

        /// Two nights: all of the first file is inserted, the second one does the difference.
        private func expectDifference(
            _ first: (path: String, branches: Branches),
            _ second: (path: String, branches: Branches),
            _ night: Night
        ) throws {
            let (old, new) = (first.branches, second.branches)
            let before = try load(first.path, date: "2026-06-30", night)
            try #require(before.code == 0, "\(before.ended.stderr)")
            #expect(try before.facts.counts.inserted == old.count)
            #expect(try open(night) == old)

            let end = try load(second.path, date: "2026-08-24", night)
            try #require(end.code == 0, "\(end.ended.stderr)")
            let counts = try end.facts.counts
            let common = Set(old.keys).intersection(new.keys)
            let gone = Set(old.keys).subtracting(new.keys)
            #expect(counts.input == new.count)
            #expect(counts.inserted == new.count - common.count)
            #expect(counts.updated == common.count { old[$0] != new[$0] })
            #expect(counts.unchanged == common.count { old[$0] == new[$0] })
            #expect(counts.absent == gone.count)
            #expect(counts.closed == gone.count)
            #expect(counts.conflicts == 0)
            #expect(counts.balances)
            #expect(try open(night) == new)
            let closed = try night.texts(
                "SELECT bank_code || ' ' || branch_code FROM bank_branch "
                    + "WHERE closed_on = '2026-08-24'")
            #expect(Set(closed) == Set(gone.map { $0.joined(separator: " ") }))
            #expect(
                try night.count("SELECT count(*) FROM bank_branch") == old.count + counts.inserted)
        }

        @Test func `two hand-made versions are the difference of their sets`() throws {
            let night = try night()
            var first: Branches = [:]
            for bank in 0..<60 {
                for branch in 0..<(20 + bank) {
                    let key = [Self.code(bank * 7, 4), Self.code(branch, 3)]
                    first[key] = Self.names(bank, branch)
                }
            }
            var second = first
            for (index, key) in first.keys.sorted(by: { $0.joined() < $1.joined() }).enumerated() {
                if index % 97 == 5 { second[key] = nil }
                if index % 61 == 3, second[key] != nil { second[key]?[4] += "、新" }
            }
            // A whole bank goes, and another one comes.
            for key in first.keys where key[0] == Self.code(35, 4) { second[key] = nil }
            for branch in 0..<9 {
                second[[Self.code(36, 4), Self.code(branch, 3)]] = Self.names(36, branch)
            }
            try expectDifference(
                (try write(first, in: night), first), (try write(second, in: night), second),
                night)
        }

        @Test func `half a feed is refused, and the table stays as it is`() throws {
            let night = try night()
            var all: Branches = [:]
            for branch in 0..<400 {
                all[[Self.code(branch % 8, 4), Self.code(branch, 3)]] = Self.names(1, branch)
            }
            let first = try load(try write(all, in: night), date: "2026-06-30", night)
            try #require(first.code == 0, "\(first.ended.stderr)")
            let half = all.filter { $0.key[0] < "0004" }
            let end = try load(try write(half, in: night), date: "2026-08-24", night)
            #expect(end.code == 9, "\(end.ended.stderr)")
            #expect(end.ended.stderr.contains("KGR4053E 200 of 400 open rows"))
            #expect(try open(night) == all)
        }

        @Test func `two published versions are the difference of their sets`() throws {
            let night = try night()
            let versions = try ["1.1.0.20260630", "1.1.0.20260824"].map { version in
                let path = try published(version, in: night)
                return (path: path, branches: try Self.read(path))
            }
            #expect(versions[1].branches.count == 28_944)
            #expect(Set(versions[1].branches.keys.map { $0[0] }).count == 1_146)
            try expectDifference(versions[0], versions[1], night)
        }

        /// A published version as a file; cancels the test where pip or the network is missing.
        private func published(_ version: String, in night: Night) throws -> String {
            let path = "\(night.folder)/\(version).csv"
            let child = try ChildProcess.start(
                executable: Repository.file("ops/reference/zengin-code"),
                arguments: [version, path], environment: Binary.environment([:]),
                output: .file(path: path + ".out"))
            var status = child.poll()
            try waitUntil("pip", limit: .seconds(120)) {
                status = child.poll()
                return status != nil
            }
            // 16 and 12 are the script's own words for it, 127 says that there is no python3.
            var code: Int32 = -1
            if case .exited(let number) = status { code = number }
            if code == 16 || code == 12 || code == 127 {
                try Test.cancel("pip or the package index cannot be reached here: exit \(code)")
            }
            try #require(code == 0)
            return path
        }

        // MARK: Files

        private static func code(_ number: Int, _ digits: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: digits - text.count) + text
        }

        private static func names(_ bank: Int, _ branch: Int) -> [String] {
            [
                "銀行\(bank)", "ギンコウ", "ぎんこう", "ginkou", "支店\(branch)", "シテン", "してん",
                branch % 5 == 0 ? "" : "shiten",
            ]
        }

        private func write(_ branches: Branches, in night: Night) throws -> String {
            let path = "\(night.folder)/branches-\(Counter.next()).csv"
            var text = Self.header + "\n"
            for (key, names) in branches.sorted(by: { $0.key.joined() < $1.key.joined() }) {
                text += (key + names).joined(separator: ",") + "\n"
            }
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            return path
        }

        /// Reads a CSV with quotes where a cell needs them; none of these has a line break in one.
        private static func read(_ path: String) throws -> Branches {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            var result: Branches = [:]
            for line in text.split(separator: "\n").dropFirst() {
                var cells = [""]
                var isQuoted = false
                for character in line {
                    switch character {
                    case "\"": isQuoted.toggle()
                    case "," where !isQuoted: cells.append("")
                    default: cells[cells.count - 1].append(character)
                    }
                }
                try #require(cells.count == 10, "\(line)")
                result[Array(cells.prefix(2))] = Array(cells.dropFirst(2))
            }
            return result
        }
    }
}
