// What becomes of target rows whose key the input lacks (PROTOCOL 26), as a job says it.

extension Target {
    /// Rows of the target that a full feed no longer has.
    public struct Absent: Codable, Sendable, Equatable {
        /// What becomes of them.
        public enum Action: String, Codable, Sendable, CaseIterable {
            /// Their `set` columns are written; they are no longer open.
            case close
        }

        /// What an open row holds in a column.
        public struct OpenColumn: Codable, Sendable, Equatable {
            /// The target column.
            public var column: String
            /// As text, cast to the column's type; nil: NULL.
            public var value: String?

            /// Memberwise.
            public init(column: String, value: String?) {
                self.column = column
                self.value = value
            }
        }

        /// What becomes of absent rows.
        public var action: Action
        /// Of the open rows so many millionths may be closed by one run, 0 to 1,000,000.
        public var maxShareMillionths: Int
        /// Which rows are open; other rows are neither counted nor closed.
        public var open: [OpenColumn]
        /// What a closed row gets; constants, NULL, parameters, and SQL that reads no row.
        public var set: [ColumnMapping]

        /// Memberwise.
        public init(
            action: Action, maxShareMillionths: Int, open: [OpenColumn], set: [ColumnMapping]
        ) {
            self.action = action
            self.maxShareMillionths = maxShareMillionths
            self.open = open
            self.set = set
        }

        /// The share as the settings write it, for example `0.02`.
        public var maxShareText: String {
            let digits = String(maxShareMillionths % Self.whole)
            let fraction = String(repeating: "0", count: 6 - digits.count) + digits
            let shown = fraction.reversed().drop { $0 == "0" }.reversed()
            let ones = String(maxShareMillionths / Self.whole)
            return shown.isEmpty ? ones : ones + "." + String(shown)
        }

        /// Whether so many closed rows of so many open ones are within the share.
        public func allows(closing absent: Int64, of open: Int64) -> Bool {
            let (left, isTooMuch) = absent.multipliedReportingOverflow(by: Int64(Self.whole))
            let (right, isPlenty) = open.multipliedReportingOverflow(
                by: Int64(maxShareMillionths))
            return isPlenty || (!isTooMuch && left <= right)
        }

        /// Millionths of everything.
        static let whole = 1_000_000
    }
}
