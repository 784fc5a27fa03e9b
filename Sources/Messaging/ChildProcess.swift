// Child processes: started, watched and ended. What they do is their own affair.

import CLinux
import Glibc
import Synchronization

/// Where a child's standard output and standard error go.
///
/// Its standard input is empty.
public enum ChildOutput: Sendable, Equatable {
    /// To the same places as this process's.
    case inherited
    /// Both to the end of this file, made with mode 0600 where it is missing.
    case file(path: String)
}

/// How a process ended.
public enum ExitStatus: Sendable, Equatable {
    /// It ended by itself; 0 to 255.
    case exited(code: Int32)
    /// A signal ended it.
    case signalled(Int32)
    /// Somebody else collected the status, or this process ignores SIGCHLD.
    case lost
}

/// A process that this one started.
///
/// Copies mean the same child. It is not ended when the last copy is gone; see `ParentDeath`.
public struct ChildProcess: Sendable {
    /// Means nothing once ``poll()`` has told the end: the kernel gives numbers again.
    public let pid: Int32
    private let state = State()

    /// nil: not known to have ended.
    ///
    /// Locked while a signal is sent, so that it cannot go to a stranger who got the number of a
    /// child collected in between.
    private final class State: Sendable {
        let status = Mutex<ExitStatus?>(nil)
    }

    private init(pid: Int32) { self.pid = pid }

    /// Starts a process.
    ///
    /// It gets an empty signal mask, default signal actions and no open file but its standard
    /// ones. Start children that call `ParentDeath.follow(parent:)` from the main thread.
    ///
    /// - Parameters:
    ///   - executable: A path; not searched for. This binary's own is `/proc/self/exe`.
    ///   - arguments: Without the program's name, which is `executable`.
    ///   - environment: nil: this process's.
    ///   - output: Where standard output and error go.
    ///   - ownProcessGroup: Whether it is kept out of this process's group, so that Ctrl-C at the
    ///     terminal reaches only this process, which then drains its children.
    /// - Throws: ``MessagingError`` when there is no such program, no permission, no memory, or
    ///   the output file cannot be opened.
    public static func start(
        executable: String, arguments: [String], environment: [String: String]?,
        output: ChildOutput, ownProcessGroup: Bool = true
    ) throws(MessagingError) -> ChildProcess {
        let pid = try spawn(
            executable: executable, arguments: arguments,
            environment: environment?.map { "\($0.key)=\($0.value)" }.sorted(),
            output: output, ownProcessGroup: ownProcessGroup)
        return ChildProcess(pid: pid)
    }

    /// How the process ended; nil while it runs.
    ///
    /// Does not wait. The answer stays the same.
    public func poll() -> ExitStatus? {
        state.status.withLock { status in
            if status == nil { status = collect(pid) }
            return status
        }
    }

    /// Asks the process to end (SIGTERM); nothing happens when it already has.
    public func terminate() { send(SIGTERM) }

    /// Ends the process (SIGKILL); nothing happens when it already has.
    ///
    /// ``poll()`` still has to be called.
    public func kill() { send(SIGKILL) }

    private func send(_ signal: Int32) {
        state.status.withLock { status in
            // A child that ended but was not collected still owns its number: no stranger.
            if status == nil { _ = Glibc.kill(pid, signal) }
        }
    }
}

/// The child's end, collected; nil while it runs.
private func collect(_ pid: Int32) -> ExitStatus? {
    var word: Int32 = 0
    let answer = retryingInterrupts { unsafe waitpid(pid, &word, WNOHANG) }
    if answer == 0 { return nil }
    guard answer == pid else { return .lost }
    // As <sys/wait.h> has it; its macros are not visible here. Stops are not reported.
    let signal = word & 0x7F
    return signal == 0 ? .exited(code: (word >> 8) & 0xFF) : .signalled(signal)
}
