// Files made to hurt: they are refused, quickly, and never half read.

import FoundationEssentials
import Glibc
import Settings
import Testing

private func refusal(_ text: String) -> (faults: [SettingsFault], elapsed: Duration) {
    var found: [SettingsFault] = []
    let elapsed = ContinuousClock().measure { found = faults(text) }
    return (found, elapsed)
}

/// Ten levels of nine aliases each: a thousand million texts, if anyone counted.
private func laughs(asKey: Bool) -> String {
    var lines = ["kugiri: 1", "a0: &a0 [lol, lol]"]
    for level in 1...10 {
        let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
        lines.append(
            asKey ? "? &a\(level) [\(aliases)]\n: x" : "a\(level): &a\(level) [\(aliases)]")
    }
    return lines.joined(separator: "\n")
}

@Test(arguments: [false, true])
func `a file of aliases of aliases is refused in less than 50 ms`(_ asKey: Bool) {
    // The best of five: other tests run on the same cores meanwhile.
    let attempts = (1...5).map { _ in refusal(laughs(asKey: asKey)) }

    #expect(attempts.allSatisfy { $0.faults.contains { $0.message.hasPrefix("anchors") } })
    #expect(attempts.contains { $0.elapsed < .milliseconds(50) })
}

@Test func `an anchor before a map on the next line is named`() {
    let found = faults(changed("target:\n", "target: &target\n"))

    #expect(found.first?.message.hasPrefix("anchors") == true)
    #expect(found.first?.line == 7)
    #expect(found.first?.column == 13)
}

@Test func `the characters of anchors, aliases and tags are text where YAML takes them as text`()
    throws
{
    let text = changed("program: KGRB091", "program: a & b *c !d # &e *f\n    #* &g")
    #expect(try settings(text).jobs["debit-result"]?.program == "a & b *c !d")

    let quoted = changed("program: KGRB091", "program: \"*a &b !c\"")
    #expect(try settings(quoted).jobs["debit-result"]?.program == "*a &b !c")
}

@Test func `an alias behind a quote in the middle of text is seen`() {
    let found = faults(changed("program: KGRB091", "program: it's\n      \"one\n    other: *a"))
    #expect(found.contains { $0.message.hasPrefix("aliases") })
}

@Test func `deep nesting is refused`() {
    for depth in [21, 900, 100_000] {
        let text =
            "kugiri: " + String(repeating: "[", count: depth)
            + String(repeating: "]", count: depth)
        let (found, elapsed) = refusal(text)
        #expect(found.count == 1)
        #expect(elapsed < .seconds(1))
    }
    let found = faults("kugiri: " + String(repeating: "{a: ", count: 30))
    #expect(found.count == 1)
}

@Test func `a file over the size limit is refused before it is parsed`() {
    let text = "kugiri: " + String(repeating: "a", count: SettingsLimits.fileBytesMax)
    let (found, elapsed) = refusal(text)

    #expect(found.map(\.message) == ["the file has 1048584 bytes; 1048576 are allowed"])
    #expect(elapsed < .milliseconds(500))
}

@Test func `a file with too many values is refused once`() {
    for count in [SettingsLimits.nodesMax, 500_000] {
        let text = "kugiri: [" + String(repeating: "1,", count: count) + "]"
        #expect(faults(text).map(\.message) == ["the file has more than 20000 values"])
    }
}

@Test(arguments: [
    "", "\n", "# only a comment\n", "a: \u{0}", "a: \u{7}", "\t- a", "a: [", "'", "%TAG ! x", "- 1",
    "? [a]\n: b", "kugiri", "--- \n...\n", "a: \u{E001}", "\u{FEFF}",
])
func `a text that is no settings file is refused with a place`(_ text: String) {
    let found = faults(text)
    #expect(!found.isEmpty)
    #expect(found.allSatisfy { $0.line >= 1 && $0.column >= 1 })
}

@Test func `line ends of other systems are accepted`() throws {
    var windows = ""
    for character in shortest { windows += character == "\n" ? "\r\n" : String(character) }
    #expect(try settings(windows) == settings(shortest))
}

@Test func `every cut of a good file is refused or read, never a crash`() {
    for length in stride(from: 0, to: shortest.count, by: 3) {
        for fault in faults(String(shortest.prefix(length))) { #expect(!fault.rendered.isEmpty) }
    }
}

@Test func `a settings file that is a pipe, a device or a folder is refused and not waited for`()
    throws
{
    let pipe = "/tmp/kugiri-test-\(getpid())-settings-pipe"
    try #require(unsafe mkfifo(pipe, 0o600) == 0)
    defer { _ = unsafe unlink(pipe) }
    for path in [pipe, "/dev/zero", "/tmp"] {
        let error = #expect(throws: SettingsFaults.self) {
            try Settings.load(path: path, environment: [:])
        }
        #expect(error?.description == "\(path): this is not a regular file")
    }
}

@Test func `a contract of aliases of aliases is refused in less than 50 ms`() throws {
    let folder = "/tmp/kugiri-test-\(getpid())-contracts"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = laughs(asKey: false).replacing("kugiri: 1", with: "contract: laughs")
    try text.write(toFile: "\(folder)/laughs.yaml", atomically: false, encoding: .utf8)
    var quickest = Duration.seconds(60)
    for _ in 1...5 {
        let elapsed = ContinuousClock().measure {
            let error = #expect(throws: SettingsFaults.self) {
                try Contracts.find("laughs", directory: folder)
            }
            #expect(error?.description.contains("anchors") == true)
        }
        quickest = min(quickest, elapsed)
    }
    #expect(quickest < .milliseconds(50))
}

@Test(arguments: ["../secret", "a/b", "/etc/passwd", "..", "a\u{0}b", "a\nb", ".hidden"])
func `names that become part of paths hold no path`(_ name: String) {
    let quoted = "\"\(name.replacing("\u{0}", with: "\\0").replacing("\n", with: "\\n"))\""
    #expect(!faults(changed("contract: zengin-91-result", "contract: \(quoted)")).isEmpty)
    #expect(!faults(changed("  debit-result:", "  \(quoted):")).isEmpty)
}
