// `plan`: how a file would be divided, before anything is.

import ArgumentParser
import Coordination
import Journal
import Ledger
import Loading
import Plan
import Postgres
import Settings

/// The command `kugiri plan JOB --input FILE`.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show how a file falls into partitions and slices; nothing is written.",
        discussion: "Works without a database, unless --diff asks it. Exit codes: 0, and 9, 10, "
            + "11 for a wrong file, as 'validate' has them.")

    /// What `--diff` without a run stands for; no run has this id.
    private static let lastPublished = ""

    @Argument(help: "The job, as partitions.yaml names it.")
    var job: String
    @Option(help: .init("The file to plan.", valueName: "file"))
    var input: String
    @Option(
        name: .customLong("set"),
        help: .init("A parameter of the run; may be repeated.", valueName: "name=value"))
    var parameterTexts: [String] = []
    @Option(
        defaultAsFlag: Self.lastPublished,
        help: .init(
            "Compare with this run's partition table; without a run, with the last published one.",
            valueName: "run"))
    var diff: String?
    @Option(
        help: .init(
            "Print balanced 'ranges:' for so many partitions, to paste.", valueName: "count"
        ))
    var suggest: Int?
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard let suggest, !(1...PartitionTable.partitionsMax).contains(suggest) else { return }
        throw ValidationError(
            "--suggest is a number of partitions, 1 to \(PartitionTable.partitionsMax)")
    }

    func run() throws {
        try conduct("plan", json: json) {
            let settings = try options.load()
            let (job, contract) = try options.job(job, in: settings)
            let plan = FilePlan(
                definition: RunDefinition(
                    job: job, contract: contract,
                    parameters: try parameters(parameterTexts, of: job),
                    directories: settings.directories),
                path: absolute(input))
            let result = try plan.plan(suggest: suggest) { table in
                try compare(table, job: job.name, settings)
            }
            guard let report = result.report else {
                let lines = result.messages.map { $0.line() }
                for line in lines { Output.error(line) }
                if !result.picture.isEmpty { Output.error(result.picture) }
                if json { try Output.json(Refused("plan", result.outcome, lines: lines)) }
                return result.outcome
            }
            if json {
                try Output.json(report)
            } else {
                Output.line(report.text(width: Inspection.width))
            }
            for message in result.messages { Output.error(message.line()) }
            return result.outcome
        }
    }

    /// The comparison `--diff` asks for; nil: it was not asked for.
    private func compare(
        _ table: PartitionTable, job: String, _ settings: Settings
    ) throws -> PlanDiff? {
        guard let diff else { return nil }
        let (url, _) = try Database.url(settings)
        let connection = try Connection(url: url, applicationName: "kugiri plan")
        try Preparation.prepare(connection, migrates: false)
        let run = diff == Self.lastPublished ? nil : diff
        if let run, try RunLedger.get(run, connection)?.job != job {
            throw Refusal(.usage, ["job \(job) has no run \(run); see 'kugiri runs'"])
        }
        guard
            let found = try PlanDiff.read(table, job: job, run: run, connection)
        else {
            throw Refusal(
                .usage,
                [
                    run.map { "run \($0) is not split: it has no partition table yet" }
                        ?? "job \(job) has no published or unfinished run to compare with"
                ])
        }
        return found
    }
}
