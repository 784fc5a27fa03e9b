// What to do about an exit code, a message or a reject rule: one text file per language, read once.
// Knows nothing of where the codes come from; tests hold the file against the code.

/// What a topic means and what to do about it.
public struct Explanation: Encodable, Sendable, Equatable {
    /// An exit code, a message's id, or a reject rule.
    public var topic: String
    /// Of codes and rules; empty for messages, whose text is in the catalogue.
    public var title = ""
    /// nil: it is in use; otherwise why nothing of this version says it.
    public var reserved: String?
    /// What has happened.
    public var cause = ""
    /// Where to look.
    public var check = ""
    /// What to type.
    public var command = ""
    /// Whom to call, and when.
    public var escalate = ""

    /// The four answers with their names, in the order they are read.
    public var answers: [(name: String, text: String)] {
        [("cause", cause), ("check", check), ("command", command), ("escalate", escalate)]
    }
}

/// Explanations by topic.
///
/// The file has a block per topic: `[topic] title`, then `cause:`, `check:`, `command:` and
/// `escalate:`, one line each, or `reserved:` alone. Empty lines and lines that begin with `#` are
/// skipped.
public struct Explanations: Sendable {
    /// In the order of the file.
    public private(set) var all: [Explanation]
    private let places: [String: Int]

    /// The explanations that are built in.
    public static let english: Explanations = {
        do {
            return try parse(PackageResources.explanations_txt)
        } catch {
            preconditionFailure("the built-in explanations: \(error)")
        }
    }()

    /// The explanation of a topic, in whatever case it is typed; nil: there is none.
    public func find(_ topic: String) -> Explanation? {
        places[topic.lowercased()].map { all[$0] }
    }

    /// Reads a file; throws the first line that is wrong.
    public static func parse(_ bytes: [UInt8]) throws(ExplanationError) -> Explanations {
        guard bytes.count <= JournalLimits.catalogueBytesMax else {
            throw ExplanationError(line: 1, reason: "the file has \(bytes.count) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ExplanationError(line: 1, reason: "the file is not UTF-8")
        }
        var all: [Explanation] = []
        var places: [String: Int] = [:]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            func fault(_ reason: String) -> ExplanationError {
                ExplanationError(line: index + 1, reason: reason)
            }
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard !line.unicodeScalars.contains(where: Escaping.isHarmful) else {
                throw fault("a control character")
            }
            if line.hasPrefix("[") {
                if let last = all.last, let missing = missing(last) { throw fault(missing) }
                guard let close = line.firstIndex(of: "]"), close > line.index(after: line.startIndex)
                else { throw fault("a topic is written [topic]") }
                let topic = String(line[line.index(after: line.startIndex)..<close])
                let title = String(line[line.index(after: close)...].drop { $0 == " " })
                guard places.updateValue(all.count, forKey: topic.lowercased()) == nil else {
                    throw fault("\(topic) is there twice")
                }
                all.append(Explanation(topic: topic, title: title))
                continue
            }
            guard !all.isEmpty, let colon = line.firstIndex(of: ":") else {
                throw fault("expected '[topic]' or 'name: text'")
            }
            let value = String(line[line.index(after: colon)...].drop { $0 == " " })
            guard !value.isEmpty, all[all.count - 1].take(String(line[..<colon]), value) else {
                throw fault("'\(line[..<colon])' is unknown, empty, or there twice")
            }
        }
        if let last = all.last, let missing = missing(last) {
            throw ExplanationError(line: lines.count, reason: missing)
        }
        return Explanations(all: all, places: places)
    }

    /// What an explanation lacks; nil: nothing.
    private static func missing(_ explanation: Explanation) -> String? {
        if explanation.reserved != nil {
            return explanation.answers.contains { !$0.text.isEmpty }
                ? "\(explanation.topic) is reserved and has answers" : nil
        }
        return explanation.answers.first { $0.text.isEmpty }.map {
            "\(explanation.topic) has no '\($0.name)'"
        }
    }
}

extension Explanation {
    /// Takes one answer; false: no such name, or it is there already.
    fileprivate mutating func take(_ name: String, _ value: String) -> Bool {
        func isFirst(_ text: String) -> Bool { text.isEmpty }
        switch name {
        case "cause" where isFirst(cause): cause = value
        case "check" where isFirst(check): check = value
        case "command" where isFirst(command): command = value
        case "escalate" where isFirst(escalate): escalate = value
        case "reserved" where reserved == nil: reserved = value
        default: return false
        }
        return true
    }
}

/// Why a file of explanations was refused.
public struct ExplanationError: Error, Equatable, Sendable {
    /// Where, counted from 1; what a block lacks is told at the line after it.
    public var line: Int
    /// What is wrong.
    public var reason: String
}

extension Explanations {
    /// The runbook: every topic, as Markdown.
    public func runbook(_ catalogue: Catalogue = .english) -> String {
        var text = """
            # Runbook

            What exit codes, messages and reject rules mean and what to do. `RUN` is a run's id, as
            the last line of standard error and `kugiri runs` show it; `JOB` is a job's name.

            Made by `kugiri explain --runbook`; change `Sources/Journal/Catalogue/explanations.txt`.


            """
        let codes = all.filter { Int($0.topic) != nil }
        let messages = all.filter { MessageID(rawValue: $0.topic) != nil }
        let rules = all.filter { Int($0.topic) == nil && MessageID(rawValue: $0.topic) == nil }
        text += "## Exit codes\n\n"
        for code in codes { text += Self.section("\(code.topic) \(code.title)", code, quote: nil) }
        text += "## Messages\n\n"
        for message in messages where message.reserved == nil {
            let id = MessageID(rawValue: message.topic)
            let template = id.map { LogMessage($0).text(in: catalogue) }
            text += Self.section(message.topic, message, quote: template)
        }
        text += "### Not said by this version\n\n"
        for message in messages {
            guard let reason = message.reserved else { continue }
            text += "- `\(message.topic)` \(reason)\n"
        }
        text += "\n## Reject rules\n\n"
        for rule in rules { text += Self.section("`\(rule.topic)`: \(rule.title)", rule, quote: nil) }
        // Exactly one line feed at the end, whatever came last.
        while text.hasSuffix("\n\n") { text.removeLast() }
        return text
    }

    private static func section(_ title: String, _ entry: Explanation, quote: String?) -> String {
        var text = "### \(title)\n\n"
        if let quote { text += "> \(quote)\n\n" }
        if let reserved = entry.reserved { return text + "Not in use. \(reserved)\n\n" }
        for (name, answer) in entry.answers {
            text += "- **\(name.prefix(1).uppercased())\(name.dropFirst())**: \(answer)\n"
        }
        return text + "\n"
    }
}
