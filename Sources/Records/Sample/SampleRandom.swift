// Randomness that is the same on every machine: a stream of draws and a shuffle without memory.

/// A stream of pseudo-random numbers: SplitMix64 (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
///
/// Not for secrets. Every record has a stream of its own, so that what is drawn for it does not
/// depend on the records before it.
struct SampleRandom {
    /// What a stream is for; streams of one seed do not touch each other.
    enum Purpose: UInt64 {
        case header = 1
        case data, shuffle, places, defects, group
    }

    private var state: UInt64

    /// The stream of one record, or of the file when `index` is 0.
    init(seed: UInt64, purpose: Purpose, index: Int = 0) {
        // Hashed twice: neighbouring indexes must not give the same stream one draw apart.
        let stream = Self.mix(seed &+ Self.mix(purpose.rawValue &* Self.step))
        state = Self.mix(stream &+ UInt64(index) &* Self.step)
    }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.mix(state)
    }

    /// A number from 0 up to, not including, `bound`, which must be above 0.
    ///
    /// Multiply and shift (Lemire); its bias is below `bound` / 2^64 and does not matter here.
    mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// An index of a collection with `count` elements, which must be above 0.
    mutating func index(below count: Int) -> Int { Int(below(UInt64(count))) }

    /// The odd constant nearest to 2^64 divided by the golden ratio.
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The finaliser: every bit of the input changes about half of the output's.
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A shuffled order of 0 ..< count in constant memory: a keyed Feistel network over the next
/// power of four, walked until it falls into the range (Black and Rogaway's cycle walking).
struct SampleShuffle {
    private let count: UInt64
    private let halfBits: UInt64
    private let keys: [UInt64]

    /// The order that this stream of draws decides; `count` may be 0.
    init(count: Int, random: SampleRandom) {
        var random = random
        var halfBits: UInt64 = 1
        while (1 as UInt64) << (2 * halfBits) < UInt64(count) { halfBits += 1 }
        self.count = UInt64(count)
        self.halfBits = halfBits
        keys = (0..<SampleLimits.shuffleRounds).map { _ in random.next() }
    }

    /// What stands at a place; every number below `count` stands at exactly one.
    func element(at place: Int) -> Int {
        precondition(place >= 0 && UInt64(place) < count, "a place outside the shuffle")
        // At most four times as many values as places, so three steps on average are enough; the
        // walk ends because a permutation's cycle comes back to its start, which is in range.
        var value = permuted(UInt64(place))
        while value >= count { value = permuted(value) }
        return Int(value)
    }

    private func permuted(_ value: UInt64) -> UInt64 {
        let mask = (1 as UInt64) << halfBits &- 1
        var left = value >> halfBits
        var right = value & mask
        for key in keys {
            (left, right) = (right, left ^ (SampleRandom.mix(right ^ key) & mask))
        }
        return left << halfBits | right
    }
}
