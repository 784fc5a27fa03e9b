// A corrected input of a run (PROTOCOL 31): it is spooled into the slices the run has, beside the
// input before it, and both are compared slice by slice in bounded memory. Outside the keys that are
// done again they must hold the same records; keys that are gone are found.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Plan
import Postgres
import Records
import Settings

/// A corrected input, spooled and compared.
struct CorrectedInput {
    var input: ArrivedInput
    var envelope: StoredEnvelope
    var slices: [WrittenSlice]
    /// Keys of the range that only the input before has.
    var missing: Int64 = 0
    /// The first of them.
    var firstMissing: [String] = []

    /// Takes a corrected input in; throws 9 when it is another file than it should be, 10 for its
    /// structure, 11 when it is not there.
    static func read(
        _ path: String, inputs: [String]?, of row: RunRow, _ definition: RunDefinition,
        _ scope: RerunScope, _ connection: borrowing Connection
    ) throws -> CorrectedInput {
        guard let text = row.envelope else {
            throw RerunScope.refused(
                row, .usage,
                "its input was never split, so there is nothing to correct: run the "
                    + "corrected file with 'kugiri run'")
        }
        let before = try JSONDecoder().decode(StoredEnvelope.self, from: Data(text.utf8))
        if scope.ranges != [.all] {
            guard definition.job.target.absent == nil,
                try RevisionLedger.exceptions(
                    run: row.run, revision: row.revision, outside: scope.ranges, connection) == 0
            else {
                throw RerunScope.refused(
                    row, .usage,
                    "it closed rows, or has conflicts or rejects that the database "
                        + "gave: a corrected file is for the whole of it then, '--from start'")
            }
        }
        let facts = try Arrival.check(
            path, ready: definition.job.ready, inputs: inputs, breathe: {})
        try Arrival.checkSpace(
            input: facts.bytes * 2,
            records: facts.bytes / Int64(definition.contract.typicalRecordBytes),
            directories: definition.directories)
        let arrived = try Arrival.archive(
            path, in: definition.directories.archive, inputs: inputs, breathe: {})
        do {
            return try compare(arrived, before, row, definition, scope, connection)
        } catch {
            Arrival.discard(arrived)
            try Files.removeDirectory(definition.spoolDirectory(of: row.run))
            throw error
        }
    }

    private static func compare(
        _ arrived: ArrivedInput, _ before: StoredEnvelope, _ row: RunRow,
        _ definition: RunDefinition, _ scope: RerunScope, _ connection: borrowing Connection
    ) throws -> CorrectedInput {
        for other in try RunLedger.sameInput(
            job: row.job, inputHash: arrived.hash, parameters: row.parameters,
            contractHash: row.contractHash, connection)
        where other.state == "published" && other.run != row.run {
            throw RunStop(
                .totals,
                LogMessage(
                    .wrongFile,
                    ["input": arrived.path, "run": other.run, "date": other.businessDate ?? "-"]))
        }
        let slices = try SliceLedger.slices(run: row.run, revision: row.revision, connection)
        let spool = definition.spoolDirectory(of: row.run)
        func splitter(_ path: String, _ bytes: Int64, _ spool: String) throws -> Splitter {
            try Splitter(
                definition: definition, path: path, shownPath: arrived.path, bytes: bytes,
                spool: spool
            ) { _, _ in }
        }
        let new = try splitter(arrived.archivedPath, arrived.bytes, spool)
        let written = try new.respool(ranges: slices.map(\.range), files: slices.map(\.file))
        guard written.slices.allSatisfy({ $0.bytes <= Int64(LoadingLimits.sliceBytesMax) }) else {
            throw RerunScope.refused(
                row, .totals,
                "the corrected file does not fit the slices of the run: it is a new "
                    + "run, 'kugiri run --supersede \(row.run)'")
        }
        let old = try splitter(
            definition.archivedInput(of: row.run), row.inputBytes, "\(spool)/before")
        _ = try old.respool(ranges: slices.map(\.range), files: slices.map(\.file))
        var result = CorrectedInput(
            input: arrived,
            envelope: StoredEnvelope(layout: written.layout, summary: written.envelope),
            slices: written.slices)
        let partitions = try SliceLedger.partitions(
            run: row.run, revision: row.revision, connection)
        var differing: Set<Int> = []
        let set = SortedRanges(scope.ranges)
        for slice in slices {
            let was = try old.content(
                slice.file, before.summary.groups, scope: set, partitions)
            let now = try new.content(
                slice.file, written.envelope.groups, scope: set, partitions)
            for number in Set(was.outside.keys).union(now.outside.keys)
            where was.outside[number] != now.outside[number] {
                differing.insert(number)
            }
            let gone = was.keys.subtracting(now.keys)
            result.missing += Int64(gone.count)
            let room = CoordinationLimits.missingKeysShown - result.firstMissing.count
            result.firstMissing += gone.sorted().prefix(max(room, 0))
        }
        try Files.removeDirectory("\(spool)/before")
        guard differing.isEmpty else {
            throw RunStop(
                .totals,
                LogMessage(
                    .correctionBeyond,
                    [
                        "input": arrived.path, "run": row.run, "scope": scope.text,
                        "partitions": differing.sorted().map { String($0) }
                            .joined(separator: ", "),
                    ]))
        }
        return result
    }

    /// What is told of keys that are gone.
    func missingMessage(_ row: RunRow, isAgreed: Bool) -> LogMessage {
        LogMessage(
            isAgreed ? .missingKeysDropped : .missingKeys,
            [
                "input": input.path, "run": row.run, "count": String(missing),
                "keys": firstMissing.map { Mask.key($0) }.joined(separator: ", "),
            ])
    }

    /// Puts the corrected input's slices into the revision, in the transaction that opens it.
    func insert(
        _ tables: RunTables, _ scope: RerunScope, row: RunRow, _ connection: borrowing Connection
    ) throws {
        let revision = row.revision + 1
        try RevisionLedger.copyLoaded(
            outside: scope.ranges, run: row.run, from: row.revision, connection)
        for (number, slice) in slices.enumerated() {
            try SliceLedger.insert(
                SliceRow(
                    slice: number, range: slice.range, file: slice.file, records: slice.records,
                    bytes: slice.bytes, checksum: slice.checksum, staging: tables.slice(number)),
                run: row.run, revision: revision, connection)
        }
        try RunLedger.splitDone(
            run: row.run, envelope: try JSONText.compact(envelope), connection)
    }
}

/// Disjoint ranges, asked often.
struct SortedRanges {
    private let ranges: [KeyRange]

    init(_ ranges: [KeyRange]) { self.ranges = ranges.sorted { $0.low < $1.low } }

    func contains(_ key: Key) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].low <= key { low = middle + 1 } else { high = middle }
        }
        return low > 0 && ranges[low - 1].contains(key)
    }
}

/// The records of a spool slice, as two inputs are compared by.
struct SliceContent {
    /// Records of one partition outside the range.
    struct Part: Equatable {
        var records = 0
        /// Sum of their hashes, whatever their order; header fields of their group are in it.
        var sum: UInt64 = 0
    }

    /// By partition; 0: in none.
    var outside: [Int: Part] = [:]
    /// Keys inside the range.
    var keys: Set<String> = []
}

extension Splitter {
    /// Spools an input into slices that are already known, and tells what it is.
    func respool(
        ranges: [KeyRange], files: [String]
    ) throws -> (layout: FrameLayout, envelope: EnvelopeSummary, slices: [WrittenSlice]) {
        let file = try Files.openForReading(path)
        let layout = try detect(file)
        try Files.removeDirectory(spool)
        try Files.makeDirectory(spool)
        var writer = SpoolWriter(directory: spool, ranges: ranges, files: files)
        let records = Int(bytes) / max(layout.strideBytes, 1)
        let envelope = try pass(file, layout, records: UInt64(records), &writer)
        let written = try writer.finish { try breathe(0, 0) }
        try Files.syncDirectory(spool)
        return (layout, envelope, written)
    }

    /// What a slice holds inside and outside some ranges.
    func content(
        _ file: String, _ groups: [GroupEnvelope], scope: SortedRanges,
        _ partitions: PartitionTable
    ) throws -> SliceContent {
        let seeds = groups.map { group in
            let fields = group.headerFields.sorted { $0.key < $1.key }
            return XXHash64.hash(Array("\(fields)".utf8).span)
        }
        var reader = CSVKeyReader(contract: definition.contract, checker: checker)
        var content = SliceContent()
        var image: [UInt8] = []
        try forEachRecord("\(spool)/\(file)") { place, block in
            image.removeAll(keepingCapacity: true)
            let record = block.extracting(place.at..<place.next)
            let isRead =
                reader?.appendKeyImage(record, to: &image)
                ?? checker.appendKeyImage(record, to: &image)
            let text = isRead ? String(decoding: image, as: UTF8.self) : ""
            if scope.contains(Key(text)) {
                content.keys.insert(text)
                return
            }
            let number = isRead ? partitions.partition(of: Key(text))?.number ?? 0 : 0
            let seed = seeds.indices.contains(place.group) ? seeds[place.group] : 0
            content.outside[number, default: .init()].records += 1
            content.outside[number, default: .init()].sum &+= XXHash64.hash(record, seed: seed)
        }
        return content
    }
}
