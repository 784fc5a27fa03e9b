// Lines and cells of CSV bytes: where they begin and end. It decodes nothing.
//
// A quote has a meaning only as the first byte of a cell, and from there to the cell's closing
// quote. None of the bytes that matter here can be the second half of a CP932 character: they all
// lie below 0x40 (the contract refuses other delimiters), so bytes need not be grouped.

/// One cell of a record, without its quotes.
struct CSVCell: Sendable, Equatable {
    /// What its quotes are like.
    enum Form: Sendable, Equatable {
        case plain, quoted
        /// Quoted, with doubled quotes inside.
        case escaped
        /// A quote where none may stand: inside an unquoted cell, or text behind a closing one.
        case broken
    }

    /// Where the content begins in the record.
    var start: Int
    /// Where it ends.
    var end: Int
    var form: Form
    /// Where the misplaced byte of a broken cell stands.
    var brokenAt: Int
}

/// Finds lines and cells by the dialect's three special bytes.
struct CSVScanner: Sendable {
    let delimiter: UInt8
    private let quote: UInt8
    private let hasQuotes: Bool
    private let lineBreaksInQuotes: Bool

    init(_ format: CSVFormat) {
        delimiter = format.delimiter
        quote = format.quote ?? 0
        hasQuotes = format.quote != nil
        lineBreaksInQuotes = format.lineBreaksInQuotes
    }

    /// How a line ends.
    enum LineEnd: Equatable {
        /// A line break outside quotes stands here.
        case end(Int)
        /// The bytes end before the line does; `quotedSince` is where an open quote stands.
        case incomplete(quotedSince: Int?)
        /// A line break inside quotes that the contract does not allow.
        case breakInQuotes(opened: Int, at: Int)
    }

    /// Looks for the end of the line that begins at `start`, not further than `limit`.
    func lineEnd(_ bytes: Span<UInt8>, from start: Int, limit: Int) -> LineEnd {
        var index = start
        while index < limit {
            let byte = bytes[index]
            if byte == 0x0A || byte == 0x0D { return .end(index) }
            if byte == quote, hasQuotes, index == start || bytes[index &- 1] == delimiter {
                let opened = index
                index &+= 1
                while true {
                    guard index < limit else { return .incomplete(quotedSince: opened) }
                    let inner = bytes[index]
                    if inner == quote {
                        guard index &+ 1 < limit, bytes[index &+ 1] == quote else { break }
                        index &+= 1
                    } else if inner == 0x0A || inner == 0x0D, !lineBreaksInQuotes {
                        return .breakInQuotes(opened: opened, at: index)
                    }
                    index &+= 1
                }
            }
            index &+= 1
        }
        return .incomplete(quotedSince: nil)
    }

    /// Splits a record into cells; there is always at least one.
    func split(_ record: Span<UInt8>, into cells: inout [CSVCell]) {
        cells.removeAll(keepingCapacity: true)
        var at = 0
        repeat {
            let cell = cell(record, at)
            cells.append(cell.cell)
            at = cell.next
        } while at <= record.count
    }

    /// The cell that begins here, and where the next one does; beyond the record's end: none.
    func cell(_ record: Span<UInt8>, _ start: Int) -> (cell: CSVCell, next: Int) {
        guard hasQuotes, start < record.count, record[start] == quote else {
            return plainCell(record, start)
        }
        var index = start + 1
        var form = CSVCell.Form.quoted
        while index < record.count {
            if record[index] == quote {
                guard index + 1 < record.count, record[index + 1] == quote else { break }
                form = .escaped
                index += 1
            }
            index += 1
        }
        let end = min(index, record.count)
        let behind = end + 1
        if end < record.count, behind >= record.count || record[behind] == delimiter {
            return (CSVCell(start: start + 1, end: end, form: form, brokenAt: 0), behind + 1)
        }
        // Never closed, or closed too early.
        index = min(behind, record.count)
        while index < record.count, record[index] != delimiter { index += 1 }
        let broken = min(behind, record.count)
        return (CSVCell(start: start, end: index, form: .broken, brokenAt: broken), index + 1)
    }

    private func plainCell(_ record: Span<UInt8>, _ start: Int) -> (cell: CSVCell, next: Int) {
        var index = start
        var misplaced = -1
        while index < record.count {
            let byte = record[index]
            if byte == delimiter { break }
            if byte == quote, hasQuotes, misplaced < 0 { misplaced = index }
            index &+= 1
        }
        let form: CSVCell.Form = misplaced < 0 ? .plain : .broken
        return (
            CSVCell(start: start, end: index, form: form, brokenAt: max(misplaced, 0)), index + 1
        )
    }

    /// Appends a cell's content with doubled quotes made single.
    func appendContent(_ cell: CSVCell, _ record: Span<UInt8>, to bytes: inout [UInt8]) {
        var index = cell.start
        while index < cell.end {
            bytes.append(record[index])
            if cell.form == .escaped, record[index] == quote { index += 1 }
            index += 1
        }
    }

    /// Where in the record the byte of a cell's content stands that has this index.
    func place(ofContent wanted: Int, _ cell: CSVCell, _ record: Span<UInt8>) -> Int {
        guard cell.form == .escaped else { return min(cell.start + wanted, cell.end) }
        var index = cell.start
        var passed = 0
        while index < cell.end, passed < wanted {
            if record[index] == quote { index += 1 }
            index += 1
            passed += 1
        }
        return min(index, cell.end)
    }
}
