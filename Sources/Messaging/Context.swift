// The process's one ZeroMQ context: libzmq's I/O thread and what its sockets share.

import CZeroMQ
import Glibc

/// The process's one ZeroMQ context.
///
/// Make it after the ``SignalReader``: its thread inherits the signal mask. It ends when it and
/// all its sockets are gone, in whatever order; the end waits for unsent messages no longer than
/// the sockets' LINGER.
public struct Context: ~Copyable {
    let core: ContextCore

    /// Starts libzmq's one I/O thread.
    public init() throws(MessagingError) { core = try ContextCore() }
}

/// The context itself, kept alive by its sockets: ended before them, `zmq_ctx_term` would wait
/// for ever.
@safe final class ContextCore {
    private let handle: UnsafeMutableRawPointer

    init() throws(MessagingError) {
        guard let handle = unsafe zmq_ctx_new() else { throw .zeroMQ("start ZeroMQ") }
        let options: [(Int32, Int32)] = [
            // Without this every socket lingers for ever unless it says otherwise.
            (ZMQ_BLOCKY, 0),
            (ZMQ_IO_THREADS, MessagingLimits.ioThreads),
            (ZMQ_MAX_SOCKETS, MessagingLimits.socketsMax),
        ]
        for (option, value) in options {
            guard unsafe zmq_ctx_set(handle, option, value) == 0 else {
                let error = MessagingError.zeroMQ("set ZeroMQ context option \(option)")
                _ = unsafe zmq_ctx_term(handle)
                throw error
            }
        }
        unsafe self.handle = handle
    }

    deinit { _ = retryingInterrupts { unsafe zmq_ctx_term(handle) } }

    /// A new socket's handle; the caller closes it.
    func openSocket(type: Int32) throws(MessagingError) -> UnsafeMutableRawPointer {
        guard let socket = unsafe zmq_socket(handle, type) else { throw .zeroMQ("open a socket") }
        return unsafe socket
    }
}
