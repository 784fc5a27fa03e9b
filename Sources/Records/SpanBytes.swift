// Words and runs of bytes taken out of a span in one piece. The bounds are checked once for the whole
// piece; byte by byte the checks cost more than the work.

extension Span<UInt8> {
    /// Eight bytes, little-endian.
    @inlinable @inline(__always)
    public func littleEndianWord(at index: Int) -> UInt64 {
        precondition(index >= 0 && index &+ 8 <= count, "a word beyond the end")
        return UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromByteOffset: index, as: UInt64.self))
    }

    /// Four bytes, little-endian.
    @inline(__always)
    func littleEndianHalfWord(at index: Int) -> UInt32 {
        precondition(index >= 0 && index &+ 4 <= count, "a word beyond the end")
        return UInt32(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromByteOffset: index, as: UInt32.self))
    }

    /// Eight bytes as a word that stands in the order of bytes, the first one highest; zeros behind
    /// the end.
    @inlinable
    public func orderWord(at start: Int) -> UInt64 {
        if start &+ 8 <= count { return littleEndianWord(at: start).byteSwapped }
        var word: UInt64 = 0
        for place in start..<(start &+ 8) {
            word = word << 8 | (place < count ? UInt64(self[place]) : 0)
        }
        return word
    }

    /// Below, at or above zero as these bytes stand before, at or behind others in the order of bytes.
    @inlinable
    public func order(against other: Span<UInt8>) -> Int {
        let common = Swift.min(count, other.count)
        var index = 0
        while index &+ 8 <= common {
            let left = littleEndianWord(at: index)
            let right = other.littleEndianWord(at: index)
            if left != right { return left.byteSwapped < right.byteSwapped ? -1 : 1 }
            index &+= 8
        }
        while index < common {
            let difference = Int(self[index]) &- Int(other[index])
            if difference != 0 { return difference }
            index &+= 1
        }
        return count &- other.count
    }

    /// How many bytes at the beginning, of so many at most, are those of others.
    @inlinable
    public func commonPrefix(with other: Span<UInt8>, atMost limit: Int) -> Int {
        let common = Swift.min(count, other.count, limit)
        var index = 0
        while index &+ 8 <= common,
            littleEndianWord(at: index) == other.littleEndianWord(at: index)
        {
            index &+= 8
        }
        while index < common, self[index] == other[index] { index &+= 1 }
        return index
    }

    /// Appends all bytes to an array.
    @inline(__always)
    func append(to array: inout [UInt8]) {
        unsafe withUnsafeBufferPointer { unsafe array.append(contentsOf: $0) }
    }
}
