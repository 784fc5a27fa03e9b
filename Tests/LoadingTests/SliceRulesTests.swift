// One slice's check against the most naive model of the rules over several records.

import Ledger
import Plan
import Records
import Testing

@testable import Loading

@Suite struct SliceRulesTests {
    private let table: PartitionTable
    private let parameters: RunParameters

    init() throws {
        // Members below "B" and from "Y" on lie outside.
        table = try PartitionTable([
            Partition(number: 4, range: KeyRange(low: Key("B"), high: Key("BB"))),
            Partition(number: 2, range: KeyRange(low: Key("BB"), high: Key("M"))),
            Partition(number: 9, range: KeyRange(low: Key("M"), high: Key("Y"))),
        ])
        parameters = try RunParameters(values: ["business_date": "2026-11-20"])
    }

    private func rules(_ groups: [GroupEnvelope], maxReported: Int = 100_000) throws -> SliceRules {
        try SliceRules(
            contract: Plain.contract, parameters: parameters, partitions: table, groups: groups,
            commitInterval: 100, maxReported: maxReported, targetKey: ["member"])
    }

    /// A few members, many records: prefixes of one another, duplicates, blank and unreadable ones.
    private func draw(_ seed: UInt64) -> [Placed] {
        var dice = Dice(seed: seed)
        let members = [
            "A", "B", "BA", "BB", "BBB", "BB-1", "C", "CCCCCCCCCCCC", "CCCCCCCCCCC", "M", "X",
            "Y", "ZZ", "",
        ]
        var number: UInt64 = 1
        var group = 0
        return (0..<Int.random(in: 0...120, using: &dice)).map { _ in
            number += UInt64.random(in: 1...3, using: &dice)
            if group < 2, Int.random(in: 0..<30, using: &dice) == 0 { group += 1 }
            var record = Plain.record([
                "member": members[Int.random(in: 0..<members.count, using: &dice)],
                "code": ["", "0001", "0002"][Int.random(in: 0..<3, using: &dice)],
                "medium": String(Int.random(in: 0...9_999_999_999, using: &dice)),
            ])
            switch Int.random(in: 0..<12, using: &dice) {
            case 0: record[22] = UInt8(ascii: "x")
            case 1: record[1] = 0x85
            case 2: record[74] = 0x90
            default: break
            }
            return Placed(number: number, group: group, bytes: record)
        }
    }

    /// What the rules must come to, found record by record and pair by pair.
    private struct Model {
        struct Broken: Hashable {
            var record: Int64
            var byte: Int64
            var field: String
            var rule: String
            var partition: Int?
        }

        var order: [Int64] = []
        var valid: Set<Int64> = []
        var broken: Set<Broken> = []
        var shares: [Int: [Int64]] = [:]
        var totals: [Int: [Int64?]] = [:]

        init(
            _ records: [Placed], _ groups: [GroupEnvelope], _ table: PartitionTable,
            _ checker: RecordChecker
        ) {
            var keyed: [(key: [UInt8], number: UInt64)] = []
            var identities: Set<String> = []
            for record in records {
                var image: [UInt8] = []
                let hasKey = checker.appendKeyImage(record.bytes.span, to: &image)
                let key = Key(String(decoding: image, as: UTF8.self))
                let partition = hasKey ? table.partition(of: key)?.number : nil
                var violations: [Violation] = []
                var good = checker.check(record.bytes.span, into: &violations)
                if hasKey, partition == nil {
                    good = false
                    violations.append(Violation(fieldIndex: 1, rule: .keyRange, byteInRecord: 1))
                }
                let code = String(decoding: record.bytes[13..<17], as: UTF8.self)
                let identity =
                    "\(key.text)|\(code)|\(groups[record.group].headerFields["sender"] ?? "")"
                if good, !identities.insert(identity).inserted {
                    good = false
                    violations.append(Violation(fieldIndex: 1, rule: .unique, byteInRecord: 1))
                }
                for violation in violations {
                    broken.insert(
                        Broken(
                            record: Int64(record.number),
                            byte: Int64(record.fileOffset) + Int64(violation.byteInRecord),
                            field: Plain.fields[violation.fieldIndex].name,
                            rule: violation.rule.rawValue, partition: partition))
                }
                if hasKey { keyed.append((image, record.number)) }
                if good { valid.insert(Int64(record.number)) }
                shares[partition ?? 0, default: [0, 0]][0] += 1
                if !good { shares[partition ?? 0, default: [0, 0]][1] += 1 }
                addTotals(record, code)
            }
            keyed.sort {
                $0.key == $1.key
                    ? $0.number < $1.number : $0.key.lexicographicallyPrecedes($1.key)
            }
            order = keyed.map { Int64($0.number) }
        }

        private mutating func addTotals(_ record: Placed, _ code: String) {
            var figures = totals[record.group] ?? [0, 0, 0]
            figures[0] = (figures[0] ?? 0) + 1
            let digits = String(decoding: record.bytes[22..<32], as: UTF8.self)
            figures[1] = Int64(digits).flatMap { added in figures[1].map { $0 + added } }
            if code == "0001" { figures[2] = (figures[2] ?? 0) + 1 }
            totals[record.group] = figures
        }
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func `order, rejects, shares and totals are those of the model`(seed: UInt64) throws {
        let records = draw(seed)
        // The first and the last group come from one sender, so their records can be twins.
        let groups = Plain.groups(["0001", "0002", "0001"])
        let rules = try rules(groups)
        let model = Model(records, groups, table, rules.checker)
        let slice = try rules.check(Placed.slice(records), breathe: {})

        #expect(slice.entries.map(\.number) == model.order)
        #expect(Set(slice.entries.filter(\.isValid).map(\.number)) == model.valid)
        let rejects = slice.findings.rejects
        let broken = rejects.map {
            Model.Broken(
                record: $0.record, byte: $0.byteOffset, field: $0.field, rule: $0.rule,
                partition: $0.partition)
        }
        #expect(broken.count == Set(broken).count)
        #expect(Set(broken) == model.broken)
        #expect(slice.findings.rejected == Set(model.broken.map(\.record)).count)
        #expect(slice.findings.shares.mapValues { [$0.records, $0.rejected] } == model.shares)
        #expect(slice.findings.totals.mapValues(\.figures) == model.totals)
        for (group, total) in slice.findings.totals {
            #expect(total.records == records.count { $0.group == group })
        }
    }

    @Test func `of records with one unique key the first in the file stays`() throws {
        let same = Plain.record(["member": "C", "code": "0001"])
        let bad = Plain.record(["member": "C", "code": "00x1"])
        let records = [
            Placed(number: 2, group: 0, bytes: bad), Placed(number: 3, group: 0, bytes: same),
            Placed(number: 4, group: 1, bytes: same), Placed(number: 7, group: 2, bytes: same),
            Placed(
                number: 8, group: 0, bytes: Plain.record(["member": "C", "code": "0002"])),
            Placed(number: 9, group: 0, bytes: Plain.record(["member": "C"])),
        ]
        let slice = try rules(Plain.groups(["0001", "0002", "0001"]))
            .check(Placed.slice(records), breathe: {})
        #expect(slice.entries.filter(\.isValid).map(\.number) == [3, 4, 8, 9])
        #expect(
            slice.findings.rejects.map { "\($0.record) \($0.rule)" } == ["2 digits", "7 unique"])
    }

    /// Certify once compared only the last record of a partition key, whatever its group.
    @Test func `a header in the target key tells rows apart`() throws {
        let record = Plain.record(["member": "C", "code": "", "medium": "1"])
        let bytes = Placed.slice([
            Placed(number: 1, group: 0, bytes: record), Placed(number: 2, group: 1, bytes: record),
            Placed(number: 3, group: 1, bytes: record),
        ])
        let rules = try SliceRules(
            contract: Plain.contract, parameters: parameters, partitions: table,
            groups: Plain.groups(["0001", "0002"]), commitInterval: 100, maxReported: 100,
            targetKey: ["header.sender", "member"])
        let slice = try rules.check(bytes) {}
        let entries = slice.entries.sorted { $0.number < $1.number }

        let order = RowOrder(Array(entries.indices.prefix(3)), slice, rules)
        #expect(order.sequences == [0, 0, 1])
        #expect(order.areLast == [true, false, true])
    }

    @Test func `rejects over the limit are counted and not listed`() throws {
        let records = (1...50).map {
            Placed(number: $0, group: 0, bytes: Plain.record(["member": "C", "code": "x"]))
        }
        let slice = try rules(Plain.groups(["0001"]), maxReported: 7)
            .check(Placed.slice(records), breathe: {})
        #expect(slice.findings.rejects.count == 7)
        #expect(slice.findings.rejected == 50)
        #expect(slice.findings.shares[2]?.rejected == 50)
    }

    @Test func `values of personal fields are masked in rejects`() throws {
        let records = [1, 2].map {
            Placed(number: $0, group: 0, bytes: Plain.record(["member": "CUSTOMER-77"]))
        }
        let reject = try rules(Plain.groups(["0001"]))
            .check(Placed.slice(records), breathe: {}).findings.rejects.first
        #expect(reject?.key == "*********77")
        #expect(reject?.value == "*********77")
    }

    @Test func `a slice that is cut off is torn, not shorter`() throws {
        let bytes = Placed.slice([
            Placed(number: 1, group: 0, bytes: Plain.record(["member": "C"]))
        ])
        let rules = try rules(Plain.groups(["0001"]))
        #expect(throws: LoadingError.self) {
            try rules.check(bytes.dropLast(), breathe: {})
        }
        #expect(try rules.check([], breathe: {}).entries.isEmpty)
    }

    @Test func `breathing may stop the check`() throws {
        struct Stop: Error {}
        let records = (1...20_000).map {
            Placed(number: $0, group: 0, bytes: Plain.record(["member": "C\($0)"]))
        }
        let bytes = Placed.slice(records)
        let rules = try rules(Plain.groups(["0001"]))
        var breaths = 0
        #expect(throws: Stop.self) {
            _ = try rules.check(bytes) {
                breaths += 1
                if breaths == 2 { throw Stop() }
            }
        }
        #expect(breaths == 2)
    }
}

@Suite struct SortTests {
    @Test(arguments: 0..<60 as Range<UInt64>)
    func `entries are sorted by the bytes of their keys, then by their place`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let shared = ["", "0000000000", "CUSTOMER-"][Int(seed % 3)]
        let endings = [
            "", "0", "00", "0\u{0}", "00000000", "000000000", "000000001", "0000000000000001",
            "1", "ｶ", "é", "ABCDEFGH", "ABCDEFGHI", "ABCDEFGHJ", "ABCDEFG", "\u{0}", "z",
        ]
        var arena: [UInt8] = []
        var entries: [SliceEntry] = []
        for number in 1...200 {
            let ending = endings[Int.random(in: 0..<endings.count, using: &dice)]
            let key = Array((shared + ending).utf8)
            entries.append(
                SliceEntry(
                    order: 0, at: 0, count: 0, keyAt: Int32(arena.count),
                    keyCount: Int32(key.count), number: Int64(number), fileOffset: 0,
                    digest: 0, group: 0, isValid: true))
            arena += key
        }
        func key(_ entry: SliceEntry) -> [UInt8] {
            Array(arena[Int(entry.keyAt)..<Int(entry.keyAt + entry.keyCount)])
        }
        let expected = entries.sorted {
            key($0) == key($1)
                ? $0.number < $1.number : key($0).lexicographicallyPrecedes(key($1))
        }
        entries.shuffle(using: &dice)
        SliceRules.sort(&entries, keys: arena)
        #expect(entries.map(\.number) == expected.map(\.number))
        for (left, right) in zip(entries, entries.dropFirst()) {
            #expect((SliceRules.compare(left, right, arena) == 0) == (key(left) == key(right)))
            #expect(SliceRules.compare(left, right, arena) <= 0)
            #expect(SliceRules.compare(right, left, arena) >= 0)
        }
    }

    @Test func `no entry and one entry are sorted`() {
        var entries: [SliceEntry] = []
        SliceRules.sort(&entries, keys: [])
        #expect(entries.isEmpty)
    }
}
