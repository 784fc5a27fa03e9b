// The part of the load's statement that closes rows the input lacks (PROTOCOL 26). Empty texts for
// a job that leaves such rows alone, so that its statement is what it always was.
//
// Staged rows to be closed have the action C and nothing but their key. What must change together:
// the outcome C here, in `certify`, in `requeue` and in `kugiri.conflict`.

extension ApplyStatement {
    /// Whether a staged row is one to be closed.
    private static let isClosing = "s.kugiri_action = 'C'"

    /// SQL over a record, with NULL for a row to be closed: it has no record.
    func ofRecord(_ text: String) -> String {
        plan.absent == nil ? text : "CASE WHEN NOT \(Self.isClosing) THEN \(text) END"
    }

    /// Whether the row `t` is as it should be: a record's values, or no longer open.
    func isSettled(from first: Int) -> String {
        let same = plan.same(from: first)
        guard let absent = plan.absent else { return same }
        return "CASE WHEN \(Self.isClosing) THEN NOT \(plan.bind(absent.open, from: first)) "
            + "ELSE \(same) END"
    }

    /// As ``isSettled(from:)``, and what closing wrote is there.
    func isAsWritten(from first: Int) -> String {
        let same = plan.same(from: first)
        guard let absent = plan.absent else { return same }
        let written = absent.closing.filter(\.isFixed).map {
            " AND t.\($0.column) IS NOT DISTINCT FROM (\(plan.bind($0.value, from: first)))"
                + "::\($0.type)"
        }.joined()
        return """
            CASE WHEN \(Self.isClosing) THEN NOT \(plan.bind(absent.open, from: first)) \
            AND (s.kugiri_outcome <> 'C' OR (true\(written))) ELSE \(same) END
            """
    }

    /// More columns of `cur`.
    var closingColumns: [String] { plan.absent == nil ? [] : ["\(Self.isClosing) AS closing"] }

    /// Keeps rows to be closed out of the update of records.
    var notClosing: String { plan.absent == nil ? "" : " AND NOT cur.closing" }

    /// As ``notClosing``, for a statement that reads staging itself.
    var notStagedToClose: String { plan.absent == nil ? "" : " AND NOT \(Self.isClosing)" }

    /// Closes rows under the same predicate as an update, and keeps their before-images.
    func closing(from first: Int, asSeen: String, measures: String) -> String {
        guard let absent = plan.absent else { return "" }
        var sets = absent.closing.map {
            "\($0.column) = (\(plan.bind($0.value, from: first)))::\($0.type)"
        }
        sets.append(
            "\(plan.lockColumn) = GREATEST(clock_timestamp(), "
                + "t.\(plan.lockColumn) + interval '1 microsecond')")
        if let count = plan.updateCountColumn {
            sets.append("\(count) = coalesce(t.\(count), 0) + 1")
        }
        var text = """
            , cls AS (
                UPDATE \(plan.table) t SET \(sets.joined(separator: ", "))
                FROM cur WHERE t.ctid = cur.tid AND cur.closing AND cur.seen AND NOT cur.busy
                    AND NOT cur.same AND \(asSeen)
                RETURNING cur.sid, cur.tid, cur.record, cur.image,
                    t.\(plan.lockColumn) AS at, t.xmin AS x, t.ctid AS new_tid\(measures)
            )
            """
        if plan.history {
            text += """
                , histcls AS (
                    INSERT INTO \(history)
                    SELECT 'C', cls.record, cls.at, cls.x, t.*, cls.image
                    FROM cls JOIN \(plan.table) t ON t.ctid = cls.tid RETURNING 1
                )
                """
        }
        return text
    }

    /// The outcomes of closed rows.
    func closedOutcomes(measures: String) -> String {
        plan.absent == nil ? "" : " UNION ALL SELECT sid, 'C', at, x, new_tid\(measures) FROM cls"
    }

    /// How many rows were closed.
    var closedCount: String {
        plan.absent == nil ? "0::bigint" : "(SELECT count(*) FROM cls)"
    }

    /// The outcomes of staged rows whose target row certify looks at.
    var ownOutcomes: String { plan.absent == nil ? "'I', 'U', 'N'" : "'I', 'U', 'N', 'C'" }
}
