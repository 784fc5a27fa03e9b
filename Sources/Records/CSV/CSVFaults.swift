// What can be wrong with the CSV dialect of a contract.

extension Contract {
    /// Every inconsistency of the CSV dialect; empty when the contract is fixed.
    var csvFaults: [ContractFault] {
        guard let csv else { return [] }
        var found: [ContractFault] = []
        func add(_ path: String, _ message: String) {
            found.append(ContractFault(path: path, message: message))
        }
        for (name, byte) in [("delimiter", csv.delimiter), ("quote", csv.quote ?? 0x22)] {
            // From 0x40 on, a byte may be the second half of a CP932 character.
            let isTab = byte == 0x09 && name == "delimiter"
            let isUsable = byte < 0x80 && (csv.encoding == .utf8 || byte < 0x40)
            if !isTab, byte <= 0x20 || !isUsable {
                add(
                    "csv.\(name)",
                    "byte \(byte) cannot be one; use printable ASCII or a tab, with cp932 only "
                        + "below 0x40 (`|` may be the second half of a character)")
            }
            if (0x30...0x39).contains(byte) { add("csv.\(name)", "a digit cannot be one") }
        }
        if csv.delimiter == csv.quote { add("csv.quote", "it is the delimiter too") }
        if csv.encoding == .cp932, csv.byteOrderMark != .none {
            add("csv.byte_order_mark", "only UTF-8 has one")
        }
        if csv.encoding == .cp932, characters == .utf8, !CP932Table.isComplete {
            add(
                "csv.encoding",
                "this system's iconv does not know CP932; install its conversions (package "
                    + "libc-bin or glibc-gconv-extra)")
        }
        if csv.lineBreaksInQuotes, characters != .utf8 {
            add(
                "csv.line_breaks_in_quotes",
                "the repertoire \(characters.rawValue) has no line breaks; use characters: utf-8")
        }
        return found + markerFaults
    }

    /// Each record type's first column must be its marker.
    private var markerFaults: [ContractFault] {
        guard !isTable else { return [] }
        return recordTypes.compactMap { type in
            if let first = type.fields.first, first.bytes == 1, first.type != .filler { return nil }
            return ContractFault(
                path: "records.\(type.role.rawValue).fields",
                message: "the first field of a CSV record type must be its marker, one byte long")
        }
    }
}
