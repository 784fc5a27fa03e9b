// Counts add up, and the reject list is safe to open.

import FoundationEssentials
import Glibc
import Journal
import Testing

struct CountsTests {
    private let first = Counts(
        input: 10, inserted: 1, updated: 2, deleted: 3, closed: 1, unchanged: 2, rejected: 1,
        conflicts: 1, converged: 1, requeued: 1, absent: 1)

    @Test func `what went in is accounted for`() {
        #expect(first.balances)
        #expect(first.loaded == 7)
        #expect(Counts.zero.balances)
        var lost = first
        lost.input += 1
        #expect(!lost.balances)
    }

    @Test func `converged and requeued records are counted where they ended`() {
        var other = first
        other.converged = 0
        other.requeued = 9
        #expect(other.balances)
    }

    @Test func `a sum of counts is the sum of every count`() throws {
        let second = Counts(
            input: 100, inserted: 200, updated: 300, deleted: 400, closed: 500, unchanged: 600,
            rejected: 700, conflicts: 800, converged: 900, requeued: 1_000, absent: 1_100)
        var sum = first
        sum += second
        #expect(
            sum
                == Counts(
                    input: 110, inserted: 201, updated: 302, deleted: 403, closed: 501,
                    unchanged: 602, rejected: 701, conflicts: 801, converged: 901, requeued: 1_001,
                    absent: 1_101))
        #expect(first + .zero == first)
        let decoded = try JSONDecoder().decode(
            Counts.self, from: Data(try JSONText.compact(sum).utf8))
        #expect(decoded == sum)
    }
}

struct RejectWriterTests {
    @Test(arguments: [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =cmd|' /C calc'!A0",
        "\"=1\"", "'=1", " \"'=1", "＝1", "＋1", "－1", "＠A", "　＝1", "\u{A0}=1", "\u{200B}=1",
        "\u{FEFF}=1", "\u{2212}1", "“=1", "＂＝1", "\u{0}=1", "\u{202E}=1", "\tplain",
    ])
    func `no cell begins a formula`(text: String) {
        let cell = RejectText.cell(text)
        #expect(cell.hasPrefix("'") || cell.hasPrefix("\"'"))
    }

    @Test(arguments: [
        ("1-2", "1-2"), ("a=b", "a=b"), ("ｶ)ﾔﾏﾀﾞ", "ｶ)ﾔﾏﾀﾞ"), ("", ""), ("a,b", "\"a,b\""),
        ("a\"b", "\"a\"\"b\""), ("a\nb", "a\\u{A}b"), ("*", "*"),
    ])
    func `other cells stay as they are, quoted where CSV needs it`(text: String, cell: String) {
        #expect(RejectText.cell(text) == cell)
    }

    @Test func `a list has a header and one line per reject`() throws {
        let path = try makeDirectory() + "/rejects.csv"
        try Data("an older list that is longer than the new one".utf8)
            .write(to: URL(filePath: path))
        var writer = try RejectWriter(path: path)
        for number in 1...5_000 {
            writer.write(
                RejectRow(
                    record: Int64(number), byte: Int64(number * 120), partition: number % 2,
                    key: "0001", field: "amount", rule: "minimum", value: "-5\n"))
        }
        writer.write(
            RejectRow(
                record: 5_001, byte: 600_120, partition: nil, key: "", field: "", rule: "length",
                value: "a,\"b\""))
        #expect(writer.rows == 5_001)
        try writer.close()
        let text = try contents(path)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.count == 5_003)
        #expect(lines[0] == "record,byte,partition,key,field,rule,value")
        #expect(lines[1] == #"1,120,1,0001,amount,minimum,'-5\u{A}"#)
        #expect(lines[5_001] == #"5001,600120,,,,length,"a,""b""""#)
        #expect(lines[5_002].isEmpty)
        #expect(try mode(path) == 0o600)
    }

    @Test func `a write that fails is told at the end`() async {
        await #expect(processExitsWith: .success) {
            var writer = try RejectWriter(path: try makeDirectory() + "/rejects.csv")
            refuseFurtherBytes()
            for number in 1...5_000 {
                writer.write(
                    RejectRow(
                        record: Int64(number), byte: 0, partition: 1, key: "k", field: "f",
                        rule: "r", value: "v"))
            }
            let error = failureOfClosing(writer)
            exit(error?.operation == .write && error?.reason == "File too large" ? 0 : 1)
        }
    }
}

/// What closing the list throws; nil: nothing.
private func failureOfClosing(_ writer: consuming RejectWriter) -> JournalError? {
    do {
        try writer.close()
        return nil
    } catch {
        return error
    }
}
