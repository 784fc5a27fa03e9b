// Lines of a piece of a CSV file, for samples: no order, no groups, no faults.

/// Finds whole lines in a piece of a CSV file.
public struct CSVLines: Sendable {
    private let scanner: CSVScanner
    private let separatorBytes: Int
    private let marker: UInt8

    /// Lines of a CSV contract's files with this separator.
    public init(contract: Contract, framing: Framing) {
        scanner = CSVScanner(contract.csv ?? CSVFormat())
        separatorBytes = framing.separator.count
        marker = contract.recordType(.data)?.marker ?? RecordType.noMarker
    }

    /// The line that begins at `start`; nil: the piece ends first, or the line is none.
    public func next(_ piece: Span<UInt8>, from start: Int) -> (end: Int, next: Int)? {
        guard start < piece.count,
            case .end(let end) = scanner.lineEnd(piece, from: start, limit: piece.count),
            end + separatorBytes <= piece.count
        else { return nil }
        return (end, end + separatorBytes)
    }

    /// Whether a line is a data record, by its first cell; in a table every line is.
    public func isData(_ line: Span<UInt8>) -> Bool {
        guard marker != RecordType.noMarker else { return true }
        let cell = scanner.cell(line, 0).cell
        for index in cell.start..<cell.end where line[index] != 0x20 {
            return line[index] == marker
        }
        return false
    }
}
