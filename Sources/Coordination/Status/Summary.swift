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
        var summary = RunSummary(
            runID: run, job: definition.job.name, program: definition.job.program,
            result: outcome.result, exitCode: Int(outcome.rawValue),
            businessDate: definition.parameters.businessDate?.iso,
            input: .init(
                path: input.path, bytes: input.bytes,
                records: Int64(envelope?.dataRecords ?? 0), sha256: input.hash),
            counts: hasSplit ? try totalCounts() : Counts(),
            controlTotals: totals.filter { !$0.isOmitted && $0.found != nil }.map(\.line),
            partitions: hasSplit ? try partitionSummaries() : [],
            phases: phasesOfRun, workers: workersOfRun,
            tolerances: tolerances,
            rejectsByRule: rules.map { .init(rule: "\($0.field): \($0.rule)", count: $0.count) },
            startedAt: startedAt, endedAt: .now(),
            elapsedSeconds: elapsedOfRun / .seconds(1),
            certificate: certificateHash, directory: directory, messages: messages)
        summary.validationCache = try cacheUse()
        return summary
    }

    /// Finished phases with the time all coordinators spent in them.
    private var phasesOfRun: [RunSummary.Phase] {
        Phase.allCases.compactMap { phase in
            let own = phaseTimes.filter { $0.phase == phase }.map(\.elapsed)
            guard !own.isEmpty || past.finished.contains(phase) else { return nil }
            let seconds = own.reduce(past.phases[phase] ?? 0) { $0 + $1 / .seconds(1) }
            return .init(name: phase.rawValue, elapsedSeconds: seconds)
        }
    }

    /// The fleets of all coordinators; workers of one name are shown as one.
    private var workersOfRun: [RunSummary.Worker] {
        var workers: [String: RunSummary.Worker] = [:]
        for (name, crew) in fleet.crew {
            workers[name] = .init(
                name: name, host: crew.host, claims: crew.claimsDone,
                records: Int64(crew.recordsDone))
        }
        for share in past.workers {
            let known = workers[share.worker]
            workers[share.worker] = .init(
                name: share.worker, host: known?.host ?? share.host ?? "",
                claims: share.claims + (known?.claims ?? 0),
                records: share.records + (known?.records ?? 0))
        }
        return workers.values.sorted { ($0.name.count, $0.name) < ($1.name.count, $1.name) }
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
