// Reads a contract file: syntax and types. Whether the contract is consistent (fields do not
// overlap, names exist) is asked of the contract itself, by the caller.

public import Records

extension Contract {
    /// The contract in a YAML text.
    ///
    /// - Parameter base: Finds the contract that `based_on:` names.
    /// - Throws: Every fault of syntax and type together; consistency is not checked here.
    public static func parse(
        _ text: String, file: String,
        base: (_ name: String) throws(SettingsFaults) -> Contract = {
            name throws(SettingsFaults) in
            throw SettingsFaults([
                SettingsFault(
                    file: name, path: "based_on", message: "there is no contract '\(name)' here")
            ])
        }
    ) throws(SettingsFaults) -> Contract {
        let log = FaultLog(file: file, text: text)
        var contract: Contract?
        if let root = YAMLDocument.read(text, log: log) {
            let cursor = YAMLCursor(node: root, path: "", log: log)
            var found: Contract?
            if case .map = root.content, let name = YAMLMap(cursor)?.value("based_on") {
                found = try YAMLKind<String>.name.read(name).map(base)
                try log.throwIfAny()
            }
            contract = YAMLKind.contract(base: found).read(cursor)
        }
        try log.throwIfAny()
        guard let contract else { preconditionFailure("a contract refused without a fault") }
        return contract
    }
}

extension YAMLKind where Value == Contract {
    /// - Parameter base: What the contract is based on; nil: on nothing.
    fileprivate static func contract(base: Contract?) -> Self {
        map("a contract, a map") { map in
            let name = map.required("contract", as: .name)
            _ = map.optional("based_on", as: .name)
            let title = map.optional("title", as: .text, default: base?.title ?? "")
            let format = map.optional(
                "format", as: .choice(ContractFormat.allCases),
                default: base?.csv == nil ? .fixed : .csv)
            var csv = base?.csv
            if format == .csv {
                csv = map.optional("csv", as: .dialect, default: base?.csv ?? CSVFormat())
            }
            let layout =
                if let base { based(on: base, isCSV: format == .csv, &map) } else {
                    format == .csv ? csvLayout(&map) : fixedLayout(&map)
                }
            let endMark = map.optional("end_mark", as: .byte) ?? base?.endMark
            let key = map.optional("partition_key", as: .word) ?? base?.partitionKey
            if key == nil, !map.has("partition_key") {
                map.cursor.fault("the key 'partition_key' is missing")
            }
            let uniqueKey = map.optional("unique_key", as: .list(of: .fieldReference))
            let totals = map.optional("control_totals", as: .controlTotals)
            let identity = map.optional("identity", as: .identities)
            let samples = map.optional("samples", as: .samples)
            guard let name, let layout, let key else { return nil }
            return Contract(
                name: name, title: title, recordBytes: layout.recordBytes,
                framings: layout.framings, endMark: endMark, characters: layout.characters,
                recordTypes: layout.recordTypes, partitionKey: key,
                uniqueKey: uniqueKey ?? base?.uniqueKey ?? [],
                controlTotals: totals ?? base?.controlTotals ?? [],
                identity: identity ?? base?.identity ?? [], csv: csv, samples: samples)
        }
    }

    private static var characterSets: YAMLKind<CharacterRepertoire> {
        .choice([.ascii, .jisX0201, .utf8])
    }

    /// Record types and what frames them.
    fileprivate struct Layout {
        var recordBytes: Int
        var framings: [Framing]
        var characters: CharacterRepertoire
        var recordTypes: [RecordType]
    }

    private static func fixedLayout(_ map: inout YAMLMap) -> Layout? {
        let recordBytes = map.required("record_bytes", as: .recordPosition)
        let framings = map.required("framings", as: .list(of: .choice(Framing.allCases)))
        let characters = map.required("characters", as: characterSets)
        let recordTypes = map.required("records", as: .recordTypes(.fixed))
        guard let recordBytes, let framings, let characters, let recordTypes else { return nil }
        return Layout(
            recordBytes: recordBytes, framings: framings, characters: characters,
            recordTypes: recordTypes)
    }

    /// Columns have no positions: the canonical record is made of them in their order.
    private static func csvLayout(_ map: inout YAMLMap) -> Layout? {
        let framings = map.optional(
            "framings", as: .list(of: .choice(Framing.allCases)), default: [.crlf, .lf, .cr])
        let characters = map.optional("characters", as: characterSets, default: .utf8)
        var recordTypes: [RecordType]?
        switch map.exactlyOne(of: ["columns", "records"]) {
        case "columns":
            recordTypes = map.required("columns", as: .columns(characters)).map { [$0] }
        case "records": recordTypes = map.required("records", as: .recordTypes(.csv(characters)))
        default: break
        }
        guard let recordTypes else { return nil }
        return Layout(
            recordBytes: max(1, recordTypes.map(\.bytes).max() ?? 1), framings: framings,
            characters: characters, recordTypes: recordTypes.map(\.inColumnOrder))
    }

    private static func based(
        on base: Contract, isCSV: Bool, _ map: inout YAMLMap
    ) -> Layout {
        let inherited = isCSV ? base.framings.filter { $0 != .none } : base.framings
        return Layout(
            recordBytes: base.recordBytes,
            framings: map.optional(
                "framings", as: .list(of: .choice(Framing.allCases)), default: inherited),
            characters: base.characters, recordTypes: base.recordTypes)
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
