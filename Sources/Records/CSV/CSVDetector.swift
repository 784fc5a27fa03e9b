// What the first bytes of a CSV file say: byte order mark, encoding, separator.

/// The reasoning behind `FrameLayout.detect` for CSV.
struct CSVDetector {
    private let contract: Contract
    private let format: CSVFormat

    init(_ contract: Contract, _ format: CSVFormat) {
        self.contract = contract
        self.format = format
    }

    /// Whether UTF-8's byte order mark stands at the beginning.
    static func hasMark(_ head: Span<UInt8>) -> Bool {
        head.count >= 3 && head[0] == 0xEF && head[1] == 0xBB && head[2] == 0xBF
    }

    /// Which separator the first line ends with; without any, the first one allowed.
    func framing(_ head: Span<UInt8>) throws(StructureFault) -> Framing {
        guard !head.isEmpty else { throw fault(.emptyFile, head, 0) }
        let start = try firstByte(head)
        guard head.count > start else { throw fault(.emptyFile, head, start) }
        if format.encoding == .cp932, let at = FrameDetector.firstUTF8(head) {
            throw fault(.looksLikeUTF8, head, at)
        }
        let preferred = contract.framings.first ?? .lf
        let limit = min(head.count, start + RecordsLimits.csvRecordBytesMax + 1)
        let scanner = CSVScanner(format)
        // What is wrong with quotes and lengths is told by the reader, which meets it again.
        guard case .end(let end) = scanner.lineEnd(head, from: start, limit: limit) else {
            return preferred
        }
        let isPaired = head[end] == 0x0D && end + 1 < head.count && head[end + 1] == 0x0A
        let found: Framing = isPaired ? .crlf : head[end] == 0x0A ? .lf : .cr
        guard contract.framings.contains(found) else {
            throw fault(.separator(expected: preferred, found: found.separator), head, end)
        }
        return found
    }

    /// Where the first record begins.
    private func firstByte(_ head: Span<UInt8>) throws(StructureFault) -> Int {
        let isUTF16 =
            head.count >= 2
            && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF)
        let hasMark = Self.hasMark(head)
        if isUTF16 || (hasMark && (format.encoding != .utf8 || format.byteOrderMark == .none)) {
            throw fault(.byteOrderMark, head, 0)
        }
        if !hasMark, format.byteOrderMark == .required {
            throw fault(.byteOrderMarkMissing, head, 0)
        }
        return hasMark ? 3 : 0
    }

    private func fault(
        _ kind: StructureFault.Kind, _ head: Span<UInt8>, _ at: Int
    ) -> StructureFault {
        StructureFault(
            kind, record: 1, fileOffset: UInt64(at),
            Excerpt(head, at: at, contract.characters == .utf8 ? .ascii : contract.characters))
    }
}
