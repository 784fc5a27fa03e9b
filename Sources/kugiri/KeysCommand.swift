// `keys`: who may work for a coordinator from another machine.

import ArgumentParser
import Coordination
import FoundationEssentials
import Journal
import Messaging
import Plan

/// Where keys are kept.
struct KeysOptions: ParsableArguments {
    @Option(help: .init("The folder of keys and allow-list.", valueName: "folder"))
    var directory = ".kugiri/keys"
    @Option(help: .init("The allow-list; 'allow' in the folder unless given.", valueName: "file"))
    var list: String?

    var folder: String { absolute(directory) }
    var allowList: String { list.map(absolute) ?? "\(folder)/allow" }
}

/// The command `kugiri keys …`.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Keys of coordinators and workers on a network.",
        subcommands: [New.self, Allow.self, List.self, Rotate.self, Revoke.self])

    /// The command `kugiri keys new NAME`.
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make NAME.key, which stays secret, and NAME.pub, which may be given away.")
        @Argument(help: .init("Whose key: \(KeyName.rule).", valueName: "name"))
        var name: String
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: KeysOptions

        func run() throws {
            try conductKeys("keys new", json: json) {
                guard KeyName.isValid(name) else {
                    throw Refusal(.usage, ["'\(name)' is no name of a key: \(KeyName.rule)"])
                }
                let file = try KeyFile.make(name: name, directory: options.folder)
                let published = "\(options.folder)/\(name).pub"
                if json {
                    try Output.done("keys new", ["secret": file.path, "public": published])
                } else {
                    Output.line(file.path)
                    Output.line(published)
                }
                return .normal
            }
        }
    }

    /// The command `kugiri keys allow FILE`.
    struct Allow: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the key of a NAME.pub file in; a running coordinator sees it at once.")
        @Argument(help: .init("The file NAME.pub of the other machine.", valueName: "file"))
        var file: String
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: KeysOptions

        func run() throws {
            try conductKeys("keys allow", json: json) {
                let new = try AllowListFile.allow(absolute(file), in: options.allowList)
                if json {
                    let names = new.map(\.name).joined(separator: " ")
                    try Output.done("keys allow", ["list": options.allowList, "allowed": names])
                    return .normal
                }
                if new.isEmpty { Output.line("already on \(options.allowList)") }
                for entry in new { Output.line("\(entry.name) is let in by \(options.allowList)") }
                return .normal
            }
        }
    }

    /// The command `kugiri keys list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys that are let in, and those that were revoked.")
        @Flag(help: "Print as JSON.")
        var json = false
        @OptionGroup var options: KeysOptions

        /// One key of the JSON form.
        private struct Shown: Encodable {
            var name: String
            var key: String
            var state: String
            /// nil: it is let in.
            var revokedAt: String?

            enum CodingKeys: String, CodingKey {
                case name, key, state
                case revokedAt = "revoked_at"
            }
        }

        private struct Listing: Encodable {
            var schema = "kugiri.keys/1"
            var list: String
            var keys: [Shown]
        }

        func run() throws {
            try conductKeys("keys list", json: json) {
                let path = options.allowList
                let entries = Files.exists(path) ? try AllowList.read(path).entries : []
                var shown = entries.map {
                    Shown(name: $0.name, key: $0.key.text, state: "allowed", revokedAt: nil)
                }
                for line in try AllowListFile.revoked(of: path) {
                    let words = line.split(separator: " ").map { String($0) }
                    guard words.count == 3 else { continue }
                    shown.append(
                        Shown(name: words[0], key: words[1], state: "revoked", revokedAt: words[2]))
                }
                if json {
                    try Output.json(Listing(list: path, keys: shown))
                } else if shown.isEmpty {
                    Output.line("no key is let in by \(path)")
                } else {
                    Output.line(
                        Table.render(
                            columns: ["name", "key", "state", "since"].map { .init($0) },
                            rows: shown.map { [$0.name, $0.key, $0.state, $0.revokedAt ?? "-"] }))
                }
                return .normal
            }
        }
    }

    /// The command `kugiri keys rotate NAME [--public FILE]`.
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a name a new key.",
            discussion: "On the machine that has NAME.key: makes a new NAME.key and NAME.pub; "
                + "running workers go on with the old key. Then, on the coordinator's machine, with --public: "
                + "takes the new key into the allow-list in the place of the old one, whose workers "
                + "are let go within a second and may come back with the new one.")
        @Argument(help: "The key's name.")
        var name: String
        @Option(
            name: .customLong("public"),
            help: .init("The new NAME.pub; changes the allow-list only.", valueName: "file"))
        var publicFile: String?
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: KeysOptions

        func run() throws {
            try conductKeys("keys rotate", json: json) {
                guard KeyName.isValid(name) else {
                    throw Refusal(.usage, ["'\(name)' is no name of a key: \(KeyName.rule)"])
                }
                guard let publicFile else { return try makeAnew() }
                try AllowListFile.rotate(
                    name, to: absolute(publicFile), in: options.allowList,
                    at: Timestamp.now().iso8601WithOffset)
                if json {
                    try Output.done("keys rotate", ["list": options.allowList, "rotated": name])
                } else {
                    Output.line("\(name) is let in with its new key only by \(options.allowList)")
                }
                return .normal
            }
        }

        private func makeAnew() throws -> Outcome {
            let file = try KeyFile.rotate(name: name, directory: options.folder)
            let published = "\(options.folder)/\(name).pub"
            if json {
                try Output.done("keys rotate", ["secret": file.path, "public": published])
            } else {
                Output.line(file.path)
                Output.line(published)
            }
            return .normal
        }
    }

    /// The command `kugiri keys revoke NAME`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a key from the allow-list; its workers are let go within a second.")
        @Argument(help: "The key's name.")
        var name: String
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: KeysOptions

        func run() throws {
            try conductKeys("keys revoke", json: json) {
                try AllowListFile.revoke(
                    name, in: options.allowList, at: Timestamp.now().iso8601WithOffset)
                if json {
                    try Output.done("keys revoke", ["list": options.allowList, "revoked": name])
                    return .normal
                }
                Output.line(
                    "\(name) is let in no more by \(options.allowList); take its role's password "
                        + "back in the database too")
                return .normal
            }
        }
    }
}

/// Runs a command's body; trouble with files of keys ends it with 16.
private func conductKeys(
    _ command: String, json: Bool, _ body: () throws -> Outcome
) throws {
    try conduct(command, json: json) {
        do {
            return try body()
        } catch let trouble as KeyTrouble {
            throw Refusal(
                .configuration,
                trouble.faults.map {
                    LogMessage(
                        .commandFailed, ["command": command, "reason": $0.description]
                    ).line()
                })
        }
    }
}
