// What became of the records of a chunk, a partition or a run.

/// Record counts that add up: what went in is what came out, was unchanged, rejected or in conflict.
public struct Counts: Codable, Sendable, Equatable {
    /// Data records read from the source.
    public var input: Int64
    /// Rows that were made.
    public var inserted: Int64
    /// Rows that were changed.
    public var updated: Int64
    /// Rows that were removed.
    public var deleted: Int64
    /// Rows closed because the input no longer has them.
    public var closed: Int64
    /// Records whose row already had their values.
    public var unchanged: Int64
    /// Records that broke a rule.
    public var rejected: Int64
    /// Valid records whose row changed after validation.
    public var conflicts: Int64
    /// Of the unchanged: rows that an online change brought to the same values after validation.
    public var converged: Int64
    /// Conflicts that were tried once more; each also counts where it ended.
    public var requeued: Int64
    /// Rows the input does not have and that had to be handled for it.
    public var absent: Int64

    /// Memberwise; what is not given is 0.
    public init(
        input: Int64 = 0, inserted: Int64 = 0, updated: Int64 = 0, deleted: Int64 = 0,
        closed: Int64 = 0, unchanged: Int64 = 0, rejected: Int64 = 0, conflicts: Int64 = 0,
        converged: Int64 = 0, requeued: Int64 = 0, absent: Int64 = 0
    ) {
        self.input = input
        self.inserted = inserted
        self.updated = updated
        self.deleted = deleted
        self.closed = closed
        self.unchanged = unchanged
        self.rejected = rejected
        self.conflicts = conflicts
        self.converged = converged
        self.requeued = requeued
        self.absent = absent
    }

    /// No records.
    public static let zero = Counts()

    /// Rows written: inserted, updated, deleted and closed.
    public var loaded: Int64 { inserted + updated + deleted + closed }

    /// Whether every record is accounted for: input + absent = loaded + unchanged + rejected +
    /// conflicts.
    public var balances: Bool {
        input + absent == loaded + unchanged + rejected + conflicts
    }

    /// Both together, count by count.
    public static func + (left: Counts, right: Counts) -> Counts {
        Counts(
            input: left.input + right.input, inserted: left.inserted + right.inserted,
            updated: left.updated + right.updated, deleted: left.deleted + right.deleted,
            closed: left.closed + right.closed, unchanged: left.unchanged + right.unchanged,
            rejected: left.rejected + right.rejected,
            conflicts: left.conflicts + right.conflicts,
            converged: left.converged + right.converged,
            requeued: left.requeued + right.requeued, absent: left.absent + right.absent)
    }

    /// Adds count by count.
    public static func += (left: inout Counts, right: Counts) { left = left + right }
}
