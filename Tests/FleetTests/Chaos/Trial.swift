// One trial: a seed, what it draws, and the night it disturbs.

import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// Random numbers that a seed repeats: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What one seed draws, and what it did.
final class Trial {
    let seed: UInt64
    /// How many trials of its kind came before it in this selection.
    let index: Int
    private var random: SeededRandom
    /// Nothing was left to be tried: it does not count.
    var isVoid = false
    /// What was done, in order; told when the trial fails.
    private(set) var story: [String] = []

    init(kind: String, seed: UInt64, index: Int) {
        self.seed = seed
        self.index = index
        // Kinds with the same seed draw different nights: FNV-1a over the name.
        var start: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in kind.utf8 { start = (start ^ UInt64(byte)) &* 0x100_0000_01B3 }
        random = SeededRandom(start ^ (seed &* 0xD134_2543_DE82_EF95))
    }

    /// A number of a range.
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    /// True so many times of a hundred.
    func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    /// One of a list, which is not empty.
    func choose<Element>(_ list: [Element]) -> Element { list[number(0...(list.count - 1))] }

    /// A word of what was done.
    func tell(_ text: String) { story.append(text) }

    /// Stands still.
    func sleep(milliseconds: Int) { usleep(UInt32(milliseconds) * 1_000) }

    /// Moments in the length of an undisturbed night, in order, in milliseconds from its start.
    func moments(_ count: Int) throws -> [Int] {
        let length = try Undisturbed.milliseconds()
        return (0..<count).map { _ in number(0...length) }.sorted()
    }

    /// Sleeps until so many milliseconds after a start; false: the process had ended before.
    func await(_ moment: Int, since start: ContinuousClock.Instant, _ running: Running) -> Bool {
        let deadline = start + .milliseconds(moment)
        while ContinuousClock.now < deadline {
            guard running.isRunning else { return false }
            usleep(2_000)
        }
        return running.isRunning
    }
}

/// How long a night takes when nothing happens.
enum Undisturbed {
    private static let found = Mutex<Int?>(nil)

    /// Measured once per process.
    static func milliseconds() throws -> Int {
        if let known = found.withLock({ $0 }) { return known }
        let it = try ChaosNight(Trial(kind: "undisturbed", seed: 0, index: 0))
        let start = ContinuousClock.now
        let end = try Conclusion(try it.start().wait())
        let length = Int((ContinuousClock.now - start) / .milliseconds(1))
        try it.oracle.expectLoaded(it.sample, end, code: it.code)
        found.withLock { $0 = length }
        return length
    }
}

/// Sample files made once for all trials of a process.
enum SampleShelf {
    private static let made = Mutex<[String: Sample]>([:])

    /// A file of so many records.
    static func sample(records: Int, seed: Int, defects: [String], _ night: Night) throws -> Sample
    {
        let name = "\(records) \(seed) \(defects)"
        if let known = made.withLock({ $0[name] }) { return known }
        var sample = try night.sample(records: records, seed: seed, defects: defects)
        let kept = "\(FleetServer.folder)/sample-\(Counter.next()).txt"
        try FileManager.default.moveItem(atPath: sample.path, toPath: kept)
        sample.path = kept
        made.withLock { [sample] in $0[name] = sample }
        return sample
    }
}

/// A night as a seed draws it: partitions, chunks, rejects, members that are there before.
struct ChaosNight {
    let night: Night
    let sample: Sample
    let oracle: Oracle
    /// What a run needs beside the file.
    let flags: [String]
    /// How an undisturbed run ends: 0, or 4 with rejects.
    let code: Int32

    init(
        _ trial: Trial, records: Int = 1_500, _ change: (inout Settings91) -> Void = { _ in }
    ) throws {
        let partitions = trial.choose([1, 3, 4, 8])
        let interval = trial.choose([100, 150, 250])
        let slice = trial.choose([400, 1_000])
        let transfer = trial.choose(["auto", "stream"])
        // Not drawn, so that older seeds draw what they drew.
        let indicator = trial.seed.isMultiple(of: 2) ? "full" : "intervals"
        night = try Night {
            $0.indicator = indicator
            $0.partitions = "{auto: {count: \(partitions)}}"
            $0.commitInterval = interval
            $0.sliceRecords = slice
            $0.transfer = transfer
            $0.attempts = 50
            change(&$0)
        }
        let defects = trial.chance(30) ? ["bad-enum:2"] : []
        sample = try SampleShelf.sample(
            records: records, seed: trial.choose([1, 2, 3]), defects: defects, night)
        let enrolled = trial.chance(50)
        if enrolled {
            let customers = try sample.debits().map(\.customer)
            try night.enrol(Array(customers.prefix(customers.count * 2 / 3)))
        }
        oracle = try Oracle(night)
        flags = defects.isEmpty ? [] : ["--max-rejects", "2"]
        code = defects.isEmpty ? 0 : 4
        trial.tell(
            "partitions=\(partitions) interval=\(interval) slice=\(slice) transfer=\(transfer) "
                + "indicator=\(indicator) defects=\(defects) enrolled=\(enrolled)")
    }

    /// Starts the run.
    func start(
        _ more: [String] = [], environment: [String: String] = [:]
    ) throws -> Running {
        try night.startRun(sample, flags + more, environment: environment)
    }

    /// The run ended as an undisturbed one.
    func expectLoaded(
        _ ended: Ended, code other: Int32? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let end = try Conclusion(ended)
        try oracle.expectLoaded(
            sample, end, code: other ?? code, isStaged: try isStaged(),
            sourceLocation: sourceLocation)
    }

    /// A run that had begun waited for its database.
    ///
    /// A command that ended with 12 before it could name its run is given again unchanged, as the
    /// table of exit codes says.
    func expectOutlived(
        _ ended: Ended, _ trial: Trial, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        guard ended.code == 12, try Conclusion(ended).report == nil else {
            return try expectLoaded(ended, sourceLocation: sourceLocation)
        }
        trial.tell("given again after: \(ended.lastErrorLine)")
        let again = try night.run(sample, flags)
        try expectLoaded(again.ended, sourceLocation: sourceLocation)
    }

    /// Goes on as an operator would after the coordinator died: `resume` of the run, or the same
    /// command again when there is none yet.
    func expectGoesOn(
        _ trial: Trial, _ more: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let states = try night.texts("SELECT state FROM kugiri.run ORDER BY number")
        try #require(states.count <= 1, "\(states)", sourceLocation: sourceLocation)
        // Published is published: proving it again is 0.
        let code = states == ["published"] ? 0 : code
        trial.tell("goes on from \(states)")
        guard states.isEmpty else {
            let run = try night.onlyRun()
            let end = try night.resume(run, more)
            try expectLoaded(end.ended, code: code, sourceLocation: sourceLocation)
            return
        }
        let end = try night.run(sample, flags + more)
        try expectLoaded(end.ended, sourceLocation: sourceLocation)
    }

    /// Whether staging outlived the server: UNLOGGED tables are empty after a crash, and nobody
    /// makes them again for a run that is loaded.
    private func isStaged() throws -> Bool {
        let tables = try night.texts(
            "SELECT 'kugiri_stage.r' || number FROM kugiri.run "
                + "WHERE to_regclass('kugiri_stage.r' || number) IS NOT NULL")
        guard let table = tables.first else { return true }
        return try night.count("SELECT count(*) FROM \(table)") > 0
    }
}
