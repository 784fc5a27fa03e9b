// The split's writing alone, for the bench: the records of a file in memory into slices on disk.

package import Plan
package import Records

/// Writes the data records of a file in memory into spool slices, as the split does.
package struct SpoolProbe {
    private let contract: Contract
    private let parameters: RunParameters
    private let identity: [String: String]

    /// A probe for files of a contract.
    package init(contract: Contract, parameters: RunParameters, identity: [String: String]) {
        self.contract = contract
        self.parameters = parameters
        self.identity = identity
    }

    /// Cuts a file into records and calls `data` for each data record: framing, order of records,
    /// headers and trailers, all that one pass of the envelope reader does.
    package func frame(
        _ file: [UInt8], _ data: (_ at: Int, _ number: UInt64, _ group: Int) throws -> Void
    ) throws -> EnvelopeSummary {
        let head = file.span.extracting(0..<min(file.count, RecordsLimits.headBytes(contract)))
        let layout = try FrameLayout.detect(head, contract: contract)
        var reader = EnvelopeReader(
            contract: contract, layout: layout, parameters: parameters, identity: identity)
        var base = 0
        while base < file.count {
            let end = min(base + CoordinationLimits.blockBytes, file.count)
            let start = base
            let consumed = try reader.read(file.span.extracting(start..<end)) { at, number, group in
                try data(start + at, number, group)
            }
            base += consumed
            if consumed == 0 { break }
        }
        return try reader.finish(rest: file.span.extracting(base..<file.count))
    }

    /// Writes records into slices cut at these keys, and syncs them.
    ///
    /// - Parameters:
    ///   - keys: The key image of every record.
    ///   - places: Where every record begins in the file, its number and its group.
    ///   - directory: Emptied first.
    /// - Returns: The slices' paths.
    package func write(
        _ file: [UInt8], keys: [[UInt8]], places: [SpoolPlace], cutAt cuts: [Key],
        directory: String
    ) throws -> [String] {
        try Files.removeDirectory(directory)
        try Files.makeDirectory(directory)
        var writer = SpoolWriter(
            directory: directory, ranges: SlicePlan.ranges(cutAt: cuts), prefix: "s")
        for (key, place) in zip(keys, places) {
            try writer.add(
                key: key.span, number: place.number, fileOffset: UInt64(place.at),
                group: place.group, block: file.span, at: place.at, count: contract.recordBytes)
        }
        return try writer.finish {}.map { "\(directory)/\($0.file)" }
    }
}

/// Where a data record stands in a file.
package struct SpoolPlace {
    /// Byte in the file.
    package var at: Int
    /// 1-based number of the record.
    package var number: UInt64
    /// 0-based header group.
    package var group: Int

    /// Memberwise.
    package init(at: Int, number: UInt64, group: Int) {
        self.at = at
        self.number = number
        self.group = group
    }
}
