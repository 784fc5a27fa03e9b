// A contract made ready for writing: one template per kind of record, and which fields can carry
// which defect.

/// A contract in the form the sample writer uses.
struct SampleLayout: Sendable {
    /// The contract, with the plan's constants in its header; of CSV in its canonical form.
    let contract: Contract
    /// Writes records as lines; nil: they are fixed.
    let cells: SampleCells?
    let businessDay: SampleDay
    let data: SampleRecord
    let header: SampleRecord?
    let trailer: SampleRecord?
    let end: SampleRecord?
    /// The control totals, with no record added yet.
    let totals: SampleTotals
    /// The bytes of a record with its separator.
    let strideBytes: Int

    /// Compiles a contract; throws the first thing that makes it impossible to write.
    init(
        _ contract: Contract, framing: Framing, businessDay: SampleDay, groupRecords: Int,
        records: Int
    ) throws(SampleFault) {
        cells = SampleCells(contract, framing: framing)
        let contract = contract.canonicalForm
        // A line gets its separator when it is written.
        let framing = cells == nil ? framing : .none
        func record(_ role: RecordType.Role) throws(SampleFault) -> SampleRecord? {
            guard let type = contract.recordType(role) else { return nil }
            return try SampleRecord(
                type, in: contract, framing: framing, businessDay: businessDay, records: records)
        }
        guard let data = try record(.data) else { throw .noDataRecord }
        self.contract = contract
        self.businessDay = businessDay
        self.data = data
        header = try record(.header)
        trailer = try record(.trailer)
        end = try record(.end)
        totals = try SampleTotals(
            contract, data: data.type, groupRecords: groupRecords, records: records,
            businessDay: businessDay)
        strideBytes = contract.recordBytes + framing.separator.count
        let isShuffled = contract.uniqueKey.contains { reference in
            reference.role == .data
                && data.type.field(reference.field)?.sample == .shuffledNumber
        }
        guard contract.uniqueKey.isEmpty || isShuffled else { throw .uniqueKeyNotShuffled }
    }

    /// The fields of data or envelope that a kind of defect can spoil, so that it is found by its
    /// own rule and no other where the contract has such a field; empty: the kind has no place.
    func candidates(_ defect: SampleDefect) -> [Field] {
        // The first byte tells the kind of record; spoiling it would be another defect.
        let fields = data.type.fields.filter {
            ($0.at > 1 || contract.isTable) && $0.type != .filler
        }
        let summed = Set(contract.controlTotals.compactMap(\.sum))
        let conditions = Set(contract.controlTotals.compactMap(\.condition?.field))
        switch defect {
        case .badDigits:
            let found = fields.filter {
                $0.required && !summed.contains($0.name)
                    && ($0.type == .digits || $0.type == .integer)
            }
            return Self.preferring(found) { $0.values == nil && !conditions.contains($0.name) }
        case .badAmount:
            return fields.filter { summed.contains($0.name) }
        case .badEnum:
            return fields.filter {
                !summed.contains($0.name) && !SamplePlantings.foreignValues($0).isEmpty
            }
        case .badCharacter:
            let found = fields.filter { $0.type == .text }
            return Self.preferring(found) { $0.values == nil && $0.pattern == nil }
        case .blankRequired:
            let found = fields.filter { $0.required && !summed.contains($0.name) }
            return Self.preferring(found) { !conditions.contains($0.name) }
        case .duplicate:
            let keys = contract.uniqueKey.filter { $0.role == .data }.map(\.field)
            let name = keys.contains(contract.partitionKey) ? contract.partitionKey : keys.first
            return name.flatMap { data.type.field($0) }.map { [$0] } ?? []
        case .belowMinimum:
            return fields.filter { $0.type == .integer && $0.minimum ?? 0 >= 1 }
        case .totalOff:
            return trailerField { $0.sum != nil }
        case .countOff:
            return trailerField { $0.sum == nil }
        case .wrongIdentity:
            return identityField()
        case .missingTrailer, .missingEnd, .garbageAfterEnd, .shortRecord, .wrongOrder:
            return []
        }
    }

    /// The data fields a duplicate takes over from its original: the whole key of the unique
    /// rule, and the partition key, so that both stand in one partition.
    var repeatedFields: [Field] {
        let names = contract.uniqueKey.filter { $0.role == .data }.map(\.field)
        return data.type.fields.filter {
            names.contains($0.name) || $0.name == contract.partitionKey
        }
    }

    private func trailerField(_ isWanted: (ControlTotal) -> Bool) -> [Field] {
        let total = contract.controlTotals.first(where: isWanted)
        return total.flatMap { trailer?.type.field($0.trailerField) }.map { [$0] } ?? []
    }

    /// The header field of the first identity rule that is always checked and whose change breaks
    /// no field rule; failing that, of the first identity rule.
    private func identityField() -> [Field] {
        let fields: [(field: Field, isConstant: Bool)] = contract.identity.compactMap { identity in
            guard let field = header?.type.field(identity.field), field.at > 1,
                field.type != .filler, field.type != .monthDay
            else { return nil }
            guard case .constant = identity.expectation else { return (field, false) }
            return (field, true)
        }
        let found =
            fields.first { $0.isConstant && $0.field.values == nil }
            ?? fields.first { $0.field.values == nil } ?? fields.first
        return found.map { [$0.field] } ?? []
    }

    private static func preferring(
        _ fields: [Field], _ isBetter: (Field) -> Bool
    ) -> [Field] {
        let better = fields.filter(isBetter)
        return better.isEmpty ? fields : better
    }
}
