// What `--json` prints when there is nothing else to print: why a command was refused.

import ArgumentParser
import FoundationEssentials
import Journal
import Plan

/// A refusal for machines: schema `kugiri.refused/1`, in `ops/schema/refused-1.json`.
struct Refused: Encodable {
    /// One thing that was told.
    struct Message: Encodable {
        /// nil: a line without an id, such as one about arguments.
        var id: String?
        var text: String

        /// A line as standard error shows it.
        init(line: String) {
            let words = line.split(separator: " ", maxSplits: 1)
            if let first = words.first, words.count == 2, MessageID(rawValue: String(first)) != nil
            {
                id = String(first)
                text = String(words[1])
            } else {
                text = line
            }
        }
    }

    var command: String
    var outcome: Outcome
    var messages: [Message]

    /// - Parameter lines: As they were told on standard error.
    init(_ command: String, _ outcome: Outcome, lines: [String]) {
        self.command = command
        self.outcome = outcome
        messages = lines.map(Message.init(line:))
    }

    private enum CodingKeys: String, CodingKey {
        case schema, command, result, messages
        case exitCode = "exit_code"
        case runID = "run_id"
    }

    /// With `run_id: null`: there is no run.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("kugiri.refused/1", forKey: .schema)
        try container.encode(command, forKey: .command)
        try container.encode(outcome.result, forKey: .result)
        try container.encode(outcome.rawValue, forKey: .exitCode)
        try container.encodeNil(forKey: .runID)
        try container.encode(messages, forKey: .messages)
    }
}

extension Kugiri {
    /// Parses and runs; arguments that do not parse are refused in JSON too when it was asked for.
    static func main() {
        var isParsed = false
        do {
            var command = try parseAsRoot()
            isParsed = true
            try command.run()
        } catch {
            let code = exitCode(for: error)
            if !isParsed, code == .validationFailure, CommandLine.arguments.contains("--json") {
                let words = CommandLine.arguments.dropFirst().prefix { !$0.hasPrefix("-") }
                let refused = Refused(
                    words.first ?? "kugiri", .usage, lines: [message(for: error)])
                do { try Output.json(refused) } catch { Output.error("kugiri", "\(error)") }
            }
            exit(withError: error)
        }
    }
}
