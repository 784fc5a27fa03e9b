// Code page 932 to Unicode. Single bytes are fixed; the double bytes come from the system's
// iconv, asked once, so that no table of ours can differ from what other programs here do.

import Glibc

/// The characters of code page 932.
enum CP932Table {
    /// By lead byte − 0x81 and trail byte − 0x40; 0: no such character.
    private static let scalars: [UInt16]? = doubleBytes()

    /// Whether the system knows the code page; without it, only single bytes can be read.
    static var isComplete: Bool { scalars != nil }

    private static let trails = 0xFD - 0x40

    /// The character at `index` and its length in bytes; nil: the bytes are none.
    static func scalar(
        _ bytes: Span<UInt8>, _ index: Int, _ end: Int
    ) -> (scalar: Unicode.Scalar, bytes: Int)? {
        let first = bytes[index]
        switch first {
        case 0..<0x80: return (Unicode.Scalar(first), 1)
        case 0xA1...0xDF:
            return CharacterRepertoire.jisX0201.scalar(of: first).map { ($0, 1) }
        case 0x81...0x9F, 0xE0...0xFC:
            guard index + 1 < end, (0x40...0xFC).contains(bytes[index + 1]), let scalars else {
                return nil
            }
            let place = Int(first - 0x81) * trails + Int(bytes[index + 1] - 0x40)
            let unit = scalars[place]
            guard unit != 0, let scalar = Unicode.Scalar(unit) else { return nil }
            return (scalar, 2)
        default: return nil
        }
    }

    /// The bytes of a character; nil: it has none here.
    ///
    /// Slow: for samples and messages.
    static func bytes(of scalar: Unicode.Scalar) -> [UInt8]? {
        if scalar.value < 0x80 { return [UInt8(scalar.value)] }
        if let byte = CharacterRepertoire.jisX0201.byte(of: scalar), byte >= 0x80 { return [byte] }
        guard let unit = UInt16(exactly: scalar.value),
            let place = scalars?.firstIndex(of: unit)
        else { return nil }
        return [UInt8(place / trails + 0x81), UInt8(place % trails + 0x40)]
    }

    /// Asks iconv for every pair of bytes; nil: it does not know the code page.
    private static func doubleBytes() -> [UInt16]? {
        guard let converter = unsafe iconv_open("UTF-16LE", "CP932"),
            unsafe converter != iconv_t(bitPattern: -1)
        else { return nil }
        defer { unsafe _ = iconv_close(converter) }
        var table = [UInt16](repeating: 0, count: (0xFD - 0x81) * trails)
        for lead in UInt8(0x81)...0xFC where !(0xA0...0xDF).contains(lead) {
            for trail in UInt8(0x40)...0xFC where trail != 0x7F {
                var input: [CChar] = [CChar(bitPattern: lead), CChar(bitPattern: trail)]
                var output = [CChar](repeating: 0, count: 8)
                var inputLeft = 2
                var outputLeft = 8
                let failed = unsafe input.withUnsafeMutableBufferPointer { input in
                    unsafe output.withUnsafeMutableBufferPointer { output in
                        var from = input.baseAddress
                        var to = output.baseAddress
                        return unsafe iconv(converter, &from, &inputLeft, &to, &outputLeft)
                            == -1
                    }
                }
                // One unit of UTF-16: nothing in CP932 lies beyond the first plane.
                guard !failed, outputLeft == 6 else { continue }
                let low = UInt16(UInt8(bitPattern: output[0]))
                let high = UInt16(UInt8(bitPattern: output[1]))
                table[Int(lead - 0x81) * trails + Int(trail - 0x40)] = high << 8 | low
            }
        }
        return table
    }
}
