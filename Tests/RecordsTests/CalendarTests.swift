// Days: real ones only, counted as PostgreSQL counts them, with a year near the business date.

import FoundationEssentials
import Records
import Testing

@Suite struct CalendarTests {
    @Test(arguments: [
        ("2000-01-01", 0), ("1999-12-31", -1), ("2026-11-20", 9_820), ("2000-03-01", 60),
        ("1970-01-01", -10_957), ("0001-01-01", -730_119), ("9999-12-31", 2_921_939),
    ])
    func `days are counted from PostgreSQL's epoch`(_ iso: String, _ days: Int32) throws {
        let date = try #require(CalendarDate(iso: iso))
        #expect(date.daysSince2000 == days)
        #expect(date.iso == iso)
    }

    @Test(arguments: [
        "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "0000-01-01",
        "2026-1-01", "20261120", "2026/11/20", "2026-11-20 ", "", "２０２６-11-20", "2026-11-00",
    ])
    func `what is no day is refused`(_ iso: String) {
        #expect(CalendarDate(iso: iso) == nil)
    }

    @Test func `the day after a day is one more, over four hundred years`() throws {
        var date = try #require(CalendarDate(iso: "1899-12-31"))
        for _ in 0..<146_097 / 5 {
            let next = date.adding(days: 5)
            #expect(next.daysSince2000 == date.daysSince2000 + 5)
            #expect(date < next)
            #expect(CalendarDate(year: next.year, month: next.month, day: next.day) == next)
            date = next
        }
        #expect(date.adding(days: 2).iso == "2299-12-31")
    }

    static let resolutions: [(Int, Int, YearResolution, String, String?)] = [
        (11, 20, .past, "2026-11-20", "2026-11-20"),
        (11, 20, .future, "2026-11-20", "2026-11-20"),
        (11, 21, .past, "2026-11-20", "2025-11-21"), (1, 4, .future, "2026-12-28", "2027-01-04"),
        (12, 31, .past, "2027-01-01", "2026-12-31"), (2, 29, .past, "2025-03-01", "2024-02-29"),
        (2, 29, .past, "2025-03-02", nil), (2, 29, .future, "2027-03-01", "2028-02-29"),
        (2, 29, .future, "2027-02-27", nil), (2, 30, .past, "2026-11-20", nil),
        (0, 1, .past, "2026-11-20", nil), (13, 1, .past, "2026-11-20", nil),
    ]

    @Test(arguments: resolutions)
    func `a month and day gets the year next to the business date`(
        _ month: Int, _ day: Int, _ resolution: YearResolution, _ business: String, _ iso: String?
    ) throws {
        let date = CalendarDate.resolve(
            month: month, day: day, resolution,
            businessDate: try #require(CalendarDate(iso: business)))
        #expect(date?.iso == iso)
    }

    @Test func `parameters travel as their dictionary and are read again`() throws {
        let parameters = try RunParameters(values: ["business_date": "2026-11-20", "note": "x"])
        let json = try JSONEncoder().encode(parameters)
        #expect(try JSONDecoder().decode(RunParameters.self, from: json) == parameters)
        #expect(parameters.businessDate?.iso == "2026-11-20")
        #expect(try RunParameters(values: [:]).businessDate == nil)
        #expect(throws: ParameterFault.self) {
            _ = try RunParameters(values: ["business_date": "today"])
        }
    }
}
