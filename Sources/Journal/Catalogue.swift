// The texts of all messages, read from one file per language. Knows nothing of where they go.

/// Message texts by id, with `{name}` where a value belongs.
///
/// The file has one message per line: id, space, text. Empty lines and lines that begin with `#`
/// are skipped. A translation is another such file.
public struct Catalogue: Sendable {
    private var templates: [MessageID: Template]

    /// The catalogue that is built in.
    public static let english: Catalogue = {
        do {
            return try parse(PackageResources.messages_txt)
        } catch {
            preconditionFailure("the built-in catalogue: \(error)")
        }
    }()

    /// Every id with a text, in the order of their numbers.
    public var ids: [MessageID] { templates.keys.sorted { $0.rawValue < $1.rawValue } }

    /// Reads a catalogue file.
    ///
    /// - Parameter bytes: The file, UTF-8, at most ``JournalLimits/catalogueBytesMax`` bytes.
    /// - Throws: ``CatalogueError`` naming the first line that is wrong.
    public static func parse(_ bytes: [UInt8]) throws(CatalogueError) -> Catalogue {
        guard bytes.count <= JournalLimits.catalogueBytesMax else {
            throw CatalogueError(kind: .tooLarge(bytes: bytes.count), line: 1)
        }
        var templates: [MessageID: Template] = [:]
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, lineBytes) in lines.enumerated() {
            guard let line = String(validating: lineBytes, as: UTF8.self) else {
                throw CatalogueError(kind: .notUTF8, line: index + 1)
            }
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: " ", maxSplits: 1)
            guard let first = parts.first, let id = MessageID(rawValue: String(first)) else {
                throw CatalogueError(kind: .notAnID(String(parts.first ?? "")), line: index + 1)
            }
            guard parts.count == 2 else {
                throw CatalogueError(kind: .noText(id), line: index + 1)
            }
            guard !parts[1].unicodeScalars.contains(where: Escaping.isHarmful) else {
                throw CatalogueError(kind: .controlCharacter(id), line: index + 1)
            }
            guard templates[id] == nil else {
                throw CatalogueError(kind: .idTwice(id), line: index + 1)
            }
            guard let template = Template(parts[1]) else {
                throw CatalogueError(kind: .braces(id), line: index + 1)
            }
            templates[id] = template
        }
        return Catalogue(templates: templates)
    }

    /// The names a message's text asks for, in order of appearance; empty for an unknown id.
    public func argumentNames(of id: MessageID) -> [String] {
        var names: [String] = []
        for case .argument(let name) in templates[id]?.pieces ?? [] where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// The message on one line, its values escaped and cut.
    ///
    /// A missing argument shows as `{name}`, one the text does not ask for is left out here (the
    /// JSON log has it). An id without a text shows its arguments, so that nothing is lost when a
    /// translation is behind.
    public func render(_ id: MessageID, _ arguments: [(name: String, value: String)]) -> String {
        guard let template = templates[id] else {
            return arguments.map { "\(Escaping.escaped($0.name))=\(Escaping.escaped($0.value))" }
                .joined(separator: " ")
        }
        var text = ""
        for piece in template.pieces {
            switch piece {
            case .literal(let literal): text += literal
            case .argument(let name):
                let found = arguments.first { $0.name == name }
                text += found.map { Escaping.escaped($0.value) } ?? "{\(name)}"
            }
        }
        return text
    }
}

/// Why a catalogue file was refused, and at which 1-based line.
public struct CatalogueError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Kind: Equatable, Sendable {
        case tooLarge(bytes: Int)
        case notUTF8
        case notAnID(String)
        case noText(MessageID)
        case idTwice(MessageID)
        /// A brace without its partner or without a name.
        case braces(MessageID)
        case controlCharacter(MessageID)
    }

    /// What is wrong.
    public var kind: Kind
    /// Where, counted from 1.
    public var line: Int
}

/// A message's text, cut at its `{name}` places.
private struct Template: Sendable {
    enum Piece: Sendable {
        case literal(String)
        case argument(String)
    }

    var pieces: [Piece] = []

    /// Cuts a text; nil when its braces do not pair up around names of letters and digits.
    init?(_ text: Substring) {
        var rest = text
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                return nil
            }
            let name = rest[rest.index(after: open)..<close]
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber }) else {
                return nil
            }
            if open > rest.startIndex { pieces.append(.literal(String(rest[..<open]))) }
            pieces.append(.argument(String(name)))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
    }
}
