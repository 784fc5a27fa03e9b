// What the rules found in a slice, kept for the next time the very same slice is checked under the
// very same rules. Nothing in it was read from the target, and it holds no record: a hit reads the
// records again and skips field rules, sort and in-slice rules.
//
// Best effort: an entry that is missing, torn, somebody else's or not what its name says is a miss,
// and one that cannot be written costs the next night time, never a row.

import Crypto
import FoundationEssentials
import Glibc
package import Ledger
import Plan
package import Records

/// The entries of one job's rules.
package struct ValidationCache: Sendable {
    /// Raised by whoever changes what a rule finds.
    ///
    /// The executable's size and date are part of every key too, so that a forgotten raise shows
    /// only where the binary was not replaced.
    package static let rulesVersion = 1

    private let folder: String
    /// Of everything but the slice that decides what the rules find.
    private let rules: SHA256.Digest

    /// - Parameters:
    ///   - folder: Where entries are; one that is not there is an empty cache that keeps nothing.
    ///   - contractHash: Of the contract as JSON.
    ///   - binary: Tells one build from another.
    package init(
        folder: String, rules: SliceRules, contractHash: String, parameters: RunParameters,
        binary: String = Self.binary, version: Int = Self.rulesVersion
    ) {
        self.folder = folder
        var hasher = SHA256()
        // Every text behind its length, so that no two lists of texts are alike.
        func add(_ text: String) {
            hasher.update(data: Array("\(text.utf8.count):\(text)".utf8))
        }
        add("kugiri validation cache \(version)")
        add(binary)
        add(contractHash)
        for (name, value) in parameters.values.sorted(by: { $0.key < $1.key }) {
            add(name)
            add(value)
        }
        add("partitions")
        for partition in rules.partitions.partitions {
            add(String(partition.number))
            add(partition.range.low.text)
            add(partition.range.high?.text ?? "")
            add(partition.range.high == nil ? "open" : "closed")
        }
        add("groups")
        for group in rules.groups {
            add(String(group.number))
            for (name, value) in group.headerFields.sorted(by: { $0.key < $1.key }) {
                add(name)
                add(value)
            }
            add("")
        }
        add("job")
        for field in rules.targetKey { add(field) }
        add(String(rules.maxReported))
        self.rules = hasher.finalize()
    }

    /// This executable's size and date: another build is another cache.
    package static let binary: String = {
        var facts = stat()
        guard unsafe stat("/proc/self/exe", &facts) == 0 else { return "unknown \(getpid())" }
        return "\(facts.st_size) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)"
    }()

    /// What a slice's entry is called: SHA-256 of rules and bytes.
    func key(of bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA256()
        unsafe rules.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        unsafe bytes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        return Array(hasher.finalize())
    }

    /// Checks a slice, or finds it checked.
    ///
    /// - Parameters:
    ///   - origin: The run and slice that this is; noted in the entry that is made.
    ///   - isFresh: The rules are to be applied whatever is known (`--revalidate`).
    /// - Returns: The check, and who proved it; nil: it was done now.
    package func check(
        _ bytes: [UInt8], rules: SliceRules, as origin: SliceProof, isFresh: Bool,
        breathe: () throws -> Void
    ) throws -> (slice: CheckedSlice, proof: SliceProof?) {
        let key = key(of: bytes)
        if !isFresh, let entry = find(key),
            let slice = try rules.restore(entry, of: bytes, breathe: breathe)
        {
            return (slice, entry.origin)
        }
        let slice = try rules.check(bytes, breathe: breathe)
        keep(CacheEntry(slice, origin: origin), as: key)
        return (slice, nil)
    }

    private func path(_ key: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let name = key.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "\(folder)/\(String(decoding: name, as: UTF8.self))"
    }

    private func find(_ key: [UInt8]) -> CacheEntry? {
        let descriptor = unsafe open(path(key), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        // What others may have written proves nothing.
        guard unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
            facts.st_uid == geteuid(), facts.st_mode & 0o022 == 0,
            facts.st_size <= LoadingLimits.cacheEntryBytesMax
        else { return nil }
        let wanted = Int(facts.st_size)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            count = 0
            while count < wanted {
                let got = unsafe read(
                    descriptor, buffer.baseAddress?.advanced(by: count), wanted - count)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { break }
                count += got
            }
        }
        return CacheEntry(reading: bytes, key: key)
    }

    private func keep(_ entry: CacheEntry, as key: [UInt8]) {
        guard let bytes = entry.bytes(key: key), bytes.count <= LoadingLimits.cacheEntryBytesMax
        else { return }
        // A name of its own until it is whole: two workers may check the same slice.
        let temporary = path(key) + ".\(getpid()).new"
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(temporary, flags, 0o600)
        guard descriptor >= 0 else { return }
        var done = 0
        while done < bytes.count {
            let got = unsafe bytes.withUnsafeBytes { all in
                unsafe write(descriptor, all.baseAddress?.advanced(by: done), all.count - done)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            done += got
        }
        close(descriptor)
        // Not synced: what a crash tears has not its hash.
        guard done == bytes.count, unsafe rename(temporary, path(key)) == 0 else {
            _ = unsafe unlink(temporary)
            return
        }
    }
}
