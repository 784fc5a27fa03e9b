// `run` and `resume`: the night, from an input or from where it stopped.

import ArgumentParser
import Coordination
import FoundationEssentials
import Glibc
import Journal
import Loading
import Messaging
import Plan
import Settings

/// The command `kugiri run JOB --input FILE`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Load one file: split, validate, load, certify, publish.",
        discussion: "Exit codes: 0 loaded and proved, 4 within tolerance, 8-11 the file, "
            + "12-15 run again, 16 settings, 64 arguments, 70 a proof failed.")

    @Argument(help: "The job, as partitions.yaml names it.")
    var job: String
    @Option(help: .init("The file to load.", valueName: "file"))
    var input: String
    @Option(
        name: .customLong("set"),
        help: .init("A parameter of the run; may be repeated.", valueName: "name=value"))
    var parameterTexts: [String] = []
    @Option(help: .init("Worker processes to start.", valueName: "count"))
    var workers: Int?
    @Option(
        help: .init("Partitions to cut the keys into, instead of the file's.", valueName: "count"))
    var partitions: Int?
    @Option(help: .init("Rejects that are tolerated.", valueName: "count"))
    var maxRejects: Int?
    @Option(help: .init("Conflicts that are tolerated after the requeue pass.", valueName: "count"))
    var maxConflicts: Int?
    @Option(help: .init("Let remote workers in here, tcp://ADDRESS:PORT.", valueName: "endpoint"))
    var listen: String?
    @Option(help: DeadlineTime.help)
    var deadline: DeadlineTime?
    @Option(help: "What a file without data records means: normal or warn.")
    var onEmpty: Job.OnEmpty?
    @Option(help: .init("Stop after this phase: validate.", valueName: "phase"))
    var until: String?
    @Option(help: .init("Load although this run of the same date is published.", valueName: "run"))
    var supersede: String?
    @Flag(help: "Load although a later business date is published.")
    var outOfOrder = false
    @Flag(
        help: "Go on with the unfinished run of this input and these parameters, if there is one.")
    var resume = false
    @Flag(help: "Apply the rules although an earlier run has proved the same slices.")
    var revalidate = false
    @Flag(help: "Print the result as JSON.")
    var json = false
    @Flag(help: "Show no progress.")
    var quiet = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        let subject = Conclusion.Subject(job: job)
        try conduct("run", lastLine: subject, json: json) {
            let signals = try SignalReader([SIGINT, SIGTERM, SIGCHLD])
            try check(until: until)
            let settings = try options.load()
            let (fileJob, contract) = try options.job(job, in: settings)
            let wanted = try overridden(fileJob)
            let parameters = try parameters(parameterTexts, of: wanted)
            let network = try Network.plan(settings, listen: listen)
            let (url, isPrivate) = try Database.url(settings)
            var definition = RunDefinition(
                job: wanted, contract: contract, parameters: parameters,
                directories: settings.directories)
            if revalidate { definition.revalidates = true }
            var request = RunRequest(
                definition: definition,
                inputPath: absolute(input),
                settingsHash: Preparation.hash(settings.canonicalText),
                tolerances: tolerances(fileJob, wanted), databaseURL: url,
                isPrivateDatabase: isPrivate, supersede: supersede, outOfOrder: outOfOrder,
                untilValidate: until != nil, executable: Executable.path,
                binaryVersion: Version.text,
                command: CommandLine.arguments.joined(separator: " "),
                surroundings: Surroundings(settings, network: network, deadline: deadline))
            if resume { request.resuming = EditedSettings(settings) }
            let screen = RunScreen(Terminal(.standardError), isQuiet: quiet)
            return try Conclusion.show(
                RunStart.run(request, signals: signals, screen: screen), of: subject,
                command: "run", json: json)
        }
    }

    private func overridden(_ job: Job) throws -> Job {
        var overrides = Overrides()
        overrides.workers = workers
        overrides.partitionCount = partitions
        overrides.maxRejects = maxRejects
        overrides.maxConflicts = maxConflicts
        overrides.onEmpty = onEmpty
        do {
            return try overrides.apply(to: job)
        } catch {
            throw Refusal(.usage, error.faults.map(\.rendered))
        }
    }

    private func tolerances(_ file: Job, _ wanted: Job) -> [RunSummary.Tolerance] {
        var list: [RunSummary.Tolerance] = []
        if wanted.maxRejects != file.maxRejects {
            list.append(
                .init(
                    name: "max_rejects", value: String(wanted.maxRejects),
                    fileDefault: String(file.maxRejects)))
        }
        if wanted.maxConflicts != file.maxConflicts {
            list.append(
                .init(
                    name: "max_conflicts", value: String(wanted.maxConflicts),
                    fileDefault: String(file.maxConflicts)))
        }
        return list
    }
}

/// The command `kugiri resume RUN`.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with an unfinished run: what is done stays done.",
        discussion:
            "Partitions, workers, commit_interval, deadline and on_partition_failure come from "
            + "the settings file again when it was edited since; all else stays as the run began.")

    @Argument(
        help: .init("The run's id, as the run log and `kugiri runs` show it.", valueName: "run"))
    var runID: String
    @Option(help: .init("Stop after this phase: validate.", valueName: "phase"))
    var until: String?
    @Option(
        help: "Conflicts that may be left, such as rows deleted online; the certificate says so.")
    var maxConflicts: Int?
    @Option(help: "Worker processes for what is left; 0: only those started by hand.")
    var workers: Int?
    @Option(help: .init("Let remote workers in here, tcp://ADDRESS:PORT.", valueName: "endpoint"))
    var listen: String?
    /// What a standby gives to the coordinators it starts.
    @Option(help: .hidden)
    var takeoverOf: Int64?
    @Option(help: DeadlineTime.help)
    var deadline: DeadlineTime?
    @Flag(help: "Of a rerun that waits for an answer: agree to what it would change.")
    var yes = false
    @Flag(help: "Print the result as JSON.")
    var json = false
    @Flag(help: "Show no progress.")
    var quiet = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        if let workers, !(0...SettingsLimits.workersMax).contains(workers) {
            throw ValidationError(
                "--workers is a number from 0 to \(SettingsLimits.workersMax)")
        }
        guard let maxConflicts, maxConflicts < 0 else { return }
        throw ValidationError("--max-conflicts is a number of conflicts, 0 or more")
    }

    func run() throws {
        let subject = Conclusion.Subject(run: runID)
        try conduct("resume", lastLine: subject, json: json) {
            let signals = try SignalReader([SIGINT, SIGTERM, SIGCHLD])
            try check(until: until)
            let settings = try options.load()
            let network = try Network.plan(settings, listen: listen)
            let (url, isPrivate) = try Database.url(settings)
            if isPrivate { _ = try Database.connect(settings, purpose: "resume") }
            let screen = RunScreen(Terminal(.standardError), isQuiet: quiet)
            let request = ResumeRequest(
                run: runID, databaseURL: url, executable: Executable.path,
                binaryVersion: Version.text,
                command: CommandLine.arguments.joined(separator: " "),
                untilValidate: until == "validate", maxConflicts: maxConflicts,
                edited: EditedSettings(settings), takeoverOf: takeoverOf,
                consent: takeoverOf == nil ? Consent(yes: yes) : .impossible,
                surroundings: Surroundings(
                    settings, network: network, workers: workers, deadline: deadline))
            let end = RunStart.resume(request, signals: signals, screen: screen)
            guard takeoverOf == nil else { return Conclusion.tell(end, of: subject) }
            return try Conclusion.show(end, of: subject, command: "resume", json: json)
        }
    }
}

extension EditedSettings {
    /// Of a settings file as it is now.
    fileprivate init(_ settings: Settings) {
        self.init(jobs: settings.jobs, hash: Preparation.hash(settings.canonicalText))
    }
}

/// Refuses phases that a run cannot stop after.
private func check(until phase: String?) throws {
    guard let phase, phase != "validate" else { return }
    throw Refusal(.usage, ["--until takes 'validate', not '\(phase)'"])
}

/// Shows how a run ended.
enum Conclusion {
    /// What the last line is about when no run came into being.
    struct Subject {
        var run = "-"
        var job = "-"
    }

    /// The stable last line of a command that ended before there was a run to report.
    static func lastLine(_ subject: Subject, _ outcome: Outcome) {
        Output.error(
            LogMessage(
                outcome == .empty ? .runEndedWarning : .runEndedAbnormal,
                [
                    "run": subject.run, "job": subject.job, "result": outcome.result,
                    "exit": String(outcome.rawValue), "input": "0", "loaded": "0",
                    "unchanged": "0", "rejected": "0", "conflicts": "0", "partitions": "0/0",
                    "elapsed": "0s",
                ]
            ).line())
    }

    /// Causes and the stable last line on standard error; the report is in the ledger.
    static func tell(_ end: RunEnd, of subject: Subject) -> Outcome {
        for message in end.messages { Output.error(message.line()) }
        if let summary = end.summary {
            Output.error(summary.resultMessage.line())
        } else {
            lastLine(Subject(run: end.runID ?? subject.run, job: subject.job), end.outcome)
        }
        return end.outcome
    }

    /// The report or JSON on standard output, causes and the stable last line on standard error.
    static func show(
        _ end: RunEnd, of subject: Subject, command: String, json: Bool
    ) throws -> Outcome {
        for message in end.messages { Output.error(message.line()) }
        if !end.picture.isEmpty { Output.error(end.picture) }
        guard let summary = end.summary else {
            let subject = Subject(run: end.runID ?? subject.run, job: subject.job)
            if json {
                try Output.json(
                    Refused(command, end.outcome, lines: end.messages.map { $0.line() }))
            }
            lastLine(subject, end.outcome)
            return end.outcome
        }
        if json {
            try Output.json(summary)
        } else {
            Output.line(ReportText(Terminal(.standardOutput)).report(summary))
        }
        Output.error(summary.resultMessage.line())
        return end.outcome
    }
}
