// The runs of a drill one after the other, each on a fresh copy, each judged when it is over.

import Glibc
import Journal
import Ledger
import Messaging
import Plan
import Postgres
import Settings

/// Runs and judges.
final class DrillRuns {
    private unowned let drill: Drill
    private let source: DrillSource
    private let pace: DrillPace
    private let proof: DrillProof
    /// sha256 of the file that the page is about.
    private let inputHash: String
    /// The undisturbed run's place; kept to the end.
    private var reference: DrillSite?
    private var rejects: [String] = []
    /// load, validate, or "" where no worker had anything to do.
    private var phase = "load"
    /// What the undisturbed run said.
    private(set) var messages: [String] = []
    /// What went wrong beside the runs, in words.
    private(set) var troubles: [String] = []
    /// Time a run under a fault has; as long as no run was, that of the undisturbed one.
    private var limit = DrillLimits.undisturbedLimit

    /// - Parameter inputHash: sha256 of the file that the page is about.
    init(_ drill: Drill, _ source: DrillSource, _ pace: DrillPace, inputHash: String) {
        self.inputHash = inputHash
        self.drill = drill
        self.source = source
        self.pace = pace
        proof = DrillProof(
            source, key: drill.request.job.target.key.map(\.column),
            breathe: { [unowned drill] in try drill.breathe() })
    }

    /// The run that all others are held against.
    func undisturbed() throws -> DrillReport.Run {
        drill.screen.begin("undisturbed")
        let site = try makeSite("undisturbed")
        reference = site
        let began = Monotonic.now()
        let process = try site.start(drill.arguments)
        do {
            try faults(site).finish(process)
        } catch let late as DrillOverrun {
            throw DrillImpossible("the undisturbed run \(late.finding)")
        }
        var run = DrillReport.Run(fault: nil, verdict: .equal)
        run.elapsedSeconds = ((process.endedAt ?? began) - began) / .seconds(1)
        limit = DrillLimits.runLimit(undisturbedSeconds: run.elapsedSeconds)
        let end = try DrillEnd(process, at: site)
        messages = end.messages.filter { !$0.hasPrefix("KGR1001I") && !$0.hasPrefix("KGR9003E") }
            .prefix(DrillLimits.messagesShown).map(withoutPaths)
        guard let code = end.code, let outcome = Outcome(rawValue: code) else {
            throw DrillImpossible(
                "the undisturbed run ended by a signal: \(end.messages.last ?? "no message")")
        }
        guard [.normal, .warning, .empty, .rejects, .totals, .structure, .input].contains(outcome)
        else {
            throw RunStop(
                outcome,
                LogMessage(
                    .drillImpossible,
                    [
                        "job": drill.request.job.name,
                        "reason": "the undisturbed run ended with \(code): "
                            + Self.cause(end),
                    ]))
        }
        run.exitCode = code
        if isOfOtherInput(end, &run) {
            drill.screen.end(run.verdict.text, isGood: false)
            site.stopLooking()
            return run
        }
        if let summary = end.summary {
            run.counts = summary.counts
            rejects = try site.look { try DrillLedger.rejects(run: summary.runID, $0) }
        }
        run.rejectsCompared = Int64(rejects.count)
        let phases = end.summary?.phases.map(\.name) ?? []
        phase = ["load", "validate"].first { phases.contains($0) } ?? ""
        try proof.checkOrder(&run, end, site)
        try countRows(&run, site)
        if ![.normal, .warning].contains(outcome) {
            // Refused as a whole: the table has to be what it was.
            let rows = try RowComparison.compare(
                table: source.copy.table, key: proof.key,
                columns: proof.untouched,
                expected: try connect(DrillSource.database), found: try site.connect("drill/found"))
            run.rowsDiffering = rows.differing
            if rows.differing > 0 {
                run.findings.append(
                    "it touched the table: \(rows.examples.joined(separator: "; "))")
            }
        }
        if !run.findings.isEmpty { run.verdict = .differs }
        drill.screen.end("exit \(code)")
        site.stopLooking()
        return run
    }

    /// A run under a fault.
    func run(
        _ fault: DrillFault, against expected: DrillReport.Run
    ) throws -> DrillReport.Run {
        drill.screen.begin(fault.title)
        var run = DrillReport.Run(fault: fault, verdict: .equal)
        guard let reference, isPossible(fault, expected, &run) else {
            drill.screen.end("not possible: \(run.happened)", isGood: false)
            return run
        }
        let site = try makeSite(fault.rawValue)
        // Not on the way of an error: then all goes together.
        try judge(&run, fault, site, reference, expected)
        drill.discard(site)
        drill.screen.end(run.verdict.text, isGood: run.verdict == .equal)
        return run
    }

    /// Brings the fault about, and holds the run against the undisturbed one.
    private func judge(
        _ run: inout DrillReport.Run, _ fault: DrillFault, _ site: DrillSite,
        _ reference: DrillSite, _ expected: DrillReport.Run
    ) throws {
        let began = Monotonic.now()
        let hit: DrillHit
        do {
            let faults = faults(site)
            hit = try faults.hit(fault)
            try faults.finish(hit.process, after: hit.happened)
        } catch let late as DrillOverrun {
            run.elapsedSeconds = (Monotonic.now() - began) / .seconds(1)
            run.happened = late.happened ?? ""
            run.findings.append(late.finding)
            run.verdict = .differs
            return
        }
        run.elapsedSeconds = ((hit.process.endedAt ?? began) - began) / .seconds(1)
        run.happened = hit.happened ?? hit.reason
        run.recovered = hit.recovered
        let end = try DrillEnd(hit.process, at: site)
        run.exitCode = end.code
        if isOfOtherInput(end, &run) { return }
        var found: [String] = []
        if let summary = end.summary {
            run.counts = summary.counts
            found = try site.look { try DrillLedger.rejects(run: summary.runID, $0) }
        }
        run.rejectsCompared = Int64(found.count)
        if let lost = hit.lost { run.findings.append(lost) }
        proof.compareEnds(&run, end, found, with: expected, rejects)
        try proof.compareRows(&run, site, with: reference)
        try proof.checkOrder(&run, end, site)
        if !run.findings.isEmpty {
            run.verdict = .differs
        } else if hit.happened == nil {
            run.verdict = .missed
        }
    }

    /// Whether a run read another file than the page is about: then it is not compared.
    private func isOfOtherInput(_ end: DrillEnd, _ run: inout DrillReport.Run) -> Bool {
        guard let hash = end.summary?.input.sha256, hash != inputHash else { return false }
        run.verdict = .changed
        troubles.append(
            "the input changed during the drill: the run '\(run.title)' read a file with sha256 "
                + "\(hash), so it is not compared")
        return true
    }

    /// Whether there is anything for a fault to hit; if not, the run says why.
    private func isPossible(
        _ fault: DrillFault, _ expected: DrillReport.Run, _ run: inout DrillReport.Run
    ) -> Bool {
        if phase.isEmpty {
            run.happened = "the file is refused before any worker has work"
        } else if phase == "validate", !fault.needsNoLoad {
            run.happened = "the file is refused, so no row is written"
        } else if !fault.needsNoLoad, expected.counts.loaded < 2 {
            run.happened = "the file changes no two rows, so nobody waits for a lock"
        } else {
            return true
        }
        run.verdict = .impossible
        return false
    }

    private func faults(_ site: DrillSite) -> DrillFaults {
        DrillFaults(
            site: site, arguments: drill.arguments, workers: pace.job.workers, phase: phase,
            reference: reference ?? site,
            insertable: source.insertable(lock: drill.request.job.target.lockColumn),
            place: drill.place, limit: limit, deadline: Monotonic.now() + limit,
            breathe: { [unowned drill] in try drill.breathe() },
            watch: { [unowned drill] progress in
                let isLoad = progress.phase == "load"
                drill.screen.note(
                    done: isLoad ? progress.loaded : progress.checked,
                    total: isLoad ? progress.rows : progress.records, text: progress.phase)
            })
    }

    private func makeSite(_ name: String) throws -> DrillSite {
        try drill.makeSite(
            name, job: pace.job, environment: pace.environment,
            searchPath: source.copy.searchPath)
    }

    /// Why a run ended as it did: the first error it told, else the first message of its summary.
    private static func cause(_ end: DrillEnd) -> String {
        let told = end.messages.first { !$0.hasPrefix("KGR9003E") && $0.dropFirst(7).first == "E" }
        return told ?? end.summary?.messages.first.map { "\($0.id) \($0.text)" }
            ?? end.messages.last ?? "no message"
    }

    /// A message without the advice to look at a file that goes with the drill.
    private func withoutPaths(_ message: String) -> String {
        guard let start = message.firstRange(of: "see \(drill.place.folder)"),
            let end = message[start.upperBound...].firstRange(of: ", ")
        else { return message }
        return String(message[..<start.lowerBound] + message[end.upperBound...])
    }

    private func connect(_ database: String) throws -> Connection {
        try Connection(
            url: drill.place.url(database), applicationName: "drill/expected",
            idle: { [unowned drill] in try drill.breathe() })
    }

    private func countRows(_ run: inout DrillReport.Run, _ site: DrillSite) throws {
        run.rowsCompared = try site.look {
            try $0.query("SELECT count(*) FROM \(source.copy.table)").int(0, 0) ?? 0
        }
    }
}
