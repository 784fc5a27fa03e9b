// What a sample file is without defects: the same every time, every customer once, totals right.

import Records
import Testing

@Suite struct SampleWriterTests {
    @Test func `the same seed gives the same bytes whatever the blocks`() throws {
        let plan = try SamplePlan(
            contract: SampleContract.result(), records: 30_000, seed: 7, businessYear: 2026,
            businessMonth: 11, businessDay: 20, framing: .crlf, groupRecords: 9_000,
            defects: [.badEnum: 20, .duplicate: 20, .shortRecord: 1])
        let whole = SampleFile(plan)
        #expect(whole.blocks > 3)
        #expect(SampleFile(plan, wantsTruth: false).bytes == whole.bytes)

        var writer = SampleWriter(plan: plan)
        var bytes: [UInt8] = []
        var truth: [UInt8] = []
        var block: [UInt8] = []
        while writer.next(into: &block, truth: &truth, wantsTruth: true) {
            #expect(block.count <= SampleLimits.blockBytesMax)
            bytes += block
            block.removeAll(keepingCapacity: true)
        }
        #expect(block.isEmpty)
        #expect(bytes == whole.bytes)
        #expect(truth == whole.truth)
    }

    @Test(arguments: [0, 1, 2, 3, 15, 16, 17, 1_000, 4_097])
    func `every customer stands in the file exactly once`(records: Int) throws {
        let file = try SampleFile(records: records)
        let customers = file.records("2").compactMap { Int(text($0, at: 92, bytes: 20)) }
        #expect(customers.sorted() == Array(0..<records).map { $0 + 1 })
        if records > 100 { #expect(customers != customers.sorted()) }
        #expect(file.records.count == records + 3)
    }

    @Test(arguments: Framing.allCases)
    func `totals are what a naive reader adds up`(framing: Framing) throws {
        let file = try SampleFile(
            records: 500, framing: framing, groupRecords: 130,
            defects: [.badEnum: 9, .badDigits: 9, .badAmount: 9, .blankRequired: 9, .duplicate: 9])
        var count = 0
        var sums = ["0": 0, "other": 0]
        var counts = ["0": 0, "other": 0]
        var trailers = 0
        for record in file.records {
            switch record[0] {
            case UInt8(ascii: "2"):
                let code = text(record, at: 112, bytes: 1) == "0" ? "0" : "other"
                count += 1
                counts[code, default: 0] += 1
                sums[code, default: 0] += Int(text(record, at: 81, bytes: 10)) ?? 0
            case UInt8(ascii: "8"):
                trailers += 1
                let good = (counts["0"] ?? 0, sums["0"] ?? 0)
                let bad = (counts["other"] ?? 0, sums["other"] ?? 0)
                #expect(Int(text(record, at: 2, bytes: 6)) == count)
                #expect(Int(text(record, at: 8, bytes: 12)) == good.1 + bad.1)
                #expect(Int(text(record, at: 20, bytes: 6)) == good.0)
                #expect(Int(text(record, at: 26, bytes: 12)) == good.1)
                #expect(Int(text(record, at: 38, bytes: 6)) == bad.0)
                #expect(Int(text(record, at: 44, bytes: 12)) == bad.1)
                (count, sums, counts) = (0, [:], [:])
            default: break
            }
        }
        #expect(trailers == 4)
    }

    @Test func `groups split where the plan says`() throws {
        let file = try SampleFile(records: 25, groupRecords: 10)
        let markers = String(decoding: file.records.map { $0[0] }, as: UTF8.self)
        let ten = String(repeating: "2", count: 10)
        #expect(markers == "1\(ten)81\(ten)81222228" + "9")
        #expect(try file.lines("group").map(\.group) == [0, 1, 2])
        #expect(try file.lines("row").map(\.group) == Array(0..<25).map { $0 / 10 })
        let exact = try SampleFile(records: 20, groupRecords: 10)
        #expect(exact.records("1").count == 2)
    }

    @Test func `two seeds are two nights of the same customers`() throws {
        let first = try amounts(SampleFile(records: 2_000, seed: 1))
        let second = try amounts(SampleFile(records: 2_000, seed: 2))
        #expect(Set(first.keys) == Set(second.keys))
        let same = first.filter { second[$0.key] == $0.value }.count
        #expect(same < 20)
    }

    @Test func `neighbouring records draw nothing alike`() throws {
        let file = try SampleFile(records: 2_000)
        let drawn = file.records("2").map { text($0, at: 44, bytes: 7) }
        #expect(Set(drawn).count > 1_990)
        let alike = zip(drawn, drawn.dropFirst()).filter { $0.prefix(3) == $1.prefix(3) }.count
        #expect(alike < 20)
    }

    @Test func `choices come by their weight`() throws {
        let codes = try SampleFile(records: 10_000).records("2").map { text($0, at: 112, bytes: 1) }
        let collected = codes.filter { $0 == "0" }.count
        #expect((8_800...9_200).contains(collected))
        #expect(Set(codes) == ["0", "1", "9"])
    }

    @Test func `kana become single bytes, and the constants stand where they belong`() throws {
        let header = try #require(SampleFile(records: 1).records.first)
        #expect(text(header, at: 1, bytes: 14) == "19101234567890")
        let name: [UInt8] = [0xC3, 0xBD, 0xC4, 0xBC, 0xD5, 0xB3, 0xB7, 0xDD]
        #expect(Array(header[14..<22]) == name)
        #expect(header[22..<54].allSatisfy { $0 == 0x20 })
        #expect(text(header, at: 55, bytes: 4) == "1120")
    }

    @Test func `the truth has a row for every good record, with normalised text`() throws {
        let file = try SampleFile(records: 300, defects: [.badEnum: 10])
        let rows = try file.lines("row")
        let group = try #require(file.lines("group").first?.fields)
        #expect(rows.count == 290)
        #expect(group["header.debit_date"] == "2026-11-20")
        #expect(group["header.consignor_name_kana"] == "ﾃｽﾄｼﾕｳｷﾝ")
        #expect(group["header.collection_bank_name"] == nil)
        for row in rows {
            let number = try #require(row.record)
            let fields = try #require(row.fields)
            let record = file.records[number - 1]
            #expect(fields["customer_number"] == text(record, at: 92, bytes: 20))
            #expect(fields["amount"] == Int(text(record, at: 81, bytes: 10)).map { "\($0)" })
            #expect(fields["bank_name"] == nil)
            #expect(["ﾃｽﾄ ﾀﾛｳ", "ﾐﾎﾝ ｼﾞﾛｳ"].contains(fields["payer_name_kana"]))
            let newCode = text(record, at: 91, bytes: 1)
            #expect(fields["new_code"] == (newCode == " " ? nil : newCode))
        }
        let summary = try #require(file.lines.last)
        #expect(summary.kind == "summary")
        #expect(summary.records == 303)
        #expect(summary.data == 300)
        #expect(summary.defects == ["bad-enum": 10])
    }

    @Test func `header constants can be overridden`() throws {
        let plan = try SamplePlan(
            contract: SampleContract.result(), records: 1, seed: 1, businessYear: 2026,
            businessMonth: 11, businessDay: 20, constants: ["consignor_code": "42"])
        let header = try #require(SampleFile(plan).records.first)
        #expect(text(header, at: 5, bytes: 10) == "0000000042")
    }

    private func amounts(_ file: SampleFile) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: file.records("2").map {
                (text($0, at: 92, bytes: 20), text($0, at: 44, bytes: 47))
            })
    }
}
