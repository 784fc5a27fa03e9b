// One private server for the tests of this module, with the ledger's schema in it.

import Glibc
import Ledger
import Postgres
import Testing

extension Tag {
    /// Needs the server programs of PostgreSQL.
    @Tag static var postgres: Self
}

/// Everything that needs the server; one after the other, since they share its tables.
@Suite(.serialized, .tags(.postgres), .timeLimit(.minutes(5)), .testServer)
enum PostgresTests {}

/// Starts a private server before the suite and removes it afterwards.
struct TestServer: SuiteTrait, TestScoping {
    /// The URL of the server of this run; empty outside the suite.
    @TaskLocal static var url = ""

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let server = PrivateServer(directory: "/tmp/kugiri-test-\(getpid())-loading")
        let url = try server.start()
        do {
            try Schema.migrate(Connection(url: url, applicationName: "kugiri/test"))
            try await Self.$url.withValue(url) { try await function() }
        } catch {
            try server.remove()
            throw error
        }
        try server.remove()
    }
}

extension Trait where Self == TestServer {
    static var testServer: Self { TestServer() }
}

/// A connection to the server of this run.
func connect(_ applicationName: String = "kugiri/test") throws -> Connection {
    try Connection(url: TestServer.url, applicationName: applicationName)
}

/// The PostgresError that the block throws; nil: it throws nothing or something else.
func caught(_ body: () throws -> Void) -> PostgresError? {
    do {
        try body()
        return nil
    } catch {
        return error as? PostgresError
    }
}
