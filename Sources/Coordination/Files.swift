// Files of a run: opening, linking, hashing, syncing. Every error names the path and the reason.

import CLinux
import Crypto
import FoundationEssentials
import Glibc
package import Journal
import Records

/// A file that could not be handled.
package struct FileTrouble: Error {
    package var operation: String
    package var path: String
    package var code: Int32
    /// What the system has no words for; nil: `code` says it.
    package var cause: String?

    /// The reason as the system tells it, or the cause.
    package var reason: String {
        if let cause { return cause }
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// As a message for the operator.
    package var message: LogMessage {
        LogMessage(.fileFailed, ["path": path, "operation": operation, "reason": reason])
    }
}

/// What a file is at one moment.
package struct FileFacts: Equatable {
    package var bytes: Int64
    package var kind: Kind
    package var modifiedSeconds: Int
    package var modifiedNanoseconds: Int
    package var inode: UInt64
    package var device: UInt64

    /// Whether it is a file of bytes, which can be read without waiting for anybody.
    package var isRegular: Bool { kind == .regular }

    /// What can stand at a path, in words for a message.
    package enum Kind: String {
        case regular = "a regular file"
        case directory = "a directory"
        case pipe = "a named pipe"
        case socket = "a socket"
        case device = "a device"

        fileprivate init(_ mode: mode_t) {
            switch mode & S_IFMT {
            case S_IFREG: self = .regular
            case S_IFDIR: self = .directory
            case S_IFIFO: self = .pipe
            case S_IFSOCK: self = .socket
            default: self = .device
            }
        }
    }

    fileprivate init(_ status: stat) {
        bytes = Int64(status.st_size)
        kind = Kind(status.st_mode)
        modifiedSeconds = status.st_mtim.tv_sec
        modifiedNanoseconds = status.st_mtim.tv_nsec
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
    }
}

/// Calls on files.
package enum Files {
    /// Facts about a path, following links; throws when it does not exist.
    package static func facts(_ path: String) throws -> FileFacts {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw FileTrouble(operation: "stat", path: path, code: errno)
        }
        return FileFacts(status)
    }

    /// Whether something is at the path.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Makes a folder and what is missing above it, 0700.
    package static func makeDirectory(_ path: String) throws {
        var built = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += built.isEmpty || built.hasSuffix("/") ? String(part) : "/\(part)"
            if unsafe mkdir(built, 0o700) != 0, errno != EEXIST {
                throw FileTrouble(operation: "mkdir", path: built, code: errno)
            }
        }
    }

    /// Opens a regular file for reading; anything else is trouble, and never waited for.
    package static func openForReading(_ path: String) throws -> Descriptor {
        // NONBLOCK: the opening of a pipe would wait for its writer. Regular files do not mind it.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = unsafe open(path, flags)
        guard descriptor >= 0 else {
            throw FileTrouble(operation: "open", path: path, code: errno)
        }
        let file = Descriptor(number: descriptor, path: path)
        let kind = try file.facts().kind
        guard kind == .regular else {
            throw FileTrouble(
                operation: "open", path: path, code: EINVAL,
                cause: "it is \(kind.rawValue), not a regular file")
        }
        return file
    }

    /// The path with every link in it followed; throws when something of it does not exist.
    package static func realPath(_ path: String) throws -> String {
        guard let found = unsafe realpath(path, nil) else {
            throw FileTrouble(operation: "realpath", path: path, code: errno)
        }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    /// Opens a file for writing, 0600.
    package static func openForWriting(_ path: String, append: Bool) throws -> Descriptor {
        let mode = append ? O_APPEND : O_TRUNC
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o600)
        guard descriptor >= 0 else {
            throw FileTrouble(operation: "open", path: path, code: errno)
        }
        return Descriptor(number: descriptor, path: path)
    }

    /// Writes a whole file so that it is either the old or the new one, and on disk.
    ///
    /// - Throws: ``FileTrouble``; EEXIST when a device, pipe, folder or link stands in its place.
    package static func replace(_ path: String, with text: String) throws {
        guard isReplaceable(path) else {
            throw FileTrouble(operation: "replace", path: path, code: EEXIST)
        }
        let temporary = path + ".new"
        let file = try openForWriting(temporary, append: false)
        try file.write(Array(text.utf8).span)
        try file.sync()
        try rename(temporary, to: path)
    }

    /// Whether nothing but a regular file is at the place, or nothing at all.
    package static func isReplaceable(_ path: String) -> Bool {
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { return errno == ENOENT }
        return facts.st_mode & S_IFMT == S_IFREG
    }

    /// Gives a file another name in the same file system.
    package static func rename(_ path: String, to other: String) throws {
        guard unsafe Glibc.rename(path, other) == 0 else {
            throw FileTrouble(operation: "rename", path: other, code: errno)
        }
    }

    /// Removes a file; nothing happens when it is not there.
    package static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Removes an empty folder; nothing happens when it is not there.
    package static func removeEmptyDirectory(_ path: String) { _ = unsafe rmdir(path) }

    /// Whether this process may read the file.
    package static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    /// SHA-256 of a file's first `bytes` bytes (all of it for nil), in hexadecimal.
    package static func sha256(
        _ path: String, bytes limit: Int64? = nil, breathe: () throws -> Void = {}
    ) throws -> String {
        let file = try openForReading(path)
        var hasher = SHA256()
        var buffer = [UInt8](repeating: 0, count: CoordinationLimits.copyBytes)
        var left = limit ?? Int64.max
        while left > 0 {
            let got = try file.read(
                into: &buffer, at: 0, count: Int(min(left, Int64(buffer.count))))
            if got == 0 { break }
            hasher.update(buffer.span.extracting(0..<got))
            left -= Int64(got)
            try breathe()
        }
        return hex(hasher.finalize())
    }

    /// Copies a file to a new one that is on disk when this returns, and hashes what was copied.
    ///
    /// The disk writes what was copied while the rest is read and hashed.
    ///
    /// - Returns: SHA-256 in hexadecimal.
    package static func copy(
        _ source: consuming Descriptor, to other: String, breathe: () throws -> Void
    ) throws -> String {
        let target = SharedFile(try openForWriting(other, append: false))
        // To begin writing waits for a disk that has enough to do.
        let writing = SecondThread("writeback", piecesMax: CoordinationLimits.copyBlocksWaiting)
        var hasher = SHA256()
        var buffer = [UInt8](repeating: 0, count: CoordinationLimits.copyBytes)
        var done: Int64 = 0
        while true {
            let got = try source.read(into: &buffer, at: 0, count: buffer.count)
            if got == 0 { break }
            let block = buffer.span.extracting(0..<got)
            try target.file.write(block)
            let (offset, count) = (done, Int64(got))
            try writing.add { target.file.beginWriteback(at: offset, count: count) }
            hasher.update(block)
            done += count
            try breathe()
        }
        try writing.finish()
        try target.file.sync()
        return hex(hasher.finalize())
    }

    /// SHA-256 of a text, in hexadecimal.
    package static func sha256(ofText text: String) -> String {
        hex(SHA256.hash(data: Array(text.utf8)))
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Free bytes of the file system a path is on; nil: the system does not tell.
    package static func freeBytes(_ path: String) -> Int64? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }

    /// Flushes a folder's entries to disk.
    package static func syncDirectory(_ path: String) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileTrouble(operation: "open", path: path, code: errno)
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw FileTrouble(operation: "fsync", path: path, code: errno)
        }
    }

    /// Removes a folder of plain files, and the folder; nothing happens when it is not there.
    package static func removeDirectory(_ path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        guard !exists(path) else {
            throw FileTrouble(operation: "remove", path: path, code: EBUSY)
        }
    }
}

extension SHA256 {
    /// Adds bytes.
    fileprivate mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe update(bufferPointer: $0) }
    }
}

/// An open file that two threads hold.
private final class SharedFile: Sendable {
    let file: Descriptor

    init(_ file: consuming Descriptor) { self.file = file }
}

/// An open file, closed when it goes.
package struct Descriptor: ~Copyable, Sendable {
    let number: Int32
    let path: String

    deinit { close(number) }

    /// Facts about the open file, whatever stands at its path by now.
    package func facts() throws -> FileFacts {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else {
            throw FileTrouble(operation: "stat", path: path, code: errno)
        }
        return FileFacts(status)
    }

    /// Where the open file is, every link followed.
    package func realPath() throws -> String {
        do {
            return try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\(number)")
        } catch {
            throw FileTrouble(
                operation: "readlink", path: path, code: EIO,
                cause: "/proc does not tell its place")
        }
    }

    /// Reads up to `count` bytes into the buffer at `at`; 0: the end.
    package func read(into buffer: inout [UInt8], at: Int, count: Int) throws -> Int {
        while true {
            let got = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(number, bytes.baseAddress?.advanced(by: at), count)
            }
            if got >= 0 { return got }
            guard errno == EINTR else {
                throw FileTrouble(operation: "read", path: path, code: errno)
            }
        }
    }

    /// Reads `count` bytes at a place of the file; fewer at its end.
    package func read(into buffer: inout [UInt8], count: Int, from offset: Int64) throws -> Int {
        while true {
            let got = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe pread(number, bytes.baseAddress, count, off_t(offset))
            }
            if got >= 0 { return got }
            guard errno == EINTR else {
                throw FileTrouble(operation: "read", path: path, code: errno)
            }
        }
    }

    /// Writes everything.
    package func write(_ bytes: Span<UInt8>) throws {
        var done = 0
        while done < bytes.count {
            let got = unsafe bytes.withUnsafeBytes { all in
                unsafe Glibc.write(number, all.baseAddress?.advanced(by: done), all.count - done)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                throw FileTrouble(operation: "write", path: path, code: errno)
            }
            done += got
        }
    }

    /// Has the disk begin to write a range, so that ``sync()`` finds less to wait for.
    ///
    /// A hint: whether it can be followed changes nothing but time, so its failure is not looked at.
    package func beginWriteback(at offset: Int64, count: Int64) {
        _ = kugiri_begin_writeback(number, offset, count)
    }

    /// Flushes the file to disk.
    package func sync() throws {
        guard fdatasync(number) == 0 else {
            throw FileTrouble(operation: "fsync", path: path, code: errno)
        }
    }
}
