// `kugiri backout`: what a run wrote is taken back, chunk by chunk, where it is still ours. One
// session does it; every chunk is a transaction that begins with the run's term, so a second
// coordinator, or this command given again after a crash, fences it (decision 0018).

import FoundationEssentials
package import Journal
import Ledger
import Loading
import Messaging
package import Plan
import Postgres
import Settings

/// What `kugiri backout` asks for.
package struct BackoutRequest: Sendable {
    package var run: String
    /// nil: the whole run.
    package var partitions: [Int]?
    package var reason: String
    package var consent: Consent
    /// Goes on although a later run has loaded into the same table.
    package var forceOlder: Bool
    package var databaseURL: String
    package var binaryVersion: String
    /// The command as typed, for the audit.
    package var command: String

    /// Memberwise.
    package init(
        run: String, partitions: [Int]?, reason: String, consent: Consent, forceOlder: Bool,
        databaseURL: String, binaryVersion: String, command: String
    ) {
        self.run = run
        self.partitions = partitions
        self.reason = reason
        self.consent = consent
        self.forceOlder = forceOlder
        self.databaseURL = databaseURL
        self.binaryVersion = binaryVersion
        self.command = command
    }
}

/// Takes runs back.
package enum Backout {
    /// How a backout ended.
    package struct End {
        package var outcome: Outcome
        /// nil: it did not begin.
        package var report: BackoutReport?
        /// What to tell the operator.
        package var messages: [LogMessage]
    }

    /// Takes a run, or partitions of it, back.
    package static func run(_ request: BackoutRequest) -> End {
        do {
            let connection = try Connection(
                url: request.databaseURL, applicationName: "kugiri backout \(request.run)")
            try Schema.check(connection)
            return try conduct(request, connection)
        } catch {
            let end = Ending.failed(error, nil)
            return End(outcome: end.outcome, report: nil, messages: end.messages)
        }
    }

    private static func conduct(
        _ request: BackoutRequest, _ connection: borrowing Connection
    ) throws -> End {
        guard let run = try InspectedRun.read(request.run, connection) else {
            throw RunStop(
                .usage,
                LogMessage(
                    .commandFailed,
                    ["command": "backout", "reason": "there is no run \(request.run)"]))
        }
        let row = run.row
        let unfinished = try BackoutLedger.open(run: row.run, connection)
        try check(request, row, unfinished, connection)
        try RunStart.lockTarget(row.targetID, name: row.target, connection)
        try RunStart.checkTarget(
            of: row, forceOlder: request.forceOlder, goesOn: true, connection)
        let tables = RunTables(
            number: row.number,
            plan: try JSONDecoder().decode(TargetPlan.self, from: Data(row.plan.utf8)))
        try checkImages(row, tables, connection)
        let steps = BackoutSteps(
            run: row.run, term: 0, number: 0, statement: BackoutStatement(tables: tables),
            chunkRows: run.definition.job.commitInterval,
            lockBudgetMilliseconds: run.definition.job.lockBudgetMilliseconds)
        try steps.prepare(connection)
        let ranges = try ranges(request.partitions, run)
        let radius = try steps.forecast(run.partitions, ranges, connection)
        if radius.total.removed > 0, try !steps.mayDelete(connection) {
            throw refused(
                row, .configuration,
                "this role may not delete from \(row.target), and the run "
                    + "made rows there: GRANT DELETE ON \(row.target)")
        }
        let consent = unfinished == nil ? request.consent : .given
        guard try consent.agrees(to: radius.text(run: row.run), breathe: {}) else {
            throw RunStop(.empty, LogMessage(.rerunDeclined, ["run": row.run]))
        }
        let begun = try begin(request, row, unfinished, ranges, steps, connection)
        return try finish(
            try begun.steps.work(begun.backout, connection), begun.steps, run, request, connection)
    }

    /// Throws unless the run has something that can be taken back.
    private static func check(
        _ request: BackoutRequest, _ row: RunRow, _ unfinished: OpenBackout?,
        _ connection: borrowing Connection
    ) throws {
        switch row.state {
        // A later revision stands in an early phase while the one before it is loaded.
        case "open" where row.revision == 1 && row.phase < .load,
            "ended" where row.revision == 1 && row.phase < .load:
            throw refused(row, .usage, "it has loaded nothing")
        case "superseded":
            throw refused(row, .usage, "a later run took its place before anything was loaded")
        case "backed_out": throw refused(row, .usage, "it was backed out already")
        case "open" where request.partitions != nil:
            throw refused(
                row, .usage,
                "it is not finished: back it out as a whole, or go on with it, "
                    + "'kugiri resume \(row.run)'")
        default: break
        }
        if let day = try PurgeLedger.day(of: row.run, connection) {
            throw refused(row, .usage, "it was purged on \(day)")
        }
        if let unfinished, unfinished.partitions != request.partitions?.sorted() {
            let before = unfinished.partitions.map {
                "--partition \($0.map { String($0) }.joined(separator: ","))"
            }
            throw refused(
                row, .held,
                "another backout of it is under way; finish that one first: "
                    + "'kugiri backout \(row.run)\(before.map { " " + $0 } ?? "") --reason TEXT'")
        }
        if unfinished == nil, case .impossible = request.consent {
            throw refused(
                row, .usage,
                "what it would change has to be agreed to: there is no terminal to "
                    + "ask, so say '--yes'")
        }
    }

    /// Throws 16 when the before-images are not there.
    private static func checkImages(
        _ row: RunRow, _ tables: RunTables, _ connection: borrowing Connection
    ) throws {
        guard tables.plan.history else {
            throw refused(
                row, .configuration,
                "its job keeps no before-images (history: off), so nobody "
                    + "knows what its rows were")
        }
        guard try TargetCatalog.exists(tables.history, connection) else {
            throw refused(
                row, .configuration,
                "its before-images \(tables.history) are not there: it "
                    + "loaded nothing, or they were removed")
        }
        try connection.execute(tables.createHistory)
        guard try connection.query(BackoutStatement(tables: tables).nameless).int(0, 0) == 0 else {
            throw refused(
                row, .configuration,
                "its before-images were written by an older version, which "
                    + "did not note their partition keys")
        }
    }

    private static func ranges(_ partitions: [Int]?, _ run: InspectedRun) throws -> [KeyRange] {
        guard let partitions else { return [.all] }
        let known = run.partitions?.partitions ?? []
        return try IntervalSet(
            partitions.map { number in
                guard let found = known.first(where: { $0.number == number }) else {
                    throw refused(
                        run.row, .usage,
                        "it has no partition \(number); see 'kugiri partitions \(run.row.run)'")
                }
                return found.range
            }
        ).ranges
    }

    /// Takes the run and, unless an earlier one goes on, notes the backout.
    private static func begin(
        _ request: BackoutRequest, _ row: RunRow, _ unfinished: OpenBackout?,
        _ ranges: [KeyRange], _ steps: BackoutSteps, _ connection: borrowing Connection
    ) throws -> (steps: BackoutSteps, backout: OpenBackout) {
        let partitions = request.partitions?.sorted()
        var steps = steps
        let taken = try connection.transaction { connection in
            guard
                let term = try BackoutLedger.take(
                    row.run, isWhole: partitions == nil, connection)
            else { throw LedgerError.fenced(run: row.run) }
            let number =
                try unfinished?.number
                ?? BackoutLedger.start(
                    run: row.run, revision: row.revision, partitions: partitions, ranges: ranges,
                    reason: request.reason, command: request.command, connection)
            try BackoutLedger.conduct(number, by: Holders.own, connection)
            try Preparation.audit(
                request.command, run: row.run, version: request.binaryVersion, hash: nil,
                reason: request.reason, connection)
            return (term, number)
        }
        (steps.term, steps.number) = taken
        try steps.fenceClaims(revision: row.revision, connection)
        let backout = OpenBackout(
            number: taken.1, partitions: partitions, ranges: ranges,
            doneTo: unfinished?.doneTo ?? ranges[0].low.text)
        return (steps, backout)
    }

    private static func finish(
        _ busy: Int64, _ steps: BackoutSteps, _ run: InspectedRun, _ request: BackoutRequest,
        _ connection: borrowing Connection
    ) throws -> End {
        if busy == 0 {
            try connection.transaction { connection in
                try BackoutLedger.fence(run.row.run, term: steps.term, connection)
                try connection.execute("SET LOCAL synchronous_commit = on")
                try BackoutLedger.finish(steps.number, connection)
            }
        }
        let row = try BackoutLedger.list(run: run.row.run, connection)
            .first { $0.number == steps.number }
        let counts = row?.counts ?? BackoutCounts()
        let outcome: Outcome = busy > 0 ? .conflicts : counts.leftAlone > 0 ? .warning : .normal
        let figures: KeyValuePairs<String, String> = [
            "run": run.row.run, "restored": String(counts.restored),
            "removed": String(counts.removed), "reopened": String(counts.reopened),
            "left": String(counts.leftAlone), "busy": String(busy),
        ]
        let left = try BackoutLedger.left(
            by: steps.number, limit: CoordinationLimits.backoutRowsShown, connection)
        let report = BackoutReport(
            runID: run.row.run, job: run.row.job,
            state: try RunLedger.get(run.row.run, connection)?.state ?? "?", outcome: outcome,
            partitions: request.partitions?.sorted(), reason: request.reason, counts: counts,
            rows: left.map {
                .init(key: run.shown(key: $0.key), kind: $0.kind, detail: $0.detail)
            }, isCut: Int64(left.count) < counts.leftAlone)
        return End(
            outcome: outcome, report: report,
            messages: [LogMessage(busy > 0 ? .backoutBusy : .backoutDone, figures)])
    }

    private static func refused(
        _ row: RunRow, _ outcome: Outcome, _ reason: String
    ) -> RunStop {
        RunStop(outcome, LogMessage(.backoutRefused, ["run": row.run, "reason": reason]))
    }
}
