// Interval arithmetic against sets of cells, over a small space of keys.

import Plan
import Testing

@Suite struct IntervalSetTests {
    private func draw(_ dice: inout Dice) -> [Range<Int>] {
        (0..<Int.random(in: 0...6, using: &dice)).map { _ in SmallSpace.anyCells(&dice) }
    }

    @Test(arguments: 0..<400 as Range<UInt64>)
    func `union and difference are those of sets`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let (left, right) = (draw(&dice), draw(&dice))
        let (leftCells, rightCells) = (Set(left.joined()), Set(right.joined()))
        let planned = IntervalSet(left.map(SmallSpace.range))
        let done = IntervalSet(right.map(SmallSpace.range))

        #expect(planned.ranges == SmallSpace.ranges(leftCells))
        #expect(planned.isEmpty == leftCells.isEmpty)
        #expect(
            planned.subtracting(done).ranges
                == SmallSpace.ranges(leftCells.subtracting(rightCells)))
        #expect(
            IntervalSet((left + right).shuffled(using: &dice).map(SmallSpace.range)).ranges
                == SmallSpace.ranges(leftCells.union(rightCells)))
    }

    @Test(arguments: 0..<400 as Range<UInt64>)
    func `coverage holds exactly when every cell is there once and none outside`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let whole = SmallSpace.anyCells(&dice)
        // Half of the lists begin as a true covering, so that both verdicts are met.
        var pieces: [Range<Int>] = []
        if Bool.random(using: &dice) {
            var low = whole.lowerBound
            while low < whole.upperBound {
                let high = Int.random(in: (low + 1)...whole.upperBound, using: &dice)
                pieces.append(low..<high)
                low = high
            }
            if Int.random(in: 0..<4, using: &dice) == 0 { pieces.removeLast() }
            if Int.random(in: 0..<4, using: &dice) == 0 {
                pieces.append(SmallSpace.anyCells(&dice))
            }
        } else {
            pieces = draw(&dice)
        }
        var counts: [Int: Int] = [:]
        for cell in pieces.joined() { counts[cell, default: 0] += 1 }
        let expected = Dictionary(uniqueKeysWithValues: whole.map { ($0, 1) })

        let fault = IntervalSet.coverageFault(
            pieces.shuffled(using: &dice).map(SmallSpace.range), of: SmallSpace.range(whole))
        #expect((fault == nil) == (counts == expected), "\(pieces) of \(whole)")
    }

    @Test func `a fault of coverage names the place`() {
        let whole = range("a", "z")
        #expect(
            IntervalSet.coverageFault([range("a", "c"), range("d", "z")], of: whole)
                == "no interval covers [c, d)")
        #expect(
            IntervalSet.coverageFault([range("a", "c")], of: whole) == "no interval covers [c, z)")
        #expect(
            IntervalSet.coverageFault([range("a", "d"), range("c", "z")], of: whole)
                == "[c, z) overlaps the range before it")
        #expect(
            IntervalSet.coverageFault([range("a", nil)], of: whole)
                == "an interval reaches beyond [a, z)")
        #expect(IntervalSet.coverageFault([], of: .all) == "no interval covers [−∞, +∞)")
    }
}
