// `kugiri conflicts`: rows that were not as validation saw them, and what became of the records.

package import Journal
import Ledger
package import Postgres

/// Conflicts of a run; schema `kugiri.conflicts/1`, in `ops/schema/conflicts-1.json`.
package struct ConflictReport: Encodable, Sendable {
    /// A lock value.
    package struct Lock: Encodable, Sendable, Equatable {
        /// The lock column, with microseconds; nil: NULL.
        package var at: String?
        /// The transaction that wrote the row version (xmin).
        package var version: String?
    }

    /// One conflict.
    package struct Row: Encodable, Sendable {
        package var record: Int64
        package var partition: Int?
        package var slice: Int
        /// Masked when it is personal.
        package var key: String
        /// changed, vanished, appeared or busy.
        package var kind: String
        /// nil: validation saw no row.
        package var seen: Lock?
        /// nil: the load found no row.
        package var found: Lock?
        /// open, applied or skipped.
        package var state: String
        /// How an applied one ended: inserted, updated, unchanged, closed or rejected.
        package var outcome: String?
        package var notedAt: Timestamp
        package var settledAt: Timestamp?

        enum CodingKeys: String, CodingKey {
            case record, partition, slice, key, kind, seen, found, state, outcome
            case notedAt = "noted_at"
            case settledAt = "settled_at"
        }

        init(_ conflict: ConflictDetail, key: String) {
            record = conflict.record
            partition = conflict.partition
            slice = conflict.slice
            self.key = key
            kind = conflict.kind
            seen = conflict.wasSeen ? Lock(conflict.seen) : nil
            found = conflict.found.version == nil ? nil : Lock(conflict.found)
            state = conflict.state
            outcome = conflict.outcome.map(OutcomeText.word)
            notedAt = LocalTime.moment(conflict.notedAt)
            settledAt = conflict.settledAt.map { LocalTime.moment($0) }
        }
    }

    package var schema = "kugiri.conflicts/1"
    package var runID: String
    package var all: Int64
    package var open: Int64
    package var applied: Int64
    package var skipped: Int64
    /// There are more than are listed.
    package var isCut: Bool
    package var conflicts: [Row]

    enum CodingKeys: String, CodingKey {
        case schema, all, open, applied, skipped, conflicts
        case runID = "run_id"
        case isCut = "cut"
    }

    /// Reads conflicts in file order; nil for partition and state: of all.
    package static func read(
        _ run: InspectedRun, partition: Int?, state: String?, limit: Int,
        _ connection: borrowing Connection
    ) throws -> ConflictReport {
        let (name, revision) = (run.row.run, run.row.revision)
        let numbers = try InspectLedger.conflictNumbers(
            run: name, revision: revision, partition: partition, connection)
        let found = try InspectLedger.conflicts(
            run: name, revision: revision, partition: partition, state: state, limit: limit + 1,
            connection)
        return ConflictReport(
            runID: name, all: numbers.all, open: numbers.open, applied: numbers.applied,
            skipped: numbers.skipped, isCut: found.count > limit,
            conflicts: found.prefix(limit).map { Row($0, key: run.shown(key: $0.key)) })
    }

    /// The table for people.
    ///
    /// - Parameter width: Columns to fit into; nil: as wide as it is.
    package func text(width: Int?) -> String {
        guard all > 0 else { return "run \(runID) has no conflicts\n" }
        let table = Table.render(
            columns: [
                .init("record", .right), .init("part.", .right), .init("key"), .init("kind"),
                .init("seen"), .init("found"), .init("state"), .init("outcome"), .init("noted"),
            ],
            rows: conflicts.map { row in
                [
                    String(row.record), row.partition.map { String($0) } ?? "-", row.key, row.kind,
                    row.seen?.text ?? "no row", row.found?.text ?? "no row", row.state,
                    row.outcome ?? "-", row.notedAt.iso8601WithOffset,
                ]
            }, width: width)
        let cut = isCut ? " (the first \(conflicts.count) are shown: see --limit)" : ""
        return table
            + "\(Figures.count(all)) conflicts: \(Figures.count(open)) open, "
            + "\(Figures.count(applied)) applied, \(Figures.count(skipped)) skipped\(cut)\n"
    }
}

extension ConflictReport.Lock {
    init(_ lock: ConflictDetail.Lock) {
        self.init(at: lock.at.map(LocalTime.lock), version: lock.version)
    }

    /// `2026-11-20T02:00:01.123456+09:00 (812)`.
    package var text: String { "\(at ?? "NULL") (\(version ?? "?"))" }
}

/// The letters of outcomes in words.
package enum OutcomeText {
    /// The word for a letter of `kugiri_outcome`; unknown letters stay as they are.
    package static func word(_ letter: String) -> String {
        switch letter {
        case "I": "inserted"
        case "U": "updated"
        case "N": "unchanged"
        case "C": "closed"
        case "X": "conflict"
        case "R": "rejected"
        case "L": "loaded"
        default: letter
        }
    }
}
