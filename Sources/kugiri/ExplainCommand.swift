// `explain`: what an exit code, a message or a reject rule means, and what to do. Needs nothing but
// this binary.

import ArgumentParser
import Journal
import Plan
import Settings

/// The command `kugiri explain TOPIC`.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell what an exit code, a message id or a reject rule means, and what to do.",
        discussion: "Without a topic: all of them, a line each.")
    @Argument(help: "An exit code, a message id such as KGR3050E, or a reject rule such as enum.")
    var topic: String?
    @Flag(help: "Print the whole runbook as Markdown (ops/runbook.md).")
    var runbook = false
    @Flag(help: "Print as JSON.")
    var json = false

    /// One topic for machines: schema `kugiri.explain/1`, in `ops/schema/explain-1.json`.
    private struct List: Encodable {
        var schema = "kugiri.explain/1"
        var topics: [Entry]
    }

    private struct Entry: Encodable {
        var topic: String
        var title: String
        /// Why nothing of this version says it; nil: it is in use.
        var reserved: String?
        var cause: String?
        var check: String?
        var command: String?
        var escalate: String?

        init(_ entry: Explanation) {
            topic = entry.topic
            title = entry.shownTitle
            reserved = entry.reserved
            guard entry.reserved == nil else { return }
            cause = entry.cause
            check = entry.check
            command = entry.command
            escalate = entry.escalate
        }
    }

    func run() throws {
        try conduct("explain", json: json) {
            let known = Explanations.english
            if runbook {
                Output.line(known.runbook())
                return .normal
            }
            guard let topic else {
                if json { try Output.json(List(topics: known.all.map(Entry.init))) } else {
                    Output.line(
                        Table.render(
                            columns: [.init("topic"), .init("means")],
                            rows: known.all.map { [$0.topic, $0.shownTitle] },
                            width: Inspection.width))
                }
                return .normal
            }
            guard let entry = known.find(topic) else {
                let hint = nearest(topic, among: known.all.map(\.topic)).map {
                    "; did you mean \($0)?"
                }
                throw Refusal(
                    .usage,
                    [
                        "nothing is known of \(topic)\(hint ?? ""); 'kugiri explain' lists all "
                            + "topics"
                    ])
            }
            if json {
                try Output.json(List(topics: [Entry(entry)]))
            } else {
                Output.line(entry.text)
            }
            return .normal
        }
    }
}

extension Explanation {
    /// The title; of a message its text.
    fileprivate var shownTitle: String {
        guard title.isEmpty, let id = MessageID(rawValue: topic) else { return title }
        return LogMessage(id).text()
    }

    /// For people, an answer per paragraph.
    fileprivate var text: String {
        var text = "\(topic)  \(shownTitle)\n"
        if let reserved { return text + "  not in use   \(reserved)\n" }
        for (name, answer) in answers {
            let label = name + String(repeating: " ", count: 11 - name.count)
            text += "  \(label)  \(answer)\n"
        }
        return text
    }
}
