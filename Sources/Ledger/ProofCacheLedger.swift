// Statements about slices whose rules an earlier run has proved.

public import Postgres

/// A run and slice whose rules were applied.
public struct SliceProof: Sendable, Equatable {
    /// The run's id.
    public var run: String
    /// Its slice.
    public var slice: Int

    /// Memberwise.
    public init(run: String, slice: Int) {
        self.run = run
        self.slice = slice
    }
}

/// What the validation cache saved, for report and certificate.
public enum ProofCacheLedger {
    /// Notes who proved a slice's rules.
    public static func note(
        _ proof: SliceProof, of slice: Int, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.slice_proved_sql),
            [
                .text(run), .int(Int64(revision)), .int(Int64(slice)), .text(proof.run),
                .int(Int64(proof.slice)),
            ])
    }

    /// The slices of a run whose rules an earlier run has proved, by number.
    public static func proofs(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [(slice: Int, by: SliceProof)] {
        let rows = try connection.query(
            sql(PackageResources.slice_proofs_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            (
                Int(rows.int(row, 0) ?? 0),
                SliceProof(run: rows.text(row, 1) ?? "", slice: Int(rows.int(row, 2) ?? 0))
            )
        }
    }
}
