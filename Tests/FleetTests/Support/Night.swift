// One test's world: a folder with settings and files, a database of its own, commands in it.

import FoundationEssentials
import Glibc
import Postgres
import Testing

/// A folder, a database and the command line over both; gone with the last reference.
final class Night {
    /// The business date unless a test says another.
    static let date = "2026-11-20"

    /// Absolute.
    let folder: String
    let name: String
    let settings: Settings91
    /// The test's own session.
    private(set) var connection: Connection

    /// Makes folder, settings and database.
    init(_ change: (inout Settings91) -> Void = { _ in }) throws {
        let number = Counter.next()
        name = "night_\(getpid())_\(number)"
        folder = "/tmp/kf-\(getpid())-\(number)"
        try FileManager.default.createDirectory(
            atPath: "\(folder)/out", withIntermediateDirectories: true)
        let server = try Connection(url: FleetServer.url, applicationName: "test/server")
        try server.execute("CREATE DATABASE \(name) TEMPLATE template_night")
        var settings = Settings91(database: FleetServer.url(of: name))
        change(&settings)
        self.settings = settings
        connection = try Connection(
            url: FleetServer.url(of: name), applicationName: "test/night")
        try write(settings)
    }

    deinit {
        let mine = Processes.naming(folder + "/")
        for pid in mine { _ = kill(pid, SIGKILL) }
        guard unsafe getenv("KUGIRI_TEST_KEEP") == nil else { return }
        if let server = try? Connection(url: FleetServer.url, applicationName: "test/server") {
            try? server.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Writes the settings file anew.
    func write(_ settings: Settings91) throws {
        try settings.text.write(
            toFile: "\(folder)/partitions.yaml", atomically: false, encoding: .utf8)
    }

    /// The folder of what runs leave behind.
    var state: String { "\(folder)/.kugiri" }

    // MARK: Commands

    /// Any command, with this night's settings.
    func kugiri(
        _ arguments: [String], environment: [String: String] = [:], limit: Duration = Binary.limit
    ) throws -> Ended {
        try Binary.run(
            arguments + ["--settings", "\(folder)/partitions.yaml"], environment: environment,
            scratch: "\(folder)/out", limit: limit)
    }

    /// A sample file and its truth.
    func sample(
        records: Int, seed: Int = 1, date: String = date, defects: [String] = [],
        groupRecords: Int? = nil, framing: String = "crlf"
    ) throws -> Sample {
        let path = "\(folder)/input-\(Counter.next()).txt"
        var arguments = [
            "sample", "debit-result", "--records", String(records), "--seed", String(seed),
            "--set", "business_date=\(date)", "--output", path, "--truth", path + ".truth",
            "--framing", framing,
        ]
        for defect in defects { arguments += ["--defect", defect] }
        if let groupRecords { arguments += ["--group-records", String(groupRecords)] }
        let made = try kugiri(arguments)
        try #require(made.code == 0, "\(made.stderr)")
        return try Sample(path: path, date: date)
    }

    /// A file written by the test itself.
    func file(_ bytes: [UInt8], date: String = date) throws -> Sample {
        let path = "\(folder)/input-\(Counter.next()).txt"
        try Data(bytes).write(to: URL(filePath: path))
        return Sample(path: path, date: date, defects: [])
    }

    /// The arguments of a run of a file.
    func runArguments(_ sample: Sample, date: String? = nil, _ flags: [String] = []) -> [String] {
        [
            "run", "debit-result", "--input", sample.path, "--set",
            "business_date=\(date ?? sample.date)", "--json",
        ] + flags
    }

    /// Runs a file to its end.
    func run(
        _ sample: Sample, date: String? = nil, _ flags: [String] = [],
        environment: [String: String] = [:]
    ) throws -> Conclusion {
        try Conclusion(
            kugiri(runArguments(sample, date: date, flags), environment: environment))
    }

    /// Starts a run and does not wait for its end.
    func startRun(
        _ sample: Sample, _ flags: [String] = [], environment: [String: String] = [:]
    ) throws -> Running {
        try Binary.start(
            runArguments(sample, flags) + ["--settings", "\(folder)/partitions.yaml"],
            environment: environment, scratch: "\(folder)/out")
    }

    /// Starts `resume` and does not wait for its end.
    func startResume(_ run: String, environment: [String: String] = [:]) throws -> Running {
        try Binary.start(
            ["resume", run, "--json", "--settings", "\(folder)/partitions.yaml"],
            environment: environment, scratch: "\(folder)/out")
    }

    /// Goes on with a run.
    func resume(
        _ run: String, _ flags: [String] = [], environment: [String: String] = [:]
    ) throws -> Conclusion {
        try Conclusion(kugiri(["resume", run, "--json"] + flags, environment: environment))
    }

    // MARK: The database

    /// Kills one server process with SIGKILL: the server ends all others and starts anew.
    ///
    /// - Parameter backend: nil, or one that has ended in the meantime: a session of the test's own.
    func crashServer(at backend: Int32? = nil) throws {
        let victim = try Connection(url: FleetServer.url(of: name), applicationName: "victim")
        if let backend, kill(backend, SIGKILL) == 0 { usleep(500_000) }
        if (try? connection.execute("SELECT 1")) != nil { kill(victim.backendPID, SIGKILL) }
        // Until our own session is gone the server has not noticed yet.
        try waitUntil("the crash") { (try? connection.execute("SELECT 1")) == nil }
        try reconnect()
    }

    /// A new session of the test's own, as soon as the server takes one.
    ///
    /// A server that gave up coming back is started again, as a supervisor would: one whose UNLOGGED
    /// table was rolled back just before the crash comes up at the second try (decision 0034).
    func reconnect() throws {
        var fresh: Connection?
        do {
            try waitUntil("the server") {
                fresh = try? Connection(
                    url: FleetServer.url(of: name), applicationName: "test/night")
                if fresh == nil, !FleetServer.server.isRunning {
                    _ = try FleetServer.server.start()
                }
                return fresh != nil
            }
        } catch {
            throw TookTooLong(description: "\(error)\n\(FleetServer.logTail)")
        }
        guard let fresh = fresh.take() else { return }
        connection = fresh
    }

    /// A statement of the online side.
    func online(_ sql: String) throws { try connection.execute(sql) }

    /// One number.
    func count(_ sql: String) throws -> Int {
        let rows = try connection.query(sql)
        let number = rows.int(0, 0)
        return Int(try #require(number, "\(sql)"))
    }

    /// One column of texts; NULL is "NULL".
    func texts(_ sql: String) throws -> [String] {
        let rows = try connection.query(sql)
        return (0..<rows.count).map { rows.text($0, 0) ?? "NULL" }
    }

    /// The id of the only run.
    func onlyRun() throws -> String {
        let runs = try texts("SELECT run FROM kugiri.run ORDER BY number")
        try #require(runs.count == 1, "\(runs)")
        return runs[0]
    }

    /// Rows of the target with their physical version, so that any write shows.
    func fingerprint() throws -> [String] {
        try texts(
            "SELECT xmin || ' ' || ctid || ' ' || t FROM member_account t ORDER BY customer_number")
    }
}
