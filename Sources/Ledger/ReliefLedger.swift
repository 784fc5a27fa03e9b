// Statements about straggler relief (PROTOCOL 14): the tail of a load claim becomes a claim.

public import Plan
public import Postgres

/// Statements about straggler relief.
public enum ReliefLedger {
    /// Load claims under way, with what they have not begun.
    public static func candidates(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Relief.Candidate] {
        let rows = try connection.query(
            sql(PackageResources.relief_candidates_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            Relief.Candidate(
                claim: rows.int(row, 0) ?? 0, chunks: Int(rows.int(row, 1) ?? 0),
                rows: rows.int(row, 2) ?? 0)
        }
    }

    /// The chunks of a claim that are not begun, with its epoch and upper bound; nil: there are
    /// none.
    public static func chunks(
        of claim: Int64, _ connection: borrowing Connection
    ) throws -> (chunks: [Relief.Chunk], epoch: Int64, high: Key?)? {
        let rows = try connection.query(sql(PackageResources.relief_chunks_sql), [.int(claim)])
        guard rows.count > 0 else { return nil }
        let chunks = (0..<rows.count).map { row in
            Relief.Chunk(low: Key(rows.text(row, 0) ?? ""), rows: rows.int(row, 1) ?? 0)
        }
        return (chunks, rows.int(0, 2) ?? 0, rows.text(0, 3).map { Key($0) })
    }

    /// Ends a claim at a key and makes its tail a claim; nil: its holder was faster, or it has
    /// another one.
    ///
    /// Waits for the chunk under way, as long as the session's lock_timeout (55P03).
    public static func cut(
        _ claim: Int64, epoch: Int64, at key: Key, high: Key?, rows tail: Int64,
        _ connection: borrowing Connection
    ) throws -> Claim? {
        let rows = try connection.query(
            sql(PackageResources.relief_cut_sql),
            [
                .int(claim), .int(epoch), .text(key.text), .optional(high?.text), .int(tail),
            ])
        guard rows.count == 1, let id = rows.int(0, 0) else { return nil }
        return Claim(
            id: id, slice: Int(rows.int(0, 1) ?? 0), partition: rows.int(0, 2).map { Int($0) },
            range: KeyRange(low: key, high: high), weight: tail, epoch: 0, attempts: 0)
    }
}
