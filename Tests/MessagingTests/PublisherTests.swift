// Events for whoever listens: nobody, somebody, somebody who stands still.

import Messaging
import Testing

@Suite struct PublisherTests {
    /// What a listener hears next; nil: nothing came in time.
    private func receive(_ subscriber: borrowing SubscriberSocket) throws -> String? {
        _ = try wait(subscriber: subscriber, milliseconds: patienceMilliseconds)
        return try subscriber.receive().map { String(decoding: $0, as: UTF8.self) }
    }

    /// A listener that hears already: publishing before it has joined is lost.
    private func joined(
        _ context: borrowing Context, _ publisher: borrowing PublisherSocket, _ endpoint: Endpoint,
        topic: String
    ) throws -> SubscriberSocket {
        let subscriber = try SubscriberSocket(context, connect: endpoint, topic: topic)
        let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
        while Monotonic.now() < deadline {
            try publisher.publish(topic: topic, Array("hello".utf8))
            if try wait(subscriber: subscriber, milliseconds: 5).socket { break }
        }
        while let body = try subscriber.receive() { #expect(body == Array("hello".utf8)) }
        return subscriber
    }

    @Test(.timeLimit(.minutes(1))) func `a listener hears its own run, in order, and no other`()
        throws
    {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let publisher = try PublisherSocket(context, bind: place.endpoint)
        let subscriber = try joined(context, publisher, place.endpoint, topic: "night-01")
        try publisher.publish(topic: "night-02", Array("other".utf8))
        try publisher.publish(topic: "night-01", Array("one".utf8))
        try publisher.publish(topic: "night-01", Array("two".utf8))
        var heard = try receive(subscriber)
        while heard == "hello" { heard = try receive(subscriber) }
        #expect(heard == "one")
        #expect(try receive(subscriber) == "two")
    }

    @Test(.timeLimit(.minutes(1)))
    func `nobody listening, and somebody who stands still, cost the publisher nothing`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let publisher = try PublisherSocket(context, bind: place.endpoint)
        let body = [UInt8](repeating: 0x20, count: 1_000)
        let alone = try ContinuousClock().measure {
            for _ in 0..<20_000 { try publisher.publish(topic: "night-01", body) }
        }
        let subscriber = try joined(context, publisher, place.endpoint, topic: "night-01")
        let ignored = try ContinuousClock().measure {
            for _ in 0..<20_000 { try publisher.publish(topic: "night-01", body) }
        }
        #expect(alone < .seconds(10) && ignored < .seconds(10))
        var kept = 0
        while try subscriber.receive() != nil { kept += 1 }
        #expect(kept > 0 && kept < 20_000, "what is over the bound is dropped")
    }

    @Test func `an event over the bound is refused before it is sent`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let publisher = try PublisherSocket(context, bind: place.endpoint)
        let body = [UInt8](repeating: 0, count: MessagingLimits.messageBytesMax + 1)
        #expect(throws: MessagingError.self) { try publisher.publish(topic: "night-01", body) }
    }
}
