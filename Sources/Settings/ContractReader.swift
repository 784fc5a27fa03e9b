// Reads a contract file: syntax and types. Whether the contract is consistent (fields do not
// overlap, names exist) is asked of the contract itself, by the caller.

public import Records

extension Contract {
    /// The contract in a YAML text.
    ///
    /// - Throws: Every fault of syntax and type together; consistency is not checked here.
    public static func parse(_ text: String, file: String) throws(SettingsFaults) -> Contract {
        let log = FaultLog(file: file, text: text)
        var contract: Contract?
        if let root = YAMLDocument.read(text, log: log) {
            contract = YAMLKind.contract.read(YAMLCursor(node: root, path: "", log: log))
        }
        try log.throwIfAny()
        guard let contract else { preconditionFailure("a contract refused without a fault") }
        return contract
    }
}

extension YAMLKind where Value == Contract {
    fileprivate static var contract: Self {
        map("a contract, a map") { map in
            let name = map.required("contract", as: .name)
            let title = map.optional("title", as: .text, default: "")
            let recordBytes = map.required("record_bytes", as: .recordPosition)
            let framings = map.required("framings", as: .list(of: .choice(Framing.allCases)))
            let endMark = map.optional("end_mark", as: .byte)
            let characters = map.required(
                "characters", as: .choice([CharacterRepertoire.ascii, .jisX0201]))
            let recordTypes = map.required("records", as: .recordTypes)
            let partitionKey = map.required("partition_key", as: .word)
            let uniqueKey = map.optional("unique_key", as: .list(of: .fieldReference))
            let totals = map.optional("control_totals", as: .controlTotals)
            let identity = map.optional("identity", as: .identities)
            guard let name, let recordBytes, let framings, let characters, let recordTypes,
                let partitionKey
            else { return nil }
            return Contract(
                name: name, title: title, recordBytes: recordBytes, framings: framings,
                endMark: endMark, characters: characters, recordTypes: recordTypes,
                partitionKey: partitionKey, uniqueKey: uniqueKey ?? [],
                controlTotals: totals ?? [], identity: identity ?? [])
        }
    }
}

extension YAMLKind where Value == Int {
    /// A position or length within a record.
    static var recordPosition: Self { integer(1...ContractLimits.recordBytesMax) }
}

extension YAMLKind where Value == FieldReference {
    /// `amount` or `header.debit_date`.
    fileprivate static var fieldReference: Self {
        Self { cursor in
            YAMLKind<String>.field.read(cursor).map { text in
                text.hasPrefix("header.")
                    ? FieldReference(role: .header, field: String(text.dropFirst(7)))
                    : FieldReference(role: .data, field: text)
            }
        }
    }
}

// MARK: Control totals

extension YAMLKind where Value == [ControlTotal] {
    fileprivate static var controlTotals: Self {
        Self { cursor in
            YAMLKind<[(key: String, value: ControlTotal)]>.pairs(.word, .controlTotal).read(cursor)?
                .map { pair in
                    var total = pair.value
                    total.name = pair.key
                    return total
                }
        }
    }
}

extension YAMLKind where Value == ControlTotal {
    /// `{trailer: …, count: …}` or `{trailer: …, sum: …, where: …}`, still without its name.
    fileprivate static var controlTotal: Self {
        map("a control total: trailer, count or sum") { map in
            let trailer = map.required("trailer", as: .word)
            let isOptional = map.optional("optional_when_all_zero", as: .flag, default: false)
            let form = map.exactlyOne(of: ["count", "sum"])
            var sum: String?
            var condition: ControlTotal.Condition??
            if form == "count" {
                condition = map.required("count", as: .allOrCondition)
            } else if form == "sum" {
                sum = map.required("sum", as: .word)
                condition = .some(map.optional("where", as: .condition))
            }
            guard let trailer, let condition, form == "count" || sum != nil else { return nil }
            return ControlTotal(
                name: "", trailerField: trailer, sum: sum, condition: condition,
                optionalWhenAllZero: isOptional)
        }
    }
}

extension YAMLKind where Value == ControlTotal.Condition? {
    /// `all`, or a condition.
    fileprivate static var allOrCondition: Self {
        Self { cursor in
            if cursor.text == "all" { return .some(nil) }
            guard case .map = cursor.node.content else {
                return cursor.mismatch("all, or a condition like {field: [\"0\"]}")
            }
            return YAMLKind<ControlTotal.Condition>.condition.read(cursor).map { .some($0) }
        }
    }
}

extension YAMLKind where Value == ControlTotal.Condition {
    /// `{result_code: ["0"]}` or `{result_code: {not: ["0"]}}`.
    fileprivate static var condition: Self {
        Self { cursor in
            guard let entries = cursor.entries("a condition like {field: [\"0\"]}") else {
                return nil
            }
            guard let entry = entries.first, entries.count == 1 else {
                return cursor.mismatch("one field with its values")
            }
            let field = YAMLKind<String>.word.read(entry.keyCursor)
            let texts = YAMLKind<[String]>.list(of: .anyText)
            let values: [String]?
            var isNegated = false
            if case .map = entry.value.node.content {
                isNegated = true
                values = YAMLKind<[String]>.map { $0.required("not", as: texts) }.read(entry.value)
            } else {
                values = texts.read(entry.value)
            }
            guard let field, let values else { return nil }
            return ControlTotal.Condition(field: field, values: values, negated: isNegated)
        }
    }
}

// MARK: Identity

extension YAMLKind where Value == [Identity] {
    fileprivate static var identities: Self {
        Self { cursor in
            YAMLKind<[(key: String, value: Identity.Expectation)]>.pairs(.word, .expectation)
                .read(cursor)?
                .map { Identity(field: $0.key, expectation: $0.value) }
        }
    }
}

extension YAMLKind where Value == Identity.Expectation {
    /// `{constant: "91"}` or `{setting: consignor_code}`.
    fileprivate static var expectation: Self {
        map("{constant: TEXT} or {setting: NAME}") { map in
            switch map.exactlyOne(of: ["constant", "setting"]) {
            case "constant": map.required("constant", as: .text).map { .constant($0) }
            case "setting": map.required("setting", as: .word).map { .setting($0) }
            default: nil
            }
        }
    }
}
