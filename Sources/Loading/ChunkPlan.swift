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
    init(range: KeyRange, partitions: PartitionTable, commitInterval: Int) {
        self.commitInterval = commitInterval
        end = range.high
        var cuts = partitions.partitions.map(\.range.low)
        if let end = partitions.span.high { cuts.append(end) }
        boundaries = cuts.filter { $0 > range.low && range.contains($0) }[...]
        chunk = ChunkPromise(low: range.low.text, high: nil, rows: 0, digest: 0, depth: 1)
    }

    /// Adds a row, which is not below the one before it.
    ///
    /// - Parameters:
    ///   - isNewKey: The row before has another key.
    ///   - key: The row's key; asked for only where a chunk may end.
    ///   - depth: The row's place among the rows for its target row, from 1.
    @inline(__always)
    mutating func add(isNewKey: Bool, digest: UInt64, depth: Int, key: () -> Key) {
        if isNewKey, !boundaries.isEmpty || chunk.rows >= commitInterval {
            let key = key()
            while let cut = boundaries.first, key >= cut { closeAtBoundary() }
            if chunk.rows >= commitInterval { close(at: key.text) }
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
