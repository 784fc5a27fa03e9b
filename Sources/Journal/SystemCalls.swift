// The operating system as this module needs it: appending files, a clock with a local offset, the
// size of a terminal. The only file of the module that hands memory to C; nothing decides here.

import Glibc

/// An open file, appended to by one owner and closed with it.
struct AppendFile: ~Copyable {
    private let descriptor: Int32

    /// Opens a file for appending, readable by its owner only.
    ///
    /// - Parameter truncates: Whether what the file held is dropped.
    init(path: String, truncates: Bool) throws(JournalError) {
        descriptor = try openPrivate(path, truncates: truncates)
    }

    deinit { _ = close(descriptor) }

    /// Hands all bytes over in one call; the errno of what went wrong, nil when nothing did.
    ///
    /// A short write is finished with further calls: on a regular file it only happens when the
    /// disk fills up, and then the next call says so.
    borrowing func append(_ bytes: [UInt8]) -> Int32? {
        writeAll(bytes, to: descriptor)
    }

    /// Forces the file to the disk; the errno of what went wrong, nil when nothing did.
    borrowing func sync() -> Int32? {
        fsync(descriptor) == 0 ? nil : errno
    }
}

/// An open file, read by one owner from its beginning on and closed with it.
struct ReadFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// Opens a file for reading.
    init(path: String) throws(JournalError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw JournalError(operation: .open, path: path, errno: errno)
        }
        self.path = path
    }

    deinit { _ = close(descriptor) }

    /// The next bytes, at most `count`; empty: the end of what is written so far.
    borrowing func read(_ count: Int) throws(JournalError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, got in
            var result = unsafe Glibc.read(descriptor, buffer.baseAddress, count)
            while result < 0, errno == EINTR {
                result = unsafe Glibc.read(descriptor, buffer.baseAddress, count)
            }
            if result < 0 { code = errno }
            got = max(result, 0)
        }
        guard code == 0 else { throw JournalError(operation: .read, path: path, errno: code) }
        return bytes
    }
}

/// Opens a file for appending; never follows a symbolic link.
private func openPrivate(_ path: String, truncates: Bool) throws(JournalError) -> Int32 {
    var flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW
    if truncates { flags |= O_TRUNC }
    let descriptor = unsafe open(path, flags, 0o600)
    guard descriptor >= 0 else { throw JournalError(operation: .open, path: path, errno: errno) }
    // A file left by an earlier run keeps the mode it had; the umask can only take away.
    guard fchmod(descriptor, 0o600) == 0 else {
        let code = errno
        _ = close(descriptor)
        throw JournalError(operation: .changeMode, path: path, errno: code)
    }
    return descriptor
}

/// Writes bytes to a descriptor; the errno of what went wrong, nil when nothing did.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(
                descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
        }
        if count < 0 {
            if errno == EINTR { continue }
            return errno
        }
        written += count
    }
    return nil
}

/// Makes a directory that only its owner can enter; one that is there already is made so.
func makePrivateDirectory(_ path: String) throws(JournalError) {
    if unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
        throw JournalError(operation: .makeDirectory, path: path, errno: errno)
    }
    if unsafe chmod(path, 0o700) != 0 {
        throw JournalError(operation: .changeMode, path: path, errno: errno)
    }
}

/// The wall clock in milliseconds since 1970 and the local offset from UTC in seconds.
func readWallClock() -> (milliseconds: Int64, offsetSeconds: Int) {
    var now = timespec()
    guard unsafe clock_gettime(CLOCK_REALTIME, &now) == 0 else {
        preconditionFailure("CLOCK_REALTIME is not readable")
    }
    return (
        Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000,
        readLocalOffset(at: Int64(now.tv_sec))
    )
}

/// Local time minus UTC at a moment, both in seconds; 0: the system does not know.
func readLocalOffset(at moment: Int64) -> Int {
    var seconds = time_t(moment)
    var local = unsafe tm()
    let isKnown = unsafe localtime_r(&seconds, &local) != nil
    return unsafe isKnown ? local.tm_gmtoff : 0
}

/// Columns and rows of a terminal; nil when the descriptor is none.
func readTerminalSize(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return (0, 0) }
    return (Int(size.ws_col), Int(size.ws_row))
}

/// The system's words for an errno.
func systemMessage(_ code: Int32) -> String {
    unsafe String(cString: strerror(code))
}
