// Records of an archived input, read again where they stand: the proof that outlives spool and
// staging. Constant memory, whatever the input's size.

import Ledger
import Loading
import Records
import Settings

/// A data record of the archive.
struct ArchivedRecord: Sendable, Equatable {
    /// 1-based, over records of all kinds.
    var number: Int64
    /// 0-based offset of its first byte.
    var offset: Int64
    /// 0-based header group; nil: the contract has no headers.
    var group: Int?
    /// As it stands in the file.
    var raw: [UInt8]
    /// In the contract's fixed layout; of fixed files the same.
    var canonical: [UInt8]
}

/// The archived input of a run.
struct ArchiveRecords: ~Copyable {
    private let file: Descriptor
    private let run: InspectedRun
    private let layout: FrameLayout
    private let checker: RecordChecker
    private let translator: CSVTranslator?
    private let marker: UInt8?
    private let groups: [GroupEnvelope]

    /// Opens the archive of a run that is split.
    private init(_ run: InspectedRun, _ envelope: StoredEnvelope, path: String) throws {
        let contract = run.definition.contract
        let checker = try RecordChecker(
            contract: contract, parameters: run.definition.parameters)
        let file = try Files.openForReading(path)
        self.file = file
        self.run = run
        self.checker = checker
        layout = envelope.layout
        groups = envelope.summary.groups
        translator = CSVTranslator(contract: contract)
        marker = contract.recordType(.data)?.marker
    }

    /// Opens the archive; nil: it is gone, or the run was not split.
    static func open(_ run: InspectedRun) throws -> ArchiveRecords? {
        let path = run.definition.archivedInput(of: run.row.run)
        guard let envelope = run.envelope, Files.exists(path) else { return nil }
        return try ArchiveRecords(run, envelope, path: path)
    }

    /// Whether a record can be found by its number alone.
    var isAddressable: Bool { !layout.isCSV }

    /// The record of a number; nil: the archive ends before it, or it is no data record.
    ///
    /// Only where records are addressable.
    func record(_ number: Int64) throws -> ArchivedRecord? {
        guard number > 0, isAddressable else { return nil }
        let offset = Int64(layout.fileOffset(ofRecord: UInt64(number)))
        var buffer = [UInt8](repeating: 0, count: layout.recordBytes)
        let got = try file.read(into: &buffer, count: buffer.count, from: offset)
        guard got == buffer.count, isData(buffer[0]) else { return nil }
        return ArchivedRecord(
            number: number, offset: offset, group: group(of: number), raw: buffer,
            canonical: buffer)
    }

    /// The key image of a record; nil: it cannot be read.
    func keyImage(of record: ArchivedRecord) -> String? {
        var image: [UInt8] = []
        guard checker.appendKeyImage(record.canonical.span, to: &image) else { return nil }
        return String(decoding: image, as: UTF8.self)
    }

    /// The normalised text of a field, or of `header.NAME` of the record's group; nil: blank.
    func text(of field: String, in record: ArchivedRecord) -> String? {
        if field.hasPrefix("header.") {
            guard let group = record.group, groups.indices.contains(group) else { return nil }
            return groups[group].headerFields[String(field.dropFirst(7))]
        }
        var text: [UInt8] = []
        guard let index = checker.fieldIndex(field),
            checker.appendText(index, record.canonical.span, to: &text)
        else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// A field as people see it.
    func shown(_ field: String, in record: ArchivedRecord, masked: Bool) -> String {
        guard let index = checker.fieldIndex(field) else { return "" }
        guard let translator else {
            return checker.display(index, record.canonical.span, masked: masked)
        }
        return translator.display(index, record.raw.span, masked: masked)
    }

    /// All data records with a key image, in file order; reads the whole archive.
    ///
    /// - Parameter limit: Found records after which the search ends.
    func search(_ key: String, limit: Int) throws -> [ArchivedRecord] {
        layout.isCSV
            ? try searchLines(Array(key.utf8), limit: limit)
            : try searchFixed(Array(key.utf8), limit: limit)
    }

    private func searchFixed(_ wanted: [UInt8], limit: Int) throws -> [ArchivedRecord] {
        let stride = layout.strideBytes
        let perBlock = max(1, CoordinationLimits.blockBytes / stride)
        var buffer = [UInt8](repeating: 0, count: perBlock * stride)
        var image: [UInt8] = []
        var numbers: [Int64] = []
        var first: Int64 = 1
        while numbers.count < limit {
            let offset = Int64(layout.fileOffset(ofRecord: UInt64(first)))
            let got = try file.read(into: &buffer, count: buffer.count, from: offset)
            // Behind the last record there is perhaps no separator.
            let records = (got + stride - layout.recordBytes) / stride
            guard records > 0 else { break }
            let span = buffer.span
            for index in 0..<records {
                let at = index * stride
                guard isData(span[at]) else { continue }
                image.removeAll(keepingCapacity: true)
                let record = span.extracting(at..<(at + layout.recordBytes))
                guard checker.appendKeyImage(record, to: &image), image == wanted else { continue }
                numbers.append(first + Int64(index))
                if numbers.count == limit { break }
            }
            guard got == buffer.count else { break }
            first += Int64(records)
        }
        var found: [ArchivedRecord] = []
        for number in numbers {
            if let record = try record(number) { found.append(record) }
        }
        return found
    }

    /// Lines have no place that follows from their number: the file is read as the split read it.
    private func searchLines(_ wanted: [UInt8], limit: Int) throws -> [ArchivedRecord] {
        let definition = run.definition
        guard let translator,
            var reader = CSVReader(
                contract: definition.contract, layout: layout, parameters: definition.parameters,
                identity: definition.job.identity),
            var keys = CSVKeyReader(contract: definition.contract, checker: checker)
        else { return [] }
        var buffer = [UInt8](
            repeating: 0, count: max(CoordinationLimits.blockBytes, 2 * CSVReader.blockBytesMin))
        var image: [UInt8] = []
        var found: [ArchivedRecord] = []
        var scratch = CSVScratch()
        var violations: [Violation] = []
        func look(
            _ block: Span<UInt8>, _ base: Int64, _ at: Int, _ count: Int, _ number: UInt64,
            _ group: Int
        ) {
            image.removeAll(keepingCapacity: true)
            let record = block.extracting(at..<(at + count))
            guard found.count < limit, keys.appendKeyImage(record, to: &image), image == wanted
            else { return }
            var canonical: [UInt8] = []
            violations.removeAll(keepingCapacity: true)
            _ = translator.translate(
                record, .data, &scratch, to: &canonical, violations: &violations)
            var raw: [UInt8] = []
            for index in record.indices { raw.append(record[index]) }
            found.append(
                ArchivedRecord(
                    number: Int64(number), offset: base + Int64(at),
                    group: groups.isEmpty ? nil : group, raw: raw, canonical: canonical))
        }
        var base: Int64 = 0
        while found.count < limit {
            let got = try file.read(into: &buffer, count: buffer.count, from: base)
            let block = buffer.span.extracting(0..<got)
            let consumed = try reader.read(block) { at, count, number, group in
                look(block, base, at, count, number, group)
            }
            if consumed == 0 || got < buffer.count {
                let rest = block.extracting(consumed..<got)
                let start = base + Int64(consumed)
                _ = try reader.finish(rest: rest) { at, count, number, group in
                    look(rest, start, at, count, number, group)
                }
                break
            }
            base += Int64(consumed)
        }
        return found
    }

    private func isData(_ byte: UInt8) -> Bool { marker == nil || byte == marker }

    private func group(of record: Int64) -> Int? {
        let number = UInt64(record)
        return groups.firstIndex { group in
            group.headerRecord < number
                && (group.trailerRecord == 0 || number < group.trailerRecord)
        }
    }
}
