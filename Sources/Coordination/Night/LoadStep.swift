// Phase load: chunks through the fleet, then the conflicts once more with care (PROTOCOL 22).

import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings

extension RunCoordinator {
    /// Loads every claim; staging that a crash of the server emptied is made again on the way.
    func load() throws {
        try begin(.load)
        try driveWithStaging(.load)
        try checkLoadCoverage()
        try finish(.load, records: envelope?.dataRecords ?? 0)
    }

    /// Drives a phase that reads staging; what a crash of the server emptied is staged again.
    ///
    /// A coordinator before this one may have ended while it was staging again: then slices
    /// lack their validation, and no worker that certifies others would notice.
    func driveWithStaging(_ phase: Phase) throws {
        let brokenOff = try ClaimLedger.open(
            run: run, revision: revision, phase: .validate, connection)
        if !brokenOff.isEmpty { try stageAgain() }
        for _ in 0...definition.job.attemptsMax {
            do {
                return try drive(phase)
            } catch DriveEnd.stagingLost {
                try stageAgain()
            }
        }
        throw RunStop(
            .infrastructure,
            LogMessage(
                .attemptsExhausted,
                [
                    "phase": phase.rawValue, "slice": "?",
                    "attempts": String(definition.job.attemptsMax),
                    "worker": lastFailure?.worker ?? "?", "reason": "staging was lost each time",
                    "run": run,
                ]), isResumable: true)
    }

    private func checkLoadCoverage() throws {
        let ranges = try ProofLedger.ranges(
            run: run, revision: revision, phase: .load, connection)
        let span = partitions?.span ?? .all
        if let fault = IntervalSet.coverageFault(ranges, of: span) {
            throw LedgerError.broken("load: \(fault)")
        }
    }

    /// Stages the slices again whose rows are gone; validation must find the same (PROTOCOL 8).
    private func stageAgain() throws {
        // Also claims that were only offered: a worker that took one now would load chunks while
        // they are cut anew.
        try transact { connection in
            try RecutLedger.fenceUntaken(run: run, revision: revision, connection)
        }
        for claim in try ClaimLedger.taken(run: run, revision: revision, connection) {
            _ = try takeBack(claim)
        }
        let slices = try ownSlices()
        var lost: [SliceRow] = []
        for slice in slices {
            let count = try TargetCatalog.count(slice.staging, connection)
            if count != slice.staged { lost.append(slice) }
        }
        try transact { connection in
            for slice in lost {
                try ProofLedger.deleteValidation(
                    slice: slice.slice, run: run, revision: revision, connection)
            }
            try ClaimLedger.insertForSlices(
                run: run, revision: revision, phase: .validate, connection)
        }
        guard !lost.isEmpty else { return }
        let (settled, rejects, before) = (recordsSettled, rejectsSettled, phase)
        phase = .validate
        fleet.phase = .validate
        try driveWithSpool(.validate)
        phase = before
        fleet.phase = before
        (recordsSettled, rejectsSettled) = (settled, rejects)
    }

    /// Does conflicts once more: the row locked, read anew, and applied in one transaction.
    func requeue() throws {
        let counts = try ProofLedger.counts(
            run: run, revision: revision, phase: .load, connection)
        conflictsSettled = counts.conflicts
        let policy = definition.job.conflicts
        if policy == .requeue, counts.conflicts > 0 {
            // On staging that a crash emptied every requeue would find nothing, night after night.
            try stageAgain()
            try requeuePass(counts.conflicts)
        }
        let left = try openConflicts()
        conflictsSettled = left
        let limit = Int64(definition.job.maxConflicts)
        if left > limit {
            throw RunStop(
                .conflicts,
                LogMessage(
                    .conflictsOverTolerance,
                    ["conflicts": String(left), "tolerance": String(limit), "run": run]),
                isResumable: true)
        }
        if left > 0 {
            warnings.append(.warning)
            note(
                LogMessage(
                    .conflictsWithinTolerance,
                    [
                        "conflicts": String(left), "tolerance": String(limit),
                        "path": "kugiri.conflict",
                    ]))
            try transact { connection in
                try ProofLedger.skipOpenConflicts(run: run, revision: revision, connection)
            }
        }
    }

    private func openConflicts() throws -> Int64 {
        try ProofLedger.conflicts(run: run, revision: revision, connection)
            .filter { $0.state == "open" }.reduce(0) { $0 + $1.count }
    }

    private func requeuePass(_ conflicts: Int64) throws {
        note(LogMessage(.requeueStarted, ["conflicts": String(conflicts)]))
        try stageAgain()
        var place: (key: String, record: Int64) = ("", .min)
        while true {
            let open = try ProofLedger.openConflicts(
                run: run, revision: revision, after: place,
                limit: CoordinationLimits.requeueBatchMax, connection)
            guard let last = open.last else { break }
            place = (last.key, last.record)
            for slice in Set(open.map(\.slice)).sorted() {
                let batch = open.filter { $0.slice == slice }
                try requeue(
                    slice: slice, keys: batch.map(\.key), records: batch.map(\.record),
                    depth: (batch.map(\.sequence).max() ?? 0) + 1)
            }
            try breathe()
        }
        let left = try openConflicts()
        requeued = conflicts - left
        note(
            LogMessage(
                .requeueFinished,
                ["applied": String(conflicts - left), "conflicts": String(left)]))
    }

    /// One batch; when an online transaction is in the way or the target refuses a row, the
    /// batch is halved until that row stands alone.
    private func requeue(slice: Int, keys: [String], records: [Int64], depth: Int) throws {
        do {
            try requeueTogether(slice: slice, keys: keys, records: records, depth: depth)
        } catch let error as PostgresError where !error.connectionLost {
            switch error.kind {
            case .lockNotAvailable, .deadlock, .canceled, .serialization, .data: break
            default: throw error
            }
            guard Set(keys).count > 1 else {
                if error.kind == .data {
                    try refuseLate(slice: slice, keys: keys, records: records, error)
                }
                return
            }
            // A key's records stay together: they are one target row, in file order.
            let middle = keys[keys.count / 2]
            let cut =
                keys.firstIndex(of: middle) == 0
                ? keys.lastIndex(of: middle).map { $0 + 1 } ?? 1
                : keys.firstIndex(of: middle) ?? 1
            try requeue(
                slice: slice, keys: Array(keys[..<cut]), records: Array(records[..<cut]),
                depth: depth)
            try requeue(
                slice: slice, keys: Array(keys[cut...]), records: Array(records[cut...]),
                depth: depth)
        }
    }

    private func requeueTogether(
        slice: Int, keys: [String], records: [Int64], depth: Int
    ) throws {
        let statement = ApplyStatement(tables: tables, slice: slice)
        let scope: [Parameter] = [.textArray(keys), .intArray(records)]
        let values: [Parameter] = plan.values.map { .text($0) }
        try transact { connection in
            try connection.execute(
                "SET LOCAL lock_timeout = \(definition.job.lockBudgetMilliseconds)")
            try connection.query(statement.seeAgain, scope)
            try Failpoint.inRequeue.pass()
            for sequence in 0..<depth {
                let step = scope + [.int(Int64(sequence))]
                if sequence > 0 { try connection.query(statement.carryForward(.records), step) }
                try connection.query(statement.apply(.records), step + [.intArray([])] + values)
            }
            try connection.query(statement.backToConflict, scope)
            let rows = try connection.query(statement.outcomes, scope)
            let settled = (0..<rows.count).compactMap { row -> (record: Int64, outcome: String)? in
                guard let record = rows.int(row, 0), let outcome = rows.text(row, 1),
                    ["I", "U", "N", "C"].contains(outcome)
                else { return nil }
                return (record, outcome)
            }
            try ProofLedger.settle(settled, run: run, revision: revision, connection)
        }
    }

    /// A row that the target refuses when it is applied after all: a late reject.
    private func refuseLate(
        slice: Int, keys: [String], records: [Int64], _ error: PostgresError
    ) throws {
        let statement = ApplyStatement(tables: tables, slice: slice)
        try transact { connection in
            try connection.query(
                statement.markLateRecords, [.textArray(keys), .intArray(records)])
            try ProofLedger.settle(
                records.map { ($0, "R") }, run: run, revision: revision, connection)
            let rejects = zip(records, keys).map { record, key in
                Reject(
                    partition: partitions?.partition(of: Key(key))?.number, record: record,
                    byteOffset: layout?.fileOffset(ofStaged: record) ?? 0,
                    key: Mask.key(key),
                    field: error.column ?? error.constraint ?? "row", rule: "target-constraint",
                    value: "SQLSTATE \(error.sqlState ?? "?")")
            }
            try SliceLedger.insert(
                rejects: rejects, late: true, slice: slice, run: run, revision: revision,
                connection)
        }
    }
}
