// Certify of one claim: every staged record of the slice is settled, and the target holds what was
// written where it is still ours (PROTOCOL 36).

import Ledger
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
        let values: [Parameter] = context.tables.plan.values.map { .text($0) }
        try connection.transaction { connection in
            try ClaimLedger.finish(claim.id, epoch: claim.epoch, connection)
            let rows = try connection.query(
                statement.certify,
                [.text(claim.range.low.text), .text(claim.range.high?.text ?? topBound)] + values)
            var counts = IntervalCounts()
            counts.staged = rows.int(0, 0) ?? 0
            guard counts.staged == slice.staged else {
                throw LoadingError.stagingLost(slice: claim.slice)
            }
            counts.inserted = rows.int(0, 1) ?? 0
            counts.updated = rows.int(0, 2) ?? 0
            counts.unchanged = rows.int(0, 3) ?? 0
            counts.conflicts = rows.int(0, 4) ?? 0
            counts.late = rows.int(0, 5) ?? 0
            guard rows.int(0, 6) == 0 else {
                throw LedgerError.broken(
                    "slice \(claim.slice): \(rows.int(0, 6) ?? 0) records are neither done nor "
                        + "in error after the load")
            }
            counts.changedSince = rows.int(0, 7) ?? 0
            counts.differing = rows.int(0, 8) ?? 0
            counts.restored = rows.int(0, 9) ?? 0
            counts.digest = UInt64(bitPattern: rows.int(0, 10) ?? 0)
            counts.sums = context.tables.plan.sums.indices.map { rows.int(0, 11 + $0) ?? 0 }
            counts.closed = rows.int(0, 11 + counts.sums.count) ?? 0
            try ProofLedger.insert(
                counts, claim: claim, chunkNumber: 0, low: claim.range.low.text,
                high: claim.range.high?.text, worker: worker, startedAt: startedAt,
                connection)
        }
    }
}
