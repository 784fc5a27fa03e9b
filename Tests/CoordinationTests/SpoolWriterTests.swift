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
                    key: Array(key.utf8), number: UInt64(number + 1),
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

    @Test func `slices larger than their buffer keep length and checksum`() throws {
        let record = [UInt8](repeating: 0x32, count: 120)
        let count = 3 * CoordinationLimits.spoolBufferBytes.upperBound / 136 + 1
        try withFolder { folder in
            var writer = SpoolWriter(directory: folder, ranges: [.all], prefix: "x-")
            for number in 1...count {
                try writer.add(
                    key: [0x61], number: UInt64(number), fileOffset: 0, group: 0,
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
