// The coordinator's two sockets as one: local workers come through a folder of this user's, remote
// ones through CURVE. Two, because keys are an option of a whole socket: one socket for both would
// need keys for local workers too, made for the run and given to every process of it.

import Journal
import Messaging

/// The sockets workers come in by.
///
/// Owned by one thread, like the sockets.
final class Doors {
    private let local: RouterSocket
    private let remote: RemoteDoor?
    /// In turns, so that neither door's workers wait for the other's.
    private var isRemoteNext = false

    /// Opens both; the folder of the local one must be there.
    init(_ context: borrowing Context, local endpoint: Endpoint, network: NetworkPlan) throws {
        local = try RouterSocket(context, bind: endpoint)
        remote = try network.endpoint.map {
            try RemoteDoor(
                context, bind: $0, security: network.security, testDirectory: endpoint.directory)
        }
    }

    /// The next message of either door, or what came instead; nil: nothing waits.
    func receive() throws(MessagingError) -> Received? {
        isRemoteNext.toggle()
        if isRemoteNext, let received = try remote?.receive() { return received }
        if let received = try local.receive() { return received }
        return isRemoteNext ? nil : try remote?.receive()
    }

    /// Sends one message; see `RouterSocket.send(_:to:)` and `RemoteDoor.send(_:to:isFarewell:)`.
    func send(
        _ body: [UInt8], to peer: PeerID, isFarewell: Bool = false
    ) throws(MessagingError) -> Bool {
        guard peer.isRemote else { return try local.send(body, to: peer) }
        return try remote?.send(body, to: peer, isFarewell: isFarewell) ?? false
    }

    /// Counts a message of a remote peer that is none.
    func strike(_ peer: PeerID, reason: String) {
        if peer.isRemote { remote?.strike(peer, reason: reason) }
    }

    /// Answers handshakes and looks at the allow-list.
    func look() throws(MessagingError) -> [DoorNotice] { try remote?.look() ?? [] }

    /// What the run log says about the door to the network; nil: there is none.
    var opening: LogMessage? {
        guard let remote else { return nil }
        guard let keys = remote.keysCount else {
            return LogMessage(.doorWithoutKeys, ["endpoint": remote.endpoint.text])
        }
        return LogMessage(
            .doorOpened, ["endpoint": remote.endpoint.text, "keys": String(keys)])
    }

    fileprivate func wait(
        _ descriptors: [Int32], _ milliseconds: Int
    ) throws(MessagingError) -> Readiness {
        guard let remote else {
            return try Messaging.wait(
                router: local, descriptors: descriptors, milliseconds: milliseconds)
        }
        return try Messaging.wait(
            router: local, door: remote, descriptors: descriptors, milliseconds: milliseconds)
    }
}

/// Waits until a door has input, a descriptor is readable, or the time is over.
///
/// See the form for a router alone.
func wait(
    router: Doors, descriptors: [Int32], milliseconds: Int
) throws(MessagingError) -> Readiness { try router.wait(descriptors, milliseconds) }

extension DoorNotice {
    /// What the run log says.
    func message(allowList: String) -> LogMessage {
        switch self {
        case .revoked(let key): LogMessage(.keyRevoked, ["key": key])
        case .listRead(let keys):
            LogMessage(.allowListRead, ["path": allowList, "keys": String(keys)])
        case .listUnusable(let reason):
            LogMessage(.allowListUnusable, ["path": allowList, "reason": reason])
        case .strangers(let address, let count):
            LogMessage(.strangersRefused, ["address": address, "count": String(count)])
        case .malformed(let key, let reason, let count):
            LogMessage(
                .messagesMalformed, ["key": key, "reason": reason, "count": String(count)])
        case .banned(let key): LogMessage(.keyBanned, ["key": key])
        }
    }
}
