// `lint`: settings and contracts, and with `--database` the tables they speak of.

import ArgumentParser
import Coordination
import Plan
import Records
import Settings

/// The command `kugiri lint`.
struct LintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check partitions.yaml and the contracts it names.")
    @Flag(help: "Also check the jobs' tables in the database; nothing is written.")
    var database = false
    @Flag(help: "Print what was found as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    /// What was found, for machines.
    private struct Report: Encodable {
        var schema = "kugiri.lint/1"
        var result: String
        var exitCode: Int32
        var notes: [String]
        var faults: [String]

        enum CodingKeys: String, CodingKey {
            case schema, result, notes, faults
            case exitCode = "exit_code"
        }
    }

    func run() throws {
        try conduct("lint", json: json) {
            let settings = try options.load()
            var findings = LintFindings()
            do {
                _ = try Network.plan(settings)
            } catch let refusal as Refusal {
                findings.faults += refusal.lines
            }
            var good: [(job: Job, contract: Contract)] = []
            for job in settings.sortedJobs {
                do {
                    let (_, contract) = try options.job(job.name, in: settings)
                    good.append((job, contract))
                    findings.notes.append("job \(job.name): contract \(contract.name), fine")
                } catch let refusal as Refusal {
                    findings.faults += refusal.lines
                }
            }
            if database { try DatabaseLint.check(good, settings, into: &findings) }
            let outcome: Outcome = findings.faults.isEmpty ? .normal : .configuration
            if json {
                try Output.json(
                    Report(
                        result: outcome.result, exitCode: outcome.rawValue,
                        notes: findings.notes, faults: findings.faults))
            } else {
                for note in findings.notes { Output.line(note) }
            }
            for fault in findings.faults { Output.error(fault) }
            return outcome
        }
    }
}

/// What `lint` has to say.
struct LintFindings {
    /// What is fine, and what a run can live with.
    var notes: [String] = []
    /// Why a run would be refused.
    var faults: [String] = []
}
