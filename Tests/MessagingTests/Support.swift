import CZeroMQ
import Glibc
import Messaging
import Testing

/// A directory of its own under the system's temporary one, with an endpoint in it.
struct TemporaryEndpoint: ~Copyable {
    let directory: String
    let endpoint: Endpoint

    init() throws {
        var template = Array("/tmp/kugiri-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let name = buffer.baseAddress, unsafe mkdtemp(name) != nil else {
                return ""
            }
            return unsafe String(cString: name)
        }
        let place = try Endpoint.ipc(directory: made)
        try place.prepareDirectory()
        directory = made
        endpoint = place
    }

    deinit {
        for name in [
            "coordinator.ipc", "output", "allow", "allow.revoked", "coordinator.key",
            "coordinator.pub", "osaka.key", "osaka.pub", "kyoto.key", "kyoto.pub",
        ] { _ = unsafe unlink("\(directory)/\(name)") }
        _ = unsafe rmdir(directory)
    }
}

/// How long a test waits for what must come; never reached when all is well.
let patienceMilliseconds = 10_000

/// The next thing a router receives; nil: nothing came in time.
func receive(_ router: borrowing RouterSocket) throws -> Received? {
    _ = try wait(router: router, descriptors: [], milliseconds: patienceMilliseconds)
    return try router.receive()
}

/// The next message of a dealer; nil: nothing came in time.
func receive(_ dealer: borrowing DealerSocket) throws -> [UInt8]? {
    _ = try wait(dealer: dealer, descriptors: [], milliseconds: patienceMilliseconds)
    return try dealer.receive()
}

/// Sends as soon as the connection is there.
func send(_ body: [UInt8], by dealer: borrowing DealerSocket) throws -> Bool {
    let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
    while Monotonic.now() < deadline {
        if try dealer.send(body) { return true }
        _ = try wait(dealer: dealer, descriptors: [], milliseconds: 5)
    }
    return false
}

/// A peer that keeps none of our rules: raw libzmq, blocking, no limits.
@safe struct RawPeer: ~Copyable {
    private let context: UnsafeMutableRawPointer
    private let socket: UnsafeMutableRawPointer

    init(connect endpoint: Endpoint) throws {
        let context = try unsafe #require(zmq_ctx_new())
        let socket = try unsafe #require(zmq_socket(context, ZMQ_DEALER))
        var linger: Int32 = 0
        _ = unsafe zmq_setsockopt(socket, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
        _ = unsafe zmq_connect(socket, endpoint.text)
        unsafe self.context = context
        unsafe self.socket = socket
    }

    /// The same over CURVE.
    init(connect endpoint: Endpoint, security: ClientSecurity) throws {
        let context = try unsafe #require(zmq_ctx_new())
        let socket = try unsafe #require(zmq_socket(context, ZMQ_DEALER))
        var linger: Int32 = 0
        _ = unsafe zmq_setsockopt(socket, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
        let file = try String(decoding: contents(of: security.keyFile.path), as: UTF8.self)
        let secret = try #require(file.split(whereSeparator: \.isWhitespace).last)
        for (option, text) in [
            (ZMQ_CURVE_SERVERKEY, security.serverKey.text),
            (ZMQ_CURVE_PUBLICKEY, security.keyFile.publicKey.text),
            (ZMQ_CURVE_SECRETKEY, String(secret)),
        ] {
            let answer = unsafe text.withCString { text in
                unsafe zmq_setsockopt(socket, option, text, strlen(text) + 1)
            }
            try #require(answer == 0)
        }
        _ = unsafe zmq_connect(socket, endpoint.text)
        unsafe self.context = context
        unsafe self.socket = socket
    }

    deinit {
        _ = unsafe zmq_close(socket)
        _ = unsafe zmq_ctx_term(context)
    }

    func send(_ frames: [[UInt8]]) {
        for (index, frame) in frames.enumerated() {
            let flags = index + 1 < frames.count ? ZMQ_SNDMORE : 0
            unsafe frame.withUnsafeBytes { bytes in
                _ = unsafe zmq_send(socket, bytes.baseAddress, bytes.count, flags)
            }
        }
    }
}

/// A file's bytes, read without the code under test.
func contents(of path: String) throws -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY)
    try #require(descriptor >= 0, "\(path)")
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(count, 0)))
}

/// Writes a file anew, as an editor would.
func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
    try #require(descriptor >= 0, "\(path)")
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    #expect(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
    #expect(unsafe chmod(path, mode) == 0)
}
