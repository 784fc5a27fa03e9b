// The proof of what the load wrote, one statement per range (PROTOCOL 36).

extension ApplyStatement {
    /// Certify for a range whose records are settled and whose rows are where the load put them.
    ///
    /// Parameters are those of ``certify``. Returns one row per outcome: the outcome, the rows, those
    /// neither done nor in error, those not found at their address, those changed since, those that
    /// differ, their digest, then one sum per summed field. What it says of a range with other
    /// outcomes than I, U, N, X and R, or with rows that are not at their address, is not the
    /// answer: ``certify`` finds rows by their keys too.
    ///
    /// The job's own expressions stand last in their condition: of a record that they refused with an
    /// error in the load (a late reject) they must not be asked again.
    ///
    /// nil: the job closes rows, which are judged by more than their values.
    public var certifyByAddress: String? {
        guard !plan.closes else { return nil }
        let ours = """
            t.\(plan.lockColumn) IS NOT DISTINCT FROM s.kugiri_lock_at \
            AND t.xmin = s.kugiri_lock_xmin
            """
        let proved = "s.kugiri_last AND s.kugiri_outcome IN ('I', 'U', 'N')"
        let keys = plan.keys.map { "t.\($0.column) IS NOT DISTINCT FROM s.\($0.staging)" }
        let sums = plan.sums.indices.map { ", coalesce(sum(\(plan.sumUnits($0))), 0)" }
        return """
            WITH found AS (
                SELECT s.kugiri_outcome, count(*),
                    count(*) FILTER (WHERE s.kugiri_state NOT IN ('D', 'E')),
                    count(*) FILTER (WHERE t.ctid IS NULL AND \(proved)),
                    count(*) FILTER (WHERE (\(ours)) IS NOT TRUE AND \(proved)),
                    count(*) FILTER (WHERE \(proved) AND (\(ours))
                        AND NOT (\(plan.same(from: Self.firstValue)))),
                    coalesce(bit_xor(s.kugiri_digest), 0)\(sums.joined())
                FROM \(staging) s LEFT JOIN \(plan.table) t
                    ON t.ctid = s.kugiri_tid AND \(keys.joined(separator: " AND "))
                WHERE \(inScope(.range))
                GROUP BY s.kugiri_outcome
            )\(named) SELECT * FROM found
            """
    }

    /// Certify: counts outcomes and sums from the staged rows, and compares the target where it is
    /// still ours.
    ///
    /// `$1` and `$2` bound the range; the plan's values follow. Closed rows are counted last.
    public var certify: String {
        let first = Self.firstValue
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
