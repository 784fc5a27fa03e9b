// A purge carried out. Every step may be broken off and done again: runs are marked first, their rows
// go last, and whatever is gone already is no fault.

import Journal
import Ledger
import Messaging
import Plan
package import Postgres
import Settings

/// Carries out purges.
package enum Purge {
    /// Holds off every other purge; throws 13 when one is under way.
    package static func begin(_ connection: borrowing Connection) throws {
        guard try !PurgeLedger.lock(connection) else { return }
        throw RunStop(
            .held,
            LogMessage(
                .commandFailed,
                ["command": "purge", "reason": "another purge is under way; wait for it to end"]))
    }

    /// Removes what was planned.
    ///
    /// A whole purge marks its runs before anything of them goes, and deletes their rows when all
    /// else is gone: one that was broken off is found and ended by the next one. Dropping a table
    /// waits a bounded time for whoever reads it, then ends with 12.
    ///
    /// - Parameter note: Writes the audit row, in the transaction that marks the runs.
    /// - Returns: The runs that were purged: those that nobody opened or published meanwhile.
    package static func carryOut(
        _ plan: PurgePlan, note: (borrowing Connection) throws -> Void,
        _ connection: borrowing Connection
    ) throws -> [String] {
        let isWhole = plan.request.kinds == nil
        let names = plan.runs.map(\.run)
        let allowed = try connection.transaction { connection in
            try note(connection)
            return isWhole ? try PurgeLedger.mark(names, connection) : Set(names)
        }
        try connection.execute(
            "SET lock_timeout = \(CoordinationLimits.purgeLockTimeoutMilliseconds)")
        var done: [String] = []
        for run in plan.runs where allowed.contains(run.run) {
            guard try remove(run, plan, connection) else { continue }
            done.append(run.run)
        }
        for entry in plan.request.cacheEntries { Files.remove(entry.path) }
        if isWhole { try removeLeftArchives(plan, done, connection) }
        return done
    }

    /// Removes one run's things; false: it was opened again meanwhile, and keeps what it has.
    private static func remove(
        _ run: PurgedRun, _ plan: PurgePlan, _ connection: borrowing Connection
    ) throws -> Bool {
        for kind in [PurgeKind.staging, .history] where plan.request.takes(kind) {
            let tables = try PurgeLedger.tables(
                in: kind.schema, of: [run.candidate.number], connection)
            guard try drop(tables.map(\.name), of: run, connection) else { return false }
            if kind == .staging {
                try AbsentLedger.forget(number: run.candidate.number, connection)
            }
        }
        let isOurs = try connection.transaction { connection in
            // Files go while the run's row is locked, so that nobody opens it in between.
            guard try PurgeLedger.fence(run.run, connection) else { return false }
            for kind in [PurgeKind.spool, .logs, .archive] where plan.request.takes(kind) {
                guard kind != .archive || !plan.sharedHashes.contains(run.candidate.inputHash)
                else { continue }
                for path in run.paths(kind) { try Files.removeDirectory(path) }
            }
            // The folder goes with the last thing in it.
            Files.removeEmptyDirectory("\(run.directories.archive)/\(run.run)")
            return true
        }
        guard isOurs else { return false }
        try Failpoint.inPurge.pass()
        guard plan.request.kinds == nil else { return true }
        try connection.transaction { connection in try PurgeLedger.forget(run.run, connection) }
        try Failpoint.inPurge.pass()
        return true
    }

    /// Drops tables in batches (PROTOCOL 6), each under the run's lock.
    private static func drop(
        _ tables: [String], of run: PurgedRun, _ connection: borrowing Connection
    ) throws -> Bool {
        var rest = tables[...]
        while !rest.isEmpty {
            let batch = rest.prefix(CoordinationLimits.tablesPerTransaction)
            rest = rest.dropFirst(batch.count)
            let isOurs = try connection.transaction { connection in
                guard try PurgeLedger.fence(run.run, connection) else { return false }
                try connection.execute("DROP TABLE IF EXISTS \(batch.joined(separator: ", "))")
                return true
            }
            guard isOurs else { return false }
            try Failpoint.inPurge.pass()
        }
        return true
    }

    /// An archived input that an earlier purge left for a run's sake goes with that run.
    private static func removeLeftArchives(
        _ plan: PurgePlan, _ done: [String], _ connection: borrowing Connection
    ) throws {
        let hashes = Set(plan.runs.map(\.candidate.inputHash)).subtracting(plan.sharedHashes)
        for sibling in try PurgeLedger.siblings(hashes: Array(hashes), connection)
        where !done.contains(sibling.run) {
            let run = try PurgedRun(sibling)
            for path in run.paths(.archive) { try Files.removeDirectory(path) }
            Files.removeEmptyDirectory("\(run.directories.archive)/\(run.run)")
        }
    }
}
