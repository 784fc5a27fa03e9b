// Trouble outside: what a call to libzmq or to the system answered.

import CZeroMQ
import Glibc

/// A call that failed, with the reason the system gave.
public struct MessagingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, such as `bind ipc:///run/kugiri/coordinator.ipc`.
    public var operation: String
    /// The `errno` value; libzmq's own start at 156384712.
    public var code: Int32
    /// What happened and, where we know it, what to do next.
    public var message: String

    /// Memberwise.
    public init(operation: String, code: Int32, message: String) {
        self.operation = operation
        self.code = code
        self.message = message
    }

    /// One line for a log.
    public var description: String { "\(operation): \(message) (\(code))" }

    /// The failure of the libzmq call just made.
    static func zeroMQ(_ operation: String) -> MessagingError {
        let code = zmq_errno()
        let message = unsafe String(cString: zmq_strerror(code))
        return MessagingError(operation: operation, code: code, message: message)
    }

    /// The failure of a system call, by its error number.
    static func system(_ operation: String, _ code: Int32) -> MessagingError {
        let message = unsafe String(cString: strerror(code))
        return MessagingError(operation: operation, code: code, message: message)
    }
}

/// Calls until the answer is not "interrupted by a signal".
func retryingInterrupts(_ call: () -> Int32) -> Int32 {
    while true {
        let answer = call()
        if answer != -1 || zmq_errno() != EINTR { return answer }
    }
}
