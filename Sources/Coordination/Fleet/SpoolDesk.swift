// The coordinator's desk for workers that cannot see the spool: it reads the blocks they ask for.

package import Ledger
package import Plan
package import Wire

/// Gives out blocks of a run's spool slices.
package struct SpoolDesk {
    private var queue = BlockQueue()
    private var directory = ""
    private var slices: [Int: SliceRow] = [:]

    /// A closed desk.
    package init() {}

    /// Whether nobody waits for a block.
    package var isIdle: Bool { queue.isEmpty }

    /// Blocks asked for and not sent.
    package var pendingCount: Int { queue.pendingCount }

    /// Opens the desk for a run's slices.
    package mutating func open(_ slices: [SliceRow], directory: String) {
        queue = BlockQueue()
        self.directory = directory
        self.slices = Dictionary(slices.map { ($0.slice, $0) }) { first, _ in first }
    }

    /// Closes the desk: who asks is told that the claim is not its own.
    package mutating func close() { open([], directory: "") }

    /// Lets a worker ask for the slice of a claim that it is offered under this epoch.
    package mutating func grant(
        claim: Int64, epoch: Int64, slice: Int, to worker: WorkerName
    ) {
        guard let row = slices[slice] else { return }
        queue.grant(
            claim: claim, epoch: epoch, slice: Int32(slice), bytes: row.bytes, to: worker)
    }

    /// The claim is done, or taken back.
    package mutating func close(claim: Int64) { queue.close(claim: claim) }

    /// Takes a request in; the answer when nothing will be sent.
    package mutating func take(_ fetch: Fetch, from worker: WorkerName) -> Denial? {
        queue.take(fetch, from: worker)
    }

    /// Forgets what a worker asked for; it asks again.
    package mutating func forget(_ worker: WorkerName) { queue.forget(worker) }

    /// The next block, read from its file, or why there is none; nil: nobody waits.
    ///
    /// The file is opened for every block: a slice that was spooled again is another file, and
    /// opening costs a tenth of reading.
    package mutating func next() -> (worker: WorkerName, message: Message)? {
        guard let wanted = queue.next() else { return nil }
        do {
            let bytes = try read(wanted)
            return (
                wanted.worker,
                .block(
                    Block(
                        slice: wanted.slice, offset: UInt64(wanted.offset),
                        isLast: wanted.isLast, bytes: bytes))
            )
        } catch {
            queue.forget(wanted.worker)
            let reason =
                (error as? FileTrouble).map { "\($0.operation) failed: \($0.reason)" }
                ?? "\(error)"
            return (
                wanted.worker,
                .deny(
                    Denial(
                        claim: wanted.claim, epoch: wanted.epoch, slice: wanted.slice,
                        kind: .unreadable, reason: reason))
            )
        }
    }

    private func read(_ wanted: BlockQueue.Wanted) throws -> [UInt8] {
        guard let row = slices[Int(wanted.slice)] else {
            throw SliceShort(found: 0, expected: wanted.offset + Int64(wanted.bytes))
        }
        let file = try Files.openForReading("\(directory)/\(row.file)")
        var bytes = [UInt8](repeating: 0, count: wanted.bytes)
        let got = try file.read(into: &bytes, count: wanted.bytes, from: wanted.offset)
        guard got == wanted.bytes else {
            throw SliceShort(found: wanted.offset + Int64(got), expected: row.bytes)
        }
        return bytes
    }

    private struct SliceShort: Error, CustomStringConvertible {
        var found: Int64
        var expected: Int64
        var description: String { "the file ends at byte \(found) of \(expected)" }
    }
}
