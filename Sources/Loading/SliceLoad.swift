// Load of one claim: chunk after chunk in key order, each one transaction (PROTOCOL 10, 19–24).

package import Ledger
import Messaging
import Plan
package import Postgres
package import Records

/// Loads the chunks of a claim.
struct SliceLoad {
    let statement: ApplyStatement
    let plan: TargetPlan
    let claim: TakenClaim
    let worker: String
    let link: CoordinatorLink
    let lockBudgetMilliseconds: Int
    let layout: FrameLayout

    /// Parameters of the plan's SQL.
    var values: [Parameter] { plan.values.map { .text($0) } }

    /// Loads what is left of the claim.
    ///
    /// A drain stops it between two chunks.
    ///
    /// - Parameters:
    ///   - chunks: The chunks of the claim that are not done, in key order.
    ///   - first: The number of the first of them.
    func load(
        _ chunks: [ChunkPromise], startingAt first: Int, _ connection: borrowing Connection
    ) throws {
        try prepare(connection)
        var number = first
        var forms = ChunkForms()
        for (index, chunk) in chunks.enumerated() {
            try link.breathe()
            if link.isDraining { throw LoadingError.draining }
            let next = index + 1 < chunks.count ? chunks[index + 1] : nil
            let started = try SessionClock.now(connection)
            let (counts, isFinished) = try load(
                chunk, forms: forms, next: next, number: number, startedAt: started, connection)
            forms.learn(from: counts)
            number += 1
            link.progress.recordsDone += UInt64(chunk.rows)
            // The tail of the claim was given away: what follows is another worker's.
            if isFinished { return }
        }
    }

    private func prepare(_ connection: borrowing Connection) throws {
        try connection.execute(
            """
            DEALLOCATE ALL; SET enable_hashjoin = on; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off;
            SET synchronous_commit = off;
            SET lock_timeout = \(LoadingLimits.lockTimeoutMilliseconds);
            SET statement_timeout = \(lockBudgetMilliseconds)
            """)
        try connection.prepare("apply", statement.apply(.range))
        try prepareForms(connection)
    }

    /// One chunk: plainly; carefully when an online transaction is in the way; by halves when
    /// the target refuses a row.
    private func load(
        _ chunk: ChunkPromise, forms: ChunkForms, next: ChunkPromise?, number: Int,
        startedAt: String, _ connection: borrowing Connection
    ) throws -> (IntervalCounts, isFinished: Bool) {
        do {
            return try transact(
                chunk, next: next, number: number, startedAt: startedAt, connection
            ) { connection in try apply(chunk, forms: forms, connection) }
        } catch let error as PostgresError {
            switch error.kind {
            case .lockNotAvailable, .deadlock, .canceled, .serialization:
                return try carefully(
                    chunk, next: next, number: number, startedAt: startedAt, connection)
            case .data:
                return try transact(
                    chunk, next: next, number: number, startedAt: startedAt, connection
                ) { connection in
                    try connection.execute("SET LOCAL statement_timeout = 0")
                    return try bisect(chunk, busy: [], connection)
                }
            default: throw error
            }
        }
    }

    /// Rows an online transaction holds become `busy` conflicts (PROTOCOL 23).
    private func carefully(
        _ chunk: ChunkPromise, next: ChunkPromise?, number: Int, startedAt: String,
        _ connection: borrowing Connection
    ) throws -> (IntervalCounts, isFinished: Bool) {
        try transact(chunk, next: next, number: number, startedAt: startedAt, connection) {
            connection in
            try connection.execute("SET LOCAL statement_timeout = 0")
            let rows = try connection.query(
                statement.lockFree, [.text(chunk.low), .text(chunk.high ?? topBound)])
            let busy = (0..<rows.count).compactMap { rows.int($0, 0) }
            return try bisect(chunk, busy: busy, connection)
        }
    }

    /// The chunk's transaction: claim first, then the rows, then interval and counts, which are
    /// returned; and whether the claim is finished with it.
    private func transact(
        _ chunk: ChunkPromise, next: ChunkPromise?, number: Int, startedAt: String,
        _ connection: borrowing Connection,
        _ body: (borrowing Connection) throws -> IntervalCounts
    ) throws -> (IntervalCounts, isFinished: Bool) {
        let done = try connection.transaction { connection in
            let isFinished = try ClaimLedger.advance(
                claim.id, epoch: claim.epoch, chunkNumber: number, from: chunk.low,
                to: chunk.high ?? topBound,
                next: next.map { ($0.low, $0.high ?? topBound) }, connection)
            try Failpoint.inChunk.pass()
            let counts = try body(connection)
            guard counts.staged == chunk.rows, counts.digest == chunk.digest else {
                throw LoadingError.stagingLost(slice: claim.slice)
            }
            try ProofLedger.insert(
                counts, claim: claim, chunkNumber: number, low: chunk.low, high: chunk.high,
                worker: worker, startedAt: startedAt, connection)
            try Failpoint.beforeChunkCommit.pass()
            return (counts, isFinished)
        }
        try Failpoint.afterCommitBeforeReport.pass()
        return done
    }

    /// Applies a key range: record after record of the same target row in file order.
    func apply(
        _ chunk: ChunkPromise, busy: [Int64], _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        try apply(
            low: chunk.low, high: chunk.high ?? topBound, depth: chunk.depth, busy: busy,
            connection)
    }

    private func apply(
        low: String, high: String, depth: Int, busy: [Int64], _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        var counts = IntervalCounts()
        for sequence in 0..<depth {
            let scope: [Parameter] = [.text(low), .text(high), .int(Int64(sequence))]
            if sequence > 0 { try connection.query(statement.carryForward(.range), scope) }
            let rows = try connection.run("apply", scope + [.intArray(busy)] + values)
            let step = AppliedCounts.read(rows, sums: plan.sums.count)
            if step.conflicts > 0 {
                let noted = try connection.query(
                    statement.noteConflicts(.range),
                    scope + [
                        .intArray(busy), .text(claim.run), .int(Int64(claim.revision)),
                        .int(Int64(claim.slice)), .optional(claim.partition.map { Int64($0) }),
                    ])
                guard Int64(noted.affected) == step.conflicts else {
                    throw LedgerError.broken(
                        "\(step.conflicts) conflicts by subtraction, \(noted.affected) noted")
                }
            }
            counts += step
        }
        return counts
    }

    /// Halves the range until a row that cannot be applied stands alone (PROTOCOL 24): refused
    /// by the target it is a late reject, locked by an online insert it is a `busy` conflict.
    private func bisect(
        _ chunk: ChunkPromise, busy: [Int64], _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let rows = try connection.query(
            statement.keysOfRange, [.text(chunk.low), .text(chunk.high ?? topBound)])
        let keys = (0..<rows.count).compactMap { rows.text($0, 0) }
        guard !keys.isEmpty else { return try apply(chunk, busy: busy, connection) }
        return try bisect(
            keys[...], end: chunk.high ?? topBound, low: chunk.low, depth: chunk.depth,
            busy: busy, connection)
    }

    private func bisect(
        _ keys: ArraySlice<String>, end: String, low: String, depth: Int, busy: [Int64],
        _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        do {
            return try connection.savepoint { connection in
                try apply(low: low, high: end, depth: depth, busy: busy, connection)
            }
        } catch let error as PostgresError {
            let isLock = error.kind == .lockNotAvailable || error.kind == .deadlock
            guard error.kind == .data || isLock else { throw error }
            guard keys.count > 1 else {
                return try alone(
                    low: low, high: end, depth: depth, busy: busy, isLock: isLock, error,
                    connection)
            }
            let middle = keys.startIndex + keys.count / 2
            let cut = keys[middle]
            var counts = try bisect(
                keys[..<middle], end: cut, low: low, depth: depth, busy: busy, connection)
            counts += try bisect(
                keys[middle...], end: end, low: cut, depth: depth, busy: busy, connection)
            return counts
        }
    }

    /// The one key that cannot be applied now.
    private func alone(
        low: String, high: String, depth: Int, busy: [Int64], isLock: Bool,
        _ error: PostgresError, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let bounds: [Parameter] = [.text(low), .text(high)]
        let before = try connection.query(statement.recount, bounds)
        if isLock {
            let rows = try connection.query(statement.recordsOfRange, bounds)
            let all = (0..<rows.count).compactMap { rows.int($0, 0) }
            return try apply(low: low, high: high, depth: depth, busy: all, connection)
        }
        let marked = try connection.query(statement.markLate, bounds)
        var counts = IntervalCounts()
        counts.staged = before.int(0, 0) ?? 0
        counts.digest = UInt64(bitPattern: before.int(0, 1) ?? 0)
        counts.late = Int64(marked.count)
        counts.sums = plan.sums.map { _ in 0 }
        let rejects = (0..<marked.count).map { row in
            Reject(
                partition: claim.partition, record: marked.int(row, 0) ?? 0,
                byteOffset: layout.fileOffset(ofStaged: marked.int(row, 0) ?? 1),
                key: Mask.key(marked.text(row, 1) ?? ""),
                field: error.column ?? error.constraint ?? "row",
                rule: "target-constraint", value: "SQLSTATE \(error.sqlState ?? "?")")
        }
        try SliceLedger.insert(
            rejects: rejects, late: true, slice: claim.slice, run: claim.run,
            revision: claim.revision, connection)
        return counts
    }
}

/// The counts of one apply statement.
package enum AppliedCounts {
    /// Reads the row of ``ApplyStatement/apply(_:)``; conflicts are what is left by subtraction.
    package static func read(_ rows: borrowing Rows, sums: Int) -> IntervalCounts {
        var counts = IntervalCounts()
        counts.staged = rows.int(0, 0) ?? 0
        counts.inserted = rows.int(0, 1) ?? 0
        counts.updated = rows.int(0, 2) ?? 0
        counts.unchanged = rows.int(0, 3) ?? 0
        counts.converged = rows.int(0, 4) ?? 0
        counts.digest = UInt64(bitPattern: rows.int(0, 5) ?? 0)
        counts.sums = (0..<sums).map { rows.int(0, 7 + $0) ?? 0 }
        counts.closed = rows.int(0, 7 + sums) ?? 0
        counts.conflicts =
            counts.staged - counts.inserted - counts.updated - counts.deleted - counts.closed
            - counts.unchanged
        return counts
    }
}

extension FrameLayout {
    /// Where a staged row stands in the file; 0 for a row to be closed, which stands in none.
    package func fileOffset(ofStaged record: Int64) -> Int64 {
        record > 0 ? Int64(fileOffset(ofRecord: UInt64(record))) : 0
    }
}

/// The database's clock; times that are kept come from nowhere else.
package enum SessionClock {
    /// Now, as text with microseconds.
    package static func now(_ connection: borrowing Connection) throws -> String {
        try connection.query("SELECT clock_timestamp()").text(0, 0) ?? ""
    }
}
