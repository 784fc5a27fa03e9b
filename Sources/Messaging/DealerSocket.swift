// A worker's socket: one connection to the coordinator, made again by libzmq when it is lost.

import CZeroMQ
import Synchronization

/// A worker's socket.
///
/// Owned by one thread; never blocks.
public struct DealerSocket: ~Copyable {
    let socket: Socket
    private let monitor: HandshakeMonitor?
    private let malformed: Atomic<UInt64>

    /// Connects in the background, again and again until the socket is closed; that nobody
    /// listens yet is not an error.
    public init(_ context: borrowing Context, connect endpoint: Endpoint) throws(MessagingError) {
        socket = try Socket(
            context, type: ZMQ_DEALER, options: SocketOptions.dealer, .connect, endpoint)
        monitor = nil
        malformed = Atomic(0)
    }

    /// Connects over a network; see the other form.
    ///
    /// - Parameters:
    ///   - context: The process's.
    ///   - endpoint: Of `tcp://`.
    ///   - security: Our key and the coordinator's; nil: no keys, on loopback only.
    /// - Throws: ``KeyTrouble`` for a key file, ``MessagingError`` for anything else.
    public init(
        _ context: borrowing Context, connect endpoint: Endpoint, security: ClientSecurity?
    ) throws {
        try endpoint.checkKeys(areGiven: security != nil)
        let curve = security.map {
            SocketOptions.curveClient(own: $0.keyFile.publicKey, server: $0.serverKey)
        }
        let socket = try Socket(
            context, type: ZMQ_DEALER,
            options: SocketOptions.dealer + SocketOptions.transport(of: endpoint) + (curve ?? []))
        if let security {
            try security.keyFile.withSecret { secret throws(KeyTrouble) in
                try socket.setSecretKey(secret)
            }
        }
        let monitor = try HandshakeMonitor(context, of: socket)
        try socket.attach(.connect, endpoint.text)
        self.socket = socket
        self.monitor = monitor
        malformed = Atomic(0)
    }

    /// How the connection came about; always `pending` over `ipc://`, which has no handshake to
    /// fail.
    public func handshake() throws(MessagingError) -> Handshake {
        try monitor?.look() ?? .pending
    }

    /// Messages skipped because they had more than one frame or one over the bound.
    public var malformedCount: UInt64 { malformed.load(ordering: .relaxed) }

    /// One whole message, or nil when nothing waits.
    ///
    /// Malformed ones are skipped and counted.
    public borrowing func receive() throws(MessagingError) -> [UInt8]? {
        while let frame = try socket.receiveFrame() {
            if let body = try socket.finishMessage(with: frame) { return body }
            malformed.add(1, ordering: .relaxed)
        }
        return nil
    }

    /// Sends one message to the coordinator.
    ///
    /// - Returns: false when there is no connection (yet) or the queue is full; the message was
    ///   not sent, try again later. true does not mean that it arrives: messages are hints.
    public borrowing func send(_ body: [UInt8]) throws(MessagingError) -> Bool {
        try checkLength(of: body)
        return try socket.sendFrame(body, more: false)
    }
}

/// A worker's socket among others of its process.
///
/// A class, because no array holds the socket itself; still of one thread.
public final class SharedDealer {
    /// The socket.
    public let socket: DealerSocket

    /// Takes the socket over.
    public init(_ socket: consuming DealerSocket) { self.socket = socket }
}
