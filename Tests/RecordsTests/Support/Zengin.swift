// The Zengin contracts that the tests read by: 91 (debit results) and 21 (transfers).

import Records

extension Contract {
    /// Zengin 91, debit results, as in the standard's tables.
    static let debitResult = Contract(
        name: "zengin-91-result", title: "預金口座振替 結果", recordBytes: 120,
        framings: [.none, .crlf, .lf, .cr], endMark: 0x1A, characters: .jisX0201,
        recordTypes: [
            debitHeader, debitData, debitTrailer,
            RecordType(
                role: .end, marker: 0x39, after: [.trailer], first: false,
                fields: [Field(name: "filler", at: 2, bytes: 119, type: .filler)]),
        ],
        partitionKey: "customer_number",
        uniqueKey: [
            FieldReference(role: .header, field: "debit_date"),
            FieldReference(role: .data, field: "customer_number"),
        ],
        controlTotals: [
            ControlTotal(name: "count", trailerField: "total_count", sum: nil, condition: nil),
            ControlTotal(
                name: "amount", trailerField: "total_amount", sum: "amount", condition: nil),
            ControlTotal(
                name: "collected", trailerField: "collected_amount", sum: "amount",
                condition: .init(field: "result_code", values: ["0"], negated: false),
                optionalWhenAllZero: true),
            ControlTotal(
                name: "uncollected", trailerField: "uncollected_count", sum: nil,
                condition: .init(field: "result_code", values: ["0"], negated: true),
                optionalWhenAllZero: true),
        ],
        identity: [
            Identity(field: "type_code", expectation: .constant("91")),
            Identity(field: "consignor_code", expectation: .setting("consignor")),
        ])

    private static let debitHeader = RecordType(
        role: .header, marker: 0x31, after: [.trailer], first: true,
        fields: [
            Field(name: "type_code", at: 2, bytes: 2, type: .digits, required: true),
            Field(
                name: "code_division", at: 4, bytes: 1, type: .digits, required: true,
                values: ["0"]),
            Field(name: "consignor_code", at: 5, bytes: 10, type: .digits, required: true),
            Field(name: "consignor_name_kana", at: 15, bytes: 40, type: .text, personal: true),
            Field(
                name: "debit_date", at: 55, bytes: 4, type: .monthDay, required: true,
                resolve: .past),
            Field(name: "collection_bank_code", at: 59, bytes: 4, type: .digits, required: true),
            Field(name: "filler", at: 104, bytes: 17, type: .filler),
        ])

    private static let debitData = RecordType(
        role: .data, marker: 0x32, after: [.header, .data], first: false,
        fields: [
            Field(name: "bank_code", at: 2, bytes: 4, type: .digits, required: true),
            Field(name: "bank_name", at: 6, bytes: 15, type: .text),
            Field(name: "branch_code", at: 21, bytes: 3, type: .digits, required: true),
            Field(name: "branch_name", at: 24, bytes: 15, type: .text, maxLength: 12),
            Field(name: "filler_1", at: 39, bytes: 4, type: .filler),
            Field(
                name: "account_type", at: 43, bytes: 1, type: .digits, required: true,
                values: ["1", "2", "3", "9"]),
            Field(
                name: "account_number", at: 44, bytes: 7, type: .digits, required: true,
                personal: true),
            Field(
                name: "payer_name_kana", at: 51, bytes: 30, type: .text, required: true,
                pattern: "[ 0-9A-Z().ｦｱ-ﾟ-]+", personal: true),
            Field(
                name: "amount", at: 81, bytes: 10, type: .integer, required: true, minimum: 1),
            Field(name: "new_code", at: 91, bytes: 1, type: .digits, values: ["0", "1", "2"]),
            Field(name: "customer_number", at: 92, bytes: 20, type: .digits, required: true),
            Field(
                name: "result_code", at: 112, bytes: 1, type: .text, required: true,
                values: ["0", "1", "2", "3", "4", "8", "9"]),
            Field(name: "filler_2", at: 113, bytes: 8, type: .filler),
        ])

    private static let debitTrailer = RecordType(
        role: .trailer, marker: 0x38, after: [.header, .data], first: false,
        fields: [
            Field(name: "total_count", at: 2, bytes: 6, type: .integer, required: true),
            Field(name: "total_amount", at: 8, bytes: 12, type: .integer, required: true),
            Field(name: "collected_count", at: 20, bytes: 6, type: .integer, required: true),
            Field(name: "collected_amount", at: 26, bytes: 12, type: .integer, required: true),
            Field(name: "uncollected_count", at: 38, bytes: 6, type: .integer, required: true),
            Field(name: "uncollected_amount", at: 44, bytes: 12, type: .integer, required: true),
            Field(name: "filler", at: 56, bytes: 65, type: .filler),
        ])

    /// Zengin 21, transfers: enough of it to read other programs' files.
    static let transfer: Contract = {
        var contract = Contract.debitResult
        contract.name = "zengin-21"
        contract.partitionKey = "account_number"
        contract.uniqueKey = []
        contract.identity = [Identity(field: "type_code", expectation: .constant("21"))]
        contract.controlTotals = Array(contract.controlTotals.prefix(2))
        contract.recordTypes = contract.recordTypes.map { type in
            var type = type
            switch type.role {
            case .header: type.fields.removeAll { $0.name.hasPrefix("collection") }
            case .data:
                type.fields = [
                    Field(name: "bank_code", at: 2, bytes: 4, type: .digits, required: true),
                    Field(name: "bank_name", at: 6, bytes: 15, type: .text),
                    Field(name: "branch_code", at: 21, bytes: 3, type: .digits, required: true),
                    Field(name: "account_number", at: 44, bytes: 7, type: .digits, required: true),
                    Field(name: "payee_name_kana", at: 51, bytes: 30, type: .text, required: true),
                    Field(name: "amount", at: 81, bytes: 10, type: .integer, required: true),
                ]
            case .trailer: type.fields = Array(type.fields.prefix(2))
            case .end: break
            }
            return type
        }
        return contract
    }()
}

/// Builds records of 120 bytes from ASCII text and its place.
enum Zengin {
    static func record(_ parts: [(at: Int, text: String)]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x20, count: 120)
        for part in parts {
            let text = CharacterRepertoire.jisX0201.bytes(of: part.text) ?? []
            for (offset, byte) in text.enumerated() { bytes[part.at - 1 + offset] = byte }
        }
        return bytes
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    static let header = record([
        (1, "19101234567890"), (15, "ｶ)ﾔﾏﾀﾞ ｼﾖｳﾃﾝ"), (55, "1120"), (59, "0001"),
    ])
    static let end = record([(1, "9")])

    static func data(_ customer: Int, amount: Int = 1_000, result: String = "0") -> [UInt8] {
        record([
            (1, "20005"), (6, "ﾐﾂﾋﾞｼ"), (21, "001"), (24, "ﾎﾝﾃﾝ"), (43, "1"),
            (44, padded(customer % 10_000_000, 7)), (51, "ﾔﾏﾀﾞ ﾀﾛｳ"), (81, padded(amount, 10)),
            (91, "0"), (92, padded(customer, 20)), (112, result),
        ])
    }

    static func trailer(count: Int, amount: Int) -> [UInt8] {
        record([
            (
                1,
                "8" + padded(count, 6) + padded(amount, 12) + padded(count, 6)
                    + padded(amount, 12) + padded(0, 18)
            )
        ])
    }

    /// Groups of so many data records, framed.
    static func file(_ groups: [Int], _ framing: Framing = .none, lastSeparator: Bool = true)
        -> [UInt8]
    {
        var records: [[UInt8]] = []
        for count in groups {
            records.append(header)
            records += (0..<count).map { data($0 + 1) }
            records.append(trailer(count: count, amount: count * 1_000))
        }
        records.append(end)
        let bytes = Array(records.joined(separator: framing.separator))
        return lastSeparator ? bytes + framing.separator : bytes
    }
}

extension RunParameters {
    static let november20: RunParameters = {
        do throws(ParameterFault) {
            return try RunParameters(values: ["business_date": "2026-11-20"])
        } catch {
            preconditionFailure(error.message)
        }
    }()
}

/// Steele, Lea & Flood's SplitMix64: the same numbers for the same seed.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What one pass over a file gives: the data records, and how it ended.
struct Pass: Equatable {
    var records: [[UInt8]] = []
    var numbers: [UInt64] = []
    var groups: [Int] = []
    var summary: EnvelopeSummary?
    var fault: StructureFault?

    /// Reads a file in blocks of so many new bytes.
    init(
        _ file: [UInt8], _ contract: Contract, blockBytes: Int = 1 << 16,
        identity: [String: String] = [:]
    ) {
        do {
            let head = Array(file.prefix(RecordsLimits.headBytes(contract)))
            let layout = try FrameLayout.detect(head.span, contract: contract)
            var reader = EnvelopeReader(
                contract: contract, layout: layout, parameters: .november20, identity: identity)
            var rest: [UInt8] = []
            var at = 0
            while at < file.count {
                rest += file[at..<min(file.count, at + blockBytes)]
                at += blockBytes
                let block = rest
                let used = try reader.read(block.span) { at, number, group in
                    records.append(Array(block[at..<(at + contract.recordBytes)]))
                    numbers.append(number)
                    groups.append(group)
                }
                rest.removeFirst(used)
            }
            summary = try reader.finish(rest: rest.span)
        } catch let error as StructureFault {
            fault = error
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
