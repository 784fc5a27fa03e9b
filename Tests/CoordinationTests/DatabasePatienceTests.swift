// How long a run waits for its database, without a database and without waiting.

import Coordination
import Plan
import Testing

struct DatabasePatienceTests {
    private let start = ContinuousClock.now

    private func standing(
        _ term: Int64, _ phase: Phase = .load, finished: Bool = false
    ) -> DatabasePatience.Standing {
        .init(term: term, phase: phase, hasFinishedClaims: finished)
    }

    /// Delays until it gives up, when every try fails at once; at most `most` of them.
    private func delays(
        isFull: Bool, limit: Duration, share: Double = 1, most: Int = 1_000
    ) -> [Duration] {
        var patience = DatabasePatience(limit: limit)
        var now = start
        var found: [Duration] = []
        while found.count < most,
            let next = patience.nextTry(standing(1), isFull: isFull, at: now, share: share)
        {
            found.append(next - now)
            now = next
        }
        return found
    }

    @Test func `a database that is away is asked more and more seldom, and only so long`() {
        let found = delays(isFull: false, limit: .seconds(60))
        let first = found.prefix(6).map { $0 / .milliseconds(1) }
        #expect(first == [200, 400, 800, 1_600, 3_200, 5_000])
        #expect(found.reduce(.zero, +) == .seconds(60))
        #expect(found.allSatisfy { $0 <= .seconds(5) })
    }

    @Test func `one without room is asked far more seldom`() {
        let found = delays(isFull: true, limit: .seconds(600))
        #expect(found.prefix(6).map { $0 / .seconds(1) } == [2, 4, 8, 16, 32, 60])
        #expect(found.count < 20)
    }

    @Test func `what is drawn moves a delay by half of it at most`() {
        let early = delays(isFull: true, limit: .seconds(600), share: 0, most: 4)
        #expect(early.map { $0 / .seconds(1) } == [1, 2, 4, 8])
    }

    @Test func `without patience it is not tried again`() {
        #expect(delays(isFull: false, limit: .zero).isEmpty)
    }

    @Test func `progress begins the wait anew, another term alone does not`() throws {
        var patience = DatabasePatience(limit: .seconds(10))
        func next(_ now: DatabasePatience.Standing, _ seconds: Int) -> Duration? {
            let moment = start + .seconds(seconds)
            return patience.nextTry(now, isFull: false, at: moment, share: 1).map { $0 - moment }
        }
        #expect(next(standing(1, finished: true), 0) == .milliseconds(200))
        // The same coordinator: what it did was counted.
        #expect(next(standing(1, finished: true), 4) == .milliseconds(400))
        // Taken again and lost again without having done anything.
        #expect(next(standing(2), 8) == .milliseconds(800))
        #expect(patience.since == start)
        #expect(next(standing(3, finished: true), 9) == .milliseconds(200))
        #expect(next(standing(4, .certify), 15) == .milliseconds(200))
        #expect(patience.since == start + .seconds(15))
        #expect(next(standing(5, .validate), 20) == .milliseconds(400))
        #expect(next(standing(6, .validate), 26) == nil)
    }

    @Test func `a database that goes away again and again is not waited for for ever`() {
        var patience = DatabasePatience(limit: .seconds(600))
        var pauses = 0
        while pauses < 1_000,
            patience.nextTry(
                standing(Int64(pauses), finished: true), isFull: false,
                at: start + .seconds(pauses), share: 1) != nil
        {
            pauses += 1
        }
        #expect(pauses == 100)
    }
}
