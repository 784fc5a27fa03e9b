// Finds `new.FIELD` and `old.COLUMN` in a column's SQL. Settings has already refused what is not
// one expression; this only has to keep out of literals and quoted names.

/// Pieces of a SQL expression.
enum SQLReferences {
    /// A piece of an expression.
    enum Piece: Equatable {
        case text(String)
        case new(String)
        case old(String)
    }

    /// The expression cut at its references, in order.
    static func pieces(of expression: String) -> [Piece] {
        let scalars = Array(expression.unicodeScalars)
        var pieces: [Piece] = []
        var plain = String.UnicodeScalarView()
        var index = 0
        var isQualified = false
        while index < scalars.count {
            let scalar = scalars[index]
            if let end = endOfLiteral(scalars, from: index) {
                plain.append(contentsOf: scalars[index..<end])
                index = end
                isQualified = false
                continue
            }
            guard isNameStart(scalar) else {
                plain.append(scalar)
                index += 1
                if !scalar.properties.isWhitespace { isQualified = scalar == "." }
                continue
            }
            let end = endOfName(scalars, from: index)
            let word = String(String.UnicodeScalarView(scalars[index..<end])).lowercased()
            if word == "new" || word == "old", !isQualified,
                let start = startOfMember(scalars, behind: end)
            {
                let (name, after) = name(scalars, at: start)
                pieces.append(.text(String(plain)))
                plain = String.UnicodeScalarView()
                pieces.append(word == "new" ? .new(name) : .old(name))
                index = after
            } else {
                plain.append(contentsOf: scalars[index..<end])
                index = end
            }
            isQualified = false
        }
        pieces.append(.text(String(plain)))
        return pieces.filter { $0 != .text("") }
    }

    /// Where the name behind a dot begins, with or without spaces around it; nil: there is none.
    private static func startOfMember(_ scalars: [Unicode.Scalar], behind word: Int) -> Int? {
        func pastSpaces(_ start: Int) -> Int {
            scalars[start...].firstIndex { !$0.properties.isWhitespace } ?? scalars.count
        }
        let dot = pastSpaces(word)
        guard dot < scalars.count, scalars[dot] == "." else { return nil }
        let start = pastSpaces(dot + 1)
        guard start < scalars.count else { return nil }
        let isQuoted = scalars[start] == "\"" && endOfQuoted(scalars, from: start) - start > 2
        return isQuoted || isNamePart(scalars[start]) ? start : nil
    }

    /// The index behind a literal or quoted name that begins here; nil: none begins.
    private static func endOfLiteral(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        switch scalars[start] {
        case "'", "\"": return endOfQuoted(scalars, from: start)
        case "e" where start + 1 < scalars.count && scalars[start + 1] == "'",
            "E" where start + 1 < scalars.count && scalars[start + 1] == "'":
            return endOfEscaped(scalars, from: start + 1)
        case "$": return endOfDollarQuoted(scalars, from: start)
        default: return nil
        }
    }

    /// `E'…'`, where a backslash takes the next character with it.
    private static func endOfEscaped(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
        var index = start + 1
        while index < scalars.count {
            if scalars[index] == "\\" {
                index += 2
            } else if scalars[index] != "'" {
                index += 1
            } else if index + 1 < scalars.count, scalars[index + 1] == "'" {
                index += 2
            } else {
                return index + 1
            }
        }
        return scalars.count
    }

    /// `$tag$…$tag$`; nil: no such literal begins here.
    private static func endOfDollarQuoted(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var tagEnd = start + 1
        while tagEnd < scalars.count, scalars[tagEnd] != "$", isNamePart(scalars[tagEnd]) {
            tagEnd += 1
        }
        guard tagEnd < scalars.count, scalars[tagEnd] == "$" else { return nil }
        let tag = scalars[start...tagEnd]
        return scalars[(tagEnd + 1)...].firstRange(of: tag)?.upperBound ?? scalars.count
    }

    private static func name(_ scalars: [Unicode.Scalar], at start: Int) -> (String, Int) {
        if scalars[start] == "\"" {
            let end = endOfQuoted(scalars, from: start)
            let inner = String(String.UnicodeScalarView(scalars[(start + 1)..<(end - 1)]))
            return (inner.replacing("\"\"", with: "\""), end)
        }
        let end = endOfName(scalars, from: start)
        return (String(String.UnicodeScalarView(scalars[start..<end])).lowercased(), end)
    }

    private static func endOfQuoted(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
        var index = start + 1
        while index < scalars.count {
            if scalars[index] == scalars[start] {
                guard index + 1 < scalars.count, scalars[index + 1] == scalars[start] else {
                    return index + 1
                }
                index += 1
            }
            index += 1
        }
        return scalars.count
    }

    private static func endOfName(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
        var index = start
        while index < scalars.count, isNamePart(scalars[index]) { index += 1 }
        return index
    }

    private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        isNameStart(scalar) || scalar == "$" || ("0"..."9").contains(scalar)
    }
}
