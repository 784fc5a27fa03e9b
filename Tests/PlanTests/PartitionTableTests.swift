// Partition tables: what lint refuses, where keys belong, where samples are cut.

import Plan
import Testing

@Suite struct PartitionTableTests {
    private func table(_ ranges: [KeyRange]) -> [Partition] {
        ranges.enumerated().map { Partition(number: $0 + 1, range: $1) }
    }

    @Test func `gaps, overlaps, and numbers given twice are all reported`() {
        let list = [
            Partition(number: 1, range: range("", "b")),
            Partition(number: 2, range: range("c", "e")),
            Partition(number: 2, range: range("d", nil)),
        ]
        #expect(
            PartitionTable.faults(of: list.reversed()) == [
                .numberTwice(2), .gap(after: 1, before: 2, from: Key("b"), to: Key("c")),
                .overlap(2, 2, from: Key("d")),
            ])
        #expect(throws: PartitionTable.Fault.numberTwice(2)) { try PartitionTable(list) }
        #expect(PartitionTable.faults(of: []) == [.empty])
        let many = PartitionTable(cutAt: (1...1_000).map { Key("\(10_000 + $0)") }).partitions
        #expect(PartitionTable.faults(of: many) == [.tooMany(count: 1_001)])
    }

    @Test func `keys inside a wide partition are no gap behind a narrow one in it`() {
        let list = table([range("", "z"), range("b", "c"), range("d", "e"), range("z", nil)])
        #expect(
            PartitionTable.faults(of: list) == [
                .overlap(1, 2, from: Key("b")), .overlap(1, 3, from: Key("d")),
            ])
    }

    @Test(arguments: 0..<400 as Range<UInt64>)
    func `a table stands exactly when its partitions lie side by side`(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        var cells: [Range<Int>] = []
        var low = Int.random(in: 0..<3, using: &dice)
        while low < SmallSpace.bounds.count, cells.count < 4 {
            let high = Int.random(in: (low + 1)...SmallSpace.bounds.count, using: &dice)
            cells.append(low..<high)
            low = high
        }
        if Bool.random(using: &dice) { cells.append(SmallSpace.anyCells(&dice)) }
        if Bool.random(using: &dice), cells.count > 1 {
            cells.remove(at: Int.random(in: 0..<cells.count, using: &dice))
        }
        cells.shuffle(using: &dice)
        var counts: [Int: Int] = [:]
        for cell in cells.joined() { counts[cell, default: 0] += 1 }
        let covered = counts.keys.sorted()
        let stands =
            counts.values.allSatisfy { $0 == 1 }
            && zip(covered, covered.dropFirst()).allSatisfy { $0 + 1 == $1 }

        let list = table(cells.map(SmallSpace.range))
        #expect(PartitionTable.faults(of: list).isEmpty == stands, "\(cells)")
        for case .gap(_, _, let from, let to) in PartitionTable.faults(of: list) {
            let hole = KeyRange(low: from, high: to)
            #expect(list.allSatisfy { $0.range.intersection(hole) == nil }, "\(cells)")
        }
        guard stands else { return }
        let made = try PartitionTable(list)
        for key in SmallSpace.bounds + ["aaa", "zz", "\u{10FFFE}"].map({ Key($0) }) {
            #expect(made.partition(of: key) == list.first { $0.range.contains(key) })
        }
        #expect(made.span == SmallSpace.ranges(Set(covered)).first)
    }

    @Test func `cuts are put in order and equal ones count once`() {
        let made = PartitionTable(cutAt: ["m", "c", "m", "", "x"].map { Key($0) })
        #expect(
            made.partitions
                == table([range("", "c"), range("c", "m"), range("m", "x"), range("x", nil)]))
        #expect(PartitionTable.faults(of: made.partitions).isEmpty)
        #expect(PartitionTable(cutAt: []) == .single)
        #expect(PartitionTable.single.span == .all)
    }

    @Test func `a key outside an explicit table belongs to no partition`() throws {
        let made = try PartitionTable(table([range("0100", "0500"), range("0500", "0900")]))
        #expect(made.partition(of: Key("0099")) == nil)
        #expect(made.partition(of: Key("0100"))?.number == 1)
        #expect(made.partition(of: Key("0500"))?.number == 2)
        #expect(made.partition(of: Key("0900")) == nil)
    }
}

@Suite struct SlicePlanTests {
    private func keys(_ numbers: some Sequence<Int>) -> [Key] {
        numbers.map { Key(String(100_000 + $0)) }
    }

    @Test(arguments: [(10, 10), (1_000, 7), (5_000, 64)])
    func `even keys are cut into about equal pieces`(count: Int, pieces: Int) {
        var dice = Dice(seed: 1)
        let cuts = SlicePlan.cuts(sample: keys(0..<count).shuffled(using: &dice), pieces: pieces)
        #expect(cuts.count == pieces - 1)
        let ranges = SlicePlan.ranges(cutAt: cuts)
        #expect(IntervalSet.coverageFault(ranges, of: .all) == nil)
        for range in ranges {
            let held = keys(0..<count).count { range.contains($0) }
            #expect(abs(held - count / pieces) <= 1)
        }
    }

    @Test func `one frequent key makes fewer pieces, never an empty one`() {
        let sample = keys(Array(repeating: 5, count: 900) + Array(0..<100))
        let cuts = SlicePlan.cuts(sample: sample, pieces: 10)
        #expect(cuts == cuts.sorted() && Set(cuts).count == cuts.count)
        #expect(cuts.count < 9)
        for range in SlicePlan.ranges(cutAt: cuts) {
            #expect(sample.contains { range.contains($0) })
        }
        #expect(SlicePlan.cuts(sample: keys(Array(repeating: 5, count: 900)), pieces: 4) == [])
    }

    @Test func `slices hold what is wanted, and grow when there would be too many`() {
        let sample = keys(0..<64_000)
        #expect(SlicePlan.cuts(sample: sample, records: 1_000, sliceRecords: 1_000).isEmpty)
        #expect(SlicePlan.cuts(sample: sample, records: 1_001, sliceRecords: 1_000).count == 1)
        #expect(
            SlicePlan.cuts(sample: sample, records: 50_000_000, sliceRecords: 1_000).count
                == SlicePlan.slicesMax - 1)
        #expect(SlicePlan.cuts(sample: [], records: 0, sliceRecords: 1_000).isEmpty)
    }
}
