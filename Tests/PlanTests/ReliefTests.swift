// Which claim gives its tail away, and where it is cut.

import Plan
import Testing

@Suite struct ReliefTests {
    private func chunks(_ rows: [Int64]) -> [Relief.Chunk] {
        rows.enumerated().map { Relief.Chunk(low: Key("k\($0.offset)"), rows: $0.element) }
    }

    @Test func `the claim with the most rows left is cut, of equal ones the first`() {
        let candidates = [
            Relief.Candidate(claim: 1, chunks: 3, rows: 30),
            Relief.Candidate(claim: 2, chunks: 5, rows: 50),
            Relief.Candidate(claim: 3, chunks: 5, rows: 50),
        ]
        #expect(Relief.choose(candidates, chunksMin: 2)?.claim == 2)
        #expect(Relief.choose([], chunksMin: 2) == nil)
    }

    @Test func `a claim with too few chunks left keeps them, however many rows they have`() {
        let candidates = [
            Relief.Candidate(claim: 1, chunks: 1, rows: 9_000),
            Relief.Candidate(claim: 2, chunks: 2, rows: 20),
        ]
        #expect(Relief.choose(candidates, chunksMin: 2)?.claim == 2)
        #expect(Relief.choose(candidates, chunksMin: 3) == nil)
    }

    @Test(
        arguments: [
            ([10, 10], "k1", 10), ([10, 10, 10], "k1", 20), ([10, 10, 10, 10], "k2", 20),
            ([50, 10, 10], "k1", 20), ([10, 10, 50], "k2", 50), ([0, 0], "k1", 0),
        ] as [([Int64], String, Int64)])
    func `both parts are as equal as chunks allow`(rows: [Int64], low: String, tail: Int64) {
        let cut = Relief.cut(chunks(rows))
        #expect(cut?.at == Key(low))
        #expect(cut?.rows == tail)
    }

    @Test func `one chunk is not shared`() {
        #expect(Relief.cut(chunks([10])) == nil)
        #expect(Relief.cut([]) == nil)
    }

    @Test func `the tail is the idle worker's next claim and the holder's part weighs less`() {
        let start = Duration.seconds(1)
        let whole = Claim(
            id: 1, slice: 0, partition: 1, range: KeyRange(low: Key("a"), high: nil), weight: 100,
            epoch: 0, attempts: 0)
        var book = ClaimBook(
            claims: [whole], attemptsMax: 3, silenceLimit: .seconds(10),
            noProgressLimit: .seconds(120))
        _ = book.ready("tokyo", at: start)
        #expect(book.ready("osaka", at: start).isEmpty)
        #expect(book.idleCount == 1)
        let tail = Claim(
            id: 2, slice: 0, partition: 1, range: KeyRange(low: Key("m"), high: nil), weight: 40,
            epoch: 0, attempts: 0)
        book.cut(1, tail: tail)
        #expect(book.assignments(at: start) == [.assign(claim: 2, epoch: 0, to: "osaka")])
        book.finished(1)
        #expect(!book.isFinished)
        book.finished(2)
        #expect(book.isFinished)
    }

    @Test func `a retired worker gets nothing and keeps what it holds`() {
        let start = Duration.seconds(1)
        let claims = (1...2).map { number in
            Claim(
                id: Int64(number), slice: number, partition: nil,
                range: KeyRange(low: Key("a"), high: nil), weight: 1, epoch: 0, attempts: 0)
        }
        var book = ClaimBook(
            claims: claims, attemptsMax: 3, silenceLimit: .seconds(10),
            noProgressLimit: .seconds(120))
        guard case .assign(let claim, _, _) = book.ready("tokyo", at: start).first else {
            Issue.record("no claim for tokyo")
            return
        }
        book.retire("tokyo")
        #expect(book.holder(of: claim) == "tokyo")
        book.finished(claim)
        #expect(book.assignments(at: start).isEmpty)
        #expect(book.openCount == 1)
    }

    @Test func `a claim that is set aside is tried no more and does not keep the phase open`() {
        let start = Duration.seconds(1)
        let claim = Claim(
            id: 1, slice: 0, partition: 1, range: .all, weight: 1, epoch: 0, attempts: 0)
        var book = ClaimBook(
            claims: [claim], attemptsMax: 1, silenceLimit: .seconds(10),
            noProgressLimit: .seconds(120))
        _ = book.ready("tokyo", at: start)
        book.reopened(1, epoch: 1, progressed: false)
        #expect(book.ready("tokyo", at: start) == [.giveUp(claim: 1, attempts: 1)])
        book.setAside(1)
        #expect(book.isFinished)
    }
}
