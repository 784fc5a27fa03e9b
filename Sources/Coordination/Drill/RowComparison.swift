// Two tables row by row, in the order of their keys, a page of each in memory.

import Loading
package import Postgres

/// What a comparison of rows came to.
package struct RowComparison: Sendable, Equatable {
    /// Rows that were looked at: pairs, and those that only one side has.
    package var compared: Int64 = 0
    /// Pairs that differ, and rows that only one side has.
    package var differing: Int64 = 0
    /// The first differences in words, keys masked.
    package var examples: [String] = []

    /// A row: its key, then the columns that are compared; nil: SQL NULL.
    package struct Row: Sendable, Equatable {
        package var key: [String?]
        package var values: [String?]

        /// Memberwise.
        package init(key: [String?], values: [String?]) {
            self.key = key
            self.values = values
        }
    }

    /// Compares two streams of rows, each in the order of its keys' bytes, NULL first.
    ///
    /// - Parameters:
    ///   - columns: Names of the values, for words.
    ///   - expected: The next row of the side that is right; nil: there is none.
    ///   - found: The next row of the other side.
    package init(
        columns: [String], expected: () throws -> Row?, found: () throws -> Row?
    ) rethrows {
        var left = try expected()
        var right = try found()
        while left != nil || right != nil {
            compared += 1
            let order = Self.order(left, right)
            if order < 0, let row = left {
                note("row \(Self.shown(row.key)) is missing")
                left = try expected()
            } else if order > 0, let row = right {
                note("row \(Self.shown(row.key)) should not be there")
                right = try found()
            } else if let one = left, let other = right {
                let names = columns.indices.filter { one.values[$0] != other.values[$0] }
                    .map { columns[$0] }
                if !names.isEmpty {
                    note("row \(Self.shown(one.key)): \(names.joined(separator: ", "))")
                }
                left = try expected()
                right = try found()
            }
        }
    }

    private mutating func note(_ text: String) {
        differing += 1
        if examples.count < DrillLimits.differencesShown { examples.append(text) }
    }

    /// Negative: the left row comes first; an end comes after every row.
    private static func order(_ left: Row?, _ right: Row?) -> Int {
        guard let left else { return right == nil ? 0 : 1 }
        guard let right else { return -1 }
        for (one, other) in zip(left.key, right.key) where one != other {
            guard let one else { return -1 }
            guard let other else { return 1 }
            return one.utf8.lexicographicallyPrecedes(other.utf8) ? -1 : 1
        }
        return 0
    }

    private static func shown(_ key: [String?]) -> String {
        key.map { $0.map(Mask.key) ?? "NULL" }.joined(separator: "/")
    }
}

extension RowComparison {
    /// Compares a table of two databases.
    ///
    /// - Parameters:
    ///   - table: Quoted, with its schema.
    ///   - key: Its key columns, quoted.
    ///   - columns: What is compared: a name for people, an expression over the row `t`.
    ///   - expected: A session in the database that is right; used up.
    ///   - found: A session in the other one; used up.
    package static func compare(
        table: String, key: [String], columns: [(name: String, expression: String)],
        expected: consuming Connection, found: consuming Connection
    ) throws -> RowComparison {
        let keys = key.map { "t.\($0)::text COLLATE \"C\"" }
        let values = columns.map { "(\($0.expression))::text COLLATE \"C\"" }
        let order = (keys + values).map { $0 + " NULLS FIRST" }.joined(separator: ", ")
        let query =
            "SELECT \((keys + values).joined(separator: ", ")) FROM \(table) t ORDER BY \(order)"
        var left = try RowStream(expected, query: query, keyCount: key.count)
        var right = try RowStream(found, query: query, keyCount: key.count)
        return try RowComparison(
            columns: columns.map(\.name), expected: { try left.next() }, found: { try right.next() }
        )
    }
}

/// The rows of a query, page by page.
private struct RowStream: ~Copyable {
    private let connection: Connection
    private let keyCount: Int
    private var page: [RowComparison.Row] = []
    private var position = 0

    init(_ connection: consuming Connection, query: String, keyCount: Int) throws {
        try connection.execute(
            "BEGIN READ ONLY; DECLARE drill_rows NO SCROLL CURSOR FOR \(query)")
        self.connection = connection
        self.keyCount = keyCount
    }

    mutating func next() throws -> RowComparison.Row? {
        if position == page.count {
            let rows = try connection.query("FETCH \(DrillLimits.rowsPerPage) FROM drill_rows")
            let width = rows.columnNames.count
            page = (0..<rows.count).map { row in
                let cells = (0..<width).map { rows.text(row, $0) }
                return RowComparison.Row(
                    key: Array(cells.prefix(keyCount)), values: Array(cells.dropFirst(keyCount)))
            }
            position = 0
        }
        guard position < page.count else { return nil }
        defer { position += 1 }
        return page[position]
    }
}
