// The kinds of values settings are made of, each with the words of its fault.

extension YAMLKind where Value == String {
    /// Any text, plain or quoted, not empty.
    static var text: Self { text("text", bytesMax: SettingsLimits.textBytesMax) { _ in true } }

    /// Any text, the empty one too.
    static var anyText: Self {
        Self { cursor in cursor.text ?? cursor.mismatch("text") }
    }

    /// A job's or contract's name; it becomes part of file names.
    static var name: Self {
        text("a name of a-z, 0-9 and '-'", bytesMax: SettingsLimits.nameBytesMax) {
            Words.isName($0)
        }
    }

    /// A field's or parameter's name.
    static var word: Self {
        text("a name of a-z, 0-9 and '_'", bytesMax: SettingsLimits.identifierBytesMax) {
            Words.isWord($0)
        }
    }

    /// A field of the data record, or `header.NAME`.
    static var field: Self {
        text("a field's name, or header.NAME", bytesMax: 2 * SettingsLimits.identifierBytesMax) {
            Words.isWord($0.hasPrefix("header.") ? String($0.dropFirst(7)) : $0)
        }
    }

    /// A column's name as it stands in the catalog.
    static var column: Self {
        text("a column's name", bytesMax: SettingsLimits.identifierBytesMax) { _ in true }
    }

    /// A table's name as SQL writes it, with its schema or without.
    static var table: Self {
        text(
            "a table's name as SQL writes it, SCHEMA.TABLE or TABLE; a name with other characters "
                + "than letters, digits and '_' stands in double quotes",
            bytesMax: SettingsLimits.textBytesMax
        ) { Words.isTable($0) }
    }

    private static func text(
        _ expected: String, bytesMax: Int, where isValid: @escaping (String) -> Bool
    ) -> Self {
        Self { cursor in
            guard let text = cursor.text, !text.isEmpty, isValid(text) else {
                return cursor.mismatch(expected)
            }
            guard text.utf8.count <= bytesMax else {
                return cursor.mismatch("\(expected) of at most \(bytesMax) bytes")
            }
            guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" }) else {
                return cursor.mismatch("\(expected) without control characters")
            }
            return text
        }
    }
}

extension YAMLKind where Value == Int {
    /// A whole number within these bounds, without quotes.
    static func integer(_ bounds: ClosedRange<Int>) -> Self {
        Self { cursor in
            guard case .scalar(let text, plain: true) = cursor.node.content,
                let number = Int(text), bounds.contains(number)
            else { return cursor.mismatch(Words.expectation(bounds)) }
            return number
        }
    }

    /// A duration in milliseconds: `500ms`, `10s`, `5m`.
    static func milliseconds(_ bounds: ClosedRange<Int>) -> Self {
        Self { cursor in
            guard let text = cursor.text, let value = Words.milliseconds(text),
                bounds.contains(value)
            else {
                let low = Words.duration(bounds.lowerBound)
                let high = Words.duration(bounds.upperBound)
                return cursor.mismatch("a duration from \(low) to \(high) (500ms, 10s, 5m)")
            }
            return value
        }
    }
}

extension YAMLKind where Value == Int64 {
    /// Any whole number.
    static var integer64: Self {
        Self { cursor in
            guard case .scalar(let text, plain: true) = cursor.node.content,
                let number = Int64(text)
            else { return cursor.mismatch("a whole number") }
            return number
        }
    }
}

extension YAMLKind where Value == UInt8 {
    /// A byte: `26` or `0x1A`.
    static var byte: Self {
        Self { cursor in
            let text = cursor.text ?? ""
            let byte =
                text.hasPrefix("0x") ? UInt8(text.dropFirst(2), radix: 16) : UInt8(text, radix: 10)
            return byte ?? cursor.mismatch("a byte from 0 to 255, or 0x00 to 0xFF")
        }
    }

    /// One ASCII character, as its byte.
    static var character: Self {
        Self { cursor in
            guard let text = cursor.text, text.utf8.count == 1, let byte = text.utf8.first else {
                return cursor.mismatch("one ASCII character")
            }
            return byte
        }
    }
}

extension YAMLKind where Value == Bool {
    /// `true` or `false`.
    static var flag: Self { flag(["true": true, "false": false], expected: "true or false") }

    /// `on` or `off`, also `true` or `false`.
    static var onOff: Self {
        flag(["on": true, "off": false, "true": true, "false": false], expected: "on or off")
    }

    private static func flag(_ words: [String: Bool], expected: String) -> Self {
        Self { cursor in
            guard case .scalar(let text, plain: true) = cursor.node.content,
                let value = words[text]
            else { return cursor.mismatch(expected) }
            return value
        }
    }
}

extension YAMLKind where Value: RawRepresentable, Value.RawValue == String {
    /// One of these words.
    static func choice(_ cases: [Value]) -> Self {
        Self { cursor in
            if let text = cursor.text, let value = cases.first(where: { $0.rawValue == text }) {
                return value
            }
            let words = cases.map(\.rawValue)
            return cursor.mismatch(
                "one of \(words.joined(separator: ", "))",
                suggestion: cursor.text.flatMap { nearest($0, among: words) })
        }
    }
}

extension YAMLKind {
    /// A map, read by this function; its unknown keys are reported after it.
    static func map(
        _ expected: String = "a map", _ read: @escaping (inout YAMLMap) -> Value?
    ) -> Self {
        Self { cursor in
            guard var map = YAMLMap(cursor, expected: expected) else { return nil }
            let value = read(&map)
            map.finish()
            return value
        }
    }

    /// A list of values of a kind; nil when one of them is wrong.
    static func list<Element>(of kind: YAMLKind<Element>) -> Self where Value == [Element] {
        Self { cursor in
            guard let items = cursor.items() else { return nil }
            let values = items.map(kind.read)
            let good = values.compactMap { $0 }
            return good.count == values.count ? good : nil
        }
    }

    /// A map from names of one kind to values of another, in the order of the file.
    static func pairs<Element>(
        _ key: YAMLKind<String>, _ kind: YAMLKind<Element>
    ) -> Self where Value == [(key: String, value: Element)] {
        Self { cursor in
            guard let entries = cursor.entries() else { return nil }
            let values: [(key: String, value: Element)?] = entries.map { entry in
                let name = key.read(entry.keyCursor)
                guard let value = kind.read(entry.value), let name else { return nil }
                return (name, value)
            }
            let good = values.compactMap { $0 }
            return good.count == values.count ? good : nil
        }
    }
}

/// The spelling of names, numbers and durations; shared by files, environment and flags.
enum Words {
    /// `[a-z0-9-]+`, not beginning with `-`.
    static func isName(_ text: String) -> Bool {
        !text.hasPrefix("-") && isMade(text, of: "-")
    }

    /// `[a-z0-9_]+`, not beginning with a digit.
    static func isWord(_ text: String) -> Bool {
        guard let first = text.utf8.first, !isDigit(first) else { return false }
        return isMade(text, of: "_")
    }

    /// `name` or `schema.name`, each an SQL identifier (PostgreSQL manual, 4.1.1); what stands in
    /// double quotes may hold anything, a double quote twice.
    static func isTable(_ text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        for _ in 0..<2 {
            guard let end = identifierEnd(rest) else { return false }
            rest = rest[end...]
            if rest.isEmpty { return true }
            guard rest.removeFirst() == "." else { return false }
        }
        return false
    }

    /// Behind the identifier that a text begins with; nil: it begins with none.
    private static func identifierEnd(
        _ text: String.UnicodeScalarView.SubSequence
    ) -> String.UnicodeScalarView.Index? {
        if text.first == "\"" {
            var index = text.index(after: text.startIndex)
            let first = index
            while let close = text[index...].firstIndex(of: "\"") {
                let next = text.index(after: close)
                guard next < text.endIndex, text[next] == "\"" else {
                    return close > first ? next : nil
                }
                index = text.index(after: next)
            }
            return nil
        }
        func isLetter(_ scalar: Unicode.Scalar) -> Bool {
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
                || scalar.value > 0x7f
        }
        guard let first = text.first, isLetter(first) else { return nil }
        return text.firstIndex { !isLetter($0) && !("0"..."9").contains($0) && $0 != "$" }
            ?? text.endIndex
    }

    private static func isMade(_ text: String, of mark: Unicode.Scalar) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || $0 == UInt8(ascii: mark)
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// `500ms`, `10s` or `5m` in milliseconds; nil: not a duration.
    static func milliseconds(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count) {
        case "ms": factor = 1
        case "s": factor = 1_000
        case "m": factor = 60_000
        default: return nil
        }
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
    }

    /// Milliseconds in the largest unit that shows them exactly.
    static func duration(_ milliseconds: Int) -> String {
        if milliseconds % 60_000 == 0, milliseconds > 0 { return "\(milliseconds / 60_000)m" }
        return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)s" : "\(milliseconds)ms"
    }

    /// "a whole number from 1 to 64".
    static func expectation(_ bounds: ClosedRange<Int>) -> String {
        "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
    }
}
