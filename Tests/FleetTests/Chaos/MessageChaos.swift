// Messages are lost, doubled, late and out of order; networks are cut and healed.

import FoundationEssentials
import Glibc
import Synchronization
import Testing

extension ChaosKind {
    static let messageKinds = [
        ChaosKind(
            "messages", "messages dropped, doubled, delayed, reordered, cut", whole: 100, short: 2,
            disturbMessages),
        ChaosKind(
            "network-cut", "network namespaces cut and healed", whole: 50,
            obstacle: {
                Machines.arePossible ? nil : "needs root, iproute2, bridges and namespaces"
            },
            cutNetwork),
    ]

    private static func disturbMessages(_ trial: Trial) throws {
        let it = try ChaosNight(trial) {
            $0.workers = 0
            $0.silence = "3s"
        }
        let door = Network(keyless: it.night)
        let habits = MessageHabits(
            drop: trial.number(0...10), double: trial.number(0...10), hold: trial.number(0...10),
            stall: trial.number(0...5), cut: trial.number(0...2))
        trial.tell("percent: \(habits)")
        let proxy = Network(keyless: it.night)
        let number = Mutex<UInt64>(trial.seed)
        let relay = try Relay(from: .port(proxy.port), to: .port(door.port)) {
            let seed = number.withLock { seed in
                seed &+= 0x1_0000
                return seed
            }
            return FrameMeddler(habits, seed: seed)
        }
        defer { relay.end() }
        let running = try it.start(["--listen", door.endpoint])
        let workers = try (0..<2).map { _ in try proxy.worker(key: nil, wait: 60) }
        let ended = try running.wait()
        for worker in workers {
            worker.signal(SIGTERM)
            _ = try worker.wait()
        }
        try it.expectLoaded(ended)
    }

    private static func cutNetwork(_ trial: Trial) throws {
        let machines = try #require(Machines(2))
        let it = try ChaosNight(trial) { $0.silence = "3s" }
        var network = try Network(it.night)
        network.host = Machines.host
        let running = try it.start(["--workers", "0", "--listen", network.endpoint])
        let guests = try machines.names.map {
            try network.worker(wait: 60, wrapper: ["/usr/sbin/ip", "netns", "exec", $0])
        }
        let start = ContinuousClock.now
        let which = trial.choose([[0], [1], [0, 1]])
        // Workers of their own machines begin later than the run.
        let moment = trial.number(200...2_500)
        if trial.await(moment, since: start, running) {
            let long = trial.number(300...6_000)
            for index in which { machines.cut(index) }
            trial.tell("\(moment) ms: cut \(which) for \(long) ms")
            _ = trial.await(moment + long, since: start, running)
            for index in which { machines.heal(index) }
        }
        let ended = try running.wait()
        for guest in guests {
            guest.signal(SIGTERM)
            _ = try guest.wait()
        }
        try it.expectLoaded(ended)
        withExtendedLifetime(machines) {}
    }
}

/// How often what is done to a message, in percent of messages.
struct MessageHabits: Sendable, CustomStringConvertible {
    var drop: Int
    var double: Int
    /// Kept until another one, or a twentieth of a second, has gone by.
    var hold: Int
    /// The whole connection stands still for up to a quarter of a second.
    var stall: Int
    /// The connection is cut.
    var cut: Int

    var description: String {
        "drop=\(drop) double=\(double) reorder=\(hold) stall=\(stall) cut=\(cut)"
    }
}

/// Meddles with whole messages of ZMTP 3 (RFC 23/ZMTP): 64 bytes of greeting, then frames.
///
/// Messages of the product have one frame, so a frame is a message. Commands and messages of more
/// frames are let through.
final class FrameMeddler: Meddler {
    private struct Side {
        var buffer: [UInt8] = []
        var greeting = 64
        var held: [UInt8] = []
        var heldSince = ContinuousClock.now
    }

    private let habits: MessageHabits
    private var random: SeededRandom
    private var sides = [Side(), Side()]

    init(_ habits: MessageHabits, seed: UInt64) {
        self.habits = habits
        random = SeededRandom(seed)
    }

    func pass(_ bytes: [UInt8], _ heading: Heading) -> [UInt8]? {
        sides[heading.rawValue].buffer += bytes
        var out: [UInt8] = []
        let greeting = min(sides[heading.rawValue].greeting, sides[heading.rawValue].buffer.count)
        out += sides[heading.rawValue].buffer.prefix(greeting)
        sides[heading.rawValue].buffer.removeFirst(greeting)
        sides[heading.rawValue].greeting -= greeting
        guard sides[heading.rawValue].greeting == 0 else { return out }
        while let frame = takeFrame(heading) {
            guard frame[0] & 0b101 == 0 else {
                out += frame
                continue
            }
            guard let now = meddle(frame, heading) else { return nil }
            out += now
        }
        return out
    }

    func due(_ heading: Heading) -> [UInt8] {
        guard !sides[heading.rawValue].held.isEmpty,
            ContinuousClock.now - sides[heading.rawValue].heldSince > .milliseconds(50)
        else { return [] }
        defer { sides[heading.rawValue].held = [] }
        return sides[heading.rawValue].held
    }

    /// The first whole frame: flags, a length of one or eight bytes, a body.
    private func takeFrame(_ heading: Heading) -> [UInt8]? {
        let buffer = sides[heading.rawValue].buffer
        guard let flags = buffer.first else { return nil }
        let width = flags & 0b10 == 0 ? 1 : 8
        guard buffer.count > width else { return nil }
        let length = buffer[1...width].reduce(0) { $0 << 8 | Int($1) }
        let count = 1 + width + length
        guard buffer.count >= count else { return nil }
        sides[heading.rawValue].buffer.removeFirst(count)
        return Array(buffer[..<count])
    }

    private func happens(_ percent: Int) -> Bool {
        Int.random(in: 1...100, using: &random) <= percent
    }

    private func meddle(_ frame: [UInt8], _ heading: Heading) -> [UInt8]? {
        if happens(habits.cut) { return nil }
        if happens(habits.stall) { usleep(UInt32.random(in: 1_000...250_000, using: &random)) }
        if happens(habits.drop) { return [] }
        if happens(habits.hold), sides[heading.rawValue].held.isEmpty {
            sides[heading.rawValue].held = frame
            sides[heading.rawValue].heldSince = ContinuousClock.now
            return []
        }
        let after = sides[heading.rawValue].held
        sides[heading.rawValue].held = []
        return (happens(habits.double) ? frame + frame : frame) + after
    }
}
