// The one place where a process waits: for its socket, for descriptors, for time.

import CZeroMQ
import Glibc

/// What a wait found.
///
/// All empty: the time is over.
public struct Readiness: Sendable, Equatable {
    /// A message waits at the socket.
    public var socket: Bool
    /// The descriptors that can be read without blocking, or have an error a read will show; in
    /// the order they were given.
    public var descriptors: [Int32]

    /// Memberwise.
    public init(socket: Bool, descriptors: [Int32]) {
        self.socket = socket
        self.descriptors = descriptors
    }
}

/// Waits until the socket has input, a descriptor is readable, or the time is over.
///
/// Level-triggered: what is left unread wakes the next call at once.
///
/// - Parameters:
///   - router: The socket.
///   - descriptors: At most `MessagingLimits.descriptorsMax`, all open.
///   - milliseconds: Zero or less looks without waiting.
public func wait(
    router: borrowing RouterSocket, descriptors: [Int32], milliseconds: Int
) throws(MessagingError) -> Readiness {
    unsafe try poll([router.socket.handle], descriptors, milliseconds)
}

/// Waits until one of two routers has input or a handshake waits for its answer.
///
/// See the form for routers.
public func wait(
    router: borrowing RouterSocket, door: RemoteDoor, descriptors: [Int32], milliseconds: Int
) throws(MessagingError) -> Readiness {
    unsafe try poll([router.socket.handle] + door.handles, descriptors, milliseconds)
}

/// Waits until the socket has input, a descriptor is readable, or the time is over.
///
/// See the form for routers.
public func wait(
    dealer: borrowing DealerSocket, descriptors: [Int32], milliseconds: Int
) throws(MessagingError) -> Readiness {
    unsafe try poll([dealer.socket.handle], descriptors, milliseconds)
}

/// Waits until one of several sockets has input, a descriptor is readable, or the time is over.
///
/// See the form for routers.
public func wait(
    dealers: [SharedDealer], descriptors: [Int32], milliseconds: Int
) throws(MessagingError) -> Readiness {
    unsafe try poll(dealers.map { unsafe $0.socket.socket.handle }, descriptors, milliseconds)
}

/// Waits until the socket has input, or the time is over.
public func wait(
    subscriber: borrowing SubscriberSocket, milliseconds: Int
) throws(MessagingError) -> Readiness {
    unsafe try poll([subscriber.socket.handle], [], milliseconds)
}

/// `zmq_poll` on the sockets themselves: their `ZMQ_FD` is edge-triggered, may be readable without a
/// message and may stay silent with one.
private func poll(
    _ sockets: [UnsafeMutableRawPointer], _ descriptors: [Int32], _ milliseconds: Int
) throws(MessagingError) -> Readiness {
    precondition(descriptors.count <= MessagingLimits.descriptorsMax, "too many descriptors")
    let readable = Int16(ZMQ_POLLIN)
    var items = unsafe sockets.map {
        unsafe zmq_pollitem_t(socket: $0, fd: -1, events: readable, revents: 0)
    }
    for descriptor in descriptors {
        unsafe items.append(
            zmq_pollitem_t(socket: nil, fd: descriptor, events: readable, revents: 0))
    }
    let bounded = max(0, min(milliseconds, MessagingLimits.waitMillisecondsMax))
    let deadline = Monotonic.now() + .milliseconds(bounded)
    let count = unsafe Int32(items.count)
    while true {
        let left = Monotonic.milliseconds(until: deadline)
        if unsafe zmq_poll(&items, count, left) >= 0 { break }
        guard zmq_errno() == EINTR else { throw .zeroMQ("poll") }
    }
    // An error condition counts as readable: the read that follows tells what it is.
    let awake = Int16(ZMQ_POLLIN | ZMQ_POLLERR)
    let hasInput = unsafe items[..<sockets.count].contains { unsafe $0.revents & readable != 0 }
    var ready = Readiness(socket: hasInput, descriptors: [])
    for (index, descriptor) in descriptors.enumerated()
    where unsafe items[sockets.count + index].revents & awake != 0 {
        ready.descriptors.append(descriptor)
    }
    return ready
}
