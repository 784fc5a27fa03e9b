// What the tests of this module share: a contract as small as they need it, records of it, slices.

import Ledger
import Records

@testable import Loading

/// SplitMix64, so that a failing case comes back with its seed.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A record format with one field of every kind.
enum Plain {
    static let fields = [
        Field(name: "record_type", at: 1, bytes: 1, type: .digits, required: true, values: ["2"]),
        Field(name: "member", at: 2, bytes: 12, type: .text, required: true, personal: true),
        Field(name: "code", at: 14, bytes: 4, type: .digits),
        Field(name: "small", at: 18, bytes: 5, type: .integer),
        Field(name: "medium", at: 23, bytes: 10, type: .integer),
        Field(name: "large", at: 33, bytes: 18, type: .integer),
        Field(name: "exact", at: 51, bytes: 18, type: .integer),
        Field(name: "day", at: 69, bytes: 4, type: .monthDay, resolve: .past),
        Field(name: "note", at: 73, bytes: 8, type: .text),
    ]

    static let contract = Contract(
        name: "plain", title: "a test", recordBytes: 80, framings: [.none], endMark: nil,
        characters: .jisX0201,
        recordTypes: [
            RecordType(
                role: .header, marker: 0x31, after: [.trailer], first: true,
                fields: [
                    Field(name: "record_type", at: 1, bytes: 1, type: .digits, required: true),
                    Field(name: "sender", at: 2, bytes: 4, type: .digits),
                ]),
            RecordType(
                role: .data, marker: 0x32, after: [.header, .data], first: false, fields: fields),
            RecordType(
                role: .trailer, marker: 0x38, after: [.header, .data], first: false,
                fields: [
                    Field(name: "record_type", at: 1, bytes: 1, type: .digits, required: true),
                    Field(name: "count", at: 2, bytes: 6, type: .integer),
                    Field(name: "sum", at: 8, bytes: 18, type: .integer),
                    Field(name: "coded", at: 26, bytes: 6, type: .integer),
                ]),
            RecordType(
                role: .end, marker: 0x39, after: [.trailer], first: false,
                fields: [
                    Field(name: "record_type", at: 1, bytes: 1, type: .digits, required: true)
                ]),
        ],
        partitionKey: "member",
        uniqueKey: [
            FieldReference(role: .header, field: "sender"),
            FieldReference(role: .data, field: "member"),
            FieldReference(role: .data, field: "code"),
        ],
        controlTotals: [
            ControlTotal(name: "count", trailerField: "count", sum: nil, condition: nil),
            ControlTotal(name: "sum", trailerField: "sum", sum: "medium", condition: nil),
            ControlTotal(
                name: "coded", trailerField: "coded", sum: nil,
                condition: .init(field: "code", values: ["0001"], negated: false)),
        ],
        identity: [])

    static func groups(_ senders: [String]) -> [GroupEnvelope] {
        senders.enumerated().map {
            GroupEnvelope(
                number: $0, headerRecord: 1, headerFields: ["sender": $1], trailerRecord: 0,
                promised: [:], dataRecords: 0)
        }
    }

    /// A data record; fields not named are blank.
    static func record(_ values: [String: String]) -> [UInt8] {
        var record = [UInt8](repeating: 0x20, count: 80)
        record[0] = 0x32
        for (name, text) in values {
            guard let field = fields.first(where: { $0.name == name }) else {
                preconditionFailure("there is no field \(name)")
            }
            var bytes = Array(text.utf8)
            if field.type == .integer, !bytes.isEmpty {
                bytes = [UInt8](repeating: 0x30, count: field.bytes - bytes.count) + bytes
            }
            record.replaceSubrange((field.at - 1)..<(field.at - 1 + bytes.count), with: bytes)
        }
        return record
    }
}

/// A record and where it stood.
struct Placed {
    var number: UInt64
    var group: Int
    var bytes: [UInt8]

    var fileOffset: UInt64 { (number - 1) * 80 }

    /// The records as a spool slice.
    static func slice(_ records: [Placed]) -> [UInt8] {
        var slice: [UInt8] = []
        for record in records {
            SpoolRecord.append(
                number: record.number, fileOffset: record.fileOffset, group: record.group,
                bytes: record.bytes.span, from: 0, count: record.bytes.count, to: &slice)
        }
        return slice
    }
}
