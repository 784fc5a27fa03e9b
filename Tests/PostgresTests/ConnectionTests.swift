// Values there and back, errors by kind, waiting and breathing.

import Glibc
import Postgres
import Testing

extension PostgresTests {
    @Suite struct ConnectionTests {
        @Test(arguments: [
            "", " ", "NULL", "{}", "a,b", "\"", "\\", "\\\"", "'; DROP TABLE t; --", "\n\t\r",
            "区切り", "𠮷野家", "e\u{301}", "\"\u{301}", "$1", "\\.", "\\x00", "🦀",
        ])
        func `hostile text comes back as it was sent`(_ text: String) throws {
            let connection = try connect()
            let rows = try connection.query(
                "SELECT $1::text, ($2::text[])[2]",
                [
                    .text(text), .textArray(["x", text]),
                ])
            #expect(rows.text(0, 0).map { Array($0.utf8) } == Array(text.utf8))
            #expect(rows.text(0, 1).map { Array($0.utf8) } == Array(text.utf8))
            let literal = try connection.query(
                "SELECT \(quoteLiteral(text)) AS \(quoteIdentifier("c\"" + text))")
            #expect(literal.text(0, 0).map { Array($0.utf8) } == Array(text.utf8))
            #expect(Array(literal.columnNames[0].utf8) == Array(("c\"" + text).utf8))
        }

        @Test func `every kind of parameter arrives as its value`() throws {
            let connection = try connect()
            let rows = try connection.query(
                """
                SELECT $1::text IS NULL, $2::bigint = -9223372036854775808, $3::bool,
                       $4::bigint[] = ARRAY[-1, 0, 9223372036854775807],
                       $5::bytea = decode('00ff5c27', 'hex'),
                       $6::text[] = ARRAY[]::text[], $7::bigint[] = ARRAY[]::bigint[]
                """,
                [
                    .null, .int(.min), .bool(true), .intArray([-1, 0, .max]),
                    .bytes([0, 0xff, 0x5c, 0x27]), .textArray([]), .intArray([]),
                ])
            for column in 0..<7 { #expect(rows.bool(0, column) == true, "column \(column)") }
        }

        @Test func `a zero byte is refused and not cut off`() throws {
            let connection = try connect()
            let error = caught { try connection.query("SELECT $1::text", [.text("a\0b")]) }
            #expect(error?.kind == .data)
            #expect(connection.isUsable == true)
        }

        @Test func `text results are read as numbers, booleans and NULL`() throws {
            let connection = try connect()
            let rows = try connection.query(
                "SELECT n, n > 1, NULL::int FROM generate_series(1, 3) n ORDER BY n")
            #expect(rows.count == 3)
            #expect(rows.affected == 3)
            #expect(rows.int(2, 0) == 3)
            #expect(rows.bool(0, 1) == false)
            #expect(rows.int(0, 2) == nil)
            #expect(rows.text(0, 2) == nil)
            let isNull = rows.bytes(0, 2) { $0 == nil }
            #expect(isNull)
        }

        @Test func `binary results are read in place`() throws {
            let connection = try connect()
            try connection.prepare(
                "all",
                "SELECT $1::bigint, -2::int, $2::bytea, 'é'::text, true, NULL::bigint, "
                    + "'(4294967294,291)'::tid")
            let rows = try connection.run(
                "all", [.int(-5), .bytes([0, 1, 255])], binaryResults: true)
            #expect(rows.binaryInt64(0, 0) == -5)
            #expect(rows.binaryInt32(0, 1) == -2)
            let bytes = rows.bytes(0, 2) { bytes -> [UInt8] in
                guard let bytes else { return [] }
                return bytes.indices.map { bytes[$0] }
            }
            #expect(bytes == [0, 1, 255])
            #expect(rows.text(0, 3) == "é")
            #expect(rows.bool(0, 4) == true)
            #expect(rows.binaryInt64(0, 5) == nil)
            #expect(rows.binaryAddress(0, 5) == nil)
            #expect(rows.binaryAddress(0, 6) == 0xFFFF_FFFE_0000 | 291)
        }

        @Test func `the command tag counts the rows of a change`() throws {
            let connection = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1), (2)")
            let updated = try connection.query("UPDATE t SET n = n + 1")
            #expect(updated.affected == 2)
            #expect(updated.count == 0)
        }

        @Test(arguments: [
            ("SELECT 1/0", "22012", PostgresError.Kind.data),
            ("SELECT * FROM not_there", "42P01", .undefined),
            ("SELECT not_there", "42703", .undefined),
            ("SELEC", "42601", .bug),
            ("SELECT 1; SELECT 2", "42601", .bug),
            ("SET statement_timeout = 'x'", "22023", .data),
            (
                "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$", "53100",
                .diskFull
            ),
            (
                "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END $$", "40P01",
                .deadlock
            ),
            (
                "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$", "40001",
                .serialization
            ),
            (
                "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '57014'; END $$", "57014",
                .canceled
            ),
            (
                "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '42501'; END $$", "42501",
                .permission
            ),
            (
                "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53200'; END $$", "53200",
                .resources
            ),
            ("DO $$ BEGIN RAISE EXCEPTION 'no'; END $$", "P0001", .other),
        ])
        func `an error has its SQLSTATE and kind, and the connection goes on`(
            _ sql: String, _ state: String, _ kind: PostgresError.Kind
        ) throws {
            let connection = try connect()
            let error = caught { try connection.query(sql) }
            #expect(error?.sqlState == state)
            #expect(error?.kind == kind)
            #expect(error?.connectionLost == false)
            let again = try connection.query("SELECT 1")
            #expect(again.int(0, 0) == 1)
        }

        @Test func `a broken constraint is named, and the line for the log hides the value`() throws
        {
            let connection = try connect()
            try connection.execute(
                "CREATE TEMP TABLE t (n int CONSTRAINT t_key PRIMARY KEY, c int)")
            let error = caught {
                for _ in 0..<2 { try connection.query("INSERT INTO t VALUES (4711, 1)") }
            }
            #expect(error?.constraint == "t_key")
            #expect(error?.detail?.contains("4711") == true)
            #expect(error?.description.contains("4711") == false)
            let wrong = caught { try connection.query("SELECT $1::int", [.text("secret \" name")]) }
            #expect(wrong?.description.contains("secret") == false)
            let empty = caught { try connection.query("INSERT INTO t VALUES (NULL)") }
            #expect(empty?.column == "n")
        }

        @Test func `a lock that is held is told as such`() throws {
            let holder = try connect()
            try holder.execute("DROP TABLE IF EXISTS held; CREATE TABLE held (n int)")
            try holder.transaction { holder in
                try holder.execute("LOCK TABLE held")
                let other = try connect()
                let error = caught { try other.execute("SET lock_timeout = 50; LOCK TABLE held") }
                #expect(error?.kind == .lockNotAvailable)
            }
            try holder.execute("DROP TABLE held")
        }

        @Test func `the session is UTF-8, UTC, READ COMMITTED and says its name`() throws {
            let connection = try Connection(
                url: TestServer.url, applicationName: "kugiri/名",
                settings: [("search_path", "pg_temp, public"), ("lock_timeout", "5s")])
            let rows = try connection.query(
                """
                SELECT current_setting('client_encoding'), current_setting('TimeZone'),
                       current_setting('transaction_isolation'),
                       current_setting('standard_conforming_strings'),
                       current_setting('search_path'), current_setting('lock_timeout'),
                       pg_backend_pid()
                """)
            let values = (0..<6).map { rows.text(0, $0) ?? "" }
            #expect(values == ["UTF8", "UTC", "read committed", "on", "pg_temp, public", "5s"])
            #expect(rows.int(0, 6) == Int64(connection.backendPID))
        }

        @Test func `warnings are kept for the owner`() throws {
            let connection = try connect()
            try connection.execute("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$")
            #expect(connection.takeNotices() == ["mind the gap"])
            #expect(connection.takeNotices() == [])
        }

        @Test func `the owner breathes while the server sleeps`() throws {
            let breaths = Box([ContinuousClock.now])
            let connection = try connect(idle: { breaths.value.append(.now) })
            breaths.value = [.now]
            try connection.query("SELECT pg_sleep(0.5)")
            #expect(breaths.value.count >= 9)
            #expect(connection.isUsable == true)
        }

        @Test func `an owner that throws ends the wait, and the server drops the work`() throws {
            let isDone = Box(false)
            let connection = try connect(idle: { if isDone.value { throw Interruption() } })
            let pid = connection.backendPID
            isDone.value = true
            let started = ContinuousClock.now
            #expect(throws: Interruption.self) { try connection.query("SELECT pg_sleep(60)") }
            #expect(ContinuousClock.now - started < .seconds(2))
            #expect(connection.isUsable == false)
            #expect(connection.socket == -1)
            #expect(caught { try connection.query("SELECT 1") }?.connectionLost == true)
            let other = try connect()
            try waitUntilGone(pid, other)
        }

        @Test func `a terminated connection is lost for good, with the server's reason`() throws {
            let connection = try connect()
            let other = try connect()
            try other.query(
                "SELECT pg_terminate_backend($1::int, 5000)",
                [
                    .int(Int64(connection.backendPID))
                ])
            let error = caught { try connection.query("SELECT 1") }
            #expect(error?.kind == .connection)
            #expect(error?.sqlState == "57P01")
            #expect(error?.connectionLost == true)
            #expect(connection.isUsable == false)
        }

        @Test func `a socket that was shut is a lost connection`() throws {
            let connection = try connect()
            shutdown(connection.socket, Int32(SHUT_RDWR))
            let error = caught { try connection.query("SELECT 1") }
            #expect(error?.sqlState == nil)
            #expect(error?.kind == .connection)
            #expect(error?.connectionLost == true)
        }

        @Test func `a large parameter and a large result pass`() throws {
            let connection = try connect()
            let text = String(repeating: "0123456789", count: 800_000)
            let rows = try connection.query("SELECT $1::text || $1::text", [.text(text)])
            #expect(rows.text(0, 0)?.utf8.count == 16_000_000)
        }

        @Test func `a database that is not there is told with its SQLSTATE`() {
            let url = TestServer.url.replacing("/kugiri?", with: "/nothing?")
            let error = caught { _ = try Connection(url: url, applicationName: "kugiri/test") }
            #expect(error?.sqlState == "3D000")
            #expect(error?.kind == .undefined)
            #expect(error?.message.contains("nothing") == true)
        }

        @Test func `COPY through query is refused`() throws {
            let connection = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int)")
            #expect(caught { try connection.execute("COPY t FROM STDIN") }?.kind == .bug)
            #expect(connection.isUsable == false)
        }
    }
}

/// Waits until the backend is gone; the server looks for its client every two seconds.
func waitUntilGone(_ pid: Int32, _ connection: borrowing Connection) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        let rows = try connection.query(
            "SELECT pg_sleep(0.05) FROM pg_stat_activity WHERE pid = $1::int", [.int(Int64(pid))])
        if rows.count == 0 { return }
    }
    Issue.record("the backend \(pid) is still there")
}
