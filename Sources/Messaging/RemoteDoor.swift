// The coordinator's socket on a network: CURVE, the allow-list, and who is not listened to. Local
// workers use the other socket, which has no keys and is in a folder of its own.

import CZeroMQ
import Glibc

/// The coordinator's key and the list of those it lets in.
public struct ServerSecurity: Sendable, Equatable {
    /// The coordinator's own key.
    public var keyFile: KeyFile
    /// The file of the allow-list; read again when it changes.
    public var allowFile: String

    /// Memberwise.
    public init(keyFile: KeyFile, allowFile: String) {
        self.keyFile = keyFile
        self.allowFile = allowFile
    }
}

/// What the operator should know about the door.
public enum DoorNotice: Sendable, Equatable {
    /// The key was taken from the list: nothing more is taken from it.
    case revoked(key: String)
    /// The list was read again.
    case listRead(keys: Int)
    /// The list cannot be read; the one before stays in force.
    case listUnusable(reason: String)
    /// Keys that are not on the list, last from this address.
    case strangers(address: String, count: Int)
    /// Messages that are none.
    case malformed(key: String, reason: String, count: Int)
    /// Too many of them: nothing of this key is looked at any more.
    case banned(key: String)
}

/// The coordinator's socket on a network.
///
/// Owned by one thread; never blocks. Look at it (``look()``) as often as at the messages.
public final class RemoteDoor {
    /// Where it listens.
    public let endpoint: Endpoint
    private let socket: Socket
    private let security: ServerSecurity?
    private var handler: ZAPHandler?
    private(set) var list = AllowList()
    /// Names by the user id that the handler gives.
    private var names: [String: String] = [:]
    private var stamp: ProtectedFile.Stamp?
    private var lookedAt = Monotonic.now()
    private var strikes: [String: Int] = [:]
    private var strangers = Throttle()
    private var malformed = Throttle()
    private var notices: [DoorNotice] = []

    /// Proves that strangers stay outside, then listens.
    ///
    /// - Parameters:
    ///   - context: The process's; no other handler may be in it.
    ///   - endpoint: Of `tcp://`.
    ///   - security: nil: no keys, on loopback only.
    ///   - testDirectory: A 0700 folder where the self-test may make a socket.
    /// - Throws: ``DoorOpen`` when the self-test fails, ``KeyTrouble`` for files of keys,
    ///   ``MessagingError`` for anything else, such as an address in use.
    public convenience init(
        _ context: borrowing Context, bind endpoint: Endpoint, security: ServerSecurity?,
        testDirectory: String
    ) throws {
        try self.init(
            context, bind: endpoint, security: security, testDirectory: testDirectory,
            weakness: nil)
    }

    /// With a weakness that the self-test must find.
    package init(
        _ context: borrowing Context, bind endpoint: Endpoint, security: ServerSecurity?,
        testDirectory: String, weakness: DoorWeakness?
    ) throws {
        try endpoint.checkKeys(areGiven: security != nil)
        self.endpoint = endpoint
        self.security = security
        ProcessHygiene.raiseOpenFiles()
        let curve = SocketOptions.curveServer(isEnforced: weakness != .notEnforced)
        socket = try Socket(
            context, type: ZMQ_ROUTER,
            options: SocketOptions.router + SocketOptions.transport(of: endpoint)
                + (security == nil ? [] : curve))
        if let security {
            (list, stamp) = try AllowList.readWithStamp(security.allowFile)
            index()
            try security.keyFile.withSecret { secret throws(KeyTrouble) in
                try socket.setSecretKey(secret)
            }
            guard weakness != .handlerGone else {
                try socket.attach(.bind, endpoint.text)
                return
            }
            let place = "\(testDirectory)/self-test.ipc"
            try socket.attach(.bind, "ipc://\(place)")
            defer { _ = unsafe unlink(place) }
            handler = try DoorTest(
                serverKey: security.keyFile.publicKey, place: "ipc://\(place)", list: list,
                weakness: weakness
            ).prove(context)
            try socket.unbind("ipc://\(place)")
        }
        try socket.attach(.bind, endpoint.text)
    }

    /// Keys that are let in; nil: everybody on this machine.
    public var keysCount: Int? { security == nil ? nil : list.entries.count }

    var handles: [UnsafeMutableRawPointer] {
        unsafe [socket.handle] + (handler.map { unsafe [$0.socket.handle] } ?? [])
    }

    /// Answers handshakes, and reads the list again when its file changed, at most once a second.
    ///
    /// - Returns: What the operator should know since the last look.
    public func look() throws(MessagingError) -> [DoorNotice] {
        for verdict in try handler?.serve(list) ?? [] {
            guard case .refused(let address) = verdict else { continue }
            if let count = strangers.pass(at: Monotonic.now()) {
                note(.strangers(address: address, count: count))
            }
        }
        let now = Monotonic.now()
        if now - lookedAt >= MessagingLimits.allowListInterval {
            lookedAt = now
            readAgain()
        }
        defer { notices.removeAll() }
        return notices
    }

    /// One whole message of somebody who may speak, or what came instead; nil: nothing waits.
    public func receive() throws(MessagingError) -> Received? {
        guard let identity = try socket.receiveFrame() else { return nil }
        var id: [UInt8] = []
        if case .whole(let bytes) = identity { id = bytes }
        guard try socket.hasMoreFrames(), let (first, user) = try socket.receiveFrameAndUser()
        else { return .unwelcome }
        let body = try socket.finishMessage(with: first)
        let name = user.flatMap { names[$0] }
        // Handshakes are judged once, messages every time: a key may be taken back in between.
        if security != nil {
            guard let name, strikes[name, default: 0] < MessagingLimits.strikesMax else {
                return .unwelcome
            }
        }
        let peer = PeerID(bytes: id, isRemote: true, key: name)
        guard let body else {
            strike(peer, reason: "not exactly one body frame, or one over the bound")
            return .malformed(peer: peer)
        }
        return .message(peer: peer, body: body)
    }

    /// Counts a message that is none; the third one of a key is the last that is looked at.
    public func strike(_ peer: PeerID, reason: String) {
        let name = peer.key ?? "-"
        if let count = malformed.pass(at: Monotonic.now()) {
            note(.malformed(key: name, reason: reason, count: count))
        }
        guard let key = peer.key else { return }
        strikes[key, default: 0] += 1
        if strikes[key] == MessagingLimits.strikesMax { note(.banned(key: key)) }
    }

    /// Sends one message to one peer; see `RouterSocket.send(_:to:)`.
    ///
    /// - Parameter isFarewell: Whether a key that was taken back is told so; nothing else is sent
    ///   to it.
    public func send(
        _ body: [UInt8], to peer: PeerID, isFarewell: Bool = false
    ) throws(MessagingError) -> Bool {
        try checkLength(of: body)
        if security != nil, !isFarewell {
            guard let key = peer.key, list.entries.contains(where: { $0.name == key }) else {
                return false
            }
        }
        guard try socket.sendFrame(peer.bytes, more: true) else { return false }
        return try socket.sendFrame(body, more: false)
    }

    // MARK: The list

    private func index() {
        names = [:]
        for entry in list.entries { names[entry.key.text] = entry.name }
    }

    private func readAgain() {
        guard let security else { return }
        let now = ProtectedFile.Stamp.now(security.allowFile)
        guard now != stamp else { return }
        stamp = now
        do {
            let new = try AllowList.read(security.allowFile)
            let gone = list.entries.filter { !new.entries.contains($0) }
            list = new
            index()
            note(.listRead(keys: new.entries.count))
            for entry in gone { note(.revoked(key: entry.name)) }
        } catch {
            note(.listUnusable(reason: error.description))
        }
    }

    private func note(_ notice: DoorNotice) {
        // Revocations are acted on, so they are never the ones that are dropped.
        if case .revoked = notice {
            notices.append(notice)
        } else if notices.count < MessagingLimits.noticesMax {
            notices.append(notice)
        }
    }
}

/// Lets one in ten seconds pass, and tells how many there were.
private struct Throttle {
    private var count = 0
    private var last: ContinuousClock.Instant?

    mutating func pass(at now: ContinuousClock.Instant) -> Int? {
        count += 1
        if let last, now - last < MessagingLimits.noticeInterval { return nil }
        last = now
        defer { count = 0 }
        return count
    }
}
