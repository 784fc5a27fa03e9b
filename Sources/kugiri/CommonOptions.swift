// Options and conversions that several commands share.

public import ArgumentParser
import Coordination
import FoundationEssentials
import Glibc
import Journal
import Messaging
import Plan
import Postgres
public import Records
public import Settings

/// Where settings and database are.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .customLong("settings"), help: .init("The settings file.", valueName: "file"))
    var path = "partitions.yaml"
    /// What a drill gives to the commands it starts: settings that are resolved already.
    @Option(name: .customLong("resolved"), help: .hidden)
    var resolvedPath: String?
    /// The drill's process, which a command of its ends with.
    @Option(name: .customLong("drill-process"), help: .hidden)
    var drillProcess: Int32?

    /// The settings with environment and flags applied; throws 16 with every fault.
    func load() throws -> Settings {
        if let resolvedPath {
            // A drill that is killed takes its runs with it: their server is the drill's.
            guard let drillProcess, ParentDeath.follow(parent: drillProcess),
                let text = try? String(contentsOfFile: resolvedPath, encoding: .utf8),
                let settings = Settings(resolved: text)
            else {
                throw Refusal(.usage, ["\(resolvedPath) holds no settings of a drill"])
            }
            return settings
        }
        guard FileManager.default.fileExists(atPath: path) else {
            throw Refusal(
                .configuration,
                ["there is no settings file \(path) here; name it with '--settings FILE'"])
        }
        do {
            return try Settings.load(path: path, environment: ProcessInfo.processInfo.environment)
        } catch let faults as SettingsFaults {
            throw Refusal(.configuration, faults.faults.map(\.rendered))
        }
    }

    /// A job with its contract, both checked; throws 16 with every fault.
    func job(_ name: String, in settings: Settings) throws -> (job: Job, contract: Contract) {
        guard let job = settings.jobs[name] else {
            let known = settings.sortedJobs.map(\.name)
            let hint = nearest(name, among: known).map { " Did you mean \($0)?" } ?? ""
            throw Refusal(
                .usage,
                ["\(path) has no job \(name).\(hint) Jobs: \(known.joined(separator: ", "))"])
        }
        do {
            let contract = try Contracts.find(job.contract, directory: settings.directories.base)
            let unsound = contract.faults
            let found = (unsound.isEmpty ? contract.sampleFaults : unsound).map {
                "contract \(contract.name): \($0.path): \($0.message)"
            }
            let unfit = faults(job: job, contract: contract).map { "\(path): \($0.description)" }
            guard found.isEmpty, unfit.isEmpty else {
                throw Refusal(.configuration, found + unfit)
            }
            return (job, contract)
        } catch let faults as SettingsFaults {
            throw Refusal(.configuration, faults.faults.map(\.rendered))
        }
    }
}

/// A command refuses to go on: an exit code and what to tell.
struct Refusal: Error {
    var outcome: Outcome
    var lines: [String]

    init(_ outcome: Outcome, _ lines: [String]) {
        self.outcome = outcome
        self.lines = lines
    }
}

/// Where the database is, started when it is the private one.
enum Database {
    /// The private server of a state folder.
    static func privateServer(_ settings: Settings) -> PrivateServer {
        PrivateServer(directory: settings.directories.state + "/postgres")
    }

    /// The URL to connect to, and whether it is the private server's.
    static func url(_ settings: Settings) throws -> (url: String, isPrivate: Bool) {
        if let url = settings.database { return (url, false) }
        return (try privateServer(settings).start(), true)
    }

    /// A connection, with the schema brought up on the private server and checked on others.
    static func connect(_ settings: Settings, purpose: String) throws -> Connection {
        let (url, isPrivate) = try url(settings)
        let connection = try Connection(url: url, applicationName: "kugiri \(purpose)")
        try Preparation.prepare(connection, migrates: isPrivate)
        return connection
    }
}

/// Runs a command's body: refusals and errors become lines on standard error and an exit code.
///
/// - Parameters:
///   - lastLine: What the stable last line is about; nil: the command has none.
///   - json: A refusal is an object on standard output too.
func conduct(
    _ command: String, lastLine: Conclusion.Subject? = nil, json: Bool = false,
    _ body: () throws -> Outcome
) throws {
    let outcome: Outcome
    var refusal: [String]?
    do {
        outcome = try body()
    } catch let exit as ExitCode {
        throw exit
    } catch {
        let (code, lines) = explain(error, command: command)
        for line in lines { Output.error(line) }
        outcome = code
        refusal = lines
    }
    if let refusal {
        if json { try Output.json(Refused(command, outcome, lines: refusal)) }
        if let lastLine { Conclusion.lastLine(lastLine, outcome) }
    }
    if outcome != .normal { throw ExitCode(outcome.rawValue) }
}

/// An error as exit code and lines for people.
private func explain(
    _ error: any Error, command: String
) -> (outcome: Outcome, lines: [String]) {
    func failed(_ reason: String) -> String {
        LogMessage(.commandFailed, ["command": command, "reason": reason]).line()
    }
    switch error {
    case let refusal as Refusal:
        // What was typed wrong is told under the command's name; other lines have their own.
        return (
            refusal.outcome,
            refusal.lines.map { line in
                refusal.outcome == .usage && !line.hasPrefix("KGR") ? failed(line) : line
            }
        )
    case let error as PostgresError:
        let isConfiguration = error.kind == .permission || error.kind == .undefined
        return (
            isConfiguration ? .configuration : .infrastructure, [failed(error.description)]
        )
    case let error as PrivateServerError:
        return (.infrastructure, [failed(error.message)])
    default:
        return Preparation.explain(error, command: command)
    }
}

/// What commands print.
enum Output {
    /// To standard output, ending with one line feed.
    static func line(_ text: String) { print(text, terminator: text.hasSuffix("\n") ? "" : "\n") }

    /// To standard error, after what was printed before: both may go to one file.
    static func error(_ text: String) {
        _ = fflush(nil)
        let bytes = Array((text + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }

    /// A command that failed, as a message with an id.
    static func error(_ command: String, _ reason: String) {
        error(LogMessage(.commandFailed, ["command": command, "reason": reason]).line())
    }

    /// What a command without a report of its own did, as JSON.
    ///
    /// - Parameter facts: What came of it, by names that stay.
    static func done(_ command: String, _ facts: [String: String] = [:]) throws {
        try json(Done(command: command, facts: facts))
    }

    /// The form of ``done(_:_:)``.
    private struct Done: Encodable {
        var schema = "kugiri.done/1"
        var command: String
        var facts: [String: String]
    }

    /// A value as JSON on standard output.
    static func json(_ value: some Encodable) throws { line(try JSONText.pretty(value)) }
}

/// `name=value` options as a dictionary; throws 64 for anything else.
func assignments(_ texts: [String], option: String) throws -> [String: String] {
    var values: [String: String] = [:]
    for text in texts {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw Refusal(.usage, ["\(option) takes name=value, not '\(text)'"])
        }
        let name = String(text[..<equals])
        guard values.updateValue(String(text[text.index(after: equals)...]), forKey: name) == nil
        else { throw Refusal(.usage, ["\(option) \(name) is given twice"]) }
    }
    return values
}

/// The run parameters of a job; a missing one is refused with 64, never "today".
func parameters(_ texts: [String], of job: Job) throws -> RunParameters {
    let values = try assignments(texts, option: "--set")
    for name in job.parameters.keys.sorted() where values[name] == nil {
        let example = job.parameters[name] == .date ? "2026-11-20" : "VALUE"
        throw Refusal(
            .usage,
            [
                LogMessage(
                    .parameterMissing, ["job": job.name, "name": name, "example": example]
                ).line()
            ])
    }
    for name in values.keys.sorted() where job.parameters[name] == nil {
        let hint = nearest(name, among: Array(job.parameters.keys)).map { "; did you mean \($0)?" }
        throw Refusal(.usage, ["job \(job.name) has no parameter \(name)\(hint ?? "")"])
    }
    for (name, type) in job.parameters {
        guard let value = values[name] else { continue }
        let isGood =
            switch type {
            case .date: CalendarDate(iso: value) != nil
            case .integer: Int64(value) != nil
            case .text: true
            }
        if !isGood {
            throw Refusal(
                .usage, ["parameter \(name) is '\(value)', which is not a \(type.rawValue)"])
        }
    }
    do {
        return try RunParameters(values: values)
    } catch {
        throw Refusal(.usage, ["parameter \(error.name): \(error.message)"])
    }
}

/// An absolute path, from the current folder.
func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    return FileManager.default.currentDirectoryPath + "/" + path
}

extension Job.OnEmpty: ExpressibleByArgument {}
extension Framing: ExpressibleByArgument {}

extension DeadlineTime: ExpressibleByArgument {
    /// As the command line gives it.
    public init?(argument: String) { self.init(argument) }

    /// What the option does.
    static var help: ArgumentHelp {
        .init(
            "Stop at a chunk boundary at this time, today or tomorrow, with 14; without an offset "
                + "in this machine's time zone.", valueName: "hh:mm[±zz:zz]")
    }
}

/// This binary, to start workers from.
enum Executable {
    /// Its path, so that people find workers by their name; what the kernel holds open when the
    /// file was replaced since.
    static var path: String {
        let link = "/proc/self/exe"
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
            Files.exists(path)
        else { return link }
        return path
    }
}
