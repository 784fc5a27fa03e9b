// Reads what only CSV contracts have: the dialect, columns without positions; and samples.

import Records

/// How the records of a contract are laid out.
enum ContractFormat: String, CaseIterable {
    case fixed, csv
}

/// What a field's description may leave out.
enum FieldForm {
    /// Position and length are the file's.
    case fixed
    /// The position follows from the columns' order, the length is the most a value may have.
    case csv(CharacterRepertoire)
}

extension YAMLKind where Value == CSVFormat {
    /// The block `csv:`.
    static var dialect: Self {
        map("a CSV dialect, a map") { map in
            let standard = CSVFormat()
            let presences = CSVFormat.ByteOrderMark.allCases
            return CSVFormat(
                delimiter: map.optional(
                    "delimiter", as: .character, default: standard.delimiter),
                quote: map.optional("quote", as: .quote, default: standard.quote),
                quoting: map.optional(
                    "quoting", as: .choice(CSVFormat.Quoting.allCases), default: .any),
                headerRow: map.optional(
                    "header_row", as: .choice(CSVFormat.HeaderRow.allCases), default: .none),
                encoding: map.optional(
                    "encoding", as: .choice(CSVFormat.Encoding.allCases), default: .utf8),
                byteOrderMark: map.optional(
                    "byte_order_mark", as: .choice(presences), default: .none),
                padding: map.optional(
                    "padding", as: .choice(CSVFormat.Padding.allCases), default: .strip),
                zeroFill: map.optional("zero_fill", as: .flag, default: false),
                fillers: map.optional(
                    "fillers", as: .choice(CSVFormat.Fillers.allCases), default: .present),
                lineBreaksInQuotes: map.optional(
                    "line_breaks_in_quotes", as: .flag, default: false))
        }
    }
}

extension YAMLKind where Value == UInt8? {
    /// One ASCII character, or `none`.
    fileprivate static var quote: Self {
        Self { cursor in
            if cursor.text == "none" { return .some(nil) }
            return YAMLKind<UInt8>.character.read(cursor).map { .some($0) }
        }
    }
}

extension YAMLKind where Value == ContractSamples {
    /// `{accepted: ["…"], refused: {"…": rule}}`.
    static var samples: Self {
        map("samples: accepted and refused records") { map in
            let accepted = map.optional("accepted", as: .list(of: .anyText))
            let rules = YAMLKind<[(key: String, value: RuleID)]>.pairs(
                .anyText, .choice(RuleID.allCases))
            let refused = map.optional("refused", as: rules)
            let count = (accepted?.count ?? 0) + (refused?.count ?? 0)
            guard count <= RecordsLimits.contractSamplesMax else {
                return map.cursor.mismatch(
                    "at most \(RecordsLimits.contractSamplesMax) samples")
            }
            return ContractSamples(
                accepted: accepted ?? [],
                refused: Dictionary(
                    (refused ?? []).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }))
        }
    }
}

extension RecordType {
    /// The same fields one behind the other, in their order.
    var inColumnOrder: RecordType {
        var type = self
        var at = 1
        type.fields = fields.map { field in
            var field = field
            field.at = at
            at += field.bytes
            return field
        }
        return type
    }

    /// The position behind the last field.
    var bytes: Int { fields.reduce(0) { $0 + $1.bytes } }
}

extension Field {
    /// The most bytes a CSV value of this field has when the contract does not say; nil: it must.
    static func standardBytes(
        _ type: FieldType, signed: Bool, format: DateFormat?, maxLength: Int?,
        _ repertoire: CharacterRepertoire
    ) -> Int? {
        switch type {
        case .integer: ContractLimits.integerDigitsMax + (signed ? 1 : 0)
        // The digits, the point, the sign.
        case .decimal: ContractLimits.integerDigitsMax + 1 + (signed ? 1 : 0)
        case .date: format?.bytes
        case .monthDay: 4
        case .filler: 1
        case .digits: nil
        // A character of UTF-8 has four bytes at most.
        case .text: maxLength.map { repertoire == .utf8 ? 4 * $0 : $0 }
        }
    }
}
