// Validation of one slice without a database: decode, field rules, sort by key, in-slice rules.
// Bytes in, findings out. Staging and the command `validate` both begin here.

package import Ledger
package import Plan
package import Records

/// A data record of a slice that has been read: where it is and what its key is.
struct SliceEntry {
    /// Key bytes behind the prefix that all keys of the slice share, big-endian, zero-filled.
    var order: UInt64
    /// Where the record's bytes begin in the slice.
    var at: Int32
    var count: Int32
    /// Where its key image begins in the arena of keys.
    var keyAt: Int32
    var keyCount: Int32
    var number: Int64
    var fileOffset: Int64
    /// What tells the record at its place in the file from every other.
    ///
    /// Taken while the records are read one after the other: in key order each is a miss of the cache.
    var digest: UInt64
    var group: Int32
    /// Keeps every rule so far.
    var isValid: Bool

    /// Where the record's bytes are in the slice.
    @inline(__always)
    var place: Range<Int> { Int(at)..<Int(at + count) }

    /// The digest of a record.
    static func digest(_ record: Span<UInt8>, _ place: SpoolRecord) -> UInt64 {
        XXHash64.hash(record, seed: place.number)
    }
}

/// The rules of a job that one slice is checked against; made once per process.
package struct SliceRules: Sendable {
    let contract: Contract
    let checker: RecordChecker
    let data: RecordType
    let partitions: PartitionTable
    /// Header fields per group, normalised.
    let groups: [GroupEnvelope]
    /// Fields whose sums are proved, as indexes into the data record's fields.
    let sumFields: [Int]
    let commitInterval: Int
    let maxReported: Int
    /// Whether a partition key identifies a target row.
    let keyIsPartitionKey: Bool
    /// Fields of the target key: `name`, or `header.name` of the group's header.
    let targetKey: [String]
    /// nil: records are fixed.
    let translator: CSVTranslator?
    let uniqueDataFields: [Int]
    let uniqueHeaderFields: [String]
    let partitionKeyField: Int

    /// Compiles the rules.
    package init(
        contract: Contract, parameters: RunParameters, partitions: PartitionTable,
        groups: [GroupEnvelope], commitInterval: Int, maxReported: Int, targetKey: [String]
    ) throws {
        guard let data = contract.recordType(.data) else {
            throw ContractFault(path: "records", message: "there is no data record")
        }
        self.contract = contract
        self.data = data
        self.partitions = partitions
        self.groups = groups
        self.commitInterval = commitInterval
        self.maxReported = maxReported
        let checker = try RecordChecker(contract: contract, parameters: parameters)
        self.checker = checker
        translator = CSVTranslator(contract: contract)
        func index(_ field: String) throws -> Int {
            guard let index = checker.fieldIndex(field) else {
                throw ContractFault(path: "records.data", message: "there is no field \(field)")
            }
            return index
        }
        var sums: [String] = []
        for total in contract.controlTotals {
            if let field = total.sum, !sums.contains(field) { sums.append(field) }
        }
        sumFields = try sums.map(index)
        partitionKeyField = try index(contract.partitionKey)
        keyIsPartitionKey = targetKey == [contract.partitionKey]
        self.targetKey = targetKey
        uniqueDataFields = try contract.uniqueKey
            .filter { $0.role == .data && $0.field != contract.partitionKey }
            .map { try index($0.field) }
        uniqueHeaderFields = contract.uniqueKey.filter { $0.role == .header }.map(\.field)
    }
}

/// A slice after its check: valid records in key order, and what was found.
package struct CheckedSlice {
    /// The spool file's bytes; of CSV records the canonical forms in their place.
    let bytes: [UInt8]
    /// Where canonical records came from; nil: records are fixed.
    let origin: CSVOrigin?
    /// Key images, one after the other.
    let keys: [UInt8]
    /// Every record with a readable key, sorted by key, then by place in the file.
    var entries: [SliceEntry]
    package internal(set) var findings: SliceFindings
    /// Rejects over `maxReported` are only counted.
    var rejectedRecords: Set<Int64>
}

extension SliceRules {
    /// Checks every record of a slice.
    ///
    /// - Parameters:
    ///   - bytes: The spool file.
    ///   - range: The slice's key range; a record outside it is a bug of the splitter.
    ///   - breathe: Called every few milliseconds; may throw to stop.
    package func check(
        _ bytes: [UInt8], breathe: () throws -> Void
    ) throws -> CheckedSlice {
        let (bytes, origin) = try canonical(bytes, breathe: breathe)
        var slice = CheckedSlice(
            bytes: bytes, origin: origin, keys: [], entries: [], findings: SliceFindings(),
            rejectedRecords: [])
        var keys: [UInt8] = []
        keys.reserveCapacity(bytes.count / 6)
        slice.entries.reserveCapacity(bytes.count / (contract.recordBytes + 16) + 1)
        var violations: [Violation] = []
        let span = bytes.span
        var offset = 0
        var sinceBreath = 0
        // A slice is in file order, so each group's records stand together.
        var group = -1
        var records: Int64 = 0
        var sums = ControlSums(contract: contract)
        while offset < span.count {
            guard let place = SpoolRecord.read(span, at: offset) else {
                throw LoadingError.spoolTorn("record at byte \(offset) is cut off")
            }
            offset = place.next
            let record = span.extracting(place.at..<place.next)
            if place.group != group {
                if group >= 0 { slice.findings.totals[group] = (records, sums.figures) }
                group = place.group
                records = 0
                sums = ControlSums(contract: contract)
            }
            records += 1
            sums.add(record, checker)
            let keyAt = keys.count
            let hasKey = checker.appendKeyImage(record, to: &keys)
            var isValid = checker.check(record, into: &violations)
            if let origin { isValid = origin.judge(place, isValid, &violations, self) }
            let entry = SliceEntry(
                order: 0, at: Int32(place.at), count: Int32(place.count), keyAt: Int32(keyAt),
                keyCount: Int32(keys.count - keyAt), number: Int64(place.number),
                fileOffset: Int64(place.fileOffset), digest: SliceEntry.digest(record, place),
                group: Int32(place.group), isValid: isValid)
            if !isValid {
                let image = keys[keyAt...]
                let partition =
                    hasKey
                    ? partitions.partition(of: Key(String(decoding: image, as: UTF8.self))) : nil
                if violations.contains(where: { $0.fieldIndex == partitionKeyField }) || !hasKey {
                    slice.findings.nameless += 1
                }
                for violation in violations {
                    reject(entry, violation, key: nil, partition: partition?.number, in: &slice)
                }
                violations.removeAll(keepingCapacity: true)
            }
            if hasKey { slice.entries.append(entry) } else { share(nil, isValid, in: &slice) }
            sinceBreath += 1
            if sinceBreath == LoadingLimits.recordsPerBreath {
                sinceBreath = 0
                try breathe()
            }
        }
        if group >= 0 { slice.findings.totals[group] = (records, sums.figures) }
        slice = CheckedSlice(
            bytes: bytes, origin: origin, keys: keys, entries: slice.entries,
            findings: slice.findings,
            rejectedRecords: slice.rejectedRecords)
        try breathe()
        Self.sort(&slice.entries, keys: keys)
        try breathe()
        checkRuns(&slice)
        return slice
    }

    /// Rules over records of one key: its partition, and what must not occur twice.
    private func checkRuns(_ slice: inout CheckedSlice) {
        var start = 0
        let entries = slice.entries
        var partitions = PartitionCursor(partitions)
        var shares = PartitionShares()
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].order == entries[start].order,
                Self.compare(entries[start], entries[end], slice.keys) == 0
            {
                end += 1
            }
            let partition = partitions.advance(to: start, in: slice)
            for index in start..<end {
                if partition == nil {
                    slice.entries[index].isValid = false
                    let violation = Violation(
                        fieldIndex: partitionKeyField, rule: .keyRange,
                        byteInRecord: keyByte(entries[index], slice))
                    reject(entries[index], violation, key: nil, partition: nil, in: &slice)
                }
            }
            if end - start > 1, !contract.uniqueKey.isEmpty {
                rejectTwins(start..<end, partition: partition?.number, in: &slice)
            }
            for index in start..<end {
                shares.add(
                    slice.entries[index].isValid, to: partition?.number ?? 0,
                    in: &slice.findings)
            }
            start = end
        }
        shares.settle(in: &slice.findings)
    }

    /// Of records with one unique key the first in the file stays.
    private func rejectTwins(
        _ run: Range<Int>, partition: Int?, in slice: inout CheckedSlice
    ) {
        var seen: Set<[UInt8]> = []
        for index in run where slice.entries[index].isValid {
            let entry = slice.entries[index]
            let bytes = slice.bytes
            let record = bytes.span.extracting(entry.place)
            var identity: [UInt8] = []
            for field in uniqueDataFields {
                if checker.appendText(field, record, to: &identity) { identity.append(1) }
                identity.append(0)
            }
            for field in uniqueHeaderFields {
                identity.append(
                    contentsOf: (groups[Int(entry.group)].headerFields[field] ?? "").utf8)
                identity.append(0)
            }
            guard !seen.insert(identity).inserted else { continue }
            slice.entries[index].isValid = false
            let violation = Violation(
                fieldIndex: partitionKeyField, rule: .unique,
                byteInRecord: keyByte(entry, slice))
            reject(entry, violation, key: nil, partition: partition, in: &slice)
        }
    }

    /// Notes a broken rule; the place and the masked value come from the record.
    func reject(
        _ entry: SliceEntry, _ violation: Violation, key: String?, partition: Int?,
        in slice: inout CheckedSlice
    ) {
        if slice.rejectedRecords.insert(entry.number).inserted { slice.findings.rejected += 1 }
        guard slice.findings.rejects.count < maxReported else { return }
        slice.findings.rejects.append(
            Reject(
                partition: partition, record: entry.number,
                byteOffset: entry.fileOffset + Int64(violation.byteInRecord),
                key: shown(partitionKeyField, entry, slice),
                field: data.fields[violation.fieldIndex].name, rule: violation.rule.rawValue,
                value: shown(violation.fieldIndex, entry, slice)))
    }

    func share(_ partition: Int?, _ isValid: Bool, in slice: inout CheckedSlice) {
        slice.findings.shares[partition ?? 0, default: (0, 0)].records += 1
        if !isValid { slice.findings.shares[partition ?? 0, default: (0, 0)].rejected += 1 }
    }
}

extension CheckedSlice {
    /// The key image of an entry.
    func key(of entry: SliceEntry) -> Key { Key(keyText(entry)) }

    /// Whether the key of an entry is a key or above it.
    func reaches(_ key: Key, _ entry: SliceEntry) -> Bool {
        var text = key.text
        return text.withUTF8 { bytes in
            unsafe keys.span.extracting(entry.keyPlace).order(against: bytes.span) >= 0
        }
    }

    /// The key image's text.
    func keyText(_ entry: SliceEntry) -> String {
        String(
            decoding: keys[Int(entry.keyAt)..<Int(entry.keyAt + entry.keyCount)], as: UTF8.self)
    }
}
