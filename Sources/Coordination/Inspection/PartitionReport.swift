// `kugiri partitions`: what every key range of a run came to so far, from the ledger alone.

package import Journal
import Ledger
import Plan
package import Postgres

/// The partitions of a run; schema `kugiri.partitions/1`, in `ops/schema/partitions-1.json`.
package struct PartitionReport: Encodable, Sendable {
    /// Where a partition stands.
    package enum State: String, Encodable, Sendable {
        /// Nobody works on it.
        case waiting
        /// A living session has a claim of it.
        case running
        /// Every record of it is checked; it waits for the barrier.
        case validated
        /// Every staged record of it is handled.
        case done
        /// The run ended before it was done.
        case stopped
    }

    /// One partition.
    package struct Row: Encodable, Sendable {
        package var number: Int
        /// Inclusive; "" is below every key.
        package var low: String
        /// Exclusive; nil: above every key.
        package var high: String?
        package var state: State
        /// Who works on it now.
        package var workers: [String]
        /// Who has loaded of it.
        package var loadedBy: [String]
        /// `input` and `rejected` are those of slices that are validated.
        package var counts: Counts
        /// Valid records in staging, and rows to be closed.
        package var staged: Int64
        /// From 0 to 1: before the barrier of its records validated, then of its staged ones loaded.
        package var doneShare: Double
        /// nil: the load has committed nothing of it.
        package var startedAt: Timestamp?
        package var committedAt: Timestamp?
        package var elapsedSeconds: Double?

        enum CodingKeys: String, CodingKey {
            case number, low, high, state, workers, counts, staged
            case loadedBy = "loaded_by"
            case doneShare = "done_share"
            case startedAt = "started_at"
            case committedAt = "committed_at"
            case elapsedSeconds = "elapsed_seconds"
        }
    }

    package var schema = "kugiri.partitions/1"
    package var runID: String
    package var job: String
    /// open, ended, published, superseded or backed_out.
    package var state: String
    package var phase: String
    package var asOf: Timestamp
    package var partitions: [Row]
    /// Records whose key is in no partition, or cannot be read; all of them are rejects.
    package var outside: Int64
    package var total: Counts

    enum CodingKeys: String, CodingKey {
        case schema, job, state, phase, partitions, outside, total
        case runID = "run_id"
        case asOf = "as_of"
    }

    /// Reads a run's partitions; none before the split.
    package static func read(
        _ run: InspectedRun, _ connection: borrowing Connection
    ) throws -> PartitionReport {
        let row = run.row
        var facts = PartitionFacts(
            state: row.state, phase: row.phase, partitions: run.partitions?.partitions ?? [])
        if run.partitions != nil {
            facts.slices = try SliceLedger.slices(
                run: row.run, revision: row.revision, connection)
            facts.shares = try ProofLedger.shares(
                run: row.run, revision: row.revision, connection)
            facts.loads = try InspectLedger.load(
                run: row.run, revision: row.revision, connection)
            facts.conflicts = Dictionary(
                grouping: try ProofLedger.conflicts(
                    run: row.run, revision: row.revision, connection),
                by: { $0.partition ?? 0 })
            facts.inHand = try InspectLedger.claimsInHand(
                run: row.run, revision: row.revision, connection)
        }
        let rows = facts.rows()
        let outside = facts.shares[0]?.records ?? 0
        var total = rows.reduce(Counts.zero) { $0 + $1.counts }
        total.input += outside
        total.rejected += outside
        return PartitionReport(
            runID: row.run, job: row.job, state: row.state, phase: row.phase.rawValue,
            asOf: .now(), partitions: rows, outside: outside, total: total)
    }
}

/// What the ledger knows, put together into rows; a value without a database.
struct PartitionFacts {
    /// The run's.
    var state: String
    var phase: Phase
    /// Sorted by range.
    var partitions: [Partition]
    var slices: [SliceRow] = []
    /// By partition; 0: outside every range.
    var shares: [Int: (records: Int64, rejected: Int64, absent: Int64)] = [:]
    var loads: [Int: PartitionLoad] = [:]
    var conflicts: [Int: [ConflictRow]] = [:]
    var inHand: [ClaimInHand] = []

    /// Validation of the slices that meet a partition.
    private struct Checked {
        var records: Int64 = 0
        var done: Int64 = 0
        var slices: Int = 0
        var slicesDone: Int = 0
        var workers: Set<String> = []

        var isComplete: Bool { slices > 0 && slices == slicesDone }
    }

    /// One row per partition, by range.
    func rows() -> [PartitionReport.Row] {
        let checked = checkedByPartition()
        var loading: [Int: Set<String>] = [:]
        for claim in inHand {
            guard let partition = claim.partition else { continue }
            loading[partition, default: []].insert(claim.worker)
        }
        return partitions.enumerated().map { index, partition in
            row(partition, checked[index], loading: loading[partition.number] ?? [])
        }
    }

    private func row(
        _ partition: Partition, _ checked: Checked, loading: Set<String>
    ) -> PartitionReport.Row {
        let number = partition.number
        let share = shares[number] ?? (0, 0, 0)
        let load = loads[number]
        let counts = RunCoordinator.counts(
            load?.counts ?? IntervalCounts(), records: share.records, rejected: share.rejected,
            absent: share.absent, conflicts: conflicts[number] ?? [])
        let staged = share.records - share.rejected + share.absent
        let handled = load?.counts.staged ?? 0
        let isLoading = phase != .split && phase != .validate
        let isDone = isLoading && checked.isComplete && handled == staged
        let workers = loading.union(checked.workers)
        let state: PartitionReport.State
        if isDone {
            state = .done
        } else if !workers.isEmpty {
            state = .running
        } else if self.state != "open" {
            state = .stopped
        } else {
            state = !isLoading && checked.isComplete ? .validated : .waiting
        }
        var doneShare = isDone || (!isLoading && checked.isComplete) ? 1.0 : 0
        if !isLoading, checked.records > 0 {
            doneShare = Double(checked.done) / Double(checked.records)
        } else if isLoading, staged > 0 {
            doneShare = Double(handled) / Double(staged)
        }
        return PartitionReport.Row(
            number: number, low: partition.range.low.text, high: partition.range.high?.text,
            state: state, workers: workers.sorted { ($0.count, $0) < ($1.count, $1) },
            loadedBy: load?.workers ?? [], counts: counts, staged: staged, doneShare: doneShare,
            startedAt: load.map { LocalTime.moment($0.startedAt) },
            committedAt: load.map { LocalTime.moment($0.committedAt) },
            elapsedSeconds: load.map { Double($0.committedAt - $0.startedAt) / 1_000 })
    }

    /// Slices and partitions side by side, both in key order: a step, not a search.
    private func checkedByPartition() -> [Checked] {
        var result = [Checked](repeating: Checked(), count: partitions.count)
        let sorted = slices.sorted { $0.range.low < $1.range.low }
        var holders: [Int: Set<String>] = [:]
        for claim in inHand where claim.partition == nil {
            holders[claim.slice, default: []].insert(claim.worker)
        }
        var first = 0
        for index in partitions.indices {
            let range = partitions[index].range
            while first < sorted.count, let high = sorted[first].range.high, high <= range.low {
                first += 1
            }
            var next = first
            while next < sorted.count, range.high.map({ sorted[next].range.low < $0 }) ?? true {
                let slice = sorted[next]
                result[index].slices += 1
                result[index].records += slice.records
                if slice.staged != nil {
                    result[index].slicesDone += 1
                    result[index].done += slice.records
                }
                result[index].workers.formUnion(holders[slice.slice] ?? [])
                next += 1
            }
        }
        return result
    }
}

extension PartitionReport {
    /// The table for people.
    ///
    /// - Parameter width: Columns to fit into; nil: as wide as it is.
    package func text(width: Int?) -> String {
        guard !partitions.isEmpty else {
            return "run \(runID) is not split: it has no partitions yet\n"
        }
        let titles = ["input", "staged", "loaded", "unchanged", "rejected", "conflicts", "done"]
        let lows = KeyText.shortened(partitions.map(\.low))
        let table = Table.render(
            columns: [.init("no.", .right), .init("from key")]
                + titles.map { .init($0, .right) } + [.init("state"), .init("time", .right)],
            rows: zip(partitions, lows).map { row, low in
                [String(row.number), low.isEmpty ? "−∞" : low] + figures(row)
                    + [
                        row.state.rawValue
                            + (row.workers.isEmpty
                                ? "" : " by " + row.workers.joined(separator: ", ")),
                        row.elapsedSeconds.map { Figures.duration(seconds: $0) } ?? "-",
                    ]
            },
            footer: ["", "total"] + totals, width: width)
        let out =
            outside > 0
            ? "\(Figures.count(outside)) records have a key outside every range or an unreadable "
                + "one: 'kugiri rejects \(runID) --partition 0'\n" : ""
        return table + "\(runID) is \(state), phase \(phase)\n" + out
    }

    private func figures(_ row: Row) -> [String] {
        let counts = row.counts
        return [
            counts.input, row.staged, counts.loaded, counts.unchanged, counts.rejected,
            counts.conflicts,
        ].map(Figures.count) + [Self.percent(row.doneShare)]
    }

    private var totals: [String] {
        [
            total.input, partitions.reduce(0) { $0 + $1.staged }, total.loaded, total.unchanged,
            total.rejected, total.conflicts,
        ].map(Figures.count) + [""]
    }

    /// Whole percent, rounded down: 100 % is all of it.
    private static func percent(_ share: Double) -> String {
        "\(Figures.percent(done: Int64(share * 1_000_000), total: 1_000_000)) %"
    }
}

/// Keys in tables.
enum KeyText {
    /// Keys without the beginning that all of them share, so that what differs is not cut off.
    static func shortened(_ keys: [String]) -> [String] {
        let named = keys.filter { !$0.isEmpty }
        guard named.count > 1, let first = named.min(), let last = named.max() else { return keys }
        let shared = zip(first, last).prefix { $0 == $1 }.count
        guard shared > 1 else { return keys }
        return keys.map { $0.isEmpty ? $0 : "…" + $0.dropFirst(shared) }
    }
}
