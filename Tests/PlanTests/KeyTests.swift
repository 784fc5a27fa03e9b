// Keys compare as bytes; ranges are half-open.

import Plan
import Testing

@Suite struct KeyTests {
    @Test func `keys are ordered by their bytes, shorter ones first`() {
        let texts = ["b", "", "ab", "a", "Z", "é", "a ", "ｶ", "𠮷", "00010", "0001", "aé"]
        let sorted = texts.map { Key($0) }.sorted().map { Array($0.text.utf8) }
        for (left, right) in zip(sorted, sorted.dropFirst()) {
            #expect(left.lexicographicallyPrecedes(right))
        }
        #expect(sorted.first == [])
    }

    @Test func `texts that look the same but have other bytes are other keys`() {
        let composed = Key("\u{E9}")
        let decomposed = Key("e\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(decomposed < composed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test func `a range holds its low and not its high`() {
        #expect(range("b", "d").contains(Key("b")))
        #expect(range("b", "d").contains(Key("czz")))
        #expect(!range("b", "d").contains(Key("d")))
        #expect(!range("b", "d").contains(Key("azz")))
        #expect(range("b", nil).contains(Key("\u{10FFFE}")))
        #expect(KeyRange.all.contains(.lowest))
    }

    @Test(arguments: [
        (range("a", "c"), range("b", "d"), range("b", "c")),
        (range("a", "b"), range("b", "c"), nil),
        (range("b", "c"), range("a", "b"), nil),
        (range("a", nil), range("b", nil), range("b", nil)),
        (range("a", nil), range("", "b"), range("a", "b")),
        (.all, range("b", "c"), range("b", "c")),
        (range("b", "c"), range("b", "c"), range("b", "c")),
    ])
    func `two ranges have in common what both hold`(
        left: KeyRange, right: KeyRange, common: KeyRange?
    ) {
        #expect(left.intersection(right) == common)
        #expect(right.intersection(left) == common)
    }

    @Test func `people see infinities`() {
        #expect(KeyRange.all.description == "[−∞, +∞)")
        #expect(range("0500", "1000").description == "[0500, 1000)")
    }

    @Test func `an empty range cannot be made`() async {
        await #expect(processExitsWith: .failure) { _ = range("a", "a") }
    }

    @Test func `the phases of the night have an order`() {
        #expect(Phase.allCases.sorted() == [.split, .validate, .load, .certify, .publish])
    }
}
