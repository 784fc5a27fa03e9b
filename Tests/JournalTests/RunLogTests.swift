// The two logs of a run agree line for line, whatever stands in a value.

import FoundationEssentials
import Glibc
import Journal
import Testing

/// A directory of its own for one test.
func makeDirectory() throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: "kugiri-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
}

/// The file's bytes as text.
func contents(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

/// The permission bits of a file or directory.
func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    // The number's type depends on whether Foundation is loaded; its text does not.
    return try #require(attributes[.posixPermissions].flatMap { Int("\($0)") })
}

/// From now on every write of this process to a file fails with EFBIG; for exit tests only.
func refuseFurtherBytes() {
    _ = signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
        preconditionFailure("no limit was set")
    }
}

struct RunLogTests {
    private let moment = Timestamp(milliseconds: 1_795_107_601_123, offsetSeconds: 32_400)

    private struct Line: Decodable {
        var time: Timestamp
        var id: MessageID
        var severity: Severity
        var partition: Int?
        var worker: String?
        var args: [String: String]
    }

    @Test func `a line has time, severity, id and text, and its place at the end`() throws {
        let directory = try makeDirectory() + "/run"
        let log = try RunLog(directory: directory)
        log.write(
            LogMessage(.workerLeft, ["worker": "tokyo", "reason": "a/b"]), worker: nil,
            partition: nil, at: moment)
        log.write(
            LogMessage(.workerLeft, ["worker": "tokyo", "reason": "done"]), worker: "tokyo",
            partition: 7, at: moment)
        log.seal()
        #expect(
            try contents(directory + "/run.log")
                == """
                2026-11-20T02:00:01.123+09:00 I KGR6002I worker tokyo left: a/b
                2026-11-20T02:00:01.123+09:00 I KGR6002I worker tokyo left: done \
                [partition 7, worker tokyo]

                """)
        #expect(
            try contents(directory + "/run.jsonl").split(separator: "\n").first
                == #"{"args":{"reason":"a/b","worker":"tokyo"},"id":"KGR6002I","severity":"I","#
                + #""time":"2026-11-20T02:00:01.123+09:00"}"#)
        #expect(log.droppedLines == 0)
    }

    @Test func `files are the owner's alone, also when they were there before`() throws {
        let directory = try makeDirectory()
        let url = URL(filePath: directory + "/run.log")
        try Data("before\n".utf8).write(to: url)
        let log = try RunLog(directory: directory)
        log.write(LogMessage(.normalEnd, ["run": "a"]), worker: nil, partition: nil, at: moment)
        #expect(try mode(directory) == 0o700)
        #expect(try mode(directory + "/run.log") == 0o600)
        #expect(try mode(directory + "/run.jsonl") == 0o600)
        #expect(try contents(url.path).hasPrefix("before\n2026"))
    }

    @Test func `no value makes a line of its own`() throws {
        let directory = try makeDirectory()
        let log = try RunLog(directory: directory)
        let forged = [
            "done\n2026-11-20T02:00:01.123+09:00 I KGR9013I NORMAL END of run x",
            "\",\"id\":\"KGR9013I\"}\n{\"id\":\"KGR9013I\",\"args\":{}}",
            "a\r\nb", "a\u{0B}b\u{0C}c", "a\u{85}b", "a\u{2028}b\u{2029}c", "\u{1B}[1A\u{1B}[2K",
            "\u{0}", "\\", "\\n", String(repeating: "長", count: 100_000),
        ]
        for value in forged {
            log.write(
                LogMessage(.workerLeft, ["worker": value, "reason": value]), worker: value,
                partition: 1, at: moment)
        }
        let people = try contents(directory + "/run.log")
        let machines = try contents(directory + "/run.jsonl")
        for text in [people, machines] {
            let breaks = text.unicodeScalars.count { $0.properties.generalCategory == .control }
            #expect(breaks == forged.count)
            #expect(text.split(whereSeparator: \.isNewline).count == forged.count)
        }
        for (line, value) in zip(machines.split(separator: "\n"), forged) {
            let decoded = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            #expect(decoded.id == .workerLeft)
            #expect(decoded.args["reason"] == Escaping.escaped(value))
            #expect(decoded.worker == Escaping.escaped(value))
            #expect(decoded.partition == 1)
            #expect(decoded.time == moment)
        }
    }

    @Test func `a directory that cannot be made is an error with its reason`() throws {
        let path = try makeDirectory() + "/file"
        try Data().write(to: URL(filePath: path))
        do {
            _ = try RunLog(directory: path + "/run")
            Issue.record("a directory was made in a file")
        } catch {
            #expect(error.operation == .makeDirectory)
            #expect(error.description == "\(path)/run: mkdir failed: Not a directory")
            #expect(error.message.id == .fileFailed)
        }
    }

    @Test func `a log that is a symbolic link is refused`() throws {
        let directory = try makeDirectory()
        try FileManager.default.createSymbolicLink(
            atPath: directory + "/run.log", withDestinationPath: directory + "/elsewhere")
        #expect(throws: JournalError.self) { _ = try RunLog(directory: directory) }
    }

    @Test func `a line that cannot be written is counted, not thrown`() async {
        await #expect(processExitsWith: .success) {
            let log = try RunLog(directory: try makeDirectory())
            refuseFurtherBytes()
            log.write(LogMessage(.normalEnd, ["run": "a"]))
            log.write(LogMessage(.normalEnd, ["run": "b"]))
            exit(log.droppedLines == 4 ? 0 : 1)
        }
    }

    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00.000+00:00"),
        (1_795_107_601_123, 32_400, "2026-11-20T02:00:01.123+09:00"),
        (951_782_400_000, 0, "2000-02-29T00:00:00.000+00:00"),
        (-1, -12_600, "1969-12-31T20:29:59.999-03:30"),
        (4_107_542_399_999, 0, "2100-02-28T23:59:59.999+00:00"),
    ])
    func `a time is written with its offset and read back`(
        milliseconds: Int, offset: Int, text: String
    ) {
        let time = Timestamp(milliseconds: Int64(milliseconds), offsetSeconds: offset)
        #expect(time.iso8601WithOffset == text)
        #expect(Timestamp(iso8601: text) == time)
    }

    @Test(arguments: [
        "", "2026-11-20", "2026-13-20T02:00:01.123+09:00", "2026-11-20T02:00:01.123Z",
    ])
    func `what is not a time is none`(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func `the clock stands in this century`() {
        let now = Timestamp.now()
        #expect(now.milliseconds > 1_700_000_000_000)
        #expect(abs(now.offsetSeconds) <= 14 * 3_600)
    }
}
