// The place of a record in a spool slice survives the way there and back, at its extremes too.

import Records
import Testing

@Suite struct SpoolRecordTests {
    private struct Case: Equatable {
        var number: UInt64
        var fileOffset: UInt64
        var group: Int
        var bytes: [UInt8]
    }

    private let cases = [
        Case(number: 1, fileOffset: 0, group: 0, bytes: [0x32]),
        Case(
            number: SpoolRecord.recordNumberMax, fileOffset: SpoolRecord.fileOffsetMax,
            group: ContractLimits.groupsMax, bytes: [UInt8](repeating: 0xFF, count: 120)),
        Case(number: 2, fileOffset: 1, group: 1, bytes: []),
        Case(
            number: 1 << 39, fileOffset: 1 << 47, group: 1 << 15,
            bytes: [UInt8](repeating: 0, count: ContractLimits.recordBytesMax)),
        Case(
            number: 0xAB_CDEF_0123, fileOffset: 0x1234_5678_9ABC, group: 0xDEF0, bytes: [1, 2, 3]),
    ]

    private func slice() -> [UInt8] {
        var slice: [UInt8] = []
        for one in cases {
            // A byte before and behind the record, which must not come along.
            let block = [0xEE] + one.bytes + [0xEE]
            SpoolRecord.append(
                number: one.number, fileOffset: one.fileOffset, group: one.group,
                bytes: block.span, from: 1, count: one.bytes.count, to: &slice)
        }
        return slice
    }

    @Test func `every place and every byte comes back`() throws {
        let slice = slice()
        var offset = 0
        for one in cases {
            let read = SpoolRecord.read(slice.span, at: offset)
            let place = try #require(read)
            let found = Case(
                number: place.number, fileOffset: place.fileOffset, group: place.group,
                bytes: Array(slice[place.at..<place.next]))
            #expect(found == one)
            #expect(place.at == offset + SpoolRecord.headerBytes)
            #expect(place.count == one.bytes.count)
            offset = place.next
        }
        #expect(offset == slice.count)
        let behind = SpoolRecord.read(slice.span, at: offset)
        #expect(behind == nil)
    }

    @Test func `a slice that ends inside a place or a record gives nothing`() {
        var slice: [UInt8] = []
        let record = [UInt8](repeating: 7, count: 120)
        SpoolRecord.append(
            number: 1, fileOffset: 0, group: 0, bytes: record.span, from: 0, count: 120,
            to: &slice)
        for length in 0..<slice.count {
            let cut = SpoolRecord.read(slice.span.extracting(0..<length), at: 0)
            #expect(cut == nil)
        }
        let whole = SpoolRecord.read(slice.span, at: 0)
        #expect(whole?.count == 120)
        let before = SpoolRecord.read(slice.span, at: -1)
        #expect(before == nil)
    }

    @Test func `the file's layout is little-endian: length and number, group and offset`() {
        var slice: [UInt8] = []
        SpoolRecord.append(
            number: 0x01_0203_0405, fileOffset: 0x1112_1314_1516, group: 0x2122,
            bytes: ([9] as [UInt8]).span, from: 0, count: 1, to: &slice)
        #expect(
            slice == [
                0x01, 0x00, 0x00, 0x05, 0x04, 0x03, 0x02, 0x01, 0x22, 0x21, 0x16, 0x15, 0x14,
                0x13, 0x12, 0x11, 9,
            ])
    }
}
