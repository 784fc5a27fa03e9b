// Text to field bytes and back, by itself and not by the checker, so that each can judge the other.

/// How sample text becomes the bytes of a field, and the bytes normalised text.
enum SampleText {
    /// The byte of a character; nil when it is outside the repertoire.
    static func byte(_ scalar: Unicode.Scalar, _ repertoire: CharacterRepertoire) -> UInt8? {
        switch (repertoire, scalar.value) {
        case (.ascii, 0x20...0x7E): UInt8(scalar.value)
        case (.jisX0201, 0xA5): 0x5C
        case (.jisX0201, 0x203E): 0x7E
        case (.jisX0201, 0x5C), (.jisX0201, 0x7E): nil
        case (.jisX0201, 0x20...0x7E): UInt8(scalar.value)
        case (.jisX0201, 0xFF61...0xFF9F): UInt8(scalar.value - 0xFF61 + 0xA1)
        default: nil
        }
    }

    /// Appends the character of a byte as UTF-8, escaped for a JSON string.
    static func appendJSON(
        _ byte: UInt8, _ repertoire: CharacterRepertoire, to bytes: inout [UInt8]
    ) {
        switch (repertoire, byte) {
        case (.jisX0201, 0x5C): bytes += [0xC2, 0xA5]
        case (.jisX0201, 0x7E): bytes += [0xE2, 0x80, 0xBE]
        case (.jisX0201, 0xA1...0xDF):
            let low = UInt8(byte - 0xA1) &+ 0x21
            // U+FF61 to U+FF9F: EF BD A1 to EF BD BF, then EF BE 80 to EF BE 9F.
            bytes += low < 0x40 ? [0xEF, 0xBD, low + 0x80] : [0xEF, 0xBE, low + 0x40]
        case (_, 0x22), (_, 0x5C):
            bytes.append(0x5C)
            bytes.append(byte)
        default:
            bytes.append(byte)
        }
    }

    /// The bytes of a field that holds this text, padded as its type says.
    ///
    /// Nil when the field's type, length or repertoire forbids the text. Empty text is a blank
    /// field.
    static func fieldBytes(
        _ text: String, _ field: Field, _ repertoire: CharacterRepertoire, _ businessDay: SampleDay
    ) -> [UInt8]? {
        var encoded: [UInt8] = repertoire == .utf8 ? Array(text.utf8) : []
        for scalar in text.unicodeScalars where repertoire != .utf8 {
            guard let byte = byte(scalar, repertoire) else { return nil }
            encoded.append(byte)
        }
        guard encoded.count <= field.bytes else { return nil }
        let padding = field.bytes - encoded.count
        switch field.type {
        case .text, .filler:
            return encoded + [UInt8](repeating: 0x20, count: padding)
        case .date, .decimal:
            return scalarBytes(encoded, field)
        case .digits, .integer, .monthDay:
            if encoded.isEmpty { return [UInt8](repeating: 0x20, count: padding) }
            guard encoded.allSatisfy(isDigit) else { return nil }
            if field.type == .monthDay,
                padding > 0 || date(encoded[...], field, businessDay) == nil
            {
                return nil
            }
            return [UInt8](repeating: 0x30, count: padding) + encoded
        }
    }

    /// A date as it stands, a decimal right-aligned behind zeros; nil: the text is neither.
    private static func scalarBytes(_ text: [UInt8], _ field: Field) -> [UInt8]? {
        let padding = field.bytes - text.count
        if text.isEmpty { return [UInt8](repeating: 0x20, count: padding) }
        guard field.type == .decimal else {
            return padding == 0 && text.contains(where: isDigit) ? text : nil
        }
        let isNegative = text.first == 0x2D
        let digits = isNegative ? text.dropFirst() : text[...]
        let point = digits.firstIndex(of: 0x2E).map { digits.endIndex - $0 - 1 } ?? 0
        guard field.signed == true || !isNegative, point == field.scale ?? 0,
            digits.allSatisfy({ isDigit($0) || $0 == 0x2E }), digits.first != 0x2E
        else { return nil }
        let zeros = [UInt8](repeating: 0x30, count: padding)
        return (isNegative ? [0x2D] : []) + zeros + digits
    }

    /// Whether the contract allows these bytes in the field, as far as the writer looks: blanks,
    /// allowed values, the minimum and the length, but not patterns.
    static func isAllowed(_ text: String, _ bytes: [UInt8], _ field: Field) -> Bool {
        if isBlank(bytes[...]) { return !field.required }
        let normalised: String
        switch field.type {
        case .filler, .date: return true
        case .text:
            let end = text.lastIndex { $0 != " " }.map(text.index(after:)) ?? text.startIndex
            normalised = String(text[..<end])
        case .digits, .integer, .monthDay, .decimal:
            normalised = String(decoding: bytes, as: UTF8.self)
        }
        if let values = field.values, !values.contains(normalised) { return false }
        if let limit = field.maxLength, normalised.unicodeScalars.count > limit { return false }
        if let minimum = field.minimum, let number = number(bytes[...]), number < minimum {
            return false
        }
        return true
    }

    /// A decimal without its leading zeros.
    static func plainDecimal(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(field)
        let isNegative = digits.first == 0x2D
        if isNegative { digits.removeFirst() }
        while digits.count > 1, digits[0] == 0x30, isDigit(digits[1]) { digits.removeFirst() }
        return (isNegative ? [0x2D] : []) + digits
    }

    /// Whether these bytes are all spaces.
    static func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy { $0 == 0x20 } }

    /// Whether a byte is an ASCII digit.
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// The number of at most 18 digits these bytes spell; nil when one of them is no digit.
    static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard bytes.count <= ContractLimits.integerDigitsMax else { return nil }
        var number: Int64 = 0
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            number = number &* 10 &+ Int64(byte &- 0x30)
        }
        return number
    }

    /// The date of four digits MMDD; nil when there is none.
    static func date(
        _ bytes: ArraySlice<UInt8>, _ field: Field, _ businessDay: SampleDay
    ) -> SampleDay? {
        guard bytes.count == 4, let number = number(bytes) else { return nil }
        return businessDay.resolve(
            month: Int(number) / 100, day: Int(number) % 100, field.resolve ?? .past)
    }
}
