// What a SQL expression of a column reads: the names behind `new.` and `old.`. Not a parser:
// PostgreSQL itself judges the rest when lint prepares the statement.

/// The fields and columns a SQL expression names.
struct SQLExpression {
    /// The fields named `new.FIELD`, in order of appearance, without repetition.
    private(set) var newFields: [String] = []
    /// The columns named `old.COLUMN`, in order of appearance, without repetition.
    private(set) var oldColumns: [String] = []

    /// Why a text is not one expression.
    struct Fault: Error, Equatable {
        var message: String
    }

    private enum Token: Equatable {
        /// A name as PostgreSQL folds it; `quoted`: written in double quotes.
        case name(String, quoted: Bool)
        case mark(Unicode.Scalar)
        case literal
    }

    /// Scans a text; literals and quoted names are respected, comments and `;` refused.
    init(_ text: String) throws(Fault) {
        let tokens = try Self.tokens(of: Array(text.unicodeScalars))
        for (index, token) in tokens.enumerated() {
            guard case .name(let row, quoted: false) = token, row == "new" || row == "old" else {
                continue
            }
            if index > 0, tokens[index - 1] == .mark(".") { continue }
            guard index + 2 < tokens.count, tokens[index + 1] == .mark("."),
                case .name(let name, _) = tokens[index + 2]
            else {
                throw Fault(
                    message: "the expression uses '\(row)' as a whole; write \(row).NAME")
            }
            if row == "new" {
                if !newFields.contains(name) { newFields.append(name) }
            } else {
                if !oldColumns.contains(name) { oldColumns.append(name) }
            }
        }
    }

    private static func tokens(of text: [Unicode.Scalar]) throws(Fault) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < text.count {
            let scalar = text[index]
            let next = index + 1 < text.count ? text[index + 1] : nil
            if scalar.properties.isWhitespace {
                index += 1
            } else if scalar == "'" {
                let isEscaped = tokens.last == .name("e", quoted: false) && follows(text, index)
                index = try end(of: "'", in: text, from: index + 1, escapes: isEscaped)
                tokens.append(.literal)
            } else if scalar == "\"" {
                let end = try end(of: "\"", in: text, from: index + 1, escapes: false)
                let name = string(text[(index + 1)..<(end - 1)])
                tokens.append(.name(name.replacing("\"\"", with: "\""), quoted: true))
                index = end
            } else if scalar == "$", let end = try dollarQuoteEnd(in: text, from: index) {
                tokens.append(.literal)
                index = end
            } else if scalar == ";" {
                throw Fault(message: "an expression holds no ';'")
            } else if (scalar == "-" && next == "-") || (scalar == "/" && next == "*") {
                throw Fault(message: "an expression holds no comment; use a YAML comment (#)")
            } else if isNamePart(scalar) {
                let start = index
                while index < text.count, isNamePart(text[index]) || text[index] == "$" {
                    index += 1
                }
                tokens.append(.name(string(text[start..<index]).lowercased(), quoted: false))
            } else {
                tokens.append(.mark(scalar))
                index += 1
            }
        }
        return tokens
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }

    /// Whether a name ends directly before an index: `E'…'`, not `e '…'`.
    private static func follows(_ text: [Unicode.Scalar], _ index: Int) -> Bool {
        index > 0 && isNamePart(text[index - 1])
    }

    /// The index behind a closing quote; a doubled quote stands for itself.
    private static func end(
        of quote: Unicode.Scalar, in text: [Unicode.Scalar], from start: Int, escapes: Bool
    ) throws(Fault) -> Int {
        var index = start
        while index < text.count {
            if escapes, text[index] == "\\" {
                index += 2
            } else if text[index] != quote {
                index += 1
            } else if index + 1 < text.count, text[index + 1] == quote {
                index += 2
            } else {
                return index + 1
            }
        }
        throw Fault(message: "a \(quote) in the expression is not closed")
    }

    /// The index behind `$tag$…$tag$`; nil: no dollar quote begins here.
    private static func dollarQuoteEnd(
        in text: [Unicode.Scalar], from start: Int
    ) throws(Fault) -> Int? {
        var tagEnd = start + 1
        while tagEnd < text.count, isNamePart(text[tagEnd]) { tagEnd += 1 }
        guard tagEnd < text.count, text[tagEnd] == "$" else { return nil }
        let tag = text[start...tagEnd]
        var index = tagEnd + 1
        while index + tag.count <= text.count {
            if text[index..<(index + tag.count)].elementsEqual(tag) { return index + tag.count }
            index += 1
        }
        throw Fault(message: "a \(string(tag)) in the expression is not closed")
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
