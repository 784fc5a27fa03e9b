// The five steps of a night, in their order.

/// A step of a run; none starts before the one before it is finished for all partitions.
public enum Phase: String, Codable, Sendable, CaseIterable {
    /// The input is framed and cut into spooled slices by key.
    case split
    /// Every record of every slice is checked and staged.
    case validate
    /// Staged records are applied to the target, chunk by chunk.
    case load
    /// File, fleet and table are compared, count by count.
    case certify
    /// The certified run becomes visible as the night's result.
    case publish
}
