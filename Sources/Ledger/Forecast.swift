// What a load would do to the target, counted from staging beforehand: the blast radius of a rerun.

public import Postgres

/// Target rows that a load would touch.
public struct Forecast: Sendable, Equatable {
    /// Rows that would be made.
    public var inserted: Int64 = 0
    /// Rows that would be changed.
    public var updated: Int64 = 0
    /// Rows that would be closed because the input lacks them.
    public var closed: Int64 = 0
    /// Rows that hold the wanted values already.
    public var unchanged: Int64 = 0
    /// Of all of them, rows that others changed since this run last wrote or saw them; nil: the
    /// staging that knows is gone.
    public var changedSince: Int64? = 0

    /// All zero.
    public init() {}

    /// Adds another forecast.
    public static func += (left: inout Forecast, right: Forecast) {
        left.inserted += right.inserted
        left.updated += right.updated
        left.closed += right.closed
        left.unchanged += right.unchanged
        if let more = right.changedSince, let own = left.changedSince {
            left.changedSince = own + more
        } else {
            left.changedSince = nil
        }
    }
}

extension ApplyStatement {
    /// Counts a range's target rows by what the load would do to them.
    ///
    /// Only the last record of a target row counts: it says what the row would hold. `$1` and `$2`
    /// bound the range; the plan's values follow.
    ///
    /// - Parameter before: The slice's staging of the revision before; nil: it is gone.
    public func forecast(before: String?) -> String {
        let first = 3
        let closing = plan.absent == nil ? "false" : "s.kugiri_action = 'C'"
        let isChanged = "t.ctid IS NOT NULL AND NOT (\(isSettled(from: first)))"
        let values = plan.values.indices.map { "$\(first + $0)::text AS v\($0)" }
        let named =
            values.isEmpty ? "" : "WITH named AS (SELECT \(values.joined(separator: ", "))) "
        let since =
            before == nil
            ? "NULL::bigint"
            : """
            count(*) FILTER (WHERE o.kugiri_outcome IN ('I', 'U', 'N', 'C')
                AND (t.\(plan.lockColumn) IS DISTINCT FROM o.kugiri_lock_at
                    OR t.xmin IS DISTINCT FROM o.kugiri_lock_xmin))
            """
        let join =
            before.map {
                "LEFT JOIN \($0) o ON o.kugiri_key = s.kugiri_key "
                    + "AND o.kugiri_record = s.kugiri_record"
            } ?? ""
        return """
            \(named)SELECT count(*) FILTER (WHERE t.ctid IS NULL AND NOT (\(closing))),
                count(*) FILTER (WHERE \(isChanged) AND NOT (\(closing))),
                count(*) FILTER (WHERE \(isChanged) AND \(closing)),
                count(*) FILTER (WHERE t.ctid IS NOT NULL AND (\(isSettled(from: first)))), \(since)
            FROM \(staging) s LEFT JOIN \(plan.table) t ON \(plan.keyJoin) \(join)
            WHERE \(inScope(.range)) AND s.kugiri_last AND s.kugiri_state = 'U'
            """
    }

    /// Reads the row of ``forecast(before:)``.
    public static func readForecast(_ rows: borrowing Rows) -> Forecast {
        var forecast = Forecast()
        forecast.inserted = rows.int(0, 0) ?? 0
        forecast.updated = rows.int(0, 1) ?? 0
        forecast.closed = rows.int(0, 2) ?? 0
        forecast.unchanged = rows.int(0, 3) ?? 0
        forecast.changedSince = rows.int(0, 4)
        return forecast
    }
}
