// Straggler relief: which load claim gives its tail away, and where it is cut (PROTOCOL 14).

/// Which claim is cut when a worker has nothing to do, and where.
public enum Relief {
    /// A load claim under way.
    public struct Candidate: Sendable, Equatable {
        /// The ledger's number of it.
        public var claim: Int64
        /// Promised chunks that are not begun.
        public var chunks: Int
        /// Their rows.
        public var rows: Int64

        /// Memberwise.
        public init(claim: Int64, chunks: Int, rows: Int64) {
            self.claim = claim
            self.chunks = chunks
            self.rows = rows
        }
    }

    /// A promised chunk that is not begun.
    public struct Chunk: Sendable, Equatable {
        /// Its lowest key; claims are cut only here.
        public var low: Key
        /// Its staged rows.
        public var rows: Int64

        /// Memberwise.
        public init(low: Key, rows: Int64) {
            self.low = low
            self.rows = rows
        }
    }

    /// The claim with the most rows left; of equal ones the first.
    ///
    /// - Parameter chunksMin: With fewer chunks left a claim is not cut.
    public static func choose(_ candidates: [Candidate], chunksMin: Int) -> Candidate? {
        var best: Candidate?
        for candidate in candidates where candidate.chunks >= chunksMin {
            if let known = best, known.rows >= candidate.rows { continue }
            best = candidate
        }
        return best
    }

    /// The chunk with which the tail begins, and the tail's rows: both parts are as equal as chunks
    /// allow; nil: there is nothing to share.
    ///
    /// The holder also has the chunk under way, so of two equal cuts the larger tail is given.
    ///
    /// - Parameter chunks: Not begun, in key order.
    public static func cut(_ chunks: [Chunk]) -> (at: Key, rows: Int64)? {
        guard chunks.count > 1 else { return nil }
        let total = chunks.reduce(0) { $0 + $1.rows }
        var head: Int64 = 0
        var best: (index: Int, distance: Int64)?
        for index in 1..<chunks.count {
            head += chunks[index - 1].rows
            let distance = Int64((2 * head - total).magnitude)
            if let known = best, known.distance <= distance { continue }
            best = (index, distance)
        }
        guard let best else { return nil }
        return (chunks[best.index].low, chunks[best.index...].reduce(0) { $0 + $1.rows })
    }
}
