// The texts the tests read: a small job, the standard contract, and the value a small one gives.

import Records
import Settings

/// A file with one job, as short as the grammar allows.
let shortest = """
    kugiri: 1
    jobs:
      debit-result:
        program: KGRB091
        contract: zengin-91-result
        parameters: {business_date: date}
        target:
          table: member_account
          mode: update
          key: {customer_number: customer_number}
          lock: {column: updated_at}
          columns:
            amount: {field: amount}
        partitions: {auto: {count: 4}}
        workers: 2
    """

/// The settings of a text as `partitions.yaml` in `/srv/kugiri`.
func settings(
    _ text: String, environment: [String: String] = [:]
) throws(SettingsFaults) -> Settings {
    try Settings.parse(
        text, file: "partitions.yaml", directory: "/srv/kugiri", environment: environment)
}

/// The faults of a text; empty: it is good.
func faults(_ text: String, environment: [String: String] = [:]) -> [SettingsFault] {
    do {
        _ = try settings(text, environment: environment)
        return []
    } catch {
        return error.faults
    }
}

/// The shortest file with one piece of text replaced.
func changed(_ old: String, _ new: String) -> String { replaced(shortest, old, new) }

/// A text with the first occurrence of a piece replaced.
func replaced(_ text: String, _ old: String, _ new: String) -> String {
    guard let range = text.firstRange(of: old) else {
        preconditionFailure("the example has no '\(old)'")
    }
    return text.replacingCharacters(in: range, with: new)
}

extension String {
    /// The text with a range of it replaced.
    fileprivate func replacingCharacters(in range: Range<Index>, with new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}

/// A contract with one of everything.
let smallContract = """
    contract: small
    title: One of everything
    record_bytes: 20
    framings: [none, crlf]
    end_mark: 0x1A
    characters: jis-x-0201
    records:
      header:
        marker: "1"
        first: true
        after: [trailer]
        fields:
          type_code: {at: 2, bytes: 2, type: digits, required: true, enum: ["91"], sample: {constant: "91"}}
          debit_date: {at: 4, bytes: 4, type: month-day, resolve: past, sample: business_month_day}
      data:
        marker: "2"
        after: [header, data]
        fields:
          customer: {at: 2, bytes: 6, type: digits, personal: true, sample: shuffled_number}
          amount: {at: 8, bytes: 10, type: integer, minimum: 0, sample: {number: [1, 99]}}
          result_code: {at: 18, bytes: 1, type: text, pattern: "[0-9]", max_length: 1, sample: {choice: {"0": 9, "1": 1}}}
          filler: {at: 19, bytes: 2, type: filler}
      trailer:
        marker: "8"
        after: [data]
        fields:
          total: {at: 2, bytes: 12, type: integer, sample: {control_total: total}}
      end: {marker: "9", after: [trailer], fields: {}}
    partition_key: customer
    unique_key: [header.debit_date, customer]
    control_totals:
      total: {trailer: total, sum: amount, where: {result_code: {not: ["0"]}}, optional_when_all_zero: true}
      some: {trailer: total, count: {result_code: ["0"]}}
      all: {trailer: total, count: all}
    identity:
      type_code: {constant: "91"}
      consignor: {setting: consignor_code}
    """

/// What `smallContract` means.
let smallContractValue = Contract(
    name: "small", title: "One of everything", recordBytes: 20, framings: [.none, .crlf],
    endMark: 0x1A, characters: .jisX0201,
    recordTypes: [
        RecordType(
            role: .header, marker: 0x31, after: [.trailer], first: true,
            fields: [
                Field(
                    name: "type_code", at: 2, bytes: 2, type: .digits, required: true,
                    values: ["91"], sample: .constant("91")),
                Field(
                    name: "debit_date", at: 4, bytes: 4, type: .monthDay, resolve: .past,
                    sample: .businessMonthDay),
            ]),
        RecordType(
            role: .data, marker: 0x32, after: [.header, .data], first: false,
            fields: [
                Field(
                    name: "customer", at: 2, bytes: 6, type: .digits, personal: true,
                    sample: .shuffledNumber),
                Field(
                    name: "amount", at: 8, bytes: 10, type: .integer, minimum: 0,
                    sample: .number(low: 1, high: 99)),
                Field(
                    name: "result_code", at: 18, bytes: 1, type: .text, pattern: "[0-9]",
                    maxLength: 1,
                    sample: .choice([
                        SampleRule.WeightedText(text: "0", weight: 9),
                        SampleRule.WeightedText(text: "1", weight: 1),
                    ])),
                Field(name: "filler", at: 19, bytes: 2, type: .filler),
            ]),
        RecordType(
            role: .trailer, marker: 0x38, after: [.data], first: false,
            fields: [
                Field(
                    name: "total", at: 2, bytes: 12, type: .integer,
                    sample: .controlTotal("total"))
            ]),
        RecordType(role: .end, marker: 0x39, after: [.trailer], first: false, fields: []),
    ],
    partitionKey: "customer",
    uniqueKey: [
        FieldReference(role: .header, field: "debit_date"),
        FieldReference(role: .data, field: "customer"),
    ],
    controlTotals: [
        ControlTotal(
            name: "total", trailerField: "total", sum: "amount",
            condition: ControlTotal.Condition(
                field: "result_code", values: ["0"], negated: true),
            optionalWhenAllZero: true),
        ControlTotal(
            name: "some", trailerField: "total", sum: nil,
            condition: ControlTotal.Condition(
                field: "result_code", values: ["0"], negated: false)),
        ControlTotal(name: "all", trailerField: "total", sum: nil, condition: nil),
    ],
    identity: [
        Identity(field: "type_code", expectation: .constant("91")),
        Identity(field: "consignor", expectation: .setting("consignor_code")),
    ])
