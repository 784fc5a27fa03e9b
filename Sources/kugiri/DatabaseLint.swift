// `lint --database`: what the jobs find in the database. Nothing is written there.

import Coordination
import Journal
import Ledger
import Postgres
import Records
import Settings

/// Looks at the targets of all jobs.
enum DatabaseLint {
    /// Prints what is fine and what a run can live with.
    ///
    /// - Returns: Every fault of every job, as lines.
    static func check(
        _ jobs: [(job: Job, contract: Contract)], _ settings: Settings
    ) throws -> [String] {
        let (url, isPrivate) = try Database.url(settings)
        let connection = try Connection(url: url, applicationName: "kugiri lint")
        let version = try Schema.version(connection)
        var lines: [String] = []
        if version != Schema.wanted {
            // A run brings the private server's ledger up by itself.
            if isPrivate, version < Schema.wanted {
                Output.line(
                    "ledger: version \(version), the next run brings it to \(Schema.wanted)")
            } else {
                lines.append(
                    LogMessage(
                        .schemaOutdated,
                        [
                            "database": "of the settings", "found": String(version),
                            "expected": String(Schema.wanted),
                        ]
                    ).line())
            }
        }
        for (job, contract) in jobs {
            let found = try TargetInspection(
                job: job, contract: contract, hasLedger: version == Schema.wanted, connection)
            for note in found.notes { Output.line("job \(job.name): \(note)") }
            if found.faults.isEmpty {
                Output.line("job \(job.name): target \(job.target.table), fine")
            }
            lines += found.faults.map { $0.line() }
        }
        return lines
    }
}
