// What is true about a sample file, as JSON Lines: its defects, and the rows a run must find.

/// Writes the lines of the truth about a file.
///
/// A row is read back from the record's bytes by the contract, with code of its own.
struct SampleTruth: Sendable {
    /// A field that is shown, with its JSON key.
    private struct Shown: Sendable {
        var field: Field
        var key: [UInt8]
    }

    private let data: [Shown]
    private let header: [Shown]
    private let repertoire: CharacterRepertoire
    private let businessDay: SampleDay

    /// The truth about files of this layout.
    init(_ layout: SampleLayout) {
        data = Self.shown(layout.data.type, prefix: "", layout.contract.characters)
        header =
            layout.header.map { Self.shown($0.type, prefix: "header.", layout.contract.characters) }
            ?? []
        repertoire = layout.contract.characters
        businessDay = layout.businessDay
    }

    /// A planted defect.
    ///
    /// - Parameters:
    ///   - record: 1-based physical record; one past the last for what is missing at the end.
    ///   - byte: 0-based in the file.
    ///   - field: nil when the defect is in no field.
    func defect(
        _ defect: SampleDefect, record: Int, byte: Int, field: Field?, to truth: inout [UInt8]
    ) {
        var line = "{\"kind\":\"defect\",\"defect\":\"\(defect.rawValue)\""
        line += ",\"record\":\(record),\"byte\":\(byte)"
        if let field { line += ",\"field\":\"\(field.name)\"" }
        line += ",\"rule\":\"\(defect.rule)\",\"exit\":\(defect.exitCode)}\n"
        truth += line.utf8
    }

    /// The header that starts here, as the fields every row of its group has.
    func group(_ group: Int, _ bytes: [UInt8], at start: Int, to truth: inout [UInt8]) {
        truth += "{\"kind\":\"group\",\"group\":\(group),\"fields\":{".utf8
        append(header, bytes, start, to: &truth)
        truth += "}}\n".utf8
    }

    /// A good data record that starts here.
    func row(
        record: Int, group: Int, _ bytes: [UInt8], at start: Int, to truth: inout [UInt8]
    ) {
        truth += "{\"kind\":\"row\",\"record\":\(record),\"group\":\(group),\"fields\":{".utf8
        append(data, bytes, start, to: &truth)
        truth += "}}\n".utf8
    }

    /// The last line.
    func summary(
        records: Int, data: Int, defects: [SampleDefect: Int], to truth: inout [UInt8]
    ) {
        let counts = SampleDefect.allCases.compactMap { kind in
            defects[kind].map { "\"\(kind.rawValue)\":\($0)" }
        }
        truth += "{\"kind\":\"summary\",\"records\":\(records),\"data\":\(data)".utf8
        truth += ",\"defects\":{\(counts.joined(separator: ","))}}\n".utf8
    }

    private func append(
        _ fields: [Shown], _ bytes: [UInt8], _ start: Int, to truth: inout [UInt8]
    ) {
        var isFirst = true
        for shown in fields {
            let from = start + shown.field.at - 1
            let field = bytes[from..<from + shown.field.bytes]
            guard let last = field.lastIndex(where: { $0 != 0x20 }) else { continue }
            if !isFirst { truth.append(UInt8(ascii: ",")) }
            isFirst = false
            truth += shown.key
            switch shown.field.type {
            case .filler, .digits:
                truth += field
            case .date:
                let digits = field.filter { SampleText.isDigit($0) }
                truth += digits.prefix(4) + [0x2D] + digits.dropFirst(4).prefix(2) + [0x2D]
                truth += digits.suffix(2)
            case .decimal:
                truth += SampleText.plainDecimal(field)
            case .integer where shown.field.signed == true:
                truth += SampleText.plainDecimal(field)
            case .integer:
                let significant = field.firstIndex { $0 != 0x30 } ?? field.endIndex - 1
                truth += field[significant...]
            case .monthDay:
                let date = SampleText.date(field, shown.field, businessDay)
                truth += (date?.iso ?? String(decoding: field, as: UTF8.self)).utf8
            case .text:
                for place in from...last {
                    SampleText.appendJSON(bytes[place], repertoire, to: &truth)
                }
            }
            truth.append(UInt8(ascii: "\""))
        }
    }

    private static func shown(
        _ type: RecordType, prefix: String, _ repertoire: CharacterRepertoire
    ) -> [Shown] {
        type.fields.filter { $0.type != .filler }.map { field in
            Shown(field: field, key: Array("\"\(prefix)\(field.name)\":\"".utf8))
        }
    }
}
