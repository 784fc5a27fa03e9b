// The one statement that loads rows, and the few that stand around it (PROTOCOL 19–24, 27, 36).
//
// Too clever on purpose: one statement reads the rows, locks, applies, keeps before-images, sets
// the indicator and counts, all on one snapshot. What must change together: the columns of `cur`,
// the predicate of `upd` (the optimistic lock), the outcomes of `m`, and `Tests/LedgerTests`.

#if MUTANTS
    import Mutants
#endif

/// SQL of the load, built from a target plan for one slice's staging table.
public struct ApplyStatement: Sendable {
    /// Which staged rows a statement is about.
    public enum Scope: Sendable {
        /// `$1` <= key < `$2`: a chunk.
        case range
        /// key in `$1` (text[]) and record in `$2` (bigint[]): conflicts to be done again.
        case records
    }

    let plan: TargetPlan
    let staging: String
    let history: String

    /// The first of the plan's values, behind two of the scope, the sequence, the busy records.
    private static let firstApplied = 5

    /// Statements for one slice of a run.
    public init(tables: RunTables, slice: Int) {
        plan = tables.plan
        staging = tables.slice(slice)
        history = tables.history
    }

    func inScope(_ scope: Scope) -> String {
        switch scope {
        case .range: "s.kugiri_key >= $1::text AND s.kugiri_key < $2::text"
        case .records:
            "s.kugiri_key = ANY($1::text[]) AND s.kugiri_record = ANY($2::bigint[])"
        }
    }

    /// The scope's keys of another reading of the staged rows, so that they are read once and not key by
    /// key.
    private func keysInScope(_ scope: Scope, of name: String) -> String {
        switch scope {
        case .range: "\(name).kugiri_key >= $1::text AND \(name).kugiri_key < $2::text"
        case .records: "\(name).kugiri_key = ANY($1::text[])"
        }
    }

    private var countMatches: String {
        plan.updateCountColumn.map {
            " AND t.\($0) IS NOT DISTINCT FROM cur.seen_count"
        } ?? ""
    }

    /// The optimistic lock: timestamp and row version are what validation saw (PROTOCOL 19).
    private var asSeen: String {
        let text =
            "t.\(plan.lockColumn) IS NOT DISTINCT FROM cur.seen_at AND t.xmin = cur.seen_xmin"
            + countMatches
        #if MUTANTS
            let blind = Mutant.xmin.cut("t.xmin = cur.seen_xmin", from: text, leaving: "true")
            return Mutant.lockColumn.cut(
                "t.\(plan.lockColumn) IS NOT DISTINCT FROM cur.seen_at", from: blind,
                leaving: "true")
        #else
            return text
        #endif
    }

    private var current: String {
        var list = [
            "s.ctid AS sid", "s.kugiri_digest AS digest", "s.kugiri_seen AS seen",
            "s.kugiri_record AS record", "s.kugiri_key AS image",
            "s.kugiri_lock_at AS seen_at",
            "s.kugiri_lock_xmin AS seen_xmin", "s.kugiri_lock_count AS seen_count",
            "s.kugiri_record = ANY($4::bigint[]) AS busy", "t.ctid AS tid",
            "t.\(plan.lockColumn) AS found_at", "t.xmin AS found_xmin",
            "t.ctid IS NOT NULL AS present",
            "(\(isSettled(from: Self.firstApplied))) AS same",
            "(t.\(plan.lockColumn) IS NOT DISTINCT FROM s.kugiri_lock_at"
                + " AND t.xmin = s.kugiri_lock_xmin) AS lock_same",
        ]
        for (index, key) in plan.keys.enumerated() { list.append("s.\(key.staging) AS k\(index)") }
        for index in plan.sums.indices {
            list.append("\(ofRecord(plan.sumUnits(index))) AS m\(index)")
        }
        for (index, assignment) in plan.assignments.enumerated() {
            let update = plan.bind(assignment.update, from: Self.firstApplied)
            list.append("\(ofRecord("(\(update))::\(assignment.type)")) AS u\(index)")
            guard plan.inserts else { continue }
            let insert = plan.bind(assignment.insert, from: Self.firstApplied)
            list.append("\(ofRecord("(\(insert))::\(assignment.type)")) AS i\(index)")
        }
        list += closingColumns
        return list.joined(separator: ",\n    ")
    }

    /// Applies the unprocessed rows of a scope that are the `$3`-th record of their target row,
    /// except the busy ones (`$4`).
    ///
    /// Returns one row: staged, inserted, updated, unchanged, converged, digest, then one sum per
    /// summed field over the settled rows, then closed.
    public func apply(_ scope: Scope) -> String {
        let rowsOf = { (name: String) in "(SELECT count(*) FROM \(name))" }
        let sums = plan.sums.indices.map { "(SELECT coalesce(sum(m\($0)), 0) FROM m)" }
        let measures = plan.sums.indices.map { ", m\($0)" }.joined()
        let touched = plan.sums.indices.map { ", cur.m\($0)" }.joined()
        return """
            WITH cur AS MATERIALIZED (
                SELECT \(current)
                FROM \(staging) s LEFT JOIN \(plan.table) t ON \(plan.keyJoin)
                WHERE \(inScope(scope)) AND s.kugiri_seq = $3::smallint AND s.kugiri_state = 'U'
                ORDER BY s.kugiri_key
            ), upd AS (
                \(update) RETURNING cur.sid, cur.tid, cur.record, cur.image,
                    t.\(plan.lockColumn) AS at, t.xmin AS x, t.ctid AS new_tid\(touched)
            )\(insert)\(beforeImages)\(closing(from: Self.firstApplied, asSeen: asSeen, measures: touched)), m AS (
                SELECT sid, 'U'::"char" AS outcome, at, x, new_tid\(measures) FROM upd
                UNION ALL
                SELECT sid, 'N', found_at, found_xmin, tid\(measures) FROM cur
                WHERE present AND same AND NOT busy\(insertedOutcomes)\(closedOutcomes(measures: measures))
            ), mark AS (
                UPDATE \(staging) s SET kugiri_state = 'D', kugiri_outcome = m.outcome,
                    kugiri_lock_at = m.at, kugiri_lock_xmin = m.x, kugiri_tid = m.new_tid
                FROM m WHERE s.ctid = m.sid RETURNING 1
            )
            SELECT \(rowsOf("cur")),
                \(plan.inserts ? rowsOf("ins") : "0::bigint"), \(rowsOf("upd")),
                (SELECT count(*) FROM m WHERE outcome = 'N'),
                (SELECT count(*) FROM cur
                    WHERE present AND same AND NOT busy AND NOT coalesce(lock_same, false)),
                (SELECT coalesce(bit_xor(digest), 0) FROM cur),
                \(rowsOf("mark"))\(sums.map { ", " + $0 }.joined()), \(closedCount)
            """
    }

    private var update: String {
        var sets = plan.assignments.enumerated().map { "\($1.column) = cur.u\($0)" }
        sets.append(
            "\(plan.lockColumn) = GREATEST(clock_timestamp(), "
                + "t.\(plan.lockColumn) + interval '1 microsecond')")
        if let count = plan.updateCountColumn {
            sets.append("\(count) = coalesce(t.\(count), 0) + 1")
        }
        return """
            UPDATE \(plan.table) t SET \(sets.joined(separator: ", "))
            FROM cur WHERE t.ctid = cur.tid AND cur.seen AND NOT cur.busy AND NOT cur.same
                AND \(asSeen)\(notClosing)
            """
    }

    private var insert: String {
        guard plan.inserts else { return "" }
        var columns = plan.keys.map(\.column) + plan.assignments.map(\.column)
        var values = plan.keys.indices.map { "k\($0)" } + plan.assignments.indices.map { "i\($0)" }
        columns.append(plan.lockColumn)
        values.append("clock_timestamp()")
        if let count = plan.updateCountColumn {
            columns.append(count)
            values.append("1")
        }
        let keys = plan.keys.map(\.column).joined(separator: ", ")
        return """
            , ins AS (
                INSERT INTO \(plan.table) AS t (\(columns.joined(separator: ", ")))
                SELECT \(values.joined(separator: ", ")) FROM cur
                WHERE NOT seen AND NOT present AND NOT busy
                ON CONFLICT (\(keys)) DO NOTHING
                RETURNING \(keys), t.\(plan.lockColumn) AS at, t.xmin AS x, t.ctid AS new_tid
            ), insc AS (
                SELECT cur.*, ins.at, ins.x, ins.new_tid FROM cur JOIN ins
                    ON \(plan.keys.enumerated().map { "ins.\($1.column) = cur.k\($0)" }
                        .joined(separator: " AND "))
                WHERE NOT cur.seen AND NOT cur.present
            )
            """
    }

    private var insertedOutcomes: String {
        guard plan.inserts else { return "" }
        let measures = plan.sums.indices.map { ", m\($0)" }.joined()
        return " UNION ALL SELECT sid, 'I', at, x, new_tid\(measures) FROM insc"
    }

    /// Rows of the statement's snapshot are the before-images: `tid` is the version seen.
    private var beforeImages: String {
        guard plan.history else { return "" }
        var text = """
            , hist AS (
                INSERT INTO \(history)
                SELECT 'U', upd.record, upd.at, upd.x, t.*, upd.image
                FROM upd JOIN \(plan.table) t ON t.ctid = upd.tid RETURNING 1
            )
            """
        if plan.inserts {
            let keys = plan.keys.map(\.column).joined(separator: ", ")
            let values = plan.keys.indices.map { "k\($0)" }.joined(separator: ", ")
            text += """
                , histins AS (
                    INSERT INTO \(history) (kugiri_action, kugiri_record, kugiri_lock_at,
                        kugiri_lock_xmin, kugiri_key, \(keys))
                    SELECT 'I', record, at, x, image, \(values) FROM insc RETURNING 1
                )
                """
        }
        return text
    }

    /// Rows of a scope that are not settled become open conflicts and are marked.
    ///
    /// `$5` run, `$6` revision, `$7` slice, `$8` partition.
    public func noteConflicts(_ scope: Scope) -> String {
        """
        WITH rest AS MATERIALIZED (
            SELECT s.ctid AS sid, s.kugiri_key, s.kugiri_record, s.kugiri_seq, s.kugiri_seen,
                s.kugiri_lock_at, s.kugiri_lock_xmin, t.ctid IS NOT NULL AS present,
                t.\(plan.lockColumn) AS found_at, t.xmin AS found_xmin,
                s.kugiri_record = ANY($4::bigint[]) AS busy
            FROM \(staging) s LEFT JOIN \(plan.table) t ON \(plan.keyJoin)
            WHERE \(inScope(scope)) AND s.kugiri_seq = $3::smallint AND s.kugiri_state = 'U'
        ), marked AS (
            UPDATE \(staging) s SET kugiri_state = 'E', kugiri_outcome = 'X'
            FROM rest WHERE s.ctid = rest.sid RETURNING 1
        )
        INSERT INTO kugiri.conflict (run, revision, slice, partition, key, record, seq, kind, seen,
            seen_at, seen_xmin, found_at, found_xmin)
        SELECT $5, $6::integer, $7::integer, $8::integer, kugiri_key, kugiri_record, kugiri_seq,
            CASE WHEN busy THEN 'busy' WHEN kugiri_seen AND NOT present THEN 'vanished'
                 WHEN NOT kugiri_seen THEN 'appeared' ELSE 'changed' END,
            kugiri_seen, kugiri_lock_at, kugiri_lock_xmin::text, found_at, found_xmin::text
        FROM rest
        """
    }

    /// A later record of the same target row sees what the record before it wrote.
    public func carryForward(_ scope: Scope) -> String {
        """
        UPDATE \(staging) n SET kugiri_seen = true, kugiri_lock_at = p.kugiri_lock_at,
            kugiri_lock_xmin = p.kugiri_lock_xmin, kugiri_tid = p.kugiri_tid,
            kugiri_lock_count = \(carriedCount)
        FROM \(staging) s, \(staging) p
        WHERE \(inScope(scope)) AND s.kugiri_seq = $3::smallint AND n.ctid = s.ctid
            AND p.kugiri_key = s.kugiri_key AND p.kugiri_seq = s.kugiri_seq - 1
            AND \(keysInScope(scope, of: "p"))
            AND \(sameTargetRow) AND p.kugiri_outcome IN ('I', 'U')
        """
    }

    private var carriedCount: String {
        guard let count = plan.updateCountColumn else { return "NULL" }
        let join = plan.keys.map { "t.\($0.column) = p.\($0.staging)" }
        return "(SELECT t.\(count) FROM \(plan.table) t WHERE \(join.joined(separator: " AND ")))"
    }

    private var sameTargetRow: String {
        plan.keys.map { "p.\($0.staging) = s.\($0.staging)" }.joined(separator: " AND ")
    }

    /// Careful form (PROTOCOL 23): takes the target rows that can be had and returns the records
    /// of those that cannot.
    public var lockFree: String {
        """
        WITH mine AS MATERIALIZED (
            SELECT s.kugiri_record FROM \(staging) s JOIN \(plan.table) t ON \(plan.keyJoin)
            WHERE \(inScope(.range)) ORDER BY s.kugiri_key FOR NO KEY UPDATE OF t SKIP LOCKED
        )
        SELECT s.kugiri_record FROM \(staging) s JOIN \(plan.table) t ON \(plan.keyJoin)
        WHERE \(inScope(.range))
            AND s.kugiri_record NOT IN (SELECT mine.kugiri_record FROM mine)
        """
    }

    /// Requeue (PROTOCOL 22): locks the target rows of some records and reads them anew; the
    /// records become unprocessed again.
    ///
    /// A row that validation saw and that is gone stays a conflict: a row deleted online never
    /// rises again.
    public var seeAgain: String {
        """
        WITH locked AS MATERIALIZED (
            SELECT s.ctid AS sid, t.\(plan.lockColumn) AS at, t.xmin AS x, t.ctid AS new_tid,
                \(plan.updateCountColumn.map { "t.\($0)::bigint" } ?? "NULL::bigint") AS n
            FROM \(staging) s JOIN \(plan.table) t ON \(plan.keyJoin)
            WHERE \(inScope(.records)) AND s.kugiri_state = 'E' AND s.kugiri_outcome = 'X'
            ORDER BY s.kugiri_key FOR NO KEY UPDATE OF t
        ), present AS (
            UPDATE \(staging) s SET kugiri_state = 'U', kugiri_outcome = NULL, kugiri_seen = true,
                kugiri_lock_at = locked.at, kugiri_lock_xmin = locked.x, kugiri_tid = locked.new_tid,
                kugiri_lock_count = locked.n
            FROM locked WHERE s.ctid = locked.sid RETURNING s.kugiri_record
        ), absent AS (
            UPDATE \(staging) s SET kugiri_state = 'U', kugiri_outcome = NULL
            WHERE \(inScope(.records)) AND s.kugiri_state = 'E' AND s.kugiri_outcome = 'X'
                AND NOT s.kugiri_seen
                AND NOT EXISTS (SELECT FROM \(plan.table) t WHERE \(plan.keyJoin))
            RETURNING s.kugiri_record
        )
        SELECT kugiri_record FROM present UNION ALL SELECT kugiri_record FROM absent
        """
    }

    /// How the records of a scope stand: record and outcome (I, U, N, C, X, R).
    public var outcomes: String {
        """
        SELECT s.kugiri_record, s.kugiri_outcome FROM \(staging) s
        WHERE \(inScope(.records)) ORDER BY s.kugiri_record
        """
    }

    /// Rows that conflict again go back to their state as conflicts.
    public var backToConflict: String {
        """
        UPDATE \(staging) s SET kugiri_state = 'E', kugiri_outcome = 'X'
        WHERE \(inScope(.records)) AND s.kugiri_state = 'U'
        """
    }

    /// The records of a range with their keys, for bisecting (PROTOCOL 24).
    public var keysOfRange: String {
        """
        SELECT DISTINCT s.kugiri_key FROM \(staging) s WHERE \(inScope(.range))
        ORDER BY s.kugiri_key
        """
    }

    /// Keys that cut a range into pieces of about `$3` rows; none when it has no more, or one key.
    public var keysEvery: String {
        """
        SELECT DISTINCT kugiri_key FROM (
            SELECT s.kugiri_key, row_number() OVER (ORDER BY s.kugiri_key) - 1 AS before
            FROM \(staging) s WHERE \(inScope(.range))
        ) rows
        WHERE before > 0 AND before % $3::bigint = 0
            AND kugiri_key > (SELECT min(s.kugiri_key) FROM \(staging) s WHERE \(inScope(.range)))
        ORDER BY kugiri_key
        """
    }

    /// The records of a range.
    public var recordsOfRange: String {
        "SELECT s.kugiri_record FROM \(staging) s WHERE \(inScope(.range))"
    }

    /// One record that the target refuses: indicator error, late reject.
    ///
    /// Returns the record.
    public var markLate: String {
        """
        UPDATE \(staging) s SET kugiri_state = 'E', kugiri_outcome = 'R'
        WHERE \(inScope(.range)) AND s.kugiri_state = 'U' RETURNING s.kugiri_record, s.kugiri_key
        """
    }

    /// Conflicts that the target refuses when they are done again: late rejects.
    public var markLateRecords: String {
        """
        UPDATE \(staging) s SET kugiri_state = 'E', kugiri_outcome = 'R'
        WHERE \(inScope(.records)) AND s.kugiri_outcome = 'X'
        """
    }

    /// Number of staged rows and their digest in a range, to tell whether staging is still there.
    public var recount: String {
        """
        SELECT count(*), coalesce(bit_xor(s.kugiri_digest), 0) FROM \(staging) s
        WHERE \(inScope(.range))
        """
    }
}
