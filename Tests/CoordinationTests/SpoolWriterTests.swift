// Slices on disk are what was added, in order, with length and checksum as the ledger gets them.

import Ledger
import Loading
import Plan
import Records
import Testing

@testable import Coordination

@Suite struct SpoolWriterTests {
    private let ranges = SlicePlan.ranges(cutAt: ["b", "bb", "é"].map { Key($0) })

    @Test func `a key goes where its bytes put it, an unreadable one to the first slice`() throws {
        let keys = ["", "a", "b", "ba", "bb", "bbz", "z", "é", "ｶ", "azzz", "bb"]
        try withFolder { folder in
            var writer = SpoolWriter(directory: folder, ranges: ranges, prefix: "s")
            for (number, key) in keys.enumerated() {
                let bytes = Array("record \(number)".utf8)
                try writer.add(
                    key: Array(key.utf8).span, number: UInt64(number + 1),
                    fileOffset: UInt64(number * 10), group: number, block: bytes.span, at: 0,
                    count: bytes.count)
            }
            var breaths = 0
            let slices = try writer.finish { breaths += 1 }
            #expect(breaths == ranges.count)
            #expect(slices.map(\.range) == ranges)
            #expect(slices.map(\.file) == ["s0.slice", "s1.slice", "s2.slice", "s3.slice"])
            for slice in slices {
                let expected = keys.indices.filter { slice.range.contains(Key(keys[$0])) }
                let content = try read(slice, folder)
                var found: [Int] = []
                var offset = 0
                while let place = SpoolRecord.read(content.span, at: offset) {
                    let number = Int(place.number) - 1
                    found.append(number)
                    #expect(place.fileOffset == UInt64(number * 10) && place.group == number)
                    #expect(content[place.at..<place.next].elementsEqual("record \(number)".utf8))
                    offset = place.next
                }
                #expect(found == expected)
                #expect(slice.records == expected.count)
            }
        }
    }

    @Test func `the slice of a key is the number of cuts not above it, whatever they share`() {
        let texts = [
            "", "0", "00", "000000000", "0000000001", "0000000001234567", "00000000012",
            "0000000001234567890", "0000000001234568", "00000000012345681", "0000000002", "1", "a",
            "é", "\u{0}", "00000000012\u{0}",
        ]
        for cuts in [
            [], ["0000000001234567"], ["0000000001234567", "0000000001234568"],
            ["0", "00", "000000000", "0000000001"],
            ["00000000012", "00000000012\u{0}", "0000000001234567", "0000000001234567890"],
            ["0", "1", "a", "é"],
        ] {
            let keys = cuts.map { Key($0) }.sorted()
            let index = CutKeys(keys)
            for text in texts {
                let expected = keys.count { $0 <= Key(text) }
                #expect(index.count(notAbove: Array(text.utf8).span) == expected, "\(text) \(cuts)")
            }
        }
    }

    @Test func `a folder that cannot be written to is trouble, not a shorter slice`() throws {
        try withFolder { folder in
            var writer = SpoolWriter(directory: "\(folder)/no", ranges: [.all], prefix: "s")
            try writer.add(
                key: [UInt8(0x61)].span, number: 1, fileOffset: 0, group: 0,
                block: [UInt8(0x32)].span, at: 0, count: 1)
            do {
                _ = try writer.finish {}
                Issue.record("written into a folder that is not there")
            } catch let trouble as FileTrouble {
                #expect(trouble.path.hasSuffix("no/s0.slice"))
            }
        }
    }

    @Test func `slices larger than their buffer keep length and checksum`() throws {
        let record = [UInt8](repeating: 0x32, count: 120)
        let count = 3 * CoordinationLimits.spoolBufferBytes.upperBound / 136 + 1
        try withFolder { folder in
            var writer = SpoolWriter(directory: folder, ranges: [.all], prefix: "x-")
            for number in 1...count {
                try writer.add(
                    key: [UInt8(0x61)].span, number: UInt64(number), fileOffset: 0, group: 0,
                    block: record.span, at: 0, count: 120)
            }
            let slice = try #require(try writer.finish {}.first)
            #expect(slice.records == count && slice.bytes == count * 136)
            let content = try read(slice, folder)
            #expect(content.count == count * 136)
            #expect(SpoolRecord.read(content.span, at: (count - 1) * 136)?.number == UInt64(count))
        }
    }

    @Test func `a slice without records is an empty file`() throws {
        try withFolder { folder in
            let writer = SpoolWriter(directory: folder, ranges: ranges, prefix: "s")
            for slice in try writer.finish(breathe: {}) {
                #expect(slice.records == 0 && slice.bytes == 0)
                #expect(try read(slice, folder).isEmpty)
                #expect(try Files.facts("\(folder)/\(slice.file)").bytes == 0)
            }
        }
    }

    private func read(_ slice: WrittenSlice, _ folder: String) throws -> [UInt8] {
        try SpoolFile.read(
            SliceRow(
                slice: 0, range: slice.range, file: slice.file, records: slice.records,
                bytes: slice.bytes, checksum: slice.checksum, staging: ""),
            directory: folder)
    }
}
