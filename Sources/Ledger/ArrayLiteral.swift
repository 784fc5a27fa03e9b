// Arrays with NULL elements as parameters, in PostgreSQL's array text form.

public import Postgres

extension Parameter {
    /// A text array whose nil elements are NULL; the statement casts it (`$1::text[]`).
    public static func optionalTextArray(_ values: [String?]) -> Parameter {
        let elements = values.map { value -> String in
            guard let value else { return "NULL" }
            var quoted = "\""
            for character in value.unicodeScalars {
                if character == "\"" || character == "\\" { quoted.append("\\") }
                quoted.unicodeScalars.append(character)
            }
            return quoted + "\""
        }
        return .text("{" + elements.joined(separator: ",") + "}")
    }

    /// A number array whose nil elements are NULL; the statement casts it (`$1::bigint[]`).
    public static func optionalIntArray(_ values: [Int64?]) -> Parameter {
        .text("{" + values.map { $0.map(String.init) ?? "NULL" }.joined(separator: ",") + "}")
    }
}
