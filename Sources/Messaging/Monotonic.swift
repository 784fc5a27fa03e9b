// Time for time-outs inside one process. Time that decides comes from the database.

/// Monotonic time; runs on while the machine sleeps, never goes back, means nothing elsewhere.
public enum Monotonic {
    /// This moment.
    public static func now() -> ContinuousClock.Instant { ContinuousClock.now }

    /// Whole milliseconds from now to a moment, rounded up so that a wait of this length reaches
    /// it; 0 when it is past.
    public static func milliseconds(until moment: ContinuousClock.Instant) -> Int {
        let left = now().duration(to: moment)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        let perMillisecond: Int64 = 1_000_000_000_000_000
        let part = (attoseconds + perMillisecond - 1) / perMillisecond
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? Int.max : Int(clamping: whole.addingReportingOverflow(part).partialValue)
    }
}
