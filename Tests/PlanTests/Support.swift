// What the tests of this module share: a seeded generator, short ranges, a small space of keys.

import Plan

/// SplitMix64, so that a failing case comes back with its seed.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// `[low, high)`; nil: no upper bound.
func range(_ low: String, _ high: String?) -> KeyRange {
    KeyRange(low: Key(low), high: high.map { Key($0) })
}

/// A handful of keys, prefixes of one another among them.
///
/// Ranges between them are sets of cells: cell `n` holds the keys from bound `n` up to the next
/// bound, the last has no end.
enum SmallSpace {
    static let bounds = ["", "a", "aa", "ab", "b", "bb", "é", "ｶ", "𠮷"].map { Key($0) }

    static func range(_ cells: Range<Int>) -> KeyRange {
        KeyRange(
            low: bounds[cells.lowerBound],
            high: cells.upperBound < bounds.count ? bounds[cells.upperBound] : nil)
    }

    static func anyCells(_ dice: inout Dice) -> Range<Int> {
        let low = Int.random(in: 0..<bounds.count, using: &dice)
        return low..<Int.random(in: (low + 1)...bounds.count, using: &dice)
    }

    /// The canonical ranges of a set of cells: sorted, disjoint, as long as possible.
    static func ranges(_ cells: Set<Int>) -> [KeyRange] {
        var found: [KeyRange] = []
        var start: Int?
        for cell in 0...bounds.count {
            if cells.contains(cell) {
                start = start ?? cell
            } else if let low = start {
                found.append(range(low..<cell))
                start = nil
            }
        }
        return found
    }
}
