// The catalogue and the ids in code agree, and nothing in a value can forge a line.

import FoundationEssentials
import Journal
import Testing

struct CatalogueTests {
    private func parse(_ text: String) throws -> Catalogue { try Catalogue.parse(Array(text.utf8)) }

    @Test func `every id in code has a text, every text an id in code, with the same arguments`()
        throws
    {
        let source = try MessageSources.text()
        var documented: [String] = []
        var inCode: [String] = []
        for line in source.split(separator: "\n") {
            let ticks = line.split(separator: "`", omittingEmptySubsequences: false)
            if line.contains("/// Arguments:") { documented = [] }
            if line.contains("    ///") {
                documented += stride(from: 1, to: ticks.count, by: 2).map { String(ticks[$0]) }
            }
            guard line.contains("static let") else { continue }
            let quoted = line.split(separator: "\"")
            let id = try #require(MessageID(rawValue: String(quoted[1])))
            #expect(Catalogue.english.argumentNames(of: id) == documented, "\(id)")
            inCode.append(id.rawValue)
        }
        #expect(inCode.sorted() == Catalogue.english.ids.map(\.rawValue))
        #expect(inCode.count == Set(inCode).count)
        #expect(inCode.count >= 70)
    }

    @Test func `every error says what to do next`() {
        let results: [MessageID] = [.runEndedAbnormal]
        for id in Catalogue.english.ids where id.severity == .error && !results.contains(id) {
            let text = LogMessage(id).text()
            #expect(text.contains(";") || text.contains(":"), "\(id) \(text)")
        }
    }

    @Test func `advice names only commands that exist`() throws {
        // The subcommands of `Sources/kugiri/Kugiri.swift`, and those of `db`.
        let commands: Set = [
            "run", "resume", "rerun", "backout", "validate", "plan", "lint", "runs", "report",
            "rejects", "certificate",
            "sample", "db", "worker", "status", "keys", "partitions", "workers", "conflicts",
            "logs", "why", "explain", "doctor", "purge", "coordinator", "cancel", "drill",
        ]
        let database: Set = ["url", "stop", "remove", "migrate", "lock-trigger"]
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources").standardizedFileURL.path
        let files = try FileManager.default.subpathsOfDirectory(atPath: root)
            .filter { $0.hasSuffix(".swift") || $0.hasSuffix("messages.txt") }
        var advice = 0
        for file in files {
            let text = String(
                decoding: try Data(contentsOf: URL(filePath: "\(root)/\(file)")), as: UTF8.self)
            for piece in text.split(separator: "'kugiri ", omittingEmptySubsequences: false)
                .dropFirst()
            {
                let words = piece.prefix { $0 != "'" && $0 != "\n" }.split(separator: " ")
                let command = String(words.first ?? "")
                #expect(commands.contains(command), "\(file): kugiri \(command)")
                if command == "db" {
                    #expect(words.count > 1 && database.contains(String(words[1])), "\(file)")
                }
                advice += 1
            }
        }
        #expect(advice > 10)
    }

    @Test func `the three result lines have one form`() {
        let texts = [MessageID.runEndedNormal, .runEndedWarning, .runEndedAbnormal].map {
            LogMessage($0).text()
        }
        #expect(Set(texts).count == 1)
        #expect(
            texts[0]
                == "run={run} job={job} result={result} exit={exit} input={input} loaded={loaded} "
                + "unchanged={unchanged} rejected={rejected} conflicts={conflicts} "
                + "partitions={partitions} elapsed={elapsed}")
    }

    @Test func `a missing argument shows its name and an unknown id its arguments`() {
        let left = LogMessage(.workerLeft, ["worker": "tokyo"])
        #expect(left.text() == "worker tokyo left: {reason}")
        #expect(left.line() == "KGR6002I worker tokyo left: {reason}")
        let unknown = LogMessage("KGR0001E", ["path": "/a", "line": "3"])
        #expect(unknown.text() == "path=/a line=3")
    }

    @Test func `a value with braces is not read again`() throws {
        let catalogue = try parse("KGR1001I {a} and {b}\n")
        #expect(catalogue.render("KGR1001I", [("a", "{b}"), ("b", "x")]) == "{b} and x")
    }

    @Test func `a translation may move its arguments`() throws {
        let catalogue = try parse("# 日本語\n\nKGR6002I {reason}のためワーカー{worker}が離脱\n")
        let message = LogMessage(.workerLeft, ["worker": "東京", "reason": "終了"])
        #expect(message.text(in: catalogue) == "終了のためワーカー東京が離脱")
    }

    @Test(arguments: [
        ("\nKGR1001X text", CatalogueError.Kind.notAnID("KGR1001X"), 2),
        ("KGR1001I", .noText("KGR1001I"), 1),
        ("KGR1001I a\nKGR1001I b", .idTwice("KGR1001I"), 2),
        ("KGR1001I {a", .braces("KGR1001I"), 1),
        ("KGR1001I a}", .braces("KGR1001I"), 1),
        ("KGR1001I {}", .braces("KGR1001I"), 1),
        ("KGR1001I a\u{1B}[2J", .controlCharacter("KGR1001I"), 1),
    ])
    func `a wrong catalogue is refused with its line`(
        text: String, kind: CatalogueError.Kind, line: Int
    ) throws {
        let error = #expect(throws: CatalogueError.self) { try parse(text) }
        #expect(error?.kind == kind)
        #expect(error?.line == line)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: CatalogueError.self) {
            try Catalogue.parse(Array("KGR1001I ".utf8) + [0xFF])
        }
    }

    @Test(arguments: ["KGR1001", "KGR10011I", "KGR1001i", "KGX1001I", "KGR１01I", "", "KGR-001I"])
    func `what is not an id is none`(text: String) {
        #expect(MessageID(rawValue: text) == nil)
    }

    @Test(arguments: [
        ("a\nb", "a\\u{A}b"), ("\r\n", "\\u{D}\\u{A}"), ("\u{1B}[2J", "\\u{1B}[2J"),
        ("\u{7F}\u{9B}", "\\u{7F}\\u{9B}"), ("a\u{2028}\u{2029}", "a\\u{2028}\\u{2029}"),
        ("\u{202E}gpj.exe", "\\u{202E}gpj.exe"), ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"),
        ("ｶﾌﾞｼｷ 株式 é", "ｶﾌﾞｼｷ 株式 é"), ("", ""),
    ])
    func `controls are shown, other characters stay`(raw: String, shown: String) {
        #expect(Escaping.escaped(raw) == shown)
    }

    @Test func `a long value is cut at its limit`() {
        let limit = JournalLimits.valueCharactersMax
        let exact = String(repeating: "x", count: limit)
        #expect(Escaping.escaped(exact) == exact)
        #expect(Escaping.escaped(exact + "y") == exact + "…")
    }
}

/// The files that hold the ids of messages.
enum MessageSources {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/Journal").standardizedFileURL.path

    /// Their names, without the folder.
    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix("MessageIDs") && $0.hasSuffix(".swift") }.sorted()
    }

    /// All of them, one after the other.
    static func text() throws -> String {
        try names().map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
            .joined(separator: "\n")
    }
}
