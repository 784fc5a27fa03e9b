// Field rules over data records, and what is read from them.

import Records
import Testing

@Suite struct CheckerTests {
    let checker: RecordChecker

    init() throws {
        checker = try RecordChecker(contract: .debitResult, parameters: .november20)
    }

    private func index(_ name: String) throws -> Int { try #require(checker.fieldIndex(name)) }

    @Test func `a good record has no violation`() {
        #expect(checker.violations(Zengin.data(7)) == [])
    }

    @Test(arguments: [
        ("bank_code", 2, "    ", RuleID.required, 1), ("bank_code", 2, "0 05", .digits, 2),
        ("bank_code", 2, " 005", .digits, 1), ("branch_name", 24, "ABCDEFGHIJKLM", .maxLength, 35),
        ("account_type", 43, "4", .enum, 42), ("payer_name_kana", 51, "ﾔﾏ#", .pattern, 50),
        ("amount", 81, "0000000000", .minimum, 80), ("amount", 81, "00000000-1", .digits, 88),
        ("new_code", 91, "7", .enum, 90), ("result_code", 112, "N", .enum, 111),
        ("customer_number", 92, "                    ", .required, 91),
    ])
    func `a broken rule is named with its byte`(
        _ name: String, _ at: Int, _ text: String, _ rule: RuleID, _ byte: Int
    ) throws {
        var record = Zengin.data(7)
        for (offset, byte) in (CharacterRepertoire.jisX0201.bytes(of: text) ?? []).enumerated() {
            record[at - 1 + offset] = byte
        }
        let expected = Violation(fieldIndex: try index(name), rule: rule, byteInRecord: byte)
        #expect(checker.violations(record) == [expected])
    }

    @Test func `every field's violation is listed, one per field, in their order`() {
        var record = [UInt8](repeating: 0x00, count: 120)
        record[0] = 0x32
        let found = checker.violations(record)
        #expect(found.map(\.fieldIndex) == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11])
        #expect(Set(found.map(\.rule)) == [.digits, .characters])
    }

    @Test func `blank is nil where it is allowed, and zeros are a number`() throws {
        var contract = Contract.debitResult
        contract.recordTypes[1].fields[8].required = false
        contract.recordTypes[1].fields[8].minimum = nil
        let checker = try RecordChecker(contract: contract, parameters: .november20)
        var record = Zengin.data(7, amount: 0)
        #expect(checker.number(8, record) == 0)
        #expect(checker.figure(1, record) == 0)
        for place in 80..<90 { record[place] = 0x20 }
        #expect(checker.violations(record) == [])
        #expect(checker.number(8, record) == nil)
        #expect(checker.figure(1, record) == 0)
        #expect(checker.text(8, record) == nil)
    }

    @Test func `the fast checker agrees with the slow one over damaged records`() throws {
        var contract = Contract.debitResult
        contract.recordTypes[1].fields[4] = Field(
            name: "due", at: 39, bytes: 4, type: .monthDay, resolve: .future)
        let fast = try RecordChecker(contract: contract, parameters: .november20)
        let slow = SlowChecker(
            contract: contract,
            businessDate: try #require(CalendarDate(year: 2026, month: 11, day: 20)))
        var random = Seeded(state: 4_711)
        let likely: [UInt8] = [0x20, 0x20, 0x30, 0x31, 0x32, 0x39, 0x41, 0xB1, 0xDE, 0x00, 0x2D]
        for round in 0..<1_500 {
            var record = Zengin.data(round, amount: round % 3)
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let place = Int.random(in: 0..<120, using: &random)
                let length = Int.random(in: 1...12, using: &random)
                let byte =
                    round.isMultiple(of: 2)
                    ? UInt8.random(in: 0...255, using: &random)
                    : likely.randomElement(using: &random) ?? 0
                for index in place..<min(120, place + length) { record[index] = byte }
            }
            #expect(fast.violations(record) == slow.violations(record), "round \(round)")
        }
    }

    @Test func `control totals follow their conditions`() {
        let collected = Zengin.data(1, amount: 500)
        let failed = Zengin.data(2, amount: 700, result: "9")
        #expect((0..<4).map { checker.figure($0, collected) } == [1, 500, 500, 0])
        #expect((0..<4).map { checker.figure($0, failed) } == [1, 700, 0, 1])
        var unreadable = collected
        unreadable[85] = 0x58
        #expect((0..<4).map { checker.figure($0, unreadable) } == [1, nil, nil, 0])
    }

    @Test func `sums that leave their range or cannot be read stay unknown`() {
        var sums = ControlSums(contract: .debitResult)
        sums.add(Zengin.data(1, amount: 500).span, checker)
        sums.add(Zengin.data(2, amount: 700, result: "9").span, checker)
        #expect(sums.figures == [2, 1_200, 500, 1])
        var doubled = sums
        for _ in 0..<62 { doubled.add(doubled) }
        #expect(doubled.figures == [nil, nil, nil, 1 << 62])
        var unreadable = Zengin.data(1)
        unreadable[85] = 0x58
        sums.add(unreadable.span, checker)
        sums.add(Zengin.data(3).span, checker)
        #expect(sums.figures == [4, nil, nil, 1])
    }

    @Test func `a key image is the normalised key, and none when the key is unreadable`() {
        var record = Zengin.data(42)
        #expect(checker.key(record) == "00000000000000000042")
        record[100] = 0x20
        #expect(checker.key(record) == nil)
        for place in 91..<111 { record[place] = 0x20 }
        #expect(checker.key(record) == nil)
    }

    @Test func `key images of kana keep the order of the bytes`() throws {
        var contract = Contract.debitResult
        contract.partitionKey = "payer_name_kana"
        contract.uniqueKey = []
        let checker = try RecordChecker(contract: contract, parameters: .november20)
        let bytes: [UInt8] =
            Array(0x21...0x7E).filter { $0 != 0x5C && $0 != 0x7E } + Array(0xA1...0xDF)
        let images = try bytes.map { byte in
            var record = Zengin.data(1)
            record[50] = byte
            return Array(try #require(checker.key(record)).utf8)
        }
        for (left, right) in zip(images, images.dropFirst()) {
            #expect(left.lexicographicallyPrecedes(right))
        }
        var blank = Zengin.data(1)
        for place in 50..<80 { blank[place] = 0x20 }
        #expect(checker.key(blank) == nil)
    }

    @Test func `people see personal fields masked and unreadable bytes as escapes`() throws {
        var record = Zengin.data(1_234_567)
        let account = try index("account_number")
        #expect(checker.shown(account, record, masked: true) == "*****67")
        #expect(checker.shown(account, record, masked: false) == "1234567")
        let name = try index("payer_name_kana")
        #expect(checker.shown(name, record, masked: true) == "******ﾛｳ")
        #expect(checker.shown(try index("bank_code"), record, masked: true) == "0005")
        for place in 54..<80 { record[place] = 0x20 }
        #expect(checker.shown(name, record, masked: true) == "****")
        record[1] = 0x00
        #expect(checker.shown(try index("bank_code"), record, masked: true) == "\\x00005")
    }

    @Test func `text is decoded without its padding, and months and days get their year`() throws {
        var contract = Contract.debitResult
        contract.recordTypes[1].fields[4] = Field(
            name: "due", at: 39, bytes: 4, type: .monthDay, resolve: .past)
        let checker = try RecordChecker(contract: contract, parameters: .november20)
        var record = Zengin.data(1)
        #expect(checker.text(1, record) == "ﾐﾂﾋﾞｼ")
        #expect(checker.text(4, record) == nil)
        record.replaceSubrange(38..<42, with: Array("1121".utf8))
        #expect(checker.text(4, record) == "2025-11-21")
        #expect(checker.day(4, record) == CalendarDate(year: 2025, month: 11, day: 21))
        record.replaceSubrange(38..<42, with: Array("0229".utf8))
        #expect(checker.violations(record).map(\.rule) == [.date])
    }

    @Test func `a month and day without a business date is refused at the start`() throws {
        let none = try RunParameters(values: [:])
        #expect(throws: ContractFault.self) {
            _ = try RecordChecker(contract: .debitResult, parameters: none)
        }
    }
}
