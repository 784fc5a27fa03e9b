// What the sample writer writes as CSV is the fixed sample, and its truth is told to the byte.

import Records
import Testing

private func contract(_ change: (inout CSVFormat) -> Void = { _ in }) -> Contract {
    var contract = SampleContract.result(minimumAmount: 1)
    contract.framings = [.crlf, .lf, .cr]
    var format = CSVFormat(encoding: .cp932, zeroFill: true, fillers: .optional)
    change(&format)
    contract.csv = format
    return contract
}

@Suite struct CSVSampleTests {
    @Test func `a CSV sample holds the records of the fixed one, in every dialect`() throws {
        let fixed = try SampleFile(
            records: 500, seed: 7, contract: SampleContract.result(minimumAmount: 1))
        for (quoting, encoding, header) in [
            (.any, .cp932, .none), (.all, .cp932, .required), (.any, .utf8, .required),
            (.all, .utf8, .none),
        ] as [(CSVFormat.Quoting, CSVFormat.Encoding, CSVFormat.HeaderRow)] {
            for padding in CSVFormat.Padding.allCases {
                for fillers in CSVFormat.Fillers.allCases {
                    let written = contract {
                        $0.quoting = quoting
                        $0.encoding = encoding
                        $0.headerRow = header
                        $0.padding = padding
                        $0.fillers = fillers
                        $0.byteOrderMark = encoding == .utf8 ? .required : .none
                    }
                    let file = try SampleFile(
                        records: 500, seed: 7, framing: .lf, contract: written)
                    let pass = CSVPass(file.bytes, written)

                    #expect(pass.fault == nil)
                    #expect(pass.canonical == fixed.records("2"))
                    #expect(pass.violations == Array(repeating: [], count: 500))
                    let promised = pass.summary?.groups.first?.promised
                    #expect(promised?["total_count"] == 500)
                    #expect(try file.lines("row").map(\.fields) == fixed.lines("row").map(\.fields))
                }
            }
        }
    }

    @Test(arguments: [
        SampleDefect.badDigits, .badAmount, .badEnum, .badCharacter, .blankRequired, .belowMinimum,
    ])
    func `a planted defect stands at the byte its truth tells`(_ defect: SampleDefect) throws {
        for encoding in CSVFormat.Encoding.allCases {
            let written = contract {
                $0.encoding = encoding
                $0.quoting = .all
            }
            let file = try SampleFile(
                records: 300, seed: 11, framing: .crlf, defects: [defect: 5], contract: written)
            let pass = CSVPass(file.bytes, written)
            let told = try file.lines("defect").map { line in
                "\(line.field ?? "") \(line.rule ?? "") \(line.byte ?? -1)"
            }
            #expect(told.count == 5)
            #expect(pass.violations.filter { !$0.isEmpty } == told.map { [$0] })
        }
    }

    @Test func `defects of the envelope are found as in a fixed file`() throws {
        func fault(_ defect: SampleDefect) throws -> StructureFault? {
            let written = contract()
            let file = try SampleFile(
                records: 50, framing: .lf, defects: [defect: 1], contract: written)
            let fault = CSVPass(file.bytes, written).fault
            let line = try #require(try file.lines("defect").first)
            #expect(fault?.recordNumber == UInt64(line.record ?? 0), "\(defect)")
            #expect(fault?.fileOffset == UInt64(line.byte ?? -1), "\(defect)")
            return fault
        }
        #expect(try fault(.missingTrailer)?.kind == .order(found: .end, after: .data))
        #expect(try fault(.missingEnd)?.kind == .missingEnd)
        #expect(try fault(.garbageAfterEnd)?.kind == .afterEnd(bytes: 7))
        #expect(try fault(.wrongOrder)?.kind == .order(found: .data, after: .trailer))
    }

    @Test func `a short record is no defect of CSV`() {
        #expect(throws: SampleFault.noPlace(.shortRecord)) {
            try SampleFile(
                records: 5, framing: .lf, defects: [.shortRecord: 1], contract: contract())
        }
    }
}
