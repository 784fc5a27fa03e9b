// What this machine offers: space, rights, open files, libraries.

import Glibc
import Journal
import Messaging
import Postgres
import Settings

/// Checks of this machine.
enum HostChecks {
    typealias Check = DoctorReport.Check

    /// The versions of what runs here.
    static func versions(binary: String) -> [Check] {
        let server = LibPQ.version
        let libpq: Check =
            server >= DoctorLimits.versionMin - 10_000
            ? .ok("libpq", LibPQ.versionText)
            : .warning("libpq", LibPQ.versionText, "install libpq 14 or newer")
        return [.ok("kugiri", binary), libpq, .ok("libzmq", ZeroMQ.versionText)]
    }

    /// How many files a process may have open.
    static func openFiles() -> Check {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .ok("open files", "the system does not tell")
        }
        let found = "\(limit.rlim_cur) (RLIMIT_NOFILE)"
        guard limit.rlim_cur < DoctorLimits.filesMin else { return .ok("open files", found) }
        return .warning("open files", found, "raise it: ulimit -n \(DoctorLimits.filesMin * 4)")
    }

    /// Free space of the directories a run writes to.
    ///
    /// - Parameter input: Bytes of the newest input; nil: no run yet.
    static func space(_ directories: Directories, input: Int64?) -> [Check] {
        let reserve = CoordinationLimits.freeBytesMin
        let bytes = input ?? 0
        return [
            ("state directory", directories.state, reserve),
            ("spool directory", directories.spool, bytes + bytes / 5 + reserve),
            ("archive directory", directories.archive, bytes + reserve),
            ("run directories", directories.runs, reserve),
        ].map { name, path, needed in
            space(name, path, needed: needed)
        }
    }

    private static func space(_ name: String, _ path: String, needed: Int64) -> Check {
        // What is not there yet will be made below what is.
        let place = nearestThere(path)
        guard access(place, W_OK | X_OK) else {
            return .fault(
                name, "\(place) may not be written by this user", "change its owner or mode")
        }
        guard let free = Files.freeBytes(place) else {
            return .ok(name, "\(path), the system does not tell its free space")
        }
        let found =
            "\(path) has \(Figures.bytes(free)) free, the newest input would need "
            + Figures.bytes(needed)
        if free < needed { return .fault(name, found, "free space there") }
        guard free < needed * 2 else { return .ok(name, found) }
        return .warning(name, found, "free space there before inputs grow")
    }

    /// Free space where the server keeps its data, when this process can see it.
    static func serverSpace(_ directory: String?, isLocal: Bool) -> Check {
        guard isLocal, let directory, Files.exists(directory),
            let free = Files.freeBytes(directory)
        else { return .ok("server's disk", "not visible from here; look on the server") }
        let found = "\(directory) has \(Figures.bytes(free)) free"
        guard free < CoordinationLimits.freeBytesMin else { return .ok("server's disk", found) }
        return .fault("server's disk", found, "free space there: staging and WAL need it")
    }

    /// The folder inputs come from.
    ///
    /// - Parameter path: The newest input; nil: no run yet.
    static func input(_ path: String?) -> Check {
        guard let path, let slash = path.lastIndex(of: "/") else {
            return .ok("input folder", "not known before the first run")
        }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        guard Files.exists(folder) else {
            return .warning(
                "input folder", "\(folder), where the newest input came from, is not there",
                "check the mount or the transfer")
        }
        guard access(folder, R_OK | X_OK) else {
            return .fault(
                "input folder", "\(folder) may not be read by this user", "change its mode")
        }
        return .ok("input folder", folder)
    }

    /// The path, or the nearest folder above it that is there.
    private static func nearestThere(_ path: String) -> String {
        var place = Substring(path)
        while !Files.exists(String(place)), let slash = place.lastIndex(of: "/") {
            place = place[..<slash]
        }
        return place.isEmpty ? "/" : String(place)
    }

    private static func access(_ path: String, _ mode: Int32) -> Bool {
        unsafe Glibc.access(path, mode) == 0
    }
}
