// One thing that happened, as an id and named values; the text is made only where it is shown.

/// A message and its values, before a language is chosen.
public struct LogMessage: Sendable {
    /// Which message.
    public var id: MessageID
    /// The values its text asks for; raw, they are escaped where they are shown.
    public var arguments: [(name: String, value: String)]

    /// Memberwise.
    public init(id: MessageID, arguments: [(name: String, value: String)]) {
        self.id = id
        self.arguments = arguments
    }

    /// A message written in code: `LogMessage(.workerLeft, ["worker": name, "reason": "done"])`.
    public init(_ id: MessageID, _ arguments: KeyValuePairs<String, String> = [:]) {
        self.id = id
        self.arguments = arguments.map { (name: $0.key, value: $0.value) }
    }

    /// The severity of its id.
    public var severity: Severity { id.severity }

    /// The text on one line, without the id.
    public func text(in catalogue: Catalogue = .english) -> String {
        catalogue.render(id, arguments)
    }

    /// Id and text on one line, as standard error shows it.
    public func line(in catalogue: Catalogue = .english) -> String {
        "\(id) \(text(in: catalogue))"
    }
}
