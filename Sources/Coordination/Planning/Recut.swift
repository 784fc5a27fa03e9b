// Re-cut: an unfinished run goes on under the partition table, workers and commit interval that its
// settings file has now. What is done stays done; only the rest is planned again.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
package import Settings

/// What the settings file says when a run is resumed.
package struct EditedSettings: Sendable {
    /// By name.
    package var jobs: [String: Job]
    /// Of the whole file, as a run's is.
    package var hash: String

    /// Memberwise.
    package init(jobs: [String: Job], hash: String) {
        self.jobs = jobs
        self.hash = hash
    }
}

extension Job {
    /// Another state of the same job with what of this one may be changed in mid-run.
    func edited(in stored: Job) -> Job {
        var job = stored
        job.partitions = partitions
        job.workers = workers
        job.commitInterval = commitInterval
        job.deadline = deadline
        job.onPartitionFailure = onPartitionFailure
        return job
    }
}

/// A change of a run's definition that is not in the ledger yet.
struct PendingRecut {
    /// What the run goes by until now.
    var before: RunDefinition
    var after: RunDefinition
    var hashBefore: String
    var hashAfter: String
    /// The command as typed, for the audit.
    var command: String

    /// What the settings file changes in a run; nil: it is as it was when the run began, or has
    /// no such job.
    static func read(
        _ edited: EditedSettings, _ row: RunRow, command: String,
        _ connection: borrowing Connection
    ) throws -> PendingRecut? {
        let known = try RecutLedger.settingsHash(of: row.run, connection)
        // Flags that the run was begun with are in no file: an unchanged file changes nothing.
        guard known != edited.hash, let job = edited.jobs[row.job] else { return nil }
        let before = try JSONDecoder().decode(RunDefinition.self, from: Data(row.definition.utf8))
        var after = before
        after.job = job.edited(in: before.job)
        try checkSpan(of: job.partitions, row, connection)
        return PendingRecut(
            before: before, after: after, hashBefore: known, hashAfter: edited.hash,
            command: command)
    }

    /// Throws 16 when a table leaves out keys that were judged, or takes in others.
    private static func checkSpan(
        of rule: PartitionRule, _ row: RunRow, _ connection: borrowing Connection
    ) throws {
        guard row.phase == .validate || row.phase == .load else { return }
        let span = try SliceLedger.partitions(
            run: row.run, revision: row.revision, connection
        ).span
        var wanted = KeyRange.all
        if case .explicit(let table) = rule { wanted = table.span }
        guard wanted == span else {
            throw RunStop(
                .configuration,
                LogMessage(
                    .recutRefused,
                    ["run": row.run, "before": span.description, "after": wanted.description]),
                isResumable: true)
        }
    }

    /// For the run log: every setting with its old and new value.
    var changes: String {
        func text(_ rule: PartitionRule) -> String {
            switch rule {
            case .explicit(let table): "\(table.partitions.count) ranges"
            case .count(let count): "auto \(count)"
            case .rowsPerPartition(let rows): "auto with \(rows) rows each"
            }
        }
        var list: [String] = []
        func compare(_ name: String, _ old: String, _ new: String) {
            if old != new { list.append("\(name) \(old) → \(new)") }
        }
        let (old, new) = (before.job, after.job)
        if old.partitions != new.partitions {
            list.append("partitions \(text(old.partitions)) → \(text(new.partitions))")
        }
        compare("workers", String(old.workers), String(new.workers))
        compare("commit_interval", String(old.commitInterval), String(new.commitInterval))
        compare("deadline", old.deadline?.text ?? "none", new.deadline?.text ?? "none")
        compare(
            "on_partition_failure", old.onPartitionFailure.rawValue,
            new.onPartitionFailure.rawValue)
        return list.isEmpty ? "nothing this run goes by" : list.joined(separator: ", ")
    }
}

extension RunCoordinator {
    /// Puts the run under its changed definition.
    func recut(_ pending: PendingRecut) throws {
        var plan: RecutPlan?
        if let table = try tableToCut(pending) {
            try fenceClaims()
            plan = try recutPlan(table)
        }
        let definition = try JSONText.compact(pending.after)
        try transact { connection in
            if let plan { try write(plan, connection) }
            try RecutLedger.store(
                definition: definition, settingsHash: pending.hashAfter, run: run, connection)
            try Preparation.audit(
                pending.command, run: run, version: binaryVersion, hash: pending.hashAfter,
                before: pending.hashBefore, reason: pending.changes, connection)
            try Failpoint.beforeRecutCommit.pass()
        }
        note(LogMessage(.settingsChanged, ["run": run, "changes": pending.changes]))
        guard let plan else { return }
        partitions = plan.table
        note(
            LogMessage(
                .planChanged,
                [
                    "done": String(plan.done.count),
                    "slices": String(Set(plan.pieces.map(\.slice)).count),
                ]))
        for boundary in plan.moved {
            note(
                LogMessage(
                    .boundaryMoved,
                    ["run": run, "from": boundary.from.text, "to": boundary.to?.text ?? "+∞"]))
        }
    }

    /// The table to go on under; nil: nothing that is cut already changes.
    private func tableToCut(_ pending: PendingRecut) throws -> PartitionTable? {
        // Before the split there is nothing to cut; after the load nothing is left to.
        guard let partitions, phase == .validate || phase == .load,
            pending.before.job.partitions != pending.after.job.partitions
        else { return nil }
        let splitter = try Splitter(
            definition: pending.after, path: input.archivedPath, shownPath: input.path,
            bytes: input.bytes, spool: definition.spoolDirectory(of: run)
        ) { _, _ in try self.breathe() }
        let table = try splitter.plannedTable()
        return table == partitions ? nil : table
    }

    /// From here on nobody writes under the table before: a worker of another machine may have
    /// been told of a claim by the coordinator before, and take it only now.
    private func fenceClaims() throws {
        try transact { connection in
            try RecutLedger.fenceUntaken(run: run, revision: revision, connection)
        }
        for claim in try ClaimLedger.taken(run: run, revision: revision, connection) {
            _ = try takeBack(claim)
        }
    }

    /// Everything a re-cut writes, read and proved before.
    private struct RecutPlan {
        var table: PartitionTable
        var moved: [(from: Key, to: Key?)]
        var done: [KeyRange]
        var pieces: [RemainingPiece]
        /// Validated slices, whose records have their places.
        var slices: [SliceRow]
        var chunks: [(slice: Int, chunk: ChunkPromise, pieces: [ChunkPromise])] = []
        /// Partitions of listed rejects, per slice.
        var rejects: [Int: [RejectPlace: Int]] = [:]
    }

    private func recutPlan(_ wanted: PartitionTable) throws -> RecutPlan {
        let done = try ProofLedger.ranges(
            run: run, revision: revision, phase: .load, connection)
        let settled = try Remainder.settled(wanted, done: done)
        let slices = try SliceLedger.slices(run: run, revision: revision, connection)
        var plan = RecutPlan(
            table: settled.table, moved: settled.moved, done: done,
            pieces: Remainder.pieces(
                slices: slices.map { ($0.slice, $0.range) }, table: settled.table, done: done),
            slices: [])
        for slice in slices where slice.staged != nil {
            let chunks = try SliceLedger.chunks(
                slice: slice.slice, within: slice.range, run: run, revision: revision, connection)
            // Over the reject budget nothing was staged, and nothing will be loaded.
            guard chunks.reduce(0, { $0 + $1.rows }) == slice.staged else { continue }
            guard let cut = try cut(chunks, of: slice, at: settled.table) else { continue }
            plan.chunks += cut.map { (slice.slice, $0.chunk, $0.pieces) }
            plan.rejects[slice.slice] = try rejectPlaces(in: slice, settled.table)
            plan.slices.append(slice)
            try breathe()
        }
        return plan
    }

    /// Chunks that a boundary cuts, with their pieces; nil: the slice's staging is gone.
    ///
    /// The pieces are counted in staging and must add up to what validation promised of the whole,
    /// so that they promise no less. A slice whose staging is gone is staged again on the way, and
    /// gets its chunks from the new table then.
    private func cut(
        _ chunks: [ChunkPromise], of slice: SliceRow, at table: PartitionTable
    ) throws -> [(chunk: ChunkPromise, pieces: [ChunkPromise])]? {
        let boundaries =
            table.partitions.map(\.range.low) + (table.span.high.map { [$0] } ?? [])
        let recount = ApplyStatement(tables: tables, slice: slice.slice).recount
        var found: [(chunk: ChunkPromise, pieces: [ChunkPromise])] = []
        for chunk in chunks {
            let range = KeyRange(low: Key(chunk.low), high: chunk.high.map { Key($0) })
            let inside = boundaries.filter { $0 > range.low && range.contains($0) }
            guard !inside.isEmpty else { continue }
            var pieces: [ChunkPromise] = []
            for piece in SlicePlan.ranges(cutAt: inside).compactMap(range.intersection) {
                let rows = try connection.query(
                    recount, [.text(piece.low.text), .text(piece.high?.text ?? topBound)])
                pieces.append(
                    ChunkPromise(
                        low: piece.low.text, high: piece.high?.text, rows: rows.int(0, 0) ?? 0,
                        digest: UInt64(bitPattern: rows.int(0, 1) ?? 0), depth: chunk.depth))
            }
            guard pieces.reduce(0, { $0 + $1.rows }) == chunk.rows,
                pieces.reduce(0, { $0 ^ $1.digest }) == chunk.digest
            else { return nil }
            found.append((chunk, pieces))
        }
        return found
    }

    /// The partitions of a slice's listed rejects.
    ///
    /// Their keys are masked in the ledger: where more than one partition is possible, the spool
    /// tells.
    private func rejectPlaces(
        in slice: SliceRow, _ table: PartitionTable
    ) throws -> [RejectPlace: Int] {
        let rejects = try RecutLedger.rejects(
            slice: slice.slice, run: run, revision: revision, connection)
        let possible = table.partitions.filter { $0.range.intersection(slice.range) != nil }
        guard let first = possible.first, !rejects.isEmpty else { return [:] }
        guard possible.count > 1 else {
            return Dictionary(uniqueKeysWithValues: rejects.map { ($0, first.number) })
        }
        let splitter = try Splitter(
            definition: definition, path: input.archivedPath, shownPath: input.path,
            bytes: input.bytes, spool: definition.spoolDirectory(of: run)
        ) { _, _ in try self.breathe() }
        if !Files.exists("\(definition.spoolDirectory(of: run))/\(slice.file)") { try spoolAgain() }
        let keys = try splitter.keys(
            ofRecords: Set(rejects.map { UInt64($0.record) }), inSlice: slice.file)
        var places: [RejectPlace: Int] = [:]
        for reject in rejects {
            places[reject] =
                keys[UInt64(reject.record)].flatMap { table.partition(of: $0) }?.number
                ?? first.number
        }
        return places
    }

    /// The transaction's part that follows from the table.
    private func write(_ plan: RecutPlan, _ connection: borrowing Connection) throws {
        let before = Dictionary(
            grouping: try RecutLedger.shares(run: run, revision: revision, connection), by: \.slice)
        try RecutLedger.replace(plan.table, run: run, revision: revision, connection)
        for (slice, chunk, pieces) in plan.chunks {
            try RecutLedger.replace(
                chunk: chunk, by: pieces, slice: slice, run: run, revision: revision, connection)
        }
        let staged = Dictionary(
            grouping: try RecutLedger.staged(run: run, revision: revision, connection),
            by: \.slice)
        for slice in plan.slices {
            let places = plan.rejects[slice.slice] ?? [:]
            var shares: [Int: (records: Int64, rejected: Int64, absent: Int64)] = [:]
            for part in staged[slice.slice] ?? [] {
                shares[part.partition] = (part.rows - part.absent, 0, part.absent)
            }
            func reject(_ count: Int64, in partition: Int) {
                guard count > 0 else { return }
                shares[partition, default: (0, 0, 0)].records += count
                shares[partition, default: (0, 0, 0)].rejected += count
            }
            var unplaced: Int64 = 0
            for share in before[slice.slice] ?? [] {
                if share.partition == 0 {
                    reject(share.rejected, in: 0)
                } else {
                    unplaced += share.rejected
                }
            }
            for (place, partition) in places where !place.late {
                reject(1, in: partition)
                unplaced -= 1
            }
            // Rejects beyond `max_reported` have no place of their own.
            let first = plan.table.partitions.first {
                $0.range.intersection(slice.range) != nil
            }
            reject(unplaced, in: first?.number ?? 0)
            try RecutLedger.replace(
                shares: shares, slice: slice.slice, run: run, revision: revision, connection)
            try RecutLedger.place(
                rejects: places.map { ($0.key.record, $0.value) }, slice: slice.slice, run: run,
                revision: revision, connection)
        }
        try RecutLedger.placeConflicts(run: run, revision: revision, connection)
        guard phase == .load else { return }
        try RecutLedger.releaseLoadClaims(run: run, revision: revision, connection)
        try RecutLedger.insertLoadClaims(plan.pieces, run: run, revision: revision, connection)
    }
}

extension Splitter {
    /// The keys of some records of a spool slice; those whose key is unreadable are left out.
    func keys(ofRecords numbers: Set<UInt64>, inSlice file: String) throws -> [UInt64: Key] {
        var reader = CSVKeyReader(contract: definition.contract, checker: checker)
        var keys: [UInt64: Key] = [:]
        var image: [UInt8] = []
        try forEachRecord("\(spool)/\(file)") { place, block in
            guard numbers.contains(place.number) else { return }
            image.removeAll(keepingCapacity: true)
            let record = block.extracting(place.at..<place.next)
            let isReadable =
                reader?.appendKeyImage(record, to: &image)
                ?? checker.appendKeyImage(record, to: &image)
            if isReadable { keys[place.number] = Key(String(decoding: image, as: UTF8.self)) }
        }
        return keys
    }
}
