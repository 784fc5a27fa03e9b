// What heartbeats may add to what the ledger counts. Double counting once refused staging to a
// run that was within its reject budget.

import Coordination
import Plan
import Testing
import Wire

struct InFlightTests {
    private func beat(_ claim: Int64?, records: UInt64, rejects: UInt64) -> Beat {
        Beat(
            claim: claim, epoch: 1, phase: .validate, recordsDone: records, recordsTotal: 0,
            bytesSent: 0, rejects: rejects)
    }

    private func figures(_ beats: [Beat], settled: Set<Int64> = []) -> [Int64] {
        let inFlight = InFlight(beats, of: .validate, settled: settled)
        return [Int64(inFlight.records), inFlight.rejects]
    }

    @Test func `claims of several workers add up`() {
        #expect(figures([]) == [0, 0])
        let beats = [beat(1, records: 10, rejects: 2), beat(2, records: 5, rejects: 1)]
        #expect(figures(beats) == [15, 3])
    }

    @Test func `a claim that the ledger counts is not counted again from its last heartbeat`() {
        let beats = [beat(1, records: 10, rejects: 2), beat(2, records: 5, rejects: 1)]
        #expect(figures(beats, settled: [1]) == [5, 1])
    }

    @Test func `a claim that was taken over counts once, as far as it came`() {
        let beats = [beat(1, records: 10, rejects: 2), beat(1, records: 4, rejects: 3)]
        #expect(figures(beats) == [10, 3])
    }

    @Test func `idle workers and other phases count nothing`() {
        var old = beat(1, records: 10, rejects: 2)
        old.phase = .load
        #expect(figures([old, beat(nil, records: 7, rejects: 7)]) == [0, 0])
    }

    @Test func `figures that cannot be true do not overflow`() {
        let beats = (1...64).map { beat($0, records: .max, rejects: .max) }
        #expect(figures(beats) == [64 << 40, 64 << 40])
    }
}
