// The built bench over a file small enough for a test, with a real server and a real fleet.

import Bench
import FoundationEssentials
import Glibc
import Messaging
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)))
struct SmokeTests {
    @Test func `a small bench compares everybody and writes results that can be read`() throws {
        let bench = try BuiltBench()
        defer { bench.remove() }
        #expect(try bench.run() == 0, "\(bench.words)")
        let results = try bench.results()
        let measured = Set(results.samples.map(\.contestant))
        #expect(measured == ["kugiri", "script", "floor"])
        #expect(Set(results.samples.map(\.digest)).count == 1)
        #expect(
            results.samples.allSatisfy { $0.seconds > 0 && $0.digest?.hasPrefix("500 ") == true })
        let night = try #require(results.samples.first { $0.contestant == "kugiri" })
        #expect(Set(night.phases.keys) == ["split", "validate", "load", "certify", "publish"])
        #expect(night.processes.first?.name == "coordinator")
        #expect(results.conditions.targetFillfactor == 80)
        #expect(results.conditions.lockBudgetMilliseconds == 500)
        #expect(!FileManager.default.fileExists(atPath: bench.folder + "/arena"))
    }

    @Test func `a script that leaves one other row makes the bench fail`() throws {
        let bench = try BuiltBench()
        defer { bench.remove() }
        // A psql that changes one row behind the script's back.
        try bench.replacePsql(
            """
            case "$*" in */script.sql) exec "$real" "$@" -c "UPDATE member_account SET
                last_amount = last_amount + 1 WHERE customer_number = (SELECT max(customer_number)
                FROM member_account)" ;; esac
            exec "$real" "$@"
            """)
        #expect(try bench.run() == 70)
        #expect(bench.words.contains("script left other rows"), "\(bench.words)")
        #expect(!FileManager.default.fileExists(atPath: bench.folder + "/out/results.json"))
    }
}

/// The bench beside the tests, in a folder of its own.
private final class BuiltBench {
    let folder: String
    private var path: String?

    init() throws {
        folder = "/tmp/kugiri-bench-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o711])
    }

    /// What it said on standard error and output.
    var words: String {
        (try? String(contentsOfFile: folder + "/words", encoding: .utf8)) ?? ""
    }

    /// Puts a shell script before the real psql.
    func replacePsql(_ body: String) throws {
        let programs = folder + "/programs"
        try FileManager.default.createDirectory(
            atPath: programs, withIntermediateDirectories: false)
        let script = "#!/bin/sh\nreal=\"$(command -v -p psql)\"\n\(body)\n"
        try script.write(toFile: programs + "/psql", atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: programs + "/psql")
        path = programs
    }

    /// Runs it to its end; returns the exit code, nil when a signal ended it.
    func run() throws -> Int32? {
        let place = try #require(Self.binaries)
        var environment = ProcessInfo.processInfo.environment
        if let path { environment["PATH"] = "\(path):\(environment["PATH"] ?? "/usr/bin:/bin")" }
        let child = try ChildProcess.start(
            executable: place + "/kugiri-bench",
            arguments: [
                "run", "--records", "500", "--rounds", "1", "--only", "change", "--contestants",
                "kugiri,script,floor", "--directory", folder + "/arena", "--output",
                folder + "/out", "--root", Self.root,
            ], environment: environment, output: .file(path: folder + "/words"))
        while true {
            switch child.poll() {
            case .exited(let code): return code
            case .signalled, .lost: return nil
            case nil: usleep(10_000)
            }
        }
    }

    /// What it wrote.
    func results() throws -> BenchResults {
        let bytes = try #require(
            FileManager.default.contents(atPath: folder + "/out/results.json"))
        return try JSONDecoder().decode(BenchResults.self, from: bytes)
    }

    /// Removes the folder; the bench has stopped its server.
    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// The folder of the built programs: the one above the test bundle that has the bench.
    private static var binaries: String? {
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }
        for place in [own].compactMap({ $0 }) + bundles {
            var parts = place.split(separator: "/")
            while !parts.isEmpty {
                parts.removeLast()
                let folder = "/" + parts.joined(separator: "/")
                if FileManager.default.fileExists(atPath: folder + "/kugiri-bench") {
                    return folder
                }
            }
        }
        return nil
    }

    /// The checkout these tests were compiled from.
    private static var root: String {
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    }
}
