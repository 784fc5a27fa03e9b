// Directories, small files and locks of the private server, with the care that root needs in
// places that others may write to.

import Glibc

/// An account of the system.
struct Account: Equatable {
    var name: String
    var userID: uid_t
    var groupID: gid_t

    /// The account that the server runs under: nil: our own, because we are not root, and only
    /// root can (and must) give the server another one.
    static func forServer() throws(PrivateServerError) -> Account? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            guard let entry = unsafe getpwnam(name) else { continue }
            return unsafe Account(
                name: name, userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid)
        }
        throw PrivateServerError(
            kind: .failed,
            message: "PostgreSQL refuses to run as root, and there is neither a user postgres nor"
                + " nobody; create one: useradd --system postgres")
    }
}

/// What is at a path, without following a symbolic link.
func fileStatus(_ path: String) -> stat? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status : nil
}

/// Makes a directory and its missing parents, each 0700.
func makeDirectories(_ path: String) throws(PrivateServerError) {
    var prefix = ""
    for part in path.split(separator: "/") {
        prefix += "/\(part)"
        guard unsafe mkdir(prefix, 0o700) == 0 || errno == EEXIST || errno == EISDIR else {
            throw .system("make the directory \(prefix)")
        }
    }
}

/// Makes a directory of mode 0700 that belongs to the account, or checks that it is one.
///
/// In a place that everybody may write to, somebody else could have made it first: a link, or
/// a directory of another owner, is refused.
func claimDirectory(_ path: String, for account: Account?) throws(PrivateServerError) {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw .system("make the directory \(path)")
    }
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open the directory \(path)") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system("look at \(path)") }
    let owner = account?.userID ?? geteuid()
    // Ours from a start that was killed between the two steps, or the account's already.
    guard status.st_uid == owner || status.st_uid == geteuid() else {
        throw PrivateServerError(
            kind: .unusableDirectory,
            message: "\(path) belongs to user \(status.st_uid), not \(owner); remove it or choose"
                + " another directory")
    }
    if let account, status.st_uid != owner {
        guard fchown(descriptor, account.userID, account.groupID) == 0 else {
            throw .system("give \(path) to \(account.name)")
        }
    }
    guard fchmod(descriptor, 0o700) == 0 else { throw .system("set the mode of \(path)") }
}

/// Whether the account can pass through every directory above a path, by owner, group and mode.
func canReach(_ path: String, _ account: Account) -> Bool {
    var prefix = ""
    for part in [Substring()] + path.split(separator: "/").dropLast() {
        prefix += part.isEmpty ? "" : "/\(part)"
        var status = stat()
        guard unsafe stat(prefix.isEmpty ? "/" : prefix, &status) == 0 else { return false }
        let bit: mode_t =
            if status.st_uid == account.userID {
                0o100
            } else if status.st_gid == account.groupID {
                0o010
            } else {
                0o001
            }
        guard status.st_mode & bit != 0 else { return false }
    }
    return true
}

/// Reads a small text file; nil: it is not there.
func readText(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Limits.outputBytesMax)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// Puts a small file in place, whole or not at all.
func writeText(_ text: String, to path: String, for account: Account?) throws(PrivateServerError) {
    let fresh = path + ".new"
    unsafe unlink(fresh)
    let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system("write \(fresh)") }
    let bytes = Array(text.utf8)
    let written = unsafe write(descriptor, bytes, bytes.count)
    let isOwned = account.map { fchown(descriptor, $0.userID, $0.groupID) == 0 } ?? true
    let isSynced = fdatasync(descriptor) == 0
    close(descriptor)
    guard written == bytes.count, isOwned, isSynced, unsafe rename(fresh, path) == 0 else {
        throw .system("write \(path)")
    }
}

/// An exclusive lock between processes, held until the value goes.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Waits for the lock, up to the module's limit.
    init(_ path: String) throws(PrivateServerError) {
        let deadline = ContinuousClock.now + .seconds(Limits.lockWaitSeconds)
        while true {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw .system("open \(path)") }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                // Whoever held it may have removed the file: then this lock guards nothing.
                var held = stat()
                if unsafe fstat(descriptor, &held) == 0, let there = fileStatus(path),
                    there.st_ino == held.st_ino, there.st_dev == held.st_dev
                {
                    self.descriptor = descriptor
                    return
                }
            }
            close(descriptor)
            guard ContinuousClock.now < deadline else {
                throw PrivateServerError(
                    kind: .failed,
                    message: "another process has held \(path) for \(Limits.lockWaitSeconds) s")
            }
            Program.pause()
        }
    }

    deinit { close(descriptor) }
}

/// A short stable name for a path (FNV-1a, 64 bits); not a secret.
func pathHash(_ path: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 {
        hash ^= UInt64(byte)
        // Wraps by definition.
        hash = hash &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
}
