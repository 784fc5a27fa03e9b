// A slice comes whole over any line that lets something through now and then.

import Testing
import Wire

@testable import Loading

/// A line between a worker and its coordinator, and the coordinator's file behind it.
private struct Line {
    let content: [UInt8]
    private static let noise: [UInt8] = {
        var dice = Dice(seed: 20_261_121)
        return (0..<3_000_000).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    }()
    /// Shares of messages that are lost or come twice, in both directions.
    var lost = 0.0
    var doubled = 0.0
    /// Time from request to block; different for each block, so that they overtake each other.
    var delay: ClosedRange<Int> = 5...5
    /// Time a block occupies the line, in milliseconds; 0: none.
    var perBlock = 0
    var dice = Dice(seed: 1)
    private(set) var sent = 0
    private(set) var requests = 0
    private var under: [(at: Duration, block: Block)] = []
    private var freeAt = Duration.zero

    init(bytes: Int) {
        content = Array(Self.noise[..<bytes])
    }

    /// Blocks on their way.
    var underWay: Int { under.count }

    mutating func ask(_ request: SliceAssembly.Request, at now: Duration) {
        requests += 1
        for _ in 0..<copies() {
            for index in 0..<request.credit { send(request.offset, index, at: now) }
        }
    }

    private mutating func send(_ offset: UInt64, _ index: Int, at now: Duration) {
        let start = Int(offset) + index * WireLimits.blockBytesMax
        guard start < content.count else { return }
        let end = min(start + WireLimits.blockBytesMax, content.count)
        let block = Block(
            slice: 3, offset: UInt64(start), isLast: end == content.count,
            bytes: Array(content[start..<end]))
        sent += 1
        for _ in 0..<copies() {
            freeAt = max(freeAt, now) + .milliseconds(perBlock)
            under.append((freeAt + .milliseconds(Int.random(in: delay, using: &dice)), block))
        }
    }

    private mutating func copies() -> Int {
        if Double.random(in: 0..<1, using: &dice) < lost { return 0 }
        return Double.random(in: 0..<1, using: &dice) < doubled ? 2 : 1
    }

    mutating func arrivals(at now: Duration) -> [Block] {
        guard under.contains(where: { $0.at <= now }) else { return [] }
        let here = under.filter { $0.at <= now }.sorted { $0.at < $1.at }
        under.removeAll { $0.at <= now }
        return here.map(\.block)
    }
}

@Suite struct SliceAssemblyTests {
    private static let bytes = 41 * WireLimits.blockBytesMax + 17

    /// Plays until the slice is whole; the time it took and the most that was on its way.
    private func play(
        _ line: inout Line, limit: Duration = .seconds(3_600)
    ) -> (elapsed: Duration, underWay: Int, slice: [UInt8])? {
        var assembly = SliceAssembly(slice: 3, bytes: line.content.count, at: .zero)
        var now = Duration.zero
        var most = 0
        while !assembly.isComplete {
            guard now < limit else { return nil }
            for request in assembly.requests(at: now) { line.ask(request, at: now) }
            most = max(most, line.underWay)
            now += .milliseconds(5)
            for block in line.arrivals(at: now) { _ = assembly.take(block, at: now) }
        }
        return (now, most, assembly.bytes())
    }

    @Test func `over a good line every block is sent once and the credit is never exceeded`() {
        var line = Line(bytes: Self.bytes)
        let played = play(&line)

        #expect(played?.slice == line.content)
        #expect(line.sent == 42)
        #expect((played?.underWay ?? .max) <= WireLimits.creditMax)
        // Half a window at a time: far fewer requests than blocks.
        #expect(line.requests <= 14)
        #expect((played?.elapsed ?? .seconds(99)) < .milliseconds(100))
    }

    @Test(arguments: 1...40)
    func `drops, doubles and reorders cost time only`(seed: Int) {
        var line = Line(bytes: Self.bytes)
        line.dice = Dice(seed: UInt64(seed))
        line.lost = Double(seed % 6) * 0.1
        line.doubled = Double(seed % 4) * 0.2
        line.delay = 1...(seed.isMultiple(of: 3) ? 3_000 : 40)

        #expect(play(&line)?.slice == line.content, "seed \(seed)")
    }

    @Test func `a slow line is not filled with doubles of what is on its way`() {
        var line = Line(bytes: Self.bytes)
        line.perBlock = 3_000
        let played = play(&line)

        #expect(played?.slice == line.content)
        #expect(line.sent <= 42 + 4, "\(line.sent) blocks sent for 42")
        #expect((played?.elapsed ?? .seconds(999)) < .seconds(150))
    }

    @Test func `a line that is dead for a while is tried ever more rarely, and then goes on`() {
        var line = Line(bytes: Self.bytes)
        line.lost = 1
        var assembly = SliceAssembly(slice: 3, bytes: Self.bytes, at: .zero)
        var now = Duration.zero
        var asked: [Int] = []
        while now < .seconds(60) {
            for request in assembly.requests(at: now) {
                asked.append(request.credit)
                line.ask(request, at: now)
            }
            now += .milliseconds(50)
        }
        // At 0, 1, 3, 7, 15, 31 and 47 seconds, one block each: doubling up to 16 seconds.
        #expect(asked == [1, 1, 1, 1, 1, 1, 1])

        line.lost = 0
        while !assembly.isComplete, now < .seconds(70) {
            for request in assembly.requests(at: now) { line.ask(request, at: now) }
            now += .milliseconds(5)
            for block in line.arrivals(at: now) { _ = assembly.take(block, at: now) }
        }
        #expect(assembly.isComplete)
        #expect(assembly.bytes() == line.content)
    }

    @Test func `what does not fit the slice's blocks changes nothing`() {
        let size = WireLimits.blockBytesMax
        var assembly = SliceAssembly(slice: 3, bytes: size + 10, at: .zero)
        let good = Block(
            slice: 3, offset: UInt64(size), isLast: true, bytes: [UInt8](repeating: 7, count: 10))
        var wrong = [good, good, good, good, good, good, good]
        wrong[0].slice = 4
        wrong[1].offset = 0
        wrong[2].offset += 1
        wrong[3].offset = .max
        wrong[4].isLast = false
        wrong[5].bytes.append(7)
        wrong[6].bytes.removeLast()
        for block in wrong {
            let isTaken = assembly.take(block, at: .zero)
            #expect(!isTaken, "\(block.slice) \(block.offset) \(block.bytes.count)")
        }
        #expect(assembly.bytesReceived == 0)

        // Not asked for, and still welcome; the second one is a double.
        let taken = [assembly.take(good, at: .zero), assembly.take(good, at: .zero)]
        #expect(taken == [true, false])
        #expect(assembly.bytesReceived == 10)
        #expect(!assembly.isComplete)
    }

    @Test func `an empty slice needs no block`() {
        var assembly = SliceAssembly(slice: 3, bytes: 0, at: .zero)

        let requests = assembly.requests(at: .zero)
        #expect(assembly.isComplete)
        #expect(requests == [])
        #expect(assembly.bytes() == [])
    }
}
