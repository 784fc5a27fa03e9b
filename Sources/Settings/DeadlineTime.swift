// A time of day by which a run must be over, as people write it: 05:00 or 05:00+09:00.

/// A time of day, with or without its offset from UTC.
public struct DeadlineTime: Codable, Sendable, Equatable {
    /// 0 to 23.
    public var hour: Int
    /// 0 to 59.
    public var minute: Int
    /// Local time minus UTC, in minutes; nil: the zone of the coordinator's machine.
    public var offsetMinutes: Int?

    /// Reads `HH:MM`, `HH:MMZ` or `HH:MM±ZZ:ZZ`; nil for any other form.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 5, let time = Self.clock(bytes[0..<5]) else { return nil }
        (hour, minute) = time
        switch bytes.count {
        case 5: offsetMinutes = nil
        case 6 where bytes[5] == UInt8(ascii: "Z"): offsetMinutes = 0
        case 11:
            guard let zone = Self.clock(bytes[6..<11]), zone.hour <= 15 else { return nil }
            let minutes = zone.hour * 60 + zone.minute
            switch bytes[5] {
            case UInt8(ascii: "+"): offsetMinutes = minutes
            case UInt8(ascii: "-"): offsetMinutes = -minutes
            default: return nil
            }
        default: return nil
        }
    }

    /// As it is written.
    public var text: String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        guard let offsetMinutes else { return "\(two(hour)):\(two(minute))" }
        let zone = Int(offsetMinutes.magnitude)
        return "\(two(hour)):\(two(minute))\(offsetMinutes < 0 ? "-" : "+")"
            + "\(two(zone / 60)):\(two(zone % 60))"
    }

    /// `HH:MM`, hours below 24.
    private static func clock(_ bytes: ArraySlice<UInt8>) -> (hour: Int, minute: Int)? {
        let form = Array(bytes)
        guard form.count == 5, form[2] == UInt8(ascii: ":") else { return nil }
        var digits: [Int] = []
        for index in [0, 1, 3, 4] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(form[index]) else { return nil }
            digits.append(Int(form[index] - UInt8(ascii: "0")))
        }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        return hour < 24 && minute < 60 ? (hour, minute) : nil
    }

    /// The next such moment after now, both in seconds since 1970.
    ///
    /// - Parameters:
    ///   - now: A deadline at this very second is tomorrow's.
    ///   - offset: Local time minus UTC in seconds at a moment, where none was given.
    /// - Returns: The moment, and the offset it is told under, in seconds.
    public func next(after now: Int64, offset: (Int64) -> Int) -> (moment: Int64, offset: Int) {
        let day: Int64 = 86_400
        let wanted = Int64(hour * 3_600 + minute * 60)
        func moment(_ localDay: Int64, _ zone: Int) -> Int64 {
            localDay * day + wanted - Int64(zone)
        }
        func zone(at moment: Int64) -> Int { offsetMinutes.map { $0 * 60 } ?? offset(moment) }
        let local = now + Int64(zone(at: now))
        let today = local >= 0 ? local / day : (local - day + 1) / day
        var candidate = (moment: now, offset: zone(at: now))
        // Clocks that are changed in between move the moment; the second look is under the offset
        // that holds then.
        for ahead: Int64 in 0...2 {
            let guess = moment(today + ahead, zone(at: now))
            let then = zone(at: guess)
            candidate = (moment(today + ahead, then), then)
            if candidate.moment > now { break }
        }
        return candidate
    }
}
