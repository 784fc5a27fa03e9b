// Short forms of the load's statement for rows that are as validation saw them: to be updated,
// unchanged, or absent. They settle what they can; every row they leave unprocessed goes through the
// general statement in the same transaction.
//
// A row's address (ctid) is a hint and proves nothing: VACUUM FULL moves rows, and VACUUM gives the
// place of a deleted row to another. So each form asks for key, lock value, row version and count
// besides. The key is compared with IS NOT DISTINCT FROM, which no index serves: the planner is
// left with the address, one page per row and no descent of the index. What must change together:
// the outcomes U, N and I here and in `apply`, the before-images here and there.
//
// Each form is there with marks, which write the state of a staged row on it, and without: then it
// only counts, and who runs it has to see that a whole chunk was settled so (`DerivedState.swift`).

#if MUTANTS
    import Mutants
#endif

extension ApplyStatement {
    /// The first of the plan's values, behind the two parameters of the range.
    static let firstValue = 3

    /// Staged rows of a range that nothing has been done for and whose row is still the one seen.
    private var untouched: String {
        let keys = plan.keys.map { "t.\($0.column) IS NOT DISTINCT FROM s.\($0.staging)" }
        let count =
            plan.updateCountColumn.map { " AND t.\($0) IS NOT DISTINCT FROM s.kugiri_lock_count" }
            ?? ""
        let text = """
            \(inScope(.range)) AND s.kugiri_seq = 0 AND s.kugiri_state = 'U' AND s.kugiri_seen
                AND t.ctid = s.kugiri_tid AND \(keys.joined(separator: " AND "))
                AND t.\(plan.lockColumn) IS NOT DISTINCT FROM s.kugiri_lock_at
                AND t.xmin = s.kugiri_lock_xmin\(count)\(notStagedToClose)
            """
        #if MUTANTS
            let blind = Mutant.xmin.cut("t.xmin = s.kugiri_lock_xmin", from: text, leaving: "true")
            return Mutant.lockColumn.cut(
                "t.\(plan.lockColumn) IS NOT DISTINCT FROM s.kugiri_lock_at", from: blind,
                leaving: "true")
        #else
            return text
        #endif
    }

    /// What a form returns of the staged rows it settled: count, digest, sums.
    private func settled(_ more: String = "") -> String {
        let sums = plan.sums.indices.map { ", coalesce(sum(m\($0)), 0)" }.joined()
        return "SELECT count(*), coalesce(bit_xor(digest), 0)\(sums)\(more) FROM mark"
    }

    /// Names every value of the plan once.
    ///
    /// One that only closing uses, or only the other way of writing, stands nowhere else in a short
    /// form, and the server asks for as many parameters as are named. Last in the list, so that a
    /// value's type is what the rows make of it; never run, because nothing asks for it.
    var named: String {
        guard !plan.values.isEmpty else { return "" }
        let values = plan.values.indices.map { "$\(Self.firstValue + $0)::text AS v\($0)" }
        return ", named AS (SELECT \(values.joined(separator: ", ")))"
    }

    private var measures: String {
        plan.sums.indices.map { ", \(plan.sumUnits($0)) AS m\($0)" }.joined()
    }

    /// What a form counts of a staged row.
    private var figures: String { "s.kugiri_digest AS digest\(measures)" }

    /// Updates the rows of a range that are as they were seen and do not hold the record's values.
    ///
    /// `$1` and `$2` bound the range; the plan's values follow. Returns one row: how many, their
    /// digest, then one sum per summed field.
    ///
    /// - Parameter marks: Staged rows get their state.
    public func updateSeen(marks: Bool = true) -> String {
        let first = Self.firstValue
        let mark = """
            UPDATE \(staging) s SET kugiri_state = 'D', kugiri_outcome = 'U',
                    kugiri_lock_at = upd.at, kugiri_lock_xmin = upd.x, kugiri_tid = upd.new_tid
                FROM upd WHERE s.ctid = upd.sid
                RETURNING \(figures)
            """
        var sets = plan.assignments.map {
            "\($0.column) = (\(plan.bind($0.update, from: first)))::\($0.type)"
        }
        sets.append(
            "\(plan.lockColumn) = GREATEST(clock_timestamp(), "
                + "t.\(plan.lockColumn) + interval '1 microsecond')")
        if let count = plan.updateCountColumn {
            sets.append("\(count) = coalesce(t.\(count), 0) + 1")
        }
        return """
            WITH upd AS (
                UPDATE \(plan.table) t SET \(sets.joined(separator: ", "))
                FROM \(staging) s
                WHERE \(untouched) AND NOT (\(plan.same(from: first)))
                RETURNING s.ctid AS sid, s.kugiri_tid AS tid, s.kugiri_record AS record,
                    s.kugiri_key AS image, t.\(plan.lockColumn) AS at, t.xmin AS x,
                    t.ctid AS new_tid\(marks ? "" : ", \(figures)")
            )\(imagesOfSeen), mark AS (
                \(marks ? mark : "SELECT * FROM upd")
            )\(named)
            \(settled())
            """
    }

    /// As in `apply`: the statement's snapshot still has the row at the address that was seen.
    private var imagesOfSeen: String {
        guard plan.history else { return "" }
        return """
            , hist AS (
                INSERT INTO \(history)
                SELECT 'U', upd.record, upd.at, upd.x, t.*, upd.image
                FROM upd JOIN \(plan.table) t ON t.ctid = upd.tid RETURNING 1
            )
            """
    }

    /// Settles the rows of a range that are as they were seen and hold the record's values.
    ///
    /// Parameters and result are those of ``updateSeen(marks:)``. Rows that others brought there
    /// since (`converged`) are not among them.
    public func confirmSeen(marks: Bool = true) -> String {
        let rows = "\(untouched) AND (\(plan.same(from: Self.firstValue)))"
        let mark = """
            UPDATE \(staging) s SET kugiri_state = 'D', kugiri_outcome = 'N'
                FROM \(plan.table) t WHERE \(rows) RETURNING \(figures)
            """
        let count = "SELECT \(figures) FROM \(staging) s, \(plan.table) t WHERE \(rows)"
        return """
            WITH mark AS (
                \(marks ? mark : count)
            )\(named)
            \(settled())
            """
    }

    /// Inserts the rows of a range that were not there.
    ///
    /// Parameters and result are those of ``updateSeen(marks:)``; behind the sums, the rows
    /// inserted, which are as many as were settled. A row that appeared since ends the statement with
    /// 23505, and the chunk is to be done without this form: to be ready for such a row, as the
    /// general statement is, costs 4 µs for every row that did not appear (decision 0015).
    public func insertUnseen(marks: Bool = true) -> String {
        let first = Self.firstValue
        var columns = plan.keys.map(\.column) + plan.assignments.map(\.column)
        var values = plan.keys.map { "s.\($0.staging)" }
        values += plan.assignments.map { "(\(plan.bind($0.insert, from: first)))::\($0.type)" }
        columns.append(plan.lockColumn)
        values.append("clock_timestamp()")
        if let count = plan.updateCountColumn {
            columns.append(count)
            values.append("1")
        }
        let inserted = plan.keys.enumerated().map { "t.\($1.column) AS k\($0), " }.joined()
        let join = plan.keys.enumerated().map { "s.\($1.staging) = ins.k\($0)" }
        let rows = "\(unseen) AND \(join.joined(separator: " AND "))"
        let found = "s.kugiri_record AS record, s.kugiri_key AS image, ins.*, \(figures)"
        let mark = """
            UPDATE \(staging) s SET kugiri_state = 'D', kugiri_outcome = 'I',
                    kugiri_lock_at = ins.at, kugiri_lock_xmin = ins.x, kugiri_tid = ins.new_tid
                FROM ins WHERE \(rows) RETURNING \(found)
            """
        return """
            WITH ins AS (
                INSERT INTO \(plan.table) AS t (\(columns.joined(separator: ", ")))
                SELECT \(values.joined(separator: ", ")) FROM \(staging) s
                WHERE \(unseen) ORDER BY s.kugiri_key
                RETURNING \(inserted)t.\(plan.lockColumn) AS at, t.xmin AS x, t.ctid AS new_tid
            ), mark AS (
                \(marks ? mark : "SELECT \(found) FROM \(staging) s JOIN ins ON \(rows)")
            )\(imagesOfUnseen)\(named)
            \(settled(", (SELECT count(*) FROM ins)"))
            """
    }

    /// Staged rows of a range that nothing has been done for and that had no row.
    private var unseen: String {
        "\(inScope(.range)) AND s.kugiri_seq = 0 AND s.kugiri_state = 'U' AND NOT s.kugiri_seen"
    }

    private var imagesOfUnseen: String {
        guard plan.history else { return "" }
        let keys = plan.keys.map(\.column).joined(separator: ", ")
        let values = plan.keys.indices.map { "k\($0)" }.joined(separator: ", ")
        return """
            , hist AS (
                INSERT INTO \(history) (kugiri_action, kugiri_record, kugiri_lock_at,
                    kugiri_lock_xmin, kugiri_key, \(keys))
                SELECT 'I', record, at, x, image, \(values) FROM mark RETURNING 1
            )
            """
    }

    /// Reads what validation sees of the target: `$1`… hold the keys as text arrays.
    ///
    /// Binary result: ordinal, lock value, row version, update count, row address.
    public static func see(_ plan: TargetPlan) -> String {
        let arrays = plan.keys.indices.map { "$\($0 + 1)::text[]" }.joined(separator: ", ")
        let names = plan.keys.indices.map { "k\($0)" }.joined(separator: ", ")
        let join = plan.keys.enumerated()
            .map { "t.\($1.column) = k.k\($0)::\($1.type)" }.joined(separator: " AND ")
        let count = plan.updateCountColumn.map { "t.\($0)::bigint" } ?? "NULL::bigint"
        return """
            SELECT k.n, t.\(plan.lockColumn), t.xmin, \(count), t.ctid
            FROM unnest(\(arrays)) WITH ORDINALITY AS k(\(names), n)
            JOIN \(plan.table) t ON \(join)
            """
    }

    /// Reads what validation sees of a key range: `$1` first and `$2` last key, `$3` rows at most.
    ///
    /// Binary result in the column's own order: key, lock value, row version, update count, row
    /// address. nil: the key is not one column of text, and ranges are of no use.
    public static func seeRange(_ plan: TargetPlan) -> String? {
        guard plan.keys.count == 1, let key = plan.keys.first,
            key.type == "text" || key.type.hasPrefix("character varying")
        else { return nil }
        let count = plan.updateCountColumn.map { "t.\($0)::bigint" } ?? "NULL::bigint"
        return """
            SELECT t.\(key.column)::text, t.\(plan.lockColumn), t.xmin, \(count), t.ctid
            FROM \(plan.table) t
            WHERE t.\(key.column) >= $1::text AND t.\(key.column) <= $2::text
            ORDER BY t.\(key.column) LIMIT $3::bigint
            """
    }
}
