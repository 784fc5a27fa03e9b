// Numbers with a sign or decimal places: bytes to an exact count of units, and back to text.

/// Reads and writes exact numbers; a number of scale 2 counts hundredths.
public enum FieldNumber {
    /// What a field holds.
    enum Reading: Equatable {
        case value(Int64)
        /// The first byte that breaks a rule.
        case misread(RuleID, at: Int)

        /// nil: it cannot be read.
        var value: Int64? {
            guard case .value(let value) = self else { return nil }
            return value
        }
    }

    /// Reads spaces, a sign, digits, and a point with 1 to `scale` digits; spaces may follow.
    ///
    /// At most 18 digits count, decimal places that are not written included, so that no value
    /// leaves Int64.
    static func read(
        _ record: Span<UInt8>, _ start: Int, _ end: Int, signed: Bool, scale: Int
    ) -> Reading {
        var index = start
        var last = end
        while last > index, record[last - 1] == 0x20 { last -= 1 }
        while index < last, record[index] == 0x20 { index += 1 }
        var isNegative = false
        if signed, index < last, record[index] == 0x2D || record[index] == 0x2B {
            isNegative = record[index] == 0x2D
            index += 1
        }
        var value: Int64 = 0
        var significant = 0
        var digits = 0
        var places = -1
        while index < last {
            let byte = record[index]
            if byte == 0x2E, places < 0, scale > 0, digits > 0 {
                places = 0
            } else if byte &- 0x30 < 10 {
                if places >= 0 { places += 1 }
                guard places <= scale else { return .misread(.scale, at: index) }
                digits += 1
                if significant > 0 || byte != 0x30 { significant += 1 }
                guard significant <= ContractLimits.integerDigitsMax else {
                    return .misread(.digits, at: index)
                }
                value = value * 10 + Int64(byte - 0x30)
            } else {
                return .misread(.digits, at: index)
            }
            index += 1
        }
        guard digits > 0, places != 0 else { return .misread(.digits, at: max(start, last - 1)) }
        for _ in max(places, 0)..<scale {
            significant += significant > 0 ? 1 : 0
            guard significant <= ContractLimits.integerDigitsMax else {
                return .misread(.digits, at: start)
            }
            value *= 10
        }
        return .value(isNegative ? -value : value)
    }

    /// A number of units as text with all its decimal places: `-0.50`.
    public static func text(_ value: Int64, scale: Int) -> String {
        guard scale > 0 else { return String(value) }
        let digits = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return (value < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}

extension CalendarDate {
    /// The day written in these bytes; nil: there is none.
    init?(_ record: Span<UInt8>, _ start: Int, _ end: Int, _ format: DateFormat) {
        var last = end
        while last > start, record[last - 1] == 0x20 { last -= 1 }
        guard last - start == format.bytes else { return nil }
        func number(_ at: Int, _ count: Int) -> Int? {
            var value = 0
            for index in (start + at)..<(start + at + count) {
                guard record[index] &- 0x30 < 10 else { return nil }
                value = value * 10 + Int(record[index] - 0x30)
            }
            return value
        }
        let gap = format == .plain ? 0 : 1
        let separator: UInt8 = format == .slashes ? 0x2F : 0x2D
        if gap == 1 {
            guard record[start + 4] == separator, record[start + 7] == separator else { return nil }
        }
        guard let year = number(0, 4), let month = number(4 + gap, 2),
            let day = number(6 + 2 * gap, 2)
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}
