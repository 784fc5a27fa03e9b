// The little language of `pattern:`, seen from outside through a one-field contract.

import Records
import Testing

@Suite struct PatternTests {
    private func contract(_ pattern: String) -> Contract {
        Contract(
            name: "pattern", title: "One field", recordBytes: 25, framings: [.lf], endMark: nil,
            characters: .jisX0201,
            recordTypes: [
                RecordType(
                    role: .data, marker: 0x32, after: [.data], first: true,
                    fields: [
                        Field(
                            name: "text", at: 2, bytes: 24, type: .text, required: true,
                            pattern: pattern)
                    ])
            ],
            partitionKey: "text", uniqueKey: [], controlTotals: [], identity: [])
    }

    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        let checker = try RecordChecker(
            contract: contract(pattern), parameters: try RunParameters(values: [:]))
        var record = [UInt8](repeating: 0x20, count: 25)
        for (offset, byte) in (CharacterRepertoire.jisX0201.bytes(of: text) ?? []).enumerated() {
            record[1 + offset] = byte
        }
        return checker.violations(record).isEmpty
    }

    static let patterns = [
        "A", "A?B", "A+", "A*B", "[AB]{2}", "[AB]{1,3}C", "A?A?A?AAA", "[A-C]*[B-D]+A?",
        "[A-]+B*", "A{0,2}B{0,2}C", "[ｱ-ｳ]+ﾞ?", "-A*",
    ]

    @Test(arguments: patterns)
    func `a pattern matches what the backtracking twin matches`(_ pattern: String) throws {
        var random = Seeded(state: UInt64(pattern.utf8.count))
        let slow = SlowPattern(pattern)
        let checker = try RecordChecker(
            contract: contract(pattern), parameters: try RunParameters(values: [:]))
        for _ in 0..<250 {
            let length = Int.random(in: 1...6, using: &random)
            let text = String(
                (0..<length).map { _ in "AABBCD-ｱｲﾞ".randomElement(using: &random) ?? "A" })
            var record = [UInt8](repeating: 0x20, count: 25)
            for (offset, byte) in (CharacterRepertoire.jisX0201.bytes(of: text) ?? []).enumerated()
            {
                record[1 + offset] = byte
            }
            #expect(checker.violations(record).isEmpty == slow.matches(text), "\(text)")
        }
    }

    @Test func `a pattern that makes backtracking explode is no slower than another`() throws {
        let pattern = String(repeating: "A?", count: 24) + String(repeating: "A", count: 24)
        #expect(try matches(pattern, String(repeating: "A", count: 24)))
        #expect(try !matches(pattern, String(repeating: "A", count: 23)))
    }

    @Test(arguments: [
        "", "[", "[A", "[]", "[^A]", "A|B", "(A)", ".", "^A", "A$", "A{", "A{}", "A{2", "A{2,1}",
        "A{0}", "A{1,}", "A**", "A++", "\\d", "[Z-A]", "漢", "[A-漢]", "A{64}", "A{99999999}",
    ])
    func `anything else is a fault of the contract`(_ pattern: String) {
        #expect(contract(pattern).faults.map(\.path) == ["records.data.fields.text"])
    }
}
