// Secret keys in files: made once, read at the last moment, never in a text, an argument or a
// message.

import CLinux
import CZeroMQ
import Glibc

/// A file with one secret key: lines that begin with `#`, and one line `name secret`.
public struct KeyFile: Sendable, Equatable {
    /// Where it is.
    public let path: String
    /// Who the key is.
    public let name: String
    /// The public part, as the allow-list has it.
    public let publicKey: PublicKey

    /// Reads and checks a file, and hardens this process first: no core dumps, no debugger.
    ///
    /// - Throws: ``KeyTrouble`` also when others may read the file.
    public init(path: String) throws(KeyTrouble) {
        ProcessHygiene.harden()
        let content = try Self.read(path)
        var derived = [CChar](repeating: 0, count: PublicKey.textBytes + 1)
        let answer = unsafe content.secret.withBytes { bytes in
            unsafe zmq_curve_public(&derived, bytes.assumingMemoryBound(to: CChar.self).baseAddress)
        }
        guard answer == 0, let key = Self.publicKey(derived) else {
            throw KeyTrouble(path: path, reason: "its secret key cannot be used")
        }
        self.path = path
        name = content.name
        publicKey = key
    }

    /// Gives the secret's 32 bytes to a call, and wipes them afterwards.
    func withSecret(
        _ body: (borrowing SecretBytes) throws(KeyTrouble) -> Void
    ) throws(KeyTrouble) {
        let content = try Self.read(path)
        let secret = SecretBytes(count: PublicKey.bytesCount)
        guard Self.decode(content.secret, into: secret) else {
            throw KeyTrouble(path: path, reason: "its secret key cannot be used")
        }
        try body(secret)
    }

    /// Makes `NAME.key` (0600) and `NAME.pub` in a folder, which is made (0700) where it is missing.
    ///
    /// - Throws: ``KeyTrouble`` when one of the files is there already: a key is never overwritten.
    public static func make(name: String, directory: String) throws(KeyTrouble) -> KeyFile {
        guard KeyName.isValid(name) else {
            throw KeyTrouble(
                path: directory, reason: "'\(name)' is no name of a key: \(KeyName.rule)")
        }
        ProcessHygiene.harden()
        try ProtectedFile.makeDirectories(directory)
        let (keyPath, publicPath) = ("\(directory)/\(name).key", "\(directory)/\(name).pub")
        guard unsafe access(publicPath, F_OK) != 0 else {
            throw KeyTrouble(path: publicPath, reason: "is there already and is not overwritten")
        }
        let pair = try KeyPair(for: directory)
        let head = Array(
            ("# The secret key of \(name): who can read this file is \(name). Give away "
                + "\(name).pub only.\n\(name) ").utf8)
        let content = SecretBytes(count: head.count + PublicKey.textBytes + 1)
        for (index, byte) in head.enumerated() { content[index] = byte }
        for index in 0..<PublicKey.textBytes { content[head.count + index] = pair.secret[index] }
        content[content.count - 1] = UInt8(ascii: "\n")
        try ProtectedFile.create(keyPath, mode: 0o600, content)
        do throws(KeyTrouble) {
            try ProtectedFile.createText(
                publicPath, mode: 0o644, text: "\(name) \(pair.publicKey.text)\n")
        } catch {
            _ = unsafe unlink(keyPath)
            throw error
        }
        return try KeyFile(path: keyPath)
    }

    /// Makes a new key in the place of one that is there; the old secret stays as `NAME.key.old`.
    ///
    /// Processes that read the old key go on with it until they connect anew.
    ///
    /// - Throws: ``KeyTrouble`` when there is no key of that name in the folder.
    public static func rotate(name: String, directory: String) throws(KeyTrouble) -> KeyFile {
        let keyPath = "\(directory)/\(name).key"
        _ = try KeyFile(path: keyPath)
        // Made aside and moved into place, so that at every moment there is a whole key.
        let aside = "\(directory)/.rotate-\(getpid())"
        // Nothing secret stays aside when something fails.
        defer {
            for suffix in ["key", "pub"] { _ = unsafe unlink("\(aside)/\(name).\(suffix)") }
            _ = unsafe rmdir(aside)
        }
        _ = try make(name: name, directory: aside)
        let old = "\(keyPath).old"
        _ = unsafe unlink(old)
        guard unsafe link(keyPath, old) == 0 else { throw .system(old, "cannot be made", errno) }
        for suffix in ["key", "pub"] {
            let path = "\(directory)/\(name).\(suffix)"
            guard unsafe rename("\(aside)/\(name).\(suffix)", path) == 0 else {
                throw .system(path, "cannot be replaced", errno)
            }
        }
        return try KeyFile(path: keyPath)
    }

    /// Reads `NAME.pub`, or a public key itself.
    ///
    /// - Parameter text: A path, or 40 characters of Z85.
    public static func publicKey(fileOrText text: String) throws(KeyTrouble) -> PublicKey {
        if let key = PublicKey(text) { return key }
        let list = try AllowList.read(text)
        guard let entry = list.entries.first, list.entries.count == 1 else {
            throw KeyTrouble(
                path: text,
                reason: "has \(list.entries.count) keys; one line 'name key' belongs here")
        }
        return entry.key
    }

    // MARK: The file's content

    /// The name, and the 40 characters of the secret with a zero behind them.
    private struct Content: ~Copyable {
        var name: String
        var secret: SecretBytes
    }

    private static func read(_ path: String) throws(KeyTrouble) -> Content {
        let file = try ProtectedFile.read(
            path, .secret, bytesMax: MessagingLimits.keyFileBytesMax)
        var lines: [Range<Int>] = []
        var start = 0
        for index in 0...file.bytes.count
        where index == file.bytes.count || file.bytes[index] == UInt8(ascii: "\n") {
            if start < index, file.bytes[start] != UInt8(ascii: "#") { lines.append(start..<index) }
            start = index + 1
        }
        // Whatever is wrong with a line, it may hold a secret and is not shown.
        let refusal = KeyTrouble(
            path: path,
            reason: "is no key file: one line 'name secret' of 'kugiri keys new' belongs here")
        guard let line = lines.first, lines.count == 1,
            let space = line.first(where: { file.bytes[$0] == UInt8(ascii: " ") }),
            line.upperBound - space - 1 == PublicKey.textBytes
        else { throw refusal }
        let name = String(decoding: (line.lowerBound..<space).map { file.bytes[$0] }, as: UTF8.self)
        guard KeyName.isValid(name) else { throw refusal }
        let secret = SecretBytes(count: PublicKey.textBytes + 1)
        for index in 0..<PublicKey.textBytes { secret[index] = file.bytes[space + 1 + index] }
        guard decode(secret, into: SecretBytes(count: PublicKey.bytesCount)) else { throw refusal }
        return Content(name: name, secret: secret)
    }

    static func decode(
        _ text: borrowing SecretBytes, into bytes: borrowing SecretBytes
    ) -> Bool {
        // Closures may not capture borrowed values; pointers into them live during the call.
        unsafe text.withBytes { text in
            unsafe bytes.withBytes { bytes in
                Z85.decode(
                    bytes: PublicKey.bytesCount, character: { unsafe text[$0] },
                    store: { unsafe bytes[$0] = $1 })
            }
        }
    }

    static func publicKey(_ text: [CChar]) -> PublicKey? {
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return PublicKey(String(decoding: bytes, as: UTF8.self))
    }
}

/// A new pair of keys, in memory only.
struct KeyPair: ~Copyable {
    let publicKey: PublicKey
    /// 40 characters and a zero.
    let secret: SecretBytes

    /// - Parameter purpose: Named in the error, when the system has no randomness to give.
    init(for purpose: String) throws(KeyTrouble) {
        let secret = SecretBytes(count: PublicKey.textBytes + 1)
        var text = [CChar](repeating: 0, count: PublicKey.textBytes + 1)
        let answer = unsafe secret.withBytes { bytes in
            unsafe zmq_curve_keypair(&text, bytes.assumingMemoryBound(to: CChar.self).baseAddress)
        }
        guard answer == 0, let key = KeyFile.publicKey(text) else {
            throw KeyTrouble(path: purpose, reason: "libzmq makes no keys; it lacks CURVE")
        }
        publicKey = key
        self.secret = secret
    }

    /// Gives the secret's 32 bytes to a call, and wipes them afterwards.
    borrowing func withSecret(
        _ body: (borrowing SecretBytes) throws(KeyTrouble) -> Void
    ) throws(KeyTrouble) {
        let bytes = SecretBytes(count: PublicKey.bytesCount)
        precondition(KeyFile.decode(secret, into: bytes), "libzmq's own key is no Z85")
        try body(bytes)
    }
}
