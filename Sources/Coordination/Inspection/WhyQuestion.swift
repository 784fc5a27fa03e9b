// How `kugiri why` finds its answer: from staging while it is there, then from the archived input,
// the ledger and before-images. Nothing is written; what nobody can tell any more is said.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Plan
package import Postgres
import Records
import Settings

/// A question about one key of a run.
package struct WhyQuestion {
    private let run: InspectedRun
    private let image: String
    private let masking: ValueMasking
    private let tables: RunTables
    private var answer: WhyAnswer

    /// - Parameters:
    ///   - key: As the file has it, padded or not.
    ///   - unmask: Shows personal values.
    /// - Throws: ``WhyRefusal`` when the text cannot be a key of the run.
    package init(_ run: InspectedRun, key: String, unmask: Bool) throws {
        self.run = run
        image = try KeyText.image(of: key, run.definition.contract)
        masking = ValueMasking(run.definition, unmask: unmask)
        tables = RunTables(
            number: run.row.number, revision: run.row.revision,
            plan: try JSONDecoder().decode(TargetPlan.self, from: Data(run.row.plan.utf8)))
        guard let partitions = run.partitions else {
            throw WhyRefusal("run \(run.row.run) is not split yet: nothing is known of its records")
        }
        let place = partitions.partition(of: Key(image))
        answer = WhyAnswer(
            runID: run.row.run, state: run.row.state, phase: run.row.phase.rawValue,
            key: masking.key(image), isFound: false, file: run.row.inputPath, source: "ledger",
            partition: place.map {
                .init(number: $0.number, low: $0.range.low.text, high: $0.range.high?.text)
            })
    }

    /// Finds the answer.
    package mutating func ask(_ connection: borrowing Connection) throws -> WhyAnswer {
        let (name, revision) = (run.row.run, run.row.revision)
        answer.slice = try WhyLedger.slice(of: image, run: name, revision: revision, connection)
        let work = try WhyLedger.work(on: image, run: name, revision: revision, connection)
        answer.work = work.map { WhyAnswer.Work($0) }
        if let chunk = try WhyLedger.chunk(of: image, run: name, revision: revision, connection) {
            answer.chunk = .init(
                low: masking.key(chunk.range.low.text),
                high: chunk.range.high.map { masking.key($0.text) }, rows: chunk.rows)
        }
        let staged = try stagedRecords(connection)
        let conflicts = try InspectLedger.conflicts(
            run: name, revision: revision, key: image, limit: CoordinationLimits.whyRecordsMax,
            connection)
        answer.conflicts = conflicts.map { .init($0, key: masking.key($0.key)) }
        if let archive = try ArchiveRecords.open(run) {
            let found = try records(staged, archive, connection)
            let absent = (staged ?? []).map(\.record).filter { $0 < 0 }
            answer.isFound = !found.isEmpty || !absent.isEmpty
            try judge(
                absent + found.map(\.number), staged ?? [], conflicts, work,
                archived: try read(found, archive), connection)
        } else {
            gone(
                "the record's fields and byte offset",
                "the archived input \(run.definition.archivedInput(of: name)) is not there")
            let numbers = Set((staged ?? []).map(\.record) + conflicts.map(\.record)).sorted()
            answer.isFound = !numbers.isEmpty
            if numbers.isEmpty {
                gone(
                    "whether the input has a record of this key",
                    "neither staging nor the archived input is there to look at")
            }
            try judge(numbers, staged ?? [], conflicts, work, archived: [:], connection)
        }
        return answer
    }

    private mutating func gone(_ fact: String, _ reason: String) {
        answer.gone.append(.init(fact: fact, reason: reason))
    }

    // MARK: Which records

    /// nil: staging is not there any more.
    private mutating func stagedRecords(
        _ connection: borrowing Connection
    ) throws -> [StagedRecord]? {
        guard let slice = answer.slice,
            try TargetCatalog.exists(tables.slice(slice), connection)
        else {
            let reason =
                switch run.row.state {
                case "published": "staging was dropped when a later night of the job was published"
                case "open": "staging is not made yet, or was dropped by hand"
                default: "staging was dropped when the run ended"
                }
            gone("the row version that validation saw", reason)
            return nil
        }
        answer.source = "staging"
        return try tables.staged(image, slice: slice, of: run.row.run, connection)
    }

    /// The key's records: by the numbers that staging and rejects tell while both tell all of
    /// them, else from the whole archive.
    private mutating func records(
        _ staged: [StagedRecord]?, _ archive: borrowing ArchiveRecords,
        _ connection: borrowing Connection
    ) throws -> [ArchivedRecord] {
        guard let staged, archive.isAddressable, let number = answer.slice,
            let slice = try SliceLedger.slice(
                number, run: run.row.run, revision: run.row.revision, connection),
            slice.staged != nil
        else { return try search(archive) }
        let rejected = try WhyLedger.rejectedRecords(
            maskedKeys: [Mask.key(image), image], slice: number, run: run.row.run,
            revision: run.row.revision, limit: CoordinationLimits.whyCandidatesMax, connection)
        guard rejected.listed == slice.rejected,
            rejected.records.count < CoordinationLimits.whyCandidatesMax
        else { return try search(archive) }
        var found: [ArchivedRecord] = []
        for number in Set(staged.map(\.record) + rejected.records).sorted() where number > 0 {
            // A masked key says little: the record itself decides.
            guard let record = try archive.record(number), archive.keyImage(of: record) == image
            else { continue }
            found.append(record)
        }
        // "Not in the run" is said only after looking at every record.
        return found.isEmpty ? try search(archive) : found
    }

    private mutating func search(
        _ archive: borrowing ArchiveRecords
    ) throws -> [ArchivedRecord] {
        if answer.source != "staging" { answer.source = "archive" }
        let found = try archive.search(image, limit: CoordinationLimits.whyRecordsMax)
        if found.count == CoordinationLimits.whyRecordsMax {
            gone("further records of the key", "only the first \(found.count) are looked at")
        }
        return found
    }

    // MARK: What became of them

    /// What a record's own bytes say.
    private struct Archived {
        var record: ArchivedRecord
        var fields: [WhyAnswer.Field] = []
        /// Of the staging columns, in the plan's order.
        var texts: [String?] = []
    }

    private func read(
        _ found: [ArchivedRecord], _ archive: borrowing ArchiveRecords
    ) throws -> [Int64: Archived] {
        var result: [Int64: Archived] = [:]
        let fields = run.definition.contract.recordType(.data)?.fields ?? []
        for record in found {
            var archived = Archived(record: record)
            for field in fields where field.type != .filler {
                let value = archive.shown(field.name, in: record, masked: !masking.unmask)
                archived.fields.append(.init(field: field.name, value: value))
            }
            for column in tables.plan.columns {
                archived.texts.append(archive.text(of: column.field, in: record))
            }
            result[record.number] = archived
        }
        return result
    }

    /// Puts together what each record came to, and how the row stands now.
    private mutating func judge(
        _ numbers: [Int64], _ staged: [StagedRecord], _ conflicts: [ConflictDetail],
        _ work: [WorkOnKey], archived: [Int64: Archived], _ connection: borrowing Connection
    ) throws {
        let (name, revision) = (run.row.run, run.row.revision)
        let rejects = try WhyLedger.rejects(
            of: numbers, run: name, revision: revision, connection)
        answer.rejects = rejects.map { reject, late in
            .init(
                record: reject.record, byte: reject.byteOffset, field: reject.field,
                rule: reject.rule, value: reject.value, late: late)
        }
        let hasHistory = try TargetCatalog.exists(tables.history, connection)
        let images = hasHistory ? try tables.beforeImages(of: numbers, key: image, connection) : [:]
        let facts = OutcomeFacts(
            hasHistory: hasHistory,
            isLoaded: work.contains { $0.phase == .load },
            conflicts: Dictionary(conflicts.map { ($0.record, $0) }) { first, _ in first },
            rejected: Set(rejects.map(\.reject.record)),
            images: images,
            staged: Dictionary(staged.map { ($0.record, $0) }) { first, _ in first })
        for number in numbers {
            let known = archived[number]
            let columns = try columns(number, images[number], texts: known?.texts, connection)
            answer.records.append(
                .init(
                    record: number, byte: known?.record.offset,
                    group: known?.record.group.map { $0 + 1 },
                    outcome: facts.outcome(of: number), fields: known?.fields ?? [],
                    oldLock: oldLock(number, facts), newLock: newLock(number, facts),
                    columns: columns))
        }
        if !hasHistory, answer.records.contains(where: { $0.outcome != "rejected" }),
            facts.isLoaded
        {
            gone(
                "old and new values",
                run.definition.job.history
                    ? "the before-images \(tables.history) are not there"
                    : "the job keeps no before-images (history: off)")
        }
        try lookAtRow(
            numbers, facts, keys: keys(numbers, staged, archived), connection)
    }

    private func oldLock(_ record: Int64, _ facts: OutcomeFacts) -> ConflictReport.Lock? {
        if let image = facts.images[record] {
            guard image.action != "I" else { return nil }
            let column = unquoted(tables.plan.lockColumn)
            return .init(at: image.values[column] ?? nil, version: nil)
        }
        if let conflict = facts.conflicts[record] {
            return conflict.wasSeen ? .init(conflict.seen) : nil
        }
        guard let staged = facts.staged[record], staged.wasSeen, staged.state == "U" else {
            return nil
        }
        return .init(staged.lock)
    }

    private func newLock(_ record: Int64, _ facts: OutcomeFacts) -> ConflictReport.Lock? {
        if let image = facts.images[record] { return .init(image.lock) }
        // Inserted, and changed since: nobody knows the lock it was written with.
        guard let staged = facts.staged[record], ["I", "U", "C"].contains(staged.outcome),
            staged.lock.at != nil
        else { return nil }
        return .init(staged.lock)
    }

    /// The columns a record wrote, before and after.
    private func columns(
        _ record: Int64, _ image: RowImage?, texts: [String?]?, _ connection: borrowing Connection
    ) throws -> [WhyAnswer.Column] {
        guard let image else { return [] }
        var new: [String: String?] = [:]
        if let texts {
            for (column, value) in try tables.computed(
                fields: texts, record: record, inserted: image.action == "I", connection)
            {
                new[unquoted(column)] = .some(value)
            }
        }
        let written =
            image.action == "C"
            ? tables.plan.absent?.closing.map(\.column) ?? []
            : tables.plan.assignments.map(\.column)
        return written.map { quoted in
            let column = unquoted(quoted)
            return .init(
                column: column,
                old: image.action == "I" ? .unknown : cell(image.values[column], column),
                new: cell(new[column], column))
        }
    }

    /// - Parameter value: nil: nobody can tell; nil inside: NULL.
    private func cell(_ value: String??, _ column: String) -> WhyAnswer.Cell {
        guard let value else { return .unknown }
        return .init(value.map { masking.value($0, of: column) })
    }

    // MARK: The row now

    /// The target key, from a record's fields, else from staging.
    private func keys(
        _ numbers: [Int64], _ staged: [StagedRecord], _ archived: [Int64: Archived]
    ) -> [String?]? {
        if let texts = numbers.last.flatMap({ archived[$0]?.texts }) {
            return tables.plan.keys.map { key in
                tables.plan.columns.firstIndex { $0.name == key.staging }.flatMap { texts[$0] }
            }
        }
        if let staged = staged.last { return staged.keys }
        // Of a key that is not in the run only a target key of the same field is known.
        guard run.definition.job.target.key.map(\.field) == [run.definition.contract.partitionKey]
        else { return nil }
        return [image]
    }

    private mutating func lookAtRow(
        _ numbers: [Int64], _ facts: OutcomeFacts, keys: [String?]?,
        _ connection: borrowing Connection
    ) throws {
        guard let keys else {
            return gone("the target row", "its key has more columns than the partition key")
        }
        guard let row = try tables.target(keys, connection) else {
            answer.row = .init(isThere: false, values: [])
            return
        }
        let last = numbers.last { facts.wrote($0) }
        let written = last.flatMap { newLock($0, facts) }
        let now = ConflictReport.Lock(row.lock)
        var changed = written.map { $0 != now }
        if last == nil, let kept = facts.keptLock(numbers.last) {
            changed = ConflictReport.Lock(kept) != now
        } else if last == nil, facts.isLoaded, !numbers.isEmpty,
            answer.records.last?.outcome == "unchanged"
        {
            gone(
                "whether the row changed since",
                "a row that was not written leaves no trace once staging is dropped")
        }
        let writer = try writer(of: row, keys, ours: changed == false && last != nil, connection)
        answer.row = .init(
            isThere: true, lock: now, changedSince: changed, writtenBy: writer,
            values: row.values.sorted { $0.key < $1.key }.map { column, value in
                .init(field: column, value: value.map { masking.value($0, of: column) } ?? "NULL")
            })
    }

    /// The run whose before-images show that it wrote the row as it is; nil: none does.
    private func writer(
        of row: RowImage, _ keys: [String?], ours: Bool, _ connection: borrowing Connection
    ) throws -> String? {
        if ours { return run.row.run }
        for other in try WhyLedger.otherRuns(
            onTarget: run.row.targetID, except: run.row.run,
            limit: CoordinationLimits.whyRunsMax, connection)
        {
            let tables = RunTables(number: other.number, plan: tables.plan)
            if try tables.wrote(keys, lock: row.lock, connection) { return other.run }
        }
        return nil
    }
}

/// A quoted name as the catalog has it.
private func unquoted(_ name: String) -> String {
    name.hasPrefix("\"")
        ? String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"") : name
}

extension WhyAnswer.Work {
    init(_ work: WorkOnKey) {
        self.init(
            phase: work.phase.rawValue, worker: work.worker, claim: work.claim, epoch: work.epoch,
            chunk: work.phase == .load ? work.chunk : nil,
            startedAt: LocalTime.moment(work.startedAt),
            committedAt: LocalTime.moment(work.committedAt))
    }
}
