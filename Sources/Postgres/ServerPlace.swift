// Where the private server keeps its data and its socket, and which programs it uses.

import Glibc

/// The directories of one private server.
struct ServerPlace: Equatable {
    /// Holds data, log and, if its path is short enough, the socket.
    var base: String
    /// The directory of the socket.
    var socketDirectory: String

    var data: String { base + "/data" }
    var log: String { base + "/log" }
    /// What the server writes before its own log is open.
    var startLog: String { base + "/start.log" }

    private static let port = 5432

    /// The place whose data are under `base`.
    init(base: String) {
        self.base = base
        let near = base + "/socket"
        let socketPath = "\(near)/.s.PGSQL.\(Self.port)"
        socketDirectory =
            socketPath.utf8.count <= Limits.socketPathBytesMax
            ? near : "/tmp/kugiri-\(pathHash(base))"
    }

    /// The place of the server of `directory`; nil: none was chosen yet.
    static func recorded(in directory: String) -> ServerPlace? {
        if let note = readText(directory + "/location.txt") {
            return ServerPlace(base: trimmed(note))
        }
        return fileStatus(directory + "/data").map { _ in ServerPlace(base: directory) }
    }

    /// Chooses the place and remembers it: the directory itself, or a new directory under /var/tmp
    /// when the server's account cannot get there.
    ///
    /// Data that are there already belonged to a directory of the same name that was deleted: they
    /// are left as they are, and never become the data of a directory that was made anew.
    static func choose(
        for directory: String, _ account: Account?
    ) throws(PrivateServerError) -> ServerPlace {
        if let place = recorded(in: directory) { return place }
        guard let account, !canReach(directory, account) else {
            return ServerPlace(base: directory)
        }
        let name = "/var/tmp/kugiri-\(pathHash(directory))"
        var base = name
        var number = 1
        while fileStatus(base) != nil {
            number += 1
            base = "\(name)-\(number)"
        }
        try writeText(base + "\n", to: directory + "/location.txt", for: nil)
        return ServerPlace(base: base)
    }

    /// The URI of a database of this server.
    ///
    /// The port is named because PGPORT would change it.
    func url(database: String) -> String {
        let safe = Array("/-._~".utf8)
        var host = ""
        for byte in socketDirectory.utf8 {
            let character = Character(UnicodeScalar(byte))
            if byte < 128, character.isLetter || character.isNumber || safe.contains(byte) {
                host.append(character)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                host += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return "postgresql:///\(database)?host=\(host)&port=\(Self.port)&user=kugiri"
    }

    /// The server's settings, written at every start so that a new version brings its own.
    ///
    /// - Parameter hasLZ4: The server knows it: pages in the log cost a quarter of the time they cost with
    ///   its own method.
    func settings(hasLZ4: Bool) -> String {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let pageBytes = sysconf(Int32(_SC_PAGESIZE))
        let isSmall = pages * pageBytes < 4 << 30
        func quoted(_ path: String) -> String { quoteLiteral(path) }
        return """
            # Written by kugiri at every start; changes here are lost.
            # Reached by the Unix socket only, and only by the owner of its directory.
            listen_addresses = ''
            port = \(Self.port)
            unix_socket_directories = \(quoted(socketDirectoryAsListItem))
            unix_socket_permissions = 0700
            max_connections = 100
            # An eighth of a usual machine; a small one keeps the default.
            shared_buffers = \(isSmall ? "128MB" : "512MB")
            # A night writes a lot at once: few checkpoints, each complete.
            max_wal_size = 4GB
            checkpoint_timeout = 15min
            wal_compression = \(hasLZ4 ? "lz4" : "on")
            # The proofs of a run rest on these two.
            fsync = on
            full_page_writes = on
            # The owner's name is also the name of Kugiri's schema: "$user" would put a table that is
            # created without a schema there, and a later run would load that one.
            search_path = 'public'
            # Short statements many times over: compiling them never pays.
            jit = off
            # One file per weekday, begun anew after a week.
            logging_collector = on
            log_directory = \(quoted(log))
            log_filename = 'server-%a.log'
            log_truncate_on_rotation = on
            log_rotation_age = 1d
            log_rotation_size = 0
            log_line_prefix = '%m [%p] %a '

            """
    }

    /// `unix_socket_directories` is a list of names: one in quotation marks may hold commas.
    private var socketDirectoryAsListItem: String { quoteIdentifier(socketDirectory) }
}

/// Where PostgreSQL's server programs are.
struct ServerPrograms {
    var directory: String

    /// Finds `initdb`, `pg_ctl` and `postgres` of one version.
    ///
    /// - Parameter major: The version that wrote the data; nil: there are none, any will do.
    static func find(major: String?) throws(PrivateServerError) -> ServerPrograms {
        let root = "/usr/lib/postgresql"
        var candidates: [String] = []
        for tool in ["/usr/bin/pg_config", "/usr/local/bin/pg_config"] where isProgram(tool) {
            candidates.append(try Program.run(tool, ["--bindir"]))
        }
        let versions = directoryEntries(root).compactMap { Int($0) }.sorted(by: >)
        candidates += versions.map { "\(root)/\($0)/bin" }
        candidates += ["/usr/local/bin", "/usr/bin", "/usr/local/pgsql/bin"]
        for directory in candidates {
            let needed = ["initdb", "pg_ctl", "postgres"].map { "\(directory)/\($0)" }
            guard needed.allSatisfy({ isProgram($0) }) else { continue }
            guard let major else { return ServerPrograms(directory: directory) }
            let version = try Program.run("\(directory)/postgres", ["--version"])
            // "postgres (PostgreSQL) 15.18 (Debian …)"
            let words = version.split(separator: " ")
            if words.count >= 3, words[2].prefix(while: { $0.isNumber }) == major {
                return ServerPrograms(directory: directory)
            }
        }
        let package = major.map { "postgresql-\($0)" } ?? "postgresql"
        throw PrivateServerError(
            kind: .notInstalled,
            message: "no PostgreSQL server programs were found; install the package \(package), or"
                + " name a database of your own")
    }

    /// Whether the server was built with LZ4; a server whose `pg_config` is not there is taken not to be.
    func hasLZ4() throws(PrivateServerError) -> Bool {
        let tool = "\(directory)/pg_config"
        guard isProgram(tool) else { return false }
        return try Program.run(tool, ["--configure"]).contains("--with-lz4")
    }

    /// The program and arguments that run one of the programs as the account; nil: as ourselves.
    func command(
        _ name: String, _ arguments: [String], as account: Account?
    ) throws(PrivateServerError) -> (path: String, arguments: [String]) {
        let program = "\(directory)/\(name)"
        guard let account else { return (program, arguments) }
        if let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first(where: { isProgram($0) }) {
            let identity = [
                "--reuid=\(account.userID)", "--regid=\(account.groupID)", "--clear-groups", "--",
            ]
            return (setpriv, identity + [program] + arguments)
        }
        if let runuser = ["/usr/sbin/runuser", "/sbin/runuser"].first(where: { isProgram($0) }) {
            return (runuser, ["-u", account.name, "--", program] + arguments)
        }
        throw PrivateServerError(
            kind: .notInstalled,
            message: "PostgreSQL refuses to run as root, and neither setpriv nor runuser was"
                + " found; install the package util-linux")
    }
}

/// Whether there is a file that we may execute.
private func isProgram(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

/// The names in a directory; none when it is not there.
private func directoryEntries(_ path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
            unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                unsafe String(cString: $0)
            }
        }
        names.append(name)
    }
    return names
}
