// What may stand at an input's path: a regular file in a folder that inputs are taken from.

import FoundationEssentials
import Glibc
import Journal
import Plan
import Settings
import Testing

@testable import Coordination

@Suite struct ArrivalTests {
    /// Why an input is not taken; nil: it is.
    private func stop(_ path: String, inputs: [String]? = nil) throws -> RunStop? {
        do {
            _ = try Arrival.check(path, ready: .stable(seconds: 0), inputs: inputs, breathe: {})
            return nil
        } catch let stop as RunStop {
            return stop
        }
    }

    private func link(_ target: String, as path: String) throws {
        try #require(unsafe symlink(target, path) == 0)
    }

    @Test func `a pipe, a device, a folder and a socket are refused with 11, and not waited for`()
        throws
    {
        try withFolder { folder in
            try #require(unsafe mkfifo("\(folder)/pipe", 0o600) == 0)
            try #require(unsafe mknod("\(folder)/socket", S_IFSOCK | 0o600, 0) == 0)
            try link("\(folder)/pipe", as: "\(folder)/linked")
            for (path, kind) in [
                ("\(folder)/pipe", "a named pipe"), ("\(folder)/linked", "a named pipe"),
                (folder, "a directory"), ("/dev/zero", "a device"), ("/dev/null", "a device"),
                ("\(folder)/socket", "a socket"),
            ] {
                var found: RunStop?
                let elapsed = try ContinuousClock().measure { found = try stop(path) }
                let reason = "\(path) does not exist or cannot be read: it is \(kind), not a"
                #expect(found?.outcome == .input, "\(path)")
                #expect(found?.messages.first?.line().contains(reason) == true, "\(path)")
                #expect(elapsed < .seconds(5))
            }
        }
    }

    @Test func `a file that becomes a pipe after the look is refused by the opening`() throws {
        try withFolder { folder in
            try #require(unsafe mkfifo("\(folder)/pipe", 0o600) == 0)
            let trouble = #expect(throws: FileTrouble.self) {
                _ = try Files.openForReading("\(folder)/pipe")
            }
            #expect(trouble?.reason == "it is a named pipe, not a regular file")
            #expect(throws: RunStop.self) {
                try Arrival.archive(
                    "\(folder)/pipe", in: "\(folder)/archive", inputs: nil, breathe: {})
            }
        }
    }

    @Test func `a link out of the folder its path names is refused with 16, by name`() throws {
        try withFolder { folder in
            for name in ["drop", "drop/below", "secret"] {
                try Files.makeDirectory("\(folder)/\(name)")
            }
            for name in ["secret/shadow", "drop/good.txt", "drop/below/deep.txt"] {
                try write([0x31], to: "\(folder)/\(name)")
            }
            try link("../secret/shadow", as: "\(folder)/drop/relative.txt")
            try link("\(folder)/secret/shadow", as: "\(folder)/drop/absolute.txt")
            try link("relative.txt", as: "\(folder)/drop/twice.txt")
            try link("good.txt", as: "\(folder)/drop/today.txt")
            try link("below/deep.txt", as: "\(folder)/drop/deep.txt")
            try link("\(folder)/drop", as: "\(folder)/mount")
            for name in ["relative", "absolute", "twice"] {
                let found = try stop("\(folder)/drop/\(name).txt")
                #expect(found?.outcome == .configuration, "\(name)")
                let line = found?.messages.first?.line() ?? ""
                #expect(line.hasPrefix("KGR2061E input \(folder)/drop/\(name).txt leads to "))
                #expect(line.contains("\(folder)/secret/shadow"))
            }
            // The folder itself may be a link: it is the one that was named.
            for path in [
                "drop/good", "drop/today", "drop/deep", "mount/good", "secret/../drop/good",
            ] {
                #expect(try stop("\(folder)/\(path).txt") == nil, "\(path)")
            }
            let exchanged = #expect(throws: RunStop.self) {
                try Arrival.archive(
                    "\(folder)/drop/absolute.txt", in: "\(folder)/archive", inputs: nil,
                    breathe: {})
            }
            #expect(exchanged?.outcome == .configuration)
        }
    }

    @Test func `with folders named in the settings nothing else is taken, whatever the path says`()
        throws
    {
        try withFolder { folder in
            for name in ["drop", "drop-2", "kept"] { try Files.makeDirectory("\(folder)/\(name)") }
            for name in ["drop/a.txt", "drop-2/a.txt", "kept/a.txt"] {
                try write([0x31], to: "\(folder)/\(name)")
            }
            try link("../kept/a.txt", as: "\(folder)/drop/kept.txt")
            let drop = ["\(folder)/drop", "\(folder)/not-mounted"]
            #expect(try stop("\(folder)/drop/a.txt", inputs: drop) == nil)
            for path in ["drop-2/a.txt", "kept/a.txt", "drop/../kept/a.txt", "drop/kept.txt"] {
                let found = try stop("\(folder)/\(path)", inputs: drop)
                #expect(found?.outcome == .configuration, "\(path)")
            }
            let both = drop + ["\(folder)/kept"]
            #expect(try stop("\(folder)/drop/kept.txt", inputs: both) == nil)
            #expect(try stop("\(folder)/kept/a.txt", inputs: ["/"]) == nil)
        }
    }

    @Test func `a link to nothing and a circle of links are an input that is not there`() throws {
        try withFolder { folder in
            try link("nothing", as: "\(folder)/dangling")
            try link("circle", as: "\(folder)/circle")
            for name in ["dangling", "circle"] {
                #expect(try stop("\(folder)/\(name)")?.outcome == .input)
            }
        }
    }
}
