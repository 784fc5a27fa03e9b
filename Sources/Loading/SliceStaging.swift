// Validation with the database: what the target holds is seen, valid records are staged, and
// everything found is committed with them (PROTOCOL 6–8, 19).

import Ledger
import Messaging
import Plan
import Postgres
import Records

#if MUTANTS
    import Mutants
#endif

/// Stages one checked slice.
struct SliceStaging {
    let rules: SliceRules
    let tables: RunTables
    let isUpsert: Bool
    /// Over the reject budget: count and report, but leave database and target alone.
    var budgetExceeded: Bool
    /// Rejects the run may have; beyond it nothing is staged any more.
    let maxRejects: Int
    let link: CoordinatorLink
    /// The run and slice that the rules were applied for; nil: they were applied now.
    let proof: SliceProof?
    /// What was said of the slice's records before.
    private var verdicts = EarlierVerdicts()

    /// Memberwise, but for what staging finds out itself.
    init(
        rules: SliceRules, tables: RunTables, isUpsert: Bool, budgetExceeded: Bool,
        maxRejects: Int, link: CoordinatorLink, proof: SliceProof?
    ) {
        self.rules = rules
        self.tables = tables
        self.isUpsert = isUpsert
        self.budgetExceeded = budgetExceeded
        self.maxRejects = maxRejects
        self.link = link
        self.proof = proof
    }

    /// Sees, stages and commits; the findings are those of the slice, complete.
    mutating func stage(
        _ slice: inout CheckedSlice, row: SliceRow, claim: TakenClaim, worker: String,
        startedAt: String, _ connection: borrowing Connection
    ) throws {
        var seen = [Seen?](repeating: nil, count: slice.entries.count)
        if !budgetExceeded {
            seen = try TargetReader(rules: rules, plan: tables.plan).see(slice, connection)
            verdicts = try EarlierVerdicts(slice, row: row, claim: claim, connection)
            rejectAgain(&slice)
            if !isUpsert { rejectUnknown(&slice, &seen) }
        }
        for _ in 0...LoadingLimits.constraintRejectsMax {
            let valid = slice.entries.indices.filter { slice.entries[$0].isValid }
            do {
                try commit(
                    slice, valid, seen, row: row, claim: claim, worker: worker,
                    startedAt: startedAt, connection)
                return
            } catch let dangling as Dangling {
                for index in valid where dangling.records.contains(slice.entries[index].number) {
                    rejectStaged(&slice, index, rule: .targetConstraint)
                }
                if slice.findings.rejected > Int64(maxRejects) { budgetExceeded = true }
            } catch let error as PostgresError where error.kind == .data {
                try rejectRefused(&slice, valid, by: error)
                if slice.findings.rejected > Int64(maxRejects) { budgetExceeded = true }
            }
        }
        throw LoadingError.targetRefuses(
            slice: row.slice, records: LoadingLimits.constraintRejectsMax)
    }

    /// Mode `update`: a record without a row is a reject.
    ///
    /// A record that was judged before keeps its verdict: staging must give the same again, so a
    /// row that vanished or appeared since is left to the load, as a conflict.
    private func rejectUnknown(_ slice: inout CheckedSlice, _ seen: inout [Seen?]) {
        for index in slice.entries.indices where slice.entries[index].isValid {
            let entry = slice.entries[index]
            let isKnown = verdicts.hold(for: slice, entry)
            if isKnown
                ? verdicts.rules[entry.number] == RuleID.keyUnknown.rawValue : seen[index] == nil
            {
                rejectStaged(&slice, index, rule: .keyUnknown)
            } else if seen[index] == nil {
                seen[index] = Seen(lockAt: nil, rowVersion: 0, count: nil)
            }
        }
    }

    /// Records among loaded keys that the target's constraints refused stay refused.
    private func rejectAgain(_ slice: inout CheckedSlice) {
        guard !verdicts.rules.isEmpty else { return }
        for index in slice.entries.indices where slice.entries[index].isValid {
            guard verdicts.refused(slice, slice.entries[index]) else { continue }
            rejectStaged(&slice, index, rule: .targetConstraint)
        }
    }

    /// A rule that only the database could judge: the record leaves the staged ones.
    private func rejectStaged(_ slice: inout CheckedSlice, _ index: Int, rule: RuleID) {
        let entry = slice.entries[index]
        slice.entries[index].isValid = false
        let partition = rules.partitions.partition(of: slice.key(of: entry))?.number
        let violation = Violation(
            fieldIndex: rules.partitionKeyField, rule: rule,
            byteInRecord: rules.keyByte(entry, slice))
        rules.reject(entry, violation, key: nil, partition: partition, in: &slice)
        slice.findings.shares[partition ?? 0, default: (0, 0)].rejected += 1
    }

    /// COPY tells the row a constraint refused: "COPY r1_s0, line 17".
    private func rejectRefused(
        _ slice: inout CheckedSlice, _ valid: [Int], by error: PostgresError
    ) throws {
        guard let context = error.context, let place = context.firstRange(of: ", line ") else {
            throw error
        }
        let digits = context[place.upperBound...].prefix { $0.isNumber }
        guard let line = Int(digits), line >= 1, line <= valid.count else { throw error }
        rejectStaged(&slice, valid[line - 1], rule: .targetConstraint)
    }

    /// Cuts the staged rows into chunks and adds up what is staged.
    private func promise(
        _ findings: inout SliceFindings, _ slice: CheckedSlice, _ valid: [Int],
        _ order: RowOrder, sums: [Int64], _ absent: AbsentRows, row: SliceRow,
        claim: TakenClaim, _ connection: borrowing Connection
    ) throws {
        var absent = absent
        var plan = ChunkPlan(
            range: row.range, partitions: rules.partitions,
            loaded: try ProofLedger.loaded(
                slice: row.slice, run: claim.run, revision: claim.revision, connection),
            commitInterval: rules.commitInterval)
        var digest: UInt64 = 0
        var lastAbsent: Key?
        // Rows to be closed come before the records of their key: no record is for such a row.
        func addAbsent(upTo limit: Key?) throws {
            while let lost = try absent.next(
                upTo: limit, slice: row.slice, claim: claim, connection)
            {
                let key = Key(lost.key)
                plan.add(
                    isNewKey: key != lastAbsent, digest: lost.digest, depth: 1,
                    reaches: { key >= $0 }
                ) { key }
                lastAbsent = key
                digest ^= lost.digest
                let partition = rules.partitions.partition(of: key)?.number ?? 0
                findings.absent[partition, default: 0] += 1
            }
        }
        findings.absent = [:]
        findings.open = absent.open
        for position in valid.indices {
            let entry = slice.entries[valid[position]]
            var isNewKey =
                position == 0
                || SliceRules.differ(slice.entries[valid[position - 1]], entry, slice.keys)
            if isNewKey, absent.count > 0 {
                let key = slice.key(of: entry)
                try addAbsent(upTo: key)
                isNewKey = key != lastAbsent
            }
            digest ^= entry.digest
            plan.add(
                isNewKey: isNewKey, digest: entry.digest,
                depth: Int(order.sequences[position]) + 1,
                reaches: { slice.reaches($0, entry) }
            ) { slice.key(of: entry) }
        }
        try addAbsent(upTo: nil)
        findings.chunks = budgetExceeded ? [] : plan.finish()
        findings.digest = digest
        findings.sums = sums
        findings.staged = Int64(valid.count) + absent.count
    }

    /// Staged records whose foreign keys refer to nothing: they are rejects, all at once.
    private struct Dangling: Error {
        var records: Set<Int64>
    }

    private func checkReferences(
        _ slice: CheckedSlice, _ valid: [Int], number: Int, _ connection: borrowing Connection
    ) throws {
        guard let question = ApplyStatement(tables: tables, slice: number).dangling else { return }
        let rows = try connection.query(question)
        guard rows.count > 0 else { return }
        var records = Set((0..<rows.count).compactMap { rows.int($0, 0) })
        // What is loaded stays as it was judged, whatever became of its reference since.
        for index in valid where records.contains(slice.entries[index].number) {
            guard verdicts.areSettled(slice.key(of: slice.entries[index])) else { continue }
            records.remove(slice.entries[index].number)
        }
        guard !records.isEmpty else { return }
        throw Dangling(records: records)
    }

    /// One transaction: staging, chunks, totals, rejects, interval, claim.
    private func commit(
        _ slice: CheckedSlice, _ valid: [Int], _ seen: [Seen?], row: SliceRow,
        claim: TakenClaim, worker: String, startedAt: String, _ connection: borrowing Connection
    ) throws {
        try connection.transaction { connection in
            try ClaimLedger.finish(claim.id, epoch: claim.epoch, connection)
            let order = RowOrder(valid, slice, rules)
            var findings = slice.findings
            var absent = AbsentRows.none
            var sums = [Int64](repeating: 0, count: rules.sumFields.count)
            if budgetExceeded {
                addInFileOrder(slice, valid, to: &sums)
            } else {
                try copy(
                    slice, valid, order, seen, to: row.staging, sums: &sums, connection)
                try checkReferences(slice, valid, number: row.slice, connection)
                absent = try AbsentRows(
                    staging: slice, row: row, claim: claim, tables: tables, connection)
            }
            try promise(
                &findings, slice, valid, order, sums: sums, absent, row: row, claim: claim,
                connection)
            try ProofLedger.deleteValidation(
                slice: claim.slice, run: claim.run, revision: claim.revision, connection)
            try SliceLedger.write(
                findings, of: claim.slice, run: claim.run, revision: claim.revision,
                connection)
            if let proof, proof.run != claim.run {
                try ProofCacheLedger.note(
                    proof, of: claim.slice, run: claim.run, revision: claim.revision, connection)
            }
            var counts = IntervalCounts()
            counts.staged = findings.staged
            counts.rejected = findings.rejected
            counts.sums = findings.sums
            counts.digest = findings.digest
            try ProofLedger.insert(
                counts, claim: claim, chunkNumber: 0, low: claim.range.low.text,
                high: claim.range.high?.text, worker: worker, startedAt: startedAt, connection)
            try SliceLedger.markDoneAgain(
                slice: claim.slice, staging: row.staging, run: claim.run,
                revision: claim.revision, connection)
            try Failpoint.afterCopyBeforeCommit.pass()
        }
        if !budgetExceeded { try StagedStatistics.gather(row.staging, connection) }
    }

    /// Adds what a record is worth to the sums that are proved.
    private func add(_ record: Span<UInt8>, to sums: inout [Int64]) {
        for index in sums.indices {
            sums[index] += rules.checker.integer(rules.sumFields[index], record) ?? 0
        }
    }

    /// Adds up the sums of records that are not staged: as they stand in the file, because in key
    /// order every record is a miss of the cache.
    private func addInFileOrder(_ slice: CheckedSlice, _ valid: [Int], to sums: inout [Int64]) {
        let bytes = slice.bytes.span
        // Records are at least a header apart, so each has a cell of its own.
        let cellBytes = SpoolRecord.headerBytes
        var isValid = [Bool](repeating: false, count: bytes.count / cellBytes + 1)
        for index in valid { isValid[Int(slice.entries[index].at) / cellBytes] = true }
        var offset = 0
        while let place = SpoolRecord.read(bytes, at: offset) {
            offset = place.next
            guard isValid[place.at / cellBytes] else { continue }
            add(bytes.extracting(place.at..<place.next), to: &sums)
        }
    }

    /// Sends the rows, and adds up their sums: in key order every record is a miss of the cache, and
    /// is looked at once.
    private func copy(
        _ slice: CheckedSlice, _ valid: [Int], _ order: RowOrder, _ seen: [Seen?],
        to staging: String, sums: inout [Int64], _ connection: borrowing Connection
    ) throws {
        try connection.execute("TRUNCATE ONLY \(staging)")
        var encoder = try RowEncoder(
            plan: tables.plan, rules: rules, withPlaces: order.hasSeveral)
        let columns = tables.copyColumns(withPlaces: order.hasSeveral)
        let statement = "COPY \(staging) (\(columns)) FROM STDIN (FORMAT binary, FREEZE)"
        let copied = try connection.copyIn(statement) { writer in
            var block = RowEncoder.fileHeader
            block.reserveCapacity(LoadingLimits.copyBlockBytes + 4_096)
            for position in valid.indices {
                let entry = slice.entries[valid[position]]
                let record = slice.bytes.span.extracting(entry.place)
                encoder.append(
                    entry, record: record, keys: slice.keys,
                    sequence: Int(order.sequences[position]),
                    isLast: order.areLast[position], seen: seen[valid[position]], to: &block)
                add(record, to: &sums)
                guard block.count >= LoadingLimits.copyBlockBytes else { continue }
                try writer.write(block)
                link.progress.bytesSent += UInt64(block.count)
                link.progress.recordsDone = UInt64(position)
                block.removeAll(keepingCapacity: true)
                try link.breathe()
                if link.isDraining { throw LoadingError.draining }
            }
            block.append(contentsOf: RowEncoder.fileTrailer)
            try writer.write(block)
        }
        #if MUTANTS
            if Mutant.copyCount.isOn { return }
        #endif
        guard copied == valid.count else {
            throw LedgerError.broken("COPY took \(copied) rows of \(valid.count) sent")
        }
    }
}
