// Every bound of the bench, with its reason.

/// Bounds of the bench.
enum BenchLimits {
    /// Time between two looks at running programs: short beside the shortest thing measured
    /// (a second), long enough to cost nothing.
    static let pauseMicroseconds: UInt32 = 2_000
    /// Time between two looks at the memory of a run's processes.
    ///
    /// The kernel keeps the highest value itself, so only a process's last moment can be missed.
    static let memorySampleInterval: Duration = .milliseconds(100)
    /// Time between two looks at who waits for a lock, a tenth of the default lock budget.
    static let lockSampleInterval: Duration = .milliseconds(50)
    /// Descendants of one program that are looked at; a run has a coordinator and its workers.
    static let descendantsMax = 256
    /// The longest that one program may run.
    ///
    /// Only one that hangs needs more: ten million records take the slowest peer minutes.
    static let programLimit: Duration = .seconds(3_600)
    /// Records of the pass that only compares rows, before anything is timed.
    static let rehearsalRecordsMax = 20_000
    /// Bytes of a program's last words in an error.
    static let lastWordsBytes = 4_000
    /// Bytes of a file read at once.
    static let blockBytes = 4 << 20
    /// Rows of one statement of the floor, the product's commit interval.
    static let chunkRows = 10_000
    /// Records of one slice, the product's default.
    static let sliceRecords = 131_072
    /// Nights that show how the database grows, each of so many records and partitions.
    static let purgeNights = 20
    static let purgeRecords = 64_000
    static let purgePartitions = 64
    /// The first ones make room in the catalog that later ones use again.
    static let purgeNightsUncounted = 4
    /// What makes it likely that an online transaction had committed before a chunk began: its
    /// own time is about a millisecond, and nothing may hold it longer than the lock budget.
    static let commitMarginSeconds = 1.0
}

/// Something the bench could not do: what, and what to do about it.
package struct BenchFault: Error, CustomStringConvertible {
    /// One or more sentences.
    package var description: String
    /// 12: something on the machine; 70: rows differ; 64: arguments.
    package var exitCode: Int32

    init(_ description: String, exitCode: Int32 = 12) {
        self.description = description
        self.exitCode = exitCode
    }
}
