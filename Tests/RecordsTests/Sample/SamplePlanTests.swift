// What a plan refuses, so that a writer never fails.

import Records
import Testing

@Suite struct SamplePlanTests {
    @Test func `more defects than records are refused`() {
        #expect(throws: SampleFault.tooManyDefects(defects: 11, room: 10)) {
            try SampleFile(records: 10, defects: [.badEnum: 11])
        }
        #expect(throws: SampleFault.tooManyDefects(defects: 9, room: 8)) {
            try SampleFile(records: 10, groupRecords: 5, defects: [.badEnum: 8, .duplicate: 1])
        }
        #expect(throws: SampleFault.tooManyDefects(defects: 1, room: 0)) {
            try SampleFile(records: 0, defects: [.badEnum: 1])
        }
    }

    @Test func `defects the contract has no place for are refused`() {
        #expect(throws: SampleFault.noPlace(.belowMinimum)) {
            try SampleFile(records: 10, defects: [.belowMinimum: 1])
        }
        var contract = SampleContract.result()
        contract.recordTypes.removeAll { $0.role == .end }
        #expect(throws: SampleFault.noPlace(.missingEnd)) {
            try SampleFile(records: 10, defects: [.missingEnd: 1], contract: contract)
        }
    }

    @Test func `a file has one defect of its envelope`() {
        #expect(throws: SampleFault.severalFileDefects) {
            try SampleFile(records: 10, defects: [.totalOff: 1, .missingEnd: 1])
        }
        #expect(throws: SampleFault.severalFileDefects) {
            try SampleFile(records: 10, defects: [.shortRecord: 2])
        }
    }

    @Test func `more records than the shuffled field can number are refused`() {
        let contract = changed("customer_number") { $0.bytes = 2 }
        #expect(throws: SampleFault.recordsOutOfRange(records: 100, limit: 99)) {
            try SampleFile(records: 100, contract: contract)
        }
        #expect(throws: Never.self) { try SampleFile(records: 99, contract: contract) }
    }

    @Test func `sizes outside the limits are refused`() {
        #expect(throws: SampleFault.groupRecordsOutOfRange(groupRecords: 0, limit: 999_999)) {
            try SampleFile(records: 1, groupRecords: 0)
        }
        #expect(throws: SampleFault.tooManyGroups(groups: 65_536, limit: 65_535)) {
            try SampleFile(records: 65_536, groupRecords: 1)
        }
        #expect(throws: SampleFault.recordsOutOfRange(records: -1, limit: 65_535)) {
            try SampleFile(records: -1, groupRecords: 1)
        }
    }

    @Test func `samples the contract itself would refuse are refused`() {
        let foreign = changed("result_code") { $0.sample = .constant("7") }
        #expect(throws: SampleFault.unusableText(field: "result_code", text: "7")) {
            try SampleFile(records: 1, contract: foreign)
        }
        let wide = changed("payer_name_kana") { $0.sample = .constant("全角") }
        #expect(throws: SampleFault.unusableText(field: "payer_name_kana", text: "全角")) {
            try SampleFile(records: 1, contract: wide)
        }
        let blank = changed("branch_code") { $0.sample = nil }
        #expect(throws: SampleFault.requiredLeftBlank(field: "branch_code")) {
            try SampleFile(records: 1, contract: blank)
        }
        let large = changed("branch_code") { $0.sample = .number(low: 1, high: 1_000) }
        #expect(throws: SampleFault.unusableBounds(field: "branch_code")) {
            try SampleFile(records: 1, contract: large)
        }
        let outgrowing = changed("amount") { $0.sample = .number(low: 0, high: 9_999_999_999) }
        #expect(throws: SampleFault.totalTooLarge("total_amount")) {
            try SampleFile(records: 101, contract: outgrowing)
        }
        let repeating = changed("customer_number") { $0.sample = .number(low: 1, high: 9) }
        #expect(throws: SampleFault.uniqueKeyNotShuffled) {
            try SampleFile(records: 1, contract: repeating)
        }
    }

    @Test(arguments: [(2026, 2, 29), (2026, 13, 1), (0, 1, 1), (2026, 11, 0)])
    func `a business date that is none is refused`(year: Int, month: Int, day: Int) {
        #expect(throws: SampleFault.notADate(year: year, month: month, day: day)) {
            try plan(year: year, month: month, day: day)
        }
    }

    @Test func `overrides must name a field of the header`() {
        #expect(throws: SampleFault.unknownConstant("consigner_code")) {
            try plan(constants: ["consigner_code": "1"])
        }
        #expect(throws: SampleFault.unusableText(field: "consignor_code", text: "ABC")) {
            try plan(constants: ["consignor_code": "ABC"])
        }
        #expect(throws: SampleFault.unusableText(field: "debit_date", text: "0230")) {
            try plan(constants: ["debit_date": "0230"])
        }
    }

    @Test(arguments: [
        ("1120", "2026-11-20"), ("1121", "2025-11-21"), ("0101", "2026-01-01"),
    ])
    func `month and day get the year before the business date`(
        text: String, iso: String
    ) throws {
        let file = try SampleFile(plan(constants: ["debit_date": text]))
        #expect(try file.lines("group").first?.fields?["header.debit_date"] == iso)
    }

    private func plan(
        year: Int = 2026, month: Int = 11, day: Int = 20, constants: [String: String] = [:]
    ) throws -> SamplePlan {
        try SamplePlan(
            contract: SampleContract.result(), records: 1, seed: 1, businessYear: year,
            businessMonth: month, businessDay: day, constants: constants)
    }

    private func changed(_ name: String, _ change: (inout Field) -> Void) -> Contract {
        var contract = SampleContract.result()
        for type in contract.recordTypes.indices where contract.recordTypes[type].role == .data {
            for field in contract.recordTypes[type].fields.indices
            where contract.recordTypes[type].fields[field].name == name {
                change(&contract.recordTypes[type].fields[field])
            }
        }
        return contract
    }
}
