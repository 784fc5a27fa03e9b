// From a URL to a session that is set up. Nothing here ever repeats the URL: it may hold a password.

import CLibPQ
import Glibc

extension Session {
    /// Connects, logs in and sets the session up.
    static func connect(
        url: String, applicationName: String, settings: [(name: String, value: String)],
        timeoutSeconds: Int, idle: (() throws -> Void)?,
        commitObserver: ((CommitMoment) throws -> Void)?
    ) throws -> Session {
        try checkURL(url)
        let session = try start(
            url: url, applicationName: applicationName, timeoutSeconds: timeoutSeconds,
            idle: idle, commitObserver: commitObserver)
        try session.finishConnecting(timeoutSeconds: timeoutSeconds)
        try session.configure(settings)
        return session
    }

    private static func start(
        url: String, applicationName: String, timeoutSeconds: Int, idle: (() throws -> Void)?,
        commitObserver: ((CommitMoment) throws -> Void)?
    ) throws(PostgresError) -> Session {
        try checkNoZeroByte(applicationName, "the application name")
        // libpq expands `dbname` where it stands: what comes before it is a default that the URL
        // may override, what comes after it is fixed. A dead network shows after 10 + 3 × 5 s of
        // silence, or 15 s after data that nobody acknowledged.
        let keywords: [(String, String)] = [
            ("connect_timeout", String(timeoutSeconds)),
            ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
            ("dbname", url),
            ("application_name", applicationName), ("client_encoding", "UTF8"),
        ]
        let handle = unsafe withCStrings(keywords.map(\.0)) { names in
            unsafe withCStrings(keywords.map(\.1)) { values in
                unsafe PQconnectStartParams(names, values, 1)
            }
        }
        guard let handle = unsafe handle else {
            throw PostgresError(
                sqlState: "53200", message: "libpq is out of memory", connectionLost: true)
        }
        // With the SQLSTATE in the text, the one place where a refused login shows it.
        unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        return unsafe Session(owning: handle, idle: idle, commitObserver: commitObserver)
    }

    /// Waits until the server accepts the login.
    private func finishConnecting(timeoutSeconds: Int) throws {
        guard unsafe PQstatus(try handle()) != CONNECTION_BAD else { throw loginFailure() }
        let limit = Duration.seconds(try effectiveTimeoutSeconds(default: timeoutSeconds))
        let deadline = ContinuousClock.now + limit
        var next = PGRES_POLLING_WRITING
        while next != PGRES_POLLING_OK {
            let ready: Int32
            switch next {
            case PGRES_POLLING_READING: ready = try wait(for: POLLIN)
            case PGRES_POLLING_WRITING: ready = try wait(for: POLLOUT)
            default: throw loginFailure()
            }
            guard ContinuousClock.now < deadline else {
                close()
                throw PostgresError(
                    sqlState: nil,
                    message: "the server did not answer within \(limit.components.seconds) s",
                    connectionLost: true)
            }
            if ready != 0 { next = unsafe PQconnectPoll(try handle()) }
        }
        unsafe PQsetErrorVerbosity(try handle(), PQERRORS_DEFAULT)
        guard unsafe PQsetnonblocking(try handle(), 1) == 0 else { throw failure() }
    }

    /// Sets the session up in one round trip.
    ///
    /// The schemas that the login found are fixed by name, with the temporary one behind them: a
    /// schema made later, one named like the role, or a temporary table never comes in between.
    private func configure(_ settings: [(name: String, value: String)]) throws {
        var all: [(name: String, value: String)] = [
            ("TimeZone", "UTC"), ("DateStyle", "ISO, YMD"), ("IntervalStyle", "postgres"),
            ("bytea_output", "hex"), ("standard_conforming_strings", "on"),
            ("default_transaction_isolation", "read committed"),
            ("client_min_messages", "warning"),
        ]
        // The server's half of what the connection asks of the network: an idle session whose
        // machine is gone holds its locks no longer. Without effect on a Unix socket.
        all += [
            ("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
        ]
        // Frees the locks of a statement whose client was killed; the setting is new in 14.
        if unsafe PQserverVersion(try handle()) >= 140_000 {
            all.append(("client_connection_check_interval", "\(Limits.clientCheckMilliseconds)"))
        }
        all += settings
        let parameters: [Parameter] = [.textArray(all.map(\.name)), .textArray(all.map(\.value))]
        try withEncoded(parameters) { count, values in
            try dispatch { handle in
                unsafe PQsendQueryParams(
                    handle,
                    """
                    SELECT pg_catalog.set_config(s.name, s.value, false)
                    FROM (SELECT * FROM ROWS FROM (
                              pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]))
                              WITH ORDINALITY AS given(name, value, place)
                          UNION ALL
                          SELECT 'search_path', pg_catalog.concat_ws(', ',
                              pg_catalog.string_agg(
                                  pg_catalog.quote_ident(found.name), ', ' ORDER BY found.place),
                              'pg_temp'), 0
                          FROM pg_catalog.unnest(pg_catalog.current_schemas(false))
                              WITH ORDINALITY AS found(name, place)) AS s(name, value, place)
                    ORDER BY s.place
                    """,
                    count, nil, values, nil, nil, 0)
            }
        }
        _ = try complete()
    }

    /// The URL's own time limit, or ours; libpq's "no limit" is not offered.
    private func effectiveTimeoutSeconds(default ours: Int) throws -> Int {
        guard let options = unsafe PQconninfo(try handle()) else { return ours }
        defer { unsafe PQconninfoFree(options) }
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if unsafe strcmp(keyword, "connect_timeout") == 0,
                let value = unsafe option.pointee.val,
                let seconds = Int(unsafe String(cString: value)), seconds > 0
            {
                return seconds
            }
            unsafe option += 1
        }
        return ours
    }

    /// Why the login failed, with its SQLSTATE when the server gave one.
    private func loginFailure() -> PostgresError {
        defer { close() }
        guard let open = try? unsafe handle() else { return .closed }
        let text = trimmed(unsafe String(cString: PQerrorMessage(open)))
        let parts = splitLoginMessage(text)
        return PostgresError(
            sqlState: parts?.sqlState, message: parts?.message ?? text, connectionLost: true)
    }
}

/// Takes SQLSTATE out of libpq's verbose text, `…: FATAL:  28P01: password …`; nil: it has none.
func splitLoginMessage(_ text: String) -> (sqlState: String, message: String)? {
    let bytes = Array(text.utf8)
    let lead = Array(":  ".utf8)
    let stateAndColon = 6
    var index = 0
    while index + lead.count + stateAndColon < bytes.count {
        defer { index += 1 }
        guard bytes[index...].starts(with: lead) else { continue }
        let start = index + lead.count
        let state = bytes[start..<start + 5]
        let isState = state.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
        }
        guard isState, bytes[start + 5] == UInt8(ascii: ":") else { continue }
        // The line after the message names a place in the server's source.
        let rest = bytes[(start + stateAndColon)...].prefix { $0 != UInt8(ascii: "\n") }
        let message = bytes[..<start] + rest.drop { $0 == UInt8(ascii: " ") }
        return (String(decoding: state, as: UTF8.self), String(decoding: message, as: UTF8.self))
    }
    return nil
}

/// Refuses a URL that libpq would misread, without repeating any part of it.
///
/// A password with a raw `@` or `/` moves its rest into the host, port or database name, where
/// libpq's messages would show it; a string that cannot be parsed is quoted whole by libpq.
func checkURL(_ url: String) throws(PostgresError) {
    try checkNoZeroByte(url, "the database URL")
    let schemes = ["postgresql://", "postgres://"]
    let scheme = schemes.first { url.hasPrefix($0) }
    // To libpq anything else is the plain name of a database.
    guard scheme != nil || url.utf8.contains(UInt8(ascii: "=")) else { return }
    var problem: UnsafeMutablePointer<CChar>?
    let options = unsafe PQconninfoParse(url, &problem)
    defer {
        unsafe PQconninfoFree(options)
        unsafe PQfreemem(problem)
    }
    if let problem = unsafe problem {
        let reason = hidingQuoted(trimmed(unsafe String(cString: problem)))
        throw malformedURL(reason)
    }
    guard let scheme else { return }
    let body = url.dropFirst(scheme.count).prefix { $0 != "?" }
    let authority = body.prefix { $0 != "/" }
    let path = body.dropFirst(authority.count)
    let hosts = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    let portsAreNumbers = hosts.split(separator: ",").allSatisfy { host in
        // An IPv6 address has its colons inside brackets.
        let afterAddress = host.split(separator: "]").last ?? host
        guard let colon = afterAddress.lastIndex(of: ":") else { return true }
        return afterAddress[afterAddress.index(after: colon)...].utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }
    let marks = authority.utf8.count { $0 == UInt8(ascii: "@") }
    guard marks <= 1, !path.utf8.contains(UInt8(ascii: "@")), portsAreNumbers else {
        throw malformedURL("@ and / in a user name or password must be written %40 and %2F")
    }
}

private func malformedURL(_ reason: String) -> PostgresError {
    // 42601, a syntax error of ours: trying again cannot help, and `bug` is the honest kind.
    PostgresError(
        sqlState: "42601", message: "the database URL is malformed: \(reason)",
        connectionLost: true)
}
