// Closing rows that the input lacks, resolved against the catalog (PROTOCOL 26).

import Postgres

/// Which rows of the target are open, how they are found by key range, and what closes them.
public struct AbsentPlan: Codable, Sendable, Equatable {
    /// A column that closing writes.
    public struct Closing: Codable, Sendable, Equatable {
        /// The target's column, quoted.
        public var column: String
        /// As the catalog writes it.
        public var type: String
        /// SQL of the value; it reads no row.
        public var value: String
        /// Whether the value is the same however often it is asked for, so that certify compares it.
        public var isFixed: Bool

        /// Memberwise.
        public init(column: String, type: String, value: String, isFixed: Bool) {
            self.column = column
            self.type = type
            self.value = value
            self.isFixed = isFixed
        }
    }

    /// The target's column with the partition key, quoted.
    public var column: String
    /// `text` or `bpchar`: what bounds of a range are cast to.
    public var boundType: String
    /// Whether the column's own order is that of key images.
    ///
    /// Otherwise it is compared under `COLLATE "C"`.
    public var isBytewise: Bool
    /// Whether an index can find a key range; without one every slice reads the whole table.
    public var isIndexed: Bool
    /// Whether a row `t` is open; values are `⟦0⟧`… of the target plan.
    public var open: String
    /// What a closed row gets.
    public var closing: [Closing]

    /// Memberwise.
    public init(
        column: String, boundType: String, isBytewise: Bool, isIndexed: Bool, open: String,
        closing: [Closing]
    ) {
        self.column = column
        self.boundType = boundType
        self.isBytewise = isBytewise
        self.isIndexed = isIndexed
        self.open = open
        self.closing = closing
    }

    /// The key image of a row `t`.
    var image: String { "t.\(column)::text COLLATE \"C\"" }

    /// Whether a row `t` lies between two parameters; the upper one is not in the range.
    func isBetween(_ low: String, _ high: String) -> String {
        // The column as it is where that can use an index.
        let key = isBytewise ? "t.\(column)" : image
        let type = isBytewise ? boundType : "text"
        return "\(key) >= \(low)::\(type) AND \(key) < \(high)::\(type)"
    }
}

extension TargetPlan {
    /// Replaces `⟦0⟧`, `⟦1⟧`… by the values themselves, quoted.
    public func inline(_ text: String) -> String {
        var result = text
        for (index, value) in values.enumerated() {
            result = result.replacing("⟦\(index)⟧", with: quoteLiteral(value))
        }
        return result
    }
}
