// Events of a run for whoever listens: one socket that tells, and its counterpart that hears.
// Nothing here blocks, and nothing here is needed for a run to succeed.

import CZeroMQ
import Glibc

/// Tells topics and bodies to all that listen; who is too slow misses some.
///
/// Owned by one thread; never blocks, whoever listens or does not.
public struct PublisherSocket: ~Copyable {
    private let socket: Socket

    /// Listens at the endpoint, whose directory must exist.
    public init(_ context: borrowing Context, bind endpoint: Endpoint) throws(MessagingError) {
        socket = try Socket(
            context, type: ZMQ_PUB, options: SocketOptions.publisher, .bind, endpoint)
    }

    /// Sends a topic and a body to everybody who wants the topic and has room for it.
    ///
    /// - Throws: ``MessagingError`` for a body over the bound or a socket that is broken; a
    ///   listener that is slow or gone is not an error.
    public borrowing func publish(topic: String, _ body: [UInt8]) throws(MessagingError) {
        try checkLength(of: body)
        guard try socket.sendFrame(Array(topic.utf8), more: true) else { return }
        _ = try socket.sendFrame(body, more: false)
    }
}

/// Hears the bodies of one topic.
///
/// Owned by one thread; never blocks.
public struct SubscriberSocket: ~Copyable {
    let socket: Socket

    /// Connects in the background; that nobody publishes (yet) is not an error.
    ///
    /// - Parameter topic: What topics must begin with; a run's id.
    public init(
        _ context: borrowing Context, connect endpoint: Endpoint, topic: String
    ) throws(MessagingError) {
        let socket = try Socket(
            context, type: ZMQ_SUB, options: SocketOptions.subscriber, .connect, endpoint)
        try socket.subscribe(topic)
        self.socket = socket
    }

    /// The next body, or nil when nothing waits; a message of another form is skipped.
    public borrowing func receive() throws(MessagingError) -> [UInt8]? {
        while let topic = try socket.receiveFrame() {
            guard case .whole = topic, try socket.hasMoreFrames(),
                let frame = try socket.receiveFrame()
            else { continue }
            if let body = try socket.finishMessage(with: frame) { return body }
        }
        return nil
    }
}
