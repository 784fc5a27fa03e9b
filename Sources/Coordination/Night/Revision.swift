// What a coordinator does otherwise in a revision of a run: only some slices are its own, what it
// would change is shown before it is loaded, and until then it can be withdrawn.

import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres

/// What a revision would do to the target, per partition.
struct BlastRadius {
    /// In the order of the partition table.
    var partitions: [(number: Int, forecast: Forecast)] = []
    var total = Forecast()

    /// A table for people.
    func text(run: String, scope: String) -> String {
        func row(_ name: String, _ forecast: Forecast) -> [String] {
            [
                name, Figures.count(forecast.inserted), Figures.count(forecast.updated),
                Figures.count(forecast.closed), Figures.count(forecast.unchanged),
                forecast.changedSince.map(Figures.count) ?? "?",
            ]
        }
        let shown = partitions.prefix(CoordinationLimits.blastPartitionsMax)
        var rows = shown.map { row(String($0.number), $0.forecast) }
        if shown.count < partitions.count { rows.append(["…", "", "", "", "", ""]) }
        rows.append(row("total", total))
        let table = Table.render(
            columns: [
                .init("partition"), .init("insert", .right), .init("update", .right),
                .init("close", .right), .init("unchanged", .right),
                .init("changed since", .right),
            ],
            rows: rows)
        return "Run \(run) again, \(scope): rows of the target it would touch\n\(table)\n"
    }
}

extension RunCoordinator {
    /// The slices that this revision stages itself; of a first revision all.
    func ownSlices() throws -> [SliceRow] {
        try SliceLedger.slices(run: run, revision: revision, connection)
            .filter { $0.staging == tables.slice($0.slice) }
    }

    /// What is left to load: of a first revision everything.
    private func remainder() throws -> [RemainingPiece] {
        guard let partitions else { return [] }
        let done = try ProofLedger.ranges(
            run: run, revision: revision, phase: .load, connection)
        let slices = try SliceLedger.slices(run: run, revision: revision, connection)
        return Remainder.pieces(
            slices: slices.map { ($0.slice, $0.range) }, table: partitions, done: done)
    }

    /// Makes the load claims, in the barrier's transaction.
    func insertLoadClaims(_ connection: borrowing Connection) throws {
        guard revision > 1 else {
            return try ClaimLedger.insertForLoad(run: run, revision: revision, connection)
        }
        try RecutLedger.insertLoadClaims(
            try remainder(), run: run, revision: revision, connection)
    }

    /// Tells what is done again, and what of it nobody asked for.
    func noteRevision(_ scope: RerunScope, _ request: RerunRequest) {
        note(
            LogMessage(
                .revisionOpened,
                [
                    "run": run, "revision": String(revision), "scope": scope.text,
                    "from": request.beginning.rawValue, "reason": request.reason,
                ]))
        guard !scope.grown.isEmpty else { return }
        let grown = LogMessage(
            .revisionGrown,
            [
                "run": run, "scope": scope.text,
                "ranges": scope.grown.prefix(CoordinationLimits.grownRangesShown)
                    .map(\.description).joined(separator: ", "),
            ])
        note(grown)
        screen.announce(grown)
    }

    /// What this revision would do to the target, from what it has staged.
    private func blastRadius() throws -> BlastRadius {
        var before: [Int: String] = [:]
        // Rows that carry no state of their own do not tell what was written there.
        if definition.inputRevision != revision, plan.derivesState != true {
            for slice in try SliceLedger.slices(run: run, revision: revision - 1, connection)
            where try TargetCatalog.exists(slice.staging, connection) {
                // What a crash of the server emptied knows nothing.
                guard try TargetCatalog.count(slice.staging, connection) == slice.staged else {
                    continue
                }
                before[slice.slice] = slice.staging
            }
        }
        let values: [Parameter] = plan.values.map { .text($0) }
        var found: [Int: Forecast] = [:]
        var radius = BlastRadius()
        for piece in try remainder() {
            let statement = ApplyStatement(tables: tables, slice: piece.slice)
            let rows = try connection.query(
                statement.forecast(before: before[piece.slice]),
                [.text(piece.range.low.text), .text(piece.range.high?.text ?? topBound)] + values)
            let forecast = ApplyStatement.readForecast(rows)
            found[piece.partition, default: Forecast()] += forecast
            radius.total += forecast
            try breathe()
        }
        radius.partitions = (partitions?.partitions ?? []).compactMap { partition in
            found[partition.number].map { (partition.number, $0) }
        }
        return radius
    }

    /// Of a corrected input: what is loaded outside its keys is known by its new records.
    private func adoptLoaded() throws {
        guard definition.inputRevision == revision else { return }
        let loaded = try ProofLedger.ranges(
            run: run, revision: revision, phase: .load, connection)
        let adopted = try transact { connection in
            try RevisionLedger.adopt(run: run, revision: revision, connection)
        }
        guard adopted == loaded.count else {
            throw LedgerError.broken(
                "\(loaded.count - adopted) intervals outside the corrected keys hold other rows")
        }
    }

    /// Shows what a revision would change, and goes on only when that is agreed to.
    func agree() throws {
        guard let row = try RevisionLedger.get(run: run, revision: revision, connection) else {
            return
        }
        try adoptLoaded()
        let radius = try blastRadius()
        let total = radius.total
        note(
            LogMessage(
                .blastRadius,
                [
                    "run": run, "revision": String(revision), "inserted": String(total.inserted),
                    "updated": String(total.updated), "closed": String(total.closed),
                    "unchanged": String(total.unchanged),
                    "changed": total.changedSince.map { String($0) } ?? "an unknown number",
                ]))
        let onBreath = fleet.onBreath
        fleet.onBreath = nil
        defer { fleet.onBreath = onBreath }
        let consent = row.isApproved ? Consent.given : consent ?? .impossible
        guard
            try consent.agrees(
                to: radius.text(run: run, scope: row.scope), breathe: { try breathe() })
        else {
            throw RunStop(.empty, LogMessage(.rerunDeclined, ["run": run]))
        }
        try Failpoint.beforeApproval.pass()
        guard !row.isApproved else { return }
        try transact { connection in
            try RevisionLedger.approve(run: run, revision: revision, connection)
        }
    }

    /// Whether nothing of this revision is loaded, so that it can go as if it had never been.
    var isWithdrawable: Bool { revision > 1 && (phase == .split || phase == .validate) }

    /// Takes this revision back out of the ledger: the run is what it was before.
    func withdraw() throws {
        let own = try ownSlices().map(\.staging)
        try transact { connection in
            try RevisionLedger.withdraw(run: run, revision: revision, connection)
            try Preparation.audit(
                "withdraw revision \(revision)", run: run, version: binaryVersion, hash: nil,
                reason: "it loaded nothing", connection)
        }
        try StagingCleanup.drop(tables: own + [tables.parent], connection)
        try Files.removeDirectory(definition.spoolDirectory(of: run))
        if definition.inputRevision == revision { Files.remove(input.archivedPath) }
        note(LogMessage(.revisionWithdrawn, ["run": run, "revision": String(revision)]))
    }

    /// Staging of earlier revisions that this one has staged anew.
    func dropReplacedStaging() throws {
        let current = Set(
            try SliceLedger.slices(run: run, revision: revision, connection).map(\.staging))
        let parents = Set(
            (1...revision).map { RunTables(number: number, revision: $0, plan: plan).parent })
        let old = try TargetCatalog.stagingTables(ofRun: number, connection)
            .filter { !current.contains($0) && !parents.contains($0) }
        try StagingCleanup.drop(tables: old, connection)
    }
}
