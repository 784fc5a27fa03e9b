// The line of names at a CSV file's start: right, wrong, or not there.

/// Judges the first line of a CSV file.
struct HeaderRow {
    private let translator: CSVTranslator
    private let kind: CSVTranslator.Kind

    /// The header row names the columns of the data record.
    init(_ translator: CSVTranslator) {
        self.translator = translator
        kind = translator.kind(.data)
    }

    private func name(_ field: Int) -> String {
        kind.type.fields[field].column ?? kind.type.fields[field].name
    }

    /// Whether a line is the header row.
    ///
    /// - Parameters:
    ///   - isRequired: The line must be one; otherwise it is one when its first cell names any
    ///     column.
    ///   - fault: Makes the fault of a byte of the line.
    /// - Throws: The first wrong column.
    func check(
        _ line: Span<UInt8>, isRequired: Bool,
        _ fault: (_ kind: StructureFault.Kind, _ byte: Int) -> StructureFault
    ) throws(StructureFault) -> Bool {
        var cells: [CSVCell] = []
        translator.scanner.split(line, into: &cells)
        var found: [String] = []
        for cell in cells { found.append(text(cell, line)) }
        guard isRequired || kind.type.fields.indices.contains(where: { name($0) == found[0] })
        else { return false }
        let layout =
            found.count < kind.layouts.count
            ? kind.layouts[found.count] ?? kind.widest : kind.widest
        for index in 0..<max(layout.count, found.count) {
            let expected = index < layout.count ? name(layout[index]) : ""
            let name = index < found.count ? found[index] : ""
            guard name != expected || index >= layout.count || index >= found.count else {
                continue
            }
            throw fault(
                .headerRow(column: index + 1, expected: expected, found: shown(name)),
                index < cells.count ? cells[index].start : line.count)
        }
        return true
    }

    /// A found name; what names no column may be a value, so that little of it is shown.
    private func shown(_ found: String) -> String {
        let isName = kind.type.fields.indices.contains { name($0) == found }
        let hasSecrets = kind.type.fields.contains(where: \.personal)
        return isName || !hasSecrets ? found : String(repeating: "*", count: found.count)
    }

    private func text(_ cell: CSVCell, _ line: Span<UInt8>) -> String {
        var content: [UInt8] = []
        translator.scanner.appendContent(cell, line, to: &content)
        if translator.format.padding == .strip {
            while content.last == 0x20 { content.removeLast() }
            while content.first == 0x20 { content.removeFirst() }
        }
        let scalars = FileText.scalars(content.span, translator.format.encoding)
        let most = RecordsLimits.shownCharactersMax
        return scalars.count > most
            ? scalars.prefix(most).joined() + "…" : scalars.joined()
    }
}
