// Every kind of defect stands where the truth says, and nowhere else.

import Records
import Testing

@Suite struct SampleDefectTests {
    private static let contract = SampleContract.result(minimumAmount: 500)
    private static let fieldKinds = SampleDefect.allCases.filter { !$0.isFileLevel }

    @Test(arguments: fieldKinds, [Framing.none, .crlf])
    func `a field defect stands where the truth says`(
        defect: SampleDefect, framing: Framing
    ) throws {
        let file = try SampleFile(
            records: 400, framing: framing, groupRecords: 150, defects: [defect: 25],
            contract: Self.contract)
        let lines = try file.lines("defect")
        #expect(lines.count == 25)
        #expect(try file.lines("row").count == 375)
        let stride = 120 + framing.separator.count
        for line in lines {
            let number = try #require(line.record)
            let byte = try #require(line.byte)
            let name = try #require(line.field)
            let field = try #require(Self.contract.recordType(.data)?.field(name))
            #expect(line.defect == defect.rawValue)
            #expect(line.rule == defect.rule)
            #expect(line.exit == defect.exitCode)
            let offset = byte - (number - 1) * stride
            #expect((field.at - 1..<field.at - 1 + field.bytes).contains(offset))
            let record = file.records[number - 1]
            #expect(record[0] == UInt8(ascii: "2"))
            let value = text(record, at: field.at, bytes: field.bytes)
            switch defect {
            case .badDigits, .badAmount:
                #expect((0x41...0x5A).contains(record[offset]))
                #expect((name == "amount") == (defect == .badAmount))
                #expect(field.required)
            case .badEnum: #expect(field.values?.contains(value) == false)
            case .badCharacter: #expect((0x81...0x9F).contains(record[offset]))
            case .blankRequired:
                #expect(value.allSatisfy { $0 == " " })
                #expect(field.required)
            case .duplicate: #expect(name == "customer_number")
            default: #expect(Int(value) == 499)
            }
        }
    }

    @Test func `a duplicate repeats a good record that stands earlier in its group`() throws {
        let file = try SampleFile(
            records: 60, groupRecords: 20, defects: [.duplicate: 30, .badEnum: 20])
        let customers = file.records.map { text($0, at: 92, bytes: 20) }
        var rows: [String: (record: Int, group: Int?)] = [:]
        for row in try file.lines("row") {
            let number = try #require(row.record)
            #expect(rows.updateValue((number, row.group), forKey: customers[number - 1]) == nil)
        }
        let duplicates = try file.lines("defect").filter { $0.defect == "duplicate" }
        #expect(duplicates.count == 30)
        for line in duplicates {
            let number = try #require(line.record)
            let original = try #require(rows[customers[number - 1]])
            #expect(original.record < number)
            #expect(original.group == (number - 1) / 22)
            #expect(line.byte == (number - 1) * 120 + 91)
        }
    }

    @Test(arguments: [SampleDefect.totalOff, .countOff])
    func `one trailer's figure is off by one`(defect: SampleDefect) throws {
        let good = try SampleFile(records: 90, groupRecords: 30)
        let bad = try SampleFile(records: 90, groupRecords: 30, defects: [defect: 1])
        let line = try #require(bad.lines("defect").first)
        let number = try #require(line.record)
        let (at, bytes) = defect == .totalOff ? (8, 12) : (2, 6)
        #expect(line.byte == (number - 1) * 120 + at - 1)
        let different = good.records.indices.filter { good.records[$0] != bad.records[$0] }
        #expect(different == [number - 1])
        let before = try #require(Int(text(good.records[number - 1], at: at, bytes: bytes)))
        #expect(Int(text(bad.records[number - 1], at: at, bytes: bytes)) == before + 1)
    }

    @Test func `a missing trailer and a missing end leave the rest as it was`() throws {
        let good = try SampleFile(records: 9)
        let trailer = try SampleFile(records: 9, defects: [.missingTrailer: 1])
        #expect(trailer.bytes == Array(good.bytes.prefix(1_200) + good.bytes.suffix(120)))
        let trailerLine = try #require(trailer.lines("defect").first)
        #expect(trailerLine.record == 11)
        #expect(trailerLine.byte == 1_200)
        let end = try SampleFile(records: 9, defects: [.missingEnd: 1])
        #expect(end.bytes == Array(good.bytes.dropLast(120)))
        #expect(try end.lines("defect").first?.byte == end.bytes.count)
        #expect(try end.lines.last?.records == 11)
    }

    @Test func `garbage follows the end record`() throws {
        let good = try SampleFile(records: 9, framing: .lf)
        let bad = try SampleFile(records: 9, framing: .lf, defects: [.garbageAfterEnd: 1])
        let line = try #require(bad.lines("defect").first)
        #expect(bad.bytes.starts(with: good.bytes))
        #expect(line.byte == good.bytes.count)
        #expect(bad.bytes.count > good.bytes.count)
    }

    @Test(arguments: [Framing.none, .crlf])
    func `a short record lacks its last byte`(framing: Framing) throws {
        let good = try SampleFile(records: 50, framing: framing)
        let bad = try SampleFile(records: 50, framing: framing, defects: [.shortRecord: 1])
        let line = try #require(bad.lines("defect").first)
        let byte = try #require(line.byte)
        var repaired = bad.bytes
        repaired.insert(0x20, at: byte)
        #expect(repaired == good.bytes)
        #expect(line.record == byte / (120 + framing.separator.count) + 1)
        #expect(line.exit == 10)
    }

    @Test func `a record out of order stands behind its trailer`() throws {
        let good = try SampleFile(records: 50, groupRecords: 20)
        let bad = try SampleFile(records: 50, groupRecords: 20, defects: [.wrongOrder: 1])
        let line = try #require(bad.lines("defect").first)
        let number = try #require(line.record)
        #expect(line.byte == (number - 1) * 120)
        #expect(bad.records[number - 2][0] == UInt8(ascii: "8"))
        #expect(bad.records[number - 1][0] == UInt8(ascii: "2"))
        #expect(Set(bad.records) == Set(good.records))
        for row in try bad.lines("row") {
            let customer = text(bad.records[(row.record ?? 0) - 1], at: 92, bytes: 20)
            #expect(row.fields?["customer_number"] == customer)
        }
    }

    @Test func `a wrong identity changes a field that no field rule guards`() throws {
        let good = try SampleFile(records: 5)
        let bad = try SampleFile(records: 5, defects: [.wrongIdentity: 1])
        let line = try #require(bad.lines("defect").first)
        #expect(line.field == "type_code")
        #expect(line.byte == 1)
        #expect(text(bad.records[0], at: 1, bytes: 4) == "1920")
        #expect(bad.records.dropFirst() == good.records.dropFirst())
        #expect(try bad.lines("group").first?.fields?["header.type_code"] == "92")
    }

    @Test func `every record may carry a defect, and never two`() throws {
        let file = try SampleFile(
            records: 60,
            defects: [.badEnum: 20, .badAmount: 20, .badCharacter: 20])
        let records = try file.lines("defect").compactMap(\.record)
        #expect(records == Array(2...61))
        #expect(try file.lines("row").isEmpty)
    }

    @Test func `defects are read as kind and count`() throws {
        let counts = try SampleDefect.counts(["bad-enum:3", "duplicate:1", "bad-enum:2"])
        #expect(counts == [.badEnum: 5, .duplicate: 1])
        #expect(throws: SampleFault.unknownDefect("bad-enough")) {
            try SampleDefect.counts(["bad-enough:1"])
        }
        for text in ["bad-enum", "bad-enum:", "bad-enum:0", "bad-enum:-1", "bad-enum:1:1"] {
            #expect(throws: SampleFault.badDefectCount(text)) { try SampleDefect.counts([text]) }
        }
    }
}
