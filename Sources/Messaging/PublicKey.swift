// Keys as bytes and as people see them. Pure: the alphabet of ZeroMQ's RFC 32 (Z85).

/// A CURVE public key; who has the secret that belongs to it is who it names.
public struct PublicKey: Sendable, Hashable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    static let bytesCount = 32
    static let textBytes = 40

    /// nil: not 32 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.bytesCount else { return nil }
        self.bytes = bytes
    }

    /// Reads 40 characters of Z85; nil when they are none.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == Self.textBytes else { return nil }
        var decoded = [UInt8](repeating: 0, count: Self.bytesCount)
        let isText = Z85.decode(
            bytes: Self.bytesCount, character: { characters[$0] }, store: { decoded[$0] = $1 })
        guard isText else { return nil }
        bytes = decoded
    }

    /// 40 characters of Z85, as files have it.
    public var text: String { Z85.text(bytes) }

    /// The same as `text`.
    public var description: String { text }

    /// Whether two keys are the same, in a time that does not tell where they differ.
    func isEqualInConstantTime(to other: [UInt8]) -> Bool {
        guard other.count == bytes.count else { return false }
        var difference: UInt8 = 0
        for index in bytes.indices { difference |= bytes[index] ^ other[index] }
        return difference == 0
    }
}

/// Four bytes as five characters.
enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8
    )
    private static let values: [UInt32?] = {
        var values = [UInt32?](repeating: nil, count: 256)
        for (value, character) in alphabet.enumerated() {
            values[Int(character)] = UInt32(value)
        }
        return values
    }()

    /// The text of bytes whose number four divides.
    static func text(_ bytes: [UInt8]) -> String {
        precondition(bytes.count % 4 == 0, "Z85 takes bytes by four")
        var characters: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 4) {
            var value = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var five = [UInt8](repeating: 0, count: 5)
            for place in five.indices.reversed() {
                five[place] = alphabet[Int(value % 85)]
                value /= 85
            }
            characters += five
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// Stores the bytes of a text; false when a character or a group of five is none.
    ///
    /// Makes no copy, so that a secret stays where the caller put it.
    ///
    /// - Parameters:
    ///   - bytes: How many; four divides it, and there are five characters for each four.
    ///   - character: Tells a character by its place.
    ///   - store: Takes a place and a byte.
    static func decode(
        bytes: Int, character: (Int) -> UInt8, store: (Int, UInt8) -> Void
    ) -> Bool {
        for group in 0..<bytes / 4 {
            var value: UInt64 = 0
            for place in 0..<5 {
                guard let digit = values[Int(character(group * 5 + place))] else { return false }
                value = value * 85 + UInt64(digit)
            }
            guard value <= UInt64(UInt32.max) else { return false }
            for place in 0..<4 {
                store(
                    group * 4 + place,
                    UInt8(truncatingIfNeeded: value >> UInt64(24 - 8 * place)))
            }
        }
        return true
    }
}

/// Names of keys.
public enum KeyName {
    /// What a name may be, for messages.
    public static let rule =
        "1 to \(MessagingLimits.keyNameBytesMax) of a-z, 0-9 and '-'"

    /// Whether a text is a name.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        (1...MessagingLimits.keyNameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
    }
}
