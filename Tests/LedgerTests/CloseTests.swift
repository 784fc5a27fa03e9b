// Finding, staging and closing rows that the input lacks, statement by statement; and the ledger
// of an older version that is brought up to it.

import FoundationEssentials
import Ledger
import Plan
import Postgres
import Testing

extension PostgresTests {
    @Suite struct CloseTests {
        /// A night whose rows a to f are open, but for f; the slice is from b to the top.
        private func night(
            _ table: String, _ connection: borrowing Connection
        ) throws -> (night: Night, tables: RunTables, statement: ApplyStatement) {
            let night = try Night(table, connection)
            try connection.execute(
                "ALTER TABLE \(night.table) ADD state text NOT NULL DEFAULT 'open'; "
                    + "INSERT INTO \(night.table) (id, amount) VALUES ('a', 1), ('b', 2), "
                    + "('c', 3), ('d', 4), ('e', 5), ('f', 6); "
                    + "UPDATE \(night.table) SET state = 'shut' WHERE id = 'f'")
            var plan = night.tables.plan
            plan.values = ["open", "shut"]
            plan.absent = AbsentPlan(
                column: "id", boundType: "text", isBytewise: true, isIndexed: true,
                open: "(t.state IS NOT DISTINCT FROM ⟦0⟧::text)",
                closing: [.init(column: "state", type: "text", value: "⟦1⟧", isFixed: true)])
            let tables = RunTables(number: night.tables.number, plan: plan)
            try connection.execute("DROP TABLE \(tables.history)")
            try connection.execute(tables.createSlice(0, range: .all, logged: false))
            try connection.execute(tables.createHistory)
            return (night, tables, ApplyStatement(tables: tables, slice: 0))
        }

        private let range = KeyRange(low: Key("b"), high: nil)

        @Test func `open rows of the range that are neither staged nor protected are found`()
            throws
        {
            let connection = try connect()
            let it = try night("close_find", connection)
            try it.night.stage("c", amount: 3, record: 1, connection)
            let found = try connection.transaction { connection in
                try AbsentLedger.find(
                    slice: 0, range: range, protected: ["d"], tables: it.tables, run: it.night.run,
                    revision: 1, connection)
            }
            #expect(found == (4, 2))
            let rows = try AbsentLedger.rows(
                slice: 0, after: AbsentLedger.firstRecord(slice: 0), limit: 10, run: it.night.run,
                revision: 1, connection)
            #expect(rows.map(\.key) == ["b", "e"])
            #expect(rows.map(\.record) == [-1, -2])
            let staged = try AbsentLedger.stage(
                slice: 0, tables: it.tables, run: it.night.run, revision: 1, connection)
            #expect(staged == 2)
        }

        @Test func `a row is closed as it was seen, and certify finds it closed`() throws {
            let connection = try connect()
            let it = try night("close_apply", connection)
            try it.night.stage("c", amount: 30, record: 1, connection)
            _ = try connection.transaction { connection in
                try AbsentLedger.find(
                    slice: 0, range: range, protected: [], tables: it.tables, run: it.night.run,
                    revision: 1, connection)
            }
            _ = try AbsentLedger.stage(
                slice: 0, tables: it.tables, run: it.night.run, revision: 1, connection)
            // d is changed online, e is closed online.
            try connection.execute(
                "UPDATE \(it.night.table) SET online = 'x', updated_at = clock_timestamp() "
                    + "WHERE id = 'd'; UPDATE \(it.night.table) SET state = 'gone' WHERE id = 'e'")
            let values: [Parameter] = it.tables.plan.values.map { .text($0) }
            let rows = try connection.query(
                it.statement.apply(.range), Night.all + [.int(0), .intArray([])] + values)
            // staged, inserted, updated, unchanged, converged … sum, closed
            #expect((0..<5).map { rows.int(0, $0) } == [4, 0, 1, 1, 1])
            #expect(rows.int(0, 7) == 30)
            #expect(rows.int(0, 8) == 1)
            let states = try connection.query(
                "SELECT string_agg(id || state || writes, ' ' ORDER BY id) FROM \(it.night.table)"
            ).text(0, 0)
            #expect(states == "aopen0 bshut1 copen1 dopen0 egone0 fshut0")
            let images = try connection.query(
                "SELECT string_agg(kugiri_action::text || id || state, ' ' ORDER BY id) "
                    + "FROM \(it.tables.history)"
            ).text(0, 0)
            #expect(images == "Cbopen Ucopen")
            let noted = try connection.query(
                it.statement.noteConflicts(.range),
                Night.all + [
                    .int(0), .intArray([]), .text(it.night.run), .int(1), .int(0), .null,
                ])
            #expect(noted.affected == 1)
            let proof = try connection.query(it.statement.certify, Night.all + values)
            // staged, inserted, updated, unchanged, conflicts … changed since, differing
            #expect((0..<5).map { proof.int(0, $0) } == [4, 0, 1, 1, 1])
            #expect(proof.int(0, 7) == 0)
            #expect(proof.int(0, 8) == 0)
            #expect(proof.int(0, 12) == 1)
        }

        @Test func `a closed row that was opened again by us would be found`() throws {
            let connection = try connect()
            let it = try night("close_differs", connection)
            _ = try connection.transaction { connection in
                try AbsentLedger.find(
                    slice: 0, range: KeyRange(low: Key("b"), high: Key("c")), protected: [],
                    tables: it.tables, run: it.night.run, revision: 1, connection)
            }
            _ = try AbsentLedger.stage(
                slice: 0, tables: it.tables, run: it.night.run, revision: 1, connection)
            let values: [Parameter] = it.tables.plan.values.map { .text($0) }
            try connection.query(
                it.statement.apply(.range), Night.all + [.int(0), .intArray([])] + values)
            // The version of the row that staging remembers is made the wrong one's.
            try connection.execute("UPDATE \(it.night.table) SET state = 'open' WHERE id = 'b'")
            try connection.execute(
                "UPDATE \(it.tables.slice(0)) s SET kugiri_lock_xmin = t.xmin "
                    + "FROM \(it.night.table) t WHERE t.id = 'b'")
            let proof = try connection.query(it.statement.certify, Night.all + values)
            #expect(proof.int(0, 8) == 1)
        }

        @Test func `an index is of use only in the order of bytes`() throws {
            let connection = try connect()
            try connection.execute(
                """
                CREATE TABLE public.close_order (plain text PRIMARY KEY, local text COLLATE "en-x-icu"
                    UNIQUE, other text COLLATE "en-x-icu", unindexed text);
                CREATE INDEX ON public.close_order (other COLLATE "C")
                """)
            let table = try #require(
                try connection.query("SELECT 'public.close_order'::regclass::oid").int(0, 0))
            func order(_ column: String) throws -> [Bool] {
                let order = try TargetCatalog.order(of: column, in: table, connection)
                return [order.isBytewise, order.isIndexed]
            }
            #expect(try order("plain") == [true, true])
            #expect(try order("local") == [false, false])
            #expect(try order("other") == [false, true])
            #expect(try order("unindexed") == [true, false])
        }

        @Test func `a ledger of the first version is brought up, and its runs stay`() throws {
            try connect().execute("CREATE DATABASE close_migrated")
            let connection = try connect(database: "close_migrated")
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../Sources/Ledger/SQL/migration_0001.sql")
            try connection.execute(try String(contentsOf: file, encoding: .utf8))
            try connection.execute("INSERT INTO kugiri.migration (number) VALUES (1)")
            #expect(throws: LedgerError.schema(found: 1, wanted: Schema.wanted)) {
                try Schema.check(connection)
            }
            let created = try Night.createRun(job: "older", connection)
            try connection.execute(
                "INSERT INTO kugiri.share VALUES ('\(created.run)', 1, 0, 1, 10, 2)")
            #expect(try Schema.pending(connection).count == Schema.numbers.count - 1)
            try Schema.migrate(connection)
            try Schema.check(connection)
            #expect(try RunLedger.get(created.run, connection)?.number == created.number)
            let shares = try ProofLedger.shares(run: created.run, revision: 1, connection)
            #expect(shares[1]?.records == 10)
            #expect(shares[1]?.absent == 0)
            try connection.execute(
                "INSERT INTO kugiri.conflict (run, revision, slice, key, record, seq, kind, seen, "
                    + "state, outcome) VALUES ('r', 1, 0, 'k', -1, 0, 'busy', true, 'applied', 'C')"
            )
        }
    }
}
