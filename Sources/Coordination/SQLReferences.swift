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
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "'" || scalar == "\"" {
                let end = endOfQuoted(scalars, from: index)
                plain.append(contentsOf: scalars[index..<end])
                index = end
                continue
            }
            guard isNameStart(scalar) else {
                plain.append(scalar)
                index += 1
                continue
            }
            let end = endOfName(scalars, from: index)
            let word = String(String.UnicodeScalarView(scalars[index..<end])).lowercased()
            let isQualified = index > 0 && scalars[index - 1] == "."
            if word == "new" || word == "old", !isQualified, end + 1 < scalars.count,
                scalars[end] == "."
            {
                let (name, after) = name(scalars, at: end + 1)
                pieces.append(.text(String(plain)))
                plain = String.UnicodeScalarView()
                pieces.append(word == "new" ? .new(name) : .old(name))
                index = after
            } else {
                plain.append(contentsOf: scalars[index..<end])
                index = end
            }
        }
        pieces.append(.text(String(plain)))
        return pieces.filter { $0 != .text("") }
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
