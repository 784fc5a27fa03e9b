// The PostgreSQL that Kugiri starts for itself when no database is configured.

import CLibPQ
import FoundationEssentials
import Glibc

/// The PostgreSQL that Kugiri starts for itself: unix socket only, under a directory of its own.
///
/// It survives the process that started it, and is used again next time. PostgreSQL refuses to
/// run as root; root's server runs as `postgres`, or else `nobody`, and its data lie under /var/tmp
/// when that account cannot reach the directory (`location.txt` in the directory says where).
public struct PrivateServer: Sendable {
    private let directory: String

    /// The server of a directory; nothing is touched yet.
    ///
    /// - Parameter directory: Absolute, for example `/repo/.kugiri/postgres`. It is the server's
    ///   alone, is made when missing, and becomes 0700.
    public init(directory: String) {
        var path = directory
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.directory = path
    }

    /// Starts the server if it is not running; the first time, makes it and the database `kugiri`.
    ///
    /// Two processes may do so at once: the second waits for the first.
    ///
    /// - Returns: The URI of the database, `postgresql:///kugiri?host=…&port=…&user=kugiri`.
    /// - Throws: ``PrivateServerError``, or ``PostgresError`` from making the database.
    public func start() throws -> String {
        try checkDirectory()
        let account = try Account.forServer()
        try makeDirectories(directory)
        let lock = try FileLock(directory + "/lock")
        let place = try ServerPlace.choose(for: directory, account)
        if ping(place) == PQPING_NO_RESPONSE {
            try launch(place, account)
        }
        try awaitReady(place)
        try ensureDatabase(place)
        _ = consume lock
        return place.url(database: "kugiri")
    }

    /// The URI of the database, running or not; nil: the server was never made.
    public var url: String? {
        guard let place = ServerPlace.recorded(in: directory),
            fileStatus(place.data + "/PG_VERSION") != nil
        else { return nil }
        return place.url(database: "kugiri")
    }

    /// Whether the server answers, even if only to say that it is still starting.
    public var isRunning: Bool {
        guard let place = ServerPlace.recorded(in: directory) else { return false }
        return ping(place) != PQPING_NO_RESPONSE
    }

    /// Stops the server: open transactions are rolled back.
    ///
    /// Not an error when it is not running.
    public func stop() throws {
        guard fileStatus(directory) != nil else { return }
        let lock = try FileLock(directory + "/lock")
        try stopLocked()
        _ = consume lock
    }

    /// Stops the server and deletes its data.
    ///
    /// Not an error when there is none.
    public func remove() throws {
        guard fileStatus(directory) != nil else { return }
        let lock = try FileLock(directory + "/lock")
        try stopLocked()
        let place = ServerPlace.recorded(in: directory) ?? ServerPlace(base: directory)
        // Only what is known to be the server's: a wrong directory must not cost anybody's files.
        let known = [place.data, place.data + ".new", place.log, place.startLog]
        for path in [place.socketDirectory] + known where fileStatus(path) != nil {
            try FileManager.default.removeItem(atPath: path)
        }
        unsafe unlink(directory + "/location.txt")
        unsafe unlink(directory + "/lock")
        if place.base != directory { unsafe rmdir(place.base) }
        unsafe rmdir(directory)
        _ = consume lock
    }

    private func checkDirectory() throws(PrivateServerError) {
        // A line feed would end the setting that holds the path.
        guard directory.hasPrefix("/"), directory != "/",
            directory.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else {
            throw PrivateServerError(
                kind: .unusableDirectory,
                message: "the server's directory must be an absolute path: \(directory)")
        }
    }
}

extension PrivateServer {
    /// Makes what is missing and starts the server; the caller holds the lock.
    private func launch(_ place: ServerPlace, _ account: Account?) throws {
        for path in [place.base, place.log, place.socketDirectory] {
            try claimDirectory(path, for: account)
        }
        let version = readText(place.data + "/PG_VERSION").map { trimmed($0) }
        let programs = try ServerPrograms.find(major: version)
        if version == nil { try initialise(place, account, programs) }
        try writeText(
            place.settings(hasLZ4: programs.hasLZ4()), to: place.data + "/kugiri.conf", for: account
        )
        let start = try programs.command(
            "pg_ctl",
            [
                "start", "--silent", "-w", "-t", "\(Limits.serverWaitSeconds)",
                "-D", place.data, "-l", place.startLog,
            ], as: account)
        do {
            try launch(start, isAfterCrash: fileStatus(place.data + "/postmaster.pid") != nil)
        } catch {
            let words = readText(place.startLog).map { "\n" + trimmed($0) } ?? ""
            throw PrivateServerError(
                kind: .failed,
                message: "\(error.message)\(words)\nmore in \(place.log)")
        }
    }

    /// Starts the server; after a crash more than once, because processes of the server that died
    /// may still be leaving, and it does not start beside them.
    private func launch(
        _ start: (path: String, arguments: [String]), isAfterCrash: Bool
    ) throws(PrivateServerError) {
        let deadline = ContinuousClock.now + .seconds(Limits.crashWaitSeconds)
        while true {
            do throws(PrivateServerError) {
                // Longer than pg_ctl's own limit, so that its words are heard.
                try Program.run(
                    start.path, start.arguments, limitSeconds: Limits.serverWaitSeconds + 5)
                return
            } catch {
                guard isAfterCrash, ContinuousClock.now < deadline else { throw error }
                Program.pause()
            }
        }
    }

    /// Makes the data directory under another name, so that a half-made one is never started.
    private func initialise(
        _ place: ServerPlace, _ account: Account?, _ programs: ServerPrograms
    ) throws {
        let fresh = place.data + ".new"
        for path in [fresh, place.data] where fileStatus(path) != nil {
            // Without PG_VERSION it never was a server's.
            try FileManager.default.removeItem(atPath: path)
        }
        let initialise = try programs.command(
            "initdb",
            [
                "-D", fresh, "--username=kugiri", "--auth=trust", "--encoding=UTF8", "--locale=C",
                "--data-checksums",
            ], as: account)
        try Program.run(
            initialise.path, initialise.arguments, limitSeconds: Limits.initialiseSeconds)
        // The directory of the socket is what lets people in or not.
        try writeText("local all all trust\n", to: fresh + "/pg_hba.conf", for: account)
        let settings = readText(fresh + "/postgresql.conf") ?? ""
        try writeText(
            settings + "\ninclude 'kugiri.conf'\n", to: fresh + "/postgresql.conf", for: account)
        guard unsafe rename(fresh, place.data) == 0 else {
            throw PrivateServerError.system("rename \(fresh)")
        }
    }

    private func awaitReady(_ place: ServerPlace) throws {
        let deadline = ContinuousClock.now + .seconds(Limits.serverWaitSeconds)
        while ping(place) != PQPING_OK {
            guard ContinuousClock.now < deadline else {
                throw PrivateServerError(
                    kind: .failed,
                    message: "the server did not accept connections within"
                        + " \(Limits.serverWaitSeconds) s; see \(place.log)")
            }
            Program.pause()
        }
    }

    private func ensureDatabase(_ place: ServerPlace) throws {
        let connection = try Connection(
            url: place.url(database: "postgres"), applicationName: "kugiri/start")
        let known = try connection.query("SELECT 1 FROM pg_database WHERE datname = 'kugiri'")
        if known.count == 0 { try connection.execute("CREATE DATABASE kugiri") }
    }

    /// Stops the server; the caller holds the lock.
    private func stopLocked() throws {
        guard let place = ServerPlace.recorded(in: directory),
            let version = readText(place.data + "/PG_VERSION")
        else { return }
        // Also left behind by a server that was killed; pg_ctl knows the difference.
        guard fileStatus(place.data + "/postmaster.pid") != nil else { return }
        let account = try Account.forServer()
        let programs = try ServerPrograms.find(major: trimmed(version))
        let status = try programs.command("pg_ctl", ["status", "-D", place.data], as: account)
        let notRunning: Int32 = 3
        guard try Program.attempt(status.path, status.arguments).status != notRunning else {
            return
        }
        let stop = try programs.command(
            "pg_ctl",
            [
                "stop", "--silent", "-m", "fast", "-w", "-t", "\(Limits.serverWaitSeconds)",
                "-D", place.data,
            ], as: account)
        try Program.run(stop.path, stop.arguments, limitSeconds: Limits.serverWaitSeconds + 5)
    }

    /// What the server answers to a knock.
    private func ping(_ place: ServerPlace) -> PGPing {
        let limit = "&connect_timeout=\(Limits.pingSeconds)"
        return unsafe PQping(place.url(database: "postgres") + limit)
    }
}
