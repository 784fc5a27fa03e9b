// The target of a run as resolved against the catalog: real names, real types, finished SQL.
// The coordinator makes it once; workers get it with the run. Every name in it is quoted.

/// What a run writes and how, ready to be put into statements.
public struct TargetPlan: Codable, Sendable, Equatable {
    /// A key column of the target and the staging column that holds its value.
    public struct KeyColumn: Codable, Sendable, Equatable {
        /// The target's column, quoted.
        public var column: String
        /// The staging column with its value, quoted.
        public var staging: String
        /// As the catalog writes it.
        public var type: String

        /// Memberwise.
        public init(column: String, staging: String, type: String) {
            self.column = column
            self.staging = staging
            self.type = type
        }
    }

    /// A column of the staging tables that holds a field of the record or its group's header.
    public struct StagingColumn: Codable, Sendable, Equatable {
        /// Quoted.
        public var name: String
        /// `amount` or `header.debit_date`.
        public var field: String
        /// As the catalog writes it.
        public var type: String
        /// How a worker sends its values.
        public var encoding: Encoding
        /// Whether it is NOT NULL.
        public var isRequired: Bool

        /// Memberwise.
        public init(
            name: String, field: String, type: String, encoding: Encoding, isRequired: Bool
        ) {
            self.name = name
            self.field = field
            self.type = type
            self.encoding = encoding
            self.isRequired = isRequired
        }
    }

    /// How a value is put into a binary COPY (PostgreSQL's send/receive formats).
    public enum Encoding: String, Codable, Sendable {
        case text, int2, int4, int8, numeric, date
    }

    /// A foreign key whose columns are all staged.
    public struct Reference: Codable, Sendable, Equatable {
        /// Staging columns, in the order of `targets`.
        public var columns: [String]
        /// The table they refer to, quoted and with its schema.
        public var table: String
        /// Its columns.
        public var targets: [String]

        /// Memberwise.
        public init(columns: [String], table: String, targets: [String]) {
            self.columns = columns
            self.table = table
            self.targets = targets
        }
    }

    /// A written column and the SQL of its value, over `s` (staging) and `t` (target row).
    public struct Assignment: Codable, Sendable, Equatable {
        /// The target's column, quoted.
        public var column: String
        /// As the catalog writes it.
        public var type: String
        /// With a row there before.
        public var update: String
        /// Without one.
        public var insert: String

        /// Memberwise.
        public init(column: String, type: String, update: String, insert: String) {
            self.column = column
            self.type = type
            self.update = update
            self.insert = insert
        }
    }

    /// Quoted, with schema.
    public var table: String
    /// The table's oid.
    public var tableID: Int64
    /// The target's key, in the order of the setting.
    public var keys: [KeyColumn]
    /// The lock column, quoted.
    public var lockColumn: String
    /// Raised by every write, quoted; nil: there is none.
    public var updateCountColumn: String?
    /// The staging columns, in the order of COPY.
    public var columns: [StagingColumn]
    /// Foreign keys of the target over columns that are staged (PROTOCOL 7).
    public var references: [Reference] = []
    /// CHECK expressions of the target over columns that are staged.
    public var checks: [String]
    /// The columns that are written, beside key, lock and count.
    public var assignments: [Assignment]
    /// Values of constants and parameters; the SQL names the first `⟦0⟧`.
    public var values: [String]
    /// Staging columns whose sums are proved.
    public var sums: [String]
    /// Decimal places of each of them; nil: all are whole numbers.
    public var sumScales: [Int]?
    /// Whether records without a row insert one.
    public var inserts: Bool
    /// Before-images are kept.
    public var history: Bool
    /// Whether staged rows of a chunk without exceptions carry no state of their own, so that it is
    /// derived from their interval (PROTOCOL 27); nil: they carry it.
    public var derivesState: Bool?
    /// What becomes of rows that the input lacks; nil: they are left alone.
    public var absent: AbsentPlan?

    /// Whether rows that the input lacks are staged too.
    var closes: Bool { absent != nil }

    /// Memberwise.
    public init(
        table: String, tableID: Int64, keys: [KeyColumn], lockColumn: String,
        updateCountColumn: String?, columns: [StagingColumn], checks: [String],
        assignments: [Assignment], values: [String], sums: [String], inserts: Bool, history: Bool
    ) {
        self.table = table
        self.tableID = tableID
        self.keys = keys
        self.lockColumn = lockColumn
        self.updateCountColumn = updateCountColumn
        self.columns = columns
        self.checks = checks
        self.assignments = assignments
        self.values = values
        self.sums = sums
        self.inserts = inserts
        self.history = history
    }

    /// A summed column of `s` in units of its last decimal place, as a bigint.
    func sumUnits(_ index: Int) -> String {
        let scale = sumScales?[index] ?? 0
        guard scale > 0 else { return "s.\(sums[index])::bigint" }
        return "(s.\(sums[index]) * 1\(String(repeating: "0", count: scale)))::bigint"
    }

    /// Replaces `⟦0⟧`, `⟦1⟧`… by parameters numbered from `first`.
    func bind(_ text: String, from first: Int) -> String {
        var result = text
        for index in values.indices.reversed() {
            result = result.replacing("⟦\(index)⟧", with: "$\(first + index)")
        }
        return result
    }

    /// The join of target and staging by key: `t.key = s.key AND …`.
    public var keyJoin: String {
        keys.map { "t.\($0.column) = s.\($0.staging)" }.joined(separator: " AND ")
    }

    /// Whether the row `t` holds what the record wants, column by column.
    func same(from first: Int) -> String {
        assignments
            .map {
                "t.\($0.column) IS NOT DISTINCT FROM (\(bind($0.update, from: first)))::\($0.type)"
            }
            .joined(separator: " AND ")
    }
}
