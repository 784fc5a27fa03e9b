// One entry of the validation cache as bytes: key, findings, the order of the records, and a hash
// over all of it.

import Crypto
import FoundationEssentials
import Ledger
import Records

/// What the rules found in a slice, without its records.
struct CacheEntry {
    /// The findings as they are written; those the database adds later are not among them.
    private struct Findings: Codable {
        struct Total: Codable {
            var group: Int
            var records: Int64
            var figures: [Int64?]
        }

        struct Share: Codable {
            var partition: Int
            var records: Int64
            var rejected: Int64
        }

        struct Line: Codable {
            var partition: Int?
            var record: Int64
            var byte: Int64
            var key: String?
            var field: String
            var rule: String
            var value: String
        }

        var run: String
        var slice: Int
        var rejected: Int64
        var nameless: Int64
        var totals: [Total]
        var shares: [Share]
        var rejects: [Line]
        var rejectedRecords: [Int64]
    }

    private static let mark = Array("KugiriVC".utf8)
    private static let hashBytes = 32

    /// Who applied the rules.
    let origin: SliceProof
    let findings: SliceFindings
    let rejectedRecords: Set<Int64>
    /// The records with a readable key, sorted: each its place among them in the slice, twice, plus
    /// one when it keeps every rule.
    let order: [UInt32]

    /// Of a slice that was just checked; nothing was read from the target yet.
    init(_ slice: CheckedSlice, origin: SliceProof) {
        self.origin = origin
        findings = slice.findings
        rejectedRecords = slice.rejectedRecords
        // Records are at least a header apart, so each has a cell of its own; counting the cells is
        // cheaper than sorting by place.
        let cellBytes = SpoolRecord.headerBytes
        var cells = [UInt32](repeating: 0, count: slice.bytes.count / cellBytes + 1)
        for entry in slice.entries { cells[Int(entry.at) / cellBytes] = 1 }
        var count: UInt32 = 0
        for cell in cells.indices where cells[cell] == 1 {
            cells[cell] = count
            count += 1
        }
        order = slice.entries.map { entry in
            cells[Int(entry.at) / cellBytes] << 1 | (entry.isValid ? 1 : 0)
        }
    }

    /// As a file has it; nil: it is not what was written under this key.
    init?(reading bytes: [UInt8], key: [UInt8]) {
        let head = Self.mark.count + key.count + 8
        guard bytes.count >= head + Self.hashBytes, bytes.starts(with: Self.mark),
            bytes[Self.mark.count...].starts(with: key)
        else { return nil }
        let body = bytes.count - Self.hashBytes
        guard bytes[body...].elementsEqual(SHA256.hash(data: bytes[..<body])) else { return nil }
        func number(at place: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        }
        let count = number(at: head - 8)
        let text = number(at: head - 4)
        guard body == head + text + count * 4,
            let stored = try? JSONDecoder().decode(
                Findings.self, from: Data(bytes[head..<head + text]))
        else { return nil }
        order = (0..<count).map { UInt32(number(at: head + text + $0 * 4)) }
        origin = SliceProof(run: stored.run, slice: stored.slice)
        rejectedRecords = Set(stored.rejectedRecords)
        var findings = SliceFindings()
        findings.rejected = stored.rejected
        findings.nameless = stored.nameless
        for total in stored.totals { findings.totals[total.group] = (total.records, total.figures) }
        for share in stored.shares {
            findings.shares[share.partition] = (share.records, share.rejected)
        }
        findings.rejects = stored.rejects.map {
            Reject(
                partition: $0.partition, record: $0.record, byteOffset: $0.byte, key: $0.key,
                field: $0.field, rule: $0.rule, value: $0.value)
        }
        self.findings = findings
    }

    /// As a file; nil: it cannot be written.
    func bytes(key: [UInt8]) -> [UInt8]? {
        let stored = Findings(
            run: origin.run, slice: origin.slice, rejected: findings.rejected,
            nameless: findings.nameless,
            totals: findings.totals.map {
                .init(group: $0.key, records: $0.value.records, figures: $0.value.figures)
            },
            shares: findings.shares.map {
                .init(partition: $0.key, records: $0.value.records, rejected: $0.value.rejected)
            },
            rejects: findings.rejects.map {
                .init(
                    partition: $0.partition, record: $0.record, byte: $0.byteOffset, key: $0.key,
                    field: $0.field, rule: $0.rule, value: $0.value)
            }, rejectedRecords: Array(rejectedRecords))
        guard let text = try? JSONEncoder().encode(stored) else { return nil }
        var bytes = Self.mark + key
        bytes.reserveCapacity(bytes.count + 8 + text.count + order.count * 4 + Self.hashBytes)
        func append(_ number: UInt32) {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        append(UInt32(order.count))
        append(UInt32(text.count))
        bytes.append(contentsOf: text)
        for place in order { append(place) }
        bytes.append(contentsOf: SHA256.hash(data: bytes))
        return bytes
    }
}
