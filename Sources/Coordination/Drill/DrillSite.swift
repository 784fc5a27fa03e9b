// One run of a drill: its database, its folder, the commands in it. Real processes of this binary.

import FoundationEssentials
import Glibc
import Journal
import Ledger
import Messaging
import Plan
import Postgres
import Settings

/// A process of the drill; killed with its last reference.
final class DrillProcess {
    private let child: ChildProcess
    private let outputPath: String

    init(
        _ executable: String, _ arguments: [String], environment: [String: String],
        output: String
    ) throws {
        outputPath = output
        child = try ChildProcess.start(
            executable: executable, arguments: arguments, environment: environment,
            output: .file(path: output))
    }

    deinit { end() }

    /// Its number.
    var pid: Int32 { child.pid }
    /// Whether it has ended.
    var hasEnded: Bool {
        guard child.poll() != nil else { return false }
        if endedAt == nil { endedAt = Monotonic.now() }
        return true
    }
    /// When its end was seen; nil: it runs.
    private(set) var endedAt: ContinuousClock.Instant?
    /// Its exit code; nil: it runs, or a signal ended it.
    var code: Int32? {
        guard case .exited(let code)? = child.poll() else { return nil }
        return code
    }

    /// Sends a signal while it runs.
    func signal(_ number: Int32) {
        if !hasEnded { _ = kill(pid, number) }
    }

    /// Kills it and collects it.
    ///
    /// One that the kernel does not let go is given up after ``DrillLimits/partingLimit``:
    /// ``hasEnded`` tells, and the run's leftovers name it.
    func end() {
        guard !hasEnded else { return }
        child.kill()
        let deadline = Monotonic.now() + DrillLimits.partingLimit
        while !hasEnded, Monotonic.now() < deadline {
            _ = poll(nil, 0, DrillLimits.lookMilliseconds)
        }
    }

    /// The messages it has written, a line each.
    var messages: [String] {
        guard let text = try? String(contentsOfFile: outputPath, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map { String($0) }.filter { line in
            MessageID(rawValue: String(line.prefix { $0 != " " })) != nil
        }
    }
}

/// Where one run of a drill happens.
final class DrillSite {
    /// The database's name, and the folder's.
    let name: String
    let folder: String
    let url: String
    private let job: String
    private let executable: String
    private let environment: [String: String]
    /// The drill's own session, for looking.
    private var watcher: Connection?
    private let breathe: () throws -> Void
    private var processes = 0

    /// Makes the folder and the settings of the run's commands.
    ///
    /// - Parameter environment: Of every process, beside this one's without what is Kugiri's or
    ///   libpq's.
    init(
        name: String, in place: ScratchPlace, settings: Settings, job: Job, executable: String,
        environment extra: [String: String], breathe: @escaping () throws -> Void
    ) throws {
        self.name = name
        self.job = job.name
        self.executable = executable
        self.breathe = breathe
        folder = "\(place.folder)/\(name)"
        url = place.url(name)
        try Files.makeDirectory(folder)
        let moved = settings.moved(toFolder: "\(folder)/state", database: url, job: job)
        try Files.replace("\(folder)/settings.json", with: moved.canonicalText)
        environment = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("KUGIRI_") && !$0.key.hasPrefix("PG") }
            .merging(extra) { $1 }
    }

    /// Starts `run` or `resume`.
    func start(_ arguments: [String]) throws -> DrillProcess {
        try start(
            arguments + [
                "--quiet", "--resolved", "\(folder)/settings.json", "--drill-process",
                String(getpid()),
            ], environment)
    }

    /// Starts a worker that nobody but this process can kill.
    func startWorker(_ name: String, of coordinator: DrillProcess) throws -> DrillProcess {
        var environment = environment
        environment["KUGIRI_DATABASE_URL"] = url
        return try start(
            [
                "worker", "--connect", meetingPlace(of: coordinator).text, "--name", name,
                "--parent", String(getpid()),
            ], environment)
    }

    private func start(
        _ arguments: [String], _ environment: [String: String]
    ) throws -> DrillProcess {
        processes += 1
        return try DrillProcess(
            executable, arguments, environment: environment, output: "\(folder)/\(processes).out")
    }

    /// Where workers of this machine meet a coordinator.
    func meetingPlace(of coordinator: DrillProcess) throws -> Endpoint {
        try MeetingPlace.endpoint(state: "\(folder)/state", process: coordinator.pid)
    }

    /// Asks the ledger; a session that was lost is opened again.
    func look<Result>(_ question: (borrowing Connection) throws -> Result) throws -> Result {
        if watcher?.isUsable != true { watcher = try connect("drill/watch") }
        guard let connection = watcher.take() else { preconditionFailure("it was just opened") }
        let answer = Swift.Result { try question(connection) }
        watcher = consume connection
        return try answer.get()
    }

    /// Ends the session for looking.
    func stopLooking() { watcher = nil }

    /// A session of its own.
    func connect(
        _ name: String, settings: [(name: String, value: String)] = [],
        idle: (() throws -> Void)? = nil
    ) throws -> Connection {
        try Connection(
            url: url, applicationName: name, settings: settings, idle: idle ?? breathe)
    }

    /// Where the run is; nil: there is none yet, or the database is away.
    func progress() throws -> DrillProgress? {
        do {
            return try look { try DrillLedger.progress($0) }
        } catch let error as PostgresError where error.isPassing {
            stopLooking()
            return nil
        }
    }

    /// What the run left outside its database though it should not have, in words.
    func leftovers() throws -> [String] {
        var found: [String] = []
        for name in ["ipc", "spool"] {
            found += try Self.names(in: "\(folder)/state/\(name)").map { "\(name)/\($0)" }
        }
        found += try Self.names(in: "\(folder)/state/archive")
            .filter { $0.hasPrefix(Arrival.arrivingPrefix) }.map { "archive/\($0)" }
        return found + (try processesLeft()).map { "process \($0)" }
    }

    /// What is in a folder; nothing where there is none.
    private static func names(in folder: String) throws -> [String] {
        guard Files.exists(folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder)
    }

    /// Living processes whose command line leads here.
    private func processesLeft() throws -> [Int32] {
        try Self.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            pid != getpid() && Self.commandLine(pid)?.contains(folder + "/") == true
        }
    }

    /// Whether a process is one of this run: its command line leads to the folder, or to the
    /// coordinator's socket.
    ///
    /// A number from the ledger may long be a stranger's.
    func isOwn(_ pid: Int32, of coordinator: DrillProcess) throws -> Bool {
        guard let line = Self.commandLine(pid) else { return false }
        let place = try meetingPlace(of: coordinator)
        return line.contains(folder + "/") || line.contains(place.path)
    }

    /// nil: there is no such process, or it is another user's.
    private static func commandLine(_ pid: Int32) -> String? {
        FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
