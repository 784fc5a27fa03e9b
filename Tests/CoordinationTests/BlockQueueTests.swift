// Who may ask for which blocks, how many are kept, and who is served first.

import Coordination
import Ledger
import Plan
import Records
import Testing
import Wire

private let size = UInt64(WireLimits.blockBytesMax)

@Suite struct BlockQueueTests {
    private func queue(blocks: Int, workers: [WorkerName] = ["tokyo"]) -> BlockQueue {
        var queue = BlockQueue()
        for (index, worker) in workers.enumerated() {
            queue.grant(
                claim: Int64(index + 1), epoch: 4, slice: Int32(index),
                bytes: Int64(blocks - 1) * Int64(size) + 5, to: worker)
        }
        return queue
    }

    private func fetch(
        claim: Int64 = 1, epoch: Int64 = 5, slice: Int32 = 0, block: UInt64 = 0, credit: UInt16 = 1
    ) -> Fetch {
        Fetch(claim: claim, epoch: epoch, slice: slice, offset: block * size, credit: credit)
    }

    @Test func `a worker gets the blocks of its claim in order, the last one short`() {
        var queue = queue(blocks: 3)
        _ = queue.take(fetch(credit: 9), from: "tokyo")

        let first = queue.next()
        #expect(first?.offset == 0 && first?.bytes == Int(size) && first?.isLast == false)
        #expect(first?.worker == "tokyo" && first?.claim == 1 && first?.epoch == 5)
        #expect(queue.next()?.offset == Int64(size))
        let last = queue.next()
        #expect(last?.offset == 2 * Int64(size) && last?.bytes == 5 && last?.isLast == true)
        #expect(queue.next() == nil)
        #expect(queue.isEmpty)
    }

    @Test func `nothing is served under an older epoch, another claim, slice or name`() {
        var queue = queue(blocks: 3)
        let wrong: [(Fetch, WorkerName)] = [
            (fetch(epoch: 4), "tokyo"), (fetch(epoch: .min), "tokyo"), (fetch(claim: 2), "tokyo"),
            (fetch(slice: 1), "tokyo"), (fetch(), "osaka"),
        ]
        for (fetch, worker) in wrong {
            let denial = queue.take(fetch, from: worker)
            #expect(denial?.kind == .notHeld)
            #expect(denial?.claim == fetch.claim && denial?.epoch == fetch.epoch)
        }
        #expect(queue.isEmpty)
    }

    @Test func `a claim that is taken back is served no more, also what was asked for before`() {
        var queue = queue(blocks: 9)
        #expect(queue.take(fetch(credit: 5), from: "tokyo") == nil)
        queue.close(claim: 1)

        #expect(queue.next() == nil)
        #expect(queue.take(fetch(), from: "tokyo")?.kind == .notHeld)
    }

    @Test func `whatever is asked for, no more than the credit waits for one worker`() {
        var queue = queue(blocks: 200)
        for round in 0..<50 {
            let fetch = fetch(block: UInt64(round * 3), credit: UInt16(WireLimits.creditMax))
            #expect(queue.take(fetch, from: "tokyo") == nil)
        }
        #expect(queue.pendingCount == WireLimits.creditMax)
    }

    @Test func `a block asked for twice is sent once`() {
        var queue = queue(blocks: 9)
        for _ in 0..<3 { #expect(queue.take(fetch(credit: 2), from: "tokyo") == nil) }

        #expect(queue.pendingCount == 2)
    }

    @Test func `requests outside the slice or between its blocks are not answered`() {
        var queue = queue(blocks: 3)
        var between = fetch()
        between.offset = 1
        var far = fetch()
        far.offset = .max - .max % size
        for fetch in [between, far, fetch(block: 3)] {
            #expect(queue.take(fetch, from: "tokyo") == nil)
        }
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
    }

    @Test func `workers are served in turn`() {
        var queue = queue(blocks: 9, workers: ["tokyo", "osaka"])
        #expect(queue.take(fetch(credit: 3), from: "tokyo") == nil)
        #expect(queue.take(fetch(claim: 2, slice: 1, credit: 2), from: "osaka") == nil)

        var served: [WorkerName] = []
        while let wanted = queue.next() { served.append(wanted.worker) }
        #expect(served == ["tokyo", "osaka", "tokyo", "osaka", "tokyo"])
    }

    @Test func `what cannot be sent is forgotten and may be asked for again`() {
        var queue = queue(blocks: 9)
        #expect(queue.take(fetch(credit: 5), from: "tokyo") == nil)
        queue.forget("tokyo")
        #expect(queue.isEmpty)

        #expect(queue.take(fetch(block: 2), from: "tokyo") == nil)
        #expect(queue.next()?.offset == 2 * Int64(size))
    }
}

@Suite struct SpoolDeskTests {
    private func row(bytes: Int64) -> SliceRow {
        SliceRow(
            slice: 7, range: .all, file: "s7.slice", records: 1, bytes: bytes, checksum: 0,
            staging: "")
    }

    private func ask(_ desk: inout SpoolDesk) -> Message? {
        desk.grant(claim: 1, epoch: 1, slice: 7, to: "tokyo")
        let fetch = Fetch(claim: 1, epoch: 2, slice: 7, offset: 0, credit: 1)
        guard desk.take(fetch, from: "tokyo") == nil else { return nil }
        return desk.next()?.message
    }

    @Test func `a block is what the file holds`() throws {
        try withFolder { folder in
            try write([1, 2, 3], to: "\(folder)/s7.slice")
            var desk = SpoolDesk()
            desk.open([row(bytes: 3)], directory: folder)

            let block = Block(slice: 7, offset: 0, isLast: true, bytes: [1, 2, 3])
            #expect(ask(&desk) == .block(block))
        }
    }

    @Test func `a file that is missing or too short is told, and asked for no more`() throws {
        try withFolder { folder in
            var desk = SpoolDesk()
            desk.open([row(bytes: 4)], directory: folder)
            for bytes: [UInt8]? in [nil, [1, 2, 3], []] {
                if let bytes { try write(bytes, to: "\(folder)/s7.slice") }
                guard case .deny(let denial) = ask(&desk) else {
                    Issue.record("no denial")
                    continue
                }
                #expect(denial.kind == .unreadable)
                #expect(!denial.reason.isEmpty)
                #expect(desk.isIdle)
            }
        }
    }

    @Test func `a closed desk serves nobody`() throws {
        var desk = SpoolDesk()
        desk.open([row(bytes: 4)], directory: "/nowhere")
        desk.grant(claim: 1, epoch: 1, slice: 7, to: "tokyo")
        desk.close()

        let fetch = Fetch(claim: 1, epoch: 2, slice: 7, offset: 0, credit: 1)
        #expect(desk.take(fetch, from: "tokyo")?.kind == .notHeld)
    }
}
