// The contract of a direct debit result (Zengin 91) as a Swift value, as `ops/contracts` has it.

import Records

/// The contract the tests of the sample writer write.
enum SampleContract {
    /// The contract, with a minimum amount so that there is something below it.
    static func result(minimumAmount: Int64 = 0) -> Contract {
        Contract(
            name: "zengin-91-result", title: "direct debit result", recordBytes: 120,
            framings: [.none, .crlf, .lf, .cr], endMark: 0x1A, characters: .jisX0201,
            recordTypes: [header, data(minimumAmount: minimumAmount), trailer, end],
            partitionKey: "customer_number",
            uniqueKey: [
                FieldReference(role: .header, field: "consignor_code"),
                FieldReference(role: .header, field: "debit_date"),
                FieldReference(role: .data, field: "customer_number"),
            ],
            controlTotals: controlTotals,
            identity: [
                Identity(field: "type_code", expectation: .constant("91")),
                Identity(field: "code_division", expectation: .constant("0")),
                Identity(field: "consignor_code", expectation: .setting("consignor_code")),
            ])
    }

    private static let header = RecordType(
        role: .header, marker: 0x31, after: [.trailer], first: true,
        fields: [
            code("record_type", 1, 1, .constant("1"), values: ["1"]),
            code("type_code", 2, 2, .constant("91")),
            code("code_division", 4, 1, .constant("0")),
            code("consignor_code", 5, 10, .constant("1234567890")),
            Field(
                name: "consignor_name_kana", at: 15, bytes: 40, type: .text, required: true,
                sample: .constant("ﾃｽﾄｼﾕｳｷﾝ")),
            Field(
                name: "debit_date", at: 55, bytes: 4, type: .monthDay, required: true,
                resolve: .past, sample: .businessMonthDay),
            code("collection_bank_code", 59, 4, .constant("9997")),
            Field(name: "collection_bank_name", at: 63, bytes: 15, type: .text),
            code("collection_branch_code", 78, 3, .constant("903")),
            Field(name: "collection_branch_name", at: 81, bytes: 15, type: .text),
            code("collection_account_type", 96, 1, .constant("1"), values: ["1", "2", "9"]),
            code("collection_account_number", 97, 7, .constant("9000001")),
            Field(name: "filler", at: 104, bytes: 17, type: .filler),
        ])

    private static func data(minimumAmount: Int64) -> RecordType {
        RecordType(
            role: .data, marker: 0x32, after: [.header, .data], first: false,
            fields: [
                code("record_type", 1, 1, .constant("2"), values: ["2"]),
                code("bank_code", 2, 4, .choice([weighted("9998", 7), weighted("9900", 3)])),
                Field(name: "bank_name", at: 6, bytes: 15, type: .text),
                code("branch_code", 21, 3, .number(low: 1, high: 899)),
                Field(name: "branch_name", at: 24, bytes: 15, type: .text),
                Field(name: "filler_1", at: 39, bytes: 4, type: .filler),
                code(
                    "account_type", 43, 1, .choice([weighted("1", 9), weighted("2", 1)]),
                    values: ["1", "2", "3", "9"]),
                code("account_number", 44, 7, .number(low: 1, high: 9_999_998)),
                Field(
                    name: "payer_name_kana", at: 51, bytes: 30, type: .text, required: true,
                    personal: true,
                    sample: .choice([weighted("ﾃｽﾄ ﾀﾛｳ", 1), weighted("ﾐﾎﾝ ｼﾞﾛｳ", 1)])),
                Field(
                    name: "amount", at: 81, bytes: 10, type: .integer, required: true,
                    minimum: minimumAmount, sample: .number(low: 500, high: 30_000)),
                Field(
                    name: "new_code", at: 91, bytes: 1, type: .digits, values: ["0", "1", "2"],
                    sample: .choice([weighted("0", 8), weighted("", 2)])),
                Field(
                    name: "customer_number", at: 92, bytes: 20, type: .text, required: true,
                    pattern: "[0-9A-Z-]{1,20}", personal: true, sample: .shuffledNumber),
                Field(
                    name: "result_code", at: 112, bytes: 1, type: .text, required: true,
                    values: ["0", "1", "2", "3", "4", "8", "9"],
                    sample: .choice([weighted("0", 90), weighted("1", 8), weighted("9", 2)])),
                Field(name: "filler_2", at: 113, bytes: 8, type: .filler),
            ])
    }

    private static let trailer = RecordType(
        role: .trailer, marker: 0x38, after: [.header, .data], first: false,
        fields: [
            code("record_type", 1, 1, .constant("8"), values: ["8"]),
            total("total_count", 2, 6), total("total_amount", 8, 12),
            total("collected_count", 20, 6), total("collected_amount", 26, 12),
            total("uncollected_count", 38, 6), total("uncollected_amount", 44, 12),
            Field(name: "filler", at: 56, bytes: 65, type: .filler),
        ])

    private static let end = RecordType(
        role: .end, marker: 0x39, after: [.trailer], first: false,
        fields: [code("record_type", 1, 1, .constant("9"), values: ["9"])])

    private static let controlTotals: [ControlTotal] = {
        let collected = ControlTotal.Condition(
            field: "result_code", values: ["0"], negated: false)
        let uncollected = ControlTotal.Condition(
            field: "result_code", values: ["0"], negated: true)
        func promise(
            _ name: String, sum: String?, _ condition: ControlTotal.Condition?
        ) -> ControlTotal {
            ControlTotal(
                name: name, trailerField: name, sum: sum, condition: condition,
                optionalWhenAllZero: condition != nil)
        }
        return [
            promise("total_count", sum: nil, nil),
            promise("total_amount", sum: "amount", nil),
            promise("collected_count", sum: nil, collected),
            promise("collected_amount", sum: "amount", collected),
            promise("uncollected_count", sum: nil, uncollected),
            promise("uncollected_amount", sum: "amount", uncollected),
        ]
    }()

    private static func code(
        _ name: String, _ at: Int, _ bytes: Int, _ sample: SampleRule, values: [String]? = nil
    ) -> Field {
        Field(
            name: name, at: at, bytes: bytes, type: .digits, required: true, values: values,
            sample: sample)
    }

    private static func total(_ name: String, _ at: Int, _ bytes: Int) -> Field {
        Field(
            name: name, at: at, bytes: bytes, type: .integer, required: true,
            sample: .controlTotal(name))
    }

    private static func weighted(_ text: String, _ weight: Int) -> SampleRule.WeightedText {
        SampleRule.WeightedText(text: text, weight: weight)
    }
}
