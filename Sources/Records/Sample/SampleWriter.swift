// Writes a sample file block by block, with the truth about it. It knows no file: the caller
// writes the bytes.

/// Writes one sample file in constant memory.
///
/// The bytes depend on the plan alone, not on the size of the blocks.
public struct SampleWriter {
    /// What is written next.
    private enum Step {
        case header
        case data
        case trailer
        /// The data record that `wrongOrder` held back.
        case heldRecord
        case end
        case finished
    }

    private let plan: SamplePlan
    private let layout: SampleLayout
    private let plantings: SamplePlantings
    private let truthLines: SampleTruth
    private let customers: SampleShuffle
    /// The fields each planned kind of defect can spoil.
    private let candidates: [SampleDefect: [Field]]

    private var step = Step.header
    private var group = 0
    /// The next data record, 0-based in the file.
    private var index = 0
    /// The next of `plantings.places`.
    private var place = 0
    private var totals: SampleTotals
    /// The record held back by `wrongOrder`; empty: none.
    private var held: [UInt8] = []
    /// Physical records written.
    private var records = 0
    /// Bytes written.
    private var fileOffset = 0

    /// A writer at the start of the file.
    public init(plan: SamplePlan) {
        self.plan = plan
        layout = plan.layout
        plantings = plan.plantings
        truthLines = SampleTruth(plan.layout)
        customers = SampleShuffle(
            count: plan.records, random: SampleRandom(seed: plan.seed, purpose: .shuffle))
        totals = plan.layout.totals
        candidates = Dictionary(
            uniqueKeysWithValues: plan.defects.keys.map { ($0, plan.layout.candidates($0)) })
    }

    /// Appends the next block of the file.
    ///
    /// - Parameters:
    ///   - bytes: Gets about `SampleLimits.blockBytesMax` bytes more.
    ///   - truth: Gets UTF-8 JSON Lines about these bytes when `wantsTruth`; the summary comes
    ///     with the last block.
    ///   - wantsTruth: The same in every call.
    /// - Returns: False when the file was finished before; then nothing was appended.
    public mutating func next(
        into bytes: inout [UInt8], truth: inout [UInt8], wantsTruth: Bool
    ) -> Bool {
        if case .finished = step { return false }
        let limit = bytes.count + SampleLimits.blockBytesMax - layout.strideBytes
        repeat {
            switch step {
            case .header: writeHeader(&bytes, &truth, wantsTruth)
            case .data: writeData(&bytes, &truth, wantsTruth, until: limit)
            case .trailer: writeTrailer(&bytes, &truth, wantsTruth)
            case .heldRecord: writeHeldRecord(&bytes, &truth, wantsTruth)
            case .end:
                writeEnd(&bytes, &truth, wantsTruth)
                step = .finished
                return true
            case .finished: return true
            }
        } while bytes.count < limit
        return true
    }

    /// The data records before the end of the present group.
    private var groupEnd: Int {
        min(plan.records, (group + 1) * plan.groupRecords)
    }

    private mutating func writeHeader(
        _ bytes: inout [UInt8], _ truth: inout [UInt8], _ wantsTruth: Bool
    ) {
        step = .data
        totals.reset()
        if group == 0 { writePreamble(&bytes) }
        guard let header = layout.header else { return }
        let start = bytes.count
        var random = SampleRandom(seed: plan.seed, purpose: .header, index: group)
        header.append(to: &bytes, random: &random, shuffled: 0, totals: [])
        var spoiled: Spoiled?
        if group == 0, plantings.envelope == .wrongIdentity {
            spoiled = spoilEnvelope(.wrongIdentity, &bytes, start)
        }
        var line: [UInt8] = []
        if wantsTruth { truthLines.group(group, bytes, at: start, to: &line) }
        close(&bytes, start, header.type, spoiled, &truth, wantsTruth)
        truth += line
    }

    private mutating func writeTrailer(
        _ bytes: inout [UInt8], _ truth: inout [UInt8], _ wantsTruth: Bool
    ) {
        let isLast = group == plan.groups - 1
        step = .heldRecord
        guard let trailer = layout.trailer else { return }
        if isLast, plantings.envelope == .missingTrailer {
            noteNext(.missingTrailer, &truth, wantsTruth)
            return
        }
        let start = bytes.count
        var random = SampleRandom(seed: plan.seed, purpose: .group, index: group + 1)
        trailer.append(to: &bytes, random: &random, shuffled: 0, totals: totals.figures)
        var spoiled: Spoiled?
        if let defect = plantings.envelope, defect == .totalOff || defect == .countOff,
            group == plantings.group
        {
            spoiled = spoilEnvelope(defect, &bytes, start)
        }
        close(&bytes, start, trailer.type, spoiled, &truth, wantsTruth)
    }

    private mutating func writeHeldRecord(
        _ bytes: inout [UInt8], _ truth: inout [UInt8], _ wantsTruth: Bool
    ) {
        if !held.isEmpty {
            noteNext(.wrongOrder, &truth, wantsTruth)
            bytes += held
            advance(by: held.count)
            held = []
        }
        group += 1
        step = group < plan.groups ? .header : .end
    }

    private mutating func writeEnd(
        _ bytes: inout [UInt8], _ truth: inout [UInt8], _ wantsTruth: Bool
    ) {
        if plantings.envelope == .missingEnd {
            noteNext(.missingEnd, &truth, wantsTruth)
        } else if let end = layout.end {
            let start = bytes.count
            var random = SampleRandom(seed: plan.seed, purpose: .group)
            end.append(to: &bytes, random: &random, shuffled: 0, totals: [])
            close(&bytes, start, end.type, nil, &truth, wantsTruth)
        }
        if plantings.envelope == .garbageAfterEnd {
            noteNext(.garbageAfterEnd, &truth, wantsTruth)
            bytes += "GARBAGE".utf8
        }
        if wantsTruth {
            truthLines.summary(
                records: records, data: plan.records, defects: plan.defects, to: &truth)
        }
    }

    private mutating func advance(by bytes: Int) {
        records += 1
        fileOffset += bytes
    }

    /// Notes a defect that stands at the first byte of what comes next.
    private func noteNext(_ defect: SampleDefect, _ truth: inout [UInt8], _ wantsTruth: Bool) {
        guard wantsTruth else { return }
        truthLines.defect(
            defect, record: records + 1, byte: fileOffset, field: nil, to: &truth)
    }

    /// A defect that was planted in a field of the present record.
    private struct Spoiled {
        var defect: SampleDefect
        var field: Field?
        /// In the fixed record.
        var byte: Int
    }

    /// Spoils a field of the header or trailer that starts at `start`.
    private func spoilEnvelope(
        _ defect: SampleDefect, _ bytes: inout [UInt8], _ start: Int
    ) -> Spoiled? {
        guard let field = candidates[defect]?.first else { return nil }
        var random = SampleRandom(seed: plan.seed, purpose: .defects)
        let byte = SamplePlantings.spoil(field, defect, &bytes, at: start, &random)
        return Spoiled(defect: defect, field: field, byte: byte)
    }

    /// Ends the record that starts here: CSV becomes a line, and its defect is told.
    private mutating func close(
        _ bytes: inout [UInt8], _ start: Int, _ type: RecordType, _ spoiled: Spoiled?,
        _ truth: inout [UInt8], _ wantsTruth: Bool
    ) {
        var byte = spoiled?.byte ?? 0
        if let cells = layout.cells {
            byte = cells.write(&bytes, from: start, type, spoiled: spoiled?.field, byte: byte)
        }
        if let spoiled, wantsTruth {
            truthLines.defect(
                spoiled.defect, record: records + 1, byte: fileOffset + byte,
                field: spoiled.field, to: &truth)
        }
        advance(by: bytes.count - start)
    }

    /// What stands before the first record of a CSV file.
    private mutating func writePreamble(_ bytes: inout [UInt8]) {
        guard let cells = layout.cells else { return }
        let preamble = cells.preamble
        bytes += preamble
        fileOffset += preamble.count
        records += cells.preambleLines
    }
}

extension SampleWriter {
    /// Writes data records up to the end of the group or the block.
    private mutating func writeData(
        _ bytes: inout [UInt8], _ truth: inout [UInt8], _ wantsTruth: Bool, until limit: Int
    ) {
        let end = groupEnd
        while index < end, bytes.count < limit {
            let start = bytes.count
            appendRecord(index, to: &bytes)
            if place < plantings.places.count, plantings.places[place].index == index {
                plant(plantings.places[place].defect, &bytes, start, &truth, wantsTruth)
                place += 1
            } else {
                totals.add(bytes, at: start)
                if wantsTruth {
                    truthLines.row(
                        record: records + 1, group: group, bytes, at: start, to: &truth)
                }
                close(&bytes, start, layout.data.type, nil, &truth, false)
            }
            index += 1
        }
        if index == end { step = .trailer }
    }

    /// Appends a data record as it is without defects; it depends on the plan and its index alone.
    private func appendRecord(_ index: Int, to bytes: inout [UInt8]) {
        var random = SampleRandom(seed: plan.seed, purpose: .data, index: index)
        let customer = UInt64(customers.element(at: index)) + 1
        layout.data.append(to: &bytes, random: &random, shuffled: customer, totals: [])
    }

    /// Plants a defect in the data record that starts at `start`, the last in `bytes`.
    private mutating func plant(
        _ defect: SampleDefect, _ bytes: inout [UInt8], _ start: Int, _ truth: inout [UInt8],
        _ wantsTruth: Bool
    ) {
        var random = SampleRandom(seed: plan.seed, purpose: .defects, index: index + 1)
        let fields = candidates[defect] ?? []
        let field = fields.isEmpty ? nil : fields[random.index(below: fields.count)]
        var byte = 0
        switch defect {
        case .shortRecord, .wrongOrder: break
        case .duplicate:
            repeatKey(&bytes, start, &random)
            byte = field.map { $0.at - 1 } ?? 0
        case .badCharacter where layout.contract.characters == .utf8:
            // A control character alone: inside a longer character it would be bad encoding.
            if let field {
                byte = field.at - 1
                for index in 0..<field.bytes { bytes[start + byte + index] = 0x20 }
                bytes[start + byte] = 0x01
            }
        default:
            if let field {
                byte = SamplePlantings.spoil(field, defect, &bytes, at: start, &random)
            }
        }
        totals.add(bytes, at: start)
        if defect == .wrongOrder {
            if let cells = layout.cells {
                _ = cells.write(&bytes, from: start, layout.data.type)
            }
            held = Array(bytes[start...])
            bytes.removeSubrange(start...)
            return
        }
        if defect == .shortRecord {
            byte = layout.contract.recordBytes - 1
            bytes.remove(at: start + byte)
        }
        let spoiled = Spoiled(defect: defect, field: field, byte: byte)
        close(&bytes, start, layout.data.type, spoiled, &truth, wantsTruth)
    }

    /// Gives a record the unique key of an earlier good record of its group.
    private func repeatKey(_ bytes: inout [UInt8], _ start: Int, _ random: inout SampleRandom) {
        // The group's first record is good whenever duplicates are planted.
        let first = group * plan.groupRecords
        var original = first
        for _ in 0..<SampleLimits.originalDrawsMax {
            let draw = first + random.index(below: index - first)
            if !plantings.holds(draw) {
                original = draw
                break
            }
        }
        var record: [UInt8] = []
        appendRecord(original, to: &record)
        for field in layout.repeatedFields {
            let range = field.at - 1..<field.at - 1 + field.bytes
            bytes.replaceSubrange(
                start + range.lowerBound..<start + range.upperBound, with: record[range])
        }
    }
}
