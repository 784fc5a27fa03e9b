// Every bound of the sample writer, with its reason.

/// Bounds of what the sample writer writes.
public enum SampleLimits {
    /// Bytes that one call of `SampleWriter.next` appends, about; large enough that the caller's
    /// write calls cost nothing beside the drawing, small enough for constant memory.
    public static let blockBytesMax = 1 << 20
    /// Data records of one header group; the six digits of a Zengin trailer's count.
    public static let groupRecordsMax = 999_999
    /// Planted defects in one file; their places are kept in memory, 24 bytes each.
    public static let defectsMax = 1_000_000
    /// Draws for the earlier record of a duplicate before the group's first record is taken,
    /// which is always good; eight draws miss only in files that are mostly defects.
    static let originalDrawsMax = 8
    /// Rounds of the Feistel network; four make it look random (Luby and Rackoff), the two more
    /// are for small domains, where the halves have few bits.
    static let shuffleRounds = 6
}
