// `rerun` and `backout`: a finished run, or some keys of it, once more or taken back.

import ArgumentParser
import Coordination
import FoundationEssentials
import Glibc
import Journal
import Ledger
import Messaging
import Plan
import Settings

/// The command `kugiri rerun RUN`.
struct RerunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Do a finished run, or some of its keys, again; the rest stays untouched.",
        discussion: "What would change is shown first, and asked. A revision of the run comes of "
            + "it, with a certificate of its own. Rows of these keys that were changed online "
            + "since are overwritten; others are not looked at.")

    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Option(help: .init("Partitions to do again: 7, or 7,9.", valueName: "numbers"))
    var partition: String?
    @Option(
        help: .init("Keys to do again, LOW..HIGH; HIGH is not among them.", valueName: "keys"))
    var range: String?
    @Option(
        name: .customLong("from"),
        help: .init(
            "Begin at: start (split the input again), validate, or load.", valueName: "phase"))
    var beginning: String?
    @Option(
        help: .init(
            "A corrected file, whole; outside the keys its records must be the same.",
            valueName: "file"))
    var input: String?
    @Flag(help: "Keys that the corrected file lacks may stay behind; their rows stay as they are.")
    var dropMissing = false
    @Option(help: "Why; for the audit and the certificate.")
    var reason: String
    @Flag(help: "Agree beforehand to what it changes.")
    var yes = false
    @Flag(help: "Go on although a later run has loaded into the same table.")
    var forceOlder = false
    @Option(help: .init("Worker processes to start.", valueName: "count"))
    var workers: Int?
    @Option(help: .init("Let remote workers in here, tcp://ADDRESS:PORT.", valueName: "endpoint"))
    var listen: String?
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
        if partition != nil, range != nil {
            throw ValidationError("--partition and --range exclude each other")
        }
        if input != nil, let beginning, beginning != "start" {
            throw ValidationError("--input begins at the start: leave '--from \(beginning)' out")
        }
        if dropMissing, input == nil {
            throw ValidationError("--drop-missing is about the file of --input")
        }
        if partition == nil, range == nil, beginning == nil, input == nil {
            throw ValidationError(
                "say what to do again: --partition, --range, or --from start for the whole run")
        }
        try checkReason(reason)
        if let beginning, RerunBeginning(rawValue: beginning) == nil {
            throw ValidationError("--from takes start, validate or load, not '\(beginning)'")
        }
        _ = try scope()
    }

    func run() throws {
        let subject = Conclusion.Subject(run: runID)
        try conduct("rerun", lastLine: subject, json: json) {
            let signals = try SignalReader([SIGINT, SIGTERM, SIGCHLD])
            let settings = try options.load()
            let network = try Network.plan(settings, listen: listen)
            let (url, isPrivate) = try Database.url(settings)
            if isPrivate { _ = try Database.connect(settings, purpose: "rerun") }
            let request = RerunRequest(
                run: runID, scope: try scope(),
                beginning: input != nil
                    ? .start : beginning.flatMap(RerunBeginning.init(rawValue:)) ?? .validate,
                reason: reason, consent: Consent(yes: yes), forceOlder: forceOlder,
                inputPath: input.map(absolute), dropMissing: dropMissing,
                databaseURL: url, executable: Executable.path, binaryVersion: Version.text,
                command: CommandLine.arguments.joined(separator: " "),
                surroundings: Surroundings(settings, network: network, workers: workers))
            let screen = RunScreen(Terminal(.standardError), isQuiet: quiet)
            return try Conclusion.show(
                RunStart.rerun(request, signals: signals, screen: screen), of: subject,
                command: "rerun", json: json)
        }
    }

    private func scope() throws -> WantedScope {
        if let partition { return .partitions(try partitionNumbers(partition)) }
        guard let range else { return .whole }
        guard let dots = range.firstRange(of: "..") else {
            throw ValidationError("--range is LOW..HIGH; either may be left out")
        }
        let low = Key(String(range[..<dots.lowerBound]))
        let high = String(range[dots.upperBound...])
        guard high.isEmpty || low < Key(high) else {
            throw ValidationError("--range \(range) holds no key: its end is not above its begin")
        }
        return .range(KeyRange(low: low, high: high.isEmpty ? nil : Key(high)))
    }
}

/// `7,9` as numbers, each once.
private func partitionNumbers(_ text: String) throws -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, Set(numbers).count == numbers.count else {
        throw ValidationError("--partition is a list of numbers such as 7 or 7,9, not '\(text)'")
    }
    return numbers
}

/// A reason is kept for the morning after: it has to say something.
private func checkReason(_ reason: String) throws {
    guard reason.allSatisfy(\.isWhitespace) else { return }
    throw ValidationError("--reason is empty: say why, for the audit")
}

/// The command `kugiri backout RUN`.
struct BackoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backout",
        abstract: "Take back what a run wrote, where nobody changed it since.",
        discussion: "Rows get the values they had before the run; the lock column moves forwards. "
            + "Rows changed since are left as they are and listed. What would change is shown "
            + "first, and asked. Broken off, the same command goes on. Exit codes: 0, 4 rows were "
            + "left as they are, 5 nobody agreed, 15 rows are locked.")

    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Option(help: .init("Only these partitions: 7, or 7,9.", valueName: "numbers"))
    var partition: String?
    @Option(help: "Why; for the audit.")
    var reason: String
    @Flag(help: "Agree beforehand to what it changes.")
    var yes = false
    @Flag(help: "Go on although a later run has loaded into the same table.")
    var forceOlder = false
    @Flag(help: "Print the result as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        try checkReason(reason)
        if let partition { _ = try partitionNumbers(partition) }
    }

    func run() throws {
        try conduct("backout", json: json) {
            let settings = try options.load()
            let (url, isPrivate) = try Database.url(settings)
            if isPrivate { _ = try Database.connect(settings, purpose: "backout") }
            let end = Backout.run(
                BackoutRequest(
                    run: runID, partitions: try partition.map(partitionNumbers), reason: reason,
                    consent: Consent(yes: yes), forceOlder: forceOlder, databaseURL: url,
                    binaryVersion: Version.text,
                    command: CommandLine.arguments.joined(separator: " ")))
            let lines = end.messages.map { $0.line() }
            if let report = end.report {
                if json { try Output.json(report) } else { Output.line(report.text) }
            } else if json {
                try Output.json(Refused("backout", end.outcome, lines: lines))
            }
            for line in lines { Output.error(line) }
            return end.outcome
        }
    }
}
