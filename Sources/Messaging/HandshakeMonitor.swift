// What libzmq tells about a connecting socket's handshakes. Without it a worker with a wrong key
// would try, or not even try, for ever in silence.

import CZeroMQ
import Synchronization

/// Our key and the coordinator's.
public struct ClientSecurity: Sendable, Equatable {
    /// Who we are.
    public var keyFile: KeyFile
    /// Who must answer; nobody else can.
    public var serverKey: PublicKey

    /// Memberwise.
    public init(keyFile: KeyFile, serverKey: PublicKey) {
        self.keyFile = keyFile
        self.serverKey = serverKey
    }
}

/// How the newest handshake of a connecting socket went.
public enum Handshake: Sendable, Equatable {
    /// None has ended yet: nobody listens, or it is under way.
    case pending
    /// Connected.
    case succeeded
    /// The other side broke off, so many times one after the other: another server key, a
    /// coordinator that starts or ends, or something else that listens there. Goes on.
    case interrupted(times: Int)
    /// The coordinator does not let this key in. libzmq does not try again.
    case refused
    /// The other side has other security: keys on one side only. libzmq does not try again.
    case mismatch
}

/// Reads the events of one socket.
final class HandshakeMonitor {
    private let events: Socket
    private var state = Handshake.pending

    private static let numbers = Atomic<Int>(0)
    private static let failed = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    private static let wanted =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | failed | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

    /// Watches a socket that is not yet connected.
    ///
    /// Keep it until the socket is closed or its monitor stopped, and look at it regularly: libzmq's thread waits when a thousand events are unread.
    init(_ context: borrowing Context, of socket: borrowing Socket) throws(MessagingError) {
        let number = Self.numbers.add(1, ordering: .relaxed).newValue
        let place = "inproc://kugiri-handshakes-\(number)"
        guard unsafe zmq_socket_monitor(socket.handle, place, Self.wanted) == 0 else {
            throw .zeroMQ("watch handshakes")
        }
        events = try Socket(
            context, type: ZMQ_PAIR, options: [SocketOption("LINGER", ZMQ_LINGER, 0)])
        try events.attach(.connect, place)
    }

    /// The newest state.
    func look() throws(MessagingError) -> Handshake {
        while let frame = try events.receiveFrame() {
            // The second frame names the endpoint, which is known.
            while try events.hasMoreFrames() { _ = try events.receiveFrame() }
            // An event's number in 16 bits and its value in 32, in this machine's order.
            guard case .whole(let bytes) = frame, bytes.count == 6 else { continue }
            take(unsafe bytes.withUnsafeBytes { unsafe $0.load(as: UInt16.self) })
        }
        return state
    }

    private func take(_ event: UInt16) {
        switch Int32(event) {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: state = .succeeded
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: state = .refused
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: state = .mismatch
        case Self.failed:
            if case .interrupted(let times) = state {
                state = .interrupted(times: times + 1)
            } else {
                state = .interrupted(times: 1)
            }
        default: break
        }
    }
}
