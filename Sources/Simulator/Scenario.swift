// What a seed stands for: an input, a target, a fleet, the online service, and what goes wrong.

import Plan

/// A run before it begins.
package struct Scenario: Sendable {
    /// A record of the input, one key each.
    enum Record: Sendable, Equatable {
        /// Adds to the row's balance; 0: the row is unchanged when it is there.
        case valid(amount: Int)
        case reject
    }

    /// The number everything is drawn from.
    package let seed: UInt64
    /// What goes wrong; shortened when a failing run is made small.
    package var faults: [Fault]
    /// What the online service does.
    package var writes: [OnlineWrite]
    /// Records of the input by the place of their key; nil: the input has none.
    let records: [Record?]
    /// The target before the run.
    let rows: [TargetRow?]
    /// Where slices, partitions and chunks begin; the first is 0.
    let sliceLows: [Int]
    let partitionLows: [Int]
    /// Where partitions begin after a re-cut by the first coordinator that comes back in the load;
    /// nil: nobody edits the table.
    let recutLows: [Int]?
    let chunkKeys: Int
    let workers: Int
    /// Workers end with their coordinator and are started by it.
    let areWorkersLocal: Bool
    /// A coordinator that stands still loses its target to a second one.
    let hasStandby: Bool

    /// Draws a scenario.
    package init(seed: UInt64) {
        self.seed = seed
        let chance = Chance(seed: seed)
        func pick(_ place: Int, _ range: ClosedRange<Int>) -> Int {
            chance.number(.scenario, place, in: range)
        }
        let count = pick(0, SimulatorLimits.keys)
        chunkKeys = pick(3, SimulatorLimits.chunkKeys)
        workers = pick(4, SimulatorLimits.workers)
        areWorkersLocal = pick(5, 0...2) == 0
        hasStandby = pick(6, 0...1) == 0
        sliceLows = Self.lows(pick(1, SimulatorLimits.slices), of: count, chance, 20)
        partitionLows = Self.lows(pick(2, SimulatorLimits.partitions), of: count, chance, 40)
        recutLows =
            pick(10, 0...2) == 0
            ? Self.lows(pick(11, SimulatorLimits.partitions), of: count, chance, 60) : nil
        records = (0..<count).map { key in
            switch chance.number(.amount, key, in: 0...11) {
            case 0: nil
            case 1: .reject
            case 2, 3: .valid(amount: 0)
            case let number: .valid(amount: number)
            }
        }
        rows = (0..<count).map { key in
            let number = chance.number(.row, key, in: 0...4)
            return number == 0
                ? nil : TargetRow(balance: number * 1_000, at: -1_000 - key, version: key + 1)
        }
        let isCalm = pick(7, 0...3) == 0
        let faultCount = isCalm ? 0 : pick(8, SimulatorLimits.faults)
        faults = (0..<faultCount).map { Fault.drawn(chance, $0) }
        writes = (0..<pick(9, SimulatorLimits.onlineWrites)).map { number in
            let place = number * 8
            let kinds = OnlineWrite.Kind.allCases
            return OnlineWrite(
                kind: kinds[chance.number(.online, place, in: 0...kinds.count - 1)],
                at: chance.number(.online, place + 1, in: SimulatorLimits.onlineSpan),
                key: chance.number(.online, place + 2, in: 0...count - 1),
                amount: chance.number(.online, place + 3, in: 1...9) * 100,
                length: chance.number(.online, place + 4, in: 50...900))
        }
    }

    /// Places of keys.
    var count: Int { records.count }

    /// The partition table whose partitions begin at these places.
    static func table(_ lows: [Int]) -> PartitionTable {
        PartitionTable(cutAt: lows.dropFirst().map(key))
    }

    /// The slices, numbered from 0.
    var slices: [(slice: Int, range: KeyRange)] {
        sliceLows.indices.map { index in
            let end = index + 1 < sliceLows.count ? sliceLows[index + 1] : count
            return (index, range(sliceLows[index], end))
        }
    }

    /// The key at a place; the first place reaches down to below every key.
    static func key(_ place: Int) -> Key {
        place == 0 ? .lowest : Key(place < 10 ? "k0\(place)" : "k\(place)")
    }

    /// Places from `low` to below `high` as keys.
    func range(_ low: Int, _ high: Int) -> KeyRange {
        KeyRange(low: Self.key(low), high: high == count ? nil : Self.key(high))
    }

    /// Valid records from one place to below another.
    func validCount(_ low: Int, _ high: Int) -> Int {
        records[low..<high].count { record in
            if case .valid = record { true } else { false }
        }
    }

    /// The place of a range's bound; nil: above every key.
    func place(of key: Key?) -> Int {
        guard let key else { return count }
        return Int(key.text.dropFirst()) ?? 0
    }

    private static func lows(
        _ pieces: Int, of count: Int, _ chance: Chance, _ place: Int
    ) -> [Int] {
        var lows = [0]
        for piece in 1..<max(pieces, 1) {
            let low = chance.number(.scenario, place + piece, in: 1...count - 1)
            if !lows.contains(low) { lows.append(low) }
        }
        return lows.sorted()
    }
}
