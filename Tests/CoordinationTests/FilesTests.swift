// Files of a run: private, whole or not there, and every trouble with its path and reason.

import Glibc
import Journal
import Testing

@testable import Coordination

@Suite struct FilesTests {
    private func mode(_ path: String) -> mode_t {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return 0 }
        return status.st_mode & 0o777
    }

    @Test func `folders are 0700 and files 0600, whatever the umask allows`() throws {
        try withFolder { folder in
            try Files.makeDirectory("\(folder)/a/b/c")
            try Files.makeDirectory("\(folder)/a/b/c")
            #expect(["a", "a/b", "a/b/c"].allSatisfy { mode("\(folder)/\($0)") == 0o700 })
            _ = try Files.openForWriting("\(folder)/a/file", append: false)
            #expect(mode("\(folder)/a/file") == 0o600)
            try Files.replace("\(folder)/a/other", with: "text")
            #expect(mode("\(folder)/a/other") == 0o600)
        }
    }

    @Test func `a file is replaced as a whole and leaves no other behind`() throws {
        try withFolder { folder in
            let path = "\(folder)/certificate.json"
            try Files.replace(path, with: "a long first text")
            let before = try Files.facts(path)
            try Files.replace(path, with: "短い")
            let after = try Files.facts(path)
            #expect(after.bytes == 6 && after.isRegular)
            #expect(before.inode != after.inode)
            #expect(!Files.exists(path + ".new"))
        }
    }

    @Test func `a device, a pipe or a folder is not replaced by a file`() throws {
        try withFolder { folder in
            let pipe = "\(folder)/pipe"
            try #require(unsafe mkfifo(pipe, 0o600) == 0)
            for path in [pipe, folder] {
                let trouble = #expect(throws: FileTrouble.self) {
                    try Files.replace(path, with: "text")
                }
                #expect(trouble?.code == EEXIST)
            }
            try Files.replace("\(folder)/new", with: "one")
            try Files.replace("\(folder)/new", with: "two")
        }
    }

    @Test func `appending goes on, truncating begins anew`() throws {
        try withFolder { folder in
            let path = "\(folder)/file"
            for (append, text, size) in [
                (true, "abc", 3), (true, "de", 5), (false, "f", 1),
            ] as [(Bool, String, Int64)] {
                let file = try Files.openForWriting(path, append: append)
                try file.write(Array(text.utf8).span)
                try file.sync()
                #expect(try Files.facts(path).bytes == size)
            }
        }
    }

    @Test func `hashes are those of the standard, of a beginning too`() throws {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        try withFolder { folder in
            let path = "\(folder)/file"
            try Files.replace(path, with: "abcdef")
            #expect(try Files.sha256(path, bytes: 3) == abc)
            #expect(try Files.sha256(path, bytes: 0) == empty)
            #expect(try Files.sha256(path) == Files.sha256(ofText: "abcdef"))
            #expect(try Files.sha256(path, bytes: 99) == Files.sha256(ofText: "abcdef"))
            #expect(Files.sha256(ofText: "abc") == abc)
        }
    }

    @Test func `a read stops at the end, and removing twice is once`() throws {
        try withFolder { folder in
            let one = "\(folder)/one"
            try Files.replace(one, with: "0123456789")
            let file = try Files.openForReading(one)
            var buffer = [UInt8](repeating: 0, count: 8)
            #expect(try file.read(into: &buffer, count: 8, from: 6) == 4)
            #expect(Array(buffer[0..<4]) == Array("6789".utf8))
            #expect(try file.read(into: &buffer, count: 8, from: 10) == 0)
            #expect(try file.read(into: &buffer, at: 5, count: 3) == 3)
            #expect(Array(buffer[5..<8]) == Array("012".utf8))
            Files.remove(one)
            Files.remove(one)
            #expect(!Files.exists(one))
        }
    }

    @Test func `trouble names operation, path and reason`() throws {
        try withFolder { folder in
            let missing = "\(folder)/none/file"
            let trouble = #expect(throws: FileTrouble.self) {
                _ = try Files.openForWriting(missing, append: true)
            }
            #expect(trouble?.operation == "open" && trouble?.path == missing)
            #expect(trouble?.reason == "No such file or directory")
            #expect(
                trouble?.message.line()
                    == "KGR7053E \(missing): open failed: No such file or directory; "
                    + "check disk and permissions and run again")
            #expect(throws: FileTrouble.self) { try Files.facts(missing) }
            #expect(throws: FileTrouble.self) { try Files.sha256(missing) }
            #expect(throws: FileTrouble.self) { try Files.syncDirectory(missing) }
            #expect(throws: FileTrouble.self) { try Files.rename(missing, to: folder + "/x") }
            try Files.replace("\(folder)/plain", with: "")
            #expect(throws: FileTrouble.self) { try Files.makeDirectory("\(folder)/plain/a") }
        }
    }

    @Test func `a folder goes with its files, and going twice is no trouble`() throws {
        try withFolder { folder in
            let spool = "\(folder)/spool"
            try Files.makeDirectory(spool)
            try Files.replace("\(spool)/s0.slice", with: "x")
            try Files.removeDirectory(spool)
            #expect(!Files.exists(spool))
            try Files.removeDirectory(spool)
            try Files.makeDirectory(spool)
            Files.removeEmptyDirectory(spool)
            #expect(!Files.exists(spool))
            #expect((Files.freeBytes(folder) ?? 0) > 0)
            #expect(Files.freeBytes(spool) == nil)
        }
    }
}
