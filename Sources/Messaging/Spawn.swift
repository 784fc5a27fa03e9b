// posix_spawn with our attributes. It neither copies the process nor runs our code in the child,
// so it is safe beside libzmq's threads (fork is not, #3223).

import CLinux
import Glibc

/// Starts a process and answers its number; see `ChildProcess.start` for what is promised.
func spawn(
    executable: String, arguments: [String], environment: [String]?, output: ChildOutput,
    ownProcessGroup: Bool
) throws(MessagingError) -> Int32 {
    let operation = "start \(executable)"
    var texts = [executable] + arguments + (environment ?? [])
    if case .file(let path) = output { texts.append(path) }
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
        throw MessagingError(
            operation: operation, code: EINVAL,
            message: "the path, an argument or a variable holds a zero byte")
    }
    var attributes = posix_spawnattr_t()
    var code = unsafe posix_spawnattr_init(&attributes)
    guard code == 0 else { throw .system(operation, code) }
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    code = configure(&attributes, ownProcessGroup: ownProcessGroup)
    guard code == 0 else { throw .system(operation, code) }

    var actions = unsafe posix_spawn_file_actions_t()
    code = unsafe posix_spawn_file_actions_init(&actions)
    guard code == 0 else { throw .system(operation, code) }
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    code = unsafe configure(&actions, output: output)
    guard code == 0 else { throw .system(operation, code) }

    var pid: Int32 = 0
    code = unsafe withTexts([executable] + arguments) { argumentList in
        guard let environment else {
            return unsafe posix_spawn(
                &pid, executable, &actions, &attributes, argumentList, kugiri_environment())
        }
        return unsafe withTexts(environment) { environmentList in
            unsafe posix_spawn(
                &pid, executable, &actions, &attributes, argumentList, environmentList)
        }
    }
    guard code == 0 else { throw .system(operation, code) }
    return pid
}

/// Empty mask, default actions, process group.
///
/// Answers an error number.
private func configure(
    _ attributes: inout posix_spawnattr_t, ownProcessGroup: Bool
) -> Int32 {
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    if ownProcessGroup { flags |= POSIX_SPAWN_SETPGROUP }
    for code in unsafe [
        posix_spawnattr_setsigmask(&attributes, &none),
        posix_spawnattr_setsigdefault(&attributes, &all),
        posix_spawnattr_setpgroup(&attributes, 0),
        posix_spawnattr_setflags(&attributes, Int16(flags)),
    ] where code != 0 { return code }
    return 0
}

/// Empty standard input, the output as asked, everything else closed.
///
/// Answers an error number.
private func configure(
    _ actions: inout posix_spawn_file_actions_t, output: ChildOutput
) -> Int32 {
    var codes = unsafe [
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    ]
    if case .file(let path) = output {
        unsafe codes.append(
            posix_spawn_file_actions_addopen(
                &actions, STDOUT_FILENO, path, O_WRONLY | O_CREAT | O_APPEND, 0o600))
        unsafe codes.append(
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO))
    }
    // Descriptors of libraries that forgot close-on-exec do not leak into a child.
    unsafe codes.append(posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1))
    return codes.first { $0 != 0 } ?? 0
}

/// Gives texts to C as a list that ends with nil, valid during the call.
private func withTexts(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
) -> Int32 {
    var list: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
    defer { unsafe list.forEach { unsafe free($0) } }
    guard unsafe list.allSatisfy({ unsafe $0 != nil }) else { return ENOMEM }
    unsafe list.append(nil)
    return unsafe list.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return EINVAL }
        return unsafe body(base)
    }
}
