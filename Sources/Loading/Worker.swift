// The worker process: asks for claims, validates, loads and certifies them, keeps no state.
// Kill it at any instruction and the night still ends with the same rows.

import Glibc
public import Journal
import Ledger
public import Messaging
public import Plan
import Postgres
import Settings
import Wire

/// A worker process.
public struct Worker {
    private let options: WorkerOptions
    private let link: CoordinatorLink
    private var context: RunContext?
    /// A run was served to its end.
    private var hasServed = false
    /// The database was reached once: its address is right, and it can be waited for.
    private var hasConnected = false
    /// Why it ended, for whoever started it; nil: there is nothing to tell.
    public private(set) var parting: LogMessage?

    /// Connects to the coordinator; signals must already be blocked by `signals`.
    ///
    /// - Parameter tell: Told what whoever started the worker should know while it works on.
    public init(
        _ options: WorkerOptions, signals: consuming SignalReader,
        tell: @escaping (LogMessage) -> Void = { _ in }
    ) throws {
        self.options = options
        link = try CoordinatorLink(
            hello: Hello(
                worker: options.name, host: HostName.current, pid: getpid(),
                binaryVersion: options.binaryVersion),
            connect: options.places, signals: signals,
            coordinatorWait: options.coordinatorWait, parent: options.parent, tell: tell)
    }

    /// Works until the coordinator lets it go, it is told to stop, or it is orphaned.
    ///
    /// A worker without a parent stays when the run ends, and leaves when no other coordinator
    /// comes within `coordinatorWait`.
    ///
    /// - Returns: How the process ends: normal, or the signal that stopped it.
    public mutating func run() -> Outcome {
        while true {
            let outcome = serveRun()
            guard options.parent == nil, link.hasRunEnded, link.signal == nil else {
                return outcome
            }
            link.standDown()
            hasServed = true
        }
    }

    private mutating func serveRun() -> Outcome {
        do {
            try serve()
        } catch LoadingError.draining {
            guard let reason = link.refusal else { return leave("asked to stop") }
            parting = message(.refusedByCoordinator, ["reason": reason])
            return .configuration
        } catch LoadingError.orphaned {
            // Nobody came after a run that was ended in order: nothing is wrong.
            if hasServed && !link.hasCoordinator { return .normal }
            if options.parent == nil { parting = unheard }
            return .infrastructure
        } catch let error as PostgresError {
            // This worker's way to the database is the trouble, not the run.
            link.send(failure(nil, .retry, error.sqlState, error.description))
            _ = leave("its database cannot be reached: \(error.description)")
            return .infrastructure
        } catch LoadingError.keyRefused {
            let key = options.security?.keyFile.name ?? "-"
            parting = message(.keyRefused, ["key": key])
            return .configuration
        } catch LoadingError.securityDiffers {
            let own = options.security == nil ? "without keys" : "with keys"
            parting = message(.securityDiffers, ["security": own])
            return .configuration
        } catch let error as Failpoint.Tripped {
            link.send(failure(nil, .retry, nil, error.description))
            return leave("failpoint")
        } catch {
            link.send(failure(nil, .bug, nil, "\(error)"))
            return leave("\(error)")
        }
        return leave("done")
    }

    private func message(
        _ id: MessageID, _ more: KeyValuePairs<String, String>
    ) -> LogMessage {
        var message = LogMessage(
            id,
            [
                "worker": options.name,
                "endpoint": options.places.map(\.endpoint.text).joined(separator: " or "),
            ])
        message.arguments += more.map { (name: $0.key, value: $0.value) }
        return message
    }

    /// The coordinator said nothing for `coordinatorWait`, and why that may be.
    private var unheard: LogMessage {
        let reason =
            switch link.handshake {
            case .interrupted(let times):
                "it broke off \(times) handshakes; is '--server-key' the coordinator's key?"
            case .succeeded: "it was connected and fell silent; look at its run log"
            case .pending, .refused, .mismatch:
                "nobody answers; check the address, the firewall, and that a run is on"
            }
        return message(
            .coordinatorUnheard,
            ["elapsed": Figures.duration(options.coordinatorWait), "reason": reason])
    }

    private func leave(_ reason: String) -> Outcome {
        link.send(.goodbye(reason: reason))
        switch link.signal {
        case SIGTERM: return .terminated
        case SIGINT: return .interrupted
        default: return .normal
        }
    }

    private mutating func serve() throws {
        if options.parent == nil { try awaitCoordinator() }
        var connection = try connect()
        var saidHelloAt = Monotonic.now() - .seconds(1)
        var isReady = false
        while !link.isDraining {
            try link.pause(milliseconds: isReady ? 50 : 5)
            if let assignment = link.takeAssignment() {
                isReady = false
                try work(on: assignment, &connection)
                saidHelloAt = Monotonic.now() - .seconds(1)
            }
            // Hello and ready are repeated: either may be lost, and the coordinator may be new.
            guard Monotonic.now() - saidHelloAt >= .milliseconds(isReady ? 500 : 20) else {
                continue
            }
            saidHelloAt = Monotonic.now()
            link.introduce()
            link.send(.ready)
            isReady = true
        }
        throw LoadingError.draining
    }

    /// Waits for a coordinator; a session would only lie idle until then.
    private func awaitCoordinator() throws {
        while !link.hasCoordinator {
            if link.isDraining { throw LoadingError.draining }
            link.introduce()
            try link.pause(milliseconds: LoadingLimits.coordinatorPauseMilliseconds)
        }
    }

    /// A new session; waiting for the server looks at the coordinator's socket all the while.
    ///
    /// - Throws: `draining` when the worker is asked to go; else ``PostgresError`` when the database
    ///   is not there after `databaseWait`, or after some tries where it never was.
    private mutating func connect() throws -> Connection {
        let link = link
        let began = Monotonic.now()
        var delay = LoadingLimits.reconnectMilliseconds.lowerBound
        var attempt = 0
        while true {
            attempt += 1
            do {
                let connection = try Connection(
                    url: options.databaseURL, applicationName: "kugiri worker \(options.name)",
                    idle: { try link.breathe() },
                    commitObserver: { moment in
                        if moment == .afterSend { try Failpoint.commitSent.pass() }
                    })
                hasConnected = true
                return connection
            } catch let error as PostgresError {
                if link.isDraining { throw LoadingError.draining }
                let isAwaited =
                    hasConnected && error.isPassing
                    && Monotonic.now() - began < options.databaseWait
                guard isAwaited || attempt < LoadingLimits.reconnectsMax else { throw error }
                // Not all workers at once: the server has just begun to take connections again.
                try link.pause(milliseconds: Int.random(in: delay / 2...delay))
                delay = min(delay * 2, LoadingLimits.reconnectMilliseconds.upperBound)
            }
        }
    }

    /// Does one assignment; trouble is told to the coordinator, who decides what follows.
    private mutating func work(
        on assignment: Assignment, _ connection: inout Connection
    ) throws {
        link.progress = Progress(
            claim: assignment.claim, epoch: assignment.epoch, phase: assignment.phase)
        defer { link.progress = Progress() }
        var epoch = assignment.epoch
        for _ in 0..<LoadingLimits.reconnectsMax {
            let isNew = !connection.isUsable
            if isNew { connection = try connect() }
            do {
                if isNew {
                    // The session that held the claim may still be alive on the server.
                    try ClaimLedger.terminateOwnSession(
                        assignment.claim, epoch: epoch, connection)
                }
                guard
                    let claim = try ClaimLedger.take(
                        assignment.claim, epoch: epoch, worker: options.name, connection)
                else { return }
                epoch = claim.epoch
                link.progress.epoch = epoch
                try Failpoint.claimTaken.pass()
                try perform(claim, connection)
                return
            } catch let error as PostgresError where error.connectionLost {
                // The outcome of a COMMIT under way is not known; taking the claim again under
                // the next epoch waits for it, and the ledger then tells (PROTOCOL 13).
                continue
            } catch LedgerError.claimLost {
                return
            } catch LoadingError.draining {
                throw LoadingError.draining
            } catch let error as PostgresError {
                let kind: FailureKind =
                    switch error.kind {
                    case .permission, .undefined: .configuration
                    case .bug: .bug
                    case .data: .data
                    default: .retry
                    }
                link.send(failure(assignment, kind, error.sqlState, error.description))
                return
            } catch let error as LoadingError {
                var kind = FailureKind.retry
                if case .targetRefuses = error { kind = .configuration }
                link.send(failure(assignment, kind, nil, error.description))
                return
            } catch let error as LedgerError {
                link.send(failure(assignment, .bug, nil, "\(error)"))
                return
            }
        }
        link.send(failure(assignment, .retry, nil, "the database cannot be reached"))
    }

    private func failure(
        _ assignment: Assignment?, _ kind: FailureKind, _ state: String?, _ text: String
    ) -> Message {
        .failed(
            Failure(
                claim: assignment?.claim, epoch: assignment?.epoch ?? 0, kind: kind,
                sqlState: state?.utf8.count == 5 ? state : nil, text: text))
    }

    private mutating func perform(
        _ claim: TakenClaim, _ connection: borrowing Connection
    ) throws {
        if context?.row.run != claim.run || context?.row.revision != claim.revision
            || context?.settingsHash != claim.settingsHash
        {
            context = try RunContext(
                run: claim.run, settingsHash: claim.settingsHash, connection)
        }
        guard let context else { return }
        guard
            let slice = try SliceLedger.slice(
                claim.slice, run: claim.run, revision: claim.revision, connection)
        else { throw LedgerError.broken("slice \(claim.slice) of \(claim.run) is not there") }
        let started = try SessionClock.now(connection)
        link.progress.recordsTotal = UInt64(slice.records)
        switch claim.phase {
        case .validate:
            try validate(claim, slice, context, startedAt: started, connection)
        case .load:
            try load(claim, context, connection)
        case .certify:
            try reset(connection)
            try SliceCertify(claim: claim, context: context, worker: options.name)
                .certify(slice, startedAt: started, connection)
        case .split, .publish:
            throw LedgerError.broken("a worker has nothing to do in phase \(claim.phase)")
        }
    }

    private func validate(
        _ claim: TakenClaim, _ slice: SliceRow, _ context: RunContext, startedAt: String,
        _ connection: borrowing Connection
    ) throws {
        try reset(connection)
        let bytes = try spooled(slice, claim, context.definition)
        var (checked, proof) = try context.cache.check(
            bytes, rules: context.rules, as: SliceProof(run: claim.run, slice: slice.slice),
            isFresh: context.definition.revalidates == true
        ) {
            try link.breathe()
            if link.isDraining { throw LoadingError.draining }
        }
        link.progress.rejects = UInt64(checked.findings.rejected)
        let isOver =
            link.budgetExceeded
            || checked.findings.rejected > Int64(context.definition.job.maxRejects)
        var staging = SliceStaging(
            rules: context.rules, tables: context.tables,
            isUpsert: context.definition.job.target.mode == .upsert, budgetExceeded: isOver,
            maxRejects: context.definition.job.maxRejects, link: link, proof: proof)
        try staging.stage(
            &checked, row: slice, claim: claim, worker: options.name, startedAt: startedAt,
            connection)
        link.progress.recordsDone = UInt64(slice.records)
        try Failpoint.afterCommitBeforeReport.pass()
    }

    /// The slice's bytes, from the spool directory or from the coordinator.
    private func spooled(
        _ slice: SliceRow, _ claim: TakenClaim, _ definition: RunDefinition
    ) throws -> [UInt8] {
        let transfer = definition.job.spoolTransfer
        if transfer != .stream {
            do {
                return try SpoolFile.read(
                    slice, directory: definition.spoolDirectory(of: claim.run))
            } catch LoadingError.spoolTorn where transfer == .auto {
                // What this machine sees proves nothing about the coordinator's file: ask.
            }
        }
        return try SpoolStream(link: link).read(slice, of: claim)
    }

    private func load(
        _ claim: TakenClaim, _ context: RunContext, _ connection: borrowing Connection
    ) throws {
        // A separate, later statement: no answer is valid before the claim was locked.
        let place = try ClaimLedger.place(of: claim, connection)
        if place == topBound || claim.range.high.map({ $0 <= Key(place) }) == true { return }
        let chunks = try SliceLedger.chunks(
            slice: claim.slice,
            within: KeyRange(low: Key(place), high: claim.range.high), run: claim.run,
            revision: claim.revision, connection)
        try ChunkPlan.check(
            chunks, from: place, to: claim.range.high?.text, slice: claim.slice)
        let load = SliceLoad(
            statement: ApplyStatement(tables: context.tables, slice: claim.slice),
            plan: context.tables.plan, claim: claim, worker: options.name, link: link,
            lockBudgetMilliseconds: context.definition.job.lockBudgetMilliseconds,
            layout: context.envelope.layout)
        link.progress.recordsTotal = UInt64(chunks.reduce(0) { $0 + $1.rows })
        try load.load(chunks, startingAt: claim.chunkNumber, connection)
    }

    /// Settings of a session that does not load chunks.
    ///
    /// Workers are as many as the operator wants: none of them takes more of the server than its own
    /// session.
    private func reset(_ connection: borrowing Connection) throws {
        try connection.execute(
            """
            DEALLOCATE ALL; RESET lock_timeout; RESET statement_timeout;
            RESET synchronous_commit; SET jit = off; SET enable_hashjoin = off;
            SET enable_mergejoin = off; SET enable_seqscan = off;
            SET max_parallel_workers_per_gather = 0
            """)
    }
}
