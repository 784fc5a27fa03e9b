// The records of a slice in key order.

import Records

extension SliceRules {
    /// Sorts by key image, then by place in the file; the entries come in the order of the file.
    ///
    /// Keys of one slice share a long prefix (zero-filled numbers), so the eight bytes behind it
    /// decide nearly every comparison: they are sorted as words, byte by byte from the last, and
    /// only entries whose words are equal are compared as a whole.
    static func sort(_ entries: inout [SliceEntry], keys: [UInt8]) {
        setOrder(&entries, keys: keys)
        entries = WordOrder.sorted(entries.map(\.order)).map { entries[Int($0)] }
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].order == entries[start].order { end += 1 }
            if end - start > 1 {
                entries[start..<end].sort { left, right in
                    let difference = compare(left, right, keys)
                    return difference == 0 ? left.number < right.number : difference < 0
                }
            }
            start = end
        }
    }

    /// By key image, then by place in the file.
    @inline(__always)
    static func isBefore(_ left: SliceEntry, _ right: SliceEntry, _ keys: [UInt8]) -> Bool {
        if left.order != right.order { return left.order < right.order }
        let difference = compare(left, right, keys)
        return difference == 0 ? left.number < right.number : difference < 0
    }

    /// Notes the bytes of every key behind the prefix that all keys share.
    static func setOrder(_ entries: inout [SliceEntry], keys: [UInt8]) {
        guard let first = entries.first else { return }
        let bytes = keys.span
        let firstKey = bytes.extracting(first.keyPlace)
        var shared = firstKey.count
        for entry in entries {
            shared = firstKey.commonPrefix(
                with: bytes.extracting(entry.keyPlace), atMost: shared)
        }
        for index in entries.indices {
            let key = bytes.extracting(entries[index].keyPlace)
            entries[index].order = key.orderWord(at: shared)
        }
    }

    /// Whether two entries have different keys; the eight bytes behind the shared prefix mostly tell.
    @inline(__always)
    static func differ(_ left: SliceEntry, _ right: SliceEntry, _ keys: [UInt8]) -> Bool {
        left.order != right.order || compare(left, right, keys) != 0
    }

    /// Below, at or above zero as the left key is below, equal to or above the right one.
    @inline(__always)
    static func compare(_ left: SliceEntry, _ right: SliceEntry, _ keys: [UInt8]) -> Int {
        let bytes = keys.span
        return bytes.extracting(left.keyPlace).order(
            against: bytes.extracting(right.keyPlace))
    }
}

extension SliceEntry {
    /// Where the key image is in the arena of keys.
    @inline(__always)
    var keyPlace: Range<Int> { Int(keyAt)..<Int(keyAt + keyCount) }
}

/// Sorts words; equal ones keep their order.
enum WordOrder {
    /// Words below which a comparing sort is as fast as the passes over 256 counters.
    private static let radixLeast = 128

    /// The indexes of the words in ascending order of the words.
    ///
    /// Radix sort from the lowest byte (Knuth, TAOCP 3, 5.2.5); bytes that are the same in all words
    /// are left out.
    static func sorted(_ words: [UInt64]) -> [Int32] {
        var order = words.indices.map { Int32($0) }
        guard words.count >= radixLeast else {
            return order.sorted { left, right in
                let (a, b) = (words[Int(left)], words[Int(right)])
                return a == b ? left < right : a < b
            }
        }
        let different = words.reduce(0) { $0 | ($1 ^ words[0]) }
        var moved = order
        for shift in stride(from: UInt64(0), to: 64, by: 8) where different >> shift & 0xFF != 0 {
            pass(words, shift, from: order, to: &moved)
            swap(&order, &moved)
        }
        return order
    }

    /// One stable pass by one byte.
    private static func pass(
        _ words: [UInt64], _ shift: UInt64, from order: [Int32], to moved: inout [Int32]
    ) {
        var places = [Int](repeating: 0, count: 257)
        for word in words { places[Int(word &>> shift & 0xFF) &+ 1] &+= 1 }
        for byte in 1...256 { places[byte] &+= places[byte &- 1] }
        for index in order {
            let byte = Int(words[Int(index)] &>> shift & 0xFF)
            moved[places[byte]] = index
            places[byte] &+= 1
        }
    }
}
