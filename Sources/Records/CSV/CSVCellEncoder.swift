// One cell into its field: digits zero-filled, numbers right-aligned, text left-aligned, in the
// repertoire of the contract. It places bytes; whether they keep the field's rules is judged later.

/// Puts cells into the fields of canonical records.
struct CSVCellEncoder: Sendable {
    private let encoding: CSVFormat.Encoding
    private let strips: Bool
    private let zeroFill: Bool
    private let repertoire: CharacterRepertoire

    init(_ format: CSVFormat, _ repertoire: CharacterRepertoire) {
        encoding = format.encoding
        strips = format.padding == .strip
        zeroFill = format.zeroFill
        self.repertoire = repertoire
    }

    /// What does not fit, by its byte in the cell's content.
    private struct Misfit {
        var rule: RuleID
        var index: Int

        init(_ rule: RuleID, _ index: Int) {
            self.rule = rule
            self.index = index
        }
    }

    /// Writes a cell over a blank field of the record that begins at `base`.
    ///
    /// - Returns: What does not fit, by its byte in the CSV record; the field then holds NUL
    ///   bytes. nil: everything fitted.
    func encode(
        _ cell: CSVCell, _ record: Span<UInt8>, _ field: Field, _ scanner: CSVScanner,
        _ scratch: inout CSVScratch, to canonical: inout [UInt8], _ base: Int
    ) -> FieldTable.Finding? {
        let at = base + field.at - 1
        let misfit: Misfit?
        switch cell.form {
        case .plain, .quoted:
            misfit = place(
                record.extracting(cell.start..<cell.end), field, &scratch.encoded, &canonical, at)
        case .escaped:
            scratch.content.removeAll(keepingCapacity: true)
            scanner.appendContent(cell, record, to: &scratch.content)
            // Taken out, so that two buffers of one value can be used at once.
            let content = scratch.content
            misfit = place(content.span, field, &scratch.encoded, &canonical, at)
        case .broken:
            // A filler is not read, but where it ends must be certain.
            for index in at..<(at + field.bytes) { canonical[index] = 0 }
            return FieldTable.Finding(rule: .quote, byteInRecord: cell.brokenAt)
        }
        guard let misfit else { return nil }
        for index in at..<(at + field.bytes) { canonical[index] = 0 }
        return FieldTable.Finding(
            rule: misfit.rule,
            byteInRecord: scanner.place(ofContent: misfit.index, cell, record))
    }

    private func place(
        _ content: Span<UInt8>, _ field: Field, _ encoded: inout [UInt8],
        _ canonical: inout [UInt8], _ at: Int
    ) -> Misfit? {
        if field.type == .filler { return nil }
        let (start, end) = trimmed(content, field)
        guard start < end else { return nil }
        switch field.type {
        case .filler: return nil
        case .text: return placeText(content, end, field, &encoded, &canonical, at)
        case .digits, .monthDay:
            let count = end - start
            let fills = zeroFill || field.zeroFill == true
            guard count <= field.bytes, count == field.bytes || fills else {
                return Misfit(.cellLength, count > field.bytes ? start + field.bytes : start)
            }
            for index in at..<(at + field.bytes - count) { canonical[index] = 0x30 }
            copy(content, start, end, to: &canonical, at + field.bytes - count)
            return nil
        case .date:
            guard end - start <= field.bytes else {
                return Misfit(.cellLength, start + field.bytes)
            }
            copy(content, start, end, to: &canonical, at)
            return nil
        case .integer, .decimal:
            return placeNumber(content, start, end, field, &canonical, at)
        }
    }

    /// The content without its padding.
    private func trimmed(_ content: Span<UInt8>, _ field: Field) -> (start: Int, end: Int) {
        var start = 0
        var end = content.count
        var isBlank = true
        for index in 0..<end where content[index] != 0x20 {
            isBlank = false
            break
        }
        // Nothing but spaces is blank in every dialect, as it is in a fixed record.
        if isBlank { return (0, 0) }
        guard strips else { return (start, end) }
        while end > start, content[end &- 1] == 0x20 { end &-= 1 }
        if field.type != .text {
            while start < end, content[start] == 0x20 { start &+= 1 }
        }
        return (start, end)
    }

    /// A number: its sign first, zeros, then its digits at the field's right end.
    ///
    /// Leading zeros are no part of a number and may be more than the field holds.
    private func placeNumber(
        _ content: Span<UInt8>, _ first: Int, _ end: Int, _ field: Field,
        _ canonical: inout [UInt8], _ at: Int
    ) -> Misfit? {
        let scale = field.type == .decimal ? field.scale ?? 0 : 0
        var start = first
        var sign: UInt8?
        if field.signed == true, content[start] == 0x2D || content[start] == 0x2B {
            sign = content[start]
            start += 1
        }
        var point = start
        while point < end, content[point] != 0x2E { point += 1 }
        if field.type == .integer { point = end }
        var last = end
        // More decimal places than the field has, all of them zero, say nothing.
        while last > point + 1 + scale, content[last - 1] == 0x30 { last -= 1 }
        if last > point + 1 + scale, point < end {
            for index in (point + 1)..<last where content[index] &- 0x30 > 9 {
                return Misfit(.digits, index)
            }
            return Misfit(.scale, point + 1 + scale)
        }
        let places = scale > 0 ? scale + 1 : 0
        let isNegative = sign == 0x2D && !isZero(content, start, end)
        let room = field.bytes - places - (isNegative ? 1 : 0)
        while point - start > max(room, 1), content[start] == 0x30 { start += 1 }
        guard point > start, point < end ? last > point + 1 || scale == 0 : true else {
            // A sign or a point alone: shown to the rules as it is.
            return placeAsIs(content, first, end, field, &canonical, at)
        }
        guard point - start <= room else { return Misfit(.cellLength, start) }
        for index in at..<(at + field.bytes) { canonical[index] = 0x30 }
        if isNegative { canonical[at] = 0x2D }
        copy(content, start, point, to: &canonical, at + field.bytes - places - (point - start))
        if scale > 0 {
            canonical[at + field.bytes - places] = 0x2E
            if last > point {
                copy(content, point + 1, last, to: &canonical, at + field.bytes - scale)
            }
        }
        return nil
    }

    private func isZero(_ content: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        for index in start..<end where content[index] != 0x30 && content[index] != 0x2E {
            return false
        }
        return true
    }

    private func placeAsIs(
        _ content: Span<UInt8>, _ start: Int, _ end: Int, _ field: Field,
        _ canonical: inout [UInt8], _ at: Int
    ) -> Misfit? {
        guard end - start <= field.bytes else { return Misfit(.cellLength, start) }
        return Misfit(.digits, start)
    }

    private func placeText(
        _ content: Span<UInt8>, _ end: Int, _ field: Field, _ encoded: inout [UInt8],
        _ canonical: inout [UInt8], _ at: Int
    ) -> Misfit? {
        if FileText.isSame(encoding, repertoire) {
            guard end <= field.bytes else { return Misfit(.cellLength, field.bytes) }
            copy(content, 0, end, to: &canonical, at)
            return nil
        }
        encoded.removeAll(keepingCapacity: true)
        var index = 0
        while index < end {
            let (step, rule) = FileText.append(
                content, index, end, encoding, repertoire, to: &encoded)
            if let rule { return Misfit(rule, index) }
            guard encoded.count <= field.bytes else { return Misfit(.cellLength, index) }
            index += step
        }
        for place in encoded.indices { canonical[at + place] = encoded[place] }
        return nil
    }

    @inline(__always)
    private func copy(
        _ content: Span<UInt8>, _ start: Int, _ end: Int, to canonical: inout [UInt8], _ at: Int
    ) {
        var index = start
        while index < end {
            canonical[at &+ index &- start] = content[index]
            index &+= 1
        }
    }

    /// Which byte of a cell's content became the byte of the field.
    ///
    /// Bytes that are padding in the field belong to the content's first byte.
    func contentIndex(
        ofByte byte: Int, _ cell: CSVCell, _ record: Span<UInt8>, _ field: Field,
        _ scanner: CSVScanner
    ) -> Int {
        var content: [UInt8] = []
        scanner.appendContent(cell, record, to: &content)
        let (start, end) = trimmed(content.span, field)
        switch field.type {
        case .filler: return 0
        case .date: return min(start + byte, max(end - 1, start))
        case .digits, .monthDay, .integer, .decimal:
            // Both end with the same byte, unless decimal places were added or left out.
            guard field.type != .decimal else { return start }
            return max(start, end - (field.bytes - byte))
        case .text:
            if FileText.isSame(encoding, repertoire) { return min(byte, max(end - 1, 0)) }
            var encoded: [UInt8] = []
            var index = 0
            while index < end {
                let (step, rule) = FileText.append(
                    content.span, index, end, encoding, repertoire, to: &encoded)
                if rule != nil || encoded.count > byte { return index }
                index += step
            }
            return 0
        }
    }
}
