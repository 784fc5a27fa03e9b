// Reads the kinds of record of a contract: their fields, types and sample rules.

import Records

extension YAMLKind where Value == [RecordType] {
    /// A map from roles to kinds of record, in the order of the file.
    static func recordTypes(_ form: FieldForm) -> Self {
        Self { cursor in
            guard let entries = cursor.entries("a map of record types") else { return nil }
            let roles = RecordType.Role.allCases
            let types: [RecordType?] = entries.map { entry in
                let role = YAMLKind<RecordType.Role>.choice(roles).read(entry.keyCursor)
                let type = recordType(role ?? .data, form, isAlone: entries.count == 1)
                    .read(entry.value)
                return role == nil ? nil : type
            }
            let good = types.compactMap { $0 }
            return good.count == types.count ? good : nil
        }
    }

    private static func recordType(
        _ role: RecordType.Role, _ form: FieldForm, isAlone: Bool
    ) -> YAMLKind<RecordType> {
        .map("a record type, a map") { map in
            // The only record type of a CSV contract needs no marker and may stand anywhere.
            if case .csv = form, isAlone, role == .data, !map.has("marker") {
                return map.required("fields", as: .fields(form)).map(RecordType.table)
            }
            let marker = map.required("marker", as: .character)
            let first = map.optional("first", as: .flag, default: false)
            let after = map.optional("after", as: .list(of: .choice(RecordType.Role.allCases)))
            let fields = map.required("fields", as: .fields(form))
            guard let marker, let fields else { return nil }
            return RecordType(
                role: role, marker: marker, after: after ?? [], first: first, fields: fields)
        }
    }
}

extension YAMLKind where Value == RecordType {
    /// The columns of a table: its only record type.
    static func columns(_ characters: CharacterRepertoire) -> Self {
        Self { YAMLKind<[Field]>.fields(.csv(characters)).read($0).map(RecordType.table) }
    }
}

extension RecordType {
    /// The record type of a file that holds nothing but data records.
    fileprivate static func table(_ fields: [Field]) -> RecordType {
        RecordType(
            role: .data, marker: RecordType.noMarker, after: [.data], first: true, fields: fields)
    }
}

extension YAMLKind where Value == [Field] {
    /// A map from names to fields, in the order of the record.
    fileprivate static func fields(_ form: FieldForm) -> Self {
        Self { cursor in
            YAMLKind<[(key: String, value: Field)]>.pairs(.word, .fieldLayout(form)).read(cursor)?
                .map { pair in
                    var field = pair.value
                    field.name = pair.key
                    return field
                }
        }
    }
}

extension YAMLKind where Value == Field {
    /// A field, still without its name; of CSV also without its position.
    fileprivate static func fieldLayout(_ form: FieldForm) -> Self {
        map("a field: at, bytes, type") { map in
            let types: [FieldType] = [
                .digits, .integer, .decimal, .text, .date, .monthDay, .filler,
            ]
            let type = map.required("type", as: .choice(types))
            let signed = map.optional("signed", as: .flag)
            let scale = map.optional("scale", as: .integer(0...ContractLimits.integerDigitsMax - 1))
            var format = map.optional("format", as: .choice(DateFormat.allCases))
            if type == .date, !map.has("format") { format = .hyphens }
            let maxLength = map.optional("max_length", as: .recordPosition)
            let isColumn = if case .csv = form { true } else { false }
            let at = isColumn ? 1 : map.required("at", as: .recordPosition)
            var bytes: Int?
            if case .csv(let repertoire) = form, !map.has("bytes"), let type {
                bytes = Field.standardBytes(
                    type, signed: signed == true, format: format, maxLength: maxLength, repertoire)
            }
            if bytes == nil { bytes = map.required("bytes", as: .recordPosition) }
            let required = map.optional("required", as: .flag, default: false)
            let values = map.optional("enum", as: .list(of: .anyText))
            let pattern = map.optional("pattern", as: .text)
            let minimum = map.optional("minimum", as: .integer64)
            let resolve = map.optional("resolve", as: .choice([YearResolution.past, .future]))
            let personal = map.optional("personal", as: .flag, default: false)
            let sample = map.optional("sample", as: .sampleRule)
            let zeroFill = isColumn ? map.optional("zero_fill", as: .flag) : nil
            let column = isColumn ? map.optional("column", as: .text) : nil
            guard let at, let bytes, let type else { return nil }
            return Field(
                name: "", at: at, bytes: bytes, type: type, required: required, values: values,
                pattern: pattern, minimum: minimum, maxLength: maxLength, resolve: resolve,
                personal: personal, sample: sample, signed: signed, scale: scale,
                dateFormat: format, zeroFill: zeroFill, column: column)
        }
    }
}

extension YAMLKind where Value == SampleRule {
    /// `shuffled_number`, `business_month_day`, or a map of one of the other forms.
    fileprivate static var sampleRule: Self {
        Self { cursor in
            guard case .scalar = cursor.node.content else { return mapForm.read(cursor) }
            switch cursor.text {
            case "shuffled_number": return .shuffledNumber
            case "business_month_day": return .businessMonthDay
            default:
                let words = ["shuffled_number", "business_month_day"]
                return cursor.mismatch(
                    "\(words.joined(separator: ", ")), or a map of constant, number, choice or"
                        + " control_total",
                    suggestion: cursor.text.flatMap { nearest($0, among: words) })
            }
        }
    }

    private static var mapForm: Self {
        map("a sample rule") { map in
            switch map.exactlyOne(of: ["constant", "number", "choice", "control_total"]) {
            case "constant": map.required("constant", as: .anyText).map { .constant($0) }
            case "number": map.required("number", as: .numberRule)
            case "choice": map.required("choice", as: .choiceRule)
            case "control_total": map.required("control_total", as: .word).map { .controlTotal($0) }
            default: nil
            }
        }
    }

    /// `[LOW, HIGH]`.
    private static var numberRule: Self {
        Self { cursor in
            guard let bounds = YAMLKind<[Int64]>.list(of: .integer64).read(cursor) else {
                return nil
            }
            guard bounds.count == 2, bounds[0] <= bounds[1] else {
                return cursor.mismatch("[LOW, HIGH], low not above high")
            }
            return .number(low: bounds[0], high: bounds[1])
        }
    }

    /// `{TEXT: WEIGHT, …}`, at least one.
    private static var choiceRule: Self {
        Self { cursor in
            let pairs = YAMLKind<[(key: String, value: Int)]>.pairs(
                .anyText, .integer(1...SettingsLimits.weightMax))
            guard let choices = pairs.read(cursor) else { return nil }
            guard !choices.isEmpty else { return cursor.mismatch("at least one TEXT: WEIGHT") }
            return .choice(
                choices.map { SampleRule.WeightedText(text: $0.key, weight: $0.value) })
        }
    }
}
