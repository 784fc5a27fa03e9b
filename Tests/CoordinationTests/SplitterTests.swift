// Any split of any file is the serial parse, put in order: nothing lost, doubled or moved.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Plan
import Records
import Settings
import Testing

@testable import Coordination

@Suite struct SplitterTests {
    /// A slice as a worker would read it.
    private struct ReadSlice {
        var range: KeyRange
        var records: [PlainRecord]
    }

    private func split(
        _ bytes: [UInt8], _ definition: RunDefinition
    ) throws -> (result: SplitResult, slices: [ReadSlice]) {
        try withFolder { folder in
            try write(bytes, to: "\(folder)/input")
            let spool = "\(folder)/spool"
            let splitter = try Splitter(
                definition: definition, path: "\(folder)/input", shownPath: "input",
                bytes: Int64(bytes.count), spool: spool, breathe: { _, _ in })
            let result = try splitter.split()
            let slices = try result.slices.enumerated().map { number, slice in
                let row = SliceRow(
                    slice: number, range: slice.range, file: slice.file, records: slice.records,
                    bytes: slice.bytes, checksum: slice.checksum, staging: "")
                let content = try SpoolFile.read(row, directory: spool)
                let records = Self.records(content)
                #expect(records.count == slice.records)
                return ReadSlice(range: slice.range, records: records)
            }
            // No file is left over from a slice that was cut again.
            let files = try Files.names(of: spool)
            #expect(files.sorted() == result.slices.map(\.file).sorted())
            return (result, slices)
        }
    }

    private static func records(_ slice: [UInt8]) -> [PlainRecord] {
        var found: [PlainRecord] = []
        var offset = 0
        while let place = SpoolRecord.read(slice.span, at: offset) {
            found.append(
                PlainRecord(
                    number: place.number, fileOffset: place.fileOffset, group: place.group,
                    bytes: Array(slice[place.at..<place.next])))
            offset = place.next
        }
        #expect(offset == slice.count)
        return found
    }

    /// Every data record of the file is in exactly one slice, that of its key, in file order.
    private func verify(
        _ bytes: [UInt8], _ framing: Framing, _ slices: [ReadSlice], _ result: SplitResult
    ) {
        let serial = PlainRecord.all(bytes, framing: framing)
        #expect(IntervalSet.coverageFault(slices.map(\.range), of: .all) == nil)
        #expect(slices.map(\.range.low) == slices.map(\.range.low).sorted())
        var together: [PlainRecord] = []
        for (index, slice) in slices.enumerated() {
            together += slice.records
            #expect(slice.records.map(\.number) == slice.records.map(\.number).sorted())
            for record in slice.records {
                guard let key = record.key else {
                    #expect(index == 0, "an unreadable key belongs to the first slice")
                    continue
                }
                #expect(slice.range.contains(Key(key)))
            }
        }
        #expect(together.sorted { $0.number < $1.number } == serial)
        #expect(result.envelope.dataRecords == UInt64(serial.count))
        #expect(result.envelope.groups.map(\.dataRecords).reduce(0, +) == UInt64(serial.count))
        #expect(result.layout.framing == framing)
    }

    @Test(arguments: Framing.allCases, [1, 7, 64, 1_000])
    func `every record is in the slice of its key, with its place and bytes`(
        framing: Framing, sliceRecords: Int
    ) throws {
        let definition = try definition(sliceRecords: sliceRecords)
        for (records, groupRecords, seed) in [(0, 5, 1), (1, 5, 2), (333, 50, 3), (640, 999, 4)] {
            let defects: [SampleDefect: Int] =
                records > 100 ? [.badCharacter: 20, .blankRequired: 20, .duplicate: 10] : [:]
            let sample = try Sample(
                records: records, seed: UInt64(seed), framing: framing,
                groupRecords: groupRecords, defects: defects)
            let separator = framing.separator.count
            // As written; without the last separator; with the mark of old hosts behind the end.
            for bytes in [
                sample.bytes, sample.bytes.dropLast(separator), sample.bytes + [0x1A],
            ] as [[UInt8]] {
                let (result, slices) = try split(bytes, definition)
                verify(sample.bytes, framing, slices, result)
                let most = max(1, (records + sliceRecords - 1) / sliceRecords)
                #expect(slices.count <= 2 * most)
                if records > 2 * sliceRecords { #expect(slices.count > 1) }
            }
        }
    }

    @Test func `records across two blocks of reading are whole`() throws {
        let records = CoordinationLimits.blockBytes / 122 + 2_000
        let sample = try Sample(records: records, seed: 8, framing: .crlf, groupRecords: 20_000)
        #expect(sample.bytes.count > CoordinationLimits.blockBytes)
        let (result, slices) = try split(sample.bytes, definition(sliceRecords: 10_000))
        verify(sample.bytes, .crlf, slices, result)
    }

    @Test func `the same file is always cut at the same keys`() throws {
        let sample = try Sample(records: 900, seed: 5)
        let definition = try definition(sliceRecords: 50)
        let first = try split(sample.bytes, definition).result
        let second = try split(sample.bytes, definition).result
        #expect(first.slices.map(\.range) == second.slices.map(\.range))
        #expect(first.slices.map(\.checksum) == second.slices.map(\.checksum))
        #expect(first.partitions == second.partitions)
    }

    @Test func `keys that the sample never met are cut again`() throws {
        // The splitter draws its places by a fixed seed. Records at places it does not draw get
        // keys of their own, so that they all fall into one slice at first.
        let count = SlicePlan.sampleKeysMax + 6_000
        let total = count + 3
        var dice = Dice(seed: 0x6B75_6769_7269)
        var drawn = Set<Int>()
        for _ in 0..<SlicePlan.sampleKeysMax { drawn.insert(Int(dice.next() % UInt64(total))) }
        let sample = try Sample(records: 1, seed: 1)
        let head = sample.bytes[0..<120]
        var record = Array(sample.bytes[120..<240])
        var bytes = Array(head)
        bytes.reserveCapacity(total * 120)
        for index in 1...count {
            let key = drawn.contains(index) ? index : 30_000_000 + index
            let digits = Array(String(100_000_000 + key).utf8)
            record.replaceSubrange(91..<100, with: digits)
            bytes += record
        }
        bytes += sample.bytes[240...]
        let hidden = (1...count).count { !drawn.contains($0) }
        #expect(hidden > 20_000)

        let wanted = 2_000
        let (result, slices) = try split(bytes, definition(sliceRecords: wanted))
        verify(bytes, .none, slices, result)
        let most = Double(wanted) * CoordinationLimits.oversizeFactor
        #expect(slices.allSatisfy { Double($0.records.count) <= most })
        #expect(result.slices.contains { $0.file.hasPrefix("r") })
    }

    @Test func `one key that fills a slice stays together`() throws {
        let sample = try Sample(records: 600, seed: 6)
        var bytes = sample.bytes
        let digits = Array("00000000000000000300".utf8)
        for index in 1...400 {
            bytes.replaceSubrange((index * 120 + 91)..<(index * 120 + 111), with: digits)
        }
        let (result, slices) = try split(bytes, definition(sliceRecords: 20))
        verify(bytes, .none, slices, result)
        let frequent = slices.filter { $0.records.contains { $0.key == "00000000000000000300" } }
        #expect(frequent.count == 1)
        #expect(slices.count > 5)
    }

    @Test func `partitions come from the keys, or from the table as written`() throws {
        let sample = try Sample(records: 500, seed: 7)
        for (rule, count) in [
            (PartitionRule.count(5), 5), (.rowsPerPartition(101), 5), (.count(1), 1),
            (.explicit(.single), 1),
        ] {
            let (result, _) = try split(sample.bytes, definition(partitions: rule))
            #expect(result.partitions.partitions.count == count)
            #expect(result.partitions.span == .all)
        }
    }

    @Test func `a structure fault stops the split with exit 10 and shows the byte`() throws {
        let sample = try Sample(records: 50, seed: 3, defects: [.wrongOrder: 1])
        let definition = try definition()
        let stop = #expect(throws: RunStop.self) { try split(sample.bytes, definition) }
        #expect(stop?.outcome == .structure)
        #expect(stop?.picture.contains("^") == true)
    }
}

extension Files {
    /// The names in a folder.
    fileprivate static func names(of path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }
}
