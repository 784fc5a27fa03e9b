// Which programs of the peers are installed, and what this machine is.

import FoundationEssentials
import Postgres

/// The programs that were found.
struct Tools {
    /// The binary under test.
    var kugiri: String
    var psql: String
    /// nil: not installed.
    var pgloader: String?
    var pgbench: String?
    var duckdb: DuckDB?

    /// How DuckDB is called.
    enum DuckDB {
        /// The command line program.
        case program(String)
        /// A Python that has the module.
        case python(String)

        /// A program that runs SQL.
        func run(_ sql: String) -> Program {
            switch self {
            case .program(let path): Program(executable: path, arguments: ["-c", sql])
            case .python(let path):
                Program(
                    executable: path,
                    arguments: ["-c", "import sys, duckdb; duckdb.execute(sys.argv[1])", sql])
            }
        }
    }

    /// Looks for everything.
    ///
    /// - Parameters:
    ///   - kugiri: The product's binary.
    ///   - python: Where to look for DuckDB's module; nil: `python3` of the PATH.
    static func find(kugiri: String, python: String?, _ programs: Programs) throws -> Tools {
        guard SystemCalls.isProgram(kugiri) else {
            throw BenchFault(
                "\(kugiri) is not there; build it with 'swift build -c release --product kugiri'",
                exitCode: 64)
        }
        guard let psql = path(of: "psql") else {
            throw BenchFault("psql is not installed, and without it there is nothing to compare")
        }
        var tools = Tools(
            kugiri: kugiri, psql: psql, pgloader: path(of: "pgloader"),
            pgbench: path(of: "pgbench"), duckdb: nil)
        if let duckdb = path(of: "duckdb") {
            tools.duckdb = .program(duckdb)
        } else if let python = python ?? path(of: "python3") {
            let hasModule = try? programs.run(
                Program(executable: python, arguments: ["-c", "import duckdb"]))
            if hasModule != nil { tools.duckdb = .python(python) }
        }
        return tools
    }

    /// What is missing, in the words of the report.
    var missing: [BenchResults.Skipped] {
        var list: [BenchResults.Skipped] = []
        if pgloader == nil {
            list.append(.init(what: "pgloader", why: "it is not installed ('ops/bench --install')"))
        }
        if duckdb == nil {
            list.append(
                .init(
                    what: "duckdb",
                    why: "neither its program nor its Python module is installed "
                        + "('ops/bench --install')"))
        }
        if pgbench == nil {
            list.append(.init(what: "online", why: "pgbench is not installed"))
        }
        return list
    }

    /// Versions by name.
    func versions(_ programs: Programs) -> [String: String] {
        var found: [String: String] = [:]
        func ask(_ name: String, _ program: Program) {
            guard let text = try? programs.run(program).outputs.first else { return }
            found[name] = text.split(separator: "\n").first.map { String($0) } ?? ""
        }
        ask("kugiri", Program(executable: kugiri, arguments: ["--version"]))
        ask("psql", Program(executable: psql, arguments: ["--version"]))
        if let pgloader { ask("pgloader", Program(executable: pgloader, arguments: ["--version"])) }
        if let pgbench { ask("pgbench", Program(executable: pgbench, arguments: ["--version"])) }
        switch duckdb {
        case .program(let path): ask("duckdb", Program(executable: path, arguments: ["--version"]))
        case .python(let path):
            ask(
                "duckdb",
                Program(
                    executable: path, arguments: ["-c", "import duckdb; print(duckdb.__version__)"])
            )
        case nil: break
        }
        return found
    }

    /// A program of the PATH; nil: there is none.
    static func path(of name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { SystemCalls.isProgram($0) }
    }
}

extension BenchResults.Machine {
    /// This machine and this server.
    static func describe(
        _ connection: borrowing Connection, programs: [String: String]
    ) throws -> Self {
        let rows = try connection.query(
            """
            SELECT name, current_setting(name) FROM pg_settings
            WHERE name IN ('fsync', 'full_page_writes', 'jit', 'max_wal_size', 'shared_buffers',
                'synchronous_commit', 'wal_compression', 'work_mem', 'maintenance_work_mem',
                'checkpoint_timeout', 'lc_collate', 'server_encoding')
            """)
        var settings: [String: String] = [:]
        for row in 0..<rows.count { settings[rows.text(row, 0) ?? ""] = rows.text(row, 1) ?? "" }
        let version = try connection.query("SELECT current_setting('server_version')")
        let load = Self.read("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) }
        return .init(
            processor: processor, cores: SystemCalls.cores,
            memoryBytes: SystemCalls.memoryBytes,
            kernel: read("/proc/sys/kernel/osrelease"), postgres: version.text(0, 0) ?? "",
            serverSettings: settings, loadAverage: load ?? 0, programs: programs)
    }

    private static var processor: String {
        let line = read("/proc/cpuinfo").split(separator: "\n")
            .first { $0.hasPrefix("model name") || $0.hasPrefix("CPU part") }
        let name = line?.split(separator: ":").last.map { String($0) } ?? "unknown"
        return name.hasPrefix(" ") ? String(name.dropFirst()) : name
    }

    private static func read(_ path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        var text = Substring(decoding: bytes, as: UTF8.self)
        while text.last == "\n" { text.removeLast() }
        return String(text)
    }
}
