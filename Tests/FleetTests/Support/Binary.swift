// The built `kugiri`, started as a real process: run to its end, or held by a handle to be killed
// or stopped. No child outlives its handle.

import FoundationEssentials
import Glibc
import Messaging
import Testing

/// What a process left behind.
struct Ended: Sendable {
    var status: Messaging.ExitStatus
    var stdout: String
    var stderr: String

    /// nil: a signal ended it.
    var code: Int32? {
        if case .exited(let code) = status { return code }
        return nil
    }

    /// Fails the test unless it ended with this code.
    func expect(code: Int32, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try #require(self.code == code, "\(stderr)", sourceLocation: sourceLocation)
    }

    /// SIGKILL ended it.
    var wasKilled: Bool { status == .signalled(SIGKILL) }

    /// The last line of standard error; empty: none.
    var lastErrorLine: String {
        stderr.split(separator: "\n").last.map { String($0) } ?? ""
    }
}

/// The process took longer than its limit and was killed.
struct TookTooLong: Error, CustomStringConvertible {
    var description: String
}

/// The executable under test.
enum Binary {
    /// Longer than any run of these tests on two busy cores.
    static let limit: Duration = .seconds(120)

    /// `KUGIRI_TEST_BINARY`, or next to the test bundle, wherever `--scratch-path` put both.
    static let path: String = {
        if let asked = ProcessInfo.processInfo.environment["KUGIRI_TEST_BINARY"] { return asked }
        let words = CommandLine.arguments.filter { $0.contains(".xctest") }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        for place in [own].compactMap({ $0 }) + words {
            var parts = place.split(separator: "/", omittingEmptySubsequences: false)
            while !parts.isEmpty {
                parts.removeLast()
                let candidate = parts.joined(separator: "/") + "/kugiri"
                if isExecutableFile(candidate) { return candidate }
            }
        }
        preconditionFailure("no kugiri beside the test bundle \(own ?? "?")")
    }()

    private static func isExecutableFile(_ path: String) -> Bool {
        var isDirectory = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        return unsafe isThere && !isDirectory && access(path, X_OK) == 0
    }

    /// The environment of a child: this process's, without what a person set for Kugiri; the mutation
    /// check's choice stays.
    static func environment(_ extra: [String: String]) -> [String: String] {
        var result = ProcessInfo.processInfo.environment.filter {
            $0.key == "KUGIRI_MUTANT_CHOSEN"
                || !$0.key.hasPrefix("KUGIRI_") && !$0.key.hasPrefix("PG")
        }
        for (name, value) in extra { result[name] = value }
        return result
    }

    /// Runs a command to its end.
    ///
    /// - Throws: ``TookTooLong`` when it had to be killed.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], scratch: String,
        limit: Duration = limit
    ) throws -> Ended {
        try start(arguments, environment: environment, scratch: scratch).wait(limit)
    }

    /// Runs a line of shell; `$0` in it is `argument`.
    static func shell(
        _ line: String, _ argument: String, environment extra: [String: String], scratch: String
    ) throws -> Ended {
        let name = "\(scratch)/\(Counter.next())"
        let child = try ChildProcess.start(
            executable: "/bin/bash",
            arguments: [
                "-c", "\(line) 2>'\(name).err'", argument,
            ], environment: environment(extra), output: .file(path: name + ".out"))
        return try Running(child, output: name + ".out", errors: name + ".err", [line]).wait()
    }

    /// Starts a command; its output goes to files in `scratch`.
    ///
    /// - Parameter wrapper: A command that becomes this one, `unshare` for example.
    static func start(
        _ arguments: [String], environment extra: [String: String] = [:], scratch: String,
        wrapper: [String] = []
    ) throws -> Running {
        try startProgram(
            wrapper.first ?? path,
            (wrapper.isEmpty ? [] : wrapper.dropFirst() + [path]) + arguments, environment: extra,
            scratch: scratch)
    }

    /// Starts another program in the same way.
    static func startProgram(
        _ program: String, _ arguments: [String], environment extra: [String: String] = [:],
        scratch: String
    ) throws -> Running {
        let name = "\(scratch)/\(Counter.next())"
        // The shell gives standard error a file of its own, and is replaced by the program.
        let child = try ChildProcess.start(
            executable: "/bin/sh",
            arguments: ["-c", "exec \"$@\" 2>\"$0\"", name + ".err", program] + arguments,
            environment: environment(extra), output: .file(path: name + ".out"))
        return Running(child, output: name + ".out", errors: name + ".err", arguments)
    }
}

/// A process that is running; killed with its last handle.
final class Running {
    private let child: ChildProcess
    private let output: String
    private let errors: String
    private let arguments: [String]

    fileprivate init(
        _ child: ChildProcess, output: String, errors: String, _ arguments: [String]
    ) {
        self.child = child
        self.output = output
        self.errors = errors
        self.arguments = arguments
    }

    deinit {
        guard child.poll() == nil else { return }
        child.kill()
        while child.poll() == nil { usleep(2_000) }
    }

    /// Its process number.
    var pid: Int32 { child.pid }

    /// Whether it has not ended yet.
    var isRunning: Bool { child.poll() == nil }

    /// What it has written to standard output so far.
    var outputSoFar: String { text(output) }

    /// What it has written to standard error so far.
    var errorsSoFar: String { text(errors) }

    /// Its processes: children that call it their parent, by number.
    var children: [Int32] { Processes.children(of: pid) }

    /// Waits until one of its processes stands still at a failpoint.
    func stoppedChild() throws -> Int32 {
        var found: Int32 = 0
        try waitUntil("a stopped worker") {
            found = children.first { Processes.isStopped($0) } ?? 0
            return found != 0 || !isRunning
        }
        try #require(found != 0, "the run ended before a worker stopped")
        return found
    }

    /// Sends a signal while it runs.
    func signal(_ number: Int32) {
        if isRunning { _ = Glibc.kill(pid, number) }
    }

    /// Waits for the end; kills it after the limit.
    func wait(_ limit: Duration = Binary.limit) throws -> Ended {
        let deadline = ContinuousClock.now + limit
        while true {
            if let status = child.poll() {
                return Ended(status: status, stdout: text(output), stderr: text(errors))
            }
            guard ContinuousClock.now < deadline else {
                child.kill()
                while child.poll() == nil { usleep(2_000) }
                throw TookTooLong(
                    description: "kugiri \(arguments.joined(separator: " ")) took more than "
                        + "\(limit):\n\(text(errors))")
            }
            usleep(5_000)
        }
    }

    private func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}

/// What the kernel knows about processes.
enum Processes {
    /// The living children of a process, by number; zombies are left out.
    static func children(of parent: Int32) -> [Int32] {
        all().filter { status(of: $0).map { $0.parent == parent && $0.state != "Z" } ?? false }
            .sorted()
    }

    /// Living processes whose command line holds a text.
    static func naming(_ text: String) -> [Int32] {
        all().filter { self.text(of: $0).contains(text) }
    }

    /// The command line of a process; empty: it is gone.
    static func text(of pid: Int32) -> String {
        FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Whether a process is stopped by a signal.
    static func isStopped(_ pid: Int32) -> Bool { status(of: pid)?.state == "T" }

    /// Whether a process lives; a zombie does not.
    static func isThere(_ pid: Int32) -> Bool { status(of: pid).map { $0.state != "Z" } ?? false }

    private static func all() -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [])
            .compactMap { Int32($0) }
    }

    private static func status(of pid: Int32) -> (parent: Int32, state: String)? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return nil
        }
        // The name in parentheses may hold anything.
        let words = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?
            .split(separator: " ")
        guard let words, words.count > 1, let parent = Int32(words[1]) else { return nil }
        return (parent, String(words[0]))
    }
}

/// Waits until something holds; throws after the limit.
func waitUntil(
    _ what: String, limit: Duration = .seconds(30), _ holds: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + limit
    while try !holds() {
        guard ContinuousClock.now < deadline else {
            throw TookTooLong(description: "waited \(limit) for: \(what)")
        }
        usleep(10_000)
    }
}
