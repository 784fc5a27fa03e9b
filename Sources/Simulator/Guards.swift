// The rules that keep a night right, each of which can be taken away: a model that passes without
// them proves nothing.

/// Rules of the protocol, as a set of those that are taken away.
///
/// Only tests take any away.
package struct Guards: OptionSet, Sendable {
    /// One bit each.
    package var rawValue: UInt16

    /// From bits.
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `epoch = $n` of every statement about a claim (PROTOCOL 9, 10).
    package static let epoch = Guards(rawValue: 1 << 0)
    /// `chunk_no = $n AND done_to = $n` of a chunk's first statement (PROTOCOL 10).
    package static let chunkNumber = Guards(rawValue: 1 << 1)
    /// `term = $n` at the head of every coordinator transaction (PROTOCOL 16).
    package static let term = Guards(rawValue: 1 << 2)
    /// `xmin` of the optimistic lock (PROTOCOL 19).
    package static let rowVersion = Guards(rawValue: 1 << 3)
    /// The lock column of the optimistic lock (PROTOCOL 19).
    package static let lockColumn = Guards(rawValue: 1 << 4)
    /// Ending the sessions that hold a claim before it is given to the next (PROTOCOL 11).
    package static let termination = Guards(rawValue: 1 << 5)
    /// Taking the claim again before its place is read, after an unknown COMMIT (PROTOCOL 13).
    package static let reclaim = Guards(rawValue: 1 << 6)
    /// Coverage and counts of validation before anything is loaded (PROTOCOL 17).
    package static let barrierCoverage = Guards(rawValue: 1 << 7)
    /// An idle worker's claim is looked up in the ledger before it counts as done.
    package static let ledgerSettles = Guards(rawValue: 1 << 8)
    /// Only unprocessed rows are applied, and as many as were promised (PROTOCOL 8, 27).
    package static let promisedRows = Guards(rawValue: 1 << 9)
    /// A row seen absent is inserted only, one seen present is updated only (PROTOCOL 21).
    package static let shape = Guards(rawValue: 1 << 10)
    /// Staging that a coordinator before this one had begun to make again is made before a phase
    /// that reads it.
    package static let stagingResumed = Guards(rawValue: 1 << 11)
    /// Claims that were offered and not taken are fenced before slices are staged again.
    package static let untakenFenced = Guards(rawValue: 1 << 12)
}
