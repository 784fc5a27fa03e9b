// Everything that is wrong with a contract, all at once, so that it is corrected in one go.

extension Contract {
    /// Every inconsistency, in the order of the YAML form; empty: the contract can be used.
    public var faults: [ContractFault] {
        ownFaults + csvFaults + recordFaults + keyFaults + totalFaults + identityRuleFaults
    }

    private var ownFaults: [ContractFault] {
        var found: [ContractFault] = []
        func add(_ path: String, _ message: String) {
            found.append(ContractFault(path: path, message: message))
        }
        let letters = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
        }
        if name.isEmpty || !letters { add("name", "\"\(name)\" is not of the form [a-z0-9-]+") }
        if !(1...ContractLimits.recordBytesMax).contains(recordBytes) {
            add("recordBytes", "\(recordBytes) is not 1 to \(ContractLimits.recordBytesMax)")
        }
        if csv != nil, framings.contains(.none) {
            add("framings", "CSV records need a separator, so `none` is not possible")
        }
        if framings.isEmpty { add("framings", "no framing is allowed, so no file can be read") }
        if Set(framings).count < framings.count { add("framings", "a framing is named twice") }
        if let endMark, recordTypes.contains(where: { $0.marker == endMark }) {
            add("endMark", "\(endMark) is also the first byte of a record type")
        }
        return found
    }

    private var recordFaults: [ContractFault] {
        var found: [ContractFault] = []
        func add(_ path: String, _ message: String) {
            found.append(ContractFault(path: path, message: message))
        }
        if recordType(.data) == nil { add("records", "there is no data record type") }
        if !recordTypes.contains(where: \.first) {
            add("records", "no record type may be the first of a file")
        }
        var roles: Set<RecordType.Role> = []
        var markers: Set<UInt8> = []
        for type in recordTypes {
            let path = "records.\(type.role.rawValue)"
            if !roles.insert(type.role).inserted { add(path, "this role is described twice") }
            if !markers.insert(type.marker).inserted {
                add("\(path).marker", "\(type.marker) is the marker of another record type too")
            }
            if type.marker == 0x0A || type.marker == 0x0D {
                add("\(path).marker", "a line break cannot be a marker")
            }
            for role in type.after where recordType(role) == nil {
                add("\(path).after", "there is no \(role.rawValue) record type")
            }
            found += type.fieldFaults(self)
        }
        let reached = reachableRoles
        // Without a first one nothing is reached, and that was said above.
        for type in recordTypes where !reached.isEmpty && !reached.contains(type.role) {
            add(
                "records.\(type.role.rawValue).after",
                "no order of records that begins with a first one leads to this type")
        }
        return found
    }

    /// The roles some order of records leads to.
    private var reachableRoles: Set<RecordType.Role> {
        var reached = Set(recordTypes.filter(\.first).map(\.role))
        while true {
            let more = recordTypes.filter { type in
                !reached.contains(type.role) && type.after.contains { reached.contains($0) }
            }
            if more.isEmpty { return reached }
            reached.formUnion(more.map(\.role))
        }
    }

    private var keyFaults: [ContractFault] {
        var found: [ContractFault] = []
        func add(_ path: String, _ message: String) {
            found.append(ContractFault(path: path, message: message))
        }
        if let key = recordType(.data)?.field(partitionKey) {
            if ![.digits, .integer, .text].contains(key.type) || key.signed == true {
                add(
                    "partitionKey",
                    "\(partitionKey) is of type \(key.type.rawValue), "
                        + "which has no order of its own")
            }
            if !key.required {
                add(
                    "partitionKey",
                    "\(partitionKey) must be required: "
                        + "a blank key lies in no partition")
            }
        } else {
            add("partitionKey", "there is no data field \(partitionKey)")
        }
        for reference in uniqueKey {
            let name = "\(reference.role.rawValue).\(reference.field)"
            guard reference.role == .data || reference.role == .header else {
                add("uniqueKey", "\(name) is neither a data nor a header field")
                continue
            }
            guard let field = recordType(reference.role)?.field(reference.field),
                field.type != .filler
            else {
                add("uniqueKey", "there is no field \(name)")
                continue
            }
        }
        if Set(uniqueKey).count < uniqueKey.count { add("uniqueKey", "a field is named twice") }
        let key = FieldReference(role: .data, field: partitionKey)
        if !uniqueKey.isEmpty, !uniqueKey.contains(key) {
            add("uniqueKey", "\(partitionKey) must be part of it: equal keys meet in one partition")
        }
        return found
    }

    private var totalFaults: [ContractFault] {
        var found: [ContractFault] = []
        var names: Set<String> = []
        for total in controlTotals {
            func add(_ path: String, _ message: String) {
                found.append(
                    ContractFault(path: "controlTotals.\(total.name)\(path)", message: message))
            }
            if !names.insert(total.name).inserted { add("", "this name is used twice") }
            let promise = recordType(.trailer)?.field(total.trailerField)
            if promise?.type != .integer, total.sum == nil || promise?.type != .decimal {
                add(".trailerField", "there is no integer trailer field \(total.trailerField)")
            }
            if let sum = total.sum {
                let summed = recordType(.data)?.field(sum)
                if summed?.type != .integer, summed?.type != .decimal {
                    add(".sum", "there is no integer or decimal data field \(sum)")
                } else if summed?.scale ?? 0 != promise?.scale ?? 0 {
                    add(
                        ".sum",
                        "\(sum) has \(summed?.scale ?? 0) decimal places, the trailer's field "
                            + "\(promise?.scale ?? 0)")
                }
            }
            guard let condition = total.condition else { continue }
            guard let field = recordType(.data)?.field(condition.field), field.type != .filler
            else {
                add(".condition", "there is no data field \(condition.field)")
                continue
            }
            if condition.values.isEmpty { add(".condition", "no values are named") }
            for value in condition.values where !value.isEmpty {
                if let message = field.valueFault(value, characters) { add(".condition", message) }
            }
        }
        return found
    }

    private var identityRuleFaults: [ContractFault] {
        identity.compactMap { rule in
            if let field = recordType(.header)?.field(rule.field), field.type != .filler {
                return nil
            }
            return ContractFault(
                path: "identity.\(rule.field)", message: "there is no header field \(rule.field)")
        }
    }
}
