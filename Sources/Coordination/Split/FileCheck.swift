// The checks of a file alone, without a database: envelope, field rules, uniqueness, totals.

import Glibc
package import Journal
import Ledger
package import Loading
package import Plan
import Records
import Settings

/// Checks one file as a run would, as far as that goes without a database.
package struct FileCheck {
    /// What was found.
    package struct Result {
        package var outcome: Outcome
        package var records: UInt64
        package var slices: Int
        package var rejected: Int64
        /// In file order, at most as many as the job reports.
        package var rejects: [RejectRow]
        package var totals: [RunSummary.ControlTotal]
        package var messages: [LogMessage]
        package var picture: String
    }

    private let definition: RunDefinition
    private let path: String
    private let spool: String

    /// - Parameter scratch: A folder of this process's own, made and removed here.
    package init(definition: RunDefinition, path: String, scratch: String) {
        self.definition = definition
        self.path = path
        spool = scratch
    }

    /// Checks the file; `breathe` tells records done and, about, in all.
    package func check(
        breathe: @escaping (_ done: UInt64, _ total: UInt64) throws -> Void
    ) throws -> Result {
        defer { try? Files.removeDirectory(spool) }
        do {
            let facts = try Arrival.check(
                path, ready: definition.job.ready, inputs: definition.directories.inputs,
                breathe: {})
            let splitter = try Splitter(
                definition: definition, path: path, shownPath: path, bytes: facts.bytes,
                spool: spool, breathe: breathe)
            return try judge(try splitter.split(), breathe: breathe)
        } catch let stop as RunStop {
            return Result(
                outcome: stop.outcome, records: 0, slices: 0, rejected: 0, rejects: [],
                totals: [], messages: stop.messages, picture: stop.picture)
        }
    }

    private func judge(
        _ split: SplitResult, breathe: (_ done: UInt64, _ total: UInt64) throws -> Void
    ) throws -> Result {
        let rules = try SliceRules(
            contract: definition.contract, parameters: definition.parameters,
            partitions: split.partitions, groups: split.envelope.groups,
            commitInterval: definition.job.commitInterval,
            maxReported: definition.job.maxReported,
            targetKey: definition.job.target.key.map(\.field))
        var rejects: [Reject] = []
        var rejected: Int64 = 0
        var found: [Int: [Int64?]] = [:]
        var done: UInt64 = 0
        for (number, slice) in split.slices.enumerated() {
            let row = SliceRow(
                slice: number, range: slice.range, file: slice.file, records: slice.records,
                bytes: slice.bytes, checksum: slice.checksum, staging: "")
            let checked = try rules.check(try SpoolFile.read(row, directory: spool)) {
                try breathe(done, split.envelope.dataRecords)
            }
            done += UInt64(slice.records)
            rejected += checked.findings.rejected
            let room = definition.job.maxReported - rejects.count
            rejects += checked.findings.rejects.prefix(max(room, 0))
            for (group, total) in checked.findings.totals {
                guard let known = found[group] else {
                    found[group] = total.figures
                    continue
                }
                found[group] = zip(known, total.figures).map(ControlSums.sum)
            }
        }
        rejects.sort { ($0.record, $0.field, $0.rule) < ($1.record, $1.field, $1.rule) }
        return result(split, rejected: rejected, rejects: rejects, found: found)
    }

    private func result(
        _ split: SplitResult, rejected: Int64, rejects: [Reject], found: [Int: [Int64?]]
    ) -> Result {
        var outcomes: [Outcome] = []
        var messages: [LogMessage] = []
        for fault in split.envelope.identityFaults {
            outcomes.append(.totals)
            messages.append(CheckedTotal.message(fault))
        }
        let totals = CheckedTotal.all(
            contract: definition.contract, envelope: split.envelope, found: found,
            strideBytes: UInt64(split.layout.strideBytes))
        for total in totals where !total.holds {
            outcomes.append(.totals)
            messages.append(total.message)
        }
        if rejected > Int64(definition.job.maxRejects) {
            outcomes.append(.rejects)
            messages.append(
                LogMessage(
                    .rejectsOverBudget,
                    [
                        "rejects": String(rejected),
                        "budget": String(definition.job.maxRejects), "path": "the list above",
                    ]))
        } else if rejected > 0 {
            outcomes.append(.warning)
        }
        return Result(
            outcome: Outcome.gravest(outcomes), records: split.envelope.dataRecords,
            slices: split.slices.count, rejected: rejected, rejects: rejects.map(\.row),
            totals: totals.filter { !$0.isOmitted && $0.found != nil }.map(\.line),
            messages: messages, picture: "")
    }
}

extension Reject {
    /// As a row of the reject list.
    var row: RejectRow {
        RejectRow(
            record: record, byte: byteOffset, partition: partition, key: key ?? "", field: field,
            rule: rule, value: value)
    }
}
