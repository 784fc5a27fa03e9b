// A slice is read as it was written, or not at all.

import FoundationEssentials
import Glibc
import Ledger
import Loading
import Plan
import Records
import Testing

@Suite struct SpoolFileTests {
    private let content = [UInt8]((0..<200).map { UInt8($0) })

    private func withSlice(_ bytes: [UInt8], _ body: (_ folder: String) throws -> Void) throws {
        let folder = "/tmp/kugiri-test-\(getpid())-spool-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(bytes).write(to: URL(filePath: "\(folder)/s0.slice"))
        try body(folder)
    }

    private func row(bytes: Int? = nil, file: String = "s0.slice") -> SliceRow {
        SliceRow(
            slice: 0, range: .all, file: file, records: 1, bytes: Int64(bytes ?? content.count),
            checksum: XXHash64.hash(content.span), staging: "")
    }

    @Test func `what was written is read`() throws {
        try withSlice(content) { folder in
            let read = try SpoolFile.read(row(), directory: folder)
            #expect(read == content)
        }
    }

    @Test func `a slice that is missing, short, or changed is torn`() throws {
        let torn = { (folder: String, row: SliceRow) -> Void in
            #expect(throws: LoadingError.self) { try SpoolFile.read(row, directory: folder) }
        }
        try withSlice(content) { torn($0, row(file: "s1.slice")) }
        try withSlice(content.dropLast()) { torn($0, row()) }
        try withSlice([]) { torn($0, row()) }
        for index in [0, 77, content.count - 1] {
            var changed = content
            changed[index] ^= 1
            try withSlice(changed) { torn($0, row()) }
        }
        // The ledger says how long it is; bytes behind that are of no slice that was split.
        try withSlice(content) { torn($0, row(bytes: content.count - 1)) }
    }

    @Test func `a slice larger than a worker can hold is refused before it is read`() throws {
        try withSlice(content) { folder in
            let error = #expect(throws: LoadingError.self) {
                try SpoolFile.read(
                    row(bytes: LoadingLimits.sliceBytesMax + 1), directory: folder)
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains("slice_records"))
        }
    }

    @Test func `a link in place of a slice is not followed`() throws {
        try withSlice(content) { folder in
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link", withDestinationPath: "s0.slice")
            #expect(throws: LoadingError.self) {
                try SpoolFile.read(row(file: "link"), directory: folder)
            }
        }
    }
}
