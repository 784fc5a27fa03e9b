// The server everybody is measured on: a private one of the bench's own, with templates of the
// target in each state. Every measurement begins with a fresh copy and a checkpoint.

import Coordination
import FoundationEssentials
import Postgres

/// The bench's own server and folders.
struct Arena {
    /// Holds everything; absolute.
    let directory: String
    private let server: PrivateServer
    /// The URL of the database `kugiri`, from which the others are made.
    private let maintenance: String
    /// The checkout, where the target's table is described.
    private let root: String
    let programs: Programs
    let tools: Tools

    /// The database of the measurement that runs.
    static let database = "bench"

    /// Starts a fresh server in the directory, which is emptied.
    init(directory: String, root: String, kugiri: String, python: String?) throws {
        self.directory = directory
        self.root = root
        try Self.remove(directory)
        try Files.makeDirectory(directory)
        try Files.makeDirectory("\(directory)/programs")
        programs = Programs(scratch: "\(directory)/programs")
        tools = try Tools.find(kugiri: kugiri, python: python, programs)
        server = PrivateServer(directory: "\(directory)/postgres")
        maintenance = try server.start()
    }

    /// Stops the server of a directory and removes all that is in it.
    static func remove(_ directory: String) throws {
        try PrivateServer(directory: "\(directory)/postgres").remove()
        try Files.removeDirectory(directory)
    }

    /// Stops the server and removes everything.
    func remove() throws { try Self.remove(directory) }

    // MARK: Databases

    /// The URL of a database of this server.
    func url(_ database: String = Arena.database) -> String {
        maintenance.replacing(
            "postgresql:///kugiri?", with: "postgresql:///\(database)?", maxReplacements: 1)
    }

    /// The folder of the server's socket, as programs without URLs want it.
    func socketDirectory() throws -> String {
        let text = try connect().query("SHOW unix_socket_directories").text(0, 0) ?? ""
        // It is a list of names, and this one stands in quotation marks.
        return text.replacing("\"", with: "")
    }

    /// A connection to a database.
    func connect(_ database: String = Arena.database) throws -> Connection {
        try Connection(url: url(database), applicationName: "kugiri bench")
    }

    /// Makes a database with the target table, its lock trigger and the ledger's schema.
    ///
    /// - Parameter scripts: SQL for psql, run in it afterwards.
    func makeTemplate(_ name: String, scripts: [String]) throws {
        try administer("DROP DATABASE IF EXISTS \(name)")
        try administer("CREATE DATABASE \(name)")
        let table = try String(
            contentsOfFile: "\(root)/ops/sql/member_account.sql", encoding: .utf8)
        do {
            let connection = try connect(name)
            // Before the ledger is there: the schema `kugiri` would catch the table.
            try connection.execute(table)
            try connection.execute(
                Preparation.lockTrigger(table: "member_account", column: "updated_at"))
        }
        let settings = try KugiriSettings(database: url(name), state: "\(directory)/template")
            .write(to: "\(directory)/template.yaml")
        _ = try programs.run(
            Program(executable: tools.kugiri, arguments: ["db", "migrate", "--settings", settings]))
        for script in scripts { _ = try programs.run(psql(script, "template", in: name)) }
        let connection = try connect(name)
        // Sequences that a template has used go back when a copy of it crashes.
        try connection.execute("TRUNCATE kugiri.audit RESTART IDENTITY")
        try connection.execute("VACUUM (ANALYZE) member_account")
    }

    /// Makes a template from another one with some more SQL.
    func makeTemplate(_ name: String, from other: String, scripts: [String]) throws {
        try administer("DROP DATABASE IF EXISTS \(name)")
        try administer("CREATE DATABASE \(name) TEMPLATE \(other) STRATEGY file_copy")
        for script in scripts { _ = try programs.run(psql(script, "template", in: name)) }
        let connection = try connect(name)
        // Rewritten, so that it is as dense as the template it comes from.
        try connection.execute("CLUSTER member_account USING member_account_pkey")
        try connection.execute("VACUUM (ANALYZE) member_account")
    }

    /// Removes a template that is not needed any more; its disk space may be.
    func dropTemplate(_ name: String) throws {
        try administer("DROP DATABASE IF EXISTS \(name)")
    }

    /// Makes the database of the next measurement: a copy of a template, and nothing left to write
    /// from before.
    func reset(to template: String) throws {
        try administer("DROP DATABASE IF EXISTS \(Self.database) WITH (FORCE)")
        try administer("CREATE DATABASE \(Self.database) TEMPLATE \(template) STRATEGY file_copy")
        try Files.removeDirectory("\(directory)/state")
        try checkpoint()
    }

    /// Writes everything that is dirty, so that nobody pays for what was before.
    func checkpoint() throws {
        try administer("CHECKPOINT")
        SystemCalls.sync()
    }

    /// The fillfactor of the target table in a database.
    func fillfactor(in database: String) throws -> Int {
        let rows = try connect(database).query(
            """
            SELECT coalesce((SELECT option_value::bigint FROM pg_options_to_table(reloptions)
                WHERE option_name = 'fillfactor'), 100)
            FROM pg_class WHERE oid = 'member_account'::regclass
            """)
        return Int(rows.int(0, 0) ?? 100)
    }

    /// Count and digest of the target's rows.
    func digest() throws -> String {
        try connect().query(PeerSQL.digest).text(0, 0) ?? ""
    }

    private func administer(_ sql: String) throws {
        try Connection(url: maintenance, applicationName: "kugiri bench").execute(sql)
    }

    // MARK: Programs

    /// psql running a script.
    ///
    /// - Parameter name: Names the script's file; two that run at once need two.
    func psql(
        _ script: String, _ name: String, in database: String = Arena.database
    ) throws -> Program {
        let path = "\(directory)/\(name).sql"
        try Files.replace(path, with: script)
        return Program(
            executable: tools.psql,
            arguments: ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-f", path])
    }

    /// The server as the report describes it.
    func machine() throws -> BenchResults.Machine {
        try .describe(
            Connection(url: maintenance, applicationName: "kugiri bench"),
            programs: tools.versions(programs))
    }
}

/// The settings file of a measurement: the demo's job, with the product's defaults.
struct KugiriSettings {
    /// The URL.
    var database: String
    /// Where spool, archive and logs go.
    var state: String
    var workers = 2
    /// Lines that make this one differ from the defaults, as in YAML.
    var extra: [String] = []

    /// The file.
    var text: String {
        var lines = """
            kugiri: 1
            database: \(database)
            directories: {state: \(state)}
            jobs:
              debit-result:
                program: KGRB091
                contract: zengin-91-result
                parameters: {business_date: date}
                identity: {consignor_code: "1234567890"}
                target:
                  table: member_account
                  mode: upsert
                  key: {customer_number: customer_number}
                  lock: {column: updated_at, trusted: false}
                  update_count: update_count
                  columns:
                    last_debit_date: {field: header.debit_date}
                    last_amount: {field: amount}
                    last_result_code: {field: result_code}
                    business_date: {parameter: business_date}
                    failures_before: {before: failures, per: business_date}
                    failures: {sql: "CASE WHEN new.result_code = '0' THEN 0 ELSE coalesce(old.failures, 0) + 1 END"}
                partitions: {auto: {count: 4}}
                workers: \(workers)

            """
        for line in extra { lines += "    \(line)\n" }
        return lines
    }

    /// Writes it; returns the path.
    func write(to path: String) throws -> String {
        try Files.replace(path, with: text)
        return path
    }
}
