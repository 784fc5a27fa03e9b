// Single bytes as characters, in both directions; UTF-8, the one repertoire of longer ones, beside
// them. `UTF8Reading` reads that.

extension CharacterRepertoire {
    /// Whether a text field may hold this byte; in UTF-8 its neighbours decide too.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        // Wrapping on purpose: one comparison per range.
        byte &- 0x20 < 0x5F || (self == .jisX0201 && byte &- 0xA1 < 0x3F)
            || (self == .utf8 && byte >= 0x80)
    }

    /// The Unicode scalar of a byte; nil when the repertoire has no such byte.
    public func scalar(of byte: UInt8) -> Unicode.Scalar? {
        guard contains(byte), self != .utf8 || byte < 0x80 else { return nil }
        guard self == .jisX0201 else { return Unicode.Scalar(byte) }
        switch byte {
        case 0x5C: return "\u{A5}"
        case 0x7E: return "\u{203E}"
        case 0xA1...0xDF: return Unicode.Scalar(UInt32(0xFF61) + UInt32(byte - 0xA1))
        default: return Unicode.Scalar(byte)
        }
    }

    /// The byte of a Unicode scalar; nil when the repertoire has no such character, or needs
    /// several bytes for it.
    public func byte(of scalar: Unicode.Scalar) -> UInt8? {
        switch (self, scalar.value) {
        case (.jisX0201, 0xA5): 0x5C
        case (.jisX0201, 0x203E): 0x7E
        case (.jisX0201, 0x5C), (.jisX0201, 0x7E): nil
        case (.jisX0201, 0xFF61...0xFF9F): UInt8(scalar.value - 0xFF61 + 0xA1)
        case (_, 0x20...0x7E): UInt8(scalar.value)
        default: nil
        }
    }

    /// The bytes of a text; nil when it holds a character outside the repertoire.
    public func bytes(of text: String) -> [UInt8]? {
        if self == .utf8 {
            return text.unicodeScalars.contains(where: UTF8Reading.isControl)
                ? nil : Array(text.utf8)
        }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = byte(of: scalar) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// Whether the byte is its own UTF-8 form; in UTF-8 every byte is.
    @inline(__always)
    func isUTF8(_ byte: UInt8) -> Bool {
        self == .utf8
            || byte &- 0x20 < 0x5F && (self == .ascii || (byte != 0x5C && byte != 0x7E))
    }

    /// Appends a byte's character as UTF-8; a byte outside the repertoire becomes U+FFFD.
    ///
    /// For kana and ASCII the order of the UTF-8 forms is the order of the bytes; ¥ and ‾ alone
    /// move behind the other ASCII characters. Different bytes always have different forms.
    @inline(__always)
    func appendUTF8(_ byte: UInt8, to utf8: inout [UInt8]) {
        if isUTF8(byte) {
            utf8.append(byte)
        } else {
            utf8.append(contentsOf: Unicode.UTF8.encode(scalar(of: byte) ?? "\u{FFFD}") ?? .init())
        }
    }
}
