// COPY … FROM STDIN: bounded memory, and the server's error as soon as it can be seen.

import CLibPQ
import Glibc

/// What a running COPY has to remember.
struct CopyState {
    /// Bytes that may still be given to libpq before the next look at the socket.
    var credit = 0
    /// Since when there is input that no notice explains; nil: there is none.
    var alarmSince: ContinuousClock.Instant?
    /// The error that ended the COPY early; nil: it goes on.
    var error: PostgresError?
}

/// Takes the bytes of one COPY.
///
/// It lives as long as the block it is lent to.
public struct CopyWriter: ~Copyable {
    private let session: Session

    fileprivate init(session: Session) { self.session = session }

    /// Sends bytes; cuts need not fall between rows.
    ///
    /// Waits while the server is behind.
    ///
    /// - Throws: The server's error when it has already refused the COPY, with its context.
    public borrowing func write(_ bytes: [UInt8]) throws {
        try write(bytes.span)
    }

    /// Sends bytes; cuts need not fall between rows.
    ///
    /// Waits while the server is behind.
    ///
    /// - Throws: The server's error when it has already refused the COPY, with its context.
    public borrowing func write(_ bytes: Span<UInt8>) throws {
        var start = 0
        while start < bytes.count {
            let end = min(start + Limits.putBytesMax, bytes.count)
            try session.put(bytes.extracting(start..<end))
            start = end
        }
    }
}

extension Connection {
    /// Runs `COPY … FROM STDIN`, which the block feeds.
    ///
    /// - Returns: The row count of the command tag; compare it with what was sent.
    /// - Throws: The server's error, whose context names the line; or what the block threw, after
    ///   the server dropped everything that was sent.
    public borrowing func copyIn(
        _ sql: String, _ body: (borrowing CopyWriter) throws -> Void
    ) throws -> Int {
        try session.beginCopy(sql)
        do {
            try body(CopyWriter(session: session))
        } catch {
            if session.copy.error == nil, session.isOpen { session.abandonCopy() }
            throw error
        }
        // A block may have swallowed the error of a write.
        if let error = session.copy.error { throw error }
        return try session.endCopy(reason: nil).affected
    }
}

extension Session {
    fileprivate func beginCopy(_ sql: String) throws {
        try checkNoZeroByte(sql, "the statement")
        copy = CopyState()
        try dispatch { unsafe PQsendQuery($0, sql) }
        guard let opening = try nextResult() else { throw failure() }
        if opening.status == PGRES_COPY_IN { return }
        let isError = opening.status == PGRES_FATAL_ERROR
        let misuse = PostgresError(
            sqlState: "0A000", message: "the statement is not COPY FROM STDIN")
        _ = try complete(after: isError ? opening.error : misuse)
    }

    /// Gives libpq at most one block, after the socket took the ones before.
    fileprivate func put(_ bytes: Span<UInt8>) throws {
        if let error = copy.error { throw error }
        if copy.credit < bytes.count {
            try awaitRoom()
            copy.credit = Limits.putBytesMax
        }
        copy.credit -= bytes.count
        while true {
            let outcome = try unsafe bytes.withUnsafeBytes { raw in
                let start = unsafe raw.bindMemory(to: CChar.self).baseAddress
                return unsafe PQputCopyData(try handle(), start, Int32(raw.count))
            }
            switch outcome {
            case 1: return
            case 0: try awaitRoom()
            default: throw try refusedCopy()
            }
        }
    }

    /// Waits until libpq holds nothing unsent and the socket takes more.
    ///
    /// Looking before every block is what shows the server's error early: libpq does not look for
    /// one during COPY, and reads it away unseen whenever a send would block.
    private func awaitRoom() throws {
        while true {
            let ready = try wait(for: POLLIN | POLLOUT)
            if ready & ~POLLOUT != 0 { try lookAtInput() }
            if let since = copy.alarmSince, ContinuousClock.now - since >= Limits.copyAlarm {
                throw try refusedCopy()
            }
            guard ready & POLLOUT != 0 else { continue }
            switch unsafe PQflush(try handle()) {
            case 0: return
            case 1: continue
            default: throw try refusedCopy()
            }
        }
    }

    /// Reads what came in the middle of a COPY: notices, or else the error that ends it.
    private func lookAtInput() throws {
        let noticesBefore = notices.total
        guard unsafe PQconsumeInput(try handle()) == 1 else { throw try refusedCopy() }
        // Asked for its side effect: it hands complete notices to their receiver.
        _ = unsafe PQisBusy(try handle())
        var isExplained = notices.total > noticesBefore
        while let notification = unsafe PQnotifies(try handle()) {
            unsafe PQfreemem(notification)
            isExplained = true
        }
        if isExplained {
            copy.alarmSince = nil
        } else if copy.alarmSince == nil {
            copy.alarmSince = .now
        }
    }

    /// Ends a COPY that the server has refused, and gets the reason.
    private func refusedCopy() throws -> PostgresError {
        do {
            _ = try endCopy(reason: "the sender saw an error")
        } catch let error as PostgresError {
            copy.error = error
            return error
        }
        return PostgresError(
            sqlState: "XX000", message: "the server accepted a COPY that was ended with an error")
    }

    /// Ends the COPY with an error of ours; what the server answers is known.
    fileprivate func abandonCopy() {
        _ = try? endCopy(reason: "the sender gave up")
    }

    /// Ends the COPY and reads its outcome; a reason makes the server drop everything.
    fileprivate func endCopy(reason: String?) throws -> Rows {
        while unsafe PQputCopyEnd(try handle(), reason) == 0 {
            _ = try wait(for: POLLIN | POLLOUT)
        }
        // Where sending failed, the result that follows says why.
        try flush()
        return try complete()
    }
}
