// What can be wrong with the fields of one record type.

extension RecordType {
    /// Every inconsistency of this record type's fields.
    func fieldFaults(_ contract: Contract) -> [ContractFault] {
        var found: [ContractFault] = []
        var names: Set<String> = []
        var end = 0
        for field in fields {
            let path = "records.\(role.rawValue).fields.\(field.name)"
            var messages = field.faults(contract)
            if !names.insert(field.name).inserted { messages.append("this name is used twice") }
            if end > 0, field.at <= end {
                messages.append(
                    "it begins at \(field.at), but the field before it ends at \(end)")
            }
            end = max(end, field.lastByte)
            found += messages.map { ContractFault(path: path, message: $0) }
        }
        return found
    }
}

extension Field {
    /// The 1-based position of the last byte; saturating, so that absurd numbers are only a fault.
    fileprivate var lastByte: Int {
        let (sum, overflow) = at.addingReportingOverflow(bytes)
        return overflow ? Int.max : sum - 1
    }

    fileprivate func faults(_ contract: Contract) -> [String] {
        var found: [String] = []
        let plain = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
        }
        if name.isEmpty || !plain { found.append("its name is not of the form [a-z0-9_]+") }
        if at < 1 || bytes < 1 || lastByte > contract.recordBytes {
            found.append(
                "\(bytes) bytes at \(at) do not lie within a record of \(contract.recordBytes)")
        }
        return found + typeFaults + ruleFaults(contract.characters) + sampleFaults(contract)
    }

    /// Settings that do not belong to the field's type.
    private var typeFaults: [String] {
        var found: [String] = []
        let sign = signed == true ? 1 : 0
        let point = scale ?? 0 > 0 ? 1 : 0
        let isNumber = type == .integer || type == .decimal
        if isNumber, bytes - sign - point > ContractLimits.integerDigitsMax {
            let kind = type == .integer ? "an integer" : "a decimal"
            found.append(
                "\(kind) has at most \(ContractLimits.integerDigitsMax) digits, not "
                    + "\(bytes - sign - point)")
        }
        if isNumber, bytes - sign - point - (scale ?? 0) < 1 {
            found.append("\(bytes) bytes have no room for a digit")
        }
        if signed != nil, !isNumber { found.append("`signed` is only for integer and decimal") }
        if type == .decimal, !(0..<ContractLimits.integerDigitsMax).contains(scale ?? -1) {
            found.append("a decimal needs `scale`: 0 to \(ContractLimits.integerDigitsMax - 1)")
        }
        if type != .decimal, scale != nil { found.append("`scale` is only for decimal") }
        if type == .date, bytes != dateFormat?.bytes {
            found.append("a date needs `format` and the length of its form")
        }
        if type != .date, dateFormat != nil { found.append("`format` is only for date") }
        if zeroFill != nil, type != .digits, type != .monthDay {
            found.append("`zero_fill` is only for digits and month-day")
        }
        if type == .date || type == .decimal, values != nil || pattern != nil {
            found.append("`enum` and `pattern` are not for \(type.rawValue)")
        }
        if type == .monthDay, bytes != 4 { found.append("a month and day has 4 bytes") }
        if type == .monthDay, resolve == nil {
            found.append("a month and day needs `resolve`: past or future")
        }
        if type != .monthDay, resolve != nil { found.append("`resolve` is only for month-day") }
        if type != .integer, minimum != nil { found.append("`minimum` is only for integer") }
        if let minimum, minimum < 0, signed != true {
            found.append("`minimum` is below 0, as no field can be")
        }
        if type != .text, maxLength != nil { found.append("`maxLength` is only for text") }
        if let maxLength, maxLength < 1 || maxLength > bytes {
            found.append("`maxLength` \(maxLength) is not 1 to \(bytes)")
        }
        if type == .filler, required || values != nil || pattern != nil {
            found.append("a filler is not read, so it has no rules")
        }
        return found
    }

    private func ruleFaults(_ repertoire: CharacterRepertoire) -> [String] {
        var found: [String] = []
        if let pattern {
            do throws(Pattern.SyntaxFault) {
                _ = try Pattern(pattern, repertoire)
            } catch {
                found.append(error.message)
            }
        }
        guard let values else { return found }
        if values.isEmpty { found.append("`values` is empty, so no value is allowed") }
        if Set(values).count < values.count { found.append("`values` names a value twice") }
        return found + values.compactMap { valueFault($0, repertoire) }
    }

    /// Why no record can hold this value; nil: one can.
    func valueFault(_ value: String, _ repertoire: CharacterRepertoire) -> String? {
        guard let encoded = repertoire.bytes(of: value) else {
            return "the value \"\(value)\" is not in the repertoire \(repertoire.rawValue)"
        }
        guard type == .text else {
            let digits = encoded.allSatisfy { (0x30...0x39).contains($0) }
            return digits && encoded.count == bytes
                ? nil : "the value \"\(value)\" does not have exactly \(bytes) digits"
        }
        guard (1...max(1, bytes)).contains(encoded.count), encoded.last != 0x20 else {
            return
                "the value \"\(value)\" does not have 1 to \(bytes) characters, or ends in a space"
        }
        return nil
    }

    private func sampleFaults(_ contract: Contract) -> [String] {
        switch sample {
        case .number(let low, let high):
            low >= 0 && low <= high ? [] : ["the sample's bounds \(low) to \(high) are none"]
        case .choice(let texts):
            texts.contains { $0.weight > 0 } && texts.allSatisfy { $0.weight >= 0 }
                ? [] : ["the sample's weights choose nothing"]
        case .controlTotal(let name):
            contract.controlTotals.contains { $0.name == name }
                ? [] : ["the sample names the control total \(name), which there is not"]
        case .constant, .shuffledNumber, .businessMonthDay, nil: []
        }
    }
}
