// Words and runs of bytes put out in one piece, into room that was asked for once.

extension OutputSpan<UInt8> {
    /// Appends an integer, its highest byte first; a precondition failure when there is no room.
    @inlinable @inline(__always)
    public mutating func append<Word: FixedWidthInteger & BitwiseCopyable>(bigEndian word: Word) {
        append(asItIs: word.bigEndian)
    }

    /// Appends an integer, its lowest byte first; a precondition failure when there is no room.
    @inlinable @inline(__always)
    public mutating func append<Word: FixedWidthInteger & BitwiseCopyable>(
        littleEndian word: Word
    ) {
        append(asItIs: word.littleEndian)
    }

    @inlinable @inline(__always)
    mutating func append<Word: BitwiseCopyable>(asItIs word: Word) {
        let size = MemoryLayout<Word>.size
        precondition(freeCapacity >= size, "no room for \(size) bytes")
        unsafe withUnsafeMutableBufferPointer { buffer, count in
            unsafe UnsafeMutableRawBufferPointer(buffer).storeBytes(
                of: word, toByteOffset: count, as: Word.self)
            count &+= size
        }
    }

    /// Appends bytes; a precondition failure when there is no room.
    @inlinable @inline(__always)
    public mutating func append(contentsOf bytes: Span<UInt8>) {
        precondition(freeCapacity >= bytes.count, "no room for \(bytes.count) bytes")
        guard !bytes.isEmpty else { return }
        unsafe withUnsafeMutableBufferPointer { buffer, count in
            unsafe bytes.withUnsafeBytes { source in
                let place = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                unsafe place.copyMemory(from: source)
            }
            count &+= bytes.count
        }
    }
}
