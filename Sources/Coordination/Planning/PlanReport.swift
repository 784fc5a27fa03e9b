// What `kugiri plan` prints; schema `kugiri.plan/1`, in `ops/schema/plan-1.json`.

import Journal
import Plan

/// How an input falls into partitions and slices; nothing of it was written anywhere.
package struct PlanReport: Encodable, Sendable {
    /// A partition and what falls into it.
    package struct Row: Encodable, Sendable {
        package var number: Int
        /// Inclusive; "" is below every key.
        package var low: String
        /// Exclusive; nil: above every key.
        package var high: String?
        package var records: Int64
        package var bytes: Int64
    }

    /// A record that belongs to no partition.
    package struct Outside: Encodable, Sendable {
        /// Why it does not.
        package enum Reason: String, Encodable, Sendable {
            /// Its key cannot be read.
            case unreadable
            /// No partition covers its key.
            case uncovered
        }

        package var record: Int64
        /// Where the record begins in the file.
        package var byte: Int64
        package var reason: Reason
        /// Masked; nil: unreadable.
        package var key: String?
    }

    /// The slices the sample gives.
    package struct Slices: Encodable, Sendable {
        package var count: Int
        package var largestRecords: Int64
        /// How many hold so much more than they should that the split cuts them again.
        package var cutAgain: Int

        enum CodingKeys: String, CodingKey {
            case count
            case largestRecords = "largest_records"
            case cutAgain = "cut_again"
        }
    }

    /// A balanced table.
    package struct Suggestion: Encodable, Sendable {
        package var ranges: [Row]
        /// The largest partition's records over the smallest one's; nil: there are no records.
        package var spread: Double?
        /// `ranges:` as YAML, ready to paste.
        package var yaml: String
    }

    package var schema = "kugiri.plan/1"
    package var job: String
    package var result: String
    package var exitCode: Int32
    package var input: String
    package var inputBytes: Int64
    /// Data records.
    package var records: Int64
    package var partitions: [Row]
    /// The largest partition's records over the mean; nil: there are no records.
    package var skew: Double?
    /// Every record is in exactly one partition.
    package var covered: Bool
    package var unreadable: Int64
    package var uncovered: Int64
    /// Where those stand, at most a hundred.
    package var outside: [Outside]
    package var slices: Slices
    package var suggestion: Suggestion?
    package var diff: PlanDiff?
    package var messages: [String]

    enum CodingKeys: String, CodingKey {
        case schema, job, result, input, records, partitions, skew, covered, unreadable, uncovered
        case outside, slices, suggestion, diff, messages
        case exitCode = "exit_code"
        case inputBytes = "input_bytes"
    }

    /// For people.
    package func text(width: Int?) -> String {
        var lines = [
            "\(job): \(input), \(Figures.count(records)) records, "
                + "\(Figures.bytes(inputBytes)); nothing was written"
        ]
        let most = Double(partitions.map(\.records).max() ?? 0)
        let table = Table.render(
            columns: [
                .init("partition", .right), .init("from"), .init("below"),
                .init("records", .right), .init("bytes", .right), .init("share"),
            ],
            rows: partitions.map { row in
                [
                    String(row.number), row.low.isEmpty ? "−∞" : row.low, row.high ?? "+∞",
                    Figures.count(row.records), Figures.bytes(row.bytes),
                    Bar.horizontal(Double(row.records), of: most, width: Self.barWidth),
                ]
            }, width: width)
        lines.append(table)
        lines.append(
            skew.map { "skew: the largest partition has \(Self.decimals($0)) times the mean" }
                ?? "skew: there are no records")
        lines.append(
            "slices: \(slices.count), the largest with \(Figures.count(slices.largestRecords)) "
                + "records" + (slices.cutAgain > 0 ? "; \(slices.cutAgain) are cut again" : ""))
        let inside = partitions.reduce(0) { $0 + $1.records }
        lines.append(
            "coverage: \(Figures.count(inside)) in exactly one partition + "
                + "\(Figures.count(unreadable)) with an unreadable key + "
                + "\(Figures.count(uncovered)) with a key no partition covers = "
                + Figures.count(inside + unreadable + uncovered))
        for place in outside {
            lines.append(
                "  record \(place.record) at byte \(place.byte): "
                    + (place.key.map { "no partition covers \($0)" } ?? "its key is unreadable"))
        }
        if let diff { lines += diff.lines }
        if let suggestion {
            let spread = suggestion.spread.map { Self.decimals($0) } ?? "–"
            lines += [
                "",
                "# \(suggestion.ranges.count) ranges, counted exactly; the largest has "
                    + "\(spread) times the smallest", suggestion.yaml,
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let barWidth = 20

    /// Two decimals, never a comma.
    static func decimals(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
