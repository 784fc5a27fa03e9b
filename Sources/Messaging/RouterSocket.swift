// The coordinator's socket: many peers, each known by an id that libzmq gives it.

import CZeroMQ

/// A connection's name, given by libzmq; opaque bytes.
///
/// A peer that reconnects has a new one, and a peer can choose its own: it says where an answer
/// goes, never who somebody is.
public struct PeerID: Hashable, Sendable {
    /// At most `MessagingLimits.messageBytesMax`; libzmq's own are 5 bytes.
    public var bytes: [UInt8]
    /// Whether it came in at the door to the network; ids of two sockets may be equal.
    public var isRemote: Bool
    /// The name of the key it proved to have; nil: a socket without keys.
    ///
    /// This one nobody can choose: it says who somebody is.
    public var key: String?

    /// Memberwise.
    public init(bytes: [UInt8], isRemote: Bool = false, key: String? = nil) {
        self.bytes = bytes
        self.isRemote = isRemote
        self.key = key
    }
}

/// What a router received.
public enum Received: Sendable, Equatable {
    /// One whole message of one body frame.
    case message(peer: PeerID, body: [UInt8])
    /// A message that has not exactly one body frame, or one over the bound. It is gone.
    case malformed(peer: PeerID)
    /// A message of somebody who is not listened to (any more). It is gone.
    case unwelcome
}

/// The coordinator's socket.
///
/// Owned by one thread; never blocks.
public struct RouterSocket: ~Copyable {
    let socket: Socket

    /// Listens at the endpoint, whose directory must exist (see `Endpoint.prepareDirectory()`).
    ///
    /// A socket file that is already there is replaced, also a living one: every process that
    /// binds needs a directory of its own.
    public init(_ context: borrowing Context, bind endpoint: Endpoint) throws(MessagingError) {
        socket = try Socket(
            context, type: ZMQ_ROUTER, options: SocketOptions.router, .bind, endpoint)
    }

    /// One whole message, or nil when nothing waits.
    public borrowing func receive() throws(MessagingError) -> Received? {
        guard let identity = try socket.receiveFrame() else { return nil }
        let peer: PeerID
        switch identity {
        case .whole(let bytes): peer = PeerID(bytes: bytes)
        case .tooLong: peer = PeerID(bytes: [])
        }
        guard try socket.hasMoreFrames(), let first = try socket.receiveFrame(),
            let body = try socket.finishMessage(with: first)
        else { return .malformed(peer: peer) }
        return .message(peer: peer, body: body)
    }

    /// Sends one message to one peer.
    ///
    /// - Returns: false when the peer is gone or its queue is full; the message was not sent.
    ///   true does not mean that it arrives: messages are hints.
    public borrowing func send(
        _ body: [UInt8], to peer: PeerID
    ) throws(MessagingError) -> Bool {
        try checkLength(of: body)
        guard try socket.sendFrame(peer.bytes, more: true) else { return false }
        return try socket.sendFrame(body, more: false)
    }
}
