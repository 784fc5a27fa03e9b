// `kugiri plan`: one input counted against the partition table of its job, without a run.

package import Journal
package import Loading
package import Plan
import Records
import Settings

/// Plans one file.
package struct FilePlan {
    private let definition: RunDefinition
    private let path: String

    /// What a run of the file would work with.
    package init(definition: RunDefinition, path: String) {
        self.definition = definition
        self.path = path
    }

    /// What came of it.
    package struct Result {
        package var outcome: Outcome
        /// nil: the file could not be read to its end.
        package var report: PlanReport?
        package var messages: [LogMessage]
        package var picture: String
    }

    /// Counts the file; the table it would be cut by can be compared before anything is printed.
    ///
    /// - Parameters:
    ///   - suggest: Partitions of a balanced table to suggest; nil: none.
    ///   - compare: Makes the comparison with an earlier table.
    package func plan(
        suggest: Int?, compare: (PartitionTable) throws -> PlanDiff?
    ) throws -> Result {
        do {
            let facts = try Arrival.check(
                path, ready: definition.job.ready, inputs: definition.directories.inputs,
                breathe: {})
            let splitter = try Splitter(
                definition: definition, path: path, shownPath: path, bytes: facts.bytes, spool: ""
            ) { _, _ in }
            let counted = try splitter.countKeys()
            let faults = faults(counted)
            let outcome: Outcome = faults.isEmpty ? .normal : .totals
            var report = report(counted, bytes: facts.bytes, outcome, faults)
            report.suggestion = suggest.map { suggestion($0, counted) }
            report.diff = try compare(counted.table)
            return Result(outcome: outcome, report: report, messages: faults, picture: "")
        } catch let stop as RunStop {
            return Result(
                outcome: stop.outcome, report: nil, messages: stop.messages, picture: stop.picture)
        }
    }

    /// What `validate` would end with 9 for, as far as it shows without checking fields.
    private func faults(_ counted: CountedInput) -> [LogMessage] {
        var faults = counted.envelope.identityFaults.map(CheckedTotal.message)
        let totals = CheckedTotal.all(
            contract: definition.contract, envelope: counted.envelope,
            found: counted.counter.totals.figures,
            strideBytes: UInt64(counted.layout.strideBytes))
        faults += totals.filter { !$0.holds }.map(\.message)
        return faults
    }

    private func report(
        _ counted: CountedInput, bytes: Int64, _ outcome: Outcome, _ faults: [LogMessage]
    ) -> PlanReport {
        let counter = counted.counter
        let rows = counted.table.partitions.map { Self.row($0, counter.histogram) }
        let inside = rows.reduce(0) { $0 + $1.records }
        let records = Int64(counted.envelope.dataRecords)
        let fault = IntervalSet.coverageFault(
            counted.table.partitions.map(\.range), of: counted.table.span)
        let sizes = counted.slices.map { counter.histogram.total(of: $0).records }
        let most = Int64(Double(counted.sliceRecords) * CoordinationLimits.oversizeFactor)
        return PlanReport(
            job: definition.job.name, result: outcome.result, exitCode: outcome.rawValue,
            input: path, inputBytes: bytes, records: records, partitions: rows,
            skew: inside == 0
                ? nil
                : Double(rows.map(\.records).max() ?? 0) * Double(rows.count) / Double(inside),
            covered: fault == nil && inside == records, unreadable: counter.unreadable,
            uncovered: counter.uncovered, outside: counter.outside,
            slices: .init(
                count: sizes.count, largestRecords: sizes.max() ?? 0,
                cutAgain: sizes.count { $0 > most }),
            suggestion: nil, diff: nil, messages: faults.map { $0.line() })
    }

    private static func row(_ partition: Partition, _ histogram: KeyHistogram) -> PlanReport.Row {
        let total = histogram.total(of: partition.range)
        return .init(
            number: partition.number, low: partition.range.low.text,
            high: partition.range.high?.text, records: total.records, bytes: total.bytes)
    }

    /// A table over the same keys as the job's, balanced by exact counts.
    private func suggestion(_ pieces: Int, _ counted: CountedInput) -> PlanReport.Suggestion {
        let span = counted.table.span
        let cuts = counted.counter.histogram.cuts(of: span, pieces: pieces)
        let ranges = SlicePlan.ranges(cutAt: cuts).compactMap(span.intersection)
        let rows = ranges.enumerated().map { index, range in
            Self.row(Partition(number: index + 1, range: range), counted.counter.histogram)
        }
        let least = rows.map(\.records).min() ?? 0
        let most = rows.map(\.records).max() ?? 0
        return .init(
            ranges: rows, spread: least > 0 ? Double(most) / Double(least) : nil,
            yaml: Self.yaml(rows))
    }

    private static func yaml(_ rows: [PlanReport.Row]) -> String {
        var lines = ["ranges:"]
        for row in rows {
            var members = ["number: \(row.number)"]
            if !row.low.isEmpty { members.append("low: \(quoted(row.low))") }
            if let high = row.high { members.append("high: \(quoted(high))") }
            lines.append("  - {\(members.joined(separator: ", "))}")
        }
        return lines.joined(separator: "\n")
    }

    /// A key in YAML's double quotes.
    private static func quoted(_ key: String) -> String {
        var text = "\""
        for character in key.unicodeScalars {
            if character == "\"" || character == "\\" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
}
