// Where the database is, without secrets: those come from libpq's own places.

/// Checks of a database URL; none of them connects.
enum DatabaseAddress {
    private static let schemes = ["postgresql://", "postgres://"]

    /// What is wrong with an address; nil: nothing.
    ///
    /// The address is a libpq URL or `keyword=value` list. The message never repeats it.
    static func fault(_ address: String) -> String? {
        if masked(address) != address {
            return "the address holds a password; put it into the passfile (~/.pgpass, mode 0600)"
                + " or a connection service (~/.pg_service.conf, then 'service=NAME'), and name"
                + " here only host, database and user"
        }
        if address.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "the address holds a control character"
        }
        if schemes.contains(where: address.hasPrefix) { return nil }
        let words = address.split(separator: " ")
        if !address.contains("://"), !words.isEmpty, words.allSatisfy({ $0.contains("=") }) {
            return nil
        }
        return "expected an address like postgresql://host/database or service=NAME"
    }

    /// The text with every password in it replaced by `***`; for messages that show a line.
    static func masked(_ text: String) -> String {
        schemes.reduce(maskedValues(text)) { maskedUserInfo($0, after: $1) }
    }

    /// Masks `user:PASSWORD@` behind every occurrence of a scheme.
    private static func maskedUserInfo(_ text: String, after scheme: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let found = position(of: scheme, in: rest) {
            result += rest[..<found.upperBound]
            rest = rest[found.upperBound...]
            let authority = rest.prefix { !"/?".contains($0) && !$0.isWhitespace }
            // A password may hold an unescaped '/' by mistake: then the '@' stands behind it.
            let location = rest.prefix { $0 != "?" && !$0.isWhitespace }
            guard let sign = authority.lastIndex(of: "@") ?? location.lastIndex(of: "@"),
                let colon = rest[..<sign].firstIndex(of: ":")
            else { continue }
            result += rest[...colon] + "***"
            rest = rest[sign...]
        }
        return result + rest
    }

    /// Masks the value of `password=VALUE` and `sslpassword=VALUE`, quoted or not.
    private static func maskedValues(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let found = position(of: "password", in: rest) {
            result += rest[..<found.upperBound]
            rest = rest[found.upperBound...]
            let value = rest.drop { $0 == " " }
            guard value.first == "=" else { continue }
            result += "=***"
            rest = value.dropFirst().drop { $0 == " " }
            if rest.first == "'" {
                rest = rest.dropFirst().drop { $0 != "'" }.dropFirst()
            } else {
                rest = rest.drop { !$0.isWhitespace && $0 != "&" }
            }
        }
        return result + rest
    }

    private static func position(of word: String, in text: Substring) -> Range<Substring.Index>? {
        for start in text.indices {
            let candidate = text[start...].prefix(word.count)
            if candidate.lowercased() == word { return start..<candidate.endIndex }
        }
        return nil
    }
}
