// The tutorial is typed in as it stands: its files are written, its commands run, and what it
// shows of their output must be the end of what they print.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct TutorialTests {
        /// A command with the lines that the tutorial shows behind it.
        private struct Step {
            var command: String
            var shown: [String]
        }

        @Test func `every file and command of the tutorial works as written`() throws {
            let text = try String(
                contentsOfFile: Repository.file("ops/tutorial.md"), encoding: .utf8)
            let folder = "/tmp/kf-tutorial-\(getpid())"
            try FileManager.default.createDirectory(
                atPath: "\(folder)/out", withIntermediateDirectories: true)
            defer {
                // What is removed already is no fault here.
                _ = try? type("kugiri db remove --yes", in: folder)
                try? FileManager.default.removeItem(atPath: folder)
            }
            let files = Self.files(text)
            try #require(files.count == 5)
            for (name, body) in files {
                try body.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            }
            let steps = Self.steps(text)
            try #require(steps.count == 12)
            for step in steps {
                let ended = try type(step.command, in: folder)
                #expect(ended.code == 0, "\(step.command): \(ended.stderr)")
                let lines = ended.stdout.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { String($0) }.dropLast()
                #expect(
                    Array(lines.suffix(step.shown.count)) == step.shown,
                    "\(step.command): \(ended.stdout)\(ended.stderr)")
            }
        }

        /// Types a command into a shell that stands in the folder and finds this build first.
        private func type(_ command: String, in folder: String) throws -> Ended {
            let binaries = URL(filePath: Binary.path).deletingLastPathComponent().path
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            return try Binary.start(
                [], environment: ["PATH": "\(binaries):\(path)"], scratch: "\(folder)/out",
                wrapper: ["bash", "-c", "cd '\(folder)' && \(command)"]
            ).wait()
        }

        /// Blocks under a line that is a file's name, by that name.
        private static func files(_ text: String) -> [(name: String, body: String)] {
            var found: [(String, String)] = []
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
            var name: String?
            while let line = lines.popFirst() {
                if line.hasPrefix("```"), line.count > 3 {
                    let body = lines.prefix { $0 != "```" }
                    lines = lines.dropFirst(body.count + 1)
                    guard line != "```console", let known = name else { continue }
                    found.append((known, body.joined(separator: "\n") + "\n"))
                    name = nil
                } else if line.hasPrefix("`"), let end = line.dropFirst().firstIndex(of: "`") {
                    name = String(line[line.index(after: line.startIndex)..<end])
                } else if !line.isEmpty {
                    name = nil
                }
            }
            return found
        }

        /// The commands of the console blocks.
        private static func steps(_ text: String) -> [Step] {
            var found: [Step] = []
            var isConsole = false
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("```") {
                    isConsole = line == "```console"
                } else if isConsole, line.hasPrefix("$ ") {
                    found.append(Step(command: String(line.dropFirst(2)), shown: []))
                } else if isConsole, !found.isEmpty {
                    found[found.count - 1].shown.append(String(line))
                }
            }
            return found
        }
    }
}
