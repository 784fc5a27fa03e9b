// `db`: the private server, and the ledger's schema.

import ArgumentParser
import Coordination
import Ledger
import Plan
import Postgres

/// The command `kugiri db …`.
struct DatabaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "The private PostgreSQL and the ledger's schema.",
        subcommands: [URL.self, Stop.self, Remove.self, Migrate.self, LockTrigger.self])

    /// The command `kugiri db url`.
    struct URL: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the database's URI; the private one is started first.",
            discussion: "psql \"$(kugiri db url)\"")
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db url") {
                Output.line(try Database.url(try options.load()).url)
                return .normal
            }
        }
    }

    /// The command `kugiri db stop`.
    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stop the private PostgreSQL.")
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db stop") {
                try Database.privateServer(try options.load()).stop()
                return .normal
            }
        }
    }

    /// The command `kugiri db remove --yes`.
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop the private PostgreSQL and delete all its data.")
        @Flag(help: "Yes, delete it.")
        var yes = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db remove") {
                guard yes else {
                    throw Refusal(.usage, ["this deletes every table in it; say --yes"])
                }
                try Database.privateServer(try options.load()).remove()
                return .normal
            }
        }
    }

    /// The command `kugiri db migrate`.
    struct Migrate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the ledger's schema to this binary's version.")
        @Flag(help: "Only print what would be done.")
        var dryRun = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db migrate") {
                let (url, _) = try Database.url(try options.load())
                let connection = try Connection(url: url, applicationName: "kugiri migrate")
                if dryRun {
                    for text in try Schema.pending(connection) { Output.line(text) }
                } else {
                    try Schema.migrate(connection)
                    try Preparation.audit(
                        CommandLine.arguments.joined(separator: " "), run: nil,
                        version: Version.text, hash: nil, connection)
                }
                return .normal
            }
        }
    }

    /// The command `kugiri db lock-trigger TABLE`.
    struct LockTrigger: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lock-trigger",
            abstract: "Print the trigger that moves a table's lock column on online updates.")
        @Argument(help: "The target table.")
        var table: String
        @Option(help: "Its lock column.")
        var column = "updated_at"

        func run() throws {
            try conduct("db lock-trigger") {
                Output.line(Preparation.lockTrigger(table: table, column: column))
                return .normal
            }
        }
    }
}
