// Words and runs of bytes, against the same done byte by byte.

import Testing

@testable import Records

@Suite struct SpanBytesTests {
    /// Short texts of two letters, so that many begin alike.
    private func texts() -> [[UInt8]] {
        var random = Seeded(state: 8)
        return (0..<60).map { _ in
            (0..<Int.random(in: 0...20, using: &random)).map { _ in
                Int.random(in: 0..<9, using: &random) == 0 ? 0xB1 : 0x30
            }
        }
    }

    @Test func `bytes stand in the order of their arrays`() {
        for left in texts() {
            for right in texts() {
                let order = left.span.order(against: right.span)
                #expect((order < 0) == left.lexicographicallyPrecedes(right))
                #expect((order == 0) == (left == right))
            }
        }
    }

    @Test func `a common beginning ends at the first difference, the shorter end or the limit`() {
        for left in texts() {
            for right in texts() {
                let common = zip(left, right).prefix { $0 == $1 }.count
                for limit in [0, 3, 8, 9, 40] {
                    let found = left.span.commonPrefix(with: right.span, atMost: limit)
                    #expect(found == min(common, limit))
                }
            }
        }
    }

    @Test func `integers and bytes are put out in order`() {
        var bytes: [UInt8] = [9]
        let more: [UInt8] = [7, 8]
        let none: [UInt8] = []
        bytes.append(addingCapacity: 16) { output in
            output.append(bigEndian: UInt16(0x0102))
            output.append(littleEndian: UInt32(0x0403_0201))
            output.append(contentsOf: more.span)
            output.append(contentsOf: none.span)
        }
        #expect(bytes == [9, 1, 2, 1, 2, 3, 4, 7, 8])
    }

    @Test func `a set holds what was put into it`() {
        var set = ByteSet()
        for byte: UInt8 in [0, 63, 64, 127, 128, 255] { set.insert(byte) }
        let held = (UInt8.min...UInt8.max).filter { set.contains($0) }
        #expect(held == [0, 63, 64, 127, 128, 255])
    }
}
