// Files that decide who is who: read whole, and only when nobody else can have written or read
// them. Loose modes are refused aloud, as libpq does with its key files.

import Glibc

/// Reading and writing protected files.
enum ProtectedFile {
    /// What a file holds, which decides who may be able to do what with it.
    enum Kind {
        /// Nobody else may read it; root's may be readable for the group, as for libpq.
        case secret
        /// Anybody may read it, nobody else may write it.
        case names
    }

    /// When a file was as it is: another value means look again.
    struct Stamp: Equatable {
        var modified: Int
        var modifiedNanoseconds: Int
        var changed: Int
        var changedNanoseconds: Int
        var bytes: Int
        var inode: UInt64

        init(_ status: stat) {
            modified = status.st_mtim.tv_sec
            modifiedNanoseconds = status.st_mtim.tv_nsec
            changed = status.st_ctim.tv_sec
            changedNanoseconds = status.st_ctim.tv_nsec
            bytes = Int(status.st_size)
            inode = UInt64(status.st_ino)
        }

        /// The stamp of a path now; nil: it cannot be looked at.
        static func now(_ path: String) -> Stamp? {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            return Stamp(status)
        }
    }

    /// A whole file, with the stamp it had.
    struct Content: ~Copyable {
        var bytes: SecretBytes
        var stamp: Stamp
    }

    /// A whole file of names.
    static func readText(
        _ path: String, bytesMax: Int
    ) throws(KeyTrouble) -> (text: String, stamp: Stamp) {
        let content = try read(path, .names, bytesMax: bytesMax)
        let bytes = unsafe content.bytes.withBytes { unsafe Array($0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw KeyTrouble(path: path, reason: "is not UTF-8")
        }
        return (text, content.stamp)
    }

    /// Reads a file of any kind whole.
    static func read(
        _ path: String, _ kind: Kind, bytesMax: Int
    ) throws(KeyTrouble) -> Content {
        // NONBLOCK, so that a pipe of this name cannot hold up the start.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(path, "cannot be opened", errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw .system(path, "cannot be looked at", errno)
        }
        try check(status, path, kind)
        guard status.st_size <= bytesMax else {
            throw KeyTrouble(
                path: path, reason: "has \(status.st_size) bytes, at most \(bytesMax) are read")
        }
        let bytes = SecretBytes(count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let got = unsafe bytes.withBytes { memory in
                unsafe Glibc.read(
                    descriptor, memory.baseAddress?.advanced(by: done), memory.count - done)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw .system(path, "cannot be read", got < 0 ? errno : EIO) }
            done += got
        }
        return Content(bytes: bytes, stamp: Stamp(status))
    }

    private static func check(
        _ status: stat, _ path: String, _ kind: Kind
    ) throws(KeyTrouble) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw KeyTrouble(path: path, reason: "is not a regular file")
        }
        let own = status.st_uid == geteuid()
        guard own || status.st_uid == 0 else {
            throw KeyTrouble(
                path: path,
                reason: "belongs to user \(status.st_uid), not to user \(geteuid()) or root")
        }
        let refused: mode_t =
            switch kind {
            case .secret: own ? 0o077 : 0o027
            case .names: 0o022
            }
        guard status.st_mode & refused == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            let advice =
                kind == .secret
                ? "open to others; run: chmod 600 \(path)"
                : "writable for others; run: chmod 644 \(path)"
            throw KeyTrouble(path: path, reason: "has mode \(mode), \(advice)")
        }
    }

    /// Makes a new file; one that is there is an error.
    static func create(
        _ path: String, mode: mode_t, _ content: borrowing SecretBytes
    ) throws(KeyTrouble) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw .system(path, "cannot be made", errno) }
            throw KeyTrouble(
                path: path,
                reason: "is there already and is not overwritten; choose another name, or remove "
                    + "it when nobody uses it any more")
        }
        defer { _ = close(descriptor) }
        var done = 0
        while done < content.count {
            let put = unsafe content.withBytes { memory in
                unsafe write(
                    descriptor, memory.baseAddress?.advanced(by: done), memory.count - done)
            }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw failedWrite(path, put < 0 ? errno : EIO) }
            done += put
        }
        guard fsync(descriptor) == 0 else { throw failedWrite(path, errno) }
    }

    /// Removes what was begun, so that a retry is not refused.
    private static func failedWrite(_ path: String, _ code: Int32) -> KeyTrouble {
        _ = unsafe unlink(path)
        return .system(path, "cannot be written", code)
    }

    /// Makes a folder and what is missing above it, 0700.
    static func makeDirectories(_ directory: String) throws(KeyTrouble) {
        var made = directory.hasPrefix("/") ? "" : "."
        for component in directory.split(separator: "/") {
            made += "/\(component)"
            guard unsafe mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            throw .system(made, "cannot be made", errno)
        }
    }

    /// Replaces a file's text so that it is either the old or the new one.
    static func replace(_ path: String, mode: mode_t, text: String) throws(KeyTrouble) {
        let temporary = "\(path).new-\(getpid())"
        _ = unsafe unlink(temporary)
        try createText(temporary, mode: mode, text: text)
        guard unsafe rename(temporary, path) == 0 else {
            let code = errno
            _ = unsafe unlink(temporary)
            throw .system(path, "cannot be replaced", code)
        }
    }

    /// Makes a new file of a text that is no secret.
    static func createText(_ path: String, mode: mode_t, text: String) throws(KeyTrouble) {
        try create(path, mode: mode, SecretBytes(text.utf8))
    }
}
