// The module's functions over arrays: a span cannot stand inside an expectation.

@testable import Records

extension RecordChecker {
    func violations(_ record: [UInt8]) -> [Violation] {
        var found: [Violation] = []
        let good = check(record.span, into: &found)
        precondition(good == found.isEmpty)
        return found
    }

    /// What a record alone comes to in a control total.
    func figure(_ index: Int, _ record: [UInt8]) -> Int64? {
        var figures = [Int64?](repeating: 0, count: 8)
        contribute(record.span, to: &figures)
        return figures[index]
    }

    func number(_ field: Int, _ record: [UInt8]) -> Int64? { integer(field, record.span) }

    func day(_ field: Int, _ record: [UInt8]) -> CalendarDate? { date(field, record.span) }

    func shown(_ field: Int, _ record: [UInt8], masked: Bool) -> String {
        display(field, record.span, masked: masked)
    }

    /// nil: blank.
    func text(_ field: Int, _ record: [UInt8]) -> String? {
        var utf8: [UInt8] = []
        guard appendText(field, record.span, to: &utf8) else { return nil }
        return String(decoding: utf8, as: UTF8.self)
    }

    /// nil: blank or unreadable.
    func key(_ record: [UInt8]) -> String? {
        var utf8: [UInt8] = []
        guard appendKeyImage(record.span, to: &utf8) else {
            precondition(utf8.isEmpty)
            return nil
        }
        return String(decoding: utf8, as: UTF8.self)
    }
}

extension XXHash64 {
    static func of(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 { hash(bytes.span, seed: seed) }
}
