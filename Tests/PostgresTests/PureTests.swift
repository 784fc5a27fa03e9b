// What needs no server: URLs that must not be repeated, quoting, kinds of error.

import Testing

@testable import Postgres

@Suite struct PureTests {
    @Test(arguments: [
        "postgresql://me:sesame@host:port/db", "postgresql://me:ses@sesame@localhost/db",
        "postgresql://me:12/sesame@localhost/db", "postgresql://me:sesame%zz@localhost/db",
        "postgresql://me:ses?sesame@localhost/db", "postgresql://me:sesame@[::1/db",
        "host=localhost password=open sesame", "host=localhost password='sesame",
        "postgres://me:ses/sesame@localhost/db",
    ])
    func `a malformed URL is refused without its password`(_ url: String) {
        let error = #expect(throws: PostgresError.self) {
            _ = try Connection(url: url, applicationName: "kugiri/test")
        }
        #expect(error?.sqlState == "42601")
        #expect(
            "\(error?.message ?? "") \(error.map(String.init(reflecting:)) ?? "")".contains(
                "sesame") == false)
    }

    @Test func `a server that is not there is a failed connection`() {
        let error = #expect(throws: PostgresError.self) {
            _ = try Connection(
                url: "postgresql://me:sesame@/db?host=/nonexistent", applicationName: "kugiri/test")
        }
        #expect(error?.kind == .connection)
        #expect(error?.connectionLost == true)
        #expect(error?.message.contains("sesame") == false)
    }

    @Test(arguments: [
        "postgresql:///kugiri?host=/tmp", "postgresql://me@[::1]:5432,other:5433/db",
        "host=localhost user=me", "kugiri", "",
    ])
    func `a well-formed URL is accepted`(_ url: String) throws {
        try checkURL(url)
    }

    @Test(arguments: [
        ("08006", PostgresError.Kind.connection), ("57P02", .connection), ("57P03", .connection),
        ("55P03", .lockNotAvailable), ("53300", .resources), ("23514", .data),
        ("28P01", .permission),
        ("3F000", .undefined), ("42883", .undefined), ("42804", .bug), ("XX001", .bug),
        ("58030", .other),
    ])
    func `every class of SQLSTATE has its kind`(_ state: String, _ kind: PostgresError.Kind) {
        #expect(PostgresError(sqlState: state, message: "").kind == kind)
    }

    @Test(arguments: [
        ("08006", true), ("57P01", true), ("57P03", true), ("53100", true), ("53200", true),
        ("53300", true), ("55P03", false), ("28P01", false), ("58030", false), ("42P01", false),
    ])
    func `what passes by itself is told from what does not`(_ state: String, _ passes: Bool) {
        #expect(PostgresError(sqlState: state, message: "").isPassing == passes)
    }

    @Test func `a refused login shows its SQLSTATE`() throws {
        let text =
            "connection to server at \"h\", port 5432 failed: FATAL:  28P01: password"
            + " authentication failed for user \"me\"\nLOCATION:  auth_failed, auth.c:326"
        let parts = try #require(splitLoginMessage(text))
        #expect(parts.sqlState == "28P01")
        #expect(parts.message.hasSuffix("FATAL:  password authentication failed for user \"me\""))
        #expect(splitLoginMessage("could not connect: Connection refused") == nil)
    }

    @Test(arguments: [("a", "\"a\""), ("a\"b", "\"a\"\"b\""), ("区切り", "\"区切り\""), ("", "\"\"")])
    func `identifiers are quoted`(_ name: String, _ quoted: String) {
        #expect(quoteIdentifier(name) == quoted)
    }

    @Test func `constants are quoted, with backslashes as they are`() {
        #expect(quoteLiteral("it's a \\") == "'it''s a \\'")
    }
}
