// Signals as events of the loop: nothing ever runs in a signal handler.

import CLinux
import Glibc

/// SIGTERM, SIGINT and SIGCHLD as events.
///
/// Blocks them for this thread and for every thread it starts later, so make it first in `main`,
/// before any other thread exists. They stay blocked when the reader is gone: unblocked, one
/// that waits would end the process. ``ChildProcess`` unblocks them for children.
public struct SignalReader: ~Copyable {
    /// Readable when a signal waits; for ``wait(router:descriptors:milliseconds:)``.
    public let fileDescriptor: Int32

    /// Blocks the signals and opens a descriptor for them.
    ///
    /// SIGCHLD, when among them, gets its default action back: where a parent left it ignored,
    /// children would vanish without a status.
    public init(_ signals: [Int32]) throws(MessagingError) {
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        for signal in signals {
            guard unsafe sigaddset(&mask, signal) == 0 else {
                throw .system("block signal \(signal)", errno)
            }
        }
        let answer = unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
        guard answer == 0 else { throw .system("block signals", answer) }
        if signals.contains(SIGCHLD) { _ = signal(SIGCHLD, SIG_DFL) }
        let opened = unsafe signalfd(-1, &mask, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
        guard opened >= 0 else { throw .system("open a signal descriptor", errno) }
        fileDescriptor = opened
    }

    deinit { _ = close(fileDescriptor) }

    /// The next signal, or nil when none waits.
    ///
    /// Equal signals that come before one is read are one: after SIGCHLD look at every child.
    public borrowing func next() -> Int32? {
        var event = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while true {
            let count = unsafe read(fileDescriptor, &event, size)
            if count == size { return Int32(event.ssi_signo) }
            guard count == -1, errno == EINTR else { break }
        }
        precondition(errno == EAGAIN, "the signal descriptor was closed by somebody else")
        return nil
    }
}
