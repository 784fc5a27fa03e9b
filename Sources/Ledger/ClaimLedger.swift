// Statements about claims: who may do which interval, under which epoch (PROTOCOL 9–15).

public import Plan
public import Postgres

/// A claim as its worker took it.
public struct TakenClaim: Sendable {
    /// The ledger's number of it.
    public var id: Int64
    /// The run it belongs to.
    public var run: String
    /// The run's revision.
    public var revision: Int
    /// What is to be done.
    public var phase: Phase
    /// The slice it is about.
    public var slice: Int
    /// nil in phases that work by slice.
    public var partition: Int?
    /// The keys it is about.
    public var range: KeyRange
    /// The epoch; a newer one fences it.
    public var epoch: Int64
    /// Chunks that are committed.
    public var chunkNumber: Int
    /// Load: everything below this text is done.
    public var doneTo: String
    /// Hash of the settings the run goes by; another one than before: read the run again.
    public var settingsHash: String
}

/// A claim as the coordinator finds it in the ledger.
public struct ClaimState: Sendable, Equatable {
    /// The epoch; a newer one fences it.
    public var epoch: Int64
    /// Chunks that are committed.
    public var chunkNumber: Int
    /// Whether nothing of it is left to do.
    public var isFinished: Bool
    /// Whether a database session ever took it.
    public var wasTaken: Bool
}

/// Statements about claims.
public enum ClaimLedger {
    /// Makes a claim for every slice whose work in the phase is not done.
    public static func insertForSlices(
        run: String, revision: Int, phase: Phase, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.claim_insert_slices_sql),
            [.text(run), .int(Int64(revision)), .text(phase.rawValue)])
    }

    /// Makes the load claims; only the barrier calls this.
    public static func insertForLoad(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.claim_insert_load_sql), [.text(run), .int(Int64(revision))])
    }

    /// The unfinished claims of a phase.
    public static func open(
        run: String, revision: Int, phase: Phase, _ connection: borrowing Connection
    ) throws -> [Claim] {
        let rows = try connection.query(
            sql(PackageResources.claims_open_sql),
            [.text(run), .int(Int64(revision)), .text(phase.rawValue)])
        return (0..<rows.count).map { row in
            Claim(
                id: rows.int(row, 0) ?? 0, slice: Int(rows.int(row, 1) ?? 0),
                partition: rows.int(row, 2).map { Int($0) },
                range: KeyRange(
                    low: Key(rows.text(row, 3) ?? ""), high: rows.text(row, 4).map { Key($0) }),
                weight: rows.int(row, 5) ?? 0, epoch: rows.int(row, 6) ?? 0, attempts: 0)
        }
    }

    /// A worker takes a claim at the epoch it was told; nil: stale, somebody else's, or done.
    public static func take(
        _ claim: Int64, epoch: Int64, worker: String, _ connection: borrowing Connection
    ) throws -> TakenClaim? {
        let rows = try connection.query(
            sql(PackageResources.claim_take_sql), [.int(claim), .int(epoch), .text(worker)])
        guard rows.count == 1, let phase = rows.text(0, 2).flatMap(Phase.init(rawValue:)) else {
            return nil
        }
        return TakenClaim(
            id: claim, run: rows.text(0, 0) ?? "", revision: Int(rows.int(0, 1) ?? 1),
            phase: phase, slice: Int(rows.int(0, 3) ?? 0),
            partition: rows.int(0, 4).map { Int($0) },
            range: KeyRange(
                low: Key(rows.text(0, 5) ?? ""), high: rows.text(0, 6).map { Key($0) }),
            epoch: rows.int(0, 7) ?? 0, chunkNumber: Int(rows.int(0, 8) ?? 0),
            doneTo: rows.text(0, 9) ?? "", settingsHash: rows.text(0, 10) ?? "")
    }

    /// The key up to which a worker's own claim is done, read with the claim locked, so that
    /// nothing of an older transaction is under way; throws `claimLost` under a newer epoch.
    public static func place(
        of claim: TakenClaim, _ connection: borrowing Connection
    ) throws -> String {
        let rows = try connection.query(
            sql(PackageResources.claim_lock_sql), [.int(claim.id)])
        guard rows.count == 1, rows.int(0, 0) == claim.epoch, let place = rows.text(0, 2) else {
            throw LedgerError.claimLost(claim: claim.id)
        }
        return place
    }

    /// Moves a claim over one chunk; throws `claimLost` when the chunk is not ours to do.
    ///
    /// - Parameters:
    ///   - next: The bounds of the chunk after it, shown as being processed; nil: none.
    /// - Returns: Whether the claim is finished with it: its upper bound may have been lowered
    ///   since it was taken.
    @discardableResult
    public static func advance(
        _ claim: Int64, epoch: Int64, chunkNumber: Int, from low: String, to high: String,
        next: (low: String, high: String)?, _ connection: borrowing Connection
    ) throws -> Bool {
        let rows = try connection.query(
            sql(PackageResources.claim_advance_sql),
            [
                .int(claim), .int(epoch), .int(Int64(chunkNumber)), .text(low), .text(high),
                .optional(next?.low), .optional(next?.high),
            ])
        guard rows.count == 1 else { throw LedgerError.claimLost(claim: claim) }
        return rows.bool(0, 1) == true
    }

    /// Keeps everybody else from a claim until the transaction ends; throws `claimLost` when it is not
    /// ours, or does not stand where we think.
    public static func hold(
        _ claim: Int64, epoch: Int64, chunkNumber: Int, at low: String,
        _ connection: borrowing Connection
    ) throws {
        let rows = try connection.query(
            sql(PackageResources.claim_hold_sql),
            [.int(claim), .int(epoch), .int(Int64(chunkNumber)), .text(low)])
        guard rows.count == 1 else { throw LedgerError.claimLost(claim: claim) }
    }

    /// Ends a claim that is done in one step; throws `claimLost` when it is not ours.
    public static func finish(
        _ claim: Int64, epoch: Int64, _ connection: borrowing Connection
    ) throws {
        let rows = try connection.query(
            sql(PackageResources.claim_finish_sql), [.int(claim), .int(epoch)])
        guard rows.count == 1 else { throw LedgerError.claimLost(claim: claim) }
    }

    /// A claim's state; nil: it does not exist.
    public static func state(
        _ claim: Int64, _ connection: borrowing Connection
    ) throws -> ClaimState? {
        let rows = try connection.query(sql(PackageResources.claim_get_sql), [.int(claim)])
        guard rows.count == 1 else { return nil }
        return ClaimState(
            epoch: rows.int(0, 0) ?? 0, chunkNumber: Int(rows.int(0, 1) ?? 0),
            isFinished: rows.bool(0, 2) == true, wasTaken: rows.text(0, 3) != nil)
    }

    private static let settling = "kugiri_settle"

    /// Prepares ``states(_:_:)`` for the life of the connection: it is asked for every claim.
    public static func prepareStates(_ connection: borrowing Connection) throws {
        try connection.prepare(settling, sql(PackageResources.claim_settle_sql))
    }

    /// The states of claims, and the rejects of their slices in phase validate; a claim that does not
    /// exist is left out.
    public static func states(
        _ claims: [Int64], _ connection: borrowing Connection
    ) throws -> [Int64: (state: ClaimState, rejected: Int64)] {
        let rows = try connection.run(settling, [.intArray(claims)])
        var states: [Int64: (state: ClaimState, rejected: Int64)] = [:]
        for row in 0..<rows.count {
            guard let claim = rows.int(row, 0) else { continue }
            states[claim] = (
                ClaimState(
                    epoch: rows.int(row, 1) ?? 0, chunkNumber: Int(rows.int(row, 2) ?? 0),
                    isFinished: rows.bool(row, 3) == true, wasTaken: rows.bool(row, 4) == true),
                rows.int(row, 5) ?? 0
            )
        }
        return states
    }

    /// Raises a claim's epoch: its holder writes nothing any more.
    ///
    /// Waits for a row lock only as long as the session's lock_timeout (55P03).
    public static func raise(
        _ claim: Int64, _ connection: borrowing Connection
    ) throws -> ClaimState {
        let rows = try connection.query(sql(PackageResources.claim_raise_sql), [.int(claim)])
        guard rows.count == 1 else { throw LedgerError.claimLost(claim: claim) }
        return ClaimState(
            epoch: rows.int(0, 0) ?? 0, chunkNumber: Int(rows.int(0, 4) ?? 0),
            isFinished: rows.bool(0, 1) == true, wasTaken: rows.text(0, 2) != nil)
    }

    /// Ends the recorded session of a claim's holder; true: it was still there.
    public static func terminateHolder(
        _ claim: Int64, _ connection: borrowing Connection
    ) throws -> Bool {
        try connection.query(sql(PackageResources.claim_holders_sql), [.int(claim)]).count > 0
    }

    /// Ends a worker's own earlier session, if the claim is still under its epoch: another
    /// worker's session is never touched.
    public static func terminateOwnSession(
        _ claim: Int64, epoch: Int64, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.claim_own_session_sql), [.int(claim), .int(epoch)])
    }

    /// Ends whichever session of ours holds the claim's row locked.
    public static func terminateBlockers(
        _ claim: Int64, _ connection: borrowing Connection
    ) throws {
        try connection.query(sql(PackageResources.claim_blockers_sql), [.int(claim)])
    }

    /// Unfinished claims that a session once took: to be raised after a change of term.
    public static func taken(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int64] {
        let rows = try connection.query(
            sql(PackageResources.claims_reset_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).compactMap { rows.int($0, 0) }
    }

    /// Notes that nobody has the run's unfinished claims in hand; they were all taken back before.
    public static func release(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.claims_release_sql), [.text(run), .int(Int64(revision))])
    }

    /// Rows of a load claim that the target refused.
    public static func late(
        _ claim: Int64, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> Int64 {
        let rows = try connection.query(
            sql(PackageResources.claim_late_sql),
            [.text(run), .int(Int64(revision)), .int(claim)])
        return rows.int(0, 0) ?? 0
    }

    /// Numbers of partitions with records that the target refused.
    public static func latePartitions(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int] {
        let rows = try connection.query(
            sql(PackageResources.late_partitions_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).compactMap { rows.int($0, 0).map { Int($0) } }
    }
}
