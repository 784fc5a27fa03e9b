// Who holds which claim, and which worker gets the next one.

/// A worker process as the coordinator knows it; unique for the life of the process.
public typealias WorkerName = String

/// A right to one interval in one phase, as the ledger has it.
public struct Claim: Sendable, Equatable {
    /// The ledger's number of it.
    public var id: Int64
    /// The slice it is about.
    public var slice: Int
    /// nil in phases that work by slice.
    public var partition: Int?
    /// The keys it is about.
    public var range: KeyRange
    /// Records it is about; larger ones are assigned first.
    public var weight: Int64
    /// The newest epoch known.
    ///
    /// A worker that takes the claim raises it by one.
    public var epoch: Int64
    /// Times it was assigned.
    public var attempts: Int

    /// Memberwise.
    public init(
        id: Int64, slice: Int, partition: Int?, range: KeyRange, weight: Int64, epoch: Int64,
        attempts: Int
    ) {
        self.id = id
        self.slice = slice
        self.partition = partition
        self.range = range
        self.weight = weight
        self.epoch = epoch
        self.attempts = attempts
    }
}

/// Who holds which claim of the running phase.
///
/// A value with no clock and no socket: the caller passes the time in and carries the effects
/// out, so every rule here can be tested without a database. The ledger stays the truth: this
/// book only decides whom to ask next and whom to suspect.
public struct ClaimBook: Sendable {
    /// What the caller must do.
    public enum Effect: Equatable, Sendable {
        /// Tell the worker to take the claim, if its epoch is still this one.
        case assign(claim: Int64, epoch: Int64, to: WorkerName)
        /// Look the claim up in the ledger: its holder is idle, so it is done or given up.
        case settle(claim: Int64)
        /// Raise the epoch, end the holder's database session, then look the claim up.
        case revoke(claim: Int64, from: WorkerName)
        /// The claim was tried too often.
        case giveUp(claim: Int64, attempts: Int)
    }

    private struct Holding {
        var claim: Claim
        var worker: WorkerName
        /// When the worker was last heard of, or the ledger last showed progress.
        var aliveAt: Duration
        /// When the work last moved: a commit, bytes sent, or a counted record.
        var movedAt: Duration
        var progress: UInt64
    }

    private var open: [Claim]
    private var held: [Int64: Holding] = [:]
    private var idle: [WorkerName] = []
    private let attemptsMax: Int
    private let silenceLimit: Duration
    private let noProgressLimit: Duration

    /// A book over the unfinished claims of a phase.
    ///
    /// - Parameters:
    ///   - claims: Every claim that is not finished.
    ///   - attemptsMax: Assignments of one claim before the run gives up.
    ///   - silenceLimit: Silence after which a worker is suspected.
    ///   - noProgressLimit: Heartbeats without any progress after which a worker is suspected.
    public init(
        claims: [Claim], attemptsMax: Int, silenceLimit: Duration, noProgressLimit: Duration
    ) {
        open = claims.sorted { ($0.weight, $1.range.low) < ($1.weight, $0.range.low) }
        self.attemptsMax = attemptsMax
        self.silenceLimit = silenceLimit
        self.noProgressLimit = noProgressLimit
    }

    /// Whether every claim is finished.
    public var isFinished: Bool { open.isEmpty && held.isEmpty }

    /// Claims in the hands of workers.
    public var heldCount: Int { held.count }

    /// Claims that wait for a worker.
    public var openCount: Int { open.count }

    /// Workers that asked for work and have none.
    public var idleCount: Int {
        idle.count { worker in held.values.allSatisfy { $0.worker != worker } }
    }

    /// The claims a worker holds.
    public func claims(of worker: WorkerName) -> [Int64] {
        held.values.filter { $0.worker == worker }.map(\.claim.id).sorted()
    }

    /// The worker that holds a claim; nil: nobody does.
    public func holder(of claim: Int64) -> WorkerName? { held[claim]?.worker }

    /// A worker is idle and asks.
    ///
    /// What it held must be settled first; then it waits its turn.
    public mutating func ready(_ worker: WorkerName, at now: Duration) -> [Effect] {
        let before = claims(of: worker)
        if !idle.contains(worker) { idle.append(worker) }
        if !before.isEmpty { return before.map { .settle(claim: $0) } }
        return assignments(at: now)
    }

    /// Gives open claims to idle workers, the largest first.
    public mutating func assignments(at now: Duration) -> [Effect] {
        var effects: [Effect] = []
        idle.removeAll { worker in
            guard held.values.allSatisfy({ $0.worker != worker }), var claim = open.popLast()
            else { return false }
            if claim.attempts >= attemptsMax {
                effects.append(.giveUp(claim: claim.id, attempts: claim.attempts))
                open.insert(claim, at: 0)
                return false
            }
            claim.attempts += 1
            effects.append(.assign(claim: claim.id, epoch: claim.epoch, to: worker))
            held[claim.id] = Holding(
                claim: claim, worker: worker, aliveAt: now, movedAt: now, progress: 0)
            return true
        }
        return effects
    }

    /// A sign of life: `progress` is any figure that grows while work goes on.
    public mutating func beat(
        _ worker: WorkerName, claim: Int64?, progress: UInt64, at now: Duration
    ) {
        for id in claims(of: worker) {
            held[id]?.aliveAt = now
            guard id == claim, let known = held[id]?.progress, progress > known else { continue }
            held[id]?.progress = progress
            held[id]?.movedAt = now
        }
    }

    /// The ledger shows that the claim moved; its holder is not taken for dead.
    public mutating func moved(claim: Int64, at now: Duration) {
        held[claim]?.aliveAt = now
        held[claim]?.movedAt = now
    }

    /// Claims whose holder is silent, or alive without progress: suspects.
    ///
    /// Never by age alone.
    public func suspects(at now: Duration) -> [Effect] {
        held.values
            .filter {
                now - $0.aliveAt > silenceLimit || now - $0.movedAt > noProgressLimit
            }
            .map { .revoke(claim: $0.claim.id, from: $0.worker) }
            .sorted { Self.claimID($0) < Self.claimID($1) }
    }

    /// The worker said goodbye, failed, or its process ended: what it held is to be taken back.
    public mutating func gone(_ worker: WorkerName) -> [Effect] {
        idle.removeAll { $0 == worker }
        return claims(of: worker).map { .revoke(claim: $0, from: worker) }
    }

    /// The worker is to be let go: it gets no more work, and keeps what it has in hand.
    public mutating func retire(_ worker: WorkerName) { idle.removeAll { $0 == worker } }

    /// The ledger says that the claim ends earlier now, and that its tail is a claim of its own.
    public mutating func cut(_ claim: Int64, tail: Claim) {
        held[claim]?.claim.range.high = tail.range.low
        held[claim]?.claim.weight -= tail.weight
        let place = open.firstIndex { $0.weight > tail.weight } ?? open.endIndex
        open.insert(tail, at: place)
    }

    /// Nobody tries this claim any more.
    public mutating func setAside(_ claim: Int64) { open.removeAll { $0.id == claim } }

    /// The ledger says that the claim is finished.
    public mutating func finished(_ claim: Int64) { held[claim] = nil }

    /// The ledger says that the claim is not finished; it is open again under this epoch.
    ///
    /// - Parameter progressed: The claim moved in this attempt, so it does not count against
    ///   the limit of attempts.
    public mutating func reopened(_ claim: Int64, epoch: Int64, progressed: Bool) {
        guard var holding = held.removeValue(forKey: claim) else { return }
        holding.claim.epoch = epoch
        if progressed { holding.claim.attempts -= 1 }
        let place = open.firstIndex { $0.weight > holding.claim.weight } ?? open.endIndex
        open.insert(holding.claim, at: place)
    }

    private static func claimID(_ effect: Effect) -> Int64 {
        switch effect {
        case .assign(let claim, _, _), .settle(let claim), .revoke(let claim, _),
            .giveUp(let claim, _):
            claim
        }
    }
}
