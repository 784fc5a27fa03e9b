// What is held against the undisturbed run, and what every run has to leave in order.

import FoundationEssentials
import Glibc
import Journal
import Ledger
import Messaging
import Postgres

/// How a run of a drill ended.
struct DrillEnd {
    /// nil: a signal ended its last process.
    var code: Int32?
    /// nil: there is no run, or it was not ended in order.
    var summary: RunSummary?
    /// What its last process said.
    var messages: [String]

    /// Reads the end of a run whose last process has ended.
    init(_ process: DrillProcess, at site: DrillSite) throws {
        code = process.code
        messages = process.messages
        guard let run = try site.progress()?.run,
            let text = try site.look({ try RunLedger.get(run, $0)?.summary })
        else { return }
        summary = try JSONDecoder().decode(RunSummary.self, from: Data(text.utf8))
    }
}

/// Judges runs of a drill.
struct DrillProof {
    let copy: TargetCopy
    /// Key columns, quoted.
    let key: [String]
    /// What is compared beside the key: a name, and an expression over the row `t`.
    let columns: [(name: String, expression: String)]
    /// The columns as they stand: what a table nobody touched is held against.
    let untouched: [(name: String, expression: String)]
    let breathe: () throws -> Void

    /// - Parameter key: The target's key columns, not quoted.
    init(_ source: DrillSource, key names: [String], breathe: @escaping () throws -> Void) {
        copy = source.copy
        key = names.map(quoteIdentifier)
        self.breathe = breathe
        let keys = Set(key)
        untouched = source.copy.columns.filter { !keys.contains($0.quotedName) }
            .map { (name: $0.name, expression: "t.\($0.quotedName)") }
        columns = untouched.map { column in
            let part = source.inPart.first { $0.column == column.name }
            return (name: column.name, expression: part?.expression ?? column.expression)
        }
    }

    /// Compares two databases of a drill and notes the differences.
    ///
    /// - Parameter expected: The site with the rows that are right.
    func compareRows(_ run: inout DrillReport.Run, _ site: DrillSite, with expected: DrillSite)
        throws
    {
        let rows = try RowComparison.compare(
            table: copy.table, key: key, columns: columns,
            expected: try expected.connect("drill/expected"),
            found: try site.connect("drill/found"))
        run.rowsCompared = rows.compared
        run.rowsDiffering = rows.differing
        guard rows.differing > 0 else { return }
        run.findings.append(
            "\(Figures.count(rows.differing)) rows differ: "
                + rows.examples.joined(separator: "; "))
    }

    /// Holds rejects, counts and exit code against those of the undisturbed run.
    func compareEnds(
        _ run: inout DrillReport.Run, _ end: DrillEnd, _ rejects: [String],
        with reference: DrillReport.Run, _ expected: [String]
    ) {
        if run.exitCode != reference.exitCode {
            let found = run.exitCode.map { "\($0)" } ?? "a signal"
            let last = end.messages.last.map { ": \($0)" } ?? ""
            run.findings.append(
                "ended with \(found) instead of \(reference.exitCode.map { "\($0)" } ?? "-")\(last)"
            )
        }
        run.rejectsDiffering = Self.differing(rejects, expected)
        if run.rejectsDiffering > 0 {
            run.findings.append("\(Figures.count(run.rejectsDiffering)) rejects differ")
        }
        func figures(_ counts: Counts) -> [(String, Int64)] {
            [
                ("input", counts.input), ("inserted", counts.inserted),
                ("updated", counts.updated), ("deleted", counts.deleted),
                ("closed", counts.closed), ("unchanged", counts.unchanged),
                ("rejected", counts.rejected), ("conflicts", counts.conflicts),
                ("absent", counts.absent),
            ]
        }
        for (one, other) in zip(figures(run.counts), figures(reference.counts))
        where one.1 != other.1 {
            run.findings.append("\(one.0) is \(one.1) instead of \(other.1)")
        }
    }

    /// What has to hold after any run: the equation, no record left open, the certificate, nothing
    /// left behind.
    func checkOrder(_ run: inout DrillReport.Run, _ end: DrillEnd, _ site: DrillSite) throws {
        if let summary = end.summary, [0, 4].contains(end.code) {
            let id = summary.runID
            if !summary.counts.balances {
                run.findings.append("the counts do not add up to the input")
            }
            let open = try site.look { try DrillLedger.openRecords(run: id, $0) }
            if open > 0 { run.findings.append("\(open) records are in no final state") }
            let proofs = try site.look { try CertificateCheck.verify(run: id, $0) }
            let failed = proofs?.filter { !$0.holds }.map(\.name) ?? ["there is none"]
            if !failed.isEmpty {
                run.findings.append("certificate: \(failed.joined(separator: ", "))")
            }
        } else if [0, 4].contains(end.code) {
            run.findings.append("it ended with \(end.code ?? 0) and has no summary")
        }
        // A server notices a process that is gone a moment later.
        let deadline = Monotonic.now() + DrillLimits.residueLimit
        var left: [String] = []
        repeat {
            try breathe()
            left = try site.look { try DrillLedger.residue($0) } + (try site.leftovers())
            if left.isEmpty { break }
            _ = poll(nil, 0, DrillLimits.residueLookMilliseconds)
        } while Monotonic.now() < deadline
        if !left.isEmpty {
            run.findings.append(
                "left behind: \(left.prefix(DrillLimits.leftoversShown).joined(separator: ", "))")
        }
    }

    /// Entries that only one of two lists has, each as often as it has it more.
    static func differing(_ one: [String], _ other: [String]) -> Int64 {
        var counts: [String: Int64] = [:]
        for text in one { counts[text, default: 0] += 1 }
        for text in other { counts[text, default: 0] -= 1 }
        return counts.values.reduce(0) { $0 + abs($1) }
    }
}
