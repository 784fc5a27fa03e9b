// A connection to PostgreSQL: synchronous to read, non-blocking underneath, with one owner.

import CLibPQ

/// The moments of a COMMIT at which an observer is called; for failpoints.
public enum CommitMoment: Sendable, Equatable, CaseIterable {
    /// Nothing was sent yet. An observer that throws now causes a rollback.
    case beforeSend
    /// COMMIT is on its way. An observer that throws now leaves the outcome unknown.
    case afterSend
    /// The server said that the transaction is committed.
    case afterReply
}

/// One connection, owned by one thread at a time.
///
/// Every call waits for the server's answer and lets the owner breathe meanwhile (see `idle` of
/// the initialiser). SIGPIPE cannot kill the process: libpq sends with MSG_NOSIGNAL, and blocks the
/// signal around TLS. A connection that broke stays broken (``isUsable``).
public struct Connection: ~Copyable {
    let session: Session

    /// Connects and sets the session up: UTF-8, UTC, ISO dates, READ COMMITTED, standard strings,
    /// a search path that stays what it was at the login.
    ///
    /// - Parameters:
    ///   - url: A URI or a libpq keyword string; what it says wins over the keepalives and the
    ///     time limit given here. What it leaves open comes from libpq's environment, service and
    ///     password files. Looking up a host name blocks, without `idle`.
    ///   - applicationName: Shown in `pg_stat_activity`.
    ///   - settings: Set for the session after the ones above, `search_path` for example.
    ///   - connectTimeoutSeconds: For all hosts of the URL together.
    ///   - idle: Called again and again (at least every 50 ms) while the connection waits for the
    ///     server, so that the owner can answer its sockets; nil: nobody needs to. It may throw:
    ///     then the wait ends, the connection is closed, and the error goes through.
    ///   - commitObserver: Called at every moment of every COMMIT; nil: nobody looks.
    /// - Throws: ``PostgresError``, or what `idle` threw.
    public init(
        url: String, applicationName: String, settings: [(name: String, value: String)] = [],
        connectTimeoutSeconds: Int = 5, idle: (() throws -> Void)? = nil,
        commitObserver: ((CommitMoment) throws -> Void)? = nil
    ) throws {
        session = try Session.connect(
            url: url, applicationName: applicationName, settings: settings,
            timeoutSeconds: connectTimeoutSeconds, idle: idle, commitObserver: commitObserver)
    }

    /// The process id of the server's side; 0 when the connection is closed.
    public var backendPID: Int32 {
        guard let handle = try? unsafe session.handle() else { return 0 }
        return unsafe PQbackendPID(handle)
    }

    /// Whether the connection can still be used.
    ///
    /// It cannot after a lost connection, or after `idle` threw.
    public var isUsable: Bool { session.isOpen }

    /// Ends the session at once; the server rolls back what was open and lets go what it held.
    public borrowing func close() { session.close() }

    /// Whether a COMMIT was sent whose reply never came, because the connection broke or `idle`
    /// or the observer threw.
    public var commitUnknown: Bool { session.commitUnknown }

    /// The socket, to be polled beside others; -1 when the connection is closed.
    public var socket: Int32 {
        guard let handle = try? unsafe session.handle() else { return -1 }
        return unsafe PQsocket(handle)
    }

    /// The server's notices and warnings since the last call; at most the first 100.
    public borrowing func takeNotices() -> [String] { session.notices.take() }

    /// Runs several statements without parameters and drops their results (DDL, SET).
    ///
    /// Without BEGIN of their own they are one transaction.
    public borrowing func execute(_ sql: String) throws {
        try session.execute(sql)
    }

    /// Runs one statement with parameters.
    ///
    /// - Parameters:
    ///   - sql: One statement; parameters are `$1`, `$2`, …
    ///   - parameters: Their values.
    ///   - binaryResults: Whether results come in binary form, for the binary readers of ``Rows``.
    @discardableResult
    public borrowing func query(
        _ sql: String, _ parameters: [Parameter] = [], binaryResults: Bool = false
    ) throws -> Rows {
        try checkNoZeroByte(sql, "the statement")
        try session.withEncoded(parameters) { count, values in
            try session.dispatch { handle in
                unsafe PQsendQueryParams(
                    handle, sql, count, nil, values, nil, nil, binaryResults ? 1 : 0)
            }
        }
        return try session.complete()
    }

    /// Prepares a statement under a name, for the life of the connection.
    public borrowing func prepare(_ name: String, _ sql: String) throws {
        try checkNoZeroByte(name, "the statement's name")
        try checkNoZeroByte(sql, "the statement")
        try session.dispatch { unsafe PQsendPrepare($0, name, sql, 0, nil) }
        _ = try session.complete()
    }

    /// Runs a prepared statement.
    ///
    /// - Parameters:
    ///   - name: The name it was prepared under.
    ///   - parameters: The values of `$1`, `$2`, …
    ///   - binaryResults: Whether results come in binary form, for the binary readers of ``Rows``.
    @discardableResult
    public borrowing func run(
        _ name: String, _ parameters: [Parameter] = [], binaryResults: Bool = false
    ) throws -> Rows {
        try checkNoZeroByte(name, "the statement's name")
        try session.withEncoded(parameters) { count, values in
            try session.dispatch { handle in
                unsafe PQsendQueryPrepared(
                    handle, name, count, values, nil, nil, binaryResults ? 1 : 0)
            }
        }
        return try session.complete()
    }
}

extension Session {
    /// Runs statements by the simple protocol; the last one's result.
    @discardableResult
    func execute(_ sql: String) throws -> Rows {
        try checkNoZeroByte(sql, "the statement")
        try dispatch { unsafe PQsendQuery($0, sql) }
        return try complete()
    }

    /// Lends the parameters' text forms, which libpq copies when it sends.
    @safe func withEncoded(
        _ parameters: [Parameter],
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>) throws -> Void
    ) throws {
        var texts: [String?] = []
        texts.reserveCapacity(parameters.count)
        for (index, parameter) in parameters.enumerated() {
            let text = parameter.encoded
            if let text { try checkNoZeroByte(text, "parameter $\(index + 1)") }
            texts.append(text)
        }
        try unsafe withCStrings(texts) { try unsafe body(Int32(parameters.count), $0) }
    }
}
