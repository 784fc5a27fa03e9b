// Every inconsistency of a contract is found, each under its path.

import Records
import Testing

@Suite struct ContractFaultTests {
    @Test func `the contracts of these tests have no fault`() {
        #expect(Contract.debitResult.faults == [])
        #expect(Contract.transfer.faults == [])
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var path: String
        var make: @Sendable (inout Contract) -> Void
        var testDescription: String { path }
    }

    static let changes: [Change] = [
        Change(path: "name") { $0.name = "Zengin 91" },
        Change(path: "recordBytes") { $0.recordBytes = 70_000 },
        Change(path: "framings") { $0.framings = [] },
        Change(path: "framings") { $0.framings = [.lf, .lf] },
        Change(path: "endMark") { $0.endMark = 0x39 },
        Change(path: "records.header.marker") { $0.recordTypes[0].marker = 0x0A },
        Change(path: "records.data.marker") { $0.recordTypes[1].marker = 0x31 },
        Change(path: "records") { $0.recordTypes[0].first = false },
        Change(path: "records.end.after") { $0.recordTypes[3].after = [] },
        Change(path: "records.data") {
            $0.recordTypes.append($0.recordTypes[1])
            $0.recordTypes[4].marker = 0x35
        },
        Change(path: "records.data.fields.bank_name") { $0.recordTypes[1].fields[1].at = 5 },
        Change(path: "records.data.fields.bank_code") { $0.recordTypes[1].fields[0].at = 0 },
        Change(path: "records.data.fields.filler_2") { $0.recordTypes[1].fields[12].bytes = 9 },
        Change(path: "records.data.fields.filler_2") {
            $0.recordTypes[1].fields[12].bytes = .max
        },
        Change(path: "records.data.fields.bank_code") {
            $0.recordTypes[1].fields[1].name = "bank_code"
        },
        Change(path: "records.data.fields.amount") {
            $0.recordTypes[1].fields[8] = Field(name: "amount", at: 81, bytes: 19, type: .integer)
            $0.recordTypes[1].fields.removeSubrange(9...9)
            $0.recordTypes[1].fields[9].at = 100
            $0.recordTypes[1].fields[9].bytes = 12
        },
        Change(path: "records.data.fields.bank_code") { $0.recordTypes[1].fields[0].minimum = 1 },
        Change(path: "records.data.fields.amount") { $0.recordTypes[1].fields[8].minimum = -1 },
        Change(path: "records.data.fields.bank_name") {
            $0.recordTypes[1].fields[1].maxLength = 16
        },
        Change(path: "records.data.fields.new_code") {
            $0.recordTypes[1].fields[9].values = ["12"]
        },
        Change(path: "records.data.fields.new_code") { $0.recordTypes[1].fields[9].values = [] },
        Change(path: "records.data.fields.filler_1") {
            $0.recordTypes[1].fields[4].required = true
        },
        Change(path: "records.header.fields.debit_date") {
            $0.recordTypes[0].fields[4].resolve = nil
        },
        Change(path: "records.data.fields.amount") {
            $0.recordTypes[1].fields[8].sample = .number(low: 2, high: 1)
        },
        Change(path: "partitionKey") {
            $0.uniqueKey = []
            $0.partitionKey = "filler_1"
            $0.recordTypes[1].fields[4].type = .monthDay
            $0.recordTypes[1].fields[4].resolve = .past
            $0.recordTypes[1].fields[4].required = true
        },
        Change(path: "partitionKey") { $0.recordTypes[1].fields[10].required = false },
        Change(path: "uniqueKey") { $0.uniqueKey.removeLast() },
        Change(path: "uniqueKey") { $0.uniqueKey[0].field = "nothing" },
        Change(path: "uniqueKey") { $0.uniqueKey[0].role = .trailer },
        Change(path: "controlTotals.amount.sum") { $0.controlTotals[1].sum = "bank_code" },
        Change(path: "controlTotals.amount.trailerField") {
            $0.controlTotals[1].trailerField = "filler"
        },
        Change(path: "controlTotals.count") { $0.controlTotals[1].name = "count" },
        Change(path: "controlTotals.collected.condition") {
            $0.controlTotals[2].condition?.values = ["00"]
        },
        Change(path: "identity.nothing") { $0.identity[0].field = "nothing" },
    ]

    @Test(arguments: changes)
    func `one wrong thing is one fault under its path`(_ change: Change) {
        var contract = Contract.debitResult
        change.make(&contract)
        #expect(contract.faults.map(\.path) == [change.path], "\(contract.faults)")
    }

    @Test func `all faults are reported together`() {
        var contract = Contract.debitResult
        contract.name = ""
        contract.partitionKey = "nothing"
        contract.identity[0].field = "nothing"
        #expect(
            contract.faults.map(\.path) == [
                "name", "partitionKey", "uniqueKey", "identity.nothing",
            ])
        #expect(throws: ContractFault.self) {
            _ = try RecordChecker(contract: contract, parameters: .november20)
        }
    }
}
