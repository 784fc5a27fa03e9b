// The dialect's own faults, samples of contracts, and what the sample writer writes as CSV.

import Records
import Testing

@Suite struct CSVContractTests {
    @Test func `the contracts of these tests have no faults`() {
        #expect(Contract.cities.faults == [])
        #expect(Contract.debitCSV.faults == [])
    }

    @Test func `a dialect that cannot be read is refused`() {
        func paths(_ change: (inout Contract) -> Void) -> [String] {
            var contract = Contract.cities
            change(&contract)
            return contract.faults.map(\.path)
        }
        #expect(paths { $0.csv?.delimiter = 0x22 } == ["csv.quote"])
        #expect(paths { $0.csv?.delimiter = 0x0A } == ["csv.delimiter"])
        #expect(paths { $0.csv?.delimiter = UInt8(ascii: "|") } == [])
        #expect(
            paths {
                $0.csv?.delimiter = UInt8(ascii: "|")
                $0.csv?.encoding = .cp932
            } == ["csv.delimiter"])
        #expect(paths { $0.framings = [.none] } == ["framings"])
        #expect(
            paths {
                $0.csv?.encoding = .cp932
                $0.csv?.byteOrderMark = .optional
            } == ["csv.byte_order_mark"])
    }

    @Test func `field settings that do not belong together are refused`() {
        func messages(_ change: (inout Field) -> Void) -> Int {
            var contract = Contract.cities
            change(&contract.recordTypes[0].fields[3])
            return contract.faults.count
        }
        #expect(messages { _ in } == 0)
        #expect(messages { $0.scale = nil } == 1)
        #expect(messages { $0.scale = 18 } >= 1)
        #expect(messages { $0.type = .text } >= 2)
        #expect(messages { $0.values = ["1.00"] } >= 1)
        #expect(messages { $0.dateFormat = .plain } == 1)
    }

    @Test func `samples that are not judged as they say are told`() {
        var contract = Contract.cities
        contract.samples = ContractSamples(
            accepted: ["1100,札幌,1922/08/01,1121.26,-5", "2,b,,,"],
            refused: ["x,b,,,": .digits, "1,b": .cellCount, "1,b,,1.255,": .scale])
        #expect(contract.sampleFaults == [])

        contract.samples = ContractSamples(
            accepted: ["x,b,,,"], refused: ["1,b,,,": .digits, "x,c,,,": .scale])
        #expect(
            contract.sampleFaults.map(\.message) == [
                "\"x,b,,,\" is refused: field code breaks the rule digits",
                "\"1,b,,,\" does not break the rule digits, but is accepted",
                "\"x,c,,,\" does not break the rule scale, but digits (code)",
            ])
    }

    @Test func `a fixed contract has samples too, filled up with spaces`() {
        var contract = SampleContract.result()
        contract.samples = ContractSamples(accepted: [], refused: ["2": .required])
        #expect(contract.sampleFaults == [])
    }

    @Test func `decimals and signed numbers are read exactly in both forms`() throws {
        let fields = [
            Field(name: "key", at: 1, bytes: 1, type: .digits, required: true),
            Field(name: "amount", at: 2, bytes: 20, type: .decimal, signed: true, scale: 2),
            Field(name: "change", at: 22, bytes: 19, type: .integer, signed: true),
            Field(name: "day", at: 41, bytes: 8, type: .date, dateFormat: .plain),
        ]
        var fixed = Contract.table(fields)
        fixed.csv = nil
        fixed.recordTypes[0].marker = 0x31
        let checker = try RecordChecker(contract: fixed, parameters: .november20)
        for (amount, units) in [
            ("1.5", 150), ("-0.01", -1), ("+12", 1_200), ("0", 0), ("0000.50", 50),
            ("9999999999999999.99", 999_999_999_999_999_999),
        ] as [(String, Int64)] {
            let csv = CSVPass(Array("1,\(amount),-7,20261120\n".utf8), .table(fields))
            #expect(csv.violations == [[]], "\(amount)")
            let record = Array(
                ("1" + String(repeating: " ", count: 20 - amount.count) + amount
                    + "-000000000000000007" + "20261120").utf8)
            let canonical = csv.canonical[0]
            for form in [record, canonical] {
                #expect(checker.violations(form) == [], "\(amount)")
                #expect(checker.number(1, form) == units, "\(amount)")
                #expect(checker.number(2, form) == -7)
                #expect(checker.day(3, form)?.iso == "2026-11-20")
                #expect(checker.text(1, form) == FieldNumber.text(units, scale: 2))
            }
        }
    }
}
