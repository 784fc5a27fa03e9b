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
    /// A drain stops it between two chunks. A chunk that an online transaction or a row the target
    /// refuses stands in the way of is cut, and its pieces are loaded in another manner, so that no
    /// row stays locked for longer than the lock budget (PROTOCOL 23).
    ///
    /// - Parameters:
    ///   - chunks: The chunks of the claim that are not done, in key order.
    ///   - firstNumber: The number of the first of them.
    func load(
        _ chunks: [ChunkPromise], startingAt firstNumber: Int, _ connection: borrowing Connection
    ) throws {
        try prepare(connection)
        var number = firstNumber
        var forms = ChunkForms()
        let first: Manner = plan.derivesState == true ? .unmarked : .plain
        var queue = chunks.map { (chunk: $0, manner: first) }[...]
        while let (chunk, manner) = queue.popFirst() {
            try link.breathe()
            if link.isDraining { throw LoadingError.draining }
            let attempt = Attempt(
                chunk: chunk, manner: manner, forms: forms, next: queue.first?.chunk,
                number: number, startedAt: try SessionClock.now(connection))
            switch try load(attempt, connection) {
            case .done(let counts, let isFinished):
                forms.learn(from: counts)
                number += 1
                link.progress.recordsDone += UInt64(chunk.rows)
                // The tail of the claim was given away: what follows is another worker's.
                if isFinished { return }
            case .toBeMarked: queue = [(chunk, .plain)] + queue
            case .hasAppeared:
                forms.leaveOut(.insert)
                queue = [(chunk, .plain)] + queue
            case .toBeCut(let other, let rows):
                let pieces = try cut(chunk, everyRows: rows, after: number, connection)
                // A second try of the same in the same manner would come to the same.
                let next = pieces.count == 1 && !manner.isWhole ? .patient : other
                queue = pieces.map { ($0, next) } + queue
            }
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

    /// The chunk's transaction: claim first, then the rows, then interval and counts, which are
    /// returned; and whether the claim is finished with it.
    func transact(
        _ attempt: Attempt, _ connection: borrowing Connection,
        _ body: (borrowing Connection) throws -> IntervalCounts
    ) throws -> (IntervalCounts, isFinished: Bool) {
        let chunk = attempt.chunk
        let done = try connection.transaction { connection in
            let isFinished = try ClaimLedger.advance(
                claim.id, epoch: claim.epoch, chunkNumber: attempt.number, from: chunk.low,
                to: chunk.high ?? topBound,
                next: attempt.next.map { ($0.low, $0.high ?? topBound) }, connection)
            try Failpoint.inChunk.pass()
            let counts = try body(connection)
            guard counts.staged == chunk.rows, counts.digest == chunk.digest else {
                throw LoadingError.stagingLost(slice: claim.slice)
            }
            try ProofLedger.insert(
                counts, claim: claim, chunkNumber: attempt.number, low: chunk.low, high: chunk.high,
                worker: worker, startedAt: attempt.startedAt,
                isDerived: attempt.manner == .unmarked, connection)
            try Failpoint.beforeCommit.pass()
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

    func apply(
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
