// Transactions, savepoints, and what can be known about a COMMIT.

import Glibc
import Postgres
import Testing

extension PostgresTests {
    @Suite struct TransactionTests {
        /// A connection with an empty table of its own, dropped with the session.
        private func connectWithTable(
            commitObserver: ((CommitMoment) throws -> Void)? = nil
        ) throws -> Connection {
            let connection = try connect(commitObserver: commitObserver)
            try connection.execute(
                "CREATE TEMP TABLE t (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
            return connection
        }

        private func sum(_ connection: borrowing Connection) throws -> Int64? {
            try connection.query("SELECT coalesce(sum(n), 0) FROM t").int(0, 0)
        }

        @Test func `a transaction commits at its end and returns the block's value`() throws {
            let moments = Box<[CommitMoment]>([])
            let connection = try connectWithTable(commitObserver: { moments.value.append($0) })
            let value = try connection.transaction { connection in
                try connection.query("INSERT INTO t VALUES (1)")
                let level = try connection.query("SHOW transaction_isolation")
                return level.text(0, 0)
            }
            #expect(value == "read committed")
            #expect(try sum(connection) == 1)
            #expect(moments.value == CommitMoment.allCases)
        }

        @Test func `a throw rolls back and goes through`() throws {
            let connection = try connectWithTable()
            #expect(throws: Interruption.self) {
                try connection.transaction { connection in
                    try connection.query("INSERT INTO t VALUES (1)")
                    throw Interruption()
                }
            }
            #expect(try sum(connection) == 0)
        }

        @Test func `a swallowed error is not taken for a commit`() throws {
            let connection = try connectWithTable()
            let error = caught {
                try connection.transaction { connection in
                    _ = try connection.query("INSERT INTO t VALUES (1)")
                    _ = try? connection.execute("SELECT 1/0")
                }
            }
            #expect(error?.sqlState == "25P02")
            #expect(error?.commitUnknown == false)
            #expect(try sum(connection) == 0)
        }

        @Test func `a constraint that fails at COMMIT is known to have failed`() throws {
            let connection = try connectWithTable()
            let error = caught {
                try connection.transaction { connection in
                    _ = try connection.query("INSERT INTO t VALUES (1), (1)")
                }
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.commitUnknown == false)
            #expect(connection.commitUnknown == false)
            #expect(try sum(connection) == 0)
        }

        @Test func `a savepoint undoes its own work only`() throws {
            let connection = try connectWithTable()
            try connection.transaction { connection in
                try connection.query("INSERT INTO t VALUES (1)")
                let error = caught {
                    try connection.savepoint { connection in
                        try connection.query("INSERT INTO t VALUES (2)")
                        try connection.execute("SELECT 1/0")
                    }
                }
                #expect(error?.sqlState == "22012")
                let swallowed = caught {
                    try connection.savepoint { connection in
                        _ = try? connection.execute("SELECT 1/0")
                    }
                }
                #expect(swallowed?.sqlState == "25P02")
                try connection.savepoint { connection in
                    try connection.query("INSERT INTO t VALUES (4)")
                    try connection.savepoint { connection in
                        try connection.query("INSERT INTO t VALUES (8)")
                    }
                }
            }
            #expect(try sum(connection) == 13)
        }

        @Test func `a backend that is gone before COMMIT leaves the outcome unknown`() throws {
            let pid = Box<Int32>(0)
            let connection = try connectWithTable(commitObserver: { moment in
                guard moment == .beforeSend else { return }
                let other = try connect()
                try other.query(
                    "SELECT pg_terminate_backend($1::int, 5000)",
                    [
                        .int(Int64(pid.value))
                    ])
            })
            pid.value = connection.backendPID
            let error = caught {
                try connection.transaction { connection in
                    _ = try connection.query("INSERT INTO t VALUES (1)")
                }
            }
            #expect(error?.commitUnknown == true)
            #expect(error?.connectionLost == true)
            #expect(error?.kind == .connection)
            #expect(connection.commitUnknown == true)
        }

        @Test func `a socket shut after COMMIT was sent leaves the outcome unknown`() throws {
            let socket = Box<Int32>(-1)
            let connection = try connectWithTable(commitObserver: { moment in
                if moment == .afterSend { shutdown(socket.value, Int32(SHUT_RDWR)) }
            })
            socket.value = connection.socket
            let error = caught {
                try connection.transaction { connection in
                    _ = try connection.query("INSERT INTO t VALUES (1)")
                }
            }
            // The reply may have come before the socket was shut; then it was read, and counts.
            if let error {
                #expect(error.commitUnknown)
                #expect(error.connectionLost)
            }
        }

        @Test func `an observer that throws before COMMIT rolls back`() throws {
            let connection = try connectWithTable(commitObserver: { moment in
                if moment == .beforeSend { throw Interruption() }
            })
            #expect(throws: Interruption.self) {
                try connection.transaction { try $0.query("INSERT INTO t VALUES (1)") }
            }
            #expect(connection.commitUnknown == false)
            #expect(try sum(connection) == 0)
        }

        @Test func `an observer that throws after COMMIT leaves the outcome unknown`() throws {
            let connection = try connectWithTable(commitObserver: { moment in
                if moment == .afterSend { throw Interruption() }
            })
            #expect(throws: Interruption.self) {
                try connection.transaction { try $0.query("INSERT INTO t VALUES (1)") }
            }
            #expect(connection.commitUnknown == true)
            #expect(connection.isUsable == false)
        }
    }
}
