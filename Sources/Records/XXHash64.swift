// A fast fingerprint of bytes. Not a defence against someone who wants two inputs to collide.

/// XXH64, written from Yann Collet's specification (github.com/Cyan4973/xxHash,
/// doc/xxhash_spec.md).
///
/// All arithmetic wraps modulo 2^64, as the specification asks; words are little-endian.
public struct XXHash64: Sendable {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
    private static let stripeBytes = 32

    private let seed: UInt64
    private var lanes: SIMD4<UInt64>
    private var held = [UInt8]()
    private var length: UInt64 = 0

    /// Begins a hash over bytes that arrive in pieces.
    public init(seed: UInt64 = 0) {
        self.seed = seed
        lanes = Self.start(seed)
        held.reserveCapacity(Self.stripeBytes)
    }

    /// Adds bytes; how they are cut into pieces does not matter.
    public mutating func update(_ bytes: Span<UInt8>) {
        length &+= UInt64(bytes.count)
        var at = 0
        if !held.isEmpty {
            while held.count < Self.stripeBytes, at < bytes.count {
                held.append(bytes[at])
                at += 1
            }
            guard held.count == Self.stripeBytes else { return }
            var lanes = lanes
            _ = Self.absorb(held.span, from: 0, into: &lanes)
            self.lanes = lanes
            held.removeAll(keepingCapacity: true)
        }
        at = Self.absorb(bytes, from: at, into: &lanes)
        while at < bytes.count {
            held.append(bytes[at])
            at += 1
        }
    }

    /// The hash of everything added so far; adding may go on afterwards.
    public func finish() -> UInt64 {
        Self.finish(lanes, seed: seed, length: length, tail: held.span, from: 0)
    }

    /// The hash of these bytes, without the streaming form's buffer.
    ///
    /// Records are short, so stripes and end are taken in one piece: the lanes stay in registers.
    public static func hash(_ bytes: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        var lanes = start(seed)
        let at = absorb(bytes, from: 0, into: &lanes)
        return finish(lanes, seed: seed, length: UInt64(bytes.count), tail: bytes, from: at)
    }

    private static func start(_ seed: UInt64) -> SIMD4<UInt64> {
        SIMD4(seed &+ prime1 &+ prime2, seed &+ prime2, seed, seed &- prime1)
    }

    /// Takes whole stripes; returns where the rest begins.
    @inline(__always)
    private static func absorb(
        _ bytes: Span<UInt8>, from start: Int, into lanes: inout SIMD4<UInt64>
    ) -> Int {
        var first = lanes[0]
        var second = lanes[1]
        var third = lanes[2]
        var fourth = lanes[3]
        precondition(start >= 0 && start <= bytes.count, "a stripe beyond the end")
        let end = start &+ (bytes.count &- start) / stripeBytes &* stripeBytes
        var at = start
        while at < end {
            // In bounds: whole stripes lie between `start` and `end`.
            first = round(first, unsafe uncheckedWord(bytes, at))
            second = round(second, unsafe uncheckedWord(bytes, at &+ 8))
            third = round(third, unsafe uncheckedWord(bytes, at &+ 16))
            fourth = round(fourth, unsafe uncheckedWord(bytes, at &+ 24))
            at &+= stripeBytes
        }
        lanes = SIMD4(first, second, third, fourth)
        return at
    }

    @inline(__always)
    private static func finish(
        _ lanes: SIMD4<UInt64>, seed: UInt64, length: UInt64, tail: Span<UInt8>, from start: Int
    ) -> UInt64 {
        var hash = length >= UInt64(stripeBytes) ? converge(lanes) : seed &+ prime5
        hash &+= length
        var at = start
        while tail.count - at >= 8 {
            hash = rotate(hash ^ round(0, tail.littleEndianWord(at: at)), 27) &* prime1 &+ prime4
            at += 8
        }
        if tail.count - at >= 4 {
            hash =
                rotate(hash ^ (UInt64(tail.littleEndianHalfWord(at: at)) &* prime1), 23) &* prime2
                &+ prime3
            at += 4
        }
        while at < tail.count {
            hash = rotate(hash ^ (UInt64(tail[at]) &* prime5), 11) &* prime1
            at += 1
        }
        hash = (hash ^ (hash &>> 33)) &* prime2
        hash = (hash ^ (hash &>> 29)) &* prime3
        return hash ^ (hash &>> 32)
    }

    private static func converge(_ lanes: SIMD4<UInt64>) -> UInt64 {
        var hash =
            rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12)
            &+ rotate(lanes[3], 18)
        for index in 0..<4 {
            hash = (hash ^ round(0, lanes[index])) &* prime1 &+ prime4
        }
        return hash
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        (value &<< bits) | (value &>> (64 &- bits))
    }

    /// Eight bytes, little-endian, without a look at the bounds.
    @unsafe @inline(__always)
    private static func uncheckedWord(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
        unsafe UInt64(
            littleEndian: bytes.bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: at, as: UInt64.self))
    }
}
