// The slow side of `EnvelopeReader`: records around the data, faults, and how a file may end.

extension EnvelopeReader {
    /// Takes the record into the counts and the groups; `record` is canonical, `fieldOffset` says
    /// where its fields stand in the file.
    mutating func enter(
        _ role: RecordType.Role, _ number: UInt64, _ record: Span<UInt8>, _ block: Span<UInt8>,
        _ at: Int, fieldOffset: (_ field: Int, _ byte: Int) -> UInt64
    ) throws(StructureFault) {
        if role == .header || (role != .end && !groupOpen) {
            guard groups.count < ContractLimits.groupsMax else {
                throw fault(
                    .tooManyGroups(limit: ContractLimits.groupsMax), block, at, record: number)
            }
            groups.append(
                GroupEnvelope(
                    number: groups.count, headerRecord: 0, headerFields: [:], trailerRecord: 0,
                    promised: [:], dataRecords: 0))
            groupOpen = true
        }
        let group = groups.count - 1
        switch role {
        case .header:
            let fields = tables.headerFields(record)
            groups[group].headerRecord = number
            groups[group].headerFields = fields
            let room = RecordsLimits.identityFaultsMax - identityFaults.count
            let found = tables.identityFaults(fields, record: number, offset: fieldOffset)
            identityFaults.append(contentsOf: found.prefix(max(0, room)))
        case .data:
            groups[group].dataRecords += 1
            dataRecords += 1
        case .trailer:
            groups[group].trailerRecord = number
            groups[group].promised = tables.promised(record)
            groupOpen = false
        case .end:
            groupOpen = false
            behindEnd = true
        }
        records = number
        previous = role
    }

    /// Refuses a header, trailer or end record that breaks a field rule.
    func checkFields(
        _ role: RecordType.Role, _ number: UInt64, _ block: Span<UInt8>, _ at: Int,
        _ record: Span<UInt8>
    ) throws(StructureFault) {
        guard let (field, finding) = tables.finding(role, record) else { return }
        let byte = finding.byteInRecord
        let excerpt = Excerpt(record, at: byte, contract.characters) { index in
            index != byte && tables.isPersonal(role, byteInRecord: index)
        }
        throw StructureFault(
            .badField(role: role, field: tables.name(role, field), rule: finding.rule),
            record: number,
            fileOffset: layout.fileOffset(ofRecord: number) + UInt64(byte), excerpt)
    }

    /// Bytes before the first line break of the record here; nil: none, or no separators at all.
    func lineBreak(_ block: Span<UInt8>, _ at: Int) -> Int? {
        guard !separator.isEmpty else { return nil }
        for index in at..<min(block.count, at + layout.recordBytes)
        where block[index] == 0x0D || block[index] == 0x0A {
            return index - at
        }
        return nil
    }

    func isSeparator(_ block: Span<UInt8>, _ at: Int) -> Bool {
        guard block.count - at >= separator.count else { return false }
        return separator.indices.allSatisfy { block[at + $0] == separator[$0] }
    }

    /// Refuses anything but the separator behind a record.
    func checkSeparator(
        _ block: Span<UInt8>, at: Int, record: UInt64
    ) throws(StructureFault) {
        guard !isSeparator(block, at) else { return }
        var found: [UInt8] = []
        for index in at..<min(block.count, at + separator.count) { found.append(block[index]) }
        let offset = layout.fileOffset(ofRecord: record) + UInt64(layout.recordBytes)
        throw StructureFault(
            .separator(expected: layout.framing, found: found), record: record,
            fileOffset: offset, Excerpt(block, at: at, contract.characters))
    }

    func lengthFault(_ found: Int, _ block: Span<UInt8>, _ at: Int) -> StructureFault {
        let number = records + 1
        return StructureFault(
            .recordLength(expectedBytes: layout.recordBytes, foundBytes: found),
            record: number, fileOffset: layout.fileOffset(ofRecord: number) + UInt64(found),
            Excerpt(block, at: at + found, contract.characters))
    }

    /// A fault at the first byte that is not consumed.
    func fault(
        _ kind: StructureFault.Kind, _ block: Span<UInt8>, _ at: Int, record: UInt64
    ) -> StructureFault {
        StructureFault(
            kind, record: record, fileOffset: position, Excerpt(block, at: at, contract.characters))
    }
}

// How a file may end.
extension EnvelopeReader {
    /// Decides what follows the end record: another record when the contract allows one there,
    /// otherwise one end mark and then surplus, which is counted to the file's last byte.
    ///
    /// Returns where to go on; nil: too few bytes to decide.
    mutating func readBehindEnd(_ block: Span<UInt8>, _ at: Int) -> Int? {
        guard surplus == nil else {
            surplus?.bytes += UInt64(block.count - at)
            return block.count
        }
        let next = at + separator.count
        guard next < block.count else { return nil }
        if isSeparator(block, at), let role = roles[Int(block[next])],
            mayStand(role, after: .end)
        {
            behindEnd = false
            separatorDue = false
            return next
        }
        // One byte more than the separator may still be the end mark; `finish` looks at it.
        guard next + 1 < block.count else { return nil }
        surplus = surplus(in: block, from: at)
        return block.count
    }

    /// What is left behind the separator and the end mark, both optional; nil: nothing.
    private func surplus(in block: Span<UInt8>, from at: Int) -> Surplus? {
        var start = isSeparator(block, at) ? at + separator.count : at
        if start < block.count, block[start] == contract.endMark { start += 1 }
        guard start < block.count else { return nil }
        return Surplus(
            fileOffset: position + UInt64(start - at), bytes: UInt64(block.count - start),
            excerpt: Excerpt(block, at: start, contract.characters))
    }

    /// Ends the pass: judges the last bytes and whether the file is complete.
    ///
    /// The last separator is optional, and one end mark may follow it.
    ///
    /// - Parameter rest: What the last call of ``read(_:_:)`` did not consume; it was offered to
    ///   it, so that it holds no whole record.
    public mutating func finish(rest: Span<UInt8>) throws(StructureFault) -> EnvelopeSummary {
        if surplus != nil { _ = readBehindEnd(rest, 0) }
        if behindEnd, surplus == nil { surplus = surplus(in: rest, from: 0) }
        if let surplus {
            throw StructureFault(
                .afterEnd(bytes: surplus.bytes), record: records + 1,
                fileOffset: surplus.fileOffset, surplus.excerpt)
        }
        if !behindEnd { try checkUnfinished(rest) }
        return EnvelopeSummary(
            groups: groups, dataRecords: dataRecords, records: records,
            identityFaults: identityFaults)
    }

    /// Whether a file may end here that has no end record (yet).
    private mutating func checkUnfinished(_ rest: Span<UInt8>) throws(StructureFault) {
        if records == 0, rest.isEmpty { throw fault(.emptyFile, rest, 0, record: 1) }
        var at = 0
        let onlyEndMark = rest.count == 1 && rest[0] == contract.endMark
        if separatorDue, !rest.isEmpty, !onlyEndMark {
            try checkSeparator(rest, at: 0, record: records)
            at = separator.count
            position += UInt64(at)
        }
        let left = rest.count - at
        guard left == 0 || (left == 1 && rest[at] == contract.endMark) else {
            let length = lineBreak(rest, at)
            precondition(
                left < layout.recordBytes || length != nil, "a rest that was never offered to read")
            throw lengthFault(length ?? left, rest, at)
        }
        let trailers = contract.recordType(.trailer) != nil
        if trailers, previous != .trailer {
            throw fault(.missingTrailer, rest, at, record: records + 1)
        }
        if contract.recordType(.end) != nil {
            throw fault(.missingEnd, rest, at, record: records + 1)
        }
    }
}
