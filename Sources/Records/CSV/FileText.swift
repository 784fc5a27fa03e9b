// Characters of a CSV file: from the file's encoding into the repertoire of the contract.

/// Characters of a file, one at a time.
enum FileText {
    /// Whether text bytes of the file are those of the repertoire, checked there.
    @inline(__always)
    static func isSame(
        _ encoding: CSVFormat.Encoding, _ repertoire: CharacterRepertoire
    ) -> Bool {
        switch (encoding, repertoire) {
        // A lead byte of CP932 is outside both single-byte repertoires, so the rule `characters`
        // finds it where it stands; every other byte of theirs means the same in CP932.
        case (.cp932, .ascii), (.cp932, .jisX0201), (.utf8, .ascii), (.utf8, .utf8): true
        case (.utf8, .jisX0201), (.cp932, .utf8): false
        }
    }

    /// Appends the character at `index` in the repertoire's form.
    ///
    /// - Returns: The bytes it has in the file, and the rule it breaks; nil: none.
    static func append(
        _ content: Span<UInt8>, _ index: Int, _ end: Int, _ encoding: CSVFormat.Encoding,
        _ repertoire: CharacterRepertoire, to bytes: inout [UInt8]
    ) -> (step: Int, rule: RuleID?) {
        guard let (scalar, step) = scalar(content, index, end, encoding) else {
            return (1, .encoding)
        }
        if repertoire == .utf8 {
            bytes.append(contentsOf: Unicode.UTF8.encode(scalar) ?? .init())
            return (step, nil)
        }
        // What CP932 converters write for the bytes 0x5C and 0x7E, beside ¥ and ‾ themselves.
        if scalar.value == 0x5C || scalar.value == 0x7E {
            bytes.append(UInt8(scalar.value))
            return (step, nil)
        }
        guard let byte = repertoire.byte(of: scalar) else { return (step, .characters) }
        bytes.append(byte)
        return (step, nil)
    }

    /// The character at `index` and its length in bytes; nil: the bytes are none.
    static func scalar(
        _ content: Span<UInt8>, _ index: Int, _ end: Int, _ encoding: CSVFormat.Encoding
    ) -> (scalar: Unicode.Scalar, bytes: Int)? {
        switch encoding {
        case .utf8: UTF8Reading.scalar(content, index, end)
        case .cp932: CP932Table.scalar(content, index, end)
        }
    }

    /// A text as people see it, character by character; what is none, or a control character,
    /// as `\xNN`.
    static func scalars(_ content: Span<UInt8>, _ encoding: CSVFormat.Encoding) -> [String] {
        var shown: [String] = []
        var index = 0
        while index < content.count {
            if let (scalar, bytes) = scalar(content, index, content.count, encoding),
                !UTF8Reading.isControl(scalar)
            {
                shown.append(String(Character(scalar)))
                index += bytes
            } else {
                shown.append(Excerpt.text(content[index], .ascii))
                index += 1
            }
        }
        return shown
    }
}

/// UTF-8, read strictly: no overlong forms, no surrogates, nothing cut in half.
enum UTF8Reading {
    /// The character at `index` and its length in bytes; nil: the bytes are none.
    @inline(__always)
    static func scalar(
        _ bytes: Span<UInt8>, _ index: Int, _ end: Int
    ) -> (scalar: Unicode.Scalar, bytes: Int)? {
        let first = bytes[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let count: Int
        var value: UInt32
        let least: UInt32
        switch first {
        case 0xC2...0xDF: (count, value, least) = (2, UInt32(first & 0x1F), 0x80)
        case 0xE0...0xEF: (count, value, least) = (3, UInt32(first & 0x0F), 0x800)
        case 0xF0...0xF4: (count, value, least) = (4, UInt32(first & 0x07), 0x1_0000)
        default: return nil
        }
        guard index + count <= end else { return nil }
        for step in 1..<count {
            let next = bytes[index + step]
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        // `Unicode.Scalar` refuses surrogates and what lies behind U+10FFFF.
        guard value >= least, let scalar = Unicode.Scalar(value) else { return nil }
        return (scalar, count)
    }

    /// Control characters, line ends among them, and the byte order mark.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF: true
        default: false
        }
    }

    /// The first character that a text field may not hold, and the characters before it.
    ///
    /// - Returns: `rule` nil: none; `characters` then counts all of them.
    static func check(
        _ bytes: Span<UInt8>, _ start: Int, _ end: Int, lineBreaks: Bool
    ) -> (rule: RuleID?, index: Int, characters: Int) {
        var index = start
        var characters = 0
        while index < end {
            let byte = bytes[index]
            if byte &- 0x20 < 0x5F {
                index &+= 1
                characters &+= 1
                continue
            }
            guard let (scalar, count) = scalar(bytes, index, end) else {
                return (.encoding, index, characters)
            }
            let isLineBreak = lineBreaks && (byte == 0x0A || byte == 0x0D)
            if !isLineBreak, isControl(scalar) { return (.characters, index, characters) }
            index += count
            characters += 1
        }
        return (nil, end, characters)
    }
}
