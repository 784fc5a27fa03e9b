import CZeroMQ
import Glibc
import Messaging
import Synchronization
import Testing

/// A coordinator's key, an allow-list with osaka on it, and a key of kyoto that is not.
struct Keyring: ~Copyable {
    let place: TemporaryEndpoint
    let coordinator: KeyFile
    let osaka: KeyFile
    let kyoto: KeyFile

    init() throws {
        let place = try TemporaryEndpoint()
        let folder = place.directory
        let coordinator = try KeyFile.make(name: "coordinator", directory: folder)
        let osaka = try KeyFile.make(name: "osaka", directory: folder)
        let kyoto = try KeyFile.make(name: "kyoto", directory: folder)
        _ = try AllowListFile.allow("\(folder)/osaka.pub", in: "\(folder)/allow")
        self.place = place
        self.coordinator = coordinator
        self.osaka = osaka
        self.kyoto = kyoto
    }

    var list: String { "\(place.directory)/allow" }
    var server: ServerSecurity { ServerSecurity(keyFile: coordinator, allowFile: list) }

    func client(_ key: KeyFile) -> ClientSecurity {
        ClientSecurity(keyFile: key, serverKey: coordinator.publicKey)
    }

    private static let ports = Atomic<Int>(0)

    /// A door on a loopback port that nobody has.
    func open(
        _ context: borrowing Context, weakness: DoorWeakness? = nil, hasKeys: Bool = true
    ) throws -> RemoteDoor {
        while true {
            let number = Self.ports.add(1, ordering: .relaxed).newValue
            let port = 11_000 + (Int(getpid()) * 37 + number) % 20_000
            do {
                return try RemoteDoor(
                    context, bind: Endpoint("tcp://127.0.0.1:\(port)"),
                    security: hasKeys ? server : nil, testDirectory: place.directory,
                    weakness: weakness)
            } catch let error as MessagingError where error.code == EADDRINUSE {
                try #require(number < 1_000)
            }
        }
    }
}

/// Looks at a door until something comes; nil: nothing came in time.
private func receive(
    _ door: RemoteDoor, notices: inout [DoorNotice], milliseconds: Int = patienceMilliseconds
) throws -> Received? {
    let deadline = Monotonic.now() + .milliseconds(milliseconds)
    repeat {
        notices += try door.look()
        if let received = try door.receive() { return received }
        usleep(1_000)
    } while Monotonic.now() < deadline
    return nil
}

private func receive(_ door: RemoteDoor) throws -> Received? {
    var notices: [DoorNotice] = []
    return try receive(door, notices: &notices)
}

/// Sends while the door answers the handshake.
private func send(
    _ body: [UInt8], by dealer: borrowing DealerSocket, to door: RemoteDoor
) throws -> Received? {
    let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
    while try !dealer.send(body), Monotonic.now() < deadline {
        _ = try door.look()
        usleep(1_000)
    }
    return try receive(door)
}

/// The last state of a dealer's handshake that is not `pending`.
private func handshake(
    of dealer: borrowing DealerSocket, at door: RemoteDoor, until isEnough: (Handshake) -> Bool
) throws -> (Handshake, [Received]) {
    var received: [Received] = []
    let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
    while Monotonic.now() < deadline {
        _ = try door.look()
        if let message = try door.receive() { received.append(message) }
        let state = try dealer.handshake()
        if isEnough(state) { return (state, received) }
        usleep(1_000)
    }
    return (try dealer.handshake(), received)
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct RemoteDoorTests {
    @Test func `a key of the list is known by its name, both ways`() throws {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context)
        #expect(door.keysCount == 1)
        let dealer = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))

        guard case .message(let peer, let body) = try send([1, 2], by: dealer, to: door) else {
            Issue.record("no message came")
            return
        }
        #expect(body == [1, 2])
        #expect(peer.key == "osaka")
        #expect(peer.isRemote)
        #expect(try door.send([3], to: peer))
        #expect(try receive(dealer) == [3])
        #expect(try dealer.handshake() == .succeeded)
    }

    @Test func `an unknown key, no key and a wrong server key bring nothing in, and learn why`()
        throws
    {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context)
        let unknown = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.kyoto))
        let (refused, first) = try handshake(of: unknown, at: door) { $0 == .refused }
        #expect(refused == .refused)
        let plain = try DealerSocket(context, connect: door.endpoint, security: nil)
        let (mismatch, second) = try handshake(of: plain, at: door) { $0 == .mismatch }
        #expect(mismatch == .mismatch)
        let astray = try DealerSocket(
            context, connect: door.endpoint,
            security: ClientSecurity(keyFile: keys.osaka, serverKey: keys.kyoto.publicKey))
        let (broken, third) = try handshake(of: astray, at: door) {
            if case .interrupted(let times) = $0 { times >= 3 } else { false }
        }
        #expect(broken != .pending && broken != .succeeded)
        for dealer in [0, 1, 2] {
            let sent =
                switch dealer {
                case 0: try unknown.send([9])
                case 1: try plain.send([9])
                default: try astray.send([9])
                }
            #expect(!sent)
        }
        #expect(first + second + third == [])
        #expect(try door.receive() == nil)
    }

    @Test func `a revoked key is not listened to on its living connection`() throws {
        let keys = try Keyring()
        _ = try AllowListFile.allow("\(keys.place.directory)/kyoto.pub", in: keys.list)
        let context = try Context()
        let door = try keys.open(context)
        let osaka = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))
        let kyoto = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.kyoto))
        guard case .message(let peer, _) = try send([1], by: osaka, to: door),
            case .message = try send([2], by: kyoto, to: door)
        else {
            Issue.record("no message came")
            return
        }

        try AllowListFile.revoke("osaka", in: keys.list, at: "now")
        var notices: [DoorNotice] = []
        let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
        while !notices.contains(.revoked(key: "osaka")), Monotonic.now() < deadline {
            notices += try door.look()
            usleep(1_000)
        }
        #expect(notices == [.listRead(keys: 1), .revoked(key: "osaka")])
        #expect(try osaka.send([3]))
        #expect(try receive(door) == .unwelcome)
        #expect(try !door.send([4], to: peer))
        #expect(try door.send([5], to: peer, isFarewell: true))
        #expect(try receive(osaka) == [5])
        #expect(try kyoto.send([6]))
        guard case .message(let other, [6]) = try receive(door) else {
            Issue.record("kyoto is not heard any more")
            return
        }
        #expect(other.key == "kyoto")
        // And it does not come in again.
        let again = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))
        #expect(try handshake(of: again, at: door) { $0 == .refused }.0 == .refused)
    }

    @Test func `a name that gets another key is another user`() throws {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context)
        let dealer = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))
        guard case .message = try send([1], by: dealer, to: door) else {
            Issue.record("no message came")
            return
        }
        try write("osaka \(keys.kyoto.publicKey.text)\n", to: keys.list)
        var notices: [DoorNotice] = []
        let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
        while notices.isEmpty, Monotonic.now() < deadline { notices += try door.look() }
        #expect(notices.contains(.revoked(key: "osaka")))
        #expect(try dealer.send([2]))
        #expect(try receive(door) == .unwelcome)
    }

    @Test func `a list that cannot be read leaves the one before in force, aloud`() throws {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context)
        let good = String(decoding: try contents(of: keys.list), as: UTF8.self)
        let dealer = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))
        _ = try send([1], by: dealer, to: door)
        try write("osaka\n", to: keys.list)
        var notices: [DoorNotice] = []
        let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
        while notices.isEmpty, Monotonic.now() < deadline { notices += try door.look() }
        guard case .listUnusable(let reason)? = notices.first else {
            Issue.record("not told: \(notices)")
            return
        }
        #expect(reason.contains("line 1"))
        #expect(try dealer.send([2]))
        guard case .message(_, [2]) = try receive(door) else {
            Issue.record("osaka is not heard any more")
            return
        }
        try write(good + "kyoto \(keys.kyoto.publicKey.text)\n", to: keys.list)
        notices = []
        while notices.isEmpty, Monotonic.now() < deadline { notices += try door.look() }
        #expect(notices == [.listRead(keys: 2)])
    }

    @Test func `a loop that does not look lets nobody in, and the next look does`() throws {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context)
        let stranger = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.kyoto))
        let dealer = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.osaka))
        // Longer than a handshake may take, so that one is given up meanwhile.
        let deadline = Monotonic.now() + .milliseconds(3_500)
        while Monotonic.now() < deadline {
            #expect(try !dealer.send([1]))
            #expect(try door.receive() == nil)
            usleep(50_000)
        }
        guard case .message(let peer, [2]) = try send([2], by: dealer, to: door) else {
            Issue.record("osaka did not come back")
            return
        }
        #expect(peer.key == "osaka")
        let (refused, received) = try handshake(of: stranger, at: door) { $0 == .refused }
        #expect(refused == .refused && received == [])
    }

    @Test func `without a handler no key comes in, not even one of the list`() throws {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context, weakness: .handlerGone)
        for key in [keys.kyoto, keys.osaka] {
            let dealer = try DealerSocket(
                context, connect: door.endpoint, security: keys.client(key))
            let (state, received) = try handshake(of: dealer, at: door) { $0 != .pending }
            if case .interrupted = state {} else { Issue.record("the handshake: \(state)") }
            #expect(state != .succeeded)
            let sent = try dealer.send([9])
            #expect(!sent)
            #expect(received == [])
        }
    }

    @Test(arguments: [DoorWeakness.notEnforced, .letsEverybodyIn])
    func `the self-test finds an open door`(_ weakness: DoorWeakness) throws {
        let keys = try Keyring()
        let context = try Context()
        #expect(throws: DoorOpen.self) { try keys.open(context, weakness: weakness) }
    }

    @Test func `three messages that are none end a key's hearing, and nobody else's`() throws {
        let keys = try Keyring()
        _ = try AllowListFile.allow("\(keys.place.directory)/kyoto.pub", in: keys.list)
        let context = try Context()
        let door = try keys.open(context)
        let raw = try RawPeer(connect: door.endpoint, security: keys.client(keys.osaka))
        let dealer = try DealerSocket(
            context, connect: door.endpoint, security: keys.client(keys.kyoto))
        for _ in 0..<3 { raw.send([[1], [2]]) }
        raw.send([[3]])
        var notices: [DoorNotice] = []
        var received: [Received] = []
        for _ in 0..<4 {
            if let next = try receive(door, notices: &notices) { received.append(next) }
        }
        #expect(received.count == 4)
        for next in received.prefix(3) {
            guard case .malformed(let peer) = next else {
                Issue.record("\(next)")
                continue
            }
            #expect(peer.key == "osaka")
        }
        #expect(received.last == .unwelcome)
        notices += try door.look()
        #expect(notices.contains(.banned(key: "osaka")))
        guard case .message(let peer, [7]) = try send([7], by: dealer, to: door) else {
            Issue.record("kyoto is not heard")
            return
        }
        #expect(peer.key == "kyoto")
    }

    @Test func `without keys loopback only, and others are refused before a socket is made`()
        throws
    {
        let keys = try Keyring()
        let context = try Context()
        let door = try keys.open(context, hasKeys: false)
        let dealer = try DealerSocket(context, connect: door.endpoint, security: nil)
        guard case .message(let peer, [1]) = try send([1], by: dealer, to: door) else {
            Issue.record("no message came")
            return
        }
        #expect(peer.key == nil && peer.isRemote)
        let abroad = try Endpoint("tcp://192.0.2.1:5571")
        #expect(throws: MessagingError.self) {
            _ = try RemoteDoor(
                context, bind: abroad, security: nil, testDirectory: keys.place.directory)
        }
        #expect(throws: MessagingError.self) {
            _ = try DealerSocket(context, connect: abroad, security: nil)
        }
    }
}
