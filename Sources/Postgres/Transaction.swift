// Transactions and savepoints as blocks, and the one question a COMMIT can leave open.

import CLibPQ

extension Connection {
    /// Runs a block in a transaction: READ COMMITTED, COMMIT at its end, ROLLBACK when it throws.
    ///
    /// - Throws: What the block threw; or the error of COMMIT, with `commitUnknown` when its
    ///   outcome is not known. A block that swallowed a statement's error gets SQLSTATE 25P02,
    ///   because the server then answers COMMIT with a rollback. A transaction inside a
    ///   transaction is a precondition failure.
    @discardableResult
    public borrowing func transaction<T: ~Copyable>(
        _ body: (borrowing Connection) throws -> T
    ) throws -> T {
        precondition(!session.inTransaction, "a transaction inside a transaction")
        try session.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        session.inTransaction = true
        defer { session.inTransaction = false }
        let value: T
        do {
            value = try body(self)
        } catch {
            session.rollBack()
            throw error
        }
        try session.commit()
        return value
    }

    /// Runs a block under a savepoint, inside a transaction; when it throws, its work is undone and
    /// the transaction goes on.
    @discardableResult
    public borrowing func savepoint<T: ~Copyable>(
        _ body: (borrowing Connection) throws -> T
    ) throws -> T {
        precondition(session.inTransaction, "a savepoint outside a transaction")
        precondition(session.savepointDepth < Limits.savepointDepthMax, "too many savepoints")
        let name = "kugiri_\(session.savepointDepth)"
        try session.execute("SAVEPOINT \(name)")
        session.savepointDepth += 1
        defer { session.savepointDepth -= 1 }
        do {
            let value = try body(self)
            try session.execute("RELEASE SAVEPOINT \(name)")
            return value
        } catch {
            // When this fails too, the connection is gone, or the transaction stays failed and
            // its COMMIT is refused: either way the first error is the one to tell.
            _ = try? session.execute("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)")
            throw error
        }
    }
}

extension Session {
    /// Ends the transaction without effect.
    ///
    /// A session in which that fails is closed, which has the same effect.
    func rollBack() {
        guard isOpen else { return }
        do {
            try execute("ROLLBACK")
        } catch {
            close()
        }
    }

    /// Commits, and says so when it cannot be known whether that took place.
    func commit() throws {
        guard unsafe PQtransactionStatus(try handle()) == PQTRANS_INTRANS else {
            rollBack()
            throw PostgresError.rolledBack
        }
        do {
            try commitObserver?(.beforeSend)
        } catch {
            rollBack()
            throw error
        }
        do {
            try sendCommit()
        } catch {
            // With the connection alive the server answered, and its answer was no. Without it
            // COMMIT may have arrived: rather "unknown" too often than once too seldom.
            guard !isOpen else { throw error }
            commitUnknown = true
            guard var known = error as? PostgresError else { throw error }
            known.commitUnknown = true
            throw known
        }
        try commitObserver?(.afterReply)
    }

    private func sendCommit() throws {
        try dispatch { unsafe PQsendQuery($0, "COMMIT") }
        do {
            try commitObserver?(.afterSend)
        } catch {
            close()
            throw error
        }
        let reply = try complete()
        guard reply.commandTag == "COMMIT" else { throw PostgresError.rolledBack }
    }
}

extension PostgresError {
    /// A statement had failed, nobody acted on it, and nothing was committed.
    fileprivate static var rolledBack: PostgresError {
        PostgresError(
            sqlState: "25P02",
            message: "a statement of the transaction had failed, so it was rolled back")
    }
}
