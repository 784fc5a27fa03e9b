// Files that are wrong on purpose: each fault is found, at its byte, however the file is cut.

import Records
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private let good = "1100,Sapporo,1922/08/01,1121.26,-5\n"

/// What is wrong with one line behind a good one.
private func broken(_ line: [UInt8], _ contract: Contract = .cities) -> [String] {
    CSVPass(bytes(good) + line + [0x0A], contract).violations.last ?? []
}

private func fault(_ file: [UInt8], _ contract: Contract = .cities) -> StructureFault? {
    CSVPass(file, contract).fault
}

@Suite struct CSVHostileTests {
    @Test(arguments: [
        ("x1,b,,,", ["code digits 35"]),
        ("123456,b,,,", ["code cell-length 40"]),
        ("1,b\"c,,,", ["name quote 38"]),
        ("1,\"b\"c,,,", ["name quote 40"]),
        ("1,abcdefghijk,,,", ["name max-length 37"]),
        ("1,b,1922/02/30,,", ["since date 39"]),
        ("1,b,1922-02-03,,", ["since date 39"]),
        ("1,b,,1.255,", ["area scale 44"]),
        ("1,b,,1.2.5,", ["area digits 43"]),
        ("1,b,,1234567890123,", ["area cell-length 40"]),
        ("1,b,,,12-", ["people digits 43"]),
        ("1,b,,", ["people cell-count 40"]),
        ("1,b,,,,", ["people cell-count 42"]),
        ("", ["name cell-count 35"]),
        (",b,,,", ["code required 35"]),
        ("\"\",b,,,", ["code required 36"]),
        ("1,\u{FEFF}b,,,", ["name characters 37"]),
        ("1,a\u{0}b,,,", ["name characters 38"]),
        ("1,a\u{85}b,,,", ["name characters 38"]),
        ("\\.", ["name cell-count 37"]),
    ])
    func `a record that does not fit is told with the byte of the file`(
        _ line: String, _ wanted: [String]
    ) {
        #expect(broken(bytes(line)) == wanted)
    }

    @Test func `several broken fields of one record are all told`() {
        #expect(
            broken(bytes("ab,x\"y,1922/02/30,1.005,q")) == [
                "name quote 39", "area scale 57", "code digits 35", "since date 42",
                "people digits 59",
            ])
    }

    @Test func `UTF-8 that is cut in half or overlong is bad encoding`() {
        #expect(broken([0x31, 0x2C, 0xE3, 0x81, 0x2C, 0x2C, 0x2C]) == ["name encoding 37"])
        #expect(broken([0x31, 0x2C, 0x61, 0xC0, 0xAF, 0x2C, 0x2C, 0x2C]) == ["name encoding 38"])
        #expect(broken([0x31, 0x2C, 0xED, 0xA0, 0x80, 0x2C, 0x2C, 0x2C]) == ["name encoding 37"])
        #expect(
            broken([0x31, 0x2C, 0xF4, 0x90, 0x80, 0x80, 0x2C, 0x2C, 0x2C]) == ["name encoding 37"])
    }

    @Test func `half a CP932 character, or one that is not assigned, is bad encoding`() {
        var contract = Contract.cities
        contract.csv?.encoding = .cp932
        // 亜 is 0x88 0x9F; 0x8A 0x2C is no pair, 0x85 0x40 is not assigned.
        let whole = CSVPass([0x31, 0x2C, 0x88, 0x9F, 0x2C, 0x2C, 0x2C, 0x0A], contract)
        #expect(whole.violations == [[]])
        #expect(whole.canonical.first.map { Array($0[5..<8]) } == bytes("亜"))
        #expect(
            broken([0x31, 0x2C, 0x61, 0x8A, 0x2C, 0x2C, 0x2C], contract) == ["name encoding 38"])
        #expect(
            broken([0x31, 0x2C, 0x85, 0x40, 0x2C, 0x2C, 0x2C], contract) == ["name encoding 37"])
    }

    @Test func `a full-width character is outside a half-width repertoire`() {
        let line = Dialect().line(Zengin.data(1))
        let contract = Dialect().contract
        var cells = line.split(separator: 0x2C, omittingEmptySubsequences: false).map(Array.init)
        cells[8] = [0x83, 0x65]
        let file =
            Dialect().file([Zengin.header]) + cells.joined(separator: [0x2C]) + [0x0D, 0x0A]
            + Dialect().file([Zengin.trailer(count: 1, amount: 1_000), Zengin.end])
        let pass = CSVPass(file, contract)
        let at = pass.offsets[0] + UInt64(cells[..<8].reduce(0) { $0 + $1.count + 1 })

        #expect(pass.violations == [["payer_name_kana characters \(at)"]])
    }

    @Test func `a quote that is not closed in its line is told with the line that opened it`() {
        let file = bytes(good + "2,\"open\n3,x,,,\n")
        #expect(fault(file)?.kind == .lineBreakInQuotes(openedRecord: 2))
        #expect(fault(file)?.fileOffset == 37)
        #expect(fault(bytes(good + "2,\"open"))?.kind == .unclosedQuote)
        #expect(fault(bytes(good + "2,\"open"))?.fileOffset == 37)
    }

    @Test func `a quote nobody closes ends after 64 KiB and not after the file`() {
        var contract = Contract.cities
        contract.csv?.lineBreaksInQuotes = true
        let file = bytes(good + "2,\"") + [UInt8](repeating: 0x0A, count: 1 << 20)
        let limit = RecordsLimits.csvRecordBytesMax
        #expect(fault(file, contract)?.kind == .recordTooLong(limit: limit, quoted: true))
        #expect(fault(file, contract)?.fileOffset == 37)
    }

    @Test func `quoted line breaks are text where the contract allows them`() {
        var contract = Contract.cities
        contract.csv?.lineBreaksInQuotes = true
        let pass = CSVPass(bytes("1,\"a\nb\",,,\n2,c,,,\n"), contract)
        #expect(pass.violations == [[], []])
        #expect(pass.numbers == [1, 2])
        #expect(pass.offsets == [0, 11])
    }

    @Test func `a cell of a megabyte is too long a record`() {
        let file = bytes(good + "2,") + [UInt8](repeating: 0x61, count: 1 << 20) + bytes(",,,\n")
        let limit = RecordsLimits.csvRecordBytesMax
        #expect(fault(file)?.kind == .recordTooLong(limit: limit, quoted: false))
        #expect(fault(file)?.fileOffset == UInt64(35 + limit))
    }

    @Test func `ten thousand cells are a wrong number of cells`() {
        let found = broken([UInt8](repeating: 0x2C, count: 10_000))
        #expect(found == ["people cell-count 40"])
    }

    @Test func `quotes without end inside a cell are counted in pairs`() {
        let pairs = [UInt8](repeating: 0x22, count: 20_001)
        #expect(
            fault(bytes(good + "2,") + pairs + bytes(",,,\n"))?.kind
                == .lineBreakInQuotes(openedRecord: 2))
        let closed = [UInt8](repeating: 0x22, count: 20_002)
        #expect(broken(bytes("2,") + closed + bytes(",,,")) == ["name cell-length 118"])
    }

    @Test func `another separator than the first one is a structure fault`() {
        #expect(
            fault(bytes(good + "2,b,,,\r\n"))?.kind == .separator(expected: .lf, found: [0x0D]))
        #expect(
            fault(bytes("1,b,,,\r\n2,b,,,\n3,c,,,\r\n"))?.kind
                == .separator(expected: .crlf, found: [0x0A, 0x33]))
    }

    @Test func `marks and encodings that the contract does not expect are told at once`() {
        #expect(fault([0xEF, 0xBB, 0xBF] + bytes(good))?.kind == .byteOrderMark)
        #expect(fault([0xFF, 0xFE, 0x31, 0])?.kind == .byteOrderMark)
        var contract = Contract.cities
        contract.csv?.byteOrderMark = .required
        #expect(fault(bytes(good), contract)?.kind == .byteOrderMarkMissing)
        #expect(CSVPass([0xEF, 0xBB, 0xBF] + bytes(good), contract).offsets == [3])
        #expect(fault([0xEF, 0xBB, 0xBF], contract)?.kind == .emptyFile)
        contract.csv?.byteOrderMark = .none
        contract.csv?.encoding = .cp932
        #expect(fault(bytes("1,亜,,,\n"), contract)?.kind == .looksLikeUTF8)
        #expect(fault([])?.kind == .emptyFile)
    }

    @Test func `a file without its trailer, its end, or with more behind it is not complete`() {
        let dialect = Dialect()
        let end = dialect.file([Zengin.trailer(count: 1, amount: 1_000), Zengin.end])
        let begin = dialect.file([Zengin.header, Zengin.data(1)])
        let contract = dialect.contract
        #expect(fault(begin, contract)?.kind == .missingTrailer)
        #expect(fault(begin + end + bytes("GARBAGE"), contract)?.kind == .afterEnd(bytes: 7))
        #expect(fault(begin + end + [0x1A], contract) == nil)
        #expect(fault(end, contract)?.kind == .order(found: .trailer, after: nil))
        let half = end.prefix { $0 != 0x0A } + [0x0A]
        #expect(fault(begin + half, contract)?.kind == .missingEnd)
        #expect(fault(begin + bytes("5,x\r\n"), contract)?.kind == .unknownMarker(0x35))
    }

    @Test func `how a file is cut into blocks changes nothing in what is found`() {
        let dialect = Dialect(isQuoted: true, isPadded: true, hasHeaderRow: true)
        let whole = dialect.file(
            [Zengin.header] + (1...9).map { Zengin.data($0) }
                + [Zengin.trailer(count: 9, amount: 9_000), Zengin.end])
        let bad = bytes(good + "2,\"a\"\"b\",,,\nx,b\"c,,,\n3,d,,,\r\n")
        var random = Seeded(state: 20_261_120)
        for (file, contract) in [
            (whole, dialect.contract), (Array(whole.dropLast(40)), dialect.contract),
            (bad, .cities), (bytes(good + "2,\"open\n3,x,,,\n"), .cities),
            (bytes(good + "2,\"open"), .cities),
        ] {
            let wanted = CSVPass(file, contract)
            for _ in 0..<200 {
                let cuts = (0..<7).map { _ in Int.random(in: 1...90, using: &random) }
                let found = CSVPass(file, contract, cuts: cuts)
                #expect(found == wanted, "cut by \(cuts)")
            }
        }
    }
}
