// The target's definition and rows, read from the real database and never written to it.

import Glibc
import Journal
import Ledger
import Postgres
import Settings

/// A table as it was read: what makes it again elsewhere, and what is left out of the copy.
struct TargetCopy: Sendable {
    /// A column that is compared only in some rows, and why.
    struct InPart: Encodable, Sendable, Equatable {
        /// Quoted where it has to be.
        var column: String
        /// In words.
        var reason: String
        /// Its value in the rows where it is compared, elsewhere NULL.
        var expression: String

        private enum CodingKeys: String, CodingKey { case column, reason }
    }

    /// Quoted, with its schema.
    var table: String
    /// The search path it was found by.
    var searchPath: String
    /// Statements that make it, in their order, its constraints and indexes not among them.
    var before: [String]
    /// Statements that make its constraints, indexes and lock trigger.
    var after: [String]
    /// In their order.
    var columns: [DrillColumn]
    /// Rows there were.
    var rows: Int64 = 0
    /// With indexes.
    var bytes: Int64
    /// What the copy lacks, in words.
    var leftOut: [String]

    /// A column that the drill adds: what its own session of the deadlock writes.
    static let markColumn = "drill_mark"
    /// Another one: whether the row was made since it was copied.
    static let newColumn = "drill_new"

    /// Reads the definition of a job's target; throws what keeps it from being copied.
    ///
    /// - Parameter connection: In a transaction that reads only.
    init(job: Job, _ connection: borrowing Connection) throws {
        guard let found = try TargetCatalog.table(job.target.table, connection) else {
            throw DrillImpossible(
                "there is no table \(job.target.table) for this user's search path; create it, or "
                    + "name it with its schema")
        }
        guard found.faults.isEmpty else {
            throw DrillImpossible(
                found.faults.map { "\(found.name): \($0)" }.joined(separator: "; "))
        }
        table = found.name
        let facts = try DrillLedger.table(found.id, connection)
        searchPath = facts.searchPath
        bytes = facts.bytes
        columns = try DrillLedger.columns(found.id, connection)
        let needs = try DrillLedger.needs(found.id, connection)
        let rules = try DrillLedger.constraints(found.id, name: found.name, connection)
        let triggers = try DrillLedger.triggers(found.id, connection)
        let options = facts.options.map { $0.isEmpty ? "" : " WITH (\($0))" } ?? ""
        let list = columns.map(\.definition).joined(separator: ", ")
        before = needs + ["CREATE TABLE \(found.name) (\(list))\(options)"]
        after = rules.statements
        if triggers.contains(where: \.movesLock) {
            after.append(
                Preparation.lockTrigger(table: found.name, column: job.target.lockColumn))
        }
        leftOut = rules.foreignKeys
        leftOut += triggers.filter { !$0.movesLock }.map { "trigger \($0.name)" }
    }

    /// Makes the table in a scratch database.
    func make(_ connection: borrowing Connection) throws {
        for statement in before { try make(statement, connection) }
    }

    /// Adds constraints, indexes and trigger, better when the rows are there.
    func finish(_ connection: borrowing Connection) throws {
        for statement in after { try make(statement, connection) }
    }

    /// Adds the drill's own columns, when all rows are there.
    func mark(_ connection: borrowing Connection) throws {
        try make(
            """
            ALTER TABLE \(table) ADD COLUMN \(Self.markColumn) text,
                ADD COLUMN \(Self.newColumn) boolean NOT NULL DEFAULT false;
            ALTER TABLE \(table) ALTER COLUMN \(Self.newColumn) SET DEFAULT true
            """, connection)
        try connection.execute("ANALYZE \(table)")
    }

    private func make(_ statement: String, _ connection: borrowing Connection) throws {
        do {
            try connection.execute(statement)
        } catch let error as PostgresError where !error.isPassing {
            throw DrillImpossible(
                "the definition of \(table) cannot be made in the drill's server: "
                    + "\(error.description), in: \(statement.prefix(DrillLimits.statementShown))")
        }
    }

    /// Copies all rows, page by page.
    ///
    /// - Parameter source: In a transaction that reads only.
    func copyRows(
        from source: borrowing Connection, to scratch: borrowing Connection,
        counted: (Int64) throws -> Void
    ) throws {
        try source.execute(
            "DECLARE drill_rows NO SCROLL CURSOR FOR SELECT \(values) FROM \(table) t")
        var copied: Int64 = 0
        while true {
            let rows = try source.query("FETCH \(DrillLimits.rowsPerPage) FROM drill_rows")
            guard rows.count > 0 else { break }
            copied += try send(rows, to: scratch)
            try counted(copied)
        }
        try source.execute("CLOSE drill_rows")
    }

    /// Copies the rows of some keys.
    ///
    /// - Parameters:
    ///   - keys: The target's key columns, with the types they have.
    ///   - texts: A list of values for each of them.
    /// - Returns: How many there were.
    func copyRows(
        of keys: [TargetPlan.KeyColumn], _ texts: [[String]],
        from source: borrowing Connection, to scratch: borrowing Connection
    ) throws -> Int64 {
        let arrays = keys.indices.map { "$\($0 + 1)::text[]" }.joined(separator: ", ")
        let names = keys.indices.map { "k\($0)" }.joined(separator: ", ")
        let join = keys.enumerated().map { "t.\($1.column) = k.k\($0)::\($1.type)" }
            .joined(separator: " AND ")
        let rows = try source.query(
            "SELECT \(values) FROM unnest(\(arrays)) AS k(\(names)) JOIN \(table) t ON \(join)",
            texts.map { .textArray($0) })
        return rows.count > 0 ? try send(rows, to: scratch) : 0
    }

    private var givenColumns: [String] { columns.filter(\.takesValues).map(\.name) }
    private var values: String {
        givenColumns.map { "t.\($0)::text" }.joined(separator: ", ")
    }

    private func send(
        _ rows: borrowing Rows, to scratch: borrowing Connection
    ) throws -> Int64 {
        let names = givenColumns
        var block = ""
        for row in 0..<rows.count {
            for column in names.indices {
                block += column == 0 ? "" : "\t"
                block += rows.text(row, column).map(Self.escaped) ?? "\\N"
            }
            block += "\n"
        }
        let bytes = Array(block.utf8)
        let received = try scratch.copyIn(
            "COPY \(table) (\(names.joined(separator: ", "))) FROM STDIN"
        ) { writer in try writer.write(bytes) }
        guard Int(received) == rows.count else {
            throw DrillImpossible("\(rows.count) rows were sent to the copy, \(received) arrived")
        }
        return Int64(rows.count)
    }

    /// A value in the text form of COPY.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += Array("\\\\".utf8)
            case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
            case UInt8(ascii: "\r"): bytes += Array("\\r".utf8)
            case UInt8(ascii: "\t"): bytes += Array("\\t".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Columns that two runs may rightly fill differently, and where.
    ///
    /// The lock column holds the time of the write, in rows that are written. A column no mapping
    /// writes gets its default in new rows: where that is not constant (a clock, a sequence), it
    /// differs from run to run. Everything else has to be equal, counters too: they count writes,
    /// and each write happens once.
    func comparedInPart(job: Job, _ connection: borrowing Connection) throws -> [InPart] {
        let now = try connection.query("SELECT clock_timestamp()::text").text(0, 0) ?? ""
        var list: [InPart] = []
        let target = job.target
        var written = Set(target.columns.map { quoteIdentifier($0.column) })
        written.formUnion(target.key.map { quoteIdentifier($0.column) })
        if let count = target.updateCountColumn { written.insert(quoteIdentifier(count)) }
        for column in columns {
            let name = column.quotedName
            if name == quoteIdentifier(target.lockColumn) {
                list.append(
                    InPart(
                        column: column.name, reason: "only in rows nothing wrote to",
                        expression: "CASE WHEN t.\(name) < \(quoteLiteral(now))::timestamptz "
                            + "THEN t.\(name) END"))
                continue
            }
            guard target.mode == .upsert, !written.contains(name) else { continue }
            let text = column.isIdentity ? "numbers" : column.defaultText
            guard let text, try column.isIdentity || !isConstant(text, connection) else { continue }
            list.append(
                InPart(
                    column: column.name, reason: "not in new rows, which get \(text)",
                    expression: "CASE WHEN NOT t.\(Self.newColumn) THEN t.\(name) END"))
        }
        return list
    }

    /// Whether an expression gives the same value whenever it is asked: the server computes a
    /// column only from such ones.
    private func isConstant(
        _ expression: String, _ connection: borrowing Connection
    ) throws -> Bool {
        do {
            try connection.execute(
                "CREATE TABLE pg_temp.drill_probe (value boolean "
                    + "GENERATED ALWAYS AS ((\(expression)) IS NULL) STORED)")
            try connection.execute("DROP TABLE pg_temp.drill_probe")
            return true
        } catch let error as PostgresError where !error.isPassing {
            return false
        }
    }
}
