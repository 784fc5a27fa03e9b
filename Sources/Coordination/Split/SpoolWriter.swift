// Spool slices on disk: records are put into the slice of their key, in constant memory.

import Messaging
import Plan
import Records

/// One slice as written.
struct WrittenSlice {
    var range: KeyRange
    var file: String
    var records: Int64
    var bytes: Int64
    var checksum: UInt64
}

/// Takes the data records of one pass over the input, in file order.
protocol RecordSink: ~Copyable {
    /// Takes a record; an empty key image is an unreadable key.
    mutating func add(
        key: [UInt8], number: UInt64, fileOffset: UInt64, group: Int, block: Span<UInt8>, at: Int,
        count: Int
    ) throws
}

/// Writes records into slices by key range.
struct SpoolWriter: ~Copyable, RecordSink {
    private let directory: String
    private let ranges: [KeyRange]
    /// Lowest keys of all slices but the first, as bytes.
    private let cuts: CutKeys
    private var buffers: [[UInt8]]
    private var hashes: [XXHash64]
    private var records: [Int64]
    private var bytes: [Int64]
    private let files: [String]
    private let bufferBytes: Int

    /// - Parameters:
    ///   - ranges: Adjacent ranges in order; a key below the first belongs to the first.
    ///   - prefix: Makes the files' names unique in the directory.
    init(directory: String, ranges: [KeyRange], prefix: String) {
        self.init(
            directory: directory, ranges: ranges,
            files: ranges.indices.map { "\(prefix)\($0).slice" })
    }

    /// - Parameter files: The name of every slice's file.
    init(directory: String, ranges: [KeyRange], files: [String]) {
        self.directory = directory
        self.ranges = ranges
        cuts = CutKeys(ranges.dropFirst().map(\.low))
        buffers = [[UInt8]](repeating: [], count: ranges.count)
        hashes = [XXHash64](repeating: XXHash64(), count: ranges.count)
        records = [Int64](repeating: 0, count: ranges.count)
        bytes = [Int64](repeating: 0, count: ranges.count)
        self.files = files
        let share = CoordinationLimits.spoolBuffersBytes / ranges.count
        let bounds = CoordinationLimits.spoolBufferBytes
        bufferBytes = min(max(share, bounds.lowerBound), bounds.upperBound)
    }

    /// Adds a record; an empty key image (unreadable) goes to the first slice.
    mutating func add(
        key: [UInt8], number: UInt64, fileOffset: UInt64, group: Int, block: Span<UInt8>, at: Int,
        count: Int
    ) throws {
        let slice = cuts.count(notAbove: key.span)
        SpoolRecord.append(
            number: number, fileOffset: fileOffset, group: group, bytes: block, from: at,
            count: count, to: &buffers[slice])
        records[slice] &+= 1
        if buffers[slice].count >= bufferBytes { try flush(slice) }
    }

    private mutating func flush(_ slice: Int) throws {
        guard !buffers[slice].isEmpty else { return }
        // Swapped out and back, so that the buffer is neither copied nor allocated anew.
        var buffer: [UInt8] = []
        swap(&buffer, &buffers[slice])
        hashes[slice].update(buffer.span)
        let file = try Files.openForWriting("\(directory)/\(files[slice])", append: true)
        try file.write(buffer.span)
        // What the disk has begun to write while the split goes on, `finish` need not wait for.
        file.beginWriteback(at: bytes[slice], count: Int64(buffer.count))
        try Failpoint.spoolBlockWritten.pass()
        bytes[slice] += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
        swap(&buffer, &buffers[slice])
    }

    /// Writes and syncs what is left; the slices as they are on disk.
    consuming func finish(breathe: () throws -> Void) throws -> [WrittenSlice] {
        var written: [WrittenSlice] = []
        for slice in ranges.indices {
            try flush(slice)
            buffers[slice] = []
            let file = try Files.openForWriting("\(directory)/\(files[slice])", append: true)
            try file.sync()
            written.append(
                WrittenSlice(
                    range: ranges[slice], file: files[slice], records: records[slice],
                    bytes: bytes[slice], checksum: hashes[slice].finish()))
            try breathe()
        }
        return written
    }
}

/// The keys at which slices are cut, one after the other in one array: every record is looked up.
struct CutKeys {
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]

    /// - Parameter keys: In ascending order.
    init(_ keys: [Key]) {
        for key in keys {
            bytes.append(contentsOf: key.text.utf8)
            ends.append(bytes.count)
        }
    }

    /// How many cuts are not above a key image, which is the number of its slice.
    func count(notAbove key: Span<UInt8>) -> Int {
        let bytes = bytes.span
        let ends = ends.span
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            let cut = bytes.extracting(ends[middle]..<ends[middle + 1])
            if key.order(against: cut) < 0 { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
