// `lint --database`: what the jobs find in the database. Nothing is written there.

import Coordination
import Journal
import Ledger
import Postgres
import Records
import Settings

/// Looks at the targets of all jobs.
enum DatabaseLint {
    /// Adds what every job finds.
    static func check(
        _ jobs: [(job: Job, contract: Contract)], _ settings: Settings,
        into findings: inout LintFindings
    ) throws {
        let (url, isPrivate) = try Database.url(settings)
        let connection = try Connection(url: url, applicationName: "kugiri lint")
        let version = try Schema.version(connection)
        if version != Schema.wanted {
            // A run brings the private server's ledger up by itself.
            if isPrivate, version < Schema.wanted {
                findings.notes.append(
                    "ledger: version \(version), the next run brings it to \(Schema.wanted)")
            } else {
                findings.faults.append(
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
            findings.notes += found.notes.map { "job \(job.name): \($0)" }
            if found.faults.isEmpty {
                findings.notes.append("job \(job.name): target \(job.target.table), fine")
            }
            findings.faults += found.faults.map { $0.line() }
        }
    }
}
