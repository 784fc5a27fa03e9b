// Which blocks of which slices are asked for and not yet sent, and who may ask. A value: no file, no
// socket.

package import Plan
package import Wire

/// The requests of all workers for blocks of spool slices.
///
/// It never holds more than a worker's credit for each worker, and answers them in turn, so that a
/// fast one does not keep the others waiting.
package struct BlockQueue {
    /// A block to be read and sent.
    package struct Wanted: Equatable {
        package var worker: WorkerName
        package var claim: Int64
        package var epoch: Int64
        package var slice: Int32
        /// Where it begins in the slice, in bytes.
        package var offset: Int64
        package var bytes: Int
        package var isLast: Bool
    }

    /// A claim in a worker's hands and what it asked for.
    private struct Grant {
        var claim: Int64
        /// The epoch it was offered under; the worker that took it has a higher one.
        var offeredEpoch: Int64
        var slice: Int32
        var bytes: Int64
        /// As the last request says.
        var epoch: Int64 = 0
        /// Numbers of the blocks wanted, in order, at most `WireLimits.creditMax`.
        var blocks: [Int64] = []
    }

    private var grants: [WorkerName: Grant] = [:]
    /// Workers that wait for blocks; the next one to be served first.
    private var turns: [WorkerName] = []

    /// Nobody may ask for anything.
    package init() {}

    /// Whether nothing is asked for.
    package var isEmpty: Bool { turns.isEmpty }

    /// Blocks asked for and not sent.
    package var pendingCount: Int { grants.values.reduce(0) { $0 + $1.blocks.count } }

    /// Lets a worker ask for the slice of a claim it was offered; a claim it had before is closed.
    package mutating func grant(
        claim: Int64, epoch: Int64, slice: Int32, bytes: Int64, to worker: WorkerName
    ) {
        forget(worker)
        grants[worker] = Grant(claim: claim, offeredEpoch: epoch, slice: slice, bytes: bytes)
    }

    /// Closes a claim: it is done, or taken back.
    package mutating func close(claim: Int64) {
        for (worker, grant) in grants where grant.claim == claim {
            forget(worker)
            grants[worker] = nil
        }
    }

    /// Takes a request in.
    ///
    /// Blocks the slice does not have, and those over the credit, are not answered: the worker
    /// asks again for what it misses.
    ///
    /// - Returns: The answer when the worker may not ask; nil: it is queued.
    package mutating func take(_ fetch: Fetch, from worker: WorkerName) -> Denial? {
        guard var grant = grants[worker], grant.claim == fetch.claim,
            grant.slice == fetch.slice, fetch.epoch > grant.offeredEpoch
        else {
            return Denial(
                claim: fetch.claim, epoch: fetch.epoch, slice: fetch.slice, kind: .notHeld,
                reason: "claim \(fetch.claim) is not held by \(worker) under epoch \(fetch.epoch)")
        }
        let size = UInt64(WireLimits.blockBytesMax)
        guard fetch.offset % size == 0, fetch.offset < UInt64(grant.bytes) else { return nil }
        grant.epoch = fetch.epoch
        let first = Int64(fetch.offset / size)
        let end = (grant.bytes + Int64(size) - 1) / Int64(size)
        for block in first..<min(first + Int64(fetch.credit), end)
        where grant.blocks.count < WireLimits.creditMax && !grant.blocks.contains(block) {
            grant.blocks.append(block)
        }
        grants[worker] = grant
        if !grant.blocks.isEmpty, !turns.contains(worker) { turns.append(worker) }
        return nil
    }

    /// The next block to send; nil: nothing is asked for.
    package mutating func next() -> Wanted? {
        guard let worker = turns.first, var grant = grants[worker], !grant.blocks.isEmpty else {
            return nil
        }
        let block = grant.blocks.removeFirst()
        grants[worker] = grant
        turns.removeFirst()
        if !grant.blocks.isEmpty { turns.append(worker) }
        let size = Int64(WireLimits.blockBytesMax)
        let offset = block * size
        let bytes = min(size, grant.bytes - offset)
        return Wanted(
            worker: worker, claim: grant.claim, epoch: grant.epoch, slice: grant.slice,
            offset: offset, bytes: Int(bytes), isLast: offset + bytes == grant.bytes)
    }

    /// Forgets what a worker asked for: it cannot be sent now.
    package mutating func forget(_ worker: WorkerName) {
        grants[worker]?.blocks = []
        turns.removeAll { $0 == worker }
    }
}
