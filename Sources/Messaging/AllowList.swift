// Who may speak on the network: names and public keys, one per line. What is not on the list is
// nobody.

import Glibc

/// The named public keys of a file.
///
/// A line is `name key`; empty lines and lines that begin with `#` are comments.
public struct AllowList: Sendable, Equatable {
    /// One line.
    public struct Entry: Sendable, Equatable {
        /// Whose key it is.
        public var name: String
        /// The key.
        public var key: PublicKey

        /// The line as the file has it.
        public var line: String { "\(name) \(key.text)" }
    }

    /// In the order of the file; no name and no key stands twice.
    public private(set) var entries: [Entry]

    /// Nobody.
    public init() { entries = [] }

    /// Reads a text; throws every fault of it, with its line.
    public init(_ text: String, path: String) throws(KeyTrouble) {
        self.init()
        var faults: [KeyTrouble.Fault] = []
        var number = 0
        for line in Self.lines(of: text) {
            number += 1
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if let reason = add(words) {
                faults.append(.init(path: path, line: number, reason: reason))
            }
        }
        if entries.count > MessagingLimits.allowedKeysMax {
            faults.append(
                .init(
                    path: path, line: nil,
                    reason: "has \(entries.count) keys, at most \(MessagingLimits.allowedKeysMax)"))
        }
        guard faults.isEmpty else { throw KeyTrouble(faults: faults) }
    }

    /// Reads a file that nobody else may write.
    public static func read(_ path: String) throws(KeyTrouble) -> AllowList {
        try readWithStamp(path).list
    }

    static func readWithStamp(
        _ path: String
    ) throws(KeyTrouble) -> (list: AllowList, stamp: ProtectedFile.Stamp) {
        let (text, stamp) = try ProtectedFile.readText(
            path, bytesMax: MessagingLimits.allowListBytesMax)
        return (try AllowList(text, path: path), stamp)
    }

    /// The lines of a text, also of an editor that ends them with CR and LF: the two are one
    /// character.
    static func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }

    /// Takes a line's words; answers what is wrong with them.
    private mutating func add(_ words: [Substring]) -> String? {
        guard words.count == 2 else { return "expected 'name key', found \(words.count) words" }
        guard KeyName.isValid(words[0]) else { return "a name is \(KeyName.rule)" }
        let name = String(words[0])
        guard let key = PublicKey(String(words[1])) else {
            return "the key of \(name) is not 40 characters of Z85, as NAME.pub has them"
        }
        if entries.contains(where: { $0.name == name }) { return "the name \(name) stands twice" }
        if let other = entries.first(where: { $0.key == key }) {
            return "\(name) has the same key as \(other.name)"
        }
        entries.append(Entry(name: name, key: key))
        return nil
    }

    /// The name of a key, found in a time that tells nothing about the keys; nil: nobody's.
    func name(of bytes: [UInt8]) -> String? {
        var found: String?
        for entry in entries where entry.key.isEqualInConstantTime(to: bytes) { found = entry.name }
        return found
    }
}

/// Commands over the file of an allow-list.
public enum AllowListFile {
    /// What it says of keys that were taken from it.
    private static func recordPath(_ path: String) -> String { "\(path).revoked" }

    /// Adds the keys of a `.pub` file; a list that is not there is made.
    ///
    /// - Returns: The entries that are new on the list.
    public static func allow(
        _ publicPath: String, in path: String
    ) throws(KeyTrouble) -> [AllowList.Entry] {
        let isThere = unsafe access(path, F_OK) == 0
        let old = isThere ? try AllowList.read(path) : AllowList()
        // A secret looks like a public key; only the file's name tells (`.key`, `.key.old`).
        guard publicPath.split(separator: "/").last?.contains(".key") != true else {
            throw KeyTrouble(
                path: publicPath,
                reason: "is a secret key, and nobody but its worker may have it; allow the file of "
                    + "the same name that ends in .pub")
        }
        let new = try AllowList.read(publicPath).entries.filter { !old.entries.contains($0) }
        let revoked = try revokedKeys(path)
        for entry in new where revoked.contains(entry.key.text) {
            throw KeyTrouble(
                path: publicPath,
                reason: "the key of \(entry.name) was revoked (see \(recordPath(path))); make a "
                    + "new one with 'kugiri keys new'")
        }
        guard !new.isEmpty else { return [] }
        var text = isThere ? try self.text(path) : "# Who may work for this coordinator: name key\n"
        if !text.hasSuffix("\n") { text += "\n" }
        for entry in new { text += entry.line + "\n" }
        // The whole list is judged before anything is written.
        _ = try AllowList(text, path: path)
        try ProtectedFile.replace(path, mode: 0o644, text: text)
        return new
    }

    /// Takes a name from the list, and notes its key and the time beside the list.
    ///
    /// A running coordinator sees it within a second and lets the key's workers go.
    public static func revoke(_ name: String, in path: String, at time: String) throws(KeyTrouble) {
        let entry = try entry(of: name, in: path)
        let kept = AllowList.lines(of: try text(path)).filter { firstWord($0) != name }
        try record(entry, in: path, at: time)
        try ProtectedFile.replace(path, mode: 0o644, text: kept.joined(separator: "\n"))
    }

    private static func entry(
        of name: String, in path: String
    ) throws(KeyTrouble) -> AllowList.Entry {
        let list = try AllowList.read(path)
        guard let entry = list.entries.first(where: { $0.name == name }) else {
            let known = list.entries.map(\.name).joined(separator: ", ")
            throw KeyTrouble(path: path, reason: "has no key \(name); it has: \(known)")
        }
        return entry
    }

    /// Notes a key that goes, before it goes: one that is on the list and in the record is
    /// refused, not lost.
    private static func record(
        _ entry: AllowList.Entry, in path: String, at time: String
    ) throws(KeyTrouble) {
        let record = recordPath(path)
        let before = unsafe access(record, F_OK) == 0 ? try text(record) : ""
        try ProtectedFile.replace(record, mode: 0o644, text: before + "\(entry.line) \(time)\n")
    }

    private static func firstWord(_ line: Substring) -> String? {
        line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map { String($0) }
    }

    /// Gives a name of the list another key, and notes the old one beside the list.
    ///
    /// There is no moment without a key of that name. A running coordinator sees it within a
    /// second, and lets those workers go that came in with the old key.
    ///
    /// - Parameter publicPath: The new `NAME.pub`.
    public static func rotate(
        _ name: String, to publicPath: String, in path: String, at time: String
    ) throws(KeyTrouble) {
        let old = try entry(of: name, in: path)
        let given = try AllowList.read(publicPath).entries
        guard let new = given.first, given.count == 1, new.name == name else {
            throw KeyTrouble(
                path: publicPath,
                reason: "is no key of \(name): one line '\(name) key' belongs here")
        }
        guard new.key != old.key else {
            throw KeyTrouble(
                path: publicPath,
                reason: "holds the key that \(name) has already; make a new one with "
                    + "'kugiri keys rotate \(name)' where its secret is")
        }
        guard try !revokedKeys(path).contains(new.key.text) else {
            throw KeyTrouble(
                path: publicPath,
                reason: "the key of \(name) was revoked (see \(recordPath(path)))")
        }
        let lines = AllowList.lines(of: try text(path)).map { line in
            firstWord(line) == name ? new.line : String(line)
        }
        let replaced = lines.joined(separator: "\n")
        _ = try AllowList(replaced, path: path)
        try record(old, in: path, at: time)
        try ProtectedFile.replace(path, mode: 0o644, text: replaced)
    }

    /// The lines of keys that were taken from the list: name, key, time.
    public static func revoked(of path: String) throws(KeyTrouble) -> [String] {
        let record = recordPath(path)
        guard unsafe access(record, F_OK) == 0 else { return [] }
        return try text(record).split(separator: "\n").map { String($0) }
    }

    private static func revokedKeys(_ path: String) throws(KeyTrouble) -> Set<String> {
        Set(
            try revoked(of: path).compactMap { line in
                let words = line.split(separator: " ")
                return words.count > 1 ? String(words[1]) : nil
            })
    }

    private static func text(_ path: String) throws(KeyTrouble) -> String {
        try ProtectedFile.readText(path, bytesMax: MessagingLimits.allowListBytesMax).text
    }
}
