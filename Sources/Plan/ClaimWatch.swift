// What was seen of claims in hand: when they were offered, and how far the ledger showed them.

/// Judges claims in the hands of workers by what the ledger shows of them.
///
/// A value with no clock and no ledger: the caller passes in the time and the figures it read.
public struct ClaimWatch: Sendable {
    private var assignedAt: [Int64: Duration] = [:]
    private var chunksSeen: [Int64: Int] = [:]
    private let grace: Duration

    /// Nothing was seen yet.
    ///
    /// - Parameter grace: How long after an assignment an idle worker may not have seen it yet.
    public init(grace: Duration) { self.grace = grace }

    /// A claim was offered to a worker.
    public mutating func assigned(_ claim: Int64, at now: Duration) { assignedAt[claim] = now }

    /// Every claim that was offered to a worker, finished or not.
    public var offered: [Int64] { assignedAt.keys.sorted() }

    /// Whether an idle worker's unfinished claim is to be taken back: it must have seen the
    /// assignment by now.
    public func isGivenUp(_ claim: Int64, at now: Duration) -> Bool {
        now - (assignedAt[claim] ?? .zero) > grace
    }

    /// Whether the ledger shows another number of chunks than before.
    public mutating func hasMoved(_ claim: Int64, chunks: Int) -> Bool {
        guard chunksSeen[claim, default: 0] != chunks else { return false }
        chunksSeen[claim] = chunks
        return true
    }

    /// Whether a claim that was taken back had moved since it was last looked at.
    public mutating func progressed(_ claim: Int64, chunks: Int) -> Bool {
        defer { chunksSeen[claim] = chunks }
        return chunksSeen[claim, default: 0] < chunks
    }
}
