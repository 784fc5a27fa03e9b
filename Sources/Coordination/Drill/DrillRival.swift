// The online session of the deadlock: it holds the last row of a chunk, and takes the others when
// the worker waits for it, in the other order.

import FoundationEssentials
import Journal
import Ledger
import Postgres

/// Which rows the rival goes for.
struct DrillRival {
    private let plan: TargetPlan
    private let staging: String
    private let low: String
    private let high: String
    /// Key images of the first and the last row of the chunk that the load writes.
    private let first: String
    private let last: String
    /// Whether the rows are there already.
    ///
    /// Then they are updated, and that stays; otherwise they are inserted, and taken back.
    private let updates: Bool

    /// Chooses a chunk nobody has begun, and two rows of it; nil: there is none.
    ///
    /// They are rows that the load writes: only for those a worker waits.
    ///
    /// - Parameter reference: The undisturbed run's database, whose staging knows what was written.
    init?(
        _ run: String, _ connection: borrowing Connection,
        reference: borrowing Connection
    ) throws {
        guard let row = try RunLedger.get(run, connection) else { return nil }
        plan = try JSONDecoder().decode(TargetPlan.self, from: Data(row.plan.utf8))
        staging = RunTables(number: row.number, revision: row.revision, plan: plan).parent
        let chunks = try DrillLedger.untouchedChunks(
            atMost: DrillLimits.rivalChunksMax, connection)
        for chunk in chunks {
            let keys = try reference.query(
                """
                SELECT min(kugiri_key) FILTER (WHERE outcome IN ('U', 'C')),
                    max(kugiri_key) FILTER (WHERE outcome IN ('U', 'C')),
                    min(kugiri_key) FILTER (WHERE outcome = 'I'),
                    max(kugiri_key) FILTER (WHERE outcome = 'I')
                FROM (\(Self.outcomes(staging, plan))) o
                """, [.text(chunk.low), .text(chunk.high)])
            for column in [0, 2] {
                guard let one = keys.text(0, column), let other = keys.text(0, column + 1),
                    one != other
                else { continue }
                (low, high, first, last, updates) = (chunk.low, chunk.high, one, other, column == 0)
                return
            }
        }
        return nil
    }

    /// What the load did with the staged rows of a range, `$1` to `$2`, where they carry it and where
    /// their interval does (`indicator: intervals`).
    private static func outcomes(_ staging: String, _ plan: TargetPlan) -> String {
        """
        SELECT s.kugiri_key, \(DerivedState.outcome(plan, transaction: "i.xid")) AS outcome
        FROM \(staging) s LEFT JOIN \(plan.table) t ON \(plan.keyJoin)
            LEFT JOIN kugiri.interval i ON i.phase = 'load' AND s.kugiri_key >= i.low
                AND (i.high IS NULL OR s.kugiri_key < i.high)
        WHERE s.kugiri_key >= $1 AND s.kugiri_key < $2
        """
    }

    /// What it did, in words.
    ///
    /// - Parameter count: What ``act(_:expected:columns:isNoted:)`` returned.
    func words(_ count: Int64) -> String {
        updates
            ? "an online session updated \(count) rows of one chunk, the last ones first, "
                + "and committed"
            : "an online session inserted two rows of one chunk, the last one first, "
                + "and took them back"
    }

    /// Rows that hold its mark.
    func marks(_ connection: borrowing Connection) throws -> Int64 {
        try connection.query(
            "SELECT count(*) FROM \(plan.table) WHERE \(TargetCopy.markColumn) IS NOT NULL"
        ).int(0, 0) ?? 0
    }

    /// Goes through with it; returns when the worker has gone out of the way.
    ///
    /// - Parameters:
    ///   - expected: A session in the database of the undisturbed run: what inserted rows hold.
    ///   - columns: Those that a row can be inserted with; the others have a default.
    ///   - isNoted: Whether the worker has written down that rows are in its way.
    /// - Returns: Rows that must hold its mark in the end.
    func act(
        _ connection: borrowing Connection, expected: borrowing Connection,
        columns: [String], isNoted: () throws -> Bool
    ) throws -> Int64 {
        struct TakenBack: Error {}
        var marked = 0
        let words = "\(staging) s WHERE \(plan.keyJoin) AND s.kugiri_key = $1"
        func write(_ key: String, _ connection: borrowing Connection) throws {
            guard !updates else {
                marked += try connection.query(
                    "UPDATE \(plan.table) t SET \(TargetCopy.markColumn) = 'drill' FROM \(words)",
                    [.text(key)]
                ).affected
                return
            }
            try insert(key, columns, connection, expected)
        }
        do {
            try connection.transaction { connection in
                try write(last, connection)
                try connection.execute(meet)
                try write(first, connection)
                while try !isNoted() {}
                if !updates { throw TakenBack() }
            }
        } catch is TakenBack {}
        return Int64(marked)
    }

    /// Waits, on the server, until somebody waits for us; then takes what they hold.
    private var meet: String {
        let body = """
            BEGIN
            WHILE NOT EXISTS (SELECT FROM pg_locks l WHERE NOT l.granted
                AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid))) LOOP
                PERFORM pg_sleep(0.001);
            END LOOP;
            PERFORM FROM \(plan.table) t JOIN \(staging) s ON \(plan.keyJoin)
            WHERE s.kugiri_key >= \(quoteLiteral(low)) AND s.kugiri_key < \(quoteLiteral(high))
            ORDER BY s.kugiri_key FOR UPDATE OF t;
            END
            """
        return Self.block(body)
    }

    /// The body as a DO statement.
    ///
    /// Keys in it are the file's, names somebody's: neither may end it.
    static func block(_ body: String) -> String {
        var tag = "$drill$"
        while body.contains(tag) { tag = "$x\(tag.dropFirst())" }
        return "DO \(tag) \(body) \(tag)"
    }

    private func insert(
        _ key: String, _ names: [String], _ connection: borrowing Connection,
        _ expected: borrowing Connection
    ) throws {
        let parts = plan.keys.map { "\($0.staging)::text" }.joined(separator: ", ")
        let keys = try connection.query(
            "SELECT \(parts) FROM \(staging) WHERE kugiri_key = $1 LIMIT 1", [.text(key)])
        let values = plan.keys.indices.map { keys.text(0, $0).map(Parameter.text) ?? .null }
        let condition = plan.keys.enumerated()
            .map { "t.\($1.column) = $\($0 + 1)::text::\($1.type)" }.joined(separator: " AND ")
        let row = try expected.query(
            "SELECT row_to_json(t)::text FROM \(plan.table) t WHERE \(condition)", values)
        guard row.count == 1, let json = row.text(0, 0) else { return }
        let columns = names.joined(separator: ", ")
        try connection.query(
            "INSERT INTO \(plan.table) (\(columns)) OVERRIDING SYSTEM VALUE SELECT \(columns) "
                + "FROM json_populate_record(NULL::\(plan.table), $1::json)", [.text(json)])
    }
}
