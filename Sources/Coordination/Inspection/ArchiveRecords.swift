// Records of an archived input, read again where they stand: the proof that outlives spool and
// staging. Constant memory, whatever the input's size.

package import Loading
package import Records

/// The archived input of a run.
package struct ArchiveRecords: ~Copyable {
    /// Of the archived copy.
    package let path: String
    private let file: Descriptor
    private let layout: FrameLayout
    private let checker: RecordChecker
    private let marker: UInt8?

    /// Opens the archive; nil: it is gone, or the run was not split.
    package init?(_ run: InspectedRun) throws {
        path = run.definition.archivedInput(of: run.row.run)
        guard let layout = run.envelope?.layout, Files.exists(path) else { return nil }
        file = try Files.openForReading(path)
        self.layout = layout
        checker = try RecordChecker(
            contract: run.definition.contract, parameters: run.definition.parameters)
        marker = run.definition.contract.recordType(.data)?.marker
    }

    /// The 0-based byte at which a record begins.
    package func byteOffset(of record: Int64) -> Int64 {
        Int64(layout.fileOffset(ofRecord: UInt64(record)))
    }

    /// The bytes of one record; nil: the archive ends before it, or it is no data record.
    package func bytes(of record: Int64) throws -> [UInt8]? {
        guard record > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: layout.recordBytes)
        let got = try file.read(
            into: &buffer, count: buffer.count, from: byteOffset(of: record))
        guard got == buffer.count, marker == nil || buffer[0] == marker else { return nil }
        return buffer
    }

    /// The key image of a record; nil: it cannot be read.
    package func keyImage(of record: [UInt8]) -> String? {
        var image: [UInt8] = []
        guard checker.appendKeyImage(record.span, to: &image) else { return nil }
        return String(decoding: image, as: UTF8.self)
    }

    /// The normalised text of a field of a data record; nil: blank.
    package func text(of field: String, in record: [UInt8]) -> String? {
        var text: [UInt8] = []
        guard let index = checker.fieldIndex(field),
            checker.appendText(index, record.span, to: &text)
        else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// A field as people see it.
    package func shown(_ field: String, in record: [UInt8], masked: Bool) -> String {
        guard let index = checker.fieldIndex(field) else { return "" }
        return checker.display(index, record.span, masked: masked)
    }

    /// The numbers of all data records with a key image, in file order.
    ///
    /// Reads the whole archive.
    ///
    /// - Parameter limit: Found records after which the search ends.
    package func search(_ key: String, limit: Int) throws -> [Int64] {
        let wanted = Array(key.utf8)
        let stride = layout.strideBytes
        let perBlock = max(1, CoordinationLimits.blockBytes / stride)
        var buffer = [UInt8](repeating: 0, count: perBlock * stride)
        var image: [UInt8] = []
        var found: [Int64] = []
        var first: Int64 = 1
        while found.count < limit {
            let got = try file.read(
                into: &buffer, count: buffer.count, from: byteOffset(of: first))
            // The last record has no separator behind it, perhaps.
            let records = (got + stride - layout.recordBytes) / stride
            guard records > 0 else { break }
            let span = buffer.span
            for index in 0..<records {
                let at = index * stride
                guard marker == nil || span[at] == marker else { continue }
                image.removeAll(keepingCapacity: true)
                let record = span.extracting(at..<(at + layout.recordBytes))
                guard checker.appendKeyImage(record, to: &image), image == wanted else { continue }
                found.append(first + Int64(index))
                if found.count == limit { break }
            }
            guard got == buffer.count else { break }
            first += Int64(records)
        }
        return found
    }
}
