// Framing and the order of records: what a file is refused for, and where.

import Records
import Testing

@Suite struct EnvelopeTests {
    @Test func `any framing cut into any blocks gives the same records`() throws {
        var random = Seeded(state: 91)
        let plain = Pass(Zengin.file([3, 0, 5]), .debitResult)
        let summary = try #require(plain.summary)
        #expect(plain.records.count == 8)
        #expect(plain.groups == [0, 0, 0, 2, 2, 2, 2, 2])
        #expect(plain.numbers == [2, 3, 4, 9, 10, 11, 12, 13])
        #expect(summary.groups.map(\.dataRecords) == [3, 0, 5])
        #expect(summary.records == 15)

        for framing in Framing.allCases {
            for endMark in [false, true] {
                for lastSeparator in [false, true] {
                    let file =
                        Zengin.file([3, 0, 5], framing, lastSeparator: lastSeparator)
                        + (endMark ? [0x1A] : [])
                    for _ in 0..<8 {
                        let blockBytes = Int.random(in: 1...400, using: &random)
                        let pass = Pass(file, .debitResult, blockBytes: blockBytes)
                        #expect(pass == plain, "\(framing) in blocks of \(blockBytes)")
                    }
                }
            }
        }
    }

    @Test func `a damaged file is refused at the same place however it is cut`() throws {
        var random = Seeded(state: 10)
        for round in 0..<150 {
            let framing = Framing.allCases[round % 4]
            var file = Zengin.file([2, 1], framing)
            let place = Int.random(in: 122..<file.count, using: &random)
            switch round % 3 {
            case 0: file.remove(at: place)
            case 1: file.insert(0x0A, at: place)
            default: file[place] = UInt8.random(in: 0...255, using: &random)
            }
            let whole = Pass(file, .debitResult)
            for blockBytes in [1, 7, 119, 121, 250] {
                let cut = Pass(file, .debitResult, blockBytes: blockBytes)
                #expect(cut.fault?.kind == whole.fault?.kind, "round \(round)")
                #expect(cut.fault?.recordNumber == whole.fault?.recordNumber, "round \(round)")
                #expect(cut.fault?.fileOffset == whole.fault?.fileOffset, "round \(round)")
                #expect(cut.summary == whole.summary, "round \(round)")
            }
        }
    }

    @Test func `headers and trailers are read by name`() throws {
        let pass = Pass(Zengin.file([2]), .debitResult)
        let group = try #require(pass.summary?.groups.first)
        #expect(group.headerFields["type_code"] == "91")
        #expect(group.headerFields["consignor_code"] == "1234567890")
        #expect(group.headerFields["consignor_name_kana"] == "ｶ)ﾔﾏﾀﾞ ｼﾖｳﾃﾝ")
        #expect(group.headerFields["debit_date"] == "2026-11-20")
        #expect(group.headerFields["filler"] == nil)
        #expect(
            group.promised == ["count": 2, "amount": 2_000, "collected": 2_000, "uncollected": 0])
        #expect(group.headerRecord == 1)
        #expect(group.trailerRecord == 4)
    }

    @Test func `a file of another consignor is told by its header, not refused`() throws {
        let pass = Pass(Zengin.file([1]), .debitResult, identity: ["consignor": "0000000001"])
        let fault = try #require(pass.summary?.identityFaults.first)
        #expect(fault.field == "consignor_code")
        #expect(fault.found == "1234567890")
        #expect(fault.expected == "0000000001")
        #expect(fault.fileOffset == 4)
        #expect(Pass(Zengin.file([1]), .debitResult).summary?.identityFaults == [])
        let same = ["consignor": "1234567890"]
        #expect(
            Pass(Zengin.file([1]), .debitResult, identity: same).summary?.identityFaults == [])
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        var name: String
        var file: [UInt8]
        var kind: StructureFault.Kind
        var record: UInt64
        var byte: UInt64
        var testDescription: String { name }
    }

    static let crlf: [UInt8] = [0x0D, 0x0A]
    static let damages: [Damage] = [
        Damage(name: "empty", file: [], kind: .emptyFile, record: 1, byte: 0),
        Damage(
            name: "UTF-8 mark", file: [0xEF, 0xBB, 0xBF] + Zengin.header, kind: .byteOrderMark,
            record: 1, byte: 0),
        Damage(
            name: "UTF-8 text", file: Array("191012345678901ﾔﾏﾀﾞ".utf8) + crlf,
            kind: .looksLikeUTF8, record: 1, byte: 15),
        Damage(
            name: "EBCDIC", file: [0xF1] + Zengin.header.dropFirst(), kind: .unknownMarker(0xF1),
            record: 1, byte: 0),
        Damage(
            name: "cut in the first record", file: Array(Zengin.header.prefix(50)),
            kind: .recordLength(expectedBytes: 120, foundBytes: 50), record: 1, byte: 50),
        Damage(
            name: "longer records", file: Zengin.header + [0x20, 0x20] + crlf + Zengin.end + crlf,
            kind: .recordLength(expectedBytes: 120, foundBytes: 122), record: 1, byte: 122),
        Damage(
            name: "stripped later",
            file: Zengin.header + crlf + Zengin.data(1).prefix(112) + crlf
                + Zengin.end + crlf,
            kind: .recordLength(expectedBytes: 120, foundBytes: 112), record: 2, byte: 234),
        Damage(
            name: "mixed separators",
            file: Zengin.header + crlf + Zengin.data(1) + [0x0A]
                + Zengin.data(2) + crlf + Zengin.end,
            kind: .separator(expected: .crlf, found: [0x0A, 0x32]), record: 2, byte: 242),
        Damage(
            name: "data first", file: Zengin.data(1) + Zengin.data(2),
            kind: .order(found: .data, after: nil), record: 1, byte: 0),
        Damage(
            name: "end without trailer", file: Zengin.header + Zengin.data(1) + Zengin.end,
            kind: .order(found: .end, after: .data), record: 3, byte: 240),
        Damage(
            name: "cut before the trailer", file: Zengin.header + Zengin.data(1),
            kind: .missingTrailer, record: 3, byte: 240),
        Damage(
            name: "cut before the end", file: Array(Zengin.file([1]).prefix(360)),
            kind: .missingEnd, record: 4, byte: 360),
        Damage(
            name: "cut in the last record", file: Array(Zengin.file([1]).prefix(361)),
            kind: .recordLength(expectedBytes: 120, foundBytes: 1), record: 4, byte: 361),
        Damage(
            name: "two files in one", file: Zengin.file([1]) + Zengin.file([1]),
            kind: .afterEnd(bytes: 480), record: 5, byte: 480),
        Damage(
            name: "two end marks", file: Zengin.file([1], .crlf) + [0x1A, 0x1A],
            kind: .afterEnd(bytes: 1), record: 5, byte: 489),
        Damage(
            name: "no such type", file: Zengin.header + Zengin.data(1) + [0x37] + Zengin.end,
            kind: .unknownMarker(0x37), record: 3, byte: 240),
        Damage(
            name: "letters in a trailer",
            file: Zengin.header
                + Zengin.record([(1, "800000X")]) + Zengin.end,
            kind: .badField(role: .trailer, field: "total_count", rule: .digits), record: 2,
            byte: 126),
    ]

    @Test(arguments: damages)
    func `a damaged file is refused with its place`(_ damage: Damage) throws {
        for blockBytes in [1, 50, 1_000] {
            let fault = try #require(
                Pass(damage.file, .debitResult, blockBytes: blockBytes).fault)
            #expect(fault.kind == damage.kind)
            #expect(fault.recordNumber == damage.record)
            #expect(fault.fileOffset == damage.byte)
            #expect(!fault.message.isEmpty && !fault.advice.isEmpty)
            #expect(fault.line.unicodeScalars.count <= RecordsLimits.excerptColumnsMax)
            #expect(fault.caretColumn <= fault.line.unicodeScalars.count)
        }
    }

    @Test func `a framing the contract does not list is refused`() throws {
        var contract = Contract.debitResult
        contract.framings = [.crlf]
        let fault = try #require(Pass(Zengin.file([1], .lf), contract).fault)
        #expect(fault.kind == .separator(expected: .crlf, found: [0x0A]))
        #expect(fault.fileOffset == 120)
        let bare = try #require(Pass(Zengin.file([1]), contract).fault)
        #expect(bare.kind == .separator(expected: .crlf, found: [0x32]))
    }

    @Test func `a fault shows sixteen bytes and points at one of them`() throws {
        let file = Zengin.header + [0x0A] + Zengin.data(1).prefix(112) + [0x0A] + Zengin.end
        let fault = try #require(Pass(file, .debitResult).fault)
        #expect(fault.line == "00000010\\n9      ")
        #expect(fault.caretColumn == 8)
        #expect(fault.message == "Record 2 has 112 bytes at byte 233 instead of 120.")
    }

    @Test func `personal bytes of a bad header field are hidden except the bad one`() throws {
        var header = Zengin.header
        header[20] = 0x07
        let fault = try #require(Pass(header + Zengin.end, .debitResult).fault)
        #expect(
            fault.kind
                == .badField(role: .header, field: "consignor_name_kana", rule: .characters))
        #expect(fault.line == "90******\\x07*******")
        #expect(fault.caretColumn == 8)
    }

    @Test func `a contract that allows it reads another group behind an end record`() throws {
        var contract = Contract.debitResult
        contract.recordTypes[0].after = [.trailer, .end]
        for framing in Framing.allCases {
            let file = Zengin.file([1], framing) + Zengin.file([2], framing) + [0x1A]
            for blockBytes in [1, 121, 1_000] {
                let pass = Pass(file, contract, blockBytes: blockBytes)
                #expect(pass.summary?.groups.map(\.dataRecords) == [1, 2])
            }
        }
    }

    @Test func `what the caller throws comes out of read`() throws {
        struct Stop: Error {}
        let file = Zengin.file([1])
        let layout = try FrameLayout.detect(file.span, contract: .debitResult)
        var reader = EnvelopeReader(
            contract: .debitResult, layout: layout, parameters: .november20, identity: [:])
        #expect(throws: Stop.self) { _ = try reader.read(file.span) { _, _, _ in throw Stop() } }
    }

    @Test func `record numbers and file offsets agree`() {
        let layout = FrameLayout(framing: .crlf, recordBytes: 120)
        #expect(layout.strideBytes == 122)
        #expect(layout.fileOffset(ofRecord: 1) == 0)
        #expect(layout.fileOffset(ofRecord: 5_000_000) == 609_999_878)
    }
}
