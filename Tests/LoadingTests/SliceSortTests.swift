// Sorting by radix, against the comparing sort.

import Testing

@testable import Loading

@Suite struct SliceSortTests {
    @Test(arguments: [0, 1, 127, 128, 1_000])
    func `words are sorted, and equal ones keep their order`(_ count: Int) {
        var dice = Dice(seed: UInt64(count))
        for mask: UInt64 in [.max, 0xFF, 0x0F00_0000_0000_0100, 0] {
            let words = (0..<count).map { _ in
                UInt64.random(in: 0...UInt64.max, using: &dice) & mask
            }
            let sorted = words.enumerated()
                .sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
                .map { Int32($0.offset) }
            #expect(WordOrder.sorted(words) == sorted)
        }
    }

    @Test func `keys are sorted as bytes, then by their place in the file`() {
        var dice = Dice(seed: 5)
        var keys: [UInt8] = []
        var entries: [SliceEntry] = []
        for number in 0..<400 {
            // A long common beginning, then ends of several lengths, some longer than a word.
            let end = (0..<Int.random(in: 0...12, using: &dice)).map { _ in
                UInt8(ascii: Bool.random(using: &dice) ? "A" : "B")
            }
            let key = Array("MEMBER-".utf8) + end
            entries.append(
                SliceEntry(
                    order: 0, at: 0, count: 0, keyAt: Int32(keys.count),
                    keyCount: Int32(key.count), number: Int64(number), fileOffset: 0,
                    digest: 0, group: 0, isValid: true))
            keys += key
        }
        func text(_ entry: SliceEntry) -> [UInt8] { Array(keys[entry.keyPlace]) }
        let expected = entries.sorted {
            let (left, right) = (text($0), text($1))
            return left == right ? $0.number < $1.number : left.lexicographicallyPrecedes(right)
        }
        SliceRules.sort(&entries, keys: keys)
        #expect(entries.map(\.number) == expected.map(\.number))
    }
}
