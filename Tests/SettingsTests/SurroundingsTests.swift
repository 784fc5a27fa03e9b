// The settings `events` and `log_generations`: what they may say, and what they say when left out.

import Settings
import Testing

@Test func `events and log generations have their defaults`() throws {
    let settings = try settings(shortest)
    #expect(settings.events == .meetingPlace)
    #expect(settings.logGenerations == 30)
}

@Test(arguments: [
    ("on", EventsPlace.meetingPlace), ("off", .off),
    ("ipc:///run/kugiri/events.ipc", .endpoint("ipc:///run/kugiri/events.ipc")),
])
func `events are on, off, or at an endpoint`(_ text: String, _ place: EventsPlace) throws {
    #expect(try settings("events: \(text)\n" + shortest).events == place)
}

@Test(arguments: ["events: tcp://0.0.0.0:5592", "events: ipc://relative", "log_generations: 0"])
func `a place or a number that makes no sense is a fault`(_ line: String) {
    #expect(faults("\(line)\n" + shortest).count == 1)
}
