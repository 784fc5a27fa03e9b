// One pass over a file: cuts blocks into records, checks separators and the order of records, and
// reads what stands around the data. Memory does not grow with the number of data records.

/// Cuts blocks of a file into records and walks their order.
///
/// Feed blocks with ``read(_:_:)``, then end with ``finish(rest:)``. How the file is cut into
/// blocks changes nothing in what is found. After an error the reader must not be used again.
public struct EnvelopeReader: Sendable {
    let contract: Contract
    let layout: FrameLayout
    let tables: EnvelopeTables
    let separator: [UInt8]
    /// The role by first byte; nil: no such record type.
    let roles: [RecordType.Role?]
    /// Whether a role may stand behind another.
    private let orders: Set<Order>
    private let firsts: Set<RecordType.Role>

    private struct Order: Hashable {
        var role: RecordType.Role
        var after: RecordType.Role
    }

    /// Where the next byte to be read stands in the file.
    var position: UInt64 = 0
    var records: UInt64 = 0
    var dataRecords: UInt64 = 0
    var previous: RecordType.Role?
    /// The last record was read but not yet the separator behind it.
    var separatorDue = false
    var groups: [GroupEnvelope] = []
    var groupOpen = false
    var identityFaults: [IdentityFault] = []
    /// The last record was an end record.
    var behindEnd = false
    /// What follows the end of the file's contents; nil: nothing so far.
    var surplus: Surplus?

    /// Bytes behind the end record, told of when all of them are counted.
    struct Surplus: Sendable {
        var fileOffset: UInt64
        var bytes: UInt64
        var excerpt: Excerpt
    }

    /// A reader at the start of a file.
    ///
    /// - Parameters:
    ///   - contract: One without `faults`; anything else is a programming error.
    ///   - layout: As detected from the file's first bytes.
    ///   - parameters: Without a business date, months and days of headers are left out.
    ///   - identity: The job's values by the names the contract's identity rules use.
    public init(
        contract: Contract, layout: FrameLayout, parameters: RunParameters,
        identity: [String: String]
    ) {
        self.contract = contract
        self.layout = layout
        tables = EnvelopeTables(contract: contract, parameters: parameters, identity: identity)
        separator = layout.framing.separator
        var roles = [RecordType.Role?](repeating: nil, count: 256)
        var orders: Set<Order> = []
        for type in contract.recordTypes {
            roles[Int(type.marker)] = type.role
            for role in type.after { orders.insert(Order(role: type.role, after: role)) }
        }
        self.roles = roles
        self.orders = orders
        firsts = Set(contract.recordTypes.filter(\.first).map(\.role))
    }

    /// Consumes what can be read of a block and calls `data` for each data record.
    ///
    /// - Parameters:
    ///   - block: Begins with the first byte that the last call did not consume. With
    ///     `FrameLayout.blockBytesMin` bytes or more something is always consumed.
    ///   - data: The record's offset in `block`, its 1-based number in the file, and the 0-based
    ///     index of its group. Field rules are not checked here.
    /// - Returns: Bytes consumed; the caller puts new bytes behind the rest.
    /// - Throws: ``StructureFault``, or what `data` throws.
    public mutating func read(
        _ block: Span<UInt8>,
        _ data: (_ at: Int, _ recordNumber: UInt64, _ group: Int) throws -> Void
    ) throws -> Int {
        let base = position
        var at = 0
        while true {
            position = base + UInt64(at)
            if surplus != nil || behindEnd {
                guard let next = readBehindEnd(block, at) else { return at }
                at = next
                position = base + UInt64(at)
                if surplus != nil { return at }
            }
            if separatorDue {
                guard block.count - at >= separator.count else { return at }
                try checkSeparator(block, at: at, record: records)
                at += separator.count
                separatorDue = false
                position = base + UInt64(at)
            }
            at += try readDataRun(block, at, data)
            position = base + UInt64(at)
            guard block.count - at >= layout.recordBytes else { return at }
            let taken = try readOne(block, at, data)
            guard taken > 0 else { return at }
            at += taken
        }
    }

    /// The hot path: data records behind one another, each with its separator in this block.
    ///
    /// Warning: everything is copied to locals because the compiler reloads stored properties
    /// around the closure. Whatever this loop does not take is judged by `readOne`.
    private mutating func readDataRun(
        _ block: Span<UInt8>, _ start: Int,
        _ data: (_ at: Int, _ recordNumber: UInt64, _ group: Int) throws -> Void
    ) throws -> Int {
        guard groupOpen, previous == .data, mayStand(.data, after: .data),
            let marker = contract.recordType(.data)?.marker
        else { return 0 }
        let recordBytes = layout.recordBytes
        let strideBytes = layout.strideBytes
        let separatorBytes = separator.count
        let first = separator.first ?? 0
        let last = separator.last ?? 0
        let group = groups.count - 1
        let numberBefore = records
        var number = numberBefore
        var at = start
        while block.count &- at >= strideBytes, block[at] == marker {
            // No separator: nothing to compare. One byte: both comparisons look at it.
            if separatorBytes != 0,
                block[at &+ recordBytes] != first || block[at &+ strideBytes &- 1] != last
            {
                break
            }
            number &+= 1
            try data(at, number, group)
            at &+= strideBytes
        }
        let count = number - numberBefore
        records = number
        dataRecords += count
        groups[group].dataRecords += count
        return at - start
    }

    /// One record of any type, with its separator when that is in the block already.
    ///
    /// Returns the bytes taken; 0: more bytes are needed to judge it.
    private mutating func readOne(
        _ block: Span<UInt8>, _ at: Int,
        _ data: (_ at: Int, _ recordNumber: UInt64, _ group: Int) throws -> Void
    ) throws -> Int {
        let number = records + 1
        let whole = block.count - at >= layout.strideBytes
        // A line break inside: too short a record, unless the separator stands where it should.
        if let length = lineBreak(block, at), length < layout.recordBytes {
            guard whole else { return 0 }
            if !isSeparator(block, at + layout.recordBytes) {
                throw lengthFault(length, block, at)
            }
        }
        let role = try role(block, at, number)
        let record = block.extracting(at..<(at + layout.recordBytes))
        if role != .data { try checkFields(role, number, block, at, record) }
        let offset = layout.fileOffset(ofRecord: number)
        try enter(role, number, record, block, at) { _, byte in offset + UInt64(byte) }
        // What follows the end record has rules of its own: `readBehindEnd`.
        let separated = whole && role != .end
        if separated { try checkSeparator(block, at: at + layout.recordBytes, record: number) }
        if role == .data { try data(at, number, groups.count - 1) }
        separatorDue = !separated && !separator.isEmpty
        return separated ? layout.strideBytes : layout.recordBytes
    }

    /// The role of the record at this place, which must be allowed there.
    private func role(
        _ block: Span<UInt8>, _ at: Int, _ number: UInt64
    ) throws(StructureFault) -> RecordType.Role {
        guard let role = roles[Int(block[at])] else {
            let byte = block[at]
            let isLineBreak = byte == 0x0D || byte == 0x0A
            guard isLineBreak, separator.isEmpty, records > 0 else {
                throw fault(.unknownMarker(byte), block, at, record: number)
            }
            throw fault(
                .separator(expected: .none, found: [byte]), block, at, record: records)
        }
        guard mayStand(role, after: previous) else {
            throw fault(.order(found: role, after: previous), block, at, record: number)
        }
        return role
    }

    func mayStand(_ role: RecordType.Role, after: RecordType.Role?) -> Bool {
        guard let after else { return firsts.contains(role) }
        return orders.contains(Order(role: role, after: after))
    }
}
