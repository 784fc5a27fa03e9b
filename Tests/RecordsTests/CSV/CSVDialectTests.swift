// The same records, fixed and as CSV in every dialect, give the same canonical records and sums.

import Records
import Testing

private let records: [[UInt8]] = {
    var records = [Zengin.header]
    records += (1...7).map {
        Zengin.data($0 * 1_003, amount: $0 * 950, result: $0 % 3 == 0 ? "1" : "0")
    }
    records.append(
        Zengin.record([
            (1, "20005"), (21, "001"), (43, "9"), (44, "0000012"), (51, "ｶ)ﾃｽﾄ-(ｼﾞﾖ.ｳ"),
            (81, "0000000001"), (92, "00000000000000099999"), (112, "4"),
        ]))
    records.append(Zengin.trailer(count: 8, amount: 26_601))
    records.append(Zengin.end)
    return records
}()

private func sums(_ contract: Contract, _ records: [[UInt8]]) throws -> ControlSums {
    let checker = try RecordChecker(contract: contract, parameters: .november20)
    var sums = ControlSums(contract: contract)
    for record in records { sums.add(record.span, checker) }
    return sums
}

@Test func `every dialect gives the canonical records, groups and sums of the fixed file`() throws {
    let fixed = Pass(Array(records.joined()), .debitMarked, identity: ["consignor": "1234567890"])
    let wanted = try sums(.debitMarked, fixed.records)
    #expect(fixed.records.count == 8)
    #expect(fixed.summary?.identityFaults == [])

    for dialect in Dialect.all {
        let found = CSVPass(
            dialect.file(records), dialect.contract, identity: ["consignor": "1234567890"])

        #expect(found.fault == nil, "\(dialect)")
        #expect(found.canonical == fixed.records, "\(dialect)")
        #expect(found.violations == Array(repeating: [], count: 8), "\(dialect)")
        #expect(try sums(dialect.contract, found.canonical) == wanted, "\(dialect)")
        #expect(found.groups == fixed.groups, "\(dialect)")
        let group = found.summary?.groups.first
        #expect(group?.promised == fixed.summary?.groups.first?.promised, "\(dialect)")
        #expect(group?.headerFields == fixed.summary?.groups.first?.headerFields, "\(dialect)")
        #expect(found.summary?.identityFaults == [], "\(dialect)")
    }
}

@Test func `the key of a line alone is the key of its canonical record`() throws {
    for dialect in Dialect.all {
        let contract = dialect.contract
        let checker = try RecordChecker(contract: contract, parameters: .november20)
        var keys = try #require(CSVKeyReader(contract: contract, checker: checker))
        for record in records where record[0] == 0x32 {
            var image: [UInt8] = []
            var wanted: [UInt8] = []
            let line = dialect.line(record)
            let hasKey = keys.appendKeyImage(line.span, to: &image)
            #expect(hasKey)
            _ = checker.appendKeyImage(record.span, to: &wanted)
            #expect(image == wanted, "\(dialect)")
        }
    }
}

@Test func `a trailer's count may have more than six digits in CSV`() throws {
    let file = "1,91,0,1234567890,X,1120,9997\n8,1234567,123456789012345678,0,0,0,0\n9\n"
    var contract = Contract.debitCSV
    contract.csv?.fillers = .absent
    let found = CSVPass(Array(file.utf8), contract)

    #expect(found.fault == nil)
    #expect(found.summary?.groups.first?.promised["count"] == 1_234_567)
    #expect(found.summary?.groups.first?.promised["amount"] == 123_456_789_012_345_678)
    #expect(found.summary?.groups.first?.trailerOffset == 30)
}

@Test func `a wrong name in the header row is a fault with the column and both names`() throws {
    var dialect = Dialect()
    dialect.hasHeaderRow = true
    var file = dialect.file(records)
    let wrong = Array("bank_code".utf8)
    let at = try #require(file.firstIndex(of: wrong[0]))
    file.replaceSubrange(at..<at + wrong.count, with: Array("bank_name".utf8))
    let fault = CSVPass(file, dialect.contract).fault

    #expect(fault?.kind == .headerRow(column: 2, expected: "bank_code", found: "bank_name"))
    #expect(fault?.fileOffset == UInt64(at))
    #expect(fault?.recordNumber == 1)
}

@Test func `an optional header row is taken for one when its first cell names a column`() {
    var contract = Contract.cities
    contract.csv?.headerRow = .optional
    let rows = "01100,Sapporo,1922/08/01,1121.26,5\n"
    let names = "code,name,since,area,people\n"

    #expect(CSVPass(Array(rows.utf8), contract).numbers == [1])
    #expect(CSVPass(Array((names + rows).utf8), contract).numbers == [2])
    #expect(CSVPass(Array((names + rows).utf8), contract).offsets == [28])
    let swapped = CSVPass(Array(("name,code,since,area,people\n" + rows).utf8), contract)
    #expect(swapped.fault?.kind == .headerRow(column: 1, expected: "code", found: "name"))
}
