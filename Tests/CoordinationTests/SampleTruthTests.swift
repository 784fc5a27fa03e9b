// The sample writer says what it spoiled; the product must find exactly that, and nothing else.

import Coordination
import Journal
import Loading
import Plan
import Records
import Settings
import Testing

@Suite struct SampleTruthTests {
    private static let fieldKinds = SampleDefect.allCases.filter { !$0.isFileLevel }
    private static let fileKinds = SampleDefect.allCases.filter(\.isFileLevel)
    private static let framings = Framing.allCases

    /// The built-in contract with a smallest amount, so that there is something below it.
    private func contract() throws -> Contract {
        var contract = try Contracts.find("zengin-91-result", directory: nil)
        for type in contract.recordTypes.indices where contract.recordTypes[type].role == .data {
            for field in contract.recordTypes[type].fields.indices
            where contract.recordTypes[type].fields[field].name == "amount" {
                contract.recordTypes[type].fields[field].minimum = 500
            }
        }
        return contract
    }

    private func check(_ sample: Sample, _ contract: Contract) throws -> FileCheck.Result {
        try withFolder { folder in
            try write(sample.bytes, to: "\(folder)/input")
            let check = FileCheck(
                definition: try definition(sliceRecords: 90, contract: contract),
                path: "\(folder)/input", scratch: "\(folder)/scratch")
            return try check.check { _, _ in }
        }
    }

    private func found(_ result: FileCheck.Result) -> [Sample.Defect] {
        result.rejects.map {
            Sample.Defect(record: $0.record, byte: $0.byte, field: $0.field, rule: $0.rule, exit: 0)
        }
    }

    private func planted(_ sample: Sample) -> [Sample.Defect] {
        sample.defects.sorted { $0.record < $1.record }.map {
            var defect = $0
            defect.exit = 0
            return defect
        }
    }

    @Test(arguments: fieldKinds, 1...4 as ClosedRange<UInt64>)
    func `every planted field defect is found where it is, and nothing else`(
        kind: SampleDefect, seed: UInt64
    ) throws {
        let contract = try contract()
        let sample = try Sample(
            records: 400, seed: seed, framing: Self.framings[Int(seed) % Self.framings.count],
            groupRecords: 150, defects: [kind: 25], contract: contract)
        #expect(sample.defects.count == 25)
        let result = try check(sample, contract)
        #expect(found(result) == planted(sample))
        #expect(result.rejected == 25)
        #expect(result.records == 400)
        #expect(result.slices > 2)
        #expect(result.outcome.rawValue == sample.defects.first?.exit)
    }

    @Test(arguments: 11...16 as ClosedRange<UInt64>)
    func `defects of all kinds in one file are told apart`(seed: UInt64) throws {
        let contract = try contract()
        let counts = Dictionary(uniqueKeysWithValues: Self.fieldKinds.map { ($0, 9) })
        let sample = try Sample(
            records: 500, seed: seed, framing: Self.framings[Int(seed) % Self.framings.count],
            groupRecords: 180, defects: counts, contract: contract)
        let result = try check(sample, contract)
        #expect(found(result) == planted(sample))
        #expect(result.rejected == Int64(9 * Self.fieldKinds.count))
        #expect(result.outcome == .totals)
    }

    @Test(arguments: fileKinds, 1...4 as ClosedRange<UInt64>)
    func `a spoiled envelope ends in the class of the truth, at its record`(
        kind: SampleDefect, seed: UInt64
    ) throws {
        let contract = try contract()
        let sample = try Sample(
            records: 300, seed: seed, framing: Self.framings[Int(seed) % Self.framings.count],
            groupRecords: 120, defects: [kind: 1], contract: contract)
        var truth = try #require(sample.defects.first)
        if kind == .shortRecord, Self.framings[Int(seed) % Self.framings.count] == .none {
            // Without separators a record takes its last byte from the next one, where it shows.
            truth.record += 1
            truth.byte += 1
        }
        let result = try check(sample, contract)
        #expect(result.outcome.rawValue == truth.exit)
        #expect(result.rejected == 0)
        let message = try #require(result.messages.first)
        let values = Dictionary(message.arguments.map { ($0.name, $0.value) }) { $1 }
        #expect(values["record"] == String(truth.record), "\(message.line())")
        // A total is told at its trailer, not at its field.
        guard kind != .totalOff, kind != .countOff else { return }
        #expect(values["byte"] == String(truth.byte), "\(message.line())")
    }

    @Test(arguments: Framing.allCases)
    func `a good file is found good, with every total proved`(framing: Framing) throws {
        let sample = try Sample(records: 260, seed: 9, framing: framing, groupRecords: 100)
        let result = try check(sample, contract())
        #expect(result.outcome == .normal)
        #expect(result.messages.isEmpty && result.rejects.isEmpty)
        #expect(result.totals.count == 18 && result.totals.allSatisfy(\.holds))
    }

    @Test func `a total that is wrong names group, promise and finding`() throws {
        let sample = try Sample(
            records: 300, seed: 3, groupRecords: 120, defects: [.totalOff: 1])
        let result = try check(sample, contract())
        let failing = try #require(result.totals.first { !$0.holds })
        #expect(result.totals.count { !$0.holds } == 1)
        #expect(failing.name == "total_amount")
        #expect(abs(failing.promised - failing.found) == 1)
    }

    @Test func `rejects of a budget that allows them are a warning`() throws {
        let contract = try contract()
        let sample = try Sample(
            records: 200, seed: 5, defects: [.badEnum: 4], contract: contract)
        try withFolder { folder in
            try write(sample.bytes, to: "\(folder)/input")
            for (budget, outcome) in [(4, Outcome.warning), (3, .rejects)] {
                var definition = try definition(contract: contract)
                definition.job.maxRejects = budget
                let check = FileCheck(
                    definition: definition, path: "\(folder)/input", scratch: "\(folder)/scratch")
                #expect(try check.check { _, _ in }.outcome == outcome)
                #expect(!Files.exists("\(folder)/scratch"))
            }
        }
    }

    @Test func `rejects know their partition, except where the key is outside or unreadable`()
        throws
    {
        let contract = try contract()
        let sample = try Sample(
            records: 400, seed: 2,
            defects: [.badEnum: 20, .duplicate: 20, .badCharacter: 40, .blankRequired: 40],
            contract: contract)
        let table = try PartitionTable([
            Partition(
                number: 7, range: KeyRange(low: Key(customer(50)), high: Key(customer(200)))),
            Partition(
                number: 3, range: KeyRange(low: Key(customer(200)), high: Key(customer(401)))),
        ])
        let records = PlainRecord.all(sample.bytes, framing: .none)
        let keys = Dictionary(uniqueKeysWithValues: records.map { (Int64($0.number), $0.key) })
        try withFolder { folder in
            try write(sample.bytes, to: "\(folder)/input")
            let check = FileCheck(
                definition: try definition(
                    sliceRecords: 90, partitions: .explicit(table), contract: contract),
                path: "\(folder)/input", scratch: "\(folder)/scratch")
            let rejects = try check.check { _, _ in }.rejects
            #expect(Set(rejects.map(\.partition)) == [3, 7, nil])
            #expect(rejects.contains { $0.rule == "key-range" })
            for reject in rejects {
                let key = keys[reject.record] ?? nil
                #expect(reject.partition == key.flatMap { table.partition(of: Key($0))?.number })
                #expect((reject.rule == "key-range") <= (reject.partition == nil))
            }
        }
    }

    private func customer(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }
}

/// Implication.
private func <= (left: Bool, right: Bool) -> Bool { !left || right }
