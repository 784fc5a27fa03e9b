// Phase split: the input becomes slices, and the plan is committed with them.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings

extension RunCoordinator {
    /// Splits the archived input and commits partitions, slices and envelope together.
    func split() throws {
        try begin(.split)
        let splitter = try Splitter(
            definition: definition, path: input.archivedPath, shownPath: input.path,
            bytes: input.bytes, spool: definition.spoolDirectory(of: run)
        ) { done, total in
            self.recordsSettled = done
            self.fleet.recordsTotal = max(total, self.fleet.recordsTotal)
            try self.breathe()
        }
        let hash = try HashBeside(of: input.archivedPath)
        let result = try splitter.split()
        try checkArchive(try hash.value())
        let facts = result.envelope
        note(
            LogMessage(
                .inputFramed,
                [
                    "input": input.path, "records": String(facts.records),
                    "recordBytes": String(result.layout.recordBytes),
                    "framing": result.layout.framing.rawValue,
                    "groups": String(facts.groups.count),
                ]))
        try Failpoint.spoolWrittenBeforeCommit.pass()
        try commit(result)
        try Failpoint.splitCommitted.pass()
        envelope = facts
        layout = result.layout
        breaksPromises = brokenPromises(result)
        partitions = result.partitions
        note(
            LogMessage(
                .splitFinished,
                [
                    "records": String(facts.dataRecords), "slices": String(result.slices.count),
                    "bytes": String(result.slices.reduce(0) { $0 + $1.bytes }),
                ]))
        note(
            LogMessage(
                .planMade,
                [
                    "partitions": String(result.partitions.partitions.count),
                    "slices": String(result.slices.count),
                    "interval": String(definition.job.commitInterval),
                ]))
        try finish(.split, records: facts.dataRecords)
        phase = .validate
    }

    /// Whether it is known already that the judgement at the barrier will be 9.
    ///
    /// Then there is nothing to stage, but every record is still checked, so that the sender gets
    /// the whole list of what the contract's rules find. What only the target can judge is left out, as
    /// over the reject budget (PROTOCOL 33).
    private func brokenPromises(_ result: SplitResult) -> Bool {
        guard let totals = result.totals else { return false }
        let checked = CheckedTotal.all(
            contract: definition.contract, envelope: result.envelope, found: totals,
            strideBytes: UInt64(result.layout.strideBytes))
        return !result.envelope.identityFaults.isEmpty || !checked.allSatisfy(\.holds)
    }

    /// Throws 11 when the archived input is not what was hashed at arrival.
    private func checkArchive(_ hash: String) throws {
        guard hash != input.hash else { return }
        throw RunStop(
            .input,
            LogMessage(
                .inputChanged,
                ["input": input.path, "reason": "its content is not what was hashed"]))
    }

    /// Spools the archived input again, because a slice is missing or torn: the same slices,
    /// which must come out as the ledger has them (PROTOCOL 5).
    func spoolAgain(because reason: String? = nil) throws {
        note(
            LogMessage(
                .spoolAgain, ["run": run, "reason": reason ?? lastFailure?.reason ?? "?"]))
        try checkArchive(try Files.sha256(input.archivedPath, breathe: breathe))
        let splitter = try Splitter(
            definition: definition, path: input.archivedPath, shownPath: input.path,
            bytes: input.bytes, spool: definition.spoolDirectory(of: run)
        ) { _, _ in try self.breathe() }
        let slices = try SliceLedger.slices(run: run, revision: revision, connection)
        let written = try splitter.spoolAgain(
            ranges: slices.map(\.range), files: slices.map(\.file))
        for (slice, again) in zip(slices, written) {
            guard slice.checksum == again.checksum, slice.records == again.records else {
                throw LedgerError.broken(
                    "slice \(slice.slice) was spooled again and is not what it was")
            }
        }
    }

    private func commit(_ result: SplitResult) throws {
        let text = try JSONText.compact(
            StoredEnvelope(layout: result.layout, summary: result.envelope))
        try transact { connection in
            try SliceLedger.insert(
                partitions: result.partitions, run: run, revision: revision, connection)
            for (number, slice) in result.slices.enumerated() {
                try SliceLedger.insert(
                    SliceRow(
                        slice: number, range: slice.range, file: slice.file,
                        records: slice.records, bytes: slice.bytes, checksum: slice.checksum,
                        staging: tables.slice(number)),
                    run: run, revision: revision, connection)
            }
            try RunLedger.splitDone(run: run, envelope: text, connection)
        }
    }

    /// Makes the staging tables that are missing, in batches (PROTOCOL 6).
    func createStaging() throws {
        let slices = try ownSlices()
        let isLogged = definition.job.conflicts == .skip
        var rest = slices[...]
        while !rest.isEmpty {
            let batch = rest.prefix(CoordinationLimits.tablesPerTransaction)
            rest = rest.dropFirst(batch.count)
            try transact { connection in
                for slice in batch {
                    guard try !TargetCatalog.exists(slice.staging, connection) else {
                        if try !StagingLedger.hasDefaults(slice.staging, connection) {
                            try connection.execute(tables.keepDefaults(ofSlice: slice.slice))
                        }
                        continue
                    }
                    try connection.execute(
                        tables.createSlice(slice.slice, range: slice.range, logged: isLogged))
                }
            }
            try breathe()
        }
    }

    /// Drops what the run staged, in batches.
    func dropStaging() throws {
        try StagingCleanup.drop(number: number, connection)
    }
}

/// Drops staging tables of a run.
enum StagingCleanup {
    static func drop(number: Int64, _ connection: borrowing Connection) throws {
        try drop(tables: try TargetCatalog.stagingTables(ofRun: number, connection), connection)
        try AbsentLedger.forget(number: number, connection)
    }

    /// Drops tables by their quoted names, in batches.
    static func drop(tables: [String], _ connection: borrowing Connection) throws {
        var rest = tables[...]
        while !rest.isEmpty {
            let batch = rest.prefix(CoordinationLimits.tablesPerTransaction)
            rest = rest.dropFirst(batch.count)
            try connection.execute("DROP TABLE IF EXISTS \(batch.joined(separator: ", "))")
        }
    }
}
