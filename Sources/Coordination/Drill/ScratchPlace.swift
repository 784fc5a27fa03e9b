// The place of a drill: a folder and a PostgreSQL of its own, gone with it. Nothing real is here.

import FoundationEssentials
import Glibc
import Ledger
import Messaging
import Postgres

/// A folder with a throw-away server in it.
///
/// All that a drill runs on the server is done as a role without special rights: defaults, checks
/// and functions of the copied table are somebody else's code.
final class ScratchPlace {
    /// The folder; 0711, so that the server's account can reach its own in it.
    let folder: String
    /// What could not be swept of drills that were killed, in words.
    let troubles: [String]
    private let server: PrivateServer
    private var serverURL = ""
    private static let prefix = "kugiri-drill-"
    private static let role = "drill"

    /// Makes the folder, and removes those of drills that were killed.
    ///
    /// - Parameter parent: An existing folder.
    init(in parent: String) throws {
        troubles = Self.sweep(parent)
        folder = "\(parent)/\(Self.prefix)\(HostName.processMark)"
        guard unsafe mkdir(folder, 0o711) == 0 else {
            throw FileTrouble(operation: "mkdir", path: folder, code: errno)
        }
        // Not what the mask makes of it.
        _ = unsafe chmod(folder, 0o711)
        server = PrivateServer(directory: "\(folder)/postgres")
    }

    /// Starts the server and makes the role that everything is done as.
    func start() throws {
        serverURL = try server.start()
        let admin = try admin()
        try admin.execute(
            """
            CREATE ROLE \(Self.role) LOGIN;
            GRANT SET ON PARAMETER deadlock_timeout TO \(Self.role);
            ALTER ROLE \(Self.role) SET deadlock_timeout = '\(DrillLimits.deadlockMilliseconds)ms'
            """)
    }

    /// Stops the server in order and starts it again.
    func restart() throws {
        try server.stop()
        _ = try server.start()
    }

    /// Makes a database; `template` is copied with all that is in it.
    func make(_ database: String, from template: String = "template1") throws {
        try admin().execute(
            "CREATE DATABASE \(database) TEMPLATE \(template) OWNER \(Self.role)")
    }

    /// Sets the search path of a database's sessions.
    func set(searchPath: String, of database: String) throws {
        guard !searchPath.isEmpty else { return }
        try admin().execute("ALTER DATABASE \(database) SET search_path = \(searchPath)")
    }

    /// Drops a database with the sessions in it.
    func drop(_ database: String) throws {
        try admin().execute("DROP DATABASE IF EXISTS \(database) WITH (FORCE)")
    }

    /// The URL of a database, as the drill's role.
    func url(_ database: String) -> String {
        url(database, user: Self.role)
    }

    /// Stops the server and removes everything.
    func remove() throws {
        try server.remove()
        try removeFolder(folder)
    }

    /// Removes a folder that processes may still be leaving: workers whose coordinator was killed
    /// write a last line.
    func removeFolder(_ path: String) throws {
        let deadline = Monotonic.now() + DrillLimits.residueLimit
        while true {
            do {
                return try Files.removeDirectory(path)
            } catch {
                guard Monotonic.now() < deadline else { throw error }
                _ = poll(nil, 0, DrillLimits.lookMilliseconds)
            }
        }
    }

    private func admin() throws -> Connection {
        try Connection(url: url("postgres", user: "kugiri"), applicationName: "drill/server")
    }

    private func url(_ database: String, user: String) -> String {
        serverURL.replacing("postgresql:///kugiri?", with: "postgresql:///\(database)?")
            .replacing("&user=kugiri", with: "&user=\(user)")
    }

    /// Removes places whose drill was killed and could not do so itself.
    ///
    /// Others may write to the parent too: only folders of this user are looked at. Data stay
    /// where their server does not stop.
    ///
    /// - Returns: What could not be removed and why.
    private static func sweep(_ parent: String) -> [String] {
        var troubles: [String] = []
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: parent)
        } catch {
            return ["\(parent) was not looked through for what killed drills left: \(error)"]
        }
        for name in names where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            var status = stat()
            guard HostName.isAlive(mark: name.dropFirst(prefix.count)) == false,
                unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == geteuid()
            else { continue }
            do {
                try PrivateServer(directory: "\(path)/postgres").remove()
                try Files.removeDirectory(path)
            } catch {
                troubles.append(
                    "\(path), left by a drill that was killed, could not be removed: "
                        + DrillTrouble.words(error))
            }
        }
        return troubles
    }
}
