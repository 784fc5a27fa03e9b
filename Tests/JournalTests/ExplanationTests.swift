// Every message has an explanation that is true of this version, and the runbook is made from them.

import FoundationEssentials
import Journal
import Testing

struct ExplanationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../..").standardizedFileURL.path

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(Self.root)/\(path)", encoding: .utf8)
    }

    private func parse(_ text: String) throws -> Explanations {
        try Explanations.parse(Array(text.utf8))
    }

    @Test func `every message of the catalogue is explained, and no other`() {
        let explained = Explanations.english.all.map(\.topic).filter { $0.hasPrefix("KGR") }
        #expect(explained == Catalogue.english.ids.map(\.rawValue))
    }

    @Test func `a message is explained as not in use if and only if no code uses it`() throws {
        var used: Set<String> = []
        var sources = ""
        let files = try FileManager.default.subpathsOfDirectory(atPath: "\(Self.root)/Sources")
        let lists = Set(try MessageSources.names().map { "Journal/\($0)" })
        for file in files where file.hasSuffix(".swift") && !lists.contains(file) {
            sources += try text("Sources/\(file)")
        }
        let code = Set(sources.split { !$0.isLetter && !$0.isNumber && $0 != "." })
        for line in try MessageSources.text().split(separator: "\n")
        where line.contains("static let") {
            let words = line.split(separator: " ")
            let name = try #require(words.first { $0.hasSuffix(":") }).dropLast()
            let id = line.split(separator: "\"")[1]
            if code.contains(where: { $0 == ".\(name)" || $0 == "MessageID.\(name)" }) {
                used.insert(String(id))
            }
        }
        for entry in Explanations.english.all where entry.topic.hasPrefix("KGR") {
            #expect((entry.reserved == nil) == used.contains(entry.topic), "\(entry.topic)")
        }
        #expect(used.count > 50)
    }

    @Test func `the runbook is the one the explanations make`() throws {
        // When this fails: kugiri explain --runbook > ops/runbook.md
        #expect(try text("ops/runbook.md") == Explanations.english.runbook())
    }

    @Test func `commands in explanations are commands of this binary`() throws {
        let source = try text("Sources/kugiri/Kugiri.swift")
        let words = source.split { !$0.isLetter }
        let known = Set(
            words.filter { $0.hasSuffix("Command") && $0 != "ParsableCommand" }
                .map { $0.dropLast("Command".count).lowercased() }
        ).union(["db", "help"])
        var seen = 0
        for entry in Explanations.english.all {
            for (_, answer) in entry.answers {
                for piece in answer.split(separator: "`kugiri ", omittingEmptySubsequences: false)
                    .dropFirst()
                {
                    let command = String(piece.prefix { $0.isLetter })
                    #expect(known.contains(command), "\(entry.topic): kugiri \(command)")
                    seen += 1
                }
            }
        }
        #expect(seen > 50)
    }

    @Test func `a topic is found in whatever case it is typed`() {
        #expect(Explanations.english.find("kgr3050e")?.topic == "KGR3050E")
        #expect(Explanations.english.find("ENUM")?.topic == "enum")
        #expect(Explanations.english.find("KGR0000E") == nil)
    }

    @Test(arguments: [
        ("[8] a\ncause: b\n", 3, "8 has no 'check'"),
        ("cause: b\n", 1, "expected '[topic]' or 'name: text'"),
        ("[8] a\nreserved: r\n[8] b\n", 3, "8 is there twice"),
        ("[8] a\nreserved: r\ncause: b\n", 4, "8 is reserved and has answers"),
        ("[8] a\ncauses: b\n", 2, "'causes' is unknown, empty, or there twice"),
        ("[8] a\ncause:\n", 2, "'cause' is unknown, empty, or there twice"),
        ("[8 a\n", 1, "a topic is written [topic]"),
        ("[8] a\u{1B}\n", 1, "a control character"),
    ])
    func `a wrong file is refused with its line`(text: String, line: Int, reason: String) {
        let error = #expect(throws: ExplanationError.self) { try parse(text) }
        #expect(error?.line == line)
        #expect(error?.reason == reason)
    }
}

struct RunLogReaderTests {
    private func withLog(_ text: String, _ body: (String) throws -> Void) throws {
        let folder = "/tmp/kugiri-log-\(ProcessInfo.processInfo.processIdentifier)-\(text.count)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text.write(toFile: "\(folder)/run.jsonl", atomically: false, encoding: .utf8)
        try body(folder)
    }

    private let line =
        #"{"args":{"reason":"done","worker":"w1"},"id":"KGR6002I","severity":"I","#
        + #""time":"2026-11-20T02:00:01.123+09:00","worker":"w1"}"# + "\n"

    @Test func `what was written is read back as run.log shows it`() throws {
        try withLog("") { folder in
            let log = try RunLog(directory: folder)
            log.write(
                LogMessage(.workerLeft, ["worker": "w1", "reason": "a\u{1B}[2Jb"]), worker: "w1",
                partition: 3)
            let people = try String(contentsOfFile: "\(folder)/run.log", encoding: .utf8)
            var reader = try RunLogReader(directory: folder)
            guard case .event(let event)? = try reader.next() else {
                Issue.record("no event")
                return
            }
            #expect(event.text() + "\n" == people)
            #expect(event.partition == 3)
            #expect(!event.text().contains("\u{1B}"))
            #expect(try reader.next() == nil)
        }
    }

    @Test func `a half line waits for its rest`() throws {
        try withLog(String(line.prefix(40))) { folder in
            var reader = try RunLogReader(directory: folder)
            #expect(try reader.next() == nil)
            // Written over: the reader stands at byte 40.
            try line.write(toFile: "\(folder)/run.jsonl", atomically: false, encoding: .utf8)
            guard case .event(let event)? = try reader.next() else {
                Issue.record("no event")
                return
            }
            #expect(event.id == .workerLeft)
        }
    }

    @Test func `a line nobody wrote is shown without its controls, and reading goes on`() throws {
        try withLog("torn \u{1B}[31m\n" + line) { folder in
            var reader = try RunLogReader(directory: folder)
            #expect(try reader.next() == .foreign("torn \\u{1B}[31m"))
            guard case .event? = try reader.next() else {
                Issue.record("no event")
                return
            }
        }
    }

    @Test func `a line beyond the limit is cut and skipped`() throws {
        try withLog(String(repeating: "x", count: 3 << 20) + "\n" + line) { folder in
            var reader = try RunLogReader(directory: folder)
            guard case .foreign(let text)? = try reader.next() else {
                Issue.record("no cut line")
                return
            }
            #expect(text.count < 300)
            guard case .event? = try reader.next() else {
                Issue.record("no event")
                return
            }
            #expect(try reader.next() == nil)
        }
    }
}
