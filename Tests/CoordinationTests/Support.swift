// What the tests of this module share: a folder of their own, sample files, a job, a naive reader.

import Coordination
import FoundationEssentials
import Glibc
import Loading
import Records
import Settings
import Synchronization

/// SplitMix64, as the splitter draws its sample.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

private let folders = Atomic<Int>(0)

/// Makes an empty folder of this test's own and removes it with all it holds afterwards.
func withFolder<Result>(_ body: (_ path: String) throws -> Result) throws -> Result {
    let number = folders.add(1, ordering: .relaxed).newValue
    let path = "/tmp/kugiri-test-\(getpid())-coordination-\(number)"
    try Files.makeDirectory(path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

/// Writes a file's bytes.
func write(_ bytes: [UInt8], to path: String) throws {
    let file = try Files.openForWriting(path, append: false)
    try file.write(bytes.span)
}

/// The job of the demonstration with slices as small as the test wants them.
func definition(
    sliceRecords: Int = 131_072, partitions: PartitionRule = .count(4),
    contract: Contract? = nil
) throws -> RunDefinition {
    let target = Target(
        table: "member_account", mode: .upsert,
        key: [.init(column: "customer_number", field: "customer_number")],
        lockColumn: "updated_at", lockTrusted: false, updateCountColumn: nil,
        columns: [.init(column: "last_amount", source: .field("amount"))])
    let job = Job(
        name: "debit-result", program: "KGRB091", contract: "zengin-91-result",
        parameters: ["business_date": .date], identity: ["consignor_code": "1234567890"],
        target: target, partitions: partitions, sliceRecords: sliceRecords)
    return RunDefinition(
        job: job, contract: try contract ?? Contracts.find("zengin-91-result", directory: nil),
        parameters: try RunParameters(values: ["business_date": "2026-11-20"]),
        directories: Directories(base: "/tmp"))
}

/// A written sample file and the defects its truth names.
struct Sample {
    var bytes: [UInt8] = []
    var defects: [Defect] = []

    /// One planted defect, as the truth has it.
    struct Defect: Decodable, Hashable {
        var record: Int64
        var byte: Int64
        var field: String?
        var rule: String
        var exit: Int32
    }

    private struct Kind: Decodable { var kind: String }

    init(
        records: Int, seed: UInt64, framing: Framing = .none, groupRecords: Int = 999_999,
        defects: [SampleDefect: Int] = [:], contract: Contract? = nil
    ) throws {
        let plan = try SamplePlan(
            contract: try contract ?? Contracts.find("zengin-91-result", directory: nil),
            records: records, seed: seed, businessYear: 2026, businessMonth: 11, businessDay: 20,
            framing: framing, groupRecords: groupRecords, defects: defects)
        var writer = SampleWriter(plan: plan)
        var truth: [UInt8] = []
        while writer.next(into: &bytes, truth: &truth, wantsTruth: true) {}
        let decoder = JSONDecoder()
        for line in truth.split(separator: 0x0A) {
            let data = Data(line)
            guard try decoder.decode(Kind.self, from: data).kind == "defect" else { continue }
            self.defects.append(try decoder.decode(Defect.self, from: data))
        }
    }
}

/// A data record as the most naive reader of the whole file finds it.
struct PlainRecord: Hashable {
    var number: UInt64
    var fileOffset: UInt64
    var group: Int
    var bytes: [UInt8]

    /// Every data record of a file in its order.
    static func all(_ file: [UInt8], framing: Framing) -> [PlainRecord] {
        var found: [PlainRecord] = []
        var group = -1
        var offset = 0
        var number: UInt64 = 1
        while offset + 120 <= file.count {
            if file[offset] == UInt8(ascii: "1") { group += 1 }
            if file[offset] == UInt8(ascii: "2") {
                found.append(
                    PlainRecord(
                        number: number, fileOffset: UInt64(offset), group: group,
                        bytes: Array(file[offset..<(offset + 120)])))
            }
            number += 1
            offset += 120 + framing.separator.count
        }
        return found
    }

    /// The customer number without padding; nil: blank, or a byte that no customer number has.
    var key: String? {
        let field = bytes[91..<111]
        guard let last = field.lastIndex(where: { $0 != 0x20 }) else { return nil }
        let text = field[...last]
        // The samples spoil keys only by bytes of 0x81 to 0x9F.
        guard !text.contains(where: { (0x81...0x9F).contains($0) }) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
