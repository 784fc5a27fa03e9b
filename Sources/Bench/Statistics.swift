// The arithmetic of the bench: medians, ratios, a straight line. Pure.

/// Figures made from repeated measurements.
package enum Statistics {
    /// The middle value, or the mean of the two in the middle; nil: there are none.
    package static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The ratio of two medians; nil: one has no values, or the second is 0.
    package static func ratioOfMedians(_ values: [Double], to others: [Double]) -> Double? {
        guard let value = median(values), let other = median(others), other > 0 else { return nil }
        return value / other
    }

    /// The smallest value that at least this share of all values does not exceed (nearest rank).
    ///
    /// - Parameter share: 0 to 1.
    package static func percentile(_ share: Double, of values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    /// What a straight line through measured points says of another place.
    ///
    /// Through one point the line comes from the origin. Through more it is the least-squares line;
    /// nil: there are no points, or all stand at one place other than the origin's line can use.
    package static func extrapolate(
        _ points: [(x: Double, y: Double)], to place: Double
    ) -> Double? {
        guard let first = points.first else { return nil }
        let count = Double(points.count)
        let meanX = points.reduce(0) { $0 + $1.x } / count
        let meanY = points.reduce(0) { $0 + $1.y } / count
        let spread = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        guard spread > 0 else { return first.x > 0 ? meanY / first.x * place : nil }
        let slope = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) } / spread
        return meanY + slope * (place - meanX)
    }

    /// A number with this many decimals, always with a point.
    package static func text(_ value: Double, decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (value * scale).rounded()
        guard scaled.isFinite, scaled.magnitude < 1e15 else { return "?" }
        let whole = Int64(scaled.magnitude)
        let sign = scaled < 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(whole) }
        let digits = String(whole)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// Seconds as a person reads them: two decimals below 10, one above.
    package static func seconds(_ value: Double) -> String {
        text(value, decimals: value < 10 ? 2 : 1) + " s"
    }
}
