// Taking the target table: for a new run when it is free, for a run that goes on also from a
// coordinator of its own that is gone or silent (PROTOCOL 16).

import Glibc
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Settings

extension RunStart {
    /// Host, user and process, for people.
    static var identity: String { Holders.own.description }

    /// The coordinator's session, which lets the fleet breathe.
    static func connect(
        _ url: String, run: String, _ hook: IdleHook
    ) throws -> Connection {
        let connection = try Connection(
            url: url, applicationName: "kugiri coordinator \(run)", idle: { try hook.breathe() })
        do {
            // A killed coordinator's session ends with its process, not with the statement it was
            // in: only then can another one take the target.
            try connection.execute(
                "SET client_connection_check_interval = "
                    + "\(CoordinationLimits.clientCheckMilliseconds)")
        } catch let error as PostgresError where !error.connectionLost {
            // A server whose system cannot tell: the session then outlives its statement only.
        }
        return connection
    }

    /// Takes the target for a new run; throws 13 with who has it.
    ///
    /// - Returns: The run that has it, when it is the very one that was asked to go on: whether it
    ///   may be taken from its coordinator is then `seizeTarget`'s question; nil: it is taken.
    static func lockTarget(
        _ plan: TargetPlan, for request: RunRequest, _ connection: borrowing Connection
    ) throws -> String? {
        guard try !RunLedger.lockTarget(plan.tableID, connection) else { return nil }
        let holder = try HolderLedger.holder(ofTarget: plan.tableID, connection)
        if request.resuming != nil, let run = holder?.tenure?.run,
            try isIdentical(run, request, connection)
        {
            return run
        }
        throw RunStop(.held, Holders.targetHeld(plan.table, by: holder))
    }

    /// Takes the target for a command on a finished run; throws 13 with who has it.
    static func lockTarget(
        _ target: Int64, name: String, _ connection: borrowing Connection
    ) throws {
        guard try !RunLedger.lockTarget(target, connection) else { return }
        let holder = try HolderLedger.holder(ofTarget: target, connection)
        throw RunStop(.held, Holders.targetHeld(name, by: holder))
    }

    /// Whether a run is of the same job, input, parameters and contract.
    private static func isIdentical(
        _ run: String, _ request: RunRequest, _ connection: borrowing Connection
    ) throws -> Bool {
        let definition = request.definition
        return try RunLedger.sameInput(
            job: definition.job.name,
            inputHash: try Files.sha256(request.inputPath, breathe: {}),
            parameters: try JSONText.compact(definition.parameters),
            contractHash: try Files.sha256(ofText: JSONText.compact(definition.contract)),
            connection
        ).contains { $0.run == run && $0.identical }
    }

    /// Takes the target of a run that goes on; throws 13 with who has it.
    ///
    /// A coordinator of this very run that has said nothing for `coordinatorSilenceLimit` is taken
    /// for dead: its session is ended, and what it still wants to write is fenced by the next term.
    ///
    /// - Parameters:
    ///   - isWatched: Whether a standby has watched it: nothing more is waited for.
    ///   - ownTerms: Terms in which this process had it until now: a session of its own that the server
    ///     has not given up yet is ended, and whoever else has the target is given time to leave.
    ///   - pause: Waits this many milliseconds.
    static func seizeTarget(
        of row: RunRow, isWatched: Bool, ownTerms: Set<Int64> = [],
        _ connection: borrowing Connection,
        pause: (Int) throws -> Void = { usleep(UInt32($0) * 1_000) }
    ) throws {
        var watch = SilenceWatch(
            confirmation: isWatched ? .zero : CoordinationLimits.silenceConfirmation)
        let deadline = Monotonic.now() + CoordinationLimits.seizeLimit
        let graceEnd = Monotonic.now() + CoordinationLimits.seizeGrace
        var isEnded = false
        while try !RunLedger.lockTarget(row.targetID, connection) {
            guard let holder = try HolderLedger.holder(ofTarget: row.targetID, connection) else {
                guard Monotonic.now() < deadline else {
                    throw RunStop(.held, Holders.targetHeld(row.target, by: nil))
                }
                try pause(CoordinationLimits.seizePauseMilliseconds)
                continue
            }
            guard let tenure = holder.tenure, tenure.run == row.run else {
                // A session on its way out, this process's own earlier one too, has the lock a while.
                if Monotonic.now() < (isEnded || !ownTerms.isEmpty ? deadline : graceEnd) {
                    try pause(CoordinationLimits.seizePauseMilliseconds)
                    continue
                }
                throw RunStop(.held, Holders.targetHeld(row.target, by: holder))
            }
            switch watch.look(beatAt: tenure.beatAt, silence: tenure.silence, at: Monotonic.now()) {
            case .alive where isGoneHere(tenure.conductor) || isEnded: break
            case .alive
            where ownTerms.contains(tenure.term) && tenure.conductor == Holders.own:
                isEnded =
                    try HolderLedger.endSilent(run: row.run, silence: .zero, connection)
                    || isEnded
            case .alive: throw RunStop(.held, Holders.runHeld(tenure))
            case .doubtful: break
            case .silent:
                isEnded =
                    try HolderLedger.endSilent(
                        run: row.run, silence: CoordinationLimits.coordinatorSilenceLimit,
                        connection) || isEnded
            }
            guard Monotonic.now() < deadline else {
                throw RunStop(.held, Holders.runHeld(tenure))
            }
            try pause(CoordinationLimits.seizePauseMilliseconds)
        }
        try HolderLedger.endHelpers(run: row.run, connection)
    }

    /// Whether a process of this machine is gone whose session the server has not given up yet.
    private static func isGoneHere(_ conductor: Conductor) -> Bool {
        conductor.host == HostName.current && kill(conductor.process, 0) != 0 && errno == ESRCH
    }
}
