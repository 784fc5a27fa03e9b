// `partitions`, `workers`, `conflicts`, `why`: what the ledger knows of a run's inside.

import ArgumentParser
import Coordination
import FoundationEssentials
import Journal
import Ledger
import Plan
import Postgres

/// What commands about one run share.
enum Inspection {
    /// A run by its id; throws 64 when there is none.
    ///
    /// - Parameter name: nil: the newest run of any job.
    static func run(_ name: String?, _ connection: borrowing Connection) throws -> InspectedRun {
        guard let name = try name ?? InspectLedger.newestRun(connection) else {
            throw Refusal(.usage, ["there is no run yet"])
        }
        guard let run = try InspectedRun.read(name, connection) else {
            throw Refusal(.usage, ["there is no run \(name); see 'kugiri runs'"])
        }
        if let day = try PurgeLedger.day(of: name, connection) {
            throw Refusal(
                .usage,
                [
                    "run \(name) was purged on \(day): what is left of it is shown by "
                        + "'kugiri report \(name)' and 'kugiri certificate \(name)'"
                ])
        }
        return run
    }

    /// Throws 64 unless the run has this partition; nil is any.
    static func check(partition: Int?, of run: InspectedRun) throws {
        guard let partition, let fault = run.fault(partition: partition) else { return }
        throw Refusal(.usage, [fault])
    }

    /// Columns tables may take: a terminal's own; as wide as they are in a pipe.
    static var width: Int? {
        let terminal = Terminal(.standardOutput)
        return terminal.isTerminal ? terminal.columns : nil
    }
}

/// The command `kugiri partitions RUN`.
struct PartitionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partitions",
        abstract: "Show what every key range of a run came to, and who works on it.",
        discussion: "The column done is the share of records validated before the barrier, and of "
            + "staged records loaded after it.")
    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("partitions", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "partitions")
            let report = try PartitionReport.read(
                try Inspection.run(runID, connection), connection)
            if json {
                try Output.json(report)
            } else {
                Output.line(report.text(width: Inspection.width))
            }
            return .normal
        }
    }
}

/// The command `kugiri workers [RUN]`.
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Show who worked on a run, and who works on what now.",
        discussion: "Without a run: the newest one.")
    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String?
    @Option(
        help: .init(
            "Let this worker go after its chunk, for good; ends with 4 when it was the last one.",
            valueName: "worker"))
    var drain: String?
    @Option(help: .init("Why it is drained, for the run log and the audit.", valueName: "text"))
    var reason: String?
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        if reason != nil, drain == nil { throw ValidationError("--reason belongs to --drain") }
    }

    func run() throws {
        try conduct("workers", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "workers")
            if let drain { return try self.drain(drain, connection) }
            let report = try WorkerReport.read(try Inspection.run(runID, connection), connection)
            if json {
                try Output.json(report)
            } else {
                Output.line(report.text(width: Inspection.width))
            }
            return .normal
        }
    }
}

extension WorkersCommand {
    private func drain(_ worker: String, _ connection: borrowing Connection) throws -> Outcome {
        let run = try Inspection.run(runID, connection).row.run
        do {
            let (report, messages) = try DrainWorker.drain(
                worker, of: run, reason: reason,
                command: CommandLine.arguments.joined(separator: " "), version: Version.text,
                connection)
            for message in messages { Output.error(message.line()) }
            if json {
                try Output.json(report)
            } else if report.hasLeft {
                Output.line("worker \(worker) has left run \(run); \(report.workersLeft) stay")
            }
            guard report.hasLeft else { return .infrastructure }
            return report.workersLeft == 0 ? .warning : .normal
        } catch let refused as DrainWorker.Refused {
            throw Refusal(.usage, [refused.reason])
        }
    }
}

/// The command `kugiri conflicts RUN`.
struct ConflictsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts",
        abstract: "List rows that were not as validation saw them, and what became of them.")
    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Option(help: .init("Only of this partition.", valueName: "number"))
    var partition: Int?
    @Option(help: "Only in this state: open, applied or skipped.")
    var state: String?
    @Option(help: "Conflicts shown at the most.")
    var limit = 50
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is a number of conflicts, 1 or more") }
        if let state, !["open", "applied", "skipped"].contains(state) {
            throw ValidationError("--state takes open, applied or skipped, not '\(state)'")
        }
    }

    func run() throws {
        try conduct("conflicts", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "conflicts")
            let run = try Inspection.run(runID, connection)
            try Inspection.check(partition: partition, of: run)
            let report = try ConflictReport.read(
                run, partition: partition, state: state, limit: limit, connection)
            if json {
                try Output.json(report)
            } else {
                Output.line(report.text(width: Inspection.width))
            }
            return .normal
        }
    }
}

/// The command `kugiri why RUN KEY`.
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Show what happened to one key of a run: where it stood, who did what, when.",
        discussion: "The key is the partition key's text as the file has it, padded or not. "
            + "Personal values are masked; --unmask shows them and is noted in the audit.")
    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Argument(help: "The partition key, such as a customer number.")
    var key: String
    @Flag(help: "Show personal values; the audit keeps who asked.")
    var unmask = false
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("why", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "why")
            let run = try Inspection.run(runID, connection)
            do {
                var question = try WhyQuestion(run, key: key, unmask: unmask)
                // Noted before anything is shown: what cannot be noted is not shown.
                if unmask {
                    try Preparation.audit(
                        CommandLine.arguments.joined(separator: " "), run: runID,
                        version: Version.text, hash: nil, connection)
                }
                let answer = try question.ask(connection)
                if json {
                    try Output.json(answer)
                } else {
                    Output.line(answer.text(width: Inspection.width))
                }
            } catch let refusal as WhyRefusal {
                throw Refusal(.usage, [refusal.reason])
            }
            return .normal
        }
    }
}
