// The rows of one result, read in place.

import CLibPQ

/// The rows of a result; cleared when it goes.
///
/// The whole result is in memory: bound it in the statement. A row or column out of range is a
/// precondition failure.
@safe public struct Rows: ~Copyable {
    private let result: OpaquePointer

    /// Takes the result over.
    init(owning result: OpaquePointer) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    /// How many rows there are.
    public var count: Int { unsafe Int(PQntuples(result)) }

    /// The count in the command tag: rows inserted, updated, deleted, selected or copied; 0 for
    /// commands that count nothing.
    public var affected: Int { unsafe Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// The columns' names, in order.
    public var columnNames: [String] {
        (0..<columnCount).map { column in
            unsafe PQfname(result, column).map { unsafe String(cString: $0) } ?? ""
        }
    }

    /// A value as text; nil: SQL NULL.
    ///
    /// Of binary results only text columns make sense.
    public func text(_ row: Int, _ column: Int) -> String? {
        bytes(row, column) { bytes in
            guard let bytes else { return nil }
            return unsafe bytes.withUnsafeBufferPointer {
                unsafe String(decoding: $0, as: UTF8.self)
            }
        }
    }

    /// A whole number of a text result; nil: SQL NULL.
    ///
    /// Anything else is a precondition failure.
    public func int(_ row: Int, _ column: Int) -> Int64? {
        precondition(!isBinary(column), "int() reads text results; use binaryInt64()")
        guard let text = text(row, column) else { return nil }
        guard let number = Int64(text) else {
            preconditionFailure("column \(column) does not hold a whole number of 64 bits")
        }
        return number
    }

    /// A boolean, of a text or binary result; nil: SQL NULL.
    ///
    /// Anything else is a precondition failure.
    public func bool(_ row: Int, _ column: Int) -> Bool? {
        bytes(row, column) { bytes in
            guard let bytes else { return nil }
            precondition(bytes.count == 1, "column \(column) does not hold a boolean")
            switch bytes[0] {
            case UInt8(ascii: "t"), 1: return true
            case UInt8(ascii: "f"), 0: return false
            default: preconditionFailure("column \(column) does not hold a boolean")
            }
        }
    }

    /// Lends a value's bytes as the server sent them; nil: SQL NULL.
    ///
    /// For `bytea` this is the value itself in a binary result, its hexadecimal form in a text
    /// result.
    public func bytes<Result>(
        _ row: Int, _ column: Int, _ body: (Span<UInt8>?) throws -> Result
    ) rethrows -> Result {
        let (row, column) = place(row, column)
        guard unsafe PQgetisnull(result, row, column) == 0,
            let start = unsafe PQgetvalue(result, row, column)
        else { return try body(nil) }
        let count = unsafe Int(PQgetlength(result, row, column))
        return try unsafe start.withMemoryRebound(to: UInt8.self, capacity: count) { start in
            let buffer = unsafe UnsafeBufferPointer(start: UnsafePointer(start), count: count)
            return try unsafe body(buffer.span)
        }
    }

    /// An eight-byte integer (`bigint`, also a `timestamptz` as microseconds since 2000) of a
    /// binary result; nil: SQL NULL.
    public func binaryInt64(_ row: Int, _ column: Int) -> Int64? {
        bigEndian(row, column, byteCount: 8).map { Int64(bitPattern: $0) }
    }

    /// A four-byte integer (`integer`, also a `date` as days since 2000) of a binary result;
    /// nil: SQL NULL.
    public func binaryInt32(_ row: Int, _ column: Int) -> Int32? {
        bigEndian(row, column, byteCount: 4).map { Int32(truncatingIfNeeded: $0) }
    }

    /// A row's address (`tid`) of a binary result: its block, then in the last 16 bits its place
    /// there, counted from 1; nil: SQL NULL.
    public func binaryAddress(_ row: Int, _ column: Int) -> UInt64? {
        bigEndian(row, column, byteCount: 6)
    }

    private func bigEndian(_ row: Int, _ column: Int, byteCount: Int) -> UInt64? {
        precondition(isBinary(column), "binary readers need binary results")
        return bytes(row, column) { bytes -> UInt64? in
            guard let bytes else { return nil }
            precondition(
                bytes.count == byteCount,
                "column \(column) holds \(bytes.count) bytes, not \(byteCount)")
            if byteCount == 8 {
                return unsafe bytes.bytes.unsafeLoadUnaligned(as: UInt64.self).bigEndian
            }
            var value: UInt64 = 0
            for index in bytes.indices { value = value &<< 8 | UInt64(bytes[index]) }
            return value
        }
    }

    private var columnCount: Int32 { unsafe PQnfields(result) }

    private func isBinary(_ column: Int) -> Bool {
        unsafe PQfformat(result, Int32(column)) == 1
    }

    private func place(_ row: Int, _ column: Int) -> (row: Int32, column: Int32) {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
        precondition(column >= 0 && column < columnCount, "column \(column) of \(columnCount)")
        return (Int32(row), Int32(column))
    }
}

extension Rows {
    /// What libpq says about the result.
    var status: ExecStatusType { unsafe PQresultStatus(result) }

    /// The command tag, for example `COMMIT` or `COPY 3`.
    var commandTag: String { unsafe String(cString: PQcmdStatus(result)) }

    /// The error that the result stands for.
    var error: PostgresError { unsafe PostgresError(reading: result) }
}

extension PostgresError {
    /// Copies the fields of an error or notice, which stays its owner's.
    init(reading result: OpaquePointer) {
        func field(_ code: Int32) -> String? {
            unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
        }
        self.init(
            sqlState: field(DIAG_SQLSTATE),
            message: field(DIAG_MESSAGE_PRIMARY)
                ?? trimmed(unsafe String(cString: PQresultErrorMessage(result))),
            detail: field(DIAG_MESSAGE_DETAIL),
            context: field(DIAG_CONTEXT),
            constraint: field(DIAG_CONSTRAINT_NAME),
            column: field(DIAG_COLUMN_NAME))
    }
}

/// Without white space at the end; libpq closes its messages with a line feed.
func trimmed(_ text: String) -> String {
    var text = Substring(text)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
}
