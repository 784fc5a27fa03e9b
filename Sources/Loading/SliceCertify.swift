// Certify of one claim: every staged record of the slice is settled, and the target holds what was
// written where it is still ours (PROTOCOL 36).

import Ledger
import Messaging
import Plan
import Postgres

/// Proves one slice.
struct SliceCertify {
    let claim: TakenClaim
    let context: RunContext
    /// The worker's name, for the ledger.
    let worker: String

    /// Compares staging with the target and commits the counts with the claim's end.
    ///
    /// - Throws: ``LoadingError/stagingLost(slice:)`` when rows are missing;
    ///   ``LedgerError/broken(_:)`` when a record is neither done nor in error.
    func certify(
        _ slice: SliceRow, startedAt: String, _ connection: borrowing Connection
    ) throws {
        let statement = ApplyStatement(tables: context.tables, slice: claim.slice)
        try connection.transaction { connection in
            try ClaimLedger.finish(claim.id, epoch: claim.epoch, connection)
            let (counts, open) = try compareAll(statement, connection)
            guard counts.staged == slice.staged else {
                throw LoadingError.stagingLost(slice: claim.slice)
            }
            guard open == 0 else {
                throw LedgerError.broken(
                    "slice \(claim.slice): \(open) records are neither done nor "
                        + "in error after the load")
            }
            try ProofLedger.insert(
                counts, claim: claim, chunkNumber: 0, low: claim.range.low.text,
                high: claim.range.high?.text, worker: worker, startedAt: startedAt,
                connection)
            try Failpoint.inCertify.pass()
        }
    }

    /// A range, and the plan's values.
    private func parameters(_ range: KeyRange) -> [Parameter] {
        [.text(range.low.text), .text(range.high?.text ?? topBound)]
            + context.tables.plan.values.map { .text($0) }
    }

    /// Compares the slice: interval by interval where rows carry no state of their own, and the rest
    /// in as few pieces as there are.
    private func compareAll(
        _ statement: ApplyStatement, _ connection: borrowing Connection
    ) throws -> (IntervalCounts, open: Int64) {
        guard context.tables.plan.derivesState == true else {
            return try compare(claim.range, statement, connection)
        }
        let derived = try ProofLedger.derived(
            slice: claim.slice, run: claim.run, revision: claim.revision, connection)
        var total = IntervalCounts()
        var open: Int64 = 0
        func add(_ piece: (counts: IntervalCounts, open: Int64)) {
            total += piece.counts
            open += piece.open
        }
        var low = claim.range.low
        for interval in derived {
            if low < interval.range.low {
                add(
                    try compare(KeyRange(low: low, high: interval.range.low), statement, connection)
                )
            }
            add(try compare(interval, statement, connection))
            guard let high = interval.range.high else { return (total, open) }
            low = high
        }
        if claim.range.high.map({ low < $0 }) ?? true {
            add(try compare(KeyRange(low: low, high: claim.range.high), statement, connection))
        }
        return (total, open)
    }

    /// Compares a range whose rows carry their state.
    private func compare(
        _ range: KeyRange, _ statement: ApplyStatement, _ connection: borrowing Connection
    ) throws -> (IntervalCounts, open: Int64) {
        try compareByAddress(range, statement, connection)
            ?? compareByKey(range, statement, connection)
    }

    /// Compares a range whose rows carry no state, by the transaction that loaded it.
    private func compare(
        _ interval: DerivedInterval, _ statement: ApplyStatement,
        _ connection: borrowing Connection
    ) throws -> (IntervalCounts, open: Int64) {
        let rows = try connection.query(
            statement.certifyDerived,
            parameters(interval.range) + [.text(interval.transaction)])
        guard let found = counts(rows, settled: ["I", "U", "N", "L"]) else {
            throw LedgerError.broken(
                "slice \(claim.slice): an exception in an interval that was loaded without one")
        }
        return found
    }

    /// Compares rows where the load put them; half the price of looking for them.
    ///
    /// - Returns: nil when that cannot be the whole answer: a row is elsewhere, or a record has an
    ///   outcome that says more.
    private func compareByAddress(
        _ range: KeyRange, _ statement: ApplyStatement, _ connection: borrowing Connection
    ) throws -> (IntervalCounts, open: Int64)? {
        guard let text = statement.certifyByAddress else { return nil }
        // All of the staged rows are wanted: one after the other, not by their index. The target is
        // reached by address.
        try connection.execute("SET LOCAL enable_seqscan = on")
        let rows = try connection.query(text, parameters(range))
        try connection.execute("SET LOCAL enable_seqscan = off")
        return counts(rows, settled: ["I", "U", "N"])
    }

    /// What rows of outcomes come to; nil: that cannot be the whole answer.
    ///
    /// - Parameter settled: The outcomes of records that the target holds.
    private func counts(
        _ rows: borrowing Rows, settled: [String]
    ) -> (IntervalCounts, open: Int64)? {
        var counts = IntervalCounts()
        counts.sums = context.tables.plan.sums.map { _ in 0 }
        var open: Int64 = 0
        for row in 0..<rows.count {
            guard rows.int(row, 3) ?? 0 == 0 else { return nil }
            let (count, outcome) = (rows.int(row, 1) ?? 0, rows.text(row, 0))
            switch outcome {
            case "I": counts.inserted = count
            case "U": counts.updated = count
            case "N": counts.unchanged = count
            case "X": counts.conflicts = count
            case "R": counts.late = count
            case "L" where settled.contains("L"): counts.restored = count
            case nil: break
            default: return nil
            }
            counts.staged += count
            open += rows.int(row, 2) ?? 0
            counts.changedSince += rows.int(row, 4) ?? 0
            counts.differing += rows.int(row, 5) ?? 0
            counts.digest ^= UInt64(bitPattern: rows.int(row, 6) ?? 0)
            guard let outcome, settled.contains(outcome) else { continue }
            for index in counts.sums.indices {
                counts.sums[index] += rows.int(row, 7 + index) ?? 0
            }
        }
        return (counts, open)
    }

    /// Compares rows wherever they are.
    private func compareByKey(
        _ range: KeyRange, _ statement: ApplyStatement, _ connection: borrowing Connection
    ) throws -> (IntervalCounts, open: Int64) {
        let rows = try connection.query(statement.certify, parameters(range))
        var counts = IntervalCounts()
        counts.staged = rows.int(0, 0) ?? 0
        counts.inserted = rows.int(0, 1) ?? 0
        counts.updated = rows.int(0, 2) ?? 0
        counts.unchanged = rows.int(0, 3) ?? 0
        counts.conflicts = rows.int(0, 4) ?? 0
        counts.late = rows.int(0, 5) ?? 0
        counts.changedSince = rows.int(0, 7) ?? 0
        counts.differing = rows.int(0, 8) ?? 0
        counts.restored = rows.int(0, 9) ?? 0
        counts.digest = UInt64(bitPattern: rows.int(0, 10) ?? 0)
        counts.sums = context.tables.plan.sums.indices.map { rows.int(0, 11 + $0) ?? 0 }
        counts.closed = rows.int(0, 11 + counts.sums.count) ?? 0
        return (counts, rows.int(0, 6) ?? 0)
    }
}
