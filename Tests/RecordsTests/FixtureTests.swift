// Files written by other programs; where they come from stands in Fixtures/README.md.

import FoundationEssentials
import Records
import Testing

@Suite struct FixtureTests {
    private func fixture(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return [UInt8](
            try Data(contentsOf: folder.appending(path: "Fixtures/zengin/\(name).txt")))
    }

    @Test(arguments: [
        ("transfer-crlf-empty", 0, 0), ("transfer-crlf-single-transaction", 1, 1_103_661),
        ("transfer-crlf-multi-transaction", 2, 1_702_961),
    ])
    func `a transfer file of another program is read and its totals hold`(
        _ name: String, _ count: Int, _ amount: Int64
    ) throws {
        let contract = Contract.transfer
        #expect(contract.faults == [])
        let pass = Pass(try fixture(name), contract)
        #expect(pass.fault == nil)
        let group = try #require(pass.summary?.groups.first)
        #expect(group.promised == ["count": Int64(count), "amount": amount])
        #expect(group.headerFields["consignor_name_kana"] == "ｽﾗﾋﾞ")

        let checker = try RecordChecker(contract: contract, parameters: .november20)
        var sum: Int64 = 0
        for record in pass.records {
            #expect(checker.violations(record) == [])
            sum += try #require(checker.figure(1, record))
        }
        #expect(pass.records.count == count)
        #expect(sum == amount)
    }

    @Test func `a file whose trailing spaces a tool has stripped is refused with its place`()
        throws
    {
        let fault = try #require(Pass(try fixture("transfer-lf-stripped"), .transfer).fault)
        #expect(fault.kind == .recordLength(expectedBytes: 120, foundBytes: 103))
        #expect(fault.recordNumber == 1)
        #expect(fault.fileOffset == 103)
        #expect(fault.line.contains("\\n"))
    }
}
