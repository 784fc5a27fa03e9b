// A night in small: a target table of its own, a run with one slice, staged rows as a worker
// would have staged them.

import Ledger
import Plan
import Postgres
import Testing

/// A run on a table of four columns, its staging and its statements.
struct Night {
    let table: String
    let run: String
    let tables: RunTables
    let statement: ApplyStatement

    /// The range that holds everything.
    static let all: [Parameter] = [.text(""), .text(topBound)]

    /// Makes table and run; the run's first slice covers every key.
    init(
        _ table: String, inserts: Bool = true, _ connection: borrowing Connection
    ) throws {
        self.table = "public.\(table)"
        try connection.execute(
            """
            DROP TABLE IF EXISTS \(self.table);
            CREATE TABLE \(self.table) (id text PRIMARY KEY, amount bigint CHECK (amount >= 0),
                online text, updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                writes bigint NOT NULL DEFAULT 0)
            """)
        let plan = TargetPlan(
            table: self.table, tableID: 1, keys: [.init(column: "id", staging: "id", type: "text")],
            lockColumn: "updated_at", updateCountColumn: "writes",
            columns: [
                .init(name: "id", field: "member", type: "text", encoding: .text, isRequired: true),
                .init(
                    name: "amount", field: "amount", type: "bigint", encoding: .int8,
                    isRequired: false),
            ],
            checks: [],
            assignments: [
                .init(column: "amount", type: "bigint", update: "s.amount", insert: "s.amount")
            ], values: [], sums: ["amount"], inserts: inserts, history: true)
        let created = try Self.createRun(job: "job-" + table.replacing("_", with: "-"), connection)
        run = created.run
        tables = RunTables(number: created.number, plan: plan)
        statement = ApplyStatement(tables: tables, slice: 0)
        try connection.execute(tables.createSlice(0, range: .all, logged: false))
        try connection.execute(tables.createHistory)
    }

    /// A run without anything in it.
    static func createRun(
        job: String, _ connection: borrowing Connection
    ) throws -> (run: String, number: Int64) {
        try RunLedger.create(
            NewRun(
                job: job, program: "TEST", businessDate: "2026-11-20", parameters: "{}",
                inputPath: "/in", inputBytes: 1, inputHash: "00", contractHash: "11",
                settingsHash: "22", target: "t", targetID: 1, definition: "{}", plan: "{}",
                coordinator: "test", tolerances: "[]"), connection)
    }

    /// Stages a record with what the target holds now as its seen values.
    func stage(
        _ key: String, amount: Int64?, record: Int64, sequence: Int64 = 0, isLast: Bool = true,
        _ connection: borrowing Connection
    ) throws {
        try connection.query(
            """
            INSERT INTO \(tables.slice(0)) (kugiri_key, kugiri_record, kugiri_seq, kugiri_last,
                kugiri_seen, kugiri_lock_at, kugiri_lock_xmin, kugiri_lock_count, kugiri_tid,
                kugiri_digest, kugiri_state, id, amount)
            SELECT $1::text, $2::bigint, $3::smallint, $4::boolean, t.id IS NOT NULL, t.updated_at,
                t.xmin, t.writes, t.ctid, $2::bigint * 1000, 'U', $1::text, $5::bigint
            FROM (VALUES (1)) one LEFT JOIN \(table) t ON t.id = $1::text
            """,
            [
                .text(key), .int(record), .int(sequence), .bool(isLast), .optional(amount),
            ])
    }

    /// What one apply statement says it did.
    struct Applied: Equatable {
        var staged: Int64 = 0
        var inserted: Int64 = 0
        var updated: Int64 = 0
        var unchanged: Int64 = 0
        var converged: Int64 = 0
        /// Of the settled rows.
        var sum: Int64 = 0
    }

    /// Applies everything of a sequence.
    func apply(
        sequence: Int64 = 0, busy: [Int64] = [], _ connection: borrowing Connection
    ) throws -> Applied {
        let rows = try connection.query(
            statement.apply(.range), Self.all + [.int(sequence), .intArray(busy)])
        return Applied(
            staged: rows.int(0, 0) ?? -1, inserted: rows.int(0, 1) ?? -1,
            updated: rows.int(0, 2) ?? -1, unchanged: rows.int(0, 3) ?? -1,
            converged: rows.int(0, 4) ?? -1, sum: rows.int(0, 7) ?? -1)
    }

    /// What a short form says it settled.
    struct Settled: Equatable {
        var rows: Int64 = 0
        var digest: Int64 = 0
        var sum: Int64 = 0
        /// nil: the form does not tell.
        var written: Int64?
    }

    /// Runs a short form over everything.
    func settle(_ form: String, _ connection: borrowing Connection) throws -> Settled {
        let rows = try connection.query(form, Self.all)
        return Settled(
            rows: rows.int(0, 0) ?? -1, digest: rows.int(0, 1) ?? -1, sum: rows.int(0, 2) ?? -1,
            written: rows.columnNames.count > 3 ? rows.int(0, 3) : nil)
    }

    /// Notes what is left as conflicts; how many.
    func note(
        sequence: Int64 = 0, busy: [Int64] = [], _ connection: borrowing Connection
    ) throws -> Int {
        try connection.query(
            statement.noteConflicts(.range),
            Self.all + [
                .int(sequence), .intArray(busy), .text(run), .int(1), .int(0), .null,
            ]
        ).affected
    }

    /// The kinds of the noted conflicts by record.
    func conflicts(_ connection: borrowing Connection) throws -> [Int64: String] {
        let open = try ProofLedger.openConflicts(
            run: run, revision: 1, after: ("", -1), limit: 100, connection)
        return Dictionary(uniqueKeysWithValues: open.map { ($0.record, $0.kind) })
    }

    /// Outcome and state of the staged records, such as `UD`.
    func outcomes(_ connection: borrowing Connection) throws -> [Int64: String] {
        let rows = try connection.query(
            """
            SELECT kugiri_record, coalesce(kugiri_outcome::text, '-') || kugiri_state::text
            FROM \(tables.slice(0))
            """)
        var found: [Int64: String] = [:]
        for row in 0..<rows.count { found[rows.int(row, 0) ?? 0] = rows.text(row, 1) }
        return found
    }

    /// The target's amounts by key; -1 for NULL.
    func amounts(_ connection: borrowing Connection) throws -> [String: Int64] {
        let rows = try connection.query("SELECT id, coalesce(amount, -1) FROM \(table)")
        var found: [String: Int64] = [:]
        for row in 0..<rows.count { found[rows.text(row, 0) ?? ""] = rows.int(row, 1) }
        return found
    }

    /// The figures of certify by their names; the short form must find the same where it may answer.
    func certify(_ connection: borrowing Connection) throws -> [String: Int64] {
        let found = try certifyByKey(connection)
        if let short = try certifyByAddress(connection) { #expect(short == found) }
        return found
    }

    /// What the short form of certify finds; nil: it is not the answer.
    func certifyByAddress(_ connection: borrowing Connection) throws -> [String: Int64]? {
        guard let text = statement.certifyByAddress else { return nil }
        let rows = try connection.query(text, Self.all)
        let names = [
            "I": "inserted", "U": "updated", "N": "unchanged", "X": "conflicts", "R": "late",
        ]
        var found: [String: Int64] = [:]
        for row in 0..<rows.count {
            let outcome = rows.text(row, 0)
            guard rows.int(row, 3) == 0 else { return nil }
            if let outcome {
                guard let name = names[outcome] else { return nil }
                found[name] = rows.int(row, 1)
            }
            for (column, name) in [(1, "staged"), (2, "undone"), (4, "changed"), (5, "differing")] {
                found[name, default: 0] += rows.int(row, column) ?? 0
            }
            found["digest", default: 0] ^= rows.int(row, 6) ?? 0
            if ["I", "U", "N"].contains(outcome) {
                found["sum", default: 0] += rows.int(row, 7) ?? 0
            }
        }
        return found.filter { $0.value != 0 }
    }

    private func certifyByKey(_ connection: borrowing Connection) throws -> [String: Int64] {
        let rows = try connection.query(statement.certify, Self.all)
        let names = [
            "staged", "inserted", "updated", "unchanged", "conflicts", "late", "undone",
            "changed", "differing", "loaded", "digest", "sum",
        ]
        var found: [String: Int64] = [:]
        for (column, name) in names.enumerated() {
            let figure = rows.int(0, column) ?? -1
            if figure != 0 { found[name] = figure }
        }
        return found
    }
}
