// What `kugiri why` found out about a key of a run, as one value: for people and for machines.

package import Journal

/// Everything known about a key of a run; schema `kugiri.why/1`, in `ops/schema/why-1.json`.
package struct WhyAnswer: Encodable, Sendable {
    /// A key range and its number.
    package struct Place: Encodable, Sendable {
        package var number: Int
        package var low: String
        package var high: String?
    }

    /// Who did one phase of the key's range, and when.
    package struct Work: Encodable, Sendable {
        package var phase: String
        package var worker: String
        package var claim: Int64
        package var epoch: Int64
        /// Load only.
        package var chunk: Int?
        package var startedAt: Timestamp
        package var committedAt: Timestamp

        enum CodingKeys: String, CodingKey {
            case phase, worker, claim, epoch, chunk
            case startedAt = "started_at"
            case committedAt = "committed_at"
        }
    }

    /// A value of a column; JSON leaves out what is not known and has `null` for NULL.
    package enum Cell: Sendable, Equatable {
        /// There was no row, or nobody can tell.
        case unknown
        case null
        case text(String)

        init(_ value: String?) { self = value.map { .text($0) } ?? .null }

        /// For people.
        var shown: String {
            switch self {
            case .unknown: "-"
            case .null: "NULL"
            case .text(let text): text
            }
        }
    }

    /// A column before a record was loaded, and as the record made it.
    package struct Column: Encodable, Sendable, Equatable {
        package var column: String
        package var old: Cell
        package var new: Cell

        private enum CodingKeys: String, CodingKey { case column, old, new }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(column, forKey: .column)
            for (cell, key) in [(old, CodingKeys.old), (new, .new)] {
                switch cell {
                case .unknown: break
                case .null: try container.encodeNil(forKey: key)
                case .text(let text): try container.encode(text, forKey: key)
                }
            }
        }
    }

    /// A field of a record, as the file has it.
    package struct Field: Encodable, Sendable, Equatable {
        package var field: String
        package var value: String
    }

    /// One record of the key.
    package struct Record: Encodable, Sendable {
        /// 1-based number in the file; negative: a row that the file lacks.
        package var record: Int64
        package var byte: Int64?
        /// Header group, from 1.
        package var group: Int?
        /// waiting, inserted, updated, unchanged, closed, conflict, rejected or loaded.
        package var outcome: String
        /// Empty: the archive is gone.
        package var fields: [Field]
        /// The lock value of the row before; nil: no row, or not known.
        package var oldLock: ConflictReport.Lock?
        /// The lock value this record wrote; nil: nothing, or not known.
        package var newLock: ConflictReport.Lock?
        /// Of records that wrote something.
        package var columns: [Column]

        enum CodingKeys: String, CodingKey {
            case record, byte, group, outcome, fields, columns
            case oldLock = "old_lock"
            case newLock = "new_lock"
        }
    }

    /// A broken rule.
    package struct Rejected: Encodable, Sendable {
        package var record: Int64
        package var byte: Int64
        package var field: String
        package var rule: String
        package var value: String
        package var late: Bool
    }

    /// The target row now.
    package struct Row: Encodable, Sendable {
        package var isThere: Bool
        package var lock: ConflictReport.Lock?
        /// nil: not known, or the run wrote nothing.
        package var changedSince: Bool?
        /// The run that wrote the row as it is now; nil: no run of which before-images are left.
        package var writtenBy: String?
        package var values: [Field]

        enum CodingKeys: String, CodingKey {
            case lock, values
            case isThere = "there"
            case changedSince = "changed_since"
            case writtenBy = "written_by"
        }
    }

    /// A fact that nobody can tell any more.
    package struct Gone: Encodable, Sendable, Equatable {
        package var fact: String
        package var reason: String
    }

    package var schema = "kugiri.why/1"
    package var runID: String
    /// Of the run.
    package var state: String
    package var phase: String
    /// Masked unless asked otherwise.
    package var key: String
    /// Whether the input has a record of the key.
    package var isFound: Bool
    /// The input's path, as it was given.
    package var file: String
    /// Where the answer comes from: staging, archive or ledger.
    package var source: String
    /// nil: the key lies outside every range.
    package var partition: Place?
    package var slice: Int?
    /// The load chunk; its number is in the work.
    package var chunk: Chunk?
    package var work: [Work] = []
    package var records: [Record] = []
    package var rejects: [Rejected] = []
    package var conflicts: [ConflictReport.Row] = []
    /// nil: the target key is not known.
    package var row: Row?
    package var gone: [Gone] = []

    /// A load chunk; its bounds are keys, masked like them.
    package struct Chunk: Encodable, Sendable {
        package var low: String
        package var high: String?
        package var rows: Int64
    }

    enum CodingKeys: String, CodingKey {
        case schema, state, phase, key, file, source, partition, slice, chunk, work, records
        case rejects, conflicts, row, gone
        case runID = "run_id"
        case isFound = "found"
    }
}

extension WhyAnswer {
    /// The answer for people.
    package func text(width: Int?) -> String {
        let input = Escaping.escaped(file)
        var text = "key \(key) in run \(runID) (\(state), phase \(phase)), input \(input)\n"
        let place = partition.map { "partition \($0.number)" } ?? "outside every partition"
        if !isFound {
            let slice = slice.map { ", slice \($0)" } ?? ""
            text += "  the input has no record of this key; it would be in \(place)\(slice)\n"
            return text + rowText(width) + goneText
        }
        text += "  place      \(place)" + (slice.map { ", slice \($0)" } ?? "")
        text += (chunk.map { ", a chunk of \(Figures.count($0.rows)) rows" } ?? "") + "\n"
        for work in work { text += work.text }
        for record in records { text += record.text(width) }
        for reject in rejects {
            text +=
                "  reject     record \(reject.record), byte \(reject.byte): \(reject.field) "
                + "breaks \(reject.rule)\(reject.late ? " (late)" : ""), value "
                + Escaping.escaped(reject.value) + "\n"
        }
        for conflict in conflicts {
            text += "  conflict   record \(conflict.record): \(conflict.kind), \(conflict.state)"
            text += (conflict.outcome.map { " (\($0))" } ?? "") + "; seen "
            text +=
                "\(conflict.seen?.text ?? "no row"), found \(conflict.found?.text ?? "no row")\n"
        }
        return text + rowText(width) + goneText
    }

    private func rowText(_ width: Int?) -> String {
        guard let row else { return "" }
        guard row.isThere else { return "  row now    there is none\n" }
        let changed =
            switch row.changedSince {
            case true?: ", changed since this run wrote it"
            case false?: ", as this run left it"
            case nil: ""
            }
        let writer = row.writtenBy.map { ", written by run \($0)" } ?? ""
        return "  row now    lock \(row.lock?.text ?? "?")\(changed)\(writer)\n"
            + row.values.map { "    \($0.field) = \(Escaping.escaped($0.value))\n" }.joined()
    }

    private var goneText: String {
        gone.map { "  not known  \($0.fact): \($0.reason)\n" }.joined()
    }
}

extension WhyAnswer.Work {
    fileprivate var text: String {
        let chunk = chunk.map { ", chunk \($0)" } ?? ""
        let name = phase + String(repeating: " ", count: max(0, 9 - phase.count))
        return "  \(name)  by \(worker), claim \(claim), epoch \(epoch)\(chunk), committed "
            + "\(committedAt.iso8601WithOffset)\n"
    }
}

extension WhyAnswer.Record {
    fileprivate func text(_ width: Int?) -> String {
        var text = "  record     \(record)"
        if record < 0 { text = "  record     none: a row the input lacks" }
        if let byte { text += " at byte \(byte)" }
        if let group { text += ", header group \(group)" }
        text += ": \(outcome)\n"
        if oldLock != nil || newLock != nil {
            let none = outcome == "inserted" ? "no row" : "not known"
            text +=
                "    lock \(oldLock?.text ?? none) → "
                + "\(newLock?.text ?? "not written")\n"
        }
        for field in fields { text += "    \(field.field) = \(Escaping.escaped(field.value))\n" }
        guard !columns.isEmpty else { return text }
        let table = Table.render(
            columns: [.init("column"), .init("old"), .init("new")],
            rows: columns.map { [$0.column, $0.old.shown, $0.new.shown] },
            width: width.map { max(20, $0 - 4) })
        return text + table.split(separator: "\n").map { "    \($0)\n" }.joined()
    }
}
