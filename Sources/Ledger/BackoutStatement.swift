// The statement that takes a run's writes back, and the few around it (PROTOCOL 32).
//
// A row is ours while it has the lock value and the row version of our last write to it. Its
// before-images are then a chain: each begins where the write before it ended, and the oldest is
// what the row was before the run. Where the chain is broken somebody else wrote in between, and
// where the row is not ours somebody wrote after us: such rows are left as they are and noted.

/// SQL of a backout, built from a run's plan.
public struct BackoutStatement: Sendable {
    private let plan: TargetPlan
    private let history: String

    /// Statements for a run.
    public init(tables: RunTables) {
        plan = tables.plan
        history = tables.history
    }

    private var keyList: String {
        plan.keys.map { "h.\($0.column)" }.joined(separator: ", ")
    }

    /// One row per target row of a key range (`$1` and `$2`): its oldest image, our last write, how
    /// it is found now, and why it is not to be touched (`kugiri_kind`; NULL: it is ours).
    private var rows: String {
        let join = plan.keys.map { "t.\($0.column) = h.\($0.column)" }
            .joined(separator: " AND ")
        return """
            steps AS MATERIALIZED (
                SELECT h.*, h.ctid AS kugiri_hid, row_number() OVER v AS kugiri_step,
                    lag(h.kugiri_lock_at) OVER v AS kugiri_before
                FROM \(history) h
                WHERE h.kugiri_backout IS NULL AND h.kugiri_key >= $1::text
                    AND h.kugiri_key < $2::text
                WINDOW v AS (PARTITION BY \(keyList) ORDER BY h.kugiri_lock_at)
            ), chains AS MATERIALIZED (
                SELECT h.*, last_value(h.kugiri_lock_at) OVER w AS kugiri_at,
                    last_value(h.kugiri_lock_xmin) OVER w AS kugiri_x,
                    bool_or(h.kugiri_step > 1 AND (h.kugiri_action = 'I'
                        OR h.\(plan.lockColumn) IS DISTINCT FROM h.kugiri_before)) OVER w
                        AS kugiri_broken
                FROM steps h
                WINDOW w AS (PARTITION BY \(keyList) ORDER BY h.kugiri_lock_at
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            ), cur AS MATERIALIZED (
                SELECT h.*, t.ctid AS kugiri_tid, CASE WHEN t.ctid IS NULL THEN 'vanished'
                    WHEN t.\(plan.lockColumn) IS DISTINCT FROM h.kugiri_at
                        OR t.xmin IS DISTINCT FROM h.kugiri_x THEN 'changed'
                    WHEN h.kugiri_broken THEN 'between' END AS kugiri_kind
                FROM chains h LEFT JOIN \(plan.table) t ON \(join) WHERE h.kugiri_step = 1
            )
            """
    }

    /// Columns that the load writes beside key, lock and count.
    private var columns: [String] {
        var list = plan.assignments.map(\.column)
        for column in plan.absent?.closing.map(\.column) ?? [] where !list.contains(column) {
            list.append(column)
        }
        return list
    }

    private var ours: String {
        "t.ctid = cur.kugiri_tid AND cur.kugiri_kind IS NULL "
            + "AND t.\(plan.lockColumn) IS NOT DISTINCT FROM cur.kugiri_at "
            + "AND t.xmin = cur.kugiri_x"
    }

    /// Takes the writes of a key range back.
    ///
    /// `$1` and `$2` bound the range, `$3` is the backout. Returns one row: restored, removed and
    /// reopened rows. What is left alone is noted; the lock column moves forwards all the same.
    public var undo: String {
        var sets = columns.map { "\($0) = cur.\($0)" }
        sets.append(
            "\(plan.lockColumn) = GREATEST(clock_timestamp(), "
                + "t.\(plan.lockColumn) + interval '1 microsecond')")
        if let count = plan.updateCountColumn {
            sets.append("\(count) = coalesce(t.\(count), 0) + 1")
        }
        return """
            WITH \(rows), upd AS (
                UPDATE \(plan.table) t SET \(sets.joined(separator: ", "))
                FROM cur WHERE \(ours) AND cur.kugiri_action <> 'I'
                RETURNING cur.kugiri_hid, cur.kugiri_action
            ), del AS (
                DELETE FROM \(plan.table) t USING cur
                WHERE \(ours) AND cur.kugiri_action = 'I' RETURNING cur.kugiri_hid
            ), mark AS (
                UPDATE \(history) h SET kugiri_backout = $3::bigint
                FROM chains WHERE h.ctid = chains.kugiri_hid
            ), noted AS (
                INSERT INTO kugiri.backout_row (backout, key, keys, kind)
                SELECT $3::bigint, cur.kugiri_key, \(keys("cur")),
                    coalesce(cur.kugiri_kind, 'changed')
                FROM cur
                WHERE cur.kugiri_hid NOT IN (SELECT upd.kugiri_hid FROM upd)
                    AND cur.kugiri_hid NOT IN (SELECT del.kugiri_hid FROM del)
                ON CONFLICT (backout, key, keys) DO UPDATE SET kind = excluded.kind
            )
            SELECT (SELECT count(*) FROM upd WHERE kugiri_action <> 'C'),
                (SELECT count(*) FROM del), (SELECT count(*) FROM upd WHERE kugiri_action = 'C')
            """
    }

    private func keys(_ alias: String) -> String {
        "ARRAY[\(plan.keys.map { "\(alias).\($0.column)::text" }.joined(separator: ", "))]"
    }

    /// Counts what ``undo`` would do to a key range: restored, removed, reopened, left alone.
    public var forecast: String {
        """
        WITH \(rows)
        SELECT count(*) FILTER (WHERE kugiri_kind IS NULL AND kugiri_action = 'U'),
            count(*) FILTER (WHERE kugiri_kind IS NULL AND kugiri_action = 'I'),
            count(*) FILTER (WHERE kugiri_kind IS NULL AND kugiri_action = 'C'),
            count(*) FILTER (WHERE kugiri_kind IS NOT NULL)
        FROM cur
        """
    }

    /// Notes the rows of a key range that cannot be had: `$3` backout, `$4` kind, `$5` detail.
    ///
    /// Their images stay open, so that they can be tried again.
    public var note: String {
        """
        INSERT INTO kugiri.backout_row (backout, key, keys, kind, detail)
        SELECT DISTINCT $3::bigint, h.kugiri_key, \(keys("h")), $4::text, $5::text
        FROM \(history) h
        WHERE h.kugiri_backout IS NULL AND h.kugiri_key >= $1::text AND h.kugiri_key < $2::text
        ON CONFLICT (backout, key, keys) DO UPDATE
            SET kind = excluded.kind, detail = excluded.detail
        """
    }

    /// The different keys of a range with images, in order.
    public var keysOfRange: String {
        """
        SELECT DISTINCT h.kugiri_key FROM \(history) h
        WHERE h.kugiri_backout IS NULL AND h.kugiri_key >= $1::text AND h.kugiri_key < $2::text
        ORDER BY h.kugiri_key
        """
    }

    /// Where the next chunk ends: the key behind `$3` images from `$1` on and below `$2`.
    ///
    /// No row: there are not so many. Equal keys stay together.
    public var chunkEnd: String {
        """
        SELECT n.kugiri_key FROM (
            SELECT h.kugiri_key FROM \(history) h
            WHERE h.kugiri_key >= $1::text AND h.kugiri_key < $2::text
            ORDER BY h.kugiri_key OFFSET $3::bigint LIMIT 1) n
        WHERE n.kugiri_key > $1::text
        UNION ALL
        (SELECT h.kugiri_key FROM \(history) h
         WHERE h.kugiri_key > $1::text AND h.kugiri_key < $2::text
            AND $1::text = (SELECT g.kugiri_key FROM \(history) g
                WHERE g.kugiri_key >= $1::text AND g.kugiri_key < $2::text
                ORDER BY g.kugiri_key OFFSET $3::bigint LIMIT 1)
         ORDER BY h.kugiri_key LIMIT 1)
        LIMIT 1
        """
    }

    /// Images without a partition key: an older version wrote them.
    public var nameless: String {
        "SELECT count(*) FROM \(history) h WHERE h.kugiri_key IS NULL"
    }

    /// Lets a chunk find its images.
    public var index: String {
        "CREATE INDEX IF NOT EXISTS \(history.split(separator: ".").last ?? "")_key "
            + "ON \(history) (kugiri_key)"
    }

    /// Whether this role may delete rows of the target.
    public var mayDelete: String {
        "SELECT has_table_privilege(\(plan.tableID)::oid, 'DELETE')"
    }
}
