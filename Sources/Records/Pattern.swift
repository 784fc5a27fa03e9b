// The closed little language of `pattern:`. Not a regular expression: no alternatives, no groups,
// no escapes, and no input on which it becomes slow.

/// A pattern compiled to a machine whose states are the bits of one word.
///
/// Elements are literal characters or classes `[A-Z0-9-]`, each followed by nothing, `?`, `+`,
/// `*`, `{n}` or `{n,m}`. The whole text must match. Bit 0 means "nothing read yet", bit i
/// "element i read last", after Navarro & Raffinot, *Flexible Pattern Matching in Strings*, 4.
struct Pattern: Sendable {
    /// For each byte, the elements that accept it.
    private(set) var accepting = [UInt64](repeating: 0, count: 256)
    /// Elements that may be read again.
    private(set) var repeating: UInt64 = 0
    /// Elements that may be left out.
    private(set) var skippable: UInt64 = 0
    private(set) var positions = 0
    /// The one element of a pattern that has no other, as most have: the bytes it accepts and how
    /// many of them; nil: there are several.
    private var only: (bytes: ByteSet, lengths: ClosedRange<Int>)?

    /// Why a text is not a pattern: one English sentence.
    struct SyntaxFault: Error, Equatable {
        var message: String
    }

    init(_ text: String, _ repertoire: CharacterRepertoire) throws(SyntaxFault) {
        var parser = Parser(scalars: Array(text.unicodeScalars), repertoire: repertoire)
        guard !parser.atEnd else { throw SyntaxFault(message: "the pattern is empty") }
        var elements = 0
        while !parser.atEnd {
            let bytes = try parser.element()
            let (least, most) = try parser.count()
            elements += 1
            var accepted = ByteSet()
            for byte in bytes { accepted.insert(byte) }
            only = elements == 1 ? (accepted, least...(most ?? Int.max)) : nil
            let last = most ?? max(least, 1)
            guard positions + last <= RecordsLimits.patternPositionsMax else {
                throw SyntaxFault(
                    message: "the pattern stands for more than "
                        + "\(RecordsLimits.patternPositionsMax) characters; use `*` and maxLength")
            }
            for number in 0..<last {
                positions += 1
                let bit = UInt64(1) << UInt64(positions)
                for byte in bytes { accepting[Int(byte)] |= bit }
                if number >= least { skippable |= bit }
                if most == nil, number == last - 1 { repeating |= bit }
            }
        }
    }

    /// Whether these bytes of a record match from the first to the last.
    func matches(_ record: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        if let only {
            guard only.lengths.contains(end &- start) else { return false }
            for index in start..<end where !only.bytes.contains(record[index]) { return false }
            return true
        }
        var states = closure(1)
        for index in start..<end {
            let accepted = accepting[Int(record[index])]
            states = closure(((states &<< 1) & accepted) | (states & repeating & accepted))
            if states == 0 { return false }
        }
        return states & (UInt64(1) &<< UInt64(positions)) != 0
    }

    /// Adds the elements that can be left out after those reached.
    @inline(__always)
    private func closure(_ states: UInt64) -> UInt64 {
        var all = states
        while true {
            let more = all | ((all &<< 1) & skippable)
            if more == all { return all }
            all = more
        }
    }
}

extension Pattern {
    /// Reads a pattern's text from left to right.
    private struct Parser {
        let scalars: [Unicode.Scalar]
        let repertoire: CharacterRepertoire
        var at = 0

        var atEnd: Bool { at == scalars.count }

        /// Characters that mean something elsewhere and are literal only inside a class.
        private static let reserved: Set<Unicode.Scalar> = [
            "[", "]", "(", ")", "{", "}", "?", "+", "*", ".", "|", "^", "$", "\\",
        ]

        private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard at < scalars.count, scalars[at] == scalar else { return false }
            at += 1
            return true
        }

        /// The bytes one element accepts.
        mutating func element() throws(SyntaxFault) -> [UInt8] {
            if take("[") { return try characterClass() }
            let scalar = scalars[at]
            guard !Self.reserved.contains(scalar) else {
                throw SyntaxFault(
                    message: "`\(scalar)` at character \(at + 1) stands alone; "
                        + "a literal one is written in a class")
            }
            return [try byte()]
        }

        private mutating func byte() throws(SyntaxFault) -> UInt8 {
            guard at < scalars.count else {
                throw SyntaxFault(message: "the pattern ends inside a class")
            }
            guard let byte = repertoire.byte(of: scalars[at]) else {
                throw SyntaxFault(
                    message: "`\(scalars[at])` at character \(at + 1) is not in the repertoire "
                        + repertoire.rawValue)
            }
            at += 1
            return byte
        }

        private mutating func characterClass() throws(SyntaxFault) -> [UInt8] {
            var bytes: [UInt8] = []
            guard at < scalars.count, scalars[at] != "^" else {
                throw SyntaxFault(message: "classes list what they accept; `[^` is not known")
            }
            while !take("]") {
                let low = try byte()
                // A hyphen between two characters is a range; at either end it is a hyphen.
                guard at + 1 < scalars.count, scalars[at] == "-", scalars[at + 1] != "]" else {
                    bytes.append(low)
                    continue
                }
                at += 1
                let high = try byte()
                guard low <= high else {
                    throw SyntaxFault(message: "a range before character \(at + 1) runs backwards")
                }
                bytes.append(contentsOf: low...high)
            }
            guard !bytes.isEmpty else { throw SyntaxFault(message: "a class is empty") }
            // A range such as `[ -ｱ]` runs over bytes that no text can hold.
            return bytes.filter { repertoire.contains($0) }
        }

        /// How often the element may stand; no upper bound: nil.
        mutating func count() throws(SyntaxFault) -> (least: Int, most: Int?) {
            if take("?") { return (0, 1) }
            if take("+") { return (1, nil) }
            if take("*") { return (0, nil) }
            guard take("{") else { return (1, 1) }
            let least = try number()
            var most = least
            if take(",") { most = try number() }
            guard take("}"), most >= 1, most >= least else {
                throw SyntaxFault(
                    message: "a count before character \(at + 1) is not `{n}` or `{n,m}` with "
                        + "n ≤ m and m ≥ 1")
            }
            return (least, most)
        }

        private mutating func number() throws(SyntaxFault) -> Int {
            var value = 0
            let start = at
            while at < scalars.count, ("0"..."9").contains(scalars[at]), at - start < 5 {
                value = value * 10 + Int(scalars[at].value - 48)
                at += 1
            }
            guard at > start else {
                throw SyntaxFault(message: "a number is missing at character \(at + 1)")
            }
            return value
        }
    }
}
