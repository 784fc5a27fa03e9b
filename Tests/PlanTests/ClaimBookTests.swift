// Whom to ask next and whom to suspect; no clock, no socket, no database.

import Plan
import Testing

@Suite struct ClaimBookTests {
    private let tokyo = "tokyo"
    private let osaka = "osaka"
    private let start = Duration.seconds(1_000)

    private func claim(_ id: Int64, weight: Int64 = 1, low: String = "a", epoch: Int64 = 0) -> Claim
    {
        Claim(
            id: id, slice: Int(id), partition: nil, range: range(low, nil), weight: weight,
            epoch: epoch, attempts: 0)
    }

    private func book(_ claims: [Claim], attemptsMax: Int = 3) -> ClaimBook {
        ClaimBook(
            claims: claims, attemptsMax: attemptsMax, silenceLimit: .seconds(10),
            noProgressLimit: .seconds(120))
    }

    @Test func `the largest claim is given first, of equal ones the lowest`() {
        var book = book([
            claim(1, weight: 5, low: "c"), claim(2, weight: 9), claim(3, weight: 5, low: "b"),
            claim(4, weight: 7),
        ])
        var order: [Int64] = []
        for worker in ["a", "b", "c", "d"] {
            guard case .assign(let id, 0, worker) = book.ready(worker, at: start).first else {
                Issue.record("nothing for \(worker)")
                return
            }
            order.append(id)
        }
        #expect(order == [2, 4, 3, 1])
        #expect(book.openCount == 0 && book.heldCount == 4 && !book.isFinished)
    }

    @Test func `an idle worker that still holds a claim has it settled before it gets the next`() {
        var book = book([claim(1, weight: 2), claim(2)])
        #expect(book.ready(tokyo, at: start) == [.assign(claim: 1, epoch: 0, to: tokyo)])
        #expect(book.ready(tokyo, at: start) == [.settle(claim: 1)])
        #expect(book.assignments(at: start).isEmpty)
        book.finished(1)
        #expect(book.assignments(at: start) == [.assign(claim: 2, epoch: 0, to: tokyo)])
        #expect(book.holder(of: 2) == tokyo && book.holder(of: 1) == nil)
        #expect(book.ready(tokyo, at: start) == [.settle(claim: 2)])
        book.finished(2)
        #expect(book.isFinished)
        #expect(book.assignments(at: start).isEmpty)
    }

    @Test func `a worker that asks twice gets one claim`() {
        var book = book([])
        #expect(book.ready(tokyo, at: start).isEmpty)
        #expect(book.ready(tokyo, at: start).isEmpty)
        #expect(book.isFinished)
        var other = self.book([claim(1), claim(2)])
        _ = other.ready(tokyo, at: start)
        #expect(other.claims(of: tokyo).count == 1 && other.openCount == 1)
    }

    @Test func `a silent worker's claim goes to the next one under a newer epoch`() {
        var book = book([claim(7, epoch: 4)])
        #expect(book.ready(tokyo, at: start) == [.assign(claim: 7, epoch: 4, to: tokyo)])
        #expect(book.suspects(at: start + .seconds(10)).isEmpty)
        #expect(
            book.suspects(at: start + .seconds(11)) == [.revoke(claim: 7, from: tokyo)])
        book.reopened(7, epoch: 6, progressed: false)
        #expect(
            book.ready(osaka, at: start + .seconds(11))
                == [.assign(claim: 7, epoch: 6, to: osaka)])
    }

    @Test func `a silent worker whose claim moves in the ledger is not suspected`() {
        var book = book([claim(7)])
        _ = book.ready(tokyo, at: start)
        book.moved(claim: 7, at: start + .seconds(9))
        #expect(book.suspects(at: start + .seconds(19)).isEmpty)
        #expect(book.suspects(at: start + .seconds(20)) == [.revoke(claim: 7, from: tokyo)])
    }

    @Test func `a claim is never taken back for its age alone`() {
        var book = book([claim(7)])
        _ = book.ready(tokyo, at: start)
        var now = start
        for step in 1...10_000 {
            now += .seconds(9)
            book.beat(tokyo, claim: 7, progress: UInt64(step), at: now)
            #expect(book.suspects(at: now).isEmpty)
        }
    }

    @Test func `heartbeats without progress count only up to the limit`() {
        var book = book([claim(7)])
        _ = book.ready(tokyo, at: start)
        book.beat(tokyo, claim: 7, progress: 5, at: start + .seconds(1))
        for second in 2...121 {
            book.beat(tokyo, claim: 7, progress: 5, at: start + .seconds(second))
        }
        #expect(book.suspects(at: start + .seconds(121)).isEmpty)
        book.beat(tokyo, claim: 7, progress: 5, at: start + .seconds(122))
        #expect(book.suspects(at: start + .seconds(122)) == [.revoke(claim: 7, from: tokyo)])
        book.beat(tokyo, claim: 7, progress: 6, at: start + .seconds(122))
        #expect(book.suspects(at: start + .seconds(122)).isEmpty)
    }

    @Test func `progress of another claim, or another worker's beat, does not count`() {
        var book = book([claim(1, weight: 2), claim(2)])
        _ = book.ready(tokyo, at: start)
        _ = book.ready(osaka, at: start)
        for second in stride(from: 5, through: 125, by: 5) {
            book.beat(tokyo, claim: 9, progress: UInt64(second), at: start + .seconds(second))
            book.beat(osaka, claim: 2, progress: UInt64(second), at: start + .seconds(second))
        }
        #expect(book.suspects(at: start + .seconds(125)) == [.revoke(claim: 1, from: tokyo)])
    }

    @Test func `a claim tried too often is given up`() {
        var book = book([claim(7)], attemptsMax: 2)
        for epoch in [0, 2] as [Int64] {
            #expect(book.ready(tokyo, at: start) == [.assign(claim: 7, epoch: epoch, to: tokyo)])
            book.reopened(7, epoch: epoch + 2, progressed: false)
        }
        #expect(book.ready(tokyo, at: start) == [.giveUp(claim: 7, attempts: 2)])
        #expect(!book.isFinished)
    }

    @Test func `an attempt that moved the claim does not count`() {
        var book = book([claim(7)], attemptsMax: 1)
        for epoch in 0..<20 as Range<Int64> {
            #expect(book.ready(tokyo, at: start) == [.assign(claim: 7, epoch: epoch, to: tokyo)])
            book.reopened(7, epoch: epoch + 1, progressed: true)
        }
        #expect(book.ready(tokyo, at: start) == [.assign(claim: 7, epoch: 20, to: tokyo)])
        book.reopened(7, epoch: 21, progressed: false)
        #expect(book.ready(tokyo, at: start) == [.giveUp(claim: 7, attempts: 1)])
    }

    @Test func `a reopened claim takes its place by weight again`() {
        var book = book([claim(1, weight: 9), claim(2, weight: 5), claim(3, weight: 7)])
        _ = book.ready(tokyo, at: start)
        book.reopened(1, epoch: 2, progressed: false)
        #expect(book.ready(osaka, at: start) == [.assign(claim: 1, epoch: 2, to: osaka)])
    }

    @Test func `a worker that is gone is asked nothing more and loses what it held`() {
        var book = book([claim(1)])
        _ = book.ready(tokyo, at: start)
        _ = book.ready(osaka, at: start)
        #expect(book.gone(osaka).isEmpty)
        #expect(book.gone(tokyo) == [.revoke(claim: 1, from: tokyo)])
        book.reopened(1, epoch: 2, progressed: false)
        #expect(book.assignments(at: start).isEmpty)
        #expect(book.openCount == 1)
    }

    @Test func `news about a claim that nobody holds changes nothing`() {
        var book = book([claim(1)])
        book.finished(9)
        book.reopened(9, epoch: 3, progressed: false)
        book.reopened(1, epoch: 3, progressed: false)
        book.moved(claim: 9, at: start)
        #expect(book.openCount == 1)
        #expect(book.ready(tokyo, at: start) == [.assign(claim: 1, epoch: 0, to: tokyo)])
    }
}
