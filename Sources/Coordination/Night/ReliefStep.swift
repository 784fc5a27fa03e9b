// Straggler relief (PROTOCOL 14): an idle worker gets the tail of the largest load claim.

import Journal
import Ledger
import Messaging
import Plan
import Postgres

extension RunCoordinator {
    /// Gives idle workers something to do when every claim of the load is in somebody's hands.
    ///
    /// The cut is a statement of the ledger; a holder whose claim was cut finds its upper bound in
    /// the claim's row, at its next chunk.
    func relieve(
        _ book: inout ClaimBook, _ table: inout [Int64: Claim]
    ) throws -> [ClaimBook.Effect] {
        guard phase == .load, book.openCount == 0, book.heldCount > 0, book.idleCount > 0,
            clock - relievedAt >= CoordinationLimits.reliefInterval
        else { return [] }
        relievedAt = clock
        var effects: [ClaimBook.Effect] = []
        for _ in 0..<book.idleCount {
            let candidates = try ReliefLedger.candidates(run: run, revision: revision, connection)
                .filter { book.holder(of: $0.claim) != nil }
            guard
                let chosen = Relief.choose(
                    candidates, chunksMin: CoordinationLimits.reliefChunksMin),
                let tail = try cut(chosen.claim)
            else { break }
            table[chosen.claim]?.range.high = tail.range.low
            table[chosen.claim]?.weight -= tail.weight
            table[tail.id] = tail
            if let partition = tail.partition { claimsLeft[partition, default: 0] += 1 }
            book.cut(chosen.claim, tail: tail)
            note(
                LogMessage(
                    .claimCut,
                    [
                        "slice": String(tail.slice),
                        "partition": tail.partition.map { String($0) } ?? "-",
                        "rows": String(tail.weight),
                    ]), partition: tail.partition)
            effects += book.assignments(at: clock)
        }
        return effects
    }

    /// Cuts a claim in half; nil: its holder was faster, or stands in a chunk for too long.
    private func cut(_ claim: Int64) throws -> Claim? {
        guard let rest = try ReliefLedger.chunks(of: claim, connection),
            let place = Relief.cut(rest.chunks)
        else { return nil }
        do {
            let tail = try transact { connection in
                try connection.execute(
                    "SET LOCAL lock_timeout = \(CoordinationLimits.reliefLockTimeoutMilliseconds)")
                let tail = try ReliefLedger.cut(
                    claim, epoch: rest.epoch, at: place.at, high: rest.high, rows: place.rows,
                    connection)
                try Failpoint.beforeReliefCommit.pass()
                return tail
            }
            try Failpoint.afterRelief.pass()
            return tail
        } catch let error as PostgresError where error.kind == .lockNotAvailable {
            relievedAt = clock + CoordinationLimits.reliefPause
            return nil
        }
    }
}
