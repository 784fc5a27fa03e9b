// One YAML document as a tree of text with marks. Refuses what settings do not need: anchors,
// aliases, merge keys, tags, several documents, depth and size beyond the limits.

import Yams

/// A place in a file: line and column from 1, the column in Unicode scalars.
struct YAMLMark: Equatable {
    var line: Int
    var column: Int

    /// The first character of the file.
    static let start = YAMLMark(line: 1, column: 1)
}

/// A value of a settings file and where it stands.
struct YAMLNode {
    enum Content {
        /// `plain`: written without quotes.
        case scalar(String, plain: Bool)
        case map([YAMLEntry])
        case list([YAMLNode])
    }

    var content: Content
    var mark: YAMLMark
}

/// A key of a map with its value.
struct YAMLEntry {
    var key: String
    var keyMark: YAMLMark
    var value: YAMLNode
}

/// The way from a file's text to its tree.
///
/// Anchors must be refused *before* Yams composes nodes, since it hashes keys with aliases
/// expanded, and Yams does not show its events. So `&`, `*` and `!` are masked by private-use
/// characters of the same width in scalars: the masked text has no alias, the same marks, and
/// a plain scalar that begins with a mask was an anchor, an alias or a tag. Keys that stand twice,
/// where Yams stops, are masked the same way, so that the rest of the file is read as well.
/// The price: private-use characters U+E000 to U+E0FF are refused, they would be taken for masks.
struct YAMLDocument {
    private let log: FaultLog
    private var text: [Unicode.Scalar]
    private var nodeCount = 0
    private var isRefused = false
    /// Keys that stand a second time; their values are not read.
    private var duplicates: [YAMLMark] = []

    private static let maskBase: UInt32 = 0xE000
    private static let duplicateMaskBase: UInt32 = 0xE010
    private static let maskedIndicators: [Unicode.Scalar] = ["&", "*", "!"]

    /// The tree of a document; nil: it was refused, and the log says why.
    ///
    /// Keys that stand twice are faults in the log but do not stop the reading.
    static func read(_ text: String, log: FaultLog) -> YAMLNode? {
        guard let document = YAMLDocument(text, log: log) else { return nil }
        var reading = document
        guard let root = reading.compose() else { return nil }
        let tree = reading.convert(root, depth: 1, path: "")
        return reading.isRefused ? nil : tree
    }

    /// Checks sizes and characters; nil: refused.
    private init?(_ text: String, log: FaultLog) {
        self.log = log
        self.text = []
        guard text.utf8.count <= SettingsLimits.fileBytesMax else {
            log.add(
                "the file has \(text.utf8.count) bytes; \(SettingsLimits.fileBytesMax) are allowed",
                at: .start, path: "")
            return nil
        }
        var separators = 0
        var mark = YAMLMark.start
        self.text.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            if (0xE000...0xE0FF).contains(scalar.value) || scalar.value == 0 {
                log.add("this character is not allowed in settings", at: mark, path: "")
                return nil
            }
            if "\n:,[{".unicodeScalars.contains(scalar) { separators += 1 }
            mark.column += 1
            if scalar == "\n" { mark = YAMLMark(line: mark.line + 1, column: 1) }
            self.text.append(Self.mask(scalar))
        }
        guard separators <= SettingsLimits.separatorsMax else {
            log.add(
                "the file has more than \(SettingsLimits.nodesMax) values", at: .start, path: "")
            return nil
        }
    }

    // MARK: Composing

    /// The composed document; nil: a fault of syntax, or nothing in the file.
    private mutating func compose() -> Node? {
        var attempts = 0
        while true {
            do {
                var masked = String.UnicodeScalarView()
                masked.append(contentsOf: text)
                let parser = try Parser(yaml: String(masked), encoding: .utf8)
                if let root = try parser.singleRoot() { return root }
                log.add("the file is empty; its first key is the grammar's", at: .start, path: "")
                return nil
            } catch let error as YamlError {
                attempts += 1
                guard case .duplicatedKeysInMapping(_, let context) = error,
                    attempts <= SettingsLimits.duplicateKeysMax,
                    maskDuplicate(
                        at: YAMLMark(line: context.mark.line, column: context.mark.column),
                        number: attempts)
                else {
                    report(error)
                    return nil
                }
            } catch {
                log.add("the file cannot be parsed: \(error)", at: .start, path: "")
                return nil
            }
        }
    }

    /// Renames a key by masking its first character; false: the place holds no simple key.
    private mutating func maskDuplicate(at mark: YAMLMark, number: Int) -> Bool {
        guard var index = index(of: mark) else { return false }
        if text[index] == "\"" || text[index] == "'" { index += 1 }
        guard index < text.count, text[index].properties.isAlphabetic || text[index] == "_",
            let mask = Unicode.Scalar(Self.duplicateMaskBase + UInt32(number))
        else { return false }
        var key = ""
        for scalar in text[index...].prefix(while: { !": \"'\n".unicodeScalars.contains($0) }) {
            key.unicodeScalars.append(Self.unmask(scalar))
        }
        log.add("the key '\(key)' stands twice in this map", at: mark, path: "")
        text[index] = mask
        duplicates.append(mark)
        return true
    }

    private func index(of mark: YAMLMark) -> Int? {
        var line = 1
        for (index, scalar) in text.enumerated() {
            if line == mark.line {
                let found = index + mark.column - 1
                return found < text.count ? found : nil
            }
            if scalar == "\n" { line += 1 }
        }
        return nil
    }

    private func report(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let place, _), .parser(_, let problem, let place, _):
            reportReference(before: place.line)
            log.add(
                "this is not YAML: \(problem)",
                at: YAMLMark(line: place.line, column: place.column), path: "")
        case .composer(_, let problem, let place, _):
            let mark = YAMLMark(line: place.line, column: place.column)
            let isSecond = problem.contains("another document")
            log.add(
                isSecond ? "a settings file is one document; a second begins here" : problem,
                at: mark, path: "")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\(Self.unmask($0))'" }.joined(separator: ", ")
            log.add(
                "keys that stand twice: \(names)",
                at: YAMLMark(line: context.mark.line, column: context.mark.column), path: "")
        case .reader(let problem, let offset, _, _):
            log.add("this is not YAML: \(problem)", at: mark(of: offset ?? 0), path: "")
        default:
            log.add("this is not YAML", at: .start, path: "")
        }
    }

    /// Names an anchor that, once masked, made the text unparsable: it stands on the line of the
    /// fault or the one above.
    private func reportReference(before line: Int) {
        var mark = YAMLMark.start
        var previous: [Unicode.Scalar] = []
        for scalar in text where mark.line <= line {
            let opensValue =
                previous.isEmpty || previous.suffix(2) == [":", " "]
                || previous.suffix(2) == ["-", " "]
            if mark.line >= line - 1, opensValue, let indicator = Self.indicator(scalar) {
                log.add(Self.refusal(of: indicator), at: mark, path: "")
                return
            }
            if scalar == "\n" {
                mark = YAMLMark(line: mark.line + 1, column: 1)
                previous = []
            } else {
                mark.column += 1
                previous.append(scalar)
            }
        }
    }

    private func mark(of offset: Int) -> YAMLMark {
        let before = text.prefix(offset)
        let lineStart = before.lastIndex(of: "\n").map { $0 + 1 } ?? 0
        return YAMLMark(
            line: before.count { $0 == "\n" } + 1, column: before.count - lineStart + 1)
    }

    // MARK: Converting

    /// The tree below a node, unmasked; nil: refused.
    private mutating func convert(_ node: Node, depth: Int, path: String) -> YAMLNode? {
        let place = node.mark
        let mark = YAMLMark(line: place?.line ?? 1, column: place?.column ?? 1)
        nodeCount += 1
        guard nodeCount <= SettingsLimits.nodesMax else {
            if nodeCount == SettingsLimits.nodesMax + 1 {
                refuse("the file has more than \(SettingsLimits.nodesMax) values", mark, path)
            }
            return nil
        }
        guard depth <= SettingsLimits.depthMax else {
            refuse(
                "maps and lists stand more than \(SettingsLimits.depthMax) deep in each other",
                mark, path)
            return nil
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            if isPlain, let first = scalar.string.unicodeScalars.first,
                let indicator = Self.indicator(first)
            {
                refuse(Self.refusal(of: indicator), mark, path)
                return nil
            }
            return YAMLNode(
                content: .scalar(Self.unmask(scalar.string), plain: isPlain), mark: mark)
        case .sequence(let sequence):
            var items: [YAMLNode] = []
            for (index, item) in sequence.enumerated() {
                let itemPath = "\(path)[\(index + 1)]"
                if let item = convert(item, depth: depth + 1, path: itemPath) { items.append(item) }
            }
            return YAMLNode(content: .list(items), mark: mark)
        case .mapping(let mapping):
            let entries = convert(mapping, depth: depth, path: path)
            return YAMLNode(content: .map(entries), mark: mark)
        case .alias:
            refuse(Self.refusal(of: "*"), mark, path)
            return nil
        }
    }

    private mutating func convert(
        _ mapping: Node.Mapping, depth: Int, path: String
    ) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        for (keyNode, valueNode) in mapping {
            guard let key = convert(keyNode, depth: depth + 1, path: path) else { continue }
            guard case .scalar(let name, let isPlain) = key.content else {
                refuse("a key is plain text, not a list or a map", key.mark, path)
                continue
            }
            if isPlain, name == "<<" {
                refuse("merge keys are not allowed in settings; write the keys out", key.mark, path)
                continue
            }
            let entryPath = path.isEmpty ? name : "\(path).\(name)"
            guard let value = convert(valueNode, depth: depth + 1, path: entryPath) else {
                continue
            }
            if !duplicates.contains(key.mark) {
                entries.append(YAMLEntry(key: name, keyMark: key.mark, value: value))
            }
        }
        return entries
    }

    private mutating func refuse(_ message: String, _ mark: YAMLMark, _ path: String) {
        isRefused = true
        log.add(message, at: mark, path: path)
    }

    // MARK: Masks

    private static func mask(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard let index = maskedIndicators.firstIndex(of: scalar) else { return scalar }
        return Unicode.Scalar(maskBase + UInt32(index)) ?? scalar
    }

    /// The indicator a mask stands for; nil: not a mask.
    private static func indicator(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        guard scalar.value >= maskBase else { return nil }
        let index = Int(scalar.value - maskBase)
        return index < maskedIndicators.count ? maskedIndicators[index] : nil
    }

    private static func unmask(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        indicator(scalar) ?? scalar
    }

    private static func unmask(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(unmask(scalar)) }
        return String(result)
    }

    private static func refusal(of indicator: Unicode.Scalar) -> String {
        let name =
            switch indicator {
            case "&": "anchors"
            case "*": "aliases"
            default: "tags"
            }
        return "\(name) ('\(indicator)') are not allowed in settings; quote the value if it is text"
    }
}
