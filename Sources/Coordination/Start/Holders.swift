// Who stands in the way, as messages say it: which run, whose process on which machine, since when,
// and the command that resolves it.

import Glibc
import Journal
import Ledger
import Messaging
import Postgres

/// Texts and messages about holders.
enum Holders {
    /// This process.
    static var own: Conductor {
        let user = unsafe getpwuid(getuid()).flatMap { unsafe String(cString: $0.pointee.pw_name) }
        return Conductor(
            host: HostName.current, user: user ?? String(getuid()), process: getpid())
    }

    /// A moment of the ledger as people read it, with this machine's offset.
    static func moment(_ milliseconds: Int64) -> String {
        Timestamp(milliseconds: milliseconds, offsetSeconds: Timestamp.now().offsetSeconds)
            .iso8601WithOffset
    }

    /// The target cannot be taken for a new run.
    ///
    /// - Parameter holder: nil: it was let go while this was asked.
    static func targetHeld(_ target: String, by holder: TargetHolder?) -> LogMessage {
        if let backout = holder?.backout {
            return LogMessage(
                .targetHeldByBackout,
                [
                    "target": target, "run": backout.run,
                    "holder": backout.conductor.description, "since": moment(backout.since),
                    "process": String(backout.conductor.process), "host": backout.conductor.host,
                ])
        }
        guard let holder, let tenure = holder.tenure else {
            return LogMessage(
                .targetHeld,
                [
                    "target": target, "holder": session(holder),
                    "since": holder?.sessionStartedAt.map(moment) ?? "a moment ago",
                ])
        }
        if let silence = tenure.silence, silence >= CoordinationLimits.coordinatorSilenceLimit {
            return LogMessage(
                .targetHeldSilently,
                [
                    "target": target, "run": tenure.run,
                    "holder": tenure.conductor.description, "since": moment(tenure.startedAt),
                    "elapsed": Figures.duration(silence),
                ])
        }
        return LogMessage(
            .targetHeldByRun,
            [
                "target": target, "run": tenure.run, "holder": tenure.conductor.description,
                "since": moment(tenure.startedAt), "host": tenure.conductor.host,
                "process": String(tenure.conductor.process),
            ])
    }

    /// The run itself has a coordinator that lives.
    static func runHeld(_ tenure: TargetHolder.Tenure) -> LogMessage {
        LogMessage(
            .runHeld,
            [
                "run": tenure.run, "holder": tenure.conductor.description,
                "since": moment(tenure.startedAt), "host": tenure.conductor.host,
                "process": String(tenure.conductor.process),
            ])
    }

    /// A run that is not finished: its last coordinator, since when, and how that ended.
    static func last(
        of run: String, else coordinator: String, since: Int64,
        _ connection: borrowing Connection
    ) throws -> (holder: String, since: String, ending: String) {
        guard let last = try HolderLedger.lastConductor(of: run, connection) else {
            return (coordinator, moment(since), "its end is not known")
        }
        let ending =
            switch (last.endedAt, last.exitCode) {
            case (let ended?, let code?): "it ended with exit \(code) at \(moment(ended))"
            default: "it ended without a word: it was killed or lost the database"
            }
        return (last.conductor.description, moment(last.startedAt), ending)
    }

    /// A session that conducts no run (yet), for people.
    private static func session(_ holder: TargetHolder?) -> String {
        guard let holder else { return "another session" }
        guard let application = holder.application, let role = holder.role else {
            return "another role's session, process \(holder.pid) of the database server"
        }
        return "session '\(application)' of database role \(role) from \(holder.address), "
            + "process \(holder.pid) of the database server"
    }
}

extension LogMessage {
    /// The message with who finished a run and when.
    ///
    /// - Parameter row: nil: the ledger does not have it any more.
    func by(_ row: RunRow?) -> LogMessage {
        var message = self
        message.arguments += [
            (name: "holder", value: row?.coordinator ?? "a run that was removed"),
            (name: "since", value: row?.endedAt ?? "an unknown time"),
        ]
        return message
    }
}
