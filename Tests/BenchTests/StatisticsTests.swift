// The bench's arithmetic and its readers, without a database.

import Bench
import Testing

struct StatisticsTests {
    @Test func `the median is the middle value, or the mean of the two in the middle`() {
        #expect(Statistics.median([3, 1, 2]) == 2)
        #expect(Statistics.median([4, 1, 3, 2]) == 2.5)
        #expect(Statistics.median([7]) == 7)
        #expect(Statistics.median([]) == nil)
    }

    @Test func `a ratio is one of medians, so that one slow round changes nothing`() {
        #expect(Statistics.ratioOfMedians([10, 11, 90], to: [20, 22, 24]) == 0.5)
        #expect(Statistics.ratioOfMedians([], to: [1]) == nil)
        #expect(Statistics.ratioOfMedians([1], to: [0]) == nil)
    }

    @Test func `a percentile is a value that occurs`() {
        let values = (1...100).map { Double($0) }
        #expect(Statistics.percentile(0.99, of: values) == 99)
        #expect(Statistics.percentile(0.5, of: [5, 1]) == 1)
        #expect(Statistics.percentile(1, of: [5, 1]) == 5)
        #expect(Statistics.percentile(0, of: [5, 1]) == 1)
        #expect(Statistics.percentile(0.5, of: []) == nil)
    }

    @Test func `two points are continued in a straight line, one in proportion`() throws {
        let two = try #require(Statistics.extrapolate([(5, 60), (10, 110)], to: 50))
        #expect(abs(two - 510) < 1e-9)
        let one = try #require(Statistics.extrapolate([(5, 60)], to: 50))
        #expect(abs(one - 600) < 1e-9)
        #expect(Statistics.extrapolate([], to: 50) == nil)
    }

    @Test(arguments: [
        (0.0, 2, "0.00"), (0.005, 2, "0.01"), (12.345, 1, "12.3"), (-0.25, 2, "-0.25"),
        (1_234.5, 0, "1235"), (0.5, 1, "0.5"),
    ])
    func `numbers keep their decimals and their point`(value: Double, decimals: Int, text: String) {
        #expect(Statistics.text(value, decimals: decimals) == text)
    }

    @Test func `everybody keeps the order and another one begins each round`() {
        #expect(Turns.order(["a", "b", "c"], round: 1) == ["a", "b", "c"])
        #expect(Turns.order(["a", "b", "c"], round: 2) == ["b", "c", "a"])
        #expect(Turns.order(["a", "b", "c"], round: 4) == ["a", "b", "c"])
        #expect(Turns.order([String](), round: 3) == [])
    }

    @Test func `a transaction's time is counted from when it was sent`() {
        let log = """
            0 1 2500 0 1795233000 120000 500
            1 1 1000 0 1795233000 130000
            torn li
            """
        #expect(PgbenchLog.milliseconds(log) == [2, 1])
    }

    @Test func `shares of stages add up to one, and parts of a stage to the stage`() {
        var times = StageTimes()
        times.add("rules", seconds: 1, processorSeconds: 0.5)
        times.add("apply", seconds: 2, processorSeconds: 0)
        times.add("apply", seconds: 1, processorSeconds: 0, addingToLast: true)
        let lines = times.lines(records: 10)
        #expect(lines.map(\.name) == ["rules", "apply"])
        #expect(lines.map(\.seconds) == [1, 3])
        #expect(lines.map(\.share) == [0.25, 0.75])
    }
}

struct PeerInputTests {
    /// A record of 120 bytes with texts at 1-based places.
    private func record(_ parts: [(at: Int, text: String)]) -> [UInt8] {
        var bytes = [UInt8](repeating: UInt8(ascii: " "), count: 120)
        for part in parts {
            for (index, byte) in part.text.utf8.enumerated() { bytes[part.at - 1 + index] = byte }
        }
        return bytes
    }

    @Test func `a line of the peers' CSV holds what their SQL needs`() {
        var converter = PeerCSV(businessDate: "2026-01-05")
        var output: [UInt8] = []
        converter.append(record([(1, "1"), (55, "1231")])[...], to: &output)
        let data = record([(1, "2"), (81, "0000012300"), (92, "C-42"), (112, "0")])
        converter.append(data[...], to: &output)
        converter.append(record([(1, "8")])[...], to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "C-42,2025-12-31,12300,0\n")
    }

    @Test func `an amount of zero keeps a digit, a debit day of today its year`() {
        var converter = PeerCSV(businessDate: "2026-11-21")
        var output: [UInt8] = []
        converter.append(record([(1, "1"), (55, "1121")])[...], to: &output)
        let data = record([(1, "2"), (81, "0000000000"), (92, "7"), (112, "9")])
        // A slice that does not begin at 0, as in a block.
        let block = [UInt8](repeating: 0, count: 3) + data
        converter.append(block[3...], to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "7,2026-11-21,0,9\n")
    }

    @Test func `the floor's last chunk is open above, and only its end waits for the disk`() {
        let sql = PeerSQL.floor(
            number: 1, input: "/tmp/a.csv", date: "2026-11-21", chunks: ["0", "5"], inserts: false)
        #expect(sql.contains("EXECUTE chunk ('0', '5');\nEXECUTE chunk ('5', '~');\n"))
        #expect(sql.hasSuffix("SET synchronous_commit = on;\nDROP TABLE floor_1;\n"))
        #expect(sql.contains("UPDATE member_account"))
    }

    @Test func `the script runs as a user gets it, the tuned one sorted`() {
        let plain = PeerSQL.script(.defaults, input: "/tmp/it's.csv", date: "2026-11-21")
        #expect(plain.contains("SET jit = on"))
        #expect(!plain.contains("ORDER BY"))
        #expect(plain.contains("'/tmp/it''s.csv'"))
        let tuned = PeerSQL.script(.tuned, input: "/tmp/a.csv", date: "2026-11-21")
        #expect(tuned.contains("SET jit = off"))
        #expect(tuned.contains("work_mem = '512MB'"))
        #expect(tuned.contains("ORDER BY customer_number"))
    }
}
