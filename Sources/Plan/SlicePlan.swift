// Where the input is cut: slice boundaries from a sample of keys, partition boundaries likewise.

/// Chooses cut keys from a sample, so that the pieces hold about equally many records.
public enum SlicePlan {
    /// Slices of one run, at most; slices grow so that this holds (PROTOCOL 4).
    public static let slicesMax = 1_000
    /// Keys sampled from an input: at 64 per slice of the largest run the error of a slice's
    /// size is about 1/√64 ≈ 13 %.
    public static let sampleKeysMax = 64_000
    /// Keys sampled from any input that has so many: partitions are cut from them too, and of eight
    /// each then holds its share within 2 % (the standard error is √(7 / 16,000)).
    public static let sampleKeysMin = 16_000
    /// Keys sampled for each slice, between the two bounds: about 6 %.
    public static let sampleKeysPerSlice = 256

    /// How many keys are sampled from an input that will have about so many slices.
    public static func sampleKeys(slices: Int) -> Int {
        min(max(min(slices, slicesMax) * sampleKeysPerSlice, sampleKeysMin), sampleKeysMax)
    }

    /// Keys at which an input of about `records` records is cut into slices of about
    /// `sliceRecords`; sorted, without duplicates, none the lowest key.
    public static func cuts(sample: [Key], records: Int, sliceRecords: Int) -> [Key] {
        let wanted = (records + sliceRecords - 1) / sliceRecords
        return cuts(sample: sample, pieces: min(max(wanted, 1), slicesMax))
    }

    /// Keys at which the sampled input is cut into `pieces` about equal parts; fewer when the
    /// sample has fewer different keys.
    public static func cuts(sample: [Key], pieces: Int) -> [Key] {
        guard pieces > 1, !sample.isEmpty else { return [] }
        let sorted = sample.sorted()
        var found: [Key] = []
        for piece in 1..<pieces {
            let key = sorted[piece * sorted.count / pieces]
            if key > (found.last ?? .lowest), key > sorted[0] { found.append(key) }
        }
        return found
    }

    /// The ranges between the cuts, from below every key to above every key.
    public static func ranges(cutAt cuts: [Key]) -> [KeyRange] {
        PartitionTable(cutAt: cuts).partitions.map(\.range)
    }
}
