// The settings `events`, `log_generations` and `database_wait`: what they may say, and what they say when left out.

import Settings
import Testing

@Test func `surroundings have their defaults`() throws {
    let settings = try settings(shortest)
    #expect(settings.events == .meetingPlace)
    #expect(settings.logGenerations == 30)
    #expect(settings.databaseWaitMilliseconds == 600_000)
}

@Test(arguments: [("0s", 0), ("90s", 90_000), ("5m", 300_000)])
func `a wait for the database may be any, or none`(_ text: String, _ milliseconds: Int) throws {
    let settings = try settings("database_wait: \(text)\n" + shortest)
    #expect(settings.databaseWaitMilliseconds == milliseconds)
}

@Test(arguments: [
    ("on", EventsPlace.meetingPlace), ("off", .off),
    ("ipc:///run/kugiri/events.ipc", .endpoint("ipc:///run/kugiri/events.ipc")),
])
func `events are on, off, or at an endpoint`(_ text: String, _ place: EventsPlace) throws {
    #expect(try settings("events: \(text)\n" + shortest).events == place)
}

@Test(arguments: [
    "events: tcp://0.0.0.0:5592", "events: ipc://relative", "log_generations: 0",
    "database_wait: 13h", "database_wait: 721m",
])
func `a place or a number that makes no sense is a fault`(_ line: String) {
    #expect(faults("\(line)\n" + shortest).count == 1)
}
