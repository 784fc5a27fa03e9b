// What a backout would do, and did: for people and for machines.

import Journal
package import Ledger
package import Plan

/// What a backout would do, per partition.
struct BackoutRadius {
    /// In the order of the partition table.
    var partitions: [(number: Int, counts: BackoutCounts)] = []
    var total = BackoutCounts()

    /// A table for people.
    func text(run: String) -> String {
        func row(_ name: String, _ counts: BackoutCounts) -> [String] {
            [
                name, Figures.count(counts.restored), Figures.count(counts.removed),
                Figures.count(counts.reopened), Figures.count(counts.leftAlone),
            ]
        }
        let shown = partitions.prefix(CoordinationLimits.blastPartitionsMax)
        var rows = shown.map { row(String($0.number), $0.counts) }
        if shown.count < partitions.count { rows.append(["…", "", "", "", ""]) }
        rows.append(row("total", total))
        let table = Table.render(
            columns: [
                .init("partition"), .init("restore", .right), .init("remove", .right),
                .init("reopen", .right), .init("changed since", .right),
            ],
            rows: rows)
        return "Backout of run \(run): rows of the target\n\(table)\n"
    }
}

/// How a backout ended: schema `kugiri.backout/1`, in `ops/schema/backout-1.json`.
package struct BackoutReport: Encodable, Sendable {
    /// A row that was left as it is.
    package struct Row: Encodable, Sendable {
        /// Masked when the contract says that it is personal.
        package var key: String
        /// changed, vanished, between, busy or refused.
        package var kind: String
        /// The constraint that refused it; nil: none did.
        package var detail: String?
    }

    var schema = "kugiri.backout/1"
    package var runID: String
    package var job: String
    /// Of the run, now.
    package var state: String
    package var outcome: Outcome
    /// nil: the whole run.
    package var partitions: [Int]?
    package var reason: String
    package var counts: BackoutCounts
    /// The first of those that were left alone.
    package var rows: [Row]
    /// Whether there are more than are listed.
    package var isCut: Bool

    init(
        runID: String, job: String, state: String, outcome: Outcome, partitions: [Int]?,
        reason: String, counts: BackoutCounts, rows: [Row], isCut: Bool
    ) {
        self.runID = runID
        self.job = job
        self.state = state
        self.outcome = outcome
        self.partitions = partitions
        self.reason = reason
        self.counts = counts
        self.rows = rows
        self.isCut = isCut
    }

    private enum CodingKeys: String, CodingKey {
        case schema, job, state, result, partitions, reason, counts, rows
        case runID = "run_id"
        case exitCode = "exit_code"
        case isCut = "cut"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(schema, forKey: .schema)
        try container.encode(runID, forKey: .runID)
        try container.encode(job, forKey: .job)
        try container.encode(state, forKey: .state)
        try container.encode(outcome.result, forKey: .result)
        try container.encode(outcome.rawValue, forKey: .exitCode)
        try container.encodeIfPresent(partitions, forKey: .partitions)
        try container.encode(reason, forKey: .reason)
        try container.encode(counts, forKey: .counts)
        try container.encode(rows, forKey: .rows)
        try container.encode(isCut, forKey: .isCut)
    }

    /// For people.
    package var text: String {
        var lines = [
            "run \(runID): \(Figures.count(counts.restored)) rows restored, "
                + "\(Figures.count(counts.removed)) removed, "
                + "\(Figures.count(counts.reopened)) reopened, "
                + "\(Figures.count(counts.leftAlone)) left as they are"
        ]
        if !rows.isEmpty {
            lines.append(
                Table.render(
                    columns: [.init("key"), .init("why it was left"), .init("by")],
                    rows: rows.map { [$0.key, Self.reasons[$0.kind] ?? $0.kind, $0.detail ?? ""] }))
        }
        if isCut { lines.append("… and more: see kugiri.backout_row") }
        return lines.joined(separator: "\n")
    }

    private static let reasons = [
        "changed": "changed by others since", "vanished": "deleted by others since",
        "between": "changed by others between two of our writes", "busy": "locked by others",
        "refused": "the target does not let it go",
    ]
}

/// Lines about backouts below a report or a certificate.
package enum BackoutNotes {
    /// One line per backout of a run, the oldest first.
    package static func lines(_ rows: [BackoutRow]) -> [String] {
        rows.map { row in
            let scope = row.partitions.map { "partitions \($0)" } ?? "the whole run"
            let when = row.endedAt.map { "backed out at \(LocalTime.moment($0).iso8601WithOffset)" }
            return "\(scope) \(when ?? "half backed out, unfinished"): "
                + "\(Figures.count(row.counts.restored)) rows restored, "
                + "\(Figures.count(row.counts.removed)) removed, "
                + "\(Figures.count(row.counts.reopened)) reopened, "
                + "\(Figures.count(row.counts.leftAlone)) left as they are; reason: \(row.reason)"
        }
    }
}
