// The proof of what the load wrote, one statement per range (PROTOCOL 36).

extension ApplyStatement {
    /// Certify: counts outcomes and sums from the staged rows, and compares the target where it is
    /// still ours.
    ///
    /// `$1` and `$2` bound the range; the plan's values follow. Closed rows are counted last.
    public var certify: String {
        let first = 3
        let ours = """
            s.kugiri_last AND s.kugiri_outcome IN (\(ownOutcomes)) \
            AND t.\(plan.lockColumn) IS NOT DISTINCT FROM s.kugiri_lock_at \
            AND t.xmin = s.kugiri_lock_xmin
            """
        let settled = "FILTER (WHERE s.kugiri_outcome IN ('I', 'U', 'N', 'L'))"
        let sums = plan.sums.indices.map {
            ", coalesce(sum(\(ofRecord(plan.sumUnits($0)))) \(settled), 0)"
        }
        .joined()
        return """
            SELECT count(*), count(*) FILTER (WHERE s.kugiri_outcome = 'I'),
                count(*) FILTER (WHERE s.kugiri_outcome = 'U'),
                count(*) FILTER (WHERE s.kugiri_outcome = 'N'),
                count(*) FILTER (WHERE s.kugiri_outcome = 'X'),
                count(*) FILTER (WHERE s.kugiri_outcome = 'R'),
                count(*) FILTER (WHERE s.kugiri_state NOT IN ('D', 'E')),
                count(*) FILTER (WHERE s.kugiri_last AND CASE
                    WHEN s.kugiri_outcome IN (\(ownOutcomes)) THEN NOT coalesce((\(ours)), false)
                    WHEN s.kugiri_outcome = 'L'
                        THEN t.ctid IS NULL OR NOT (\(isSettled(from: first))) END),
                count(*) FILTER (WHERE (\(ours)) AND NOT (\(isAsWritten(from: first)))),
                count(*) FILTER (WHERE s.kugiri_outcome = 'L'),
                coalesce(bit_xor(s.kugiri_digest), 0)\(sums),
                count(*) FILTER (WHERE s.kugiri_outcome = 'C')
            FROM \(staging) s LEFT JOIN LATERAL (\(found)) t ON true
            WHERE \(inScope(.range))
            """
    }

    /// The target row of a staged row: at the address remembered, else by key.
    ///
    /// A key has one row, so that either way finds the same one; the limit saves the second.
    private var found: String {
        let keys = plan.keys.map { "t.\($0.column) IS NOT DISTINCT FROM s.\($0.staging)" }
        return """
            SELECT t.*, t.ctid, t.xmin FROM \(plan.table) t
            WHERE t.ctid = s.kugiri_tid AND \(keys.joined(separator: " AND "))
            UNION ALL
            SELECT t.*, t.ctid, t.xmin FROM \(plan.table) t WHERE \(plan.keyJoin)
            LIMIT 1
            """
    }
}
