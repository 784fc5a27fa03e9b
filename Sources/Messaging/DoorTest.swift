// The proof at the start that strangers stay outside: option 93 is not in the manual, and without
// it, or with a handler that is not there, CURVE lets every key in.

import CZeroMQ
import Glibc

/// The self-test found the door open: the coordinator must not listen on a network.
public struct DoorOpen: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, and what happened instead of a refusal.
    public var description: String
}

/// What the self-test's own tests take away from the door.
package enum DoorWeakness: Sendable {
    /// Option 93 is off.
    case notEnforced
    /// The handler lets everybody in.
    case letsEverybodyIn
    /// There is no handler, and no self-test before it: as if it had died since.
    case handlerGone
}

/// Knocks at a socket that listens in a private folder, before it listens on the network.
struct DoorTest {
    let serverKey: PublicKey
    let place: String
    let list: AllowList
    let weakness: DoorWeakness?

    /// Proves it in three steps, and gives back the handler that was proved.
    func prove(_ context: borrowing Context) throws -> ZAPHandler {
        let first = try knock(context, handler: nil, hasKeys: true)
        guard case .interrupted = first else {
            throw DoorOpen(description: "a stranger's key without a handler: \(first)")
        }
        let handler = try ZAPHandler(context)
        // This refusal comes from the handler, so the handshake reached it: the first one was no
        // accident of another kind.
        let second = try knock(context, handler: handler, hasKeys: true)
        guard second == .refused else {
            throw DoorOpen(description: "a stranger's key: \(second)")
        }
        let third = try knock(context, handler: handler, hasKeys: false)
        switch third {
        case .interrupted, .mismatch: return handler
        case .pending, .succeeded, .refused:
            throw DoorOpen(description: "no key at all: \(third)")
        }
    }

    /// One handshake, until it ended; `pending`: it did not in time.
    ///
    /// - Parameter hasKeys: Whether with a new key that nobody knows, or without any.
    private func knock(
        _ context: borrowing Context, handler: ZAPHandler?, hasKeys: Bool
    ) throws -> Handshake {
        let pair = try KeyPair(for: place)
        let curve = SocketOptions.curveClient(own: pair.publicKey, server: serverKey)
        let socket = try Socket(
            context, type: ZMQ_DEALER, options: SocketOptions.dealer + (hasKeys ? curve : []))
        if hasKeys {
            try pair.withSecret { secret throws(KeyTrouble) in try socket.setSecretKey(secret) }
        }
        let monitor = try HandshakeMonitor(context, of: socket)
        defer { withExtendedLifetime(monitor) { socket.stopMonitor() } }
        try socket.attach(.connect, place)
        let deadline = Monotonic.now() + .milliseconds(MessagingLimits.selfTestMilliseconds)
        while Monotonic.now() < deadline {
            _ = try handler?.serve(list, letsEverybodyIn: weakness == .letsEverybodyIn)
            let state = try monitor.look()
            if state != .pending { return state }
            usleep(1_000)
        }
        return .pending
    }
}
