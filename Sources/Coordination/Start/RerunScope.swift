// Which keys a rerun does again, and which slices they lie in. What one transaction counted cannot
// be told apart by keys afterwards, so the keys grow to whole committed intervals (decision 0017).

import Journal
import Ledger
import Loading
package import Plan
import Postgres
import Records
import Settings

/// What an operator asks to be done again.
package enum WantedScope: Sendable, Equatable {
    case whole
    case partitions([Int])
    case range(KeyRange)
}

/// The keys a rerun does again.
struct RerunScope {
    /// Sorted and disjoint.
    var ranges: [KeyRange]
    /// What was asked for, for people.
    var text: String
    /// Keys beyond what was asked for.
    var grown: [KeyRange] = []
    /// Slices that are staged again.
    var slices: [Int] = []

    /// Finds the scope; throws a refusal when the rest of the run is not there to stay.
    static func find(
        _ wanted: WantedScope, _ beginning: RerunBeginning, isCorrected: Bool, _ row: RunRow,
        _ definition: RunDefinition, _ connection: borrowing Connection
    ) throws -> RerunScope {
        guard beginning != .start || isCorrected else {
            guard wanted == .whole else {
                throw Self.refused(
                    row, .usage,
                    "'--from start' does the whole run again; with --partition or --range use "
                        + "'--from validate' or '--from load'")
            }
            return RerunScope(ranges: [.all], text: "the whole run")
        }
        guard row.envelope != nil else {
            throw Self.refused(
                row, .usage,
                "its input was never split; use 'kugiri rerun \(row.run) --from start --reason TEXT'"
            )
        }
        let table = try SliceLedger.partitions(
            run: row.run, revision: row.revision, connection)
        var scope = try asked(wanted, row, table)
        let slices = try SliceLedger.slices(run: row.run, revision: row.revision, connection)
        try scope.grow(slices, row, definition, connection)
        let set = IntervalSet(scope.ranges)
        let again = slices.filter { !IntervalSet([$0.range]).subtracting(set).isWhole($0.range) }
        scope.slices = again.map(\.slice)
        try scope.checkRest(table, again, beginning, row, connection)
        return scope
    }

    private static func asked(
        _ wanted: WantedScope, _ row: RunRow, _ table: PartitionTable
    ) throws -> RerunScope {
        switch wanted {
        case .whole: return RerunScope(ranges: [.all], text: "the whole run")
        case .partitions(let numbers):
            let known = Dictionary(
                table.partitions.map { ($0.number, $0.range) },
                uniquingKeysWith: { first, _ in first })
            for number in numbers where known[number] == nil {
                throw refused(
                    row, .usage, "it has no partition \(number); see 'kugiri partitions \(row.run)'"
                )
            }
            let list = numbers.sorted().map { String($0) }.joined(separator: ", ")
            return RerunScope(
                ranges: IntervalSet(numbers.compactMap { known[$0] }).ranges,
                text: "partition\(numbers.count > 1 ? "s" : "") \(list)")
        case .range(let range):
            guard let inside = range.intersection(table.span) else {
                throw refused(row, .usage, "no partition of it covers a key of \(range)")
            }
            return RerunScope(ranges: [inside], text: "keys \(range)")
        }
    }

    /// Takes in the rest of every committed interval that the ranges cut, and of slices whose parts
    /// cannot be told apart: where absent rows are closed, or a late reject's key is masked.
    private mutating func grow(
        _ slices: [SliceRow], _ row: RunRow, _ definition: RunDefinition,
        _ connection: borrowing Connection
    ) throws {
        let asked = IntervalSet(ranges)
        var all = ranges
        func take(_ range: KeyRange) {
            if ranges.contains(where: { $0.intersection(range) != nil }) { all.append(range) }
        }
        let late = Set(
            try RevisionLedger.lateRejects(
                run: row.run, revision: row.revision, slices: slices.map(\.slice), connection
            ).map(\.slice))
        for slice in slices
        where definition.job.target.absent != nil || late.contains(slice.slice) {
            take(slice.range)
        }
        ranges = IntervalSet(all).ranges
        for interval in try ProofLedger.ranges(
            run: row.run, revision: row.revision, phase: .load, connection)
        {
            take(interval)
        }
        ranges = IntervalSet(all).ranges
        grown = IntervalSet(ranges).subtracting(asked).ranges
    }

    /// Throws unless everything outside is loaded and proved, and was not taken back.
    private func checkRest(
        _ table: PartitionTable, _ again: [SliceRow], _ beginning: RerunBeginning, _ row: RunRow,
        _ connection: borrowing Connection
    ) throws {
        let loaded = try ProofLedger.ranges(
            run: row.run, revision: row.revision, phase: .load, connection)
        let rest = IntervalSet([table.span]).subtracting(IntervalSet(ranges))
        let missing = rest.subtracting(IntervalSet(loaded)).ranges
        let unproved = try RevisionLedger.unproved(
            run: row.run, revision: row.revision, except: slices, connection)
        guard missing.isEmpty, unproved == 0 else {
            throw Self.refused(
                row, .usage,
                "keys outside \(text) were never loaded; use 'kugiri rerun \(row.run) --from start --reason TEXT'"
            )
        }
        let taken = try BackoutLedger.ranges(run: row.run, revision: row.revision, connection)
        let gone = IntervalSet(taken).subtracting(IntervalSet(ranges)).ranges
        guard gone.isEmpty else {
            throw Self.refused(
                row, .usage,
                "keys outside \(text) were backed out; take them in, or use "
                    + "'kugiri rerun \(row.run) --from start --reason TEXT'")
        }
        guard beginning == .load, again.contains(where: { $0.staged == nil }) else { return }
        throw Self.refused(
            row, .usage, "its validation was never finished; use '--from validate'")
    }

    /// A refusal that names the run.
    static func refused(_ row: RunRow, _ outcome: Outcome, _ reason: String) -> RunStop {
        RunStop(outcome, LogMessage(.rerunRefused, ["run": row.run, "reason": reason]))
    }
}

extension IntervalSet {
    /// Whether the set is exactly one range.
    fileprivate func isWhole(_ range: KeyRange) -> Bool { ranges == [range] }
}
