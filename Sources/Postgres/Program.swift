// Runs one program to its end. For the few short programs around the private server; not for
// anything that runs beside us.

import CLibPQ
import Glibc

/// One program of the system, run to its end in `/` with a small environment.
struct Program {
    /// What a program wrote, and how it ended.
    struct Outcome {
        /// The exit status; 128 + n: ended by signal n.
        var status: Int32
        var output: String
        var errors: String
    }

    /// Runs a program and wants success.
    ///
    /// - Returns: What it wrote to standard output, without line feeds at the end.
    /// - Throws: ``PrivateServerError`` with what it wrote to standard error.
    @discardableResult
    static func run(
        _ path: String, _ arguments: [String], limitSeconds: Int = Limits.serverWaitSeconds
    ) throws(PrivateServerError) -> String {
        let outcome = try attempt(path, arguments, limitSeconds: limitSeconds)
        guard outcome.status == 0 else {
            let words = [outcome.errors, outcome.output].map { trimmed($0) }
            throw PrivateServerError(
                kind: .failed,
                message: "\(path) ended with status \(outcome.status): "
                    + words.filter { !$0.isEmpty }.joined(separator: "\n"))
        }
        return trimmed(outcome.output)
    }

    /// Runs a program and tells how it ended.
    ///
    /// - Parameters:
    ///   - path: Absolute.
    ///   - arguments: Without the program's own name.
    ///   - limitSeconds: After this it is killed, and that is an error.
    static func attempt(
        _ path: String, _ arguments: [String], limitSeconds: Int = Limits.serverWaitSeconds
    ) throws(PrivateServerError) -> Outcome {
        // Files and not pipes: a server that is left behind would hold a pipe open for ever.
        let output = try ScratchFile()
        let errors = try ScratchFile()
        let child = try start(path, arguments, output: output.descriptor, errors: errors.descriptor)
        let deadline = ContinuousClock.now + .seconds(limitSeconds)
        var status: Int32 = 0
        while true {
            let ended = unsafe waitpid(child, &status, WNOHANG)
            if ended == child { break }
            guard ended == 0 || errno == EINTR else {
                throw .system("wait for \(path)")
            }
            guard ContinuousClock.now < deadline else {
                _ = kill(child, SIGKILL)
                _ = unsafe waitpid(child, &status, 0)
                throw PrivateServerError(
                    kind: .failed, message: "\(path) did not end within \(limitSeconds) s")
            }
            pause()
        }
        let signal = status & 0x7f
        return Outcome(
            status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            output: output.text(), errors: errors.text())
    }

    /// A moment's rest between two looks at something.
    static func pause() {
        _ = poll(nil, 0, Limits.pauseMilliseconds)
    }

    private static func start(
        _ path: String, _ arguments: [String], output: Int32, errors: Int32
    ) throws(PrivateServerError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        unsafe posix_spawn_file_actions_addchdir_np(&actions, "/")

        // Our own mask and handlers are made for our loop: the server must not inherit blocked
        // signals, nor the terminal's Ctrl-C.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | SPAWN_SETSID
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var child: pid_t = 0
        let environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C"]
        let failed = unsafe withMutableCStrings([path] + arguments) { arguments in
            unsafe withMutableCStrings(environment) { environment in
                unsafe posix_spawn(&child, path, &actions, &attributes, arguments, environment)
            }
        }
        guard failed == 0 else { throw .system("start \(path)", code: failed) }
        return child
    }
}

/// The same as `withCStrings`, in the form that `posix_spawn` asks for though it changes nothing.
private func withMutableCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    unsafe withCStrings(texts) { list in
        let pointers = unsafe (0...texts.count).map {
            unsafe UnsafeMutablePointer(mutating: list[$0])
        }
        return unsafe pointers.withUnsafeBufferPointer { pointers in
            guard let start = pointers.baseAddress else {
                preconditionFailure("it has an element")
            }
            return unsafe body(start)
        }
    }
}

/// A file without a name that a program writes into; gone when the value goes.
private struct ScratchFile: ~Copyable {
    let descriptor: Int32

    init() throws(PrivateServerError) {
        var template = Array("/tmp/kugiri-output-XXXXXX".utf8CString)
        descriptor = unsafe template.withUnsafeMutableBufferPointer { path in
            guard let name = path.baseAddress else { return -1 }
            let descriptor = unsafe mkstemp(name)
            if descriptor >= 0 {
                unsafe unlink(name)
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
            return descriptor
        }
        guard descriptor >= 0 else { throw .system("write to /tmp") }
    }

    deinit { close(descriptor) }

    /// The last bytes that were written, up to the module's limit.
    func text() -> String {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: max(0, min(size, Limits.outputBytesMax)))
        let start = max(0, size - bytes.count)
        let count = unsafe pread(descriptor, &bytes, bytes.count, off_t(start))
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
