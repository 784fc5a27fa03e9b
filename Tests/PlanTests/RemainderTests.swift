// What is left of a run under another table, and the counts a table is balanced by.

import Plan
import Testing

@Suite struct RemainderTests {
    private var slices: [(slice: Int, range: KeyRange)] {
        [(0, range("", "d")), (1, range("d", nil))]
    }

    @Test func `what is left is where slices and partitions meet, without what is done`() {
        let table = PartitionTable(cutAt: [Key("b"), Key("f")])
        let pieces = Remainder.pieces(
            slices: slices, table: table, done: [range("a", "c"), range("e", "f")])
        #expect(
            pieces == [
                RemainingPiece(slice: 0, partition: 1, range: range("", "a")),
                RemainingPiece(slice: 0, partition: 2, range: range("c", "d")),
                RemainingPiece(slice: 1, partition: 2, range: range("d", "e")),
                RemainingPiece(slice: 1, partition: 3, range: range("f", nil)),
            ])
    }

    @Test func `pieces and done intervals cover the table exactly once`() {
        let done = [range("a", "c"), range("e", "f"), range("m", "p")]
        let table = PartitionTable(cutAt: ["b", "c", "d", "n", "z"].map { Key($0) })
        let pieces = Remainder.pieces(slices: slices, table: table, done: done)
        #expect(
            IntervalSet.coverageFault(pieces.map(\.range) + done, of: .all) == nil)
    }

    @Test func `a boundary inside a done interval moves to its end`() throws {
        let table = PartitionTable(cutAt: ["b", "c", "g"].map { Key($0) })
        let settled = try Remainder.settled(table, done: [range("a", "c"), range("c", "e")])
        #expect(
            settled.table.partitions == [
                Partition(number: 1, range: range("", "c")),
                Partition(number: 3, range: range("c", "g")),
                Partition(number: 4, range: range("g", nil)),
            ])
        #expect(settled.moved.map(\.from) == [Key("b")])
        #expect(settled.moved.map(\.to) == [Key("c")])
    }

    @Test func `a boundary in a done interval without an end leaves the last partition out`() throws
    {
        let settled = try Remainder.settled(
            PartitionTable(cutAt: [Key("b"), Key("x")]), done: [range("m", nil)])
        #expect(
            settled.table.partitions == [
                Partition(number: 1, range: range("", "b")),
                Partition(number: 2, range: range("b", nil)),
            ])
    }

    @Test func `a histogram counts exactly and cuts where the counts are even`() {
        let keys = (0..<1_000).map { number in
            Array(String(10_000 + number * number).utf8)
        }
        var histogram = KeyHistogram(
            bounds: keys.enumerated().filter { $0.offset % 7 == 0 }.map {
                Key(String(decoding: $0.element, as: UTF8.self))
            })
        for key in keys { add(key, bytes: 120, to: &histogram) }
        #expect(histogram.total(of: .all).records == 1_000)
        #expect(histogram.total(of: .all).bytes == 120_000)
        let cuts = histogram.cuts(of: .all, pieces: 4)
        let sizes = SlicePlan.ranges(cutAt: cuts).map { histogram.total(of: $0).records }
        #expect(sizes.count == 4)
        #expect(sizes.allSatisfy { $0 >= 245 && $0 <= 256 }, "\(sizes)")
    }

    @Test func `one key that is everywhere fills a piece of its own and no more`() {
        let bounds = (1...9).map { Key(String($0)) }
        var histogram = KeyHistogram(bounds: bounds)
        for bound in bounds { add(Array(bound.text.utf8), bytes: 1, to: &histogram) }
        for _ in 0..<100 { add(Array("5".utf8), bytes: 1, to: &histogram) }
        let cuts = histogram.cuts(of: .all, pieces: 3)
        #expect(SlicePlan.ranges(cutAt: cuts).count == 3)
        let sizes = SlicePlan.ranges(cutAt: cuts).map { histogram.total(of: $0).records }
        #expect(sizes.reduce(0, +) == 109)
        #expect(sizes.allSatisfy { $0 > 0 })
    }

    private func add(_ key: [UInt8], bytes: Int, to histogram: inout KeyHistogram) {
        let key = Key(String(decoding: key, as: UTF8.self))
        histogram.add(to: histogram.lows.lastIndex { $0 <= key } ?? 0, bytes: bytes)
    }
}
