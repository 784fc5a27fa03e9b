// Who is measured, and at what.

/// A state of the target and what happens to it.
package enum Scenario: String, CaseIterable, Sendable {
    /// The target is filled and every row changes.
    case change
    /// The target is empty.
    case empty
    /// The target is filled and one row in a hundred changes.
    case onePercent = "one-percent"
    /// The file's control totals do not hold.
    case rejected
    /// The input is sorted by key and divided; nothing is loaded.
    case split
    /// As `change`, with the smaller and the larger number of records.
    case growthSmall = "growth-small"
    case growthLarge = "growth-large"
    /// As `empty`, with the larger number of records.
    case growthEmpty = "growth-empty"

    /// What people read.
    package var title: String {
        switch self {
        case .change: "filled target, every row changes"
        case .empty: "empty target"
        case .onePercent: "filled target, 1 % of the rows change"
        case .rejected: "file whose totals do not hold"
        case .split: "sort by key and divide"
        case .growthSmall: "every row changes, fewer records"
        case .growthLarge: "every row changes, more records"
        case .growthEmpty: "empty target, more records"
        }
    }

    /// Who takes part, in the order of the first round.
    package var contestants: [Contestant] {
        switch self {
        case .change:
            [
                .kugiri, .script, .kugiriWithoutHistory, .scriptTuned, .kugiriIntervals, .pgloader,
                .floor,
            ]
        case .empty: [.kugiri, .script, .scriptTuned, .pgloader, .floor]
        case .onePercent: [.kugiri, .script, .scriptTuned, .pgloader]
        case .rejected: [.kugiri, .copy, .kugiriValidate]
        case .split: [.duckdb]
        case .growthSmall, .growthLarge, .growthEmpty: [.kugiri]
        }
    }

    /// Whether everybody must leave the same rows.
    package var comparesRows: Bool {
        self == .change || self == .empty || self == .onePercent
    }

    /// The part of the bench it belongs to, as `--only` names it.
    package var section: Section {
        switch self {
        case .change: .change
        case .empty: .empty
        case .onePercent: .onePercent
        case .rejected: .rejected
        case .split: .split
        case .growthSmall, .growthLarge, .growthEmpty: .growth
        }
    }
}

/// A part of the bench that can be asked for alone.
package enum Section: String, CaseIterable, Sendable {
    case change, empty
    case onePercent = "one-percent"
    case rejected, split, growth, purge, online
}

/// Who does the work.
package enum Contestant: String, CaseIterable, Sendable {
    /// All defaults.
    case kugiri
    /// `history: off`.
    case kugiriWithoutHistory = "kugiri-no-history"
    /// `indicator: intervals`.
    case kugiriIntervals = "kugiri-intervals"
    /// `kugiri validate`, without a database.
    case kugiriValidate = "kugiri-validate"
    /// psql: `\copy` and `INSERT … ON CONFLICT DO UPDATE`.
    case script
    /// The same with `ORDER BY` the key, much working memory, no just-in-time compiler.
    case scriptTuned = "script-tuned"
    /// pgloader, then the script's SQL.
    case pgloader
    /// What two connections can do with sorted, divided input and no promises.
    case floor
    /// `ORDER BY` key and a partitioned write.
    case duckdb
    /// The script's `\copy` alone.
    case copy

    /// Whether it is the product.
    package var isKugiri: Bool { rawValue.hasPrefix("kugiri") }
}
