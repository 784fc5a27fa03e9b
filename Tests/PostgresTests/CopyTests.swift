// COPY: its count, its errors, its end from either side, and its memory.

import Glibc
import Postgres
import Testing

extension PostgresTests {
    @Suite struct CopyTests {
        @Test func `the count of the tag is the count of the rows`() throws {
            let connection = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int, v text)")
            let count = try connection.copyIn("COPY t FROM STDIN") { writer in
                for row in 0..<10_000 { try writer.write(Array("\(row)\tvalue \(row)\n".utf8)) }
            }
            #expect(count == 10_000)
            let empty = try connection.copyIn("COPY t FROM STDIN") { _ in }
            #expect(empty == 0)
            let rows = try connection.query("SELECT count(*), sum(n) FROM t")
            #expect(rows.int(0, 0) == 10_000)
            #expect(rows.int(0, 1) == 49_995_000)
        }

        @Test func `an error names the line`() throws {
            let connection = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int)")
            let error = caught {
                _ = try connection.copyIn("COPY t FROM STDIN") { writer in
                    for line in 1...20 {
                        try writer.write(Array((line == 17 ? "x\n" : "\(line)\n").utf8))
                    }
                }
            }
            #expect(error?.sqlState == "22P02")
            #expect(error?.context?.hasPrefix("COPY t, line 17") == true)
            #expect(error?.description.contains("COPY t, line 17") == true)
            let rows = try connection.query("SELECT count(*) FROM t")
            #expect(rows.int(0, 0) == 0)
        }

        @Test func `a refused COPY is noticed while it is still being sent`() throws {
            let connection = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int)")
            let block = Array(String(repeating: "1\n", count: 50_000).utf8)
            let blocks = Box(0)
            let error = caught {
                _ = try connection.copyIn("COPY t FROM STDIN") { writer in
                    try writer.write(Array("x\n".utf8))
                    // Without notice this would go on for 10 GB.
                    while blocks.value < 100_000 {
                        try writer.write(block)
                        blocks.value += 1
                    }
                }
            }
            #expect(blocks.value < 100_000)
            #expect(error?.context?.hasPrefix("COPY t, line 1") == true)
            #expect(connection.isUsable == true)
        }

        @Test func `a swallowed error of a write is thrown all the same`() throws {
            let connection = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int)")
            let block = Array(String(repeating: "x\n", count: 50_000).utf8)
            let error = caught {
                _ = try connection.copyIn("COPY t FROM STDIN") { writer in
                    while (try? writer.write(block)) != nil {}
                }
            }
            #expect(error?.sqlState == "22P02")
        }

        @Test func `a throw inside the block drops the rows and goes through`() throws {
            let connection = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int)")
            #expect(throws: Interruption.self) {
                _ = try connection.copyIn("COPY t FROM STDIN") { writer in
                    try writer.write(Array("1\n2\n".utf8))
                    throw Interruption()
                }
            }
            let rows = try connection.query("SELECT count(*) FROM t")
            #expect(rows.int(0, 0) == 0)
        }

        @Test func `a warning in the middle of a COPY does not end it`() throws {
            let connection = try connect()
            try connection.execute(
                """
                CREATE TEMP TABLE t (n int);
                CREATE FUNCTION pg_temp.warn() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN IF NEW.n % 1000 = 0 THEN RAISE WARNING ''row''; END IF; RETURN NEW; END';
                CREATE TRIGGER warn BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.warn();
                """)
            let count = try connection.copyIn("COPY t FROM STDIN") { writer in
                for row in 1...200_000 { try writer.write(Array("\(row)\n".utf8)) }
            }
            #expect(count == 200_000)
            #expect(connection.takeNotices().count == 100)
        }

        @Test func `a COPY into a table that is not there leaves the connection usable`() throws {
            let connection = try connect()
            let error = caught { _ = try connection.copyIn("COPY nowhere FROM STDIN") { _ in } }
            #expect(error?.kind == .undefined)
            let other = caught { _ = try connection.copyIn("SELECT 1") { _ in } }
            #expect(other?.kind == .bug)
            #expect(connection.isUsable == true)
        }

        @Test func `a terminated COPY is a lost connection`() throws {
            let connection = try connect()
            let other = try connect()
            try connection.execute("CREATE TEMP TABLE t (n int)")
            let block = Array(String(repeating: "1\n", count: 50_000).utf8)
            let error = caught {
                _ = try connection.copyIn("COPY t FROM STDIN") { writer in
                    try writer.write(block)
                    try other.query(
                        "SELECT pg_terminate_backend($1::int, 5000)",
                        [
                            .int(Int64(connection.backendPID))
                        ])
                    while true { try writer.write(block) }
                }
            }
            #expect(error?.kind == .connection)
            #expect(error?.connectionLost == true)
            #expect(connection.isUsable == false)
        }

        @Test func `an owner that throws ends a COPY that waits`() throws {
            let isDone = Box(false)
            let connection = try connect(idle: { if isDone.value { throw Interruption() } })
            let holder = try connect()
            try holder.execute("DROP TABLE IF EXISTS busy; CREATE TABLE busy (n int)")
            try holder.transaction { holder in
                try holder.execute("LOCK TABLE busy")
                isDone.value = true
                #expect(throws: Interruption.self) {
                    _ = try connection.copyIn("COPY busy FROM STDIN") { _ in }
                }
            }
            #expect(connection.isUsable == false)
            try holder.execute("DROP TABLE busy")
        }

        @Test func `100 MB go through in bounded memory, and the owner breathes`() throws {
            let breaths = Box(0)
            let connection = try connect(idle: { breaths.value += 1 })
            try connection.execute("CREATE TEMP TABLE t (v text)")
            let line = String(repeating: "x", count: 99) + "\n"
            let block = Array(String(repeating: line, count: 10_000).utf8)
            let before = peakMemoryBytes()
            let count = try connection.copyIn("COPY t FROM STDIN") { writer in
                for _ in 0..<100 { try writer.write(block.span) }
            }
            #expect(count == 1_000_000)
            #expect(peakMemoryBytes() - before < 16 << 20)
            #expect(breaths.value > 0)
        }
    }
}

/// The most memory that this process ever had resident.
private func peakMemoryBytes() -> Int {
    var usage = rusage()
    _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}
