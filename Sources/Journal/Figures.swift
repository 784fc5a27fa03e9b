// Numbers as people read them: thousands, bytes, durations, rates, shares.

/// Figures for reports and terminals; always the same form, whatever the locale.
public enum Figures {
    /// A figure of units with decimal places: `1,234.50` of 123450 and scale 2.
    public static func count(_ value: Int64, scale: Int) -> String {
        guard scale > 0 else { return count(value) }
        var unit: UInt64 = 1
        for _ in 0..<min(scale, 18) { unit *= 10 }
        let whole = count(Int64(value.magnitude / unit))
        let places = padded(Int64(value.magnitude % unit), min(scale, 18))
        return (value < 0 ? "-" : "") + whole + "." + places
    }

    /// `1,234,567`.
    public static func count(_ value: Int64) -> String {
        var groups: [String] = []
        var rest = value.magnitude
        while rest >= 1_000 {
            groups.insert(padded(Int64(rest % 1_000), 3), at: 0)
            rest /= 1_000
        }
        groups.insert(String(rest), at: 0)
        return (value < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    /// `572 MiB`; one decimal below 10, exact bytes below 1 KiB.
    public static func bytes(_ value: Int64) -> String {
        guard value.magnitude >= 1_024 else { return "\(value) B" }
        var amount = Double(value.magnitude)
        var unit = "B"
        // 1,023.5 of a unit would be rounded to 1,024: the next unit begins there.
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] where amount >= 1_023.5 {
            amount /= 1_024
            unit = larger
        }
        let text = amount < 9.95 ? oneDecimal(amount) : String(Int64(amount.rounded()))
        return (value < 0 ? "-" : "") + text + " " + unit
    }

    /// `0.3s`, `42.0s`, `1m 02.3s`, `2h 05m 09s`.
    public static func duration(_ value: Duration) -> String {
        let parts = value.components
        let tenths =
            parts.seconds * 10 + (parts.attoseconds + 50_000_000_000_000_000)
            / 100_000_000_000_000_000
        guard tenths > 0 else { return "0.0s" }
        let seconds = tenths / 10
        guard seconds >= 60 else { return "\(seconds).\(tenths % 10)s" }
        let minutes = seconds / 60
        guard minutes >= 60 else {
            return "\(minutes)m \(padded(seconds % 60, 2)).\(tenths % 10)s"
        }
        return "\(minutes / 60)h \(padded(minutes % 60, 2))m \(padded(seconds % 60, 2))s"
    }

    /// A duration given in seconds, as ``RunSummary`` holds it.
    public static func duration(seconds: Double) -> String {
        duration(.milliseconds(Int64((wholeRange(seconds) * 1_000).rounded())))
    }

    /// `12,345/s`.
    public static func rate(_ perSecond: Double) -> String {
        count(whole(perSecond)) + "/s"
    }

    /// Records per second; 0 before any time has passed.
    public static func perSecond(_ records: Int64, in elapsed: Duration) -> Double {
        let parts = elapsed.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        return seconds > 0 ? Double(records) / seconds : 0
    }

    /// Whole percent done, rounded down and within 0 to 100; a total of 0 is done.
    public static func percent(done: Int64, total: Int64) -> Int64 {
        guard total > 0 else { return 100 }
        let share = max(0, min(done, total)).multipliedFullWidth(by: 100)
        return total.dividingFullWidth(share).quotient
    }

    /// Rounded to a whole number; 0 for what an Int64 of milliseconds could not hold.
    public static func whole(_ value: Double) -> Int64 { Int64(wholeRange(value).rounded()) }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The value if it is a number an Int64 of milliseconds can hold, else 0.
    private static func wholeRange(_ value: Double) -> Double {
        value.isFinite && value.magnitude < 1e15 ? value : 0
    }
}
