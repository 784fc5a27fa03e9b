// The reading layer: a cursor on a value, kinds of values, and maps whose keys are asked for one
// by one. Readers above it are plain lists of keys; every fault goes to the log, none stops.

/// A value of the file, its path, and the log its faults go to.
struct YAMLCursor {
    let node: YAMLNode
    let path: String
    let log: FaultLog

    /// Adds a fault at this value.
    func fault(_ message: String, suggestion: String? = nil) {
        log.add(message, at: node.mark, path: path, suggestion: suggestion)
    }

    /// Adds the fault "expected …, found …" and gives nil.
    func mismatch<Value>(_ expected: String, suggestion: String? = nil) -> Value? {
        fault("expected \(expected), found \(found)", suggestion: suggestion)
        return nil
    }

    /// What stands here, short enough for a message.
    var found: String {
        switch node.content {
        case .map: "a map"
        case .list: "a list"
        case .scalar(let text, let isPlain):
            if isPlain, ["", "~", "null"].contains(text) {
                "nothing"
            } else if text.count > SettingsLimits.foundCharactersMax {
                "a text of \(text.count) characters"
            } else {
                "'\(DatabaseAddress.masked(text))'"
            }
        }
    }

    /// The scalar's text; nil: a map, a list or nothing (`key:`, `~`, `null`).
    var text: String? {
        guard case .scalar(let text, let isPlain) = node.content else { return nil }
        return isPlain && ["", "~", "null"].contains(text) ? nil : text
    }

    /// The cursors of a map's values in order; nil, with a fault, when this is no map.
    func entries(_ expected: String = "a map") -> [(key: String, keyCursor: Self, value: Self)]? {
        guard case .map(let entries) = node.content else { return mismatch(expected) }
        return entries.map { entry in
            let path = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            let key = YAMLNode(content: .scalar(entry.key, plain: true), mark: entry.keyMark)
            return (
                entry.key, Self(node: key, path: path, log: log),
                Self(node: entry.value, path: path, log: log)
            )
        }
    }

    /// The cursors of a list's items; nil, with a fault, when this is no list.
    func items(_ expected: String = "a list") -> [Self]? {
        guard case .list(let items) = node.content else { return mismatch(expected) }
        return items.enumerated().map { index, item in
            Self(node: item, path: "\(path)[\(index + 1)]", log: log)
        }
    }
}

/// A kind of value: reads a cursor, or logs a fault and gives nil.
struct YAMLKind<Value> {
    let read: (YAMLCursor) -> Value?

    /// A kind read by this function.
    init(_ read: @escaping (YAMLCursor) -> Value?) { self.read = read }
}

/// A map whose keys are asked for one by one; `finish` reports the keys nobody asked for.
struct YAMLMap {
    let cursor: YAMLCursor
    private let entries: [(key: String, keyCursor: YAMLCursor, value: YAMLCursor)]
    private var known: [String] = []

    /// The map at a cursor; nil, with a fault, when there is none.
    init?(_ cursor: YAMLCursor, expected: String = "a map") {
        guard let entries = cursor.entries(expected) else { return nil }
        self.cursor = cursor
        self.entries = entries
    }

    /// Whether the map has this key, whatever its value.
    func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// The value's cursor, for rules that are checked later; nil: the key is absent.
    func value(_ key: String) -> YAMLCursor? { entries.first { $0.key == key }?.value }

    /// A key that must be there; nil when it is missing or wrong, which is then in the log.
    mutating func required<Value>(_ key: String, as kind: YAMLKind<Value>) -> Value? {
        known.append(key)
        guard let value = value(key) else {
            cursor.fault("the key '\(key)' is missing")
            return nil
        }
        return kind.read(value)
    }

    /// A key that may be absent; nil when it is absent, or wrong, which is then in the log.
    mutating func optional<Value>(_ key: String, as kind: YAMLKind<Value>) -> Value? {
        known.append(key)
        return value(key).flatMap(kind.read)
    }

    /// A key with a default for when it is absent.
    mutating func optional<Value>(
        _ key: String, as kind: YAMLKind<Value>, default value: Value
    ) -> Value {
        optional(key, as: kind) ?? value
    }

    /// Which one of these keys the map has; nil, with a fault, when it is none or several.
    mutating func exactlyOne(of keys: [String]) -> String? {
        let present = keys.filter(has)
        guard present.count != 1 else { return present[0] }
        known += keys
        let list = keys.map { "'\($0)'" }.joined(separator: ", ")
        let found = present.isEmpty ? "none" : present.joined(separator: " and ")
        cursor.fault("expected exactly one of \(list), found \(found)")
        return nil
    }

    /// Reports every key that was not asked for, with the keys there are.
    func finish() {
        let list = known.joined(separator: ", ")
        for entry in entries where !known.contains(entry.key) {
            let candidates = known.filter { !has($0) }
            entry.keyCursor.fault(
                "unknown key '\(entry.key)'; known here: \(list)",
                suggestion: nearest(entry.key, among: candidates))
        }
    }
}
