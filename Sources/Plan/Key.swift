// Keys and ranges of keys, compared as bytes. The image of a key is made by `Records`;
// everything that splits, sorts, plans or proves compares these bytes and nothing else.

/// The order-preserving image of a normalised key: UTF-8 text, compared byte by byte.
///
/// PostgreSQL sees the same order as `text COLLATE "C"` (PROTOCOL 1). Never empty for a real
/// key, so the empty image stands for "below every key".
public struct Key: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The image's text; its UTF-8 bytes decide the order.
    public var text: String

    /// The image with this text.
    public init(_ text: String) { self.text = text }

    /// Below every real key.
    public static let lowest = Key("")

    /// Byte order, not the order of Unicode's canonical forms.
    public static func < (left: Key, right: Key) -> Bool {
        let first = left.text.utf8Span.span
        let second = right.text.utf8Span.span
        let count = min(first.count, second.count)
        var index = 0
        while index < count {
            if first[index] != second[index] { return first[index] < second[index] }
            index &+= 1
        }
        return first.count < second.count
    }

    /// Equal bytes, not canonical equivalence.
    public static func == (left: Key, right: Key) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    /// The text, quoted only where it is empty.
    public var description: String { text.isEmpty ? "−∞" : text }
}

/// A half-open range of keys: low inclusive, high exclusive.
public struct KeyRange: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Inclusive.
    public var low: Key
    /// nil: no upper bound.
    public var high: Key?

    /// A range; `low` must lie below `high`.
    public init(low: Key, high: Key?) {
        if let high { precondition(low < high, "an empty key range") }
        self.low = low
        self.high = high
    }

    /// Every key.
    public static let all = KeyRange(low: .lowest, high: nil)

    /// Whether the key lies in the range.
    public func contains(_ key: Key) -> Bool {
        guard key >= low else { return false }
        guard let high else { return true }
        return key < high
    }

    /// What both ranges hold; nil when they have no key in common.
    public func intersection(_ other: KeyRange) -> KeyRange? {
        let low = Swift.max(low, other.low)
        let high: Key?
        switch (self.high, other.high) {
        case (nil, let bound), (let bound, nil): high = bound
        case (let left?, let right?): high = Swift.min(left, right)
        }
        if let high, low >= high { return nil }
        return KeyRange(low: low, high: high)
    }

    /// `[low, high)` for people.
    public var description: String { "[\(low), \(high?.text ?? "+∞"))" }
}
