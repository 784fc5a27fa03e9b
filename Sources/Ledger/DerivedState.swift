// The cheaper indicator (`indicator: intervals`, PROTOCOL 27): a chunk whose records were all settled
// by the short forms writes nothing on its staged rows. Its interval names the transaction that did
// it, and with that a row's state and outcome are read off target and staging (decision 0036).
//
// What must change together: the outcomes here, in `ApplyShortForms.swift` and in `certify`.

public import Plan
public import Postgres

/// A committed interval whose staged rows carry no state of their own.
public struct DerivedInterval: Sendable, Equatable {
    /// Its keys.
    public var range: KeyRange
    /// The transaction that loaded it, as `xmin` shows it in the rows it wrote.
    public var transaction: String
}

extension ProofLedger {
    /// The intervals of a slice whose rows carry no state of their own, in key order.
    public static func derived(
        slice: Int, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [DerivedInterval] {
        let rows = try connection.query(
            sql(PackageResources.interval_derived_sql),
            [.text(run), .int(Int64(revision)), .int(Int64(slice))])
        let ranges = rows.ranges()
        return ranges.indices.map { row in
            DerivedInterval(range: ranges[row], transaction: rows.text(row, 2) ?? "")
        }
    }
}

/// Staged rows of a slice with the state that they carry or that their interval tells.
public struct DerivedState {
    var plan: TargetPlan
    /// The slice's table.
    var staging: String

    /// What became of a staged row `s`, by the row `t` of its key: I, U or N; L when somebody has
    /// changed the row since, so that it no longer tells whether this run had changed it.
    ///
    /// A mark that a row has all the same comes first: its slice was staged anew.
    ///
    /// - Parameter transaction: SQL of the interval's transaction; NULL: its rows carry their state.
    public static func outcome(_ plan: TargetPlan, transaction: String) -> String {
        """
        CASE WHEN s.kugiri_outcome IS NOT NULL OR \(transaction) IS NULL THEN s.kugiri_outcome \
        WHEN NOT s.kugiri_seen THEN 'I' WHEN t.xmin = \(transaction) THEN 'U' \
        WHEN t.\(plan.lockColumn) IS NOT DISTINCT FROM s.kugiri_lock_at \
        AND t.xmin = s.kugiri_lock_xmin THEN 'N' ELSE 'L' END
        """
    }

    /// The staged rows' key, record, place, key columns, and state, outcome and lock as they would
    /// stand on them.
    ///
    /// `$2` run, `$3` revision, `$4` slice. The outcome is L when the row was changed since and no
    /// longer tells.
    var rows: String {
        let keys = Set(plan.keys.map(\.staging)).sorted().map { ", s.\($0)" }.joined()
        let isSilent = "s.kugiri_outcome IS NULL AND i.xid IS NOT NULL"
        let outcome = Self.outcome(plan, transaction: "i.xid")
        let isOurs = "\(isSilent) AND t.xmin = i.xid"
        return """
            SELECT s.kugiri_key, s.kugiri_record, s.kugiri_seq, s.kugiri_seen\(keys),
                CASE WHEN \(isSilent) THEN 'D' ELSE s.kugiri_state END AS kugiri_state,
                \(outcome) AS kugiri_outcome,
                CASE WHEN \(isOurs) THEN t.\(plan.lockColumn) ELSE s.kugiri_lock_at END
                    AS kugiri_lock_at,
                CASE WHEN \(isOurs) THEN t.xmin ELSE s.kugiri_lock_xmin END AS kugiri_lock_xmin
            FROM \(staging) s LEFT JOIN \(plan.table) t ON \(plan.keyJoin)
                LEFT JOIN kugiri.interval i ON i.run = $2 AND i.revision = $3::integer
                    AND i.phase = 'load' AND i.slice = $4::integer AND s.kugiri_key >= i.low
                    AND (i.high IS NULL OR s.kugiri_key < i.high)
            """
    }
}

extension ApplyStatement {
    /// The parameter behind the plan's values.
    private var transaction: String { "$\(Self.firstValue + plan.values.count)::text::xid" }

    /// Certify for the range of a ``DerivedInterval``.
    ///
    /// `$1` and `$2` bound the range; the plan's values follow, then the transaction as text.
    /// Returns what ``certifyByAddress`` returns; no row is missed at its address, because rows
    /// are looked for by their keys.
    public var certifyDerived: String {
        let same = plan.same(from: Self.firstValue)
        let sums = plan.sums.indices.map { ", coalesce(sum(\(plan.sumUnits($0))), 0)" }
        let outcome = DerivedState.outcome(plan, transaction: transaction)
        let isOurs = "(outcome = 'N' OR t.xmin = \(transaction)) IS TRUE"
        return """
            WITH found AS (
                SELECT outcome, count(*), 0::bigint, 0::bigint,
                    count(*) FILTER (WHERE CASE
                        WHEN outcome <> 'L' THEN NOT (\(isOurs))
                        WHEN s.kugiri_outcome IS NULL THEN true
                        ELSE t.ctid IS NULL OR NOT (\(same)) END),
                    count(*) FILTER (WHERE outcome <> 'L' AND \(isOurs) AND NOT (\(same))),
                    coalesce(bit_xor(s.kugiri_digest), 0)\(sums.joined())
                FROM \(staging) s LEFT JOIN \(plan.table) t ON \(plan.keyJoin),
                    LATERAL (SELECT \(outcome) AS outcome) o
                WHERE \(inScope(.range))
                GROUP BY outcome
            )\(named) SELECT * FROM found
            """
    }
}
