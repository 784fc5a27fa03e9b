// Where records stand in a file, decided once from its first bytes.

/// Where records stand in a file: the separator, and with it every record's offset.
public struct FrameLayout: Codable, Sendable, Equatable {
    /// What stands between two records.
    public var framing: Framing
    /// Bytes of a record without its separator.
    public var recordBytes: Int
    /// Bytes from the start of one record to the start of the next; 0: CSV records, each of its
    /// own length.
    public var strideBytes: Int

    /// The layout of files with this framing.
    public init(framing: Framing, recordBytes: Int) {
        self.framing = framing
        self.recordBytes = recordBytes
        strideBytes = recordBytes + framing.separator.count
    }

    /// Whether records are lines of their own length, so that no offset follows from a number.
    public var isCSV: Bool { strideBytes == 0 }

    /// The 0-based byte at which a fixed record begins; records count from 1.
    public func fileOffset(ofRecord number: UInt64) -> UInt64 {
        (number - 1) * UInt64(strideBytes)
    }

    /// The smallest block with which ``EnvelopeReader`` always gets ahead.
    public var blockBytesMin: Int { strideBytes + 2 }

    /// Decides the framing from the first bytes of the file.
    ///
    /// - Parameters:
    ///   - head: `RecordsLimits.headBytes` of them, or the whole file when it is shorter.
    ///   - contract: Names the framings allowed.
    /// - Throws: ``StructureFault`` when the bytes cannot be the start of such a file. A head
    ///   that passes is no promise about the rest of the file.
    public static func detect(
        _ head: Span<UInt8>, contract: Contract
    ) throws(StructureFault) -> FrameLayout {
        if let format = contract.csv {
            let framing = try CSVDetector(contract, format).framing(head)
            var layout = FrameLayout(framing: framing, recordBytes: contract.recordBytes)
            layout.strideBytes = 0
            return layout
        }
        let detector = FrameDetector(contract: contract)
        let framing = try detector.framing(head)
        return FrameLayout(framing: framing, recordBytes: contract.recordBytes)
    }
}

/// The reasoning behind `FrameLayout.detect`, from the most telling sign to the least.
struct FrameDetector {
    let contract: Contract
    private var length: Int { contract.recordBytes }
    /// What a file without any separator to go by is taken for.
    private var preferred: Framing {
        contract.framings.contains(.none) ? .none : contract.framings.first ?? .none
    }

    init(contract: Contract) { self.contract = contract }

    func framing(_ head: Span<UInt8>) throws(StructureFault) -> Framing {
        guard !head.isEmpty else { throw fault(.emptyFile, head, at: 0) }
        if hasByteOrderMark(head) { throw fault(.byteOrderMark, head, at: 0) }
        if let at = Self.firstUTF8(head) { throw fault(.looksLikeUTF8, head, at: at) }
        let newline = firstNewline(head)
        guard isMarker(head[0]) else {
            // A blank first line is a record of no bytes, not an unknown one.
            if newline == 0 { throw lengthFault(0, head) }
            throw fault(.unknownMarker(head[0]), head, at: 0)
        }
        if let newline, newline < length { throw lengthFault(newline, head) }
        guard head.count >= length else { throw lengthFault(head.count, head) }
        guard head.count > length else { return preferred }
        if newline == length { return try separated(head) }
        if head.count == length + 1, head[length] == contract.endMark { return preferred }
        guard contract.framings.contains(.none) else {
            if let newline { throw lengthFault(newline, head) }
            throw separatorFault(head, count: 1)
        }
        guard isMarker(head[length]) else {
            if let newline { throw lengthFault(newline, head) }
            throw fault(.unknownMarker(head[length]), head, at: length, record: 2)
        }
        return .none
    }

    /// A line break stands exactly behind the first record.
    private func separated(_ head: Span<UInt8>) throws(StructureFault) -> Framing {
        let paired = head.count > length + 1 && head[length] == 0x0D && head[length + 1] == 0x0A
        let found: Framing = paired ? .crlf : head[length] == 0x0A ? .lf : .cr
        guard contract.framings.contains(found) else {
            throw separatorFault(head, count: paired ? 2 : 1)
        }
        return found
    }

    private func isMarker(_ byte: UInt8) -> Bool {
        contract.recordTypes.contains { $0.marker == byte }
    }

    private func hasByteOrderMark(_ head: Span<UInt8>) -> Bool {
        let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]]
        return marks.contains { mark in
            head.count >= mark.count && mark.indices.allSatisfy { head[$0] == mark[$0] }
        }
    }

    private func firstNewline(_ head: Span<UInt8>) -> Int? {
        for index in head.indices where head[index] == 0x0A || head[index] == 0x0D {
            return index
        }
        return nil
    }

    /// The first character of three or more bytes, when everything outside ASCII is UTF-8.
    ///
    /// Such a character begins with a byte of 0xE0 or more, which no repertoire here holds; two
    /// kana side by side can look like a character of two bytes, so those prove nothing.
    static func firstUTF8(_ head: Span<UInt8>) -> Int? {
        var first: Int?
        var index = 0
        while index < head.count {
            let byte = head[index]
            let followers: Int
            switch byte {
            case 0..<0x80: followers = 0
            case 0xC2...0xDF: followers = 1
            case 0xE0...0xEF: followers = 2
            case 0xF0...0xF4: followers = 3
            default: return nil
            }
            if followers >= 2, first == nil { first = index }
            for step in 0..<followers {
                let next = index + 1 + step
                // The head may end inside a character.
                guard next < head.count else { return first }
                guard head[next] & 0xC0 == 0x80 else { return nil }
            }
            index += 1 + followers
        }
        return first
    }

    private func lengthFault(_ found: Int, _ head: Span<UInt8>) -> StructureFault {
        fault(
            .recordLength(expectedBytes: length, foundBytes: found), head, at: found, record: 1)
    }

    private func separatorFault(_ head: Span<UInt8>, count: Int) -> StructureFault {
        var found: [UInt8] = []
        for index in length..<min(head.count, length + count) { found.append(head[index]) }
        return fault(
            .separator(expected: contract.framings.first ?? .none, found: found), head,
            at: length, record: 1)
    }

    /// A fault at this byte; `record` nil: by the records' length.
    private func fault(
        _ kind: StructureFault.Kind, _ head: Span<UInt8>, at index: Int, record: UInt64? = nil
    ) -> StructureFault {
        StructureFault(
            kind, record: record ?? UInt64(index / length) + 1, fileOffset: UInt64(index),
            Excerpt(head, at: index, contract.characters))
    }
}
