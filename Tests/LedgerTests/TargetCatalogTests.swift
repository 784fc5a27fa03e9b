// What the catalogs say of a table that a job wants to write.

import Ledger
import Postgres
import Testing

extension PostgresTests {
    @Suite struct TargetCatalogTests {
        private func table(
            _ sql: String, _ name: String, _ connection: borrowing Connection
        ) throws -> (name: String, id: Int64, faults: [String]) {
            try connection.execute(sql)
            let found = try TargetCatalog.table(name, connection)
            return try #require(found)
        }

        @Test func `a plain table is good, under its quoted name`() throws {
            let connection = try connect()
            let found = try table(
                "CREATE SCHEMA \"My Bank\"; CREATE TABLE \"My Bank\".\"Account\" (id int)",
                "\"My Bank\".\"Account\"", connection)
            #expect(found.name == "\"My Bank\".\"Account\"" && found.faults.isEmpty)
            #expect(try TargetCatalog.table("no_such_table", connection) == nil)
        }

        @Test(arguments: [
            ("CREATE UNLOGGED TABLE tc_unlogged (id int)", "tc_unlogged", "UNLOGGED"),
            (
                "CREATE TABLE tc_parts (id int) PARTITION BY RANGE (id)", "tc_parts",
                "not a plain table"
            ),
            ("CREATE VIEW tc_view AS SELECT 1 AS id", "tc_view", "not a plain table"),
            (
                "CREATE TABLE tc_rls (id int); ALTER TABLE tc_rls ENABLE ROW LEVEL SECURITY",
                "tc_rls", "row-level security"
            ),
        ])
        func `what cannot be loaded safely is refused with its reason`(
            sql: String, name: String, reason: String
        ) throws {
            let connection = try connect()
            let found = try table(sql, name, connection)
            #expect(found.faults.count == 1)
            #expect(found.faults.first?.contains(reason) == true)
        }

        @Test func `a unique key is one on exactly these columns, whatever their order`() throws {
            let connection = try connect()
            let id = try table(
                """
                CREATE TABLE tc_keys (a int, b int, c int, d int, e int, f int,
                    PRIMARY KEY (a, b));
                CREATE UNIQUE INDEX ON tc_keys (c) WHERE d > 0;
                CREATE UNIQUE INDEX ON tc_keys ((d + 1));
                CREATE UNIQUE INDEX ON tc_keys (e) INCLUDE (f);
                CREATE INDEX ON tc_keys (f)
                """, "tc_keys", connection
            ).id
            func has(_ columns: String...) throws -> Bool {
                try TargetCatalog.hasUniqueKey(id, columns: columns, connection)
            }
            #expect(try has("a", "b"))
            #expect(try has("b", "a"))
            #expect(try !has("a"))
            #expect(try !has("a", "b", "c"))
            #expect(try !has("c"), "partial")
            #expect(try !has("d"), "an expression")
            #expect(try has("e"), "included columns are no key columns")
            #expect(try !has("e", "f"))
            #expect(try !has("f"))
        }

        @Test func `the lock trigger counts when it is enabled and leaves our updates alone`()
            throws
        {
            let connection = try connect()
            let id = try table(
                """
                CREATE TABLE tc_trigger (id int, updated_at timestamptz);
                CREATE FUNCTION tc_move() RETURNS trigger LANGUAGE plpgsql
                    AS 'BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END'
                """, "tc_trigger", connection
            ).id
            func has() throws -> Bool { try TargetCatalog.hasLockTrigger(id, connection) }
            #expect(try !has())
            try connection.execute(
                "CREATE TRIGGER always BEFORE UPDATE ON tc_trigger FOR EACH ROW "
                    + "EXECUTE FUNCTION tc_move()")
            #expect(try !has(), "without WHEN it would move our own writes")
            try connection.execute(
                "CREATE TRIGGER after_it AFTER UPDATE ON tc_trigger FOR EACH ROW "
                    + "WHEN (OLD.id > 0) EXECUTE FUNCTION tc_move(); "
                    + "CREATE TRIGGER other BEFORE INSERT ON tc_trigger FOR EACH ROW "
                    + "WHEN (NEW.id > 0) EXECUTE FUNCTION tc_move()")
            #expect(try !has())
            try connection.execute(
                "CREATE TRIGGER good BEFORE UPDATE ON tc_trigger FOR EACH ROW WHEN "
                    + "(NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) "
                    + "EXECUTE FUNCTION tc_move()")
            #expect(try has())
            try connection.execute("ALTER TABLE tc_trigger DISABLE TRIGGER good")
            #expect(try !has())
        }

        @Test func `columns tell type, NULL, generation and digits of time`() throws {
            let connection = try connect()
            let id = try table(
                """
                CREATE TABLE tc_columns (id varchar(20) NOT NULL, gone int,
                    twice int GENERATED ALWAYS AS (1 + 1) STORED,
                    number bigint GENERATED ALWAYS AS IDENTITY,
                    coarse timestamptz(0), fine timestamptz, CHECK (length(id) > 2),
                    CHECK (id <> coarse::text));
                ALTER TABLE tc_columns DROP COLUMN gone
                """, "tc_columns", connection
            ).id
            let columns = try TargetCatalog.columns(id, connection)
            #expect(columns.map(\.name) == ["id", "twice", "number", "coarse", "fine"])
            #expect(columns.map(\.isNotNull) == [true, false, true, false, false])
            #expect(columns.map(\.isGenerated) == [false, true, true, false, false])
            #expect(columns.map(\.timePrecision) == [nil, nil, nil, 0, nil])
            #expect(columns.first?.type == "character varying(20)")
            #expect(!columns.contains { !$0.isDeterministic })
            #expect(
                try TargetCatalog.checks(id, columns: ["id", "fine"], connection)
                    == ["(length((id)::text) > 2)"])
        }
    }
}
