import CZeroMQ
import FoundationEssentials
import Glibc
import Messaging
import Testing

/// A class, so that the folder goes when the test is over.
@Suite final class KeyTests {
    /// A folder of its own.
    private let place: String

    init() throws {
        var template = Array("/tmp/kugiri-keys-XXXXXX".utf8CString)
        place = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let name = buffer.baseAddress, unsafe mkdtemp(name) != nil else { return "" }
            return unsafe String(cString: name)
        }
        try #require(!place.isEmpty)
    }

    deinit {
        // What is left behind is litter, not a fault of the code under test.
        try? FileManager.default.removeItem(atPath: place)
    }

    @Test func `a new key is for its owner only, and its public part is libzmq's`() throws {
        let file = try KeyFile.make(name: "osaka-1", directory: "\(place)/a/b")
        var status = stat()
        #expect(unsafe stat("\(place)/a/b/osaka-1.key", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(unsafe stat("\(place)/a/b", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o700)
        let text = String(decoding: try contents(of: file.path), as: UTF8.self)
        #expect(text.hasPrefix("# "))
        let secret = String(try #require(text.split(whereSeparator: \.isWhitespace).last))
        var derived = [CChar](repeating: 0, count: 41)
        #expect(unsafe zmq_curve_public(&derived, secret) == 0)
        let expected = derived.dropLast().map { UInt8(bitPattern: $0) }
        #expect(file.publicKey.text == String(decoding: expected, as: UTF8.self))
        let published = String(
            decoding: try contents(of: "\(place)/a/b/osaka-1.pub"), as: UTF8.self)
        #expect(published == "osaka-1 \(file.publicKey.text)\n")
        #expect(try KeyFile(path: file.path) == file)
        #expect(try KeyFile.publicKey(fileOrText: "\(place)/a/b/osaka-1.pub") == file.publicKey)
        #expect(try KeyFile.publicKey(fileOrText: file.publicKey.text) == file.publicKey)
    }

    @Test func `a key is never overwritten`() throws {
        let file = try KeyFile.make(name: "osaka", directory: place)
        let before = try contents(of: file.path)

        #expect(throws: KeyTrouble.self) { try KeyFile.make(name: "osaka", directory: place) }
        #expect(unsafe unlink("\(place)/osaka.pub") == 0)
        #expect(throws: KeyTrouble.self) { try KeyFile.make(name: "osaka", directory: place) }
        #expect(try contents(of: file.path) == before)
    }

    @Test(arguments: ["", "Osaka", "o.saka", "../osaka", "o saka", "大阪", "a/b"])
    func `a name that is none makes no key`(_ name: String) throws {
        #expect(throws: KeyTrouble.self) { try KeyFile.make(name: name, directory: place) }
        #expect(!KeyName.isValid(name))
        #expect(!KeyName.isValid(String(repeating: "a", count: 33)))
        #expect(KeyName.isValid(String(repeating: "a", count: 32)))
    }

    @Test(arguments: [0o640, 0o604, 0o666, 0o610] as [mode_t])
    func `a secret that others may touch is refused, with what to do`(_ mode: mode_t) throws {
        let file = try KeyFile.make(name: "osaka", directory: place)
        #expect(unsafe chmod(file.path, mode) == 0)

        #expect {
            _ = try KeyFile(path: file.path)
        } throws: { error in
            "\(error)".contains("chmod 600 \(file.path)")
        }
    }

    @Test(arguments: [
        "", "# only a comment\n", "osaka\n", "osaka short\n", "Osaka SECRET\n",
        "osaka SECRET\nosaka SECRET\n", "osaka  SECRET\n", "osaka BAD\n",
    ])
    func `a file that is no key file is refused without showing what is in it`(
        _ form: String
    ) throws {
        let file = try KeyFile.make(name: "osaka", directory: place)
        let words = String(decoding: try contents(of: file.path), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace)
        let secret = String(try #require(words.last))
        let bad = "~" + secret.dropFirst()
        try write(
            form.replacing("SECRET", with: secret).replacing("BAD", with: bad), to: file.path,
            mode: 0o600)

        #expect {
            _ = try KeyFile(path: file.path)
        } throws: { error in
            !"\(error)".contains(secret.dropFirst()) && "\(error)".contains(file.path)
        }
    }

    @Test func `a process that read a secret leaves no core and no debugger in`() throws {
        _ = try KeyFile.make(name: "osaka", directory: place)
        #expect(ProcessHygiene.isHardened)
    }

    @Test func `a key is made anew in its place, and the old secret stays aside for once`() throws {
        let first = try KeyFile.make(name: "osaka", directory: place)
        let old = try contents(of: first.path)
        let second = try KeyFile.rotate(name: "osaka", directory: place)
        #expect(second.path == first.path && second.publicKey != first.publicKey)
        #expect(try KeyFile.publicKey(fileOrText: "\(place)/osaka.pub") == second.publicKey)
        #expect(try contents(of: "\(first.path).old") == old)
        #expect(try KeyFile(path: "\(first.path).old").publicKey == first.publicKey)
        let newer = try contents(of: first.path)
        let third = try KeyFile.rotate(name: "osaka", directory: place)
        #expect(third.publicKey != second.publicKey)
        #expect(try contents(of: "\(first.path).old") == newer)
        #expect(throws: KeyTrouble.self) {
            try KeyFile.rotate(name: "kyoto", directory: place)
        }
        #expect(unsafe chmod(first.path, 0o644) == 0)
        #expect(throws: KeyTrouble.self) {
            try KeyFile.rotate(name: "osaka", directory: place)
        }
    }

    @Test func `a name gets its new key in one step, and never an old one again`() throws {
        let list = "\(place)/allow"
        let old = try KeyFile.make(name: "osaka", directory: place).publicKey
        _ = try KeyFile.make(name: "kyoto", directory: place)
        for name in ["osaka", "kyoto"] {
            _ = try AllowListFile.allow("\(place)/\(name).pub", in: list)
        }
        let before = try AllowList.read(list).entries
        // The same key, another's key, a name that is not on the list: the list stays.
        for (name, file) in [("osaka", "osaka"), ("osaka", "kyoto"), ("nara", "osaka")] {
            #expect(throws: KeyTrouble.self) {
                try AllowListFile.rotate(name, to: "\(place)/\(file).pub", in: list, at: "now")
            }
        }
        #expect(try AllowList.read(list).entries == before)
        let oldPublic = try contents(of: "\(place)/osaka.pub")
        let new = try KeyFile.rotate(name: "osaka", directory: place).publicKey
        try AllowListFile.rotate("osaka", to: "\(place)/osaka.pub", in: list, at: "now")
        let after = try AllowList.read(list).entries
        #expect(after.map(\.name) == ["osaka", "kyoto"])
        #expect(after.first?.key == new)
        #expect(try AllowListFile.revoked(of: list) == ["osaka \(old.text) now"])
        try write(String(decoding: oldPublic, as: UTF8.self), to: "\(place)/osaka.pub")
        #expect(throws: KeyTrouble.self) {
            try AllowListFile.rotate("osaka", to: "\(place)/osaka.pub", in: list, at: "now")
        }
    }

    @Test func `a secret key is not let in as a public one`() throws {
        let place = try TemporaryEndpoint()
        let osaka = try KeyFile.make(name: "osaka", directory: place.directory)
        let list = "\(place.directory)/allow"
        let trouble = #expect(throws: KeyTrouble.self) {
            try AllowListFile.allow(osaka.path, in: list)
        }
        #expect(trouble?.description.contains("is a secret key") == true, "\(trouble as Any)")
        #expect(unsafe access(list, F_OK) != 0)
    }

    @Test func `every fault of an allow-list is told, with its line`() throws {
        let key = try KeyFile.make(name: "osaka", directory: place).publicKey.text
        let other = try KeyFile.make(name: "kyoto", directory: place).publicKey.text
        let text = """
            # comment

            osaka \(key)
            Osaka \(other)
            kobe
            osaka \(other)
            nara \(key)
            kobe \(key.dropLast())~
              kyoto   \(other)
            """

        #expect {
            _ = try AllowList(text, path: "list")
        } throws: { error in
            (error as? KeyTrouble)?.faults.map(\.line) == [4, 5, 6, 7, 8]
        }
        let good = try AllowList("osaka \(key)\r\n\n# \(other)\n", path: "list")
        #expect(good.entries.map(\.name) == ["osaka"])
    }

    @Test(arguments: [0o664, 0o646, 0o666] as [mode_t])
    func `an allow-list that others may write is refused`(_ mode: mode_t) throws {
        try write("", to: "\(place)/allow", mode: mode)
        #expect {
            _ = try AllowList.read("\(place)/allow")
        } throws: { error in
            "\(error)".contains("chmod 644")
        }
    }

    @Test func `a revoked key is taken from the list, kept in the record, and not let in again`()
        throws
    {
        let (list, record) = ("\(place)/allow", "\(place)/allow.revoked")
        let osaka = try KeyFile.make(name: "osaka", directory: place)
        _ = try KeyFile.make(name: "kyoto", directory: place)
        #expect(try AllowListFile.allow("\(place)/osaka.pub", in: list).map(\.name) == ["osaka"])
        #expect(try AllowListFile.allow("\(place)/osaka.pub", in: list).isEmpty)
        _ = try AllowListFile.allow("\(place)/kyoto.pub", in: list)

        try AllowListFile.revoke("osaka", in: list, at: "today")

        #expect(try AllowList.read(list).entries.map(\.name) == ["kyoto"])
        let kept = String(decoding: try contents(of: record), as: UTF8.self)
        #expect(kept == "osaka \(osaka.publicKey.text) today\n")
        #expect(throws: KeyTrouble.self) {
            try AllowListFile.allow("\(place)/osaka.pub", in: list)
        }
        #expect(throws: KeyTrouble.self) {
            try AllowListFile.revoke("osaka", in: list, at: "today")
        }
    }

    @Test func `a list written with CR and LF loses the revoked line only`() throws {
        let list = "\(place)/allow"
        let osaka = try KeyFile.make(name: "osaka", directory: place).publicKey.text
        let kyoto = try KeyFile.make(name: "kyoto", directory: place).publicKey.text
        try write("# who\r\nosaka \(osaka)\r\nkyoto \(kyoto)\r\n", to: list)

        try AllowListFile.revoke("osaka", in: list, at: "today")

        #expect(try AllowList.read(list).entries.map(\.name) == ["kyoto"])
        let kept = String(decoding: try contents(of: list), as: UTF8.self)
        #expect(kept == "# who\nkyoto \(kyoto)\n")
    }

    @Test func `keys are written as libzmq writes them`() throws {
        for _ in 0..<200 {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255) }
            var text = [CChar](repeating: 0, count: 41)
            #expect(unsafe zmq_z85_encode(&text, bytes, 32) != nil)
            let expected = String(
                decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let key = try #require(PublicKey(expected))
            #expect(key.bytes == bytes)
            #expect(key.text == expected)
        }
        // Five of the highest character are more than four bytes hold.
        #expect(PublicKey(String(repeating: "#", count: 40)) == nil)
    }
}
