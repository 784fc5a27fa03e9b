// The little calendar the sample writer needs: real days, and the year of a month and day.

/// A day of the proleptic Gregorian calendar.
struct SampleDay: Sendable, Equatable {
    var year: Int
    var month: Int
    var day: Int

    /// The day; nil when there is no such day between the years 1 and 9999.
    init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(ofMonth: month, year: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The digits MMDD.
    var monthDay: String { Self.digits(month, 2) + Self.digits(day, 2) }

    /// The form YYYY-MM-DD.
    var iso: String {
        Self.digits(year, 4) + "-" + Self.digits(month, 2) + "-" + Self.digits(day, 2)
    }

    /// Whether it is the same day as another or an earlier one.
    func isAtMost(_ other: SampleDay) -> Bool {
        (year, month, day) <= (other.year, other.month, other.day)
    }

    /// The date of MMDD when this day is the business date; nil when there is none within
    /// 366 days (29 February).
    func resolve(month: Int, day: Int, _ resolution: YearResolution) -> SampleDay? {
        let isLeapDay = month == 2 && day == 29
        switch resolution {
        case .past:
            if let date = SampleDay(year: year, month: month, day: day), date.isAtMost(self) {
                return date
            }
            // From 1 March on, the 29 February of last year is 366 days away, later more.
            if isLeapDay, (self.month, self.day) > (3, 1) { return nil }
            return SampleDay(year: year - 1, month: month, day: day)
        case .future:
            if let date = SampleDay(year: year, month: month, day: day), isAtMost(date) {
                return date
            }
            if isLeapDay, (self.month, self.day) < (2, 28) { return nil }
            return SampleDay(year: year + 1, month: month, day: day)
        }
    }

    private static func days(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
