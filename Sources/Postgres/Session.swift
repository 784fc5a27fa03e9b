// The libpq handle behind a Connection: sending, waiting, receiving. This is the only place that
// waits for the server.

import CLibPQ
import Glibc

/// One libpq handle in non-blocking mode and what is known about it.
///
/// A class only so that borrowing methods of ``Connection`` can change its state; the connection
/// is its one owner. Once closed it stays closed, and every use throws ``PostgresError/closed``.
@safe final class Session {
    private var pointer: OpaquePointer?
    private let idle: (() throws -> Void)?
    let commitObserver: ((CommitMoment) throws -> Void)?
    let notices: Notices
    var copy = CopyState()
    var inTransaction = false
    var savepointDepth = 0
    /// Whether a COMMIT was sent whose reply never came.
    var commitUnknown = false
    private var lastBreath = ContinuousClock.now

    /// Takes over a handle that is being connected.
    init(
        owning pointer: OpaquePointer, idle: (() throws -> Void)?,
        commitObserver: ((CommitMoment) throws -> Void)?
    ) {
        unsafe self.pointer = pointer
        self.idle = idle
        self.commitObserver = commitObserver
        notices = Notices()
        unsafe notices.listen(to: pointer)
    }

    deinit { close() }

    /// Ends the session at once; the server rolls back what was open.
    func close() {
        guard let open = unsafe pointer else { return }
        unsafe pointer = nil
        unsafe PQfinish(open)
    }

    var isOpen: Bool { unsafe pointer != nil }

    /// The handle, for the length of one libpq call.
    func handle() throws(PostgresError) -> OpaquePointer {
        guard let open = unsafe pointer else { throw .closed }
        return unsafe open
    }

    // MARK: Waiting

    /// Waits a moment until the socket is ready, and lets the owner breathe.
    ///
    /// - Returns: What the socket is ready for; 0: nothing yet, call again.
    func wait(for events: Int32) throws -> Int32 {
        let socket = unsafe PQsocket(try handle())
        guard socket >= 0 else { throw failure() }
        var descriptor = pollfd(fd: socket, events: Int16(events), revents: 0)
        let ready = unsafe poll(&descriptor, 1, Limits.pollMillisecondsMax)
        // An interrupted wait is a short wait; other errors show in the libpq call that follows.
        try breathe()
        return ready > 0 ? Int32(descriptor.revents) : 0
    }

    /// Calls the idle hook when it is due; when it throws, the session is over.
    private func breathe() throws {
        guard let idle, ContinuousClock.now - lastBreath >= Limits.breath else { return }
        do {
            try idle()
        } catch {
            close()
            throw error
        }
        lastBreath = .now
    }

    // MARK: Sending

    /// Sends one request and sees it off the machine's buffers into the kernel's.
    @safe func dispatch(_ send: (OpaquePointer) -> Int32) throws {
        guard unsafe send(try handle()) == 1 else { throw failure() }
        try flush()
    }

    /// Waits until everything that was sent has left libpq.
    func flush() throws {
        while true {
            switch unsafe PQflush(try handle()) {
            case 0: return
            case 1:
                // Reading meanwhile: a server that cannot write its reply would not read either.
                if try wait(for: POLLIN | POLLOUT) & ~POLLOUT != 0 { try consume() }
            default: throw failure()
            }
        }
    }

    // MARK: Receiving

    /// Takes what the socket holds into libpq's buffer.
    func consume() throws {
        guard unsafe PQconsumeInput(try handle()) == 1 else { throw failure() }
    }

    /// Waits for the next result; nil: the request is finished.
    func nextResult() throws -> Rows? {
        while unsafe PQisBusy(try handle()) == 1 {
            if try wait(for: POLLIN) != 0 { try consume() }
        }
        guard let result = unsafe PQgetResult(try handle()) else { return nil }
        return unsafe Rows(owning: result)
    }

    /// Waits until the request is finished.
    ///
    /// - Parameter earlier: An error already read; nil: none.
    /// - Returns: The last result.
    /// - Throws: The first error, after everything was read, so that the connection can go on.
    func complete(after earlier: PostgresError? = nil) throws -> Rows {
        var last: Rows? = nil
        var trouble = earlier
        while let result = try nextResult(after: trouble) {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = consume result
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // The protocol now waits for data that nobody has.
                close()
                throw PostgresError(
                    sqlState: "0A000", message: "COPY only works through copyIn",
                    connectionLost: true)
            default:
                if trouble == nil { trouble = result.error }
            }
        }
        if let trouble { throw noteLoss(trouble) }
        guard let last else { throw failure() }
        return last
    }

    /// The next result, where an earlier error tells more than the loss that follows it: a server
    /// that ends a session says why and then hangs up.
    private func nextResult(after earlier: PostgresError?) throws -> Rows? {
        do {
            return try nextResult()
        } catch let loss as PostgresError {
            guard var earlier else { throw loss }
            earlier.connectionLost = loss.connectionLost
            throw earlier
        }
    }

    // MARK: Trouble

    /// The error behind a libpq call that failed: what the server said last, or what libpq says.
    func failure() -> PostgresError {
        guard let open = unsafe pointer else { return .closed }
        // The server's farewell (57P01 and its like) may still lie in libpq's buffer.
        while unsafe PQisBusy(open) == 0, let next = unsafe PQgetResult(open) {
            let result = unsafe Rows(owning: next)
            if result.status == PGRES_FATAL_ERROR { return noteLoss(result.error) }
            if result.status == PGRES_COPY_IN { break }
        }
        let message = trimmed(unsafe String(cString: PQerrorMessage(open)))
        let text = message.isEmpty ? "the connection to the server failed" : message
        return noteLoss(PostgresError(sqlState: nil, message: text))
    }

    /// Closes a session whose connection is gone, and marks the error with it.
    private func noteLoss(_ error: PostgresError) -> PostgresError {
        guard let open = unsafe pointer, unsafe PQstatus(open) == CONNECTION_OK,
            error.sqlState != nil
        else {
            close()
            var error = error.sqlState == nil ? notices.farewell ?? error : error
            error.connectionLost = true
            return error
        }
        return error
    }
}

/// Notices and warnings of the server, kept for the owner instead of going to standard error.
final class Notices {
    private(set) var texts: [String] = []
    /// How many came, the ones that were not kept included.
    private(set) var total = 0

    /// Why the server ended the session, when it said so between two requests: to libpq that is a
    /// notice.
    ///
    /// nil: it did not.
    private(set) var farewell: PostgresError?

    /// Keeps a notice while there is room.
    func add(_ notice: PostgresError, isFarewell: Bool) {
        total += 1
        if isFarewell { farewell = notice }
        if texts.count < Limits.noticesMax { texts.append(notice.message) }
    }

    /// Gives the kept notices away.
    func take() -> [String] {
        defer { texts = [] }
        return texts
    }

    /// Makes libpq deliver here.
    ///
    /// The handle must not outlive this object.
    func listen(to handle: OpaquePointer) {
        _ = unsafe PQsetNoticeReceiver(
            handle,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                let notices = unsafe Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue()
                let severity = unsafe PQresultErrorField(result, DIAG_SEVERITY_NONLOCALIZED)
                    .map { unsafe String(cString: $0) }
                let isFarewell = severity == "FATAL" || severity == "PANIC"
                notices.add(unsafe PostgresError(reading: result), isFarewell: isFarewell)
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
