// Numbers that depend on a seed and a place only, so that leaving out one fault shifts no other.

/// What is drawn.
enum Draw: UInt64 {
    case scenario = 1
    case amount, row, fault, online
    case messageDelay, requestDelay, answerDelay, endDelay, workDelay, startDelay, crash
}

/// Draws numbers by a seed.
struct Chance {
    let seed: UInt64

    /// splitmix64 over seed, subject and place.
    func value(_ draw: Draw, _ place: Int) -> UInt64 {
        var mixed = seed &+ 0x9E37_79B9_7F4A_7C15
        mixed = Self.mix(mixed ^ (draw.rawValue &* 0xD6E8_FEB8_6659_FD93))
        return Self.mix(mixed &+ UInt64(bitPattern: Int64(place)) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// A number of a range.
    func number(_ draw: Draw, _ place: Int, in range: ClosedRange<Int>) -> Int {
        let width = UInt64(range.upperBound - range.lowerBound + 1)
        return range.lowerBound + Int(value(draw, place) % width)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
