import Glibc
import Messaging
import Testing

/// What anybody can send to a port: nothing of it may arrive, and the door stays in use.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RawTrafficTests {
    /// Greetings of ZMTP 1, 2 and 3 without CURVE, with frames behind them, and other protocols.
    private static let greetings: [(String, [UInt8])] = [
        ("plain text", Array("hello coordinator\r\n".utf8)),
        ("http", Array("GET / HTTP/1.1\r\nHost: tokyo\r\n\r\n".utf8)),
        // An anonymous identity and one frame, as ZMTP 1.0 has them.
        ("ZMTP 1", [0x01, 0x00, 0x04, 0x00, 0x61, 0x62, 0x63]),
        // Signature, revision 1, socket type DEALER, identity, one frame.
        (
            "ZMTP 2",
            [
                0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 0x01, 0x05, 0x00, 0x00, 0x00, 0x03, 0x61, 0x62,
                0x63,
            ]
        ),
        (
            "ZMTP 3 NULL",
            [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8)
                + [UInt8](repeating: 0, count: 16 + 32) + [0x04, 0x19, 0x05] + Array("READY".utf8)
        ),
        ("a length of 8 exbibytes", [0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 62)),
        ("silence", []),
    ]

    @Test func `no greeting without the key brings anything in`() throws {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context)
        let connections = try Self.greetings.map { try RawConnection(door.endpoint, $0.1) }
        let dealer = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))
        let received = try exchange(dealer, door, rounds: 20)
        #expect(received.map(\.bytes) == (0..<20).map { [UInt8($0)] })
        #expect(Set(received.map(\.key)) == ["osaka"])
        withExtendedLifetime(connections) {}
    }

    @Test func `a thousand connections full of garbage change nothing`() throws {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context)
        let dealer = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))
        #expect(try exchange(dealer, door, rounds: 1).count == 1)
        let before = residentKibibytes()
        var random = SystemRandomNumberGenerator()
        var heard = 0
        for _ in 0..<10 {
            let connections = try (0..<100).map { _ in
                let form = Self.greetings[Int.random(in: 0..<Self.greetings.count, using: &random)]
                    .1
                let noise = (0..<Int.random(in: 0...2_000, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                return try RawConnection(door.endpoint, form + noise)
            }
            let received = try exchange(dealer, door, rounds: 5)
            #expect(received.allSatisfy { $0.key == "osaka" })
            heard += received.count
            withExtendedLifetime(connections) {}
        }
        #expect(heard == 50)
        #expect(residentKibibytes() - before < 20_480)
    }

    /// What came in while a dealer sent so many messages of one byte.
    private func exchange(
        _ dealer: borrowing DealerSocket, _ door: RemoteDoor, rounds: Int
    ) throws -> [(bytes: [UInt8], key: String?)] {
        var received: [(bytes: [UInt8], key: String?)] = []
        var sent = 0
        let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
        while received.count < rounds, Monotonic.now() < deadline {
            _ = try door.look()
            if sent < rounds, try dealer.send([UInt8(sent)]) { sent += 1 }
            switch try door.receive() {
            case .message(let peer, let body): received.append((body, peer.key))
            case .malformed(let peer): received.append(([0xFF, 0xFF], peer.key))
            case .unwelcome: received.append(([0xFF, 0xFE], nil))
            case nil: usleep(500)
            }
        }
        return received
    }

    private func residentKibibytes() -> Int {
        let text = (try? contents(of: "/proc/self/statm")) ?? []
        let words = String(decoding: text, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4 : 0
    }
}

/// A TCP connection without libzmq; closed with its last reference.
final class RawConnection {
    private let descriptor: Int32

    init(_ endpoint: Endpoint, _ bytes: [UInt8]) throws {
        let port = try #require(endpoint.address?.port)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let answer = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe connect(
                    descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(answer == 0)
        // MSG_NOSIGNAL: the other side may have closed already.
        _ = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    deinit { _ = close(descriptor) }
}
