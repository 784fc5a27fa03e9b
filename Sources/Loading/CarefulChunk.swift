// Chunks that could not be loaded plainly: cut into pieces, their rows locked first or halved, each
// piece within the lock budget (PROTOCOL 23 and 24).

import Ledger
import Messaging
import Plan
import Postgres
import Records

/// How a chunk is loaded.
enum Manner {
    /// In one piece, by short forms alone, and nothing is written on its staged rows.
    case unmarked
    /// In one piece, short forms first.
    case plain
    /// Rows that can be had are locked first; the others become `busy` conflicts.
    case careful
    /// A row that the target refuses is looked for by halves.
    case halving
    /// One key that takes longer than the lock budget all by itself: it cannot be cut.
    case patient

    /// Whether the chunk is tried in one piece, before anything was found to be in its way.
    var isWhole: Bool { self == .unmarked || self == .plain }
}

/// One try at a chunk.
struct Attempt {
    var chunk: ChunkPromise
    var manner: Manner
    var forms: ChunkForms
    /// The chunk after it; nil: it is the last one of the claim.
    var next: ChunkPromise?
    /// Its number in the claim.
    var number: Int
    var startedAt: String

    /// Whether it inserts rows without looking for them first.
    var inserts: Bool { manner == .unmarked || manner == .plain && forms.likely.contains(.insert) }
}

/// What came of a try.
enum Attempted {
    case done(IntervalCounts, isFinished: Bool)
    /// Nothing is done: its staged rows have to carry their state.
    case toBeMarked
    /// Nothing is done: the insert fell over a row that validation did not see, or over another key
    /// that only one row may have.
    case hasAppeared
    /// Nothing is done: pieces of about so many rows are to be tried in this manner.
    case toBeCut(Manner, rows: Int64)
}

/// The rows of a piece would stay locked for longer than the lock budget.
private struct OverBudget: Error {}

extension SliceLoad {
    /// Tries a chunk once in its manner.
    func load(_ attempt: Attempt, _ connection: borrowing Connection) throws -> Attempted {
        let chunk = attempt.chunk
        do {
            let (counts, isFinished) = try transact(attempt, connection) { connection in
                switch attempt.manner {
                case .unmarked:
                    return try applyUnmarked(chunk, connection)
                case .plain: return try apply(chunk, forms: attempt.forms, connection)
                case .careful: return try carefully(chunk, connection)
                case .halving: return try bisect(chunk, busy: [], until: deadline, connection)
                case .patient:
                    try connection.execute("SET LOCAL statement_timeout = 0")
                    return try carefully(chunk, connection)
                }
            }
            return .done(counts, isFinished: isFinished)
        } catch is NeedsMarks {
            return .toBeMarked
        } catch is OverBudget {
            return .toBeCut(
                attempt.manner, rows: max(1, chunk.rows / LoadingLimits.carefulParts))
        } catch let error as PostgresError where attempt.manner != .patient {
            switch error.kind {
            case .canceled where !attempt.manner.isWhole:
                return .toBeCut(
                    attempt.manner, rows: max(1, chunk.rows / LoadingLimits.carefulParts))
            case _ where !attempt.manner.isWhole: throw error
            case .lockNotAvailable, .deadlock, .canceled, .serialization:
                return .toBeCut(.careful, rows: LoadingLimits.carefulRows)
            case .data where error.isTaken && plan.inserts && attempt.inserts:
                return .hasAppeared
            case .data: return .toBeCut(.halving, rows: LoadingLimits.carefulRows)
            default: throw error
            }
        }
    }

    /// When the rows that are locked now have to be free again.
    private var deadline: ContinuousClock.Instant {
        Monotonic.now() + .milliseconds(lockBudgetMilliseconds)
    }

    /// Rows an online transaction holds become `busy` conflicts.
    private func carefully(
        _ chunk: ChunkPromise, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let deadline = deadline
        let rows = try connection.query(
            statement.lockFree, [.text(chunk.low), .text(chunk.high ?? topBound)])
        let busy = (0..<rows.count).compactMap { rows.int($0, 0) }
        return try bisect(chunk, busy: busy, until: deadline, connection)
    }

    /// Puts pieces of about so many rows in the place of a chunk, in the ledger too.
    ///
    /// They are counted in staging and must add up to what validation promised of the whole, so they
    /// promise no less (decision 0016). A chunk of one key, or with no more rows, stays as it is.
    func cut(
        _ chunk: ChunkPromise, everyRows rows: Int64, after number: Int,
        _ connection: borrowing Connection
    ) throws -> [ChunkPromise] {
        guard chunk.rows > rows else { return [chunk] }
        return try connection.transaction { connection in
            // Nobody else may write this claim's chunks: its row is ours until the commit.
            try ClaimLedger.hold(
                claim.id, epoch: claim.epoch, chunkNumber: number, at: chunk.low, connection)
            try connection.execute("SET LOCAL statement_timeout = 0")
            var cuts: [String] = []
            // Where one key has most of the rows, only a step of one row finds the others.
            for step in Set([rows, 1]).sorted(by: >) where cuts.isEmpty {
                let found = try connection.query(
                    statement.keysEvery,
                    [.text(chunk.low), .text(chunk.high ?? topBound), .int(step)])
                cuts = (0..<found.count).compactMap { found.text($0, 0) }
            }
            guard !cuts.isEmpty else { return [chunk] }
            var pieces: [ChunkPromise] = []
            for (low, high) in zip([chunk.low] + cuts, cuts.map(Optional.some) + [chunk.high]) {
                let count = try connection.query(
                    statement.recount, [.text(low), .text(high ?? topBound)])
                pieces.append(
                    ChunkPromise(
                        low: low, high: high, rows: count.int(0, 0) ?? 0,
                        digest: UInt64(bitPattern: count.int(0, 1) ?? 0), depth: chunk.depth))
            }
            guard pieces.reduce(0, { $0 + $1.rows }) == chunk.rows,
                pieces.reduce(0, { $0 ^ $1.digest }) == chunk.digest
            else { throw LoadingError.stagingLost(slice: claim.slice) }
            try RecutLedger.replace(
                chunk: chunk, by: pieces, slice: claim.slice, run: claim.run,
                revision: claim.revision, connection)
            return pieces
        }
    }

    /// Halves the range until a row that cannot be applied stands alone (PROTOCOL 24): refused
    /// by the target it is a late reject, locked by an online insert it is a `busy` conflict.
    private func bisect(
        _ chunk: ChunkPromise, busy: [Int64], until deadline: ContinuousClock.Instant,
        _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        let rows = try connection.query(
            statement.keysOfRange, [.text(chunk.low), .text(chunk.high ?? topBound)])
        let keys = (0..<rows.count).compactMap { rows.text($0, 0) }
        guard !keys.isEmpty else { return try apply(chunk, busy: busy, connection) }
        return try bisect(
            keys[...], end: chunk.high ?? topBound, low: chunk.low, depth: chunk.depth,
            busy: busy, until: keys.count > 1 ? deadline : nil, connection)
    }

    private func bisect(
        _ keys: ArraySlice<String>, end: String, low: String, depth: Int, busy: [Int64],
        until deadline: ContinuousClock.Instant?, _ connection: borrowing Connection
    ) throws -> IntervalCounts {
        if let deadline, Monotonic.now() > deadline { throw OverBudget() }
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
                keys[..<middle], end: cut, low: low, depth: depth, busy: busy, until: deadline,
                connection)
            counts += try bisect(
                keys[middle...], end: end, low: cut, depth: depth, busy: busy, until: deadline,
                connection)
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
