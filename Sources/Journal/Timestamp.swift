// A moment with the offset it was read under. For people and logs: time that decides anything
// comes from the database.

/// A moment in milliseconds, with the local offset from UTC.
public struct Timestamp: Sendable, Hashable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var milliseconds: Int64
    /// Local time minus UTC, in seconds; a whole number of minutes is shown.
    public var offsetSeconds: Int

    /// Memberwise.
    public init(milliseconds: Int64, offsetSeconds: Int) {
        self.milliseconds = milliseconds
        self.offsetSeconds = offsetSeconds
    }

    /// The moment now, by the system's clock and time zone.
    public static func now() -> Timestamp {
        let clock = readWallClock()
        return Timestamp(milliseconds: clock.milliseconds, offsetSeconds: clock.offsetSeconds)
    }

    /// Local time minus UTC in seconds at a moment in seconds since 1970, by this machine's zone.
    public static func localOffset(at seconds: Int64) -> Int { readLocalOffset(at: seconds) }

    /// `2026-11-20T02:00:01.123+09:00`.
    public var iso8601WithOffset: String {
        let local = milliseconds + Int64(offsetSeconds) * 1_000
        let (days, inDay) = Self.floorDivide(local, 86_400_000)
        let date = Self.civilDate(daysSince1970: days)
        let minutes = offsetSeconds.magnitude / 60
        return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
            + "T" + padded(inDay / 3_600_000, 2) + ":" + padded(inDay / 60_000 % 60, 2)
            + ":" + padded(inDay / 1_000 % 60, 2) + "." + padded(inDay % 1_000, 3)
            + (offsetSeconds < 0 ? "-" : "+")
            + padded(Int64(minutes / 60), 2) + ":" + padded(Int64(minutes % 60), 2)
    }

    /// Reads what ``iso8601WithOffset`` writes; nil for any other form.
    public init?(iso8601: String) {
        let bytes = Array(iso8601.utf8)
        let form = Array("0000-00-00T00:00:00.000+00:00".utf8)
        guard bytes.count == form.count else { return nil }
        for (byte, expected) in zip(bytes, form) {
            switch expected {
            case UInt8(ascii: "0"):
                guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            case UInt8(ascii: "+"):
                guard byte == expected || byte == UInt8(ascii: "-") else { return nil }
            default: guard byte == expected else { return nil }
            }
        }
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }
        guard (1...12).contains(number(5..<7)), (1...31).contains(number(8..<10)),
            number(11..<13) < 24, number(14..<16) < 60, number(17..<19) < 60,
            number(24..<26) < 24, number(27..<29) < 60
        else { return nil }
        let days = Self.daysSince1970(
            year: number(0..<4), month: number(5..<7), day: number(8..<10))
        let inDay =
            ((number(11..<13) * 60 + number(14..<16)) * 60 + number(17..<19)) * 1_000
            + number(20..<23)
        let offset = (number(24..<26) * 60 + number(27..<29)) * 60
        offsetSeconds = Int(bytes[23] == UInt8(ascii: "-") ? -offset : offset)
        milliseconds = days * 86_400_000 + inDay - Int64(offsetSeconds) * 1_000
    }

    // The proleptic Gregorian calendar in eras of 400 years, with years that begin in March
    // (Howard Hinnant's `civil_from_days`): the two functions must change together.

    private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(daysSince1970 + 719_468, 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, 400)
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Timestamp: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a time with offset: \(text)")
        }
        self = value
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso8601WithOffset)
    }
}

/// A number with leading zeros up to a width.
func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
