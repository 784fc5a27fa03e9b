// What the run came to, as one value: for the screen, for JSON, for the ledger.

import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings

extension RunCoordinator {
    /// The run as it stands.
    func summary(_ outcome: Outcome) throws -> RunSummary {
        let hasSplit = envelope != nil
        let totals = hasSplit ? try controlTotals() : []
        let rules = try ProofLedger.rejectRules(run: run, revision: revision, connection)
        return RunSummary(
            runID: run, job: definition.job.name, program: definition.job.program,
            result: outcome.result, exitCode: Int(outcome.rawValue),
            businessDate: definition.parameters.businessDate?.iso,
            input: .init(
                path: input.path, bytes: input.bytes,
                records: Int64(envelope?.dataRecords ?? 0), sha256: input.hash),
            counts: hasSplit ? try totalCounts() : Counts(),
            controlTotals: totals.filter { !$0.isOmitted && $0.found != nil }.map(\.line),
            partitions: hasSplit ? try partitionSummaries() : [],
            phases: phaseTimes.map {
                .init(name: $0.phase.rawValue, elapsedSeconds: $0.elapsed / .seconds(1))
            },
            workers: fleet.crew.keys.sorted { ($0.count, $0) < ($1.count, $1) }.map { name in
                let crew = fleet.crew[name]
                return .init(
                    name: name, host: crew?.host ?? "", claims: crew?.claimsDone ?? 0,
                    records: Int64(crew?.recordsDone ?? 0))
            },
            tolerances: tolerances,
            rejectsByRule: rules.map { .init(rule: "\($0.field): \($0.rule)", count: $0.count) },
            startedAt: startedAt, endedAt: .now(),
            elapsedSeconds: (Monotonic.now() - startedClock) / .seconds(1),
            certificate: certificateHash, directory: directory, messages: messages)
    }

    private func partitionSummaries() throws -> [RunSummary.Partition] {
        let shares = try ProofLedger.shares(run: run, revision: revision, connection)
        let conflicts = try ProofLedger.conflicts(run: run, revision: revision, connection)
        let rows = try ProofLedger.partitions(run: run, revision: revision, connection)
        return rows.map { row in
            let share = shares[row.number] ?? (0, 0, 0)
            let counts = Self.counts(
                row.counts, records: share.records, rejected: share.rejected,
                absent: share.absent, conflicts: conflicts.filter { $0.partition == row.number })
            return .init(
                number: row.number, low: row.range.low.text, high: row.range.high?.text,
                counts: counts, workers: row.workers, attempts: row.attempts,
                elapsedSeconds: row.elapsedSeconds,
                isDone: row.counts.staged == share.records - share.rejected + share.absent)
        }
    }

    /// START, counts and END of every partition in the run log, from the ledger (PROTOCOL 37).
    func logCounts(_ summary: RunSummary) throws {
        let rows = try ProofLedger.partitions(run: run, revision: revision, connection)
        for row in rows {
            guard let start = row.startedAt, let end = row.endedAt else { continue }
            note(
                LogMessage(
                    .partitionTimes,
                    [
                        "partition": String(row.number), "start": start, "end": end,
                        "elapsed": Figures.duration(seconds: row.elapsedSeconds),
                        "workers": row.workers.joined(separator: ", "),
                    ]), partition: row.number)
        }
        for partition in summary.partitions {
            note(Self.countLine("partition \(partition.number)", partition.counts))
        }
        note(Self.countLine("total", summary.counts))
    }

    private static func countLine(_ scope: String, _ counts: Counts) -> LogMessage {
        LogMessage(
            .countLine,
            [
                "scope": scope, "input": String(counts.input),
                "output": String(counts.loaded),
                "process": String(counts.input + counts.absent - counts.rejected),
                "processed": String(counts.loaded + counts.unchanged),
                "inserted": String(counts.inserted), "updated": String(counts.updated),
                "deleted": String(counts.deleted), "closed": String(counts.closed),
                "unchanged": String(counts.unchanged), "rejected": String(counts.rejected),
                "conflicts": String(counts.conflicts),
            ])
    }
}
