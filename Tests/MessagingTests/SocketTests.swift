import Glibc
import Messaging
import Testing

@Suite(.timeLimit(.minutes(1))) struct SocketTests {
    @Test func `a router and a dealer exchange messages`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let dealer = try DealerSocket(context, connect: place.endpoint)

        #expect(try send([1, 2, 3], by: dealer))
        guard case .message(let peer, let body) = try receive(router) else {
            Issue.record("no message came")
            return
        }
        #expect(body == [1, 2, 3])
        #expect(try router.send([4, 5], to: peer))
        #expect(try receive(dealer) == [4, 5])
        #expect(try router.receive() == nil)
        #expect(try dealer.receive() == nil)
    }

    @Test(arguments: [0, 1, MessagingLimits.messageBytesMax])
    func `a message of any allowed length arrives whole`(_ count: Int) throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let dealer = try DealerSocket(context, connect: place.endpoint)
        let sent = (0..<count).map { UInt8(truncatingIfNeeded: $0) }

        #expect(try send(sent, by: dealer))
        guard case .message(let peer, let body) = try receive(router) else {
            Issue.record("no message came")
            return
        }
        #expect(body == sent)
        #expect(try router.send(sent, to: peer))
        #expect(try receive(dealer) == sent)
    }

    @Test func `each of two dealers gets its own answer`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let first = try DealerSocket(context, connect: place.endpoint)
        let second = try DealerSocket(context, connect: place.endpoint)
        #expect(try send([1], by: first))
        #expect(try send([2], by: second))

        var peers: Set<PeerID> = []
        for _ in 0..<2 {
            guard case .message(let peer, let body) = try receive(router) else {
                Issue.record("no message came")
                return
            }
            peers.insert(peer)
            #expect(try router.send(body + [0], to: peer))
        }

        #expect(peers.count == 2)
        #expect(try receive(first) == [1, 0])
        #expect(try receive(second) == [2, 0])
    }

    @Test func `a message over the bound is refused by the sender`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let dealer = try DealerSocket(context, connect: place.endpoint)
        let body = [UInt8](repeating: 0, count: MessagingLimits.messageBytesMax + 1)

        #expect { _ = try dealer.send(body) } throws: { error in
            (error as? MessagingError)?.code == EMSGSIZE
        }
        #expect { _ = try router.send(body, to: PeerID(bytes: [1])) } throws: { error in
            (error as? MessagingError)?.code == EMSGSIZE
        }
    }

    @Test func `sending to a peer nobody knows returns false`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)

        #expect(try !router.send([1], to: PeerID(bytes: [0, 1, 2, 3, 4])))
        #expect(try !router.send([1], to: PeerID(bytes: [])))
    }

    @Test func `sending to a vanished peer soon returns false and never blocks`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let peer = try greetAndVanish(context, router, place.endpoint)

        let start = Monotonic.now()
        let deadline = start + .milliseconds(patienceMilliseconds)
        var attempts = 0
        while try router.send([9], to: peer), Monotonic.now() < deadline { attempts += 1 }

        // Until libzmq notices, no more is accepted than the queues hold.
        #expect(attempts < 10_000)
        #expect(Monotonic.now() < deadline)
    }

    private func greetAndVanish(
        _ context: borrowing Context, _ router: borrowing RouterSocket, _ endpoint: Endpoint
    ) throws -> PeerID {
        let dealer = try DealerSocket(context, connect: endpoint)
        #expect(try send([1], by: dealer))
        guard case .message(let peer, _) = try receive(router) else {
            Issue.record("no message came")
            return PeerID(bytes: [])
        }
        return peer
    }

    @Test func `a peer that reads nothing makes send return false, not wait`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let dealer = try DealerSocket(context, connect: place.endpoint)
        #expect(try send([1], by: dealer))
        guard case .message(let peer, _) = try receive(router) else {
            Issue.record("no message came")
            return
        }

        let large = [UInt8](repeating: 7, count: 60_000)
        var accepted = 0
        while accepted < 10_000, try router.send(large, to: peer) { accepted += 1 }

        #expect(accepted < 10_000)
        #expect(try receive(dealer) == large)
    }

    @Test func `a dealer nobody listens to says so`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let dealer = try DealerSocket(context, connect: place.endpoint)

        #expect(try !dealer.send([1]))
        #expect(try dealer.receive() == nil)
    }

    @Test func `a dealer finds a coordinator that came later`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let dealer = try DealerSocket(context, connect: place.endpoint)
        #expect(try !dealer.send([1]))
        let router = try RouterSocket(context, bind: place.endpoint)

        #expect(try send([2], by: dealer))
        guard case .message(_, let body) = try receive(router) else {
            Issue.record("no message came")
            return
        }
        #expect(body == [2])
    }

    @Test func `binding in a directory that is not there is an error with the endpoint`() throws {
        let context = try Context()
        let endpoint = try Endpoint("ipc:///nowhere/at/all.ipc")

        #expect {
            _ = try RouterSocket(context, bind: endpoint)
        } throws: { error in
            (error as? MessagingError)?.operation == "bind ipc:///nowhere/at/all.ipc"
        }
    }

    @Test func `the context may go before its sockets`() throws {
        let place = try TemporaryEndpoint()
        let router = try openWithoutContext(place.endpoint)

        #expect(try router.receive() == nil)
    }

    private func openWithoutContext(_ endpoint: Endpoint) throws -> RouterSocket {
        let context = try Context()
        return try RouterSocket(context, bind: endpoint)
    }
}

@Suite(.timeLimit(.minutes(1))) struct MalformedMessageTests {
    @Test(arguments: [[[1], [2]], [[], [2]], [[1], [], [3], [4]], [[], []]] as [[[UInt8]]])
    func `a message of several frames is drained and reported`(_ frames: [[UInt8]]) throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let raw = try RawPeer(connect: place.endpoint)

        raw.send(frames)
        raw.send([[5]])

        guard case .malformed(let peer) = try receive(router) else {
            Issue.record("not reported")
            return
        }
        #expect(try receive(router) == .message(peer: peer, body: [5]))
    }

    @Test func `a frame over the bound never arrives and disturbs nobody else`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let raw = try RawPeer(connect: place.endpoint)
        let dealer = try DealerSocket(context, connect: place.endpoint)

        raw.send([[UInt8](repeating: 1, count: MessagingLimits.messageBytesMax + 1)])
        #expect(try send([2], by: dealer))

        guard case .message(_, let body) = try receive(router) else {
            Issue.record("no message came")
            return
        }
        #expect(body == [2])
        // The raw peer connects again and is heard when it keeps to the rules.
        raw.send([[3]])
        guard case .message(_, let next) = try receive(router) else {
            Issue.record("no message came")
            return
        }
        #expect(next == [3])
    }
}
