// One private PostgreSQL for all fleet tests, and a fresh database for each.

import FoundationEssentials
import Glibc
import Postgres
import Synchronization
import Testing

extension Tag {
    /// Starts real processes on a real PostgreSQL.
    @Tag static var fleet: Self
}

/// Everything that starts a fleet; one after the other, since two cores share it.
@Suite(.serialized, .tags(.fleet), .fleetServer)
enum FleetTests {}

/// Starts the private server before the suite and removes it afterwards.
struct FleetServer: SuiteTrait, TestScoping {
    /// URL of the server's database `kugiri`; empty outside the suite.
    @TaskLocal static var url = ""
    /// The folder of the server and its settings.
    static let folder = "/tmp/kugiri-fleet-\(getpid())"
    /// The server itself.
    static var server: PrivateServer { PrivateServer(directory: "\(folder)/postgres") }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let folder = Self.folder
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o711])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = Self.server
        let url = try server.start()
        do {
            try Self.makeTemplate(url, scratch: folder)
            try await Self.$url.withValue(url) { try await function() }
        } catch {
            try server.remove()
            throw error
        }
        try server.remove()
    }

    /// The last lines of the server's log.
    static var logTail: String {
        let folder = "\(folder)/postgres/log"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.map { name in
            let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").suffix(25).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The URL of another database of a server.
    static func url(of database: String, on server: String = url) -> String {
        server.replacing(
            "postgresql:///kugiri?", with: "postgresql:///\(database)?", maxReplacements: 1)
    }

    /// A database with the ledger's schema, the target table and its lock trigger.
    private static func makeTemplate(_ server: String, scratch: String) throws {
        let connection = try Connection(url: server, applicationName: "test/server")
        // The tests kill processes, not the machine.
        try connection.execute("ALTER SYSTEM SET fsync = off")
        try connection.execute("SELECT pg_reload_conf()")
        try connection.execute("CREATE DATABASE template_night")
        let url = url(of: "template_night", on: server)
        let settings = "\(scratch)/template.yaml"
        try Settings91(database: url).text
            .write(toFile: settings, atomically: false, encoding: .utf8)
        let trigger = try Binary.run(["db", "lock-trigger", "member_account"], scratch: scratch)
        try #require(trigger.code == 0, "\(trigger.stderr)")
        // Before the schema `kugiri` is there: the user of that name would put the table into it.
        let target = try Connection(url: url, applicationName: "test/server")
        let table = try String(
            contentsOfFile: Repository.path("ops/sql/member_account.sql"), encoding: .utf8)
        try target.execute(table)
        try target.execute(trigger.stdout)
        let migrated = try Binary.run(
            ["db", "migrate", "--settings", settings], scratch: scratch)
        try #require(migrated.code == 0, "\(migrated.stderr)")
        // A sequence that was used in a template forgets its values in a copy that crashes: the
        // server logs 32 values ahead, in the template. So none of the template's is used.
        try target.execute("TRUNCATE kugiri.audit RESTART IDENTITY")
    }
}

extension Trait where Self == FleetServer {
    static var fleetServer: Self { FleetServer() }
}

/// The checkout these tests were compiled from.
enum Repository {
    /// A path in it, for tests outside this folder.
    static func file(_ relative: String) -> String { path(relative) }

    /// A path in it.
    static func path(_ relative: String, here: String = #filePath) -> String {
        let parts = here.split(separator: "/")
        // Tests/FleetTests/Support/FleetServer.swift
        return "/" + parts.dropLast(4).joined(separator: "/") + "/" + relative
    }
}

extension Repository {
    /// The text of a file in it.
    static func text(of relative: String) throws -> String {
        try String(contentsOfFile: path(relative), encoding: .utf8)
    }
}

/// Numbers for names, unique in this process.
enum Counter {
    private static let last = Atomic<Int>(0)
    static func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
