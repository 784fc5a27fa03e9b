// What router and dealer have in common: one libzmq socket with its options, frame by frame.
// Nothing here blocks.

import CZeroMQ
import Glibc

/// One libzmq socket, owned by one thread.
@safe struct Socket: ~Copyable {
    /// For the poller only.
    let handle: UnsafeMutableRawPointer
    /// Where frames are received; `MessagingLimits.messageBytesMax` bytes.
    private let buffer: UnsafeMutableRawBufferPointer
    /// For frames whose metadata is wanted: libzmq's message never moves and is never copied.
    private let message: UnsafeMutablePointer<zmq_msg_t>
    /// Released after the socket is closed.
    private let context: ContextCore

    /// What a socket does with its endpoint.
    enum Attachment {
        case bind, connect
    }

    init(
        _ context: borrowing Context, type: Int32, options: [SocketOption],
        _ attachment: Attachment, _ endpoint: Endpoint
    ) throws(MessagingError) {
        try self.init(
            context, type: type, options: options + SocketOptions.transport(of: endpoint),
            to: (attachment, endpoint.text))
    }

    /// A socket with options.
    ///
    /// - Parameter place: nil: it is neither bound nor connected yet.
    init(
        _ context: borrowing Context, type: Int32, options: [SocketOption],
        to place: (attachment: Attachment, text: String)? = nil
    ) throws(MessagingError) {
        let handle = unsafe try context.core.openSocket(type: type)
        do throws(MessagingError) {
            for option in options { unsafe try Self.set(option, on: handle) }
            if let place { unsafe try Self.attach(handle, place.attachment, place.text) }
        } catch {
            _ = unsafe zmq_close(handle)
            throw error
        }
        unsafe self.handle = handle
        unsafe buffer = .allocate(byteCount: MessagingLimits.messageBytesMax, alignment: 16)
        unsafe message = .allocate(capacity: 1)
        self.context = context.core
    }

    deinit {
        stopMonitor()
        _ = unsafe zmq_close(handle)
        unsafe buffer.deallocate()
        unsafe message.deallocate()
    }

    /// Ends the events of a `HandshakeMonitor`, whose end would otherwise be waited for.
    borrowing func stopMonitor() { _ = unsafe zmq_socket_monitor(handle, nil, 0) }

    /// Binds or connects, by libzmq's text of the endpoint.
    borrowing func attach(_ attachment: Attachment, _ text: String) throws(MessagingError) {
        unsafe try Self.attach(handle, attachment, text)
    }

    private static func attach(
        _ handle: UnsafeMutableRawPointer, _ attachment: Attachment, _ text: String
    ) throws(MessagingError) {
        switch attachment {
        case .bind:
            guard unsafe zmq_bind(handle, text) == 0 else { throw .zeroMQ("bind \(text)") }
        case .connect:
            guard unsafe zmq_connect(handle, text) == 0 else {
                throw .zeroMQ("connect to \(text)")
            }
        }
    }

    /// Stops listening at an endpoint; connections that are there stay.
    borrowing func unbind(_ text: String) throws(MessagingError) {
        guard unsafe zmq_unbind(handle, text) == 0 else { throw .zeroMQ("unbind \(text)") }
    }

    /// Sets the secret key; the caller wipes the bytes.
    borrowing func setSecretKey(_ secret: borrowing SecretBytes) throws(KeyTrouble) {
        let answer = unsafe secret.withBytes { bytes in
            unsafe zmq_setsockopt(
                handle, ZMQ_CURVE_SECRETKEY, bytes.baseAddress, bytes.count)
        }
        guard answer == 0 else {
            throw KeyTrouble(path: "libzmq", reason: "refuses a secret key; it lacks CURVE")
        }
    }

    private static func set(
        _ option: SocketOption, on handle: UnsafeMutableRawPointer
    ) throws(MessagingError) {
        let answer: Int32
        switch option.value {
        case .int32(var value):
            answer = unsafe zmq_setsockopt(
                handle, option.number, &value, MemoryLayout<Int32>.size)
        case .int64(var value):
            answer = unsafe zmq_setsockopt(
                handle, option.number, &value, MemoryLayout<Int64>.size)
        case .bytes(let value):
            answer = unsafe value.withUnsafeBytes { bytes in
                unsafe zmq_setsockopt(handle, option.number, bytes.baseAddress, bytes.count)
            }
        }
        guard answer == 0 else { throw .zeroMQ("set socket option \(option.name)") }
    }

    /// Asks a SUB socket's publishers for topics that begin with this.
    borrowing func subscribe(_ topic: String) throws(MessagingError) {
        let bytes = Array(topic.utf8)
        let answer = unsafe bytes.withUnsafeBytes { bytes in
            unsafe zmq_setsockopt(handle, ZMQ_SUBSCRIBE, bytes.baseAddress, bytes.count)
        }
        guard answer == 0 else { throw .zeroMQ("subscribe to \(topic)") }
    }

    /// A received frame.
    enum Frame {
        /// The whole frame.
        case whole([UInt8])
        /// Longer than the buffer; what did not fit is gone.
        case tooLong
    }

    /// The next frame; nil when nothing waits.
    ///
    /// After the first frame of a message the others are there too: libzmq delivers whole messages.
    borrowing func receiveFrame() throws(MessagingError) -> Frame? {
        let length = retryingInterrupts {
            unsafe zmq_recv(handle, buffer.baseAddress, buffer.count, ZMQ_DONTWAIT)
        }
        guard length >= 0 else {
            if zmq_errno() == EAGAIN { return nil }
            throw .zeroMQ("receive")
        }
        // libzmq answers with the frame's full length, also when it cut the frame.
        let count = Int(length)
        guard unsafe count <= buffer.count else { return .tooLong }
        return .whole(unsafe Array(buffer[..<count]))
    }

    /// The next frame with the user id that the ZAP handler gave its connection; nil user: none.
    ///
    /// Only body frames have it: after a poll 4.3.4 forgets it on a router's identity frame.
    borrowing func receiveFrameAndUser() throws(MessagingError) -> (frame: Frame, user: String?)? {
        _ = unsafe zmq_msg_init(message)
        defer { _ = unsafe zmq_msg_close(message) }
        let length = retryingInterrupts { unsafe zmq_msg_recv(message, handle, ZMQ_DONTWAIT) }
        guard length >= 0 else {
            if zmq_errno() == EAGAIN { return nil }
            throw .zeroMQ("receive")
        }
        var user: String?
        if let text = unsafe zmq_msg_gets(message, "User-Id") {
            user = unsafe String(cString: text)
        }
        let count = Int(length)
        guard count <= MessagingLimits.messageBytesMax else { return (.tooLong, user) }
        let bytes = unsafe UnsafeRawBufferPointer(start: zmq_msg_data(message), count: count)
        return (.whole(unsafe Array(bytes)), user)
    }

    /// Whether the frame just received has another one of the same message behind it.
    borrowing func hasMoreFrames() throws(MessagingError) -> Bool {
        var more: Int32 = 0
        var size = MemoryLayout<Int32>.size
        guard unsafe zmq_getsockopt(handle, ZMQ_RCVMORE, &more, &size) == 0 else {
            throw .zeroMQ("read socket option RCVMORE")
        }
        return more != 0
    }

    /// The body whose first frame was just read; nil when another one follows or it was over the
    /// bound.
    ///
    /// In either case the whole message is gone from the socket.
    borrowing func finishMessage(with frame: Frame) throws(MessagingError) -> [UInt8]? {
        var extraFrames = 0
        while try hasMoreFrames() {
            _ = try receiveFrame()
            extraFrames += 1
        }
        guard extraFrames == 0, case .whole(let body) = frame else { return nil }
        return body
    }

    /// Sends one frame; false when it cannot be sent now or, by a router, to that peer.
    borrowing func sendFrame(_ frame: [UInt8], more: Bool) throws(MessagingError) -> Bool {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        let answer = retryingInterrupts {
            unsafe frame.withUnsafeBytes { bytes in
                unsafe zmq_send(handle, bytes.baseAddress, bytes.count, flags)
            }
        }
        if answer >= 0 { return true }
        let code = zmq_errno()
        if code == EAGAIN || code == EHOSTUNREACH { return false }
        throw .zeroMQ("send")
    }
}

/// Refuses a body that the peer's socket would answer by closing the connection.
func checkLength(of body: [UInt8]) throws(MessagingError) {
    guard body.count <= MessagingLimits.messageBytesMax else {
        throw MessagingError(
            operation: "send", code: EMSGSIZE,
            message: "a message of \(body.count) bytes, over \(MessagingLimits.messageBytesMax)")
    }
}
