// A spool slice asked for over the wire, for workers that cannot see the spool directory. What
// comes is checked like a file: by the ledger's length and checksum.

import Ledger
import Messaging
import Records
import Wire

/// Asks the coordinator for slices.
struct SpoolStream {
    let link: CoordinatorLink

    /// Receives the slice of a claim; length and checksum must be the ledger's (PROTOCOL 5).
    ///
    /// Heartbeats, signals and the coordinator's orders are looked at all the while.
    ///
    /// - Throws: ``LoadingError/spoolTorn(_:)`` when the coordinator's own file is not what the
    ///   ledger says, twice for a checksum; ``LedgerError/claimLost(claim:)`` when the coordinator
    ///   says that the claim is not ours; ``LoadingError/draining``.
    func read(_ slice: SliceRow, of claim: TakenClaim) throws -> [UInt8] {
        let name = "slice \(slice.slice) (\(slice.file)), received from the coordinator,"
        guard slice.bytes <= Int64(LoadingLimits.sliceBytesMax) else {
            throw LoadingError.spoolTorn(
                "\(name) has \(slice.bytes) bytes; a worker reads at most "
                    + "\(LoadingLimits.sliceBytesMax): lower slice_records")
        }
        for _ in 0..<LoadingLimits.transferTriesMax {
            let bytes = try receive(slice, of: claim)
            if XXHash64.hash(bytes.span) == slice.checksum { return bytes }
        }
        throw LoadingError.spoolTorn("\(name) does not have its checksum")
    }

    private func receive(_ slice: SliceRow, of claim: TakenClaim) throws -> [UInt8] {
        let number = Int32(truncatingIfNeeded: slice.slice)
        let transfer = Transfer(
            claim: claim.id, epoch: claim.epoch, slice: number, bytes: Int(slice.bytes))
        link.transfer = transfer
        defer { link.transfer = nil }
        while !transfer.assembly.isComplete {
            if let denial = transfer.denial { throw error(denial, slice, claim) }
            if link.isDraining { throw LoadingError.draining }
            guard transfer.silence < LoadingLimits.transferSilence else {
                throw LoadingError.spoolSilent(
                    slice: slice.slice, bytes: transfer.assembly.bytesReceived, of: slice.bytes)
            }
            for request in transfer.assembly.requests(at: transfer.now) {
                link.send(
                    .fetch(
                        Fetch(
                            claim: claim.id, epoch: claim.epoch, slice: number,
                            offset: request.offset, credit: UInt16(request.credit))))
            }
            try link.pause(milliseconds: LoadingLimits.transferPauseMilliseconds)
        }
        // Heartbeats go on from here: a figure that fell would look like standing still.
        link.progress.bytesReceived += UInt64(slice.bytes)
        return transfer.assembly.bytes()
    }

    private func error(
        _ denial: Denial, _ slice: SliceRow, _ claim: TakenClaim
    ) -> any Error {
        switch denial.kind {
        case .notHeld: LedgerError.claimLost(claim: claim.id)
        case .unreadable: LoadingError.spoolTorn("\(slice.file): \(denial.reason)")
        }
    }
}

/// A slice on its way, kept where the coordinator's messages arrive.
///
/// A class, because the link puts blocks in while the stream asks for more; one thread uses it, and
/// the slice's bytes are never copied.
final class Transfer {
    private let claim: Int64
    private let epoch: Int64
    private let startedAt = Monotonic.now()
    var assembly: SliceAssembly
    /// The coordinator's answer that nothing comes; nil: none.
    private(set) var denial: Denial?

    init(claim: Int64, epoch: Int64, slice: Int32, bytes: Int) {
        self.claim = claim
        self.epoch = epoch
        assembly = SliceAssembly(slice: slice, bytes: bytes, at: .zero)
    }

    /// The assembly's clock.
    var now: Duration { Monotonic.now() - startedAt }

    /// Time since something new came.
    var silence: Duration { now - assembly.receivedAt }

    /// Puts a block in its place.
    func take(_ block: Block) throws {
        guard assembly.take(block, at: now) else { return }
        try Failpoint.blockReceived.pass()
    }

    /// Notes a denial, unless it is an answer to an older request.
    func take(_ denial: Denial) {
        guard denial.claim == claim, denial.epoch == epoch else { return }
        self.denial = denial
    }
}
