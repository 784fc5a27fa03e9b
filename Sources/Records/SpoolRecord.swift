// How a data record travels from the splitter to a worker: its bytes, and where it stood.

/// One record of a spool slice: 16 bytes of place, then the record as it was in the file.
///
/// Two little-endian words: record number (40 bits) and length (24 bits), then file offset
/// (48 bits) and header group (16 bits).
public struct SpoolRecord: Sendable, Equatable {
    /// Bytes before the record's own.
    public static let headerBytes = 16
    /// 2^40 − 1 records, about 130 TB of Zengin.
    public static let recordNumberMax: UInt64 = 1 << 40 - 1
    /// 2^48 − 1 bytes.
    public static let fileOffsetMax: UInt64 = 1 << 48 - 1

    /// 1-based number of the physical record in the file.
    public var number: UInt64
    /// 0-based offset of the record's first byte in the file.
    public var fileOffset: UInt64
    /// 0-based number of its header group.
    public var group: Int
    /// Where the record's bytes begin in the slice.
    public var at: Int
    /// The record's length in bytes.
    public var count: Int

    /// Where the next record's place begins.
    public var next: Int { at + count }

    /// Appends a record and its place to a slice.
    @inline(__always)
    public static func append(
        number: UInt64, fileOffset: UInt64, group: Int, bytes: Span<UInt8>, from at: Int,
        count: Int, to slice: inout [UInt8]
    ) {
        let first = number << 24 | UInt64(count)
        let second = fileOffset << 16 | UInt64(group)
        let record = bytes.extracting(at..<(at + count))
        slice.append(addingCapacity: headerBytes + count) { output in
            output.append(littleEndian: first)
            output.append(littleEndian: second)
            output.append(contentsOf: record)
        }
    }

    /// Reads the place at `offset`; nil: the slice ends inside it or inside the record.
    @inline(__always)
    public static func read(_ slice: Span<UInt8>, at offset: Int) -> SpoolRecord? {
        guard offset >= 0, slice.count - offset >= headerBytes else { return nil }
        let first = slice.littleEndianWord(at: offset)
        let second = slice.littleEndianWord(at: offset + 8)
        let count = Int(first & 0xFF_FFFF)
        guard slice.count - offset - headerBytes >= count else { return nil }
        return SpoolRecord(
            number: first >> 24, fileOffset: second >> 16, group: Int(second & 0xFFFF),
            at: offset + headerBytes, count: count)
    }
}
