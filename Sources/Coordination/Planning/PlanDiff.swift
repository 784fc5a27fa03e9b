// A plan beside an earlier partition table, and what of an unfinished run goes where under it.

import Ledger
package import Plan
package import Postgres

/// The difference between a plan's partition table and the one of a run.
package struct PlanDiff: Encodable, Sendable {
    /// A range that is not in the run's table.
    package struct Change: Encodable, Sendable {
        package var number: Int
        /// Inclusive; "" is below every key.
        package var low: String
        /// Exclusive; nil: above every key.
        package var high: String?
        /// Numbers the run's table has for its keys.
        package var from: [Int]
    }

    /// A range of the run's table that is gone.
    package struct Gone: Encodable, Sendable {
        package var number: Int
        package var low: String
        package var high: String?
    }

    /// What is left of an unfinished run.
    package struct Unfinished: Encodable, Sendable {
        package var run: String
        package var phase: String
        /// Ranges whose load is committed, merged.
        package var done: [Span]
        package var remaining: [Piece]
        /// Boundaries inside a committed chunk: they are honoured from its end on.
        package var moved: [Moved]
    }

    /// A range of keys.
    package struct Span: Encodable, Sendable {
        package var low: String
        package var high: String?
    }

    /// A range still to be loaded.
    package struct Piece: Encodable, Sendable {
        package var partition: Int
        package var slice: Int
        package var low: String
        package var high: String?
    }

    /// A boundary that a resume would move.
    package struct Moved: Encodable, Sendable {
        package var from: String
        /// nil: above every key.
        package var to: String?
    }

    /// The run whose table the plan is compared with.
    package var run: String
    /// open, ended, published, superseded or backed_out.
    package var state: String
    package var changes: [Change]
    package var gone: [Gone]
    /// nil: no run of the job is unfinished.
    package var unfinished: Unfinished?

    /// Compares with a run, or with the last published one of a job; a job that has published
    /// nothing is compared with its unfinished run.
    ///
    /// - Parameter run: nil: the last published one.
    /// - Returns: nil when there is nothing to compare with.
    package static func read(
        _ table: PartitionTable, job: String, run: String?, _ connection: borrowing Connection
    ) throws -> PlanDiff? {
        let known = try PlanLedger.runs(job: job, connection)
        guard let name = run ?? known.published ?? known.open,
            let row = try RunLedger.get(name, connection), row.job == job, row.envelope != nil
        else { return nil }
        let before = try SliceLedger.partitions(
            run: name, revision: row.revision, connection)
        let open = row.state == "open" ? name : known.open
        return PlanDiff(
            run: name, state: row.state, changes: changes(table, before),
            gone: before.partitions.filter { old in
                !table.partitions.contains { $0.range == old.range }
            }.map { Gone(number: $0.number, low: $0.range.low.text, high: $0.range.high?.text) },
            unfinished: try open.flatMap { try unfinished($0, table, connection) })
    }

    private static func changes(_ table: PartitionTable, _ before: PartitionTable) -> [Change] {
        let known = Set(before.partitions.map(\.range))
        return table.partitions.filter { !known.contains($0.range) }.map { partition in
            Change(
                number: partition.number, low: partition.range.low.text,
                high: partition.range.high?.text,
                from: before.partitions.filter {
                    $0.range.intersection(partition.range) != nil
                }.map(\.number))
        }
    }

    private static func unfinished(
        _ run: String, _ table: PartitionTable, _ connection: borrowing Connection
    ) throws -> Unfinished? {
        guard let row = try RunLedger.get(run, connection) else { return nil }
        let done = try ProofLedger.ranges(
            run: run, revision: row.revision, phase: .load, connection)
        let slices = try SliceLedger.slices(run: run, revision: row.revision, connection)
        let settled = try Remainder.settled(table, done: done)
        let pieces = Remainder.pieces(
            slices: slices.map { ($0.slice, $0.range) }, table: settled.table, done: done)
        return Unfinished(
            run: run, phase: row.phase.rawValue,
            done: IntervalSet(done).ranges.map { Span(low: $0.low.text, high: $0.high?.text) },
            remaining: pieces.map {
                Piece(
                    partition: $0.partition, slice: $0.slice, low: $0.range.low.text,
                    high: $0.range.high?.text)
            },
            moved: settled.moved.map { Moved(from: $0.from.text, to: $0.to?.text) })
    }

    /// For people.
    var lines: [String] {
        var lines = ["", "compared with run \(run) (\(state)):"]
        func shown(_ low: String, _ high: String?) -> String {
            KeyRange(low: Key(low), high: high.map { Key($0) }).description
        }
        for change in changes {
            let numbers = change.from.map { String($0) }.joined(separator: ", ")
            lines.append(
                "  partition \(change.number) \(shown(change.low, change.high)) is new; its keys "
                    + (numbers.isEmpty ? "were in no partition" : "were in \(numbers)"))
        }
        for old in gone {
            lines.append("  partition \(old.number) \(shown(old.low, old.high)) is gone")
        }
        if changes.isEmpty && gone.isEmpty { lines.append("  the same ranges") }
        guard let unfinished else { return lines }
        lines.append("unfinished run \(unfinished.run), phase \(unfinished.phase):")
        for span in unfinished.done {
            lines.append("  \(shown(span.low, span.high)) is loaded and stays so")
        }
        for piece in unfinished.remaining {
            lines.append(
                "  \(shown(piece.low, piece.high)) of slice \(piece.slice) goes to partition "
                    + "\(piece.partition)")
        }
        for boundary in unfinished.moved {
            lines.append(
                "  the boundary \(boundary.from) lies in a committed chunk; it is honoured from "
                    + "\(boundary.to ?? "+∞") on")
        }
        return lines
    }
}
