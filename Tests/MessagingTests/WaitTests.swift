import Glibc
import Messaging
import Testing

@Suite(.timeLimit(.minutes(1))) struct WaitTests {
    private static let nothing = Readiness(socket: false, descriptors: [])

    @Test func `a wait ends with a message, again and again until it is read`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let dealer = try DealerSocket(context, connect: place.endpoint)
        #expect(try send([1], by: dealer))
        #expect(try send([2], by: dealer))

        let found = Readiness(socket: true, descriptors: [])
        for _ in 0..<3 {
            #expect(
                try wait(router: router, descriptors: [], milliseconds: patienceMilliseconds)
                    == found)
        }
        #expect(try receive(router) != nil)
        #expect(
            try wait(router: router, descriptors: [], milliseconds: patienceMilliseconds) == found)
        #expect(try router.receive() != nil)
        #expect(try wait(router: router, descriptors: [], milliseconds: 0) == Self.nothing)
    }

    @Test func `a wait ends with a readable descriptor and names it`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let dealer = try DealerSocket(context, connect: place.endpoint)
        var silent: [Int32] = [0, 0]
        var loud: [Int32] = [0, 0]
        #expect(unsafe pipe(&silent) == 0)
        #expect(unsafe pipe(&loud) == 0)
        defer { for descriptor in silent + loud { close(descriptor) } }
        var byte: UInt8 = 1
        #expect(unsafe write(loud[1], &byte, 1) == 1)

        let found = try wait(
            dealer: dealer, descriptors: [silent[0], loud[0]], milliseconds: patienceMilliseconds)

        #expect(found == Readiness(socket: false, descriptors: [loud[0]]))
    }

    @Test func `a descriptor whose other end closed counts as readable`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let dealer = try DealerSocket(context, connect: place.endpoint)
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        close(ends[1])
        defer { close(ends[0]) }

        let found = try wait(
            dealer: dealer, descriptors: [ends[0]], milliseconds: patienceMilliseconds)

        #expect(found.descriptors == [ends[0]])
    }

    @Test func `a wait ends when its time is over`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        let start = Monotonic.now()

        #expect(try wait(router: router, descriptors: [], milliseconds: 30) == Self.nothing)

        #expect(Monotonic.now() - start >= .milliseconds(30))
        #expect(try wait(router: router, descriptors: [], milliseconds: -5) == Self.nothing)
    }

    @Test func `the milliseconds until a moment are rounded up and never negative`() {
        let now = Monotonic.now()

        #expect(Monotonic.milliseconds(until: now - .seconds(1)) == 0)
        #expect((1...1_000).contains(Monotonic.milliseconds(until: now + .seconds(1))))
        #expect(Monotonic.milliseconds(until: Monotonic.now() + .seconds(3_600)) > 3_590_000)
    }
}
