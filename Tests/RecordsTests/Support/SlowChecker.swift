// The judge of the fast checker: the same rules in the most obvious form, over strings.

import Records

/// Checks a record by decoding every field to a string first.
struct SlowChecker {
    let contract: Contract
    let businessDate: CalendarDate

    func violations(_ record: [UInt8]) -> [Violation] {
        let fields = contract.recordType(.data)?.fields ?? []
        return fields.enumerated().compactMap { index, field in
            let bytes = Array(record[(field.at - 1)..<(field.at - 1 + field.bytes)])
            return broken(field, bytes).map { rule, offset in
                Violation(fieldIndex: index, rule: rule, byteInRecord: field.at - 1 + offset)
            }
        }
    }

    private func broken(_ field: Field, _ bytes: [UInt8]) -> (RuleID, Int)? {
        if field.type == .filler { return nil }
        if bytes.allSatisfy({ $0 == 0x20 }) { return field.required ? (.required, 0) : nil }
        let scalars = bytes.map { contract.characters.scalar(of: $0).map(Character.init) }
        let text: String
        if field.type == .text {
            if let bad = scalars.firstIndex(of: nil) { return (.characters, bad) }
            text = trimmed(String(scalars.compactMap { $0 }))
            if let most = field.maxLength, text.unicodeScalars.count > most {
                return (.maxLength, most)
            }
        } else {
            let digits = Set("0123456789")
            let bad = scalars.firstIndex { $0.map { !digits.contains($0) } ?? true }
            if let bad { return (.digits, bad) }
            text = String(scalars.compactMap { $0 })
        }
        if let values = field.values, !values.contains(text) { return (.enum, 0) }
        if let pattern = field.pattern, !SlowPattern(pattern).matches(text) { return (.pattern, 0) }
        if let minimum = field.minimum, let number = Int64(text), number < minimum {
            return (.minimum, 0)
        }
        if field.type == .monthDay, nearest(text, field.resolve ?? .past) == nil {
            return (.date, 0)
        }
        return nil
    }

    private func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }

    /// Walks day by day from the business date until month and day are the same.
    func nearest(_ monthDay: String, _ resolution: YearResolution) -> CalendarDate? {
        var date = businessDate
        for _ in 0...366 {
            if date.iso.dropFirst(5) == "\(monthDay.prefix(2))-\(monthDay.suffix(2))" {
                return date
            }
            date = date.adding(days: resolution == .past ? -1 : 1)
        }
        return nil
    }
}

/// A pattern by backtracking: every way to read an element is tried in turn.
struct SlowPattern {
    private var elements: [(accepts: Set<Unicode.Scalar>, least: Int, most: Int)] = []

    /// Walks scalars, not characters: a half-width voicing mark joins the character before it.
    init(_ text: String) {
        var rest = ArraySlice(text.unicodeScalars)
        while let first = rest.popFirst() {
            var accepts: Set<Unicode.Scalar> = [first]
            if first == "[" {
                let body = Array(rest.prefix { $0 != "]" })
                rest = rest.dropFirst(body.count + 1)
                accepts = Self.members(body)
            }
            var bounds = (1, 1)
            switch rest.first {
            case "?": bounds = (0, 1)
            case "+": bounds = (1, 1_000)
            case "*": bounds = (0, 1_000)
            case "{":
                let numbers = rest.dropFirst().prefix { $0 != "}" }
                    .split(separator: ",").map { Int(String(String.UnicodeScalarView($0))) ?? 0 }
                bounds = (numbers.first ?? 0, numbers.last ?? 0)
                rest = rest.drop { $0 != "}" }
            default: rest = [" "] + rest
            }
            rest = rest.dropFirst()
            elements.append((accepts, bounds.0, bounds.1))
        }
    }

    private static func members(_ body: [Unicode.Scalar]) -> Set<Unicode.Scalar> {
        var members: Set<Unicode.Scalar> = []
        var at = 0
        while at < body.count {
            if at + 2 < body.count, body[at + 1] == "-" {
                for value in body[at].value...body[at + 2].value {
                    if let scalar = Unicode.Scalar(value) { members.insert(scalar) }
                }
                at += 3
            } else {
                members.insert(body[at])
                at += 1
            }
        }
        return members
    }

    func matches(_ text: String) -> Bool {
        matches(ArraySlice(text.unicodeScalars), 0, 0)
    }

    private func matches(_ text: ArraySlice<Unicode.Scalar>, _ element: Int, _ taken: Int) -> Bool {
        guard element < elements.count else { return text.isEmpty }
        let (accepts, least, most) = elements[element]
        if taken < most, let first = text.first, accepts.contains(first),
            matches(text.dropFirst(), element, taken + 1)
        {
            return true
        }
        return taken >= least && matches(text, element + 1, 0)
    }
}
