// Moving a run directory: whole at one place or the other, also from one file system to another.

import Coordination
import FoundationEssentials
import Testing

struct LogGenerationsTests {
    private static let name = "kugiri-logs-\(ProcessInfo.processInfo.processIdentifier)"

    private func filled(_ path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        try Files.makeDirectory(path)
        for name in ["run.log", "rejects.csv"] { try Files.replace("\(path)/\(name)", with: name) }
    }

    @Test(arguments: ["/tmp", "/dev/shm"])
    func `a run directory moves with all its files and their modes`(root: String) throws {
        let source = "\(root)/\(Self.name)/runs/one"
        let target = "/tmp/\(Self.name)/archive/one/logs"
        defer {
            for place in ["\(root)/\(Self.name)", "/tmp/\(Self.name)"] {
                try? FileManager.default.removeItem(atPath: place)
            }
        }
        try filled(source)
        // A copy that was broken off is no hindrance.
        try Files.makeDirectory(target + ".new")
        try LogGenerations.move(source, to: target)
        #expect(!Files.exists(source))
        for name in ["run.log", "rejects.csv"] {
            let text = try String(contentsOfFile: "\(target)/\(name)", encoding: .utf8)
            #expect(text == name)
            let facts = try FileManager.default.attributesOfItem(atPath: "\(target)/\(name)")
            #expect(facts[.posixPermissions] as? Int == 0o600)
        }
        try filled(source)
        #expect(throws: FileTrouble.self) { try LogGenerations.move(source, to: target) }
        #expect(Files.exists("\(source)/run.log"))
    }
}
