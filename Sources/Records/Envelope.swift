// What the records around the data say: headers, trailers, and whether this is the right file.

/// What one pass over a file has found around its data records.
public struct EnvelopeSummary: Sendable, Equatable, Codable {
    /// In the order of the file.
    public var groups: [GroupEnvelope]
    /// Data records of all groups.
    public var dataRecords: UInt64
    /// Records of every type.
    public var records: UInt64
    /// Signs of a wrong file (exit 9), at most `RecordsLimits.identityFaultsMax`.
    public var identityFaults: [IdentityFault]

    /// Memberwise.
    public init(
        groups: [GroupEnvelope], dataRecords: UInt64, records: UInt64,
        identityFaults: [IdentityFault]
    ) {
        self.groups = groups
        self.dataRecords = dataRecords
        self.records = records
        self.identityFaults = identityFaults
    }
}

/// A header, its data records and its trailer.
public struct GroupEnvelope: Sendable, Equatable, Codable {
    /// 0-based, in the order of the file.
    public var number: Int
    /// The header's 1-based record number; 0 when the contract has no headers.
    public var headerRecord: UInt64
    /// Normalised text by field name; blank fields and fillers are left out.
    ///
    /// Digits keep their leading zeros, a month and day is written as `yyyy-mm-dd`.
    public var headerFields: [String: String]
    /// The trailer's 1-based record number; 0 when the contract has no trailers.
    public var trailerRecord: UInt64
    /// The trailer's figures by the names of the control totals; blank fields are left out.
    public var promised: [String: Int64]
    /// Data records of this group, counted, not promised.
    public var dataRecords: UInt64
    /// 0-based offset of the trailer; nil: there is none, or records are fixed and the offset
    /// follows from its number.
    public var trailerOffset: UInt64?

    /// Memberwise.
    public init(
        number: Int, headerRecord: UInt64, headerFields: [String: String], trailerRecord: UInt64,
        promised: [String: Int64], dataRecords: UInt64
    ) {
        self.number = number
        self.headerRecord = headerRecord
        self.headerFields = headerFields
        self.trailerRecord = trailerRecord
        self.promised = promised
        self.dataRecords = dataRecords
    }
}

/// A header field that belongs to another file (exit 9).
public struct IdentityFault: Error, Sendable, Equatable, Codable {
    /// The header field's name.
    public var field: String
    /// The contract's constant or the job's value.
    public var expected: String
    /// Empty when the field is blank.
    public var found: String
    /// The header's 1-based record number.
    public var recordNumber: UInt64
    /// 0-based offset of the field in the file.
    public var fileOffset: UInt64
    /// One English sentence.
    public var message: String
}

/// The record types around the data, compiled for reading.
struct EnvelopeTables: Sendable {
    private let tables: [RecordType.Role: FieldTable]
    /// Control totals by name, with the index of the trailer field that promises them.
    private let promises: [(name: String, field: Int)]
    /// Header fields that must equal a text.
    private let expectations: [(field: Int, text: String)]

    init(contract: Contract, parameters: RunParameters, identity: [String: String]) {
        var tables: [RecordType.Role: FieldTable] = [:]
        for type in contract.canonicalTypes where type.role != .data {
            do throws(ContractFault) {
                tables[type.role] = try FieldTable(
                    type, contract.characters, businessDate: parameters.businessDate)
            } catch {
                preconditionFailure("a contract with faults: \(error.path): \(error.message)")
            }
        }
        self.tables = tables
        promises = contract.controlTotals.compactMap { total in
            tables[.trailer]?.names.firstIndex(of: total.trailerField).map { (total.name, $0) }
        }
        expectations = contract.identity.compactMap { rule in
            let text: String? =
                switch rule.expectation {
                case .constant(let text): text
                case .setting(let name): identity[name]
                }
            guard let text, let field = tables[.header]?.names.firstIndex(of: rule.field) else {
                return nil
            }
            return (field, text)
        }
    }

    /// The first rule this header, trailer or end record breaks, and the index of its field.
    func finding(
        _ role: RecordType.Role, _ record: Span<UInt8>
    ) -> (field: Int, finding: FieldTable.Finding)? {
        guard let table = tables[role] else { return nil }
        for index in table.entries.indices {
            if let finding = table.finding(table.entries[index], record) {
                return (index, finding)
            }
        }
        return nil
    }

    /// Whether a byte of a record belongs to personal data.
    func isPersonal(_ role: RecordType.Role, byteInRecord: Int) -> Bool {
        tables[role]?.entries.contains {
            $0.personal && $0.start <= byteInRecord && byteInRecord < $0.end
        } ?? false
    }

    func headerFields(_ record: Span<UInt8>) -> [String: String] {
        guard let table = tables[.header] else { return [:] }
        var fields: [String: String] = [:]
        var utf8: [UInt8] = []
        for (entry, name) in zip(table.entries, table.names) {
            utf8.removeAll(keepingCapacity: true)
            if table.appendText(entry, record, to: &utf8) {
                fields[name] = String(decoding: utf8, as: UTF8.self)
            }
        }
        return fields
    }

    func promised(_ record: Span<UInt8>) -> [String: Int64] {
        guard let table = tables[.trailer] else { return [:] }
        var figures: [String: Int64] = [:]
        for promise in promises {
            figures[promise.name] = table.integer(table.entries[promise.field], record)
        }
        return figures
    }

    /// The name of a field.
    func name(_ role: RecordType.Role, _ field: Int) -> String { tables[role]?.names[field] ?? "" }

    /// What in the header belongs to another file.
    ///
    /// - Parameter offset: Where the field of this index, which begins at this byte of the
    ///   canonical record, stands in the file.
    func identityFaults(
        _ fields: [String: String], record: UInt64, offset: (_ field: Int, _ byte: Int) -> UInt64
    ) -> [IdentityFault] {
        guard let table = tables[.header] else { return [] }
        return expectations.compactMap { field, expected in
            let name = table.names[field]
            let found = fields[name] ?? ""
            guard found != expected else { return nil }
            let shown = found.isEmpty ? "blank" : "\"\(found)\""
            return IdentityFault(
                field: name, expected: expected, found: found, recordNumber: record,
                fileOffset: offset(field, table.entries[field].start),
                message: "The header record \(record) has \(shown) in the field \(name); this "
                    + "job expects \"\(expected)\".")
        }
    }
}
