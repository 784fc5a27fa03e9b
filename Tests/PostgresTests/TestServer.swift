// One private server for the whole test run, and small helpers to talk to it.

import Glibc
import Postgres
import Testing

extension Tag {
    /// Needs the server programs of PostgreSQL.
    @Tag static var postgres: Self
}

/// Everything that needs the server; one after the other, since two cores share it.
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
        let server = PrivateServer(directory: scratchPath("shared"))
        let url = try server.start()
        do {
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

/// A path of this run under /tmp, which every account can reach.
func scratchPath(_ name: String) -> String { "/tmp/kugiri-test-\(getpid())-\(name)" }

/// A connection to the server of this run.
func connect(
    idle: (() throws -> Void)? = nil, commitObserver: ((CommitMoment) throws -> Void)? = nil
) throws -> Connection {
    try Connection(
        url: TestServer.url, applicationName: "kugiri/test", idle: idle,
        commitObserver: commitObserver)
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

/// An error of the tests' own.
struct Interruption: Error, Equatable {}

/// A value that an escaping closure can change.
final class Box<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
}
