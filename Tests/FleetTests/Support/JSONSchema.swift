// JSON checked against the schemas in `ops/schema`: as much of JSON Schema as those use.

import FoundationEssentials

/// Any JSON value.
enum JSON: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// Reads a text.
    init(text: String) throws {
        self = try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
    }

    /// A member of an object; nil: no object, or no such member.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text; nil: something else.
    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number; nil: something else.
    var number: Double? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    /// The list; empty: something else.
    var list: [JSON] {
        guard case .list(let list) = self else { return [] }
        return list
    }

    /// What `type` of JSON Schema calls it.
    var types: Set<String> {
        switch self {
        case .null: ["null"]
        case .bool: ["boolean"]
        case .number(let value): value == value.rounded() ? ["integer", "number"] : ["number"]
        case .string: ["string"]
        case .list: ["array"]
        case .object: ["object"]
        }
    }
}

/// A schema of `ops/schema`.
struct JSONSchema {
    private static let words: Set = [
        "$schema", "title", "description", "type", "properties", "required", "enum", "items",
        "additionalProperties",
    ]

    private let root: JSON

    /// Reads `ops/schema/NAME.json`.
    init(_ name: String) throws {
        root = try JSON(
            text: String(
                contentsOfFile: Repository.path("ops/schema/\(name).json"), encoding: .utf8))
    }

    /// Everything in which a text differs from the schema; empty: nothing.
    func faults(_ text: String) throws -> [String] {
        Self.faults(try JSON(text: text), root, at: "$")
    }

    private static func faults(_ value: JSON, _ schema: JSON, at path: String) -> [String] {
        guard case .object(let rules) = schema else { return ["\(path): the schema is no object"] }
        var faults = rules.keys.filter { !words.contains($0) }.map {
            "\(path): the schema says \($0), which is not checked"
        }
        if let type = rules["type"] {
            let wanted = type.string.map { [$0] } ?? type.list.compactMap(\.string)
            if value.types.isDisjoint(with: wanted) {
                faults.append("\(path): \(value.types.sorted()) instead of \(wanted)")
            }
        }
        if let choices = rules["enum"], !choices.list.contains(value) {
            faults.append("\(path): \(value) is none of the choices")
        }
        if case .list(let items) = value, let rule = rules["items"] {
            for (index, item) in items.enumerated() {
                faults += self.faults(item, rule, at: "\(path)[\(index)]")
            }
        }
        guard case .object(let members) = value else { return faults }
        for name in rules["required"]?.list.compactMap(\.string) ?? [] where members[name] == nil {
            faults.append("\(path): \(name) is missing")
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            if let rule = rules["properties"]?[name] {
                faults += self.faults(member, rule, at: "\(path).\(name)")
            } else if rules["additionalProperties"] == .bool(false) {
                faults.append("\(path): \(name) is not in the schema")
            } else if let rule = rules["additionalProperties"], rule != .bool(true) {
                faults += self.faults(member, rule, at: "\(path).\(name)")
            }
        }
        return faults
    }
}
