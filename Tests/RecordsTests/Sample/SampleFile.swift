// A whole sample file in memory, read again in the most naive way.

import FoundationEssentials
import Records

/// A written sample and its truth.
struct SampleFile {
    var bytes: [UInt8] = []
    var truth: [UInt8] = []
    /// How many calls of `next` appended something.
    var blocks = 0
    let framing: Framing

    /// Writes a whole file.
    init(_ plan: SamplePlan, wantsTruth: Bool = true) {
        framing = plan.framing
        var writer = SampleWriter(plan: plan)
        while writer.next(into: &bytes, truth: &truth, wantsTruth: wantsTruth) { blocks += 1 }
    }

    /// Writes a file of the result contract for 20 November 2026.
    init(
        records: Int, seed: UInt64 = 1, framing: Framing = .none,
        groupRecords: Int = SampleLimits.groupRecordsMax, defects: [SampleDefect: Int] = [:],
        contract: Contract = SampleContract.result()
    ) throws {
        try self.init(
            SamplePlan(
                contract: contract, records: records, seed: seed, businessYear: 2026,
                businessMonth: 11, businessDay: 20, framing: framing, groupRecords: groupRecords,
                defects: defects))
    }

    /// The records, cut by length; a shorter rest is the last.
    var records: [[UInt8]] {
        let stride = 120 + framing.separator.count
        return Swift.stride(from: 0, to: bytes.count, by: stride).map {
            Array(bytes[$0..<min($0 + 120, bytes.count)])
        }
    }

    /// The records that start with this digit.
    func records(_ marker: Character) -> [[UInt8]] {
        records.filter { $0.first == marker.asciiValue }
    }

    /// The truth, each line read by itself.
    var lines: [TruthLine] {
        get throws {
            try truth.split(separator: 0x0A).map {
                try JSONDecoder().decode(TruthLine.self, from: Data($0))
            }
        }
    }

    /// The truth's lines of one kind.
    func lines(_ kind: String) throws -> [TruthLine] { try lines.filter { $0.kind == kind } }
}

/// One line of the truth, of any kind.
struct TruthLine: Decodable {
    var kind: String
    var defect: String?
    var record: Int?
    var byte: Int?
    var field: String?
    var rule: String?
    var exit: Int?
    var group: Int?
    var fields: [String: String]?
    var records: Int?
    var data: Int?
    var defects: [String: Int]?
}

/// The text of 1-based positions, as the standard's tables count them.
func text(_ record: [UInt8], at: Int, bytes: Int) -> String {
    String(decoding: record[at - 1..<at - 1 + bytes], as: UTF8.self)
}
