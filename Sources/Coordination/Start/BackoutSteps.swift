// The chunks of a backout: each in one transaction under the lock budget, halved down to the row
// that is locked or that the target does not let go.

import Ledger
import Loading
import Messaging
import Plan
import Postgres

/// Carries a backout out.
struct BackoutSteps {
    let run: String
    /// Of the run; a higher one fences this.
    var term: Int64
    /// The backout's.
    var number: Int64
    let statement: BackoutStatement
    let chunkRows: Int
    let lockBudgetMilliseconds: Int

    /// Readies the session and lets chunks find their images.
    func prepare(_ connection: borrowing Connection) throws {
        try connection.execute(
            """
            SET enable_seqscan = off; SET enable_mergejoin = off; SET jit = off;
            SET synchronous_commit = off
            """)
        try connection.execute(statement.index)
    }

    /// Whether this role may remove rows that the run made.
    func mayDelete(_ connection: borrowing Connection) throws -> Bool {
        try connection.query(statement.mayDelete).bool(0, 0) == true
    }

    /// What would be done, per partition that the ranges meet.
    func forecast(
        _ table: PartitionTable?, _ ranges: [KeyRange], _ connection: borrowing Connection
    ) throws -> BackoutRadius {
        var radius = BackoutRadius()
        for partition in table?.partitions ?? [] {
            for range in ranges.compactMap({ $0.intersection(partition.range) }) {
                let rows = try connection.query(
                    statement.forecast, [.text(range.low.text), .text(bound(range))])
                var counts = BackoutCounts()
                counts.restored = rows.int(0, 0) ?? 0
                counts.removed = rows.int(0, 1) ?? 0
                counts.reopened = rows.int(0, 2) ?? 0
                counts.leftAlone = rows.int(0, 3) ?? 0
                radius.partitions.append((partition.number, counts))
                radius.total += counts
            }
        }
        return radius
    }

    /// Fences workers of a run that was under way: none of them writes from here on.
    func fenceClaims(revision: Int, _ connection: borrowing Connection) throws {
        for claim in try ClaimLedger.taken(run: run, revision: revision, connection) {
            var isRaised = false
            for _ in 0..<CoordinationLimits.raiseTriesMax where !isRaised {
                do {
                    try transact(connection) { connection in
                        try connection.execute(
                            "SET LOCAL lock_timeout = "
                                + "\(CoordinationLimits.raiseLockTimeoutMilliseconds)")
                        _ = try ClaimLedger.raise(claim, connection)
                    }
                    isRaised = true
                } catch let error as PostgresError where error.kind == .lockNotAvailable {
                    try ClaimLedger.terminateBlockers(claim, connection)
                }
            }
            guard isRaised else {
                throw LedgerError.broken("claim \(claim) stays locked by another session")
            }
            _ = try ClaimLedger.terminateHolder(claim, connection)
        }
    }

    /// Takes everything of a backout back that is not done yet; returns how many rows others hold
    /// locked.
    func work(_ backout: OpenBackout, _ connection: borrowing Connection) throws -> Int64 {
        var place = backout.doneTo
        for range in backout.ranges where Key(place) < Key(bound(range)) {
            var low = max(Key(place), range.low).text
            while low != bound(range) {
                let end = try connection.query(
                    statement.chunkEnd,
                    [.text(low), .text(bound(range)), .int(Int64(chunkRows))])
                let high = end.count > 0 ? end.text(0, 0) ?? bound(range) : bound(range)
                try chunk(from: low, to: high, place: place, connection)
                (low, place) = (high, high)
            }
        }
        try tryBusyAgain(connection)
        return Int64(
            try BackoutLedger.left(
                by: number, kind: "busy", limit: CoordinationLimits.backoutRowsShown, connection
            ).count)
    }

    private func bound(_ range: KeyRange) -> String { range.high?.text ?? topBound }

    /// A transaction of this backout: nothing is done when the run is another's.
    private func transact(
        _ connection: borrowing Connection, _ body: (borrowing Connection) throws -> Void
    ) throws {
        try connection.transaction { connection in
            try BackoutLedger.fence(run, term: term, connection)
            try connection.execute(
                "SET LOCAL lock_timeout = \(LoadingLimits.lockTimeoutMilliseconds)")
            try body(connection)
        }
    }

    private func chunk(
        from low: String, to high: String, place: String, _ connection: borrowing Connection
    ) throws {
        func settle(
            _ body: (borrowing Connection) throws -> BackoutCounts
        ) throws {
            try transact(connection) { connection in
                let counts = try body(connection)
                try BackoutLedger.advance(
                    number, run: run, from: place, to: high, counts, connection)
                try Failpoint.inBackout.pass()
            }
        }
        do {
            try settle { connection in
                try connection.execute(
                    "SET LOCAL statement_timeout = \(lockBudgetMilliseconds)")
                return try undo(low, high, connection)
            }
        } catch let error as PostgresError where Self.isOfRows(error) {
            try settle { connection in try bisect(low, high, connection) }
        }
    }

    /// Whether an error is about rows in the way, not about the server.
    private static func isOfRows(_ error: PostgresError) -> Bool {
        guard !error.connectionLost else { return false }
        switch error.kind {
        case .lockNotAvailable, .deadlock, .canceled, .serialization, .data: return true
        default: return false
        }
    }

    private func undo(
        _ low: String, _ high: String, _ connection: borrowing Connection
    ) throws -> BackoutCounts {
        let rows = try connection.query(
            statement.undo, [.text(low), .text(high), .int(number)])
        var counts = BackoutCounts()
        counts.restored = rows.int(0, 0) ?? 0
        counts.removed = rows.int(0, 1) ?? 0
        counts.reopened = rows.int(0, 2) ?? 0
        return counts
    }

    private func bisect(
        _ low: String, _ high: String, _ connection: borrowing Connection
    ) throws -> BackoutCounts {
        let rows = try connection.query(statement.keysOfRange, [.text(low), .text(high)])
        let keys = (0..<rows.count).compactMap { rows.text($0, 0) }
        guard !keys.isEmpty else { return BackoutCounts() }
        return try bisect(keys[...], low, high, connection)
    }

    /// Halves the range until the key that cannot be had stands alone and is noted.
    private func bisect(
        _ keys: ArraySlice<String>, _ low: String, _ high: String,
        _ connection: borrowing Connection
    ) throws -> BackoutCounts {
        do {
            return try connection.savepoint { connection in try undo(low, high, connection) }
        } catch let error as PostgresError where Self.isOfRows(error) {
            guard keys.count > 1 else {
                let isRefused = error.kind == .data
                try connection.query(
                    statement.note,
                    [
                        .text(low), .text(high), .int(number),
                        .text(isRefused ? "refused" : "busy"),
                        .optional(isRefused ? error.constraint ?? error.sqlState : nil),
                    ])
                return BackoutCounts()
            }
            let middle = keys.startIndex + keys.count / 2
            var counts = try bisect(keys[..<middle], low, keys[middle], connection)
            counts += try bisect(keys[middle...], keys[middle], high, connection)
            return counts
        }
    }

    /// Rows that were locked are tried once more, each under the whole lock budget.
    private func tryBusyAgain(_ connection: borrowing Connection) throws {
        let busy = try BackoutLedger.left(
            by: number, kind: "busy", limit: CoordinationLimits.backoutRowsShown, connection)
        for key in Set(busy.map(\.key)).sorted() {
            do {
                try transact(connection) { connection in
                    try connection.execute(
                        "SET LOCAL lock_timeout = \(lockBudgetMilliseconds)")
                    try BackoutLedger.forgetBusy(number, key: key, connection)
                    // No text lies between a key and the same key with the least character.
                    let counts = try undo(key, key + "\u{1}", connection)
                    try BackoutLedger.count(number, counts, connection)
                }
            } catch let error as PostgresError where Self.isOfRows(error) {
                continue
            }
        }
    }
}
