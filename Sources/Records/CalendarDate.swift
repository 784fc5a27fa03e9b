// Days without a clock and without a time zone, and how a month and day get their year.

/// A day of the proleptic Gregorian calendar, in the years 1 to 9999.
///
/// Day numbers follow Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"
/// (`days_from_civil`, `civil_from_days`, howardhinnant.github.io/date_algorithms.html).
/// Encoded as its ISO text.
public struct CalendarDate: Sendable, Hashable, Comparable {
    /// 1 to 9999.
    public private(set) var year: Int
    /// 1 to 12.
    public private(set) var month: Int
    /// 1 to the month's last day.
    public private(set) var day: Int

    /// The years an ISO date of ten characters can name.
    public static let years = 1...9999

    /// The day with these numbers; nil when the calendar has no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), (1...12).contains(month),
            day >= 1, day <= Self.lastDay(ofMonth: month, year: year)
        else { return nil }
        self.init(year: year, month: month, knownDay: day)
    }

    private init(year: Int, month: Int, knownDay: Int) {
        self.year = year
        self.month = month
        self.day = knownDay
    }

    /// The day written as `yyyy-mm-dd`, exactly ten characters; nil for anything else.
    public init?(iso: String) {
        let bytes = Array(iso.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    /// `yyyy-mm-dd`.
    public var iso: String {
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// Days since 2000-01-01, the epoch of PostgreSQL's `date`; negative before it.
    public var daysSince2000: Int32 { Int32(daysSince1970 - Self.epoch2000) }

    /// The day this many days later, earlier when negative.
    ///
    /// Leaving the years 1 to 9999 is a programming error and stops the process.
    public func adding(days: Int) -> CalendarDate {
        let moved = Self.civil(daysSince1970: daysSince1970 + days)
        precondition(Self.years.contains(moved.year), "a day outside the years 1 to 9999")
        return moved
    }

    /// Days from this day to the other; negative when the other lies before it.
    public func days(to other: CalendarDate) -> Int {
        other.daysSince1970 - daysSince1970
    }

    /// Earlier days are smaller.
    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func lastDay(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Hinnant: years begin in March, so that the leap day is the last of its year.
    private static let epoch2000 = 10_957

    private var daysSince1970: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(daysSince1970 days: Int) -> CalendarDate {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return CalendarDate(year: year, month: month, knownDay: day)
    }
}

extension CalendarDate {
    /// A month and day on or before (`past`) or on or after (`future`) the business date.
    ///
    /// Every day but 29 February lies within 366 days. A 29 February further away is nil: it
    /// would be another year's file, or a typing error.
    public static func resolve(
        month: Int, day: Int, _ resolution: YearResolution, businessDate: CalendarDate
    ) -> CalendarDate? {
        let step = resolution == .past ? -1 : 1
        for year in [businessDate.year, businessDate.year + step] {
            guard let date = CalendarDate(year: year, month: month, day: day) else { continue }
            let distance = businessDate.days(to: date) * step
            if distance >= 0, distance <= 366 { return date }
        }
        return nil
    }
}

extension CalendarDate: Codable {
    /// From ISO text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let date = CalendarDate(iso: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text) is not a date as yyyy-mm-dd")
        }
        self = date
    }

    /// As ISO text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso)
    }
}
