// Spool slices on disk: records are put into the slice of their key, in constant memory.

import Messaging
import Plan
import Records
import Synchronization

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
        key: Span<UInt8>, number: UInt64, fileOffset: UInt64, group: Int, block: Span<UInt8>,
        at: Int, count: Int
    ) throws
}

/// Writes records into slices by key range.
///
/// Full buffers are hashed and written by a second thread, while the caller reads on.
struct SpoolWriter: ~Copyable, RecordSink {
    private let ranges: [KeyRange]
    /// Lowest keys of all slices but the first, as bytes.
    private let cuts: CutKeys
    private var buffers: [[UInt8]]
    private var records: [Int64]
    private let files: SpoolFiles
    private let writing: SecondThread
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
        self.ranges = ranges
        cuts = CutKeys(ranges.dropFirst().map(\.low))
        buffers = [[UInt8]](repeating: [], count: ranges.count)
        records = [Int64](repeating: 0, count: ranges.count)
        self.files = SpoolFiles(directory: directory, files: files)
        writing = SecondThread("spool", piecesMax: CoordinationLimits.spoolBuffersWaiting)
        let share =
            CoordinationLimits.spoolBuffersBytes
            / (ranges.count + CoordinationLimits.spoolBuffersWaiting)
        let bounds = CoordinationLimits.spoolBufferBytes
        bufferBytes = min(max(share, bounds.lowerBound), bounds.upperBound)
    }

    // Nothing is written into a folder that is given up.
    deinit { writing.wait() }

    /// Adds a record; an empty key image (unreadable) goes to the first slice.
    mutating func add(
        key: Span<UInt8>, number: UInt64, fileOffset: UInt64, group: Int, block: Span<UInt8>,
        at: Int, count: Int
    ) throws {
        let slice = cuts.count(notAbove: key)
        SpoolRecord.append(
            number: number, fileOffset: fileOffset, group: group, bytes: block, from: at,
            count: count, to: &buffers[slice])
        records[slice] &+= 1
        if buffers[slice].count >= bufferBytes { try flush(slice) }
    }

    private mutating func flush(_ slice: Int) throws {
        // Handed over, not shared: whoever has it alone can empty it and fill it again.
        var buffer = files.spareBuffer()
        swap(&buffer, &buffers[slice])
        files.put(buffer, for: slice)
        buffer = []
        try writing.add { [files] in try files.writeNext() }
    }

    /// Writes and syncs what is left; the slices as they are on disk.
    consuming func finish(breathe: () throws -> Void) throws -> [WrittenSlice] {
        for slice in ranges.indices where !buffers[slice].isEmpty { try flush(slice) }
        try writing.finish()
        var written: [WrittenSlice] = []
        for slice in ranges.indices {
            let (file, bytes, checksum) = try files.sync(slice)
            written.append(
                WrittenSlice(
                    range: ranges[slice], file: file, records: records[slice], bytes: bytes,
                    checksum: checksum))
            try breathe()
        }
        return written
    }
}

/// The slices' files: written by one thread at a time.
private final class SpoolFiles: Sendable {
    private struct State {
        var hashes: [XXHash64]
        var bytes: [Int64]
        /// Full buffers in the order they came.
        var full: [(slice: Int, buffer: [UInt8])] = []
        /// Emptied buffers, to be filled again.
        var spare: [[UInt8]] = []
    }

    private let directory: String
    private let files: [String]
    private let state: Mutex<State>

    init(directory: String, files: [String]) {
        self.directory = directory
        self.files = files
        state = Mutex(
            State(
                hashes: [XXHash64](repeating: XXHash64(), count: files.count),
                bytes: [Int64](repeating: 0, count: files.count)))
    }

    /// An empty buffer, one that was written if there is one.
    func spareBuffer() -> [UInt8] { state.withLock { $0.spare.popLast() } ?? [] }

    /// Takes a full buffer, to be written by ``writeNext()``.
    func put(_ buffer: consuming [UInt8], for slice: Int) {
        let buffer = buffer
        state.withLock { $0.full.append((slice, buffer)) }
    }

    /// Appends the first of the full buffers to its slice's file.
    func writeNext() throws {
        var (slice, buffer) = state.withLock { $0.full.removeFirst() }
        let file = try open(slice)
        try file.write(buffer.span)
        var hash = state.withLock { $0.hashes[slice] }
        hash.update(buffer.span)
        // What the disk has begun to write while the split goes on, `sync` need not wait for.
        file.beginWriteback(at: state.withLock { $0.bytes[slice] }, count: Int64(buffer.count))
        try Failpoint.spoolBlockWritten.pass()
        let count = Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
        state.withLock {
            $0.hashes[slice] = hash
            $0.bytes[slice] += count
            $0.spare.append(buffer)
        }
    }

    /// Has the disk keep a slice's file, and tells what it is.
    func sync(_ slice: Int) throws -> (file: String, bytes: Int64, checksum: UInt64) {
        let file = try open(slice)
        try file.sync()
        return state.withLock { (files[slice], $0.bytes[slice], $0.hashes[slice].finish()) }
    }

    private func open(_ slice: Int) throws -> Descriptor {
        try Files.openForWriting("\(directory)/\(files[slice])", append: true)
    }
}

/// The keys at which slices are cut: every record is looked up.
struct CutKeys {
    /// What all cuts begin with.
    private var prefix: [UInt8] = []
    /// Eight bytes of each behind it, which mostly tell.
    private var words: [UInt64] = []
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]

    /// - Parameter keys: In ascending order.
    init(_ keys: [Key]) {
        guard let first = keys.first, let last = keys.last else { return }
        let (low, high) = (Array(first.text.utf8), Array(last.text.utf8))
        prefix = Array(low.prefix(low.span.commonPrefix(with: high.span, atMost: low.count)))
        for key in keys {
            bytes.append(contentsOf: key.text.utf8)
            words.append(
                bytes.span.extracting((ends.last ?? 0)...).orderWord(at: prefix.count))
            ends.append(bytes.count)
        }
    }

    /// How many cuts are not above a key image, which is the number of its slice.
    func count(notAbove key: Span<UInt8>) -> Int {
        let prefix = prefix.span
        guard key.commonPrefix(with: prefix, atMost: prefix.count) == prefix.count else {
            return key.order(against: prefix) < 0 ? 0 : words.count
        }
        let word = key.orderWord(at: prefix.count)
        let words = words.span
        var low = 0
        var high = words.count
        while low < high {
            let middle = (low &+ high) / 2
            let isAbove =
                words[middle] == word ? order(key, middle) < 0 : word < words[middle]
            if isAbove { high = middle } else { low = middle &+ 1 }
        }
        return low
    }

    private func order(_ key: Span<UInt8>, _ cut: Int) -> Int {
        key.order(against: bytes.span.extracting(ends[cut]..<ends[cut + 1]))
    }
}
