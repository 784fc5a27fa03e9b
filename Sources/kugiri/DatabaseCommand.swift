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
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db url", json: json) {
                let url = try Database.url(try options.load()).url
                if json { try Output.done("db url", ["url": url]) } else { Output.line(url) }
                return .normal
            }
        }
    }

    /// The command `kugiri db stop`.
    struct Stop: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stop the private PostgreSQL.")
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db stop", json: json) {
                try Database.privateServer(try options.load()).stop()
                if json { try Output.done("db stop") }
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
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db remove", json: json) {
                guard yes else {
                    throw Refusal(.usage, ["this deletes every table in it; say --yes"])
                }
                try Database.privateServer(try options.load()).remove()
                if json { try Output.done("db remove") }
                return .normal
            }
        }
    }

    /// The command `kugiri db migrate`.
    struct Migrate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the ledger's schema to this binary's version, and its roles.",
            discussion:
                "On your own server it also makes the roles kugiri_owner, kugiri_coordinator, "
                + "kugiri_worker and kugiri_reader where it may, and gives each its rights.")
        @Flag(help: "Only print what would be done.")
        var dryRun = false
        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("db migrate", json: json) {
                let (url, isPrivate) = try Database.url(try options.load())
                let connection = try Connection(url: url, applicationName: "kugiri migrate")
                let pending = try Schema.pending(connection)
                var roles = "one role, the private server's"
                if dryRun {
                    if !json { for text in pending { Output.line(text) } }
                } else {
                    try Schema.migrate(connection)
                    if !isPrivate {
                        let reason = try Schema.setUpRoles(connection)
                        roles = reason.map { "not set up: \($0)" } ?? "set up"
                        if reason != nil { Output.error(Self.rolesHint(roles)) }
                    }
                    try Preparation.audit(
                        CommandLine.arguments.joined(separator: " "), run: nil,
                        version: Version.text, hash: nil, connection)
                }
                if json {
                    var facts = [
                        "version": String(try Schema.version(connection)),
                        dryRun ? "pending" : "applied": String(pending.count),
                    ]
                    if !dryRun { facts["roles"] = roles }
                    try Output.done("db migrate", facts)
                }
                return .normal
            }
        }

        private static func rolesHint(_ roles: String) -> String {
            "roles \(roles); everything works, with all rights of the ledger's owner: a role with "
                + "CREATEROLE that owns the ledger sets them up with 'kugiri db migrate'"
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
        @Flag(help: "Print the result as JSON.")
        var json = false

        func run() throws {
            try conduct("db lock-trigger", json: json) {
                let sql = Preparation.lockTrigger(table: table, column: column)
                if json {
                    try Output.done("db lock-trigger", ["sql": sql])
                } else {
                    Output.line(sql)
                }
                return .normal
            }
        }
    }
}
