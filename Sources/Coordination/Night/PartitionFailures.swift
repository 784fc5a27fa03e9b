// What becomes of the other partitions when one cannot be loaded (`on_partition_failure`).

import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Settings

/// Load claims that nobody tries any more in this drive.
struct PartitionFailures {
    /// Numbers of their partitions.
    var partitions: Set<Int> = []
    /// Why the last one was set aside.
    var reason = ""
    /// Set aside since a claim was last finished.
    var inARow = 0
}

extension RunCoordinator {
    /// A claim was tried too often: the run ends, now or when the others are loaded.
    ///
    /// Validation needs every slice, so there it ends at once.
    func giveUp(_ claim: Claim, attempts: Int, _ book: inout ClaimBook) throws {
        let reason = lastFailure?.reason ?? "its workers ended"
        let stop = RunStop(
            .infrastructure,
            LogMessage(
                .attemptsExhausted,
                [
                    "phase": phase.rawValue, "slice": String(claim.slice),
                    "attempts": String(attempts), "worker": lastFailure?.worker ?? "?",
                    "reason": reason, "run": run,
                ]), isResumable: true)
        guard phase == .load, definition.job.onPartitionFailure == .continue else { throw stop }
        failures.inARow += 1
        guard failures.inARow <= CoordinationLimits.setAsideInARowMax else { throw stop }
        failures.partitions.insert(claim.partition ?? 0)
        failures.reason = reason
        book.setAside(claim.id)
        note(
            LogMessage(
                .claimSetAside,
                [
                    "partition": claim.partition.map { String($0) } ?? "-",
                    "slice": String(claim.slice), "attempts": String(attempts),
                    "reason": reason,
                ]), partition: claim.partition)
    }

    /// A load claim is finished: with `stop`, rows that the target refused end the run at once.
    func judgeLoaded(_ claim: Claim) throws {
        failures.inARow = 0
        guard phase == .load, definition.job.onPartitionFailure == .stop else { return }
        let late = try ClaimLedger.late(claim.id, run: run, revision: revision, connection)
        guard late > 0 else { return }
        throw RunStop(
            .rejects,
            LogMessage(
                .partitionRefused,
                [
                    "partition": claim.partition.map { String($0) } ?? "-", "run": run,
                    "rejects": String(late),
                ]), isResumable: true)
    }

    /// Throws what failed when all the rest of a phase is done; nothing did: nothing.
    func checkSetAside() throws {
        guard !failures.partitions.isEmpty else { return }
        let partitions = failures.partitions.sorted().map { String($0) }.joined(separator: ", ")
        throw RunStop(
            .infrastructure,
            LogMessage(
                .partitionsFailed,
                ["partitions": partitions, "run": run, "reason": failures.reason]),
            isResumable: true)
    }
}
