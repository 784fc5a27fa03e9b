// What is seen of claims in hand; no clock, no ledger.

import Plan
import Testing

@Suite struct ClaimWatchTests {
    private let start = Duration.seconds(100)

    @Test func `an idle worker may not have seen its assignment yet, but not for ever`() {
        var watch = ClaimWatch(grace: .seconds(1))
        watch.assigned(7, at: start)
        #expect(!watch.isGivenUp(7, at: start + .seconds(1)))
        #expect(watch.isGivenUp(7, at: start + .milliseconds(1_001)))
        watch.assigned(7, at: start + .seconds(2))
        #expect(!watch.isGivenUp(7, at: start + .seconds(3)))
        #expect(watch.isGivenUp(8, at: start))
    }

    @Test func `a claim has moved when the ledger shows other chunks than before`() {
        var watch = ClaimWatch(grace: .seconds(1))
        // A crash of the server may take chunks back: that is a change, but no progress.
        let moved = [0, 2, 2].map { watch.hasMoved(7, chunks: $0) }
        let progressed = [2, 3, 3, 1].map { watch.progressed(7, chunks: $0) }
        let movedBack = watch.hasMoved(7, chunks: 2)
        #expect(moved == [false, true, false])
        #expect(progressed == [false, true, false, false])
        #expect(movedBack)
    }
}
