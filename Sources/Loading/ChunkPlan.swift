// Cuts the rows of a slice into load chunks, in key order: at partition boundaries, and after so
// many rows, but never between equal keys (PROTOCOL 2).

import Ledger
import Plan

/// The chunks of a slice as its rows are added to them.
struct ChunkPlan {
    private let commitInterval: Int
    private let end: Key?
    /// Partition boundaries inside the slice that are still ahead.
    private var boundaries: ArraySlice<Key>
    private var chunks: [ChunkPromise] = []
    private var chunk: ChunkPromise

    /// Nothing yet in a slice's range.
    ///
    /// - Parameter loaded: Ranges of the slice that are loaded already, maybe under another
    ///   partition table or commit interval: claims go on from where they end.
    init(
        range: KeyRange, partitions: PartitionTable, loaded: [KeyRange] = [], commitInterval: Int
    ) {
        self.commitInterval = commitInterval
        end = range.high
        var cuts = partitions.partitions.map(\.range.low)
        if let end = partitions.span.high { cuts.append(end) }
        cuts += loaded.flatMap { [$0.low] + ($0.high.map { [$0] } ?? []) }
        boundaries = Set(cuts).filter { $0 > range.low && range.contains($0) }.sorted()[...]
        chunk = ChunkPromise(low: range.low.text, high: nil, rows: 0, digest: 0, depth: 1)
    }

    /// Adds a row, which is not below the one before it.
    ///
    /// - Parameters:
    ///   - isNewKey: The row before has another key.
    ///   - depth: The row's place among the rows for its target row, from 1.
    ///   - reaches: Whether the row's key is a key or above it.
    ///   - key: The row's key; asked for only where a chunk ends.
    @inline(__always)
    mutating func add(
        isNewKey: Bool, digest: UInt64, depth: Int, reaches: (Key) -> Bool, key: () -> Key
    ) {
        if isNewKey {
            while let cut = boundaries.first, reaches(cut) { closeAtBoundary() }
            if chunk.rows >= commitInterval { close(at: key().text) }
        }
        chunk.digest ^= digest
        chunk.rows += 1
        chunk.depth = max(chunk.depth, depth)
    }

    /// All chunks; together they are the slice's range.
    mutating func finish() -> [ChunkPromise] {
        while !boundaries.isEmpty { closeAtBoundary() }
        chunk.high = end?.text
        chunks.append(chunk)
        return chunks
    }

    /// Throws `stagingLost` unless chunks are what lies between two places, one after the other:
    /// the slice was staged before its partition table changed, and is staged again.
    static func check(
        _ chunks: [ChunkPromise], from low: String, to high: String?, slice: Int
    ) throws {
        var place: String? = low
        for chunk in chunks {
            guard let expected = place, Key(expected) == Key(chunk.low) else {
                throw LoadingError.stagingLost(slice: slice)
            }
            place = chunk.high
        }
        guard place.map({ Key($0) }) == high.map({ Key($0) }) else {
            throw LoadingError.stagingLost(slice: slice)
        }
    }

    private mutating func closeAtBoundary() {
        guard let cut = boundaries.popFirst() else { return }
        close(at: cut.text)
    }

    private mutating func close(at key: String) {
        guard key != chunk.low else { return }
        chunk.high = key
        chunks.append(chunk)
        chunk = ChunkPromise(low: key, high: nil, rows: 0, digest: 0, depth: 1)
    }
}
