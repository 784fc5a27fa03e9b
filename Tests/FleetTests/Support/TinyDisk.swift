// Disks of a few megabytes that can be filled: anywhere, and as a tablespace of the server.

import FoundationEssentials
import Glibc
import Postgres
import Testing

/// A small file system in a folder; it goes with the last reference, and what lies there too.
final class SmallDisk {
    /// `MNT_DETACH` of <sys/mount.h>.
    private static let detach: Int32 = 2
    private let path: String
    private var filler: String { "\(path)/filler" }

    /// Mounts it; the folder is made when it is missing.
    init(at path: String, megabytes: Int, mode: mode_t = 0o755) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try #require(Self.mounts(path, megabytes: megabytes))
        try #require(unsafe chmod(path, mode) == 0)
    }

    deinit { unsafe umount2(path, Self.detach) }

    fileprivate static func mounts(_ path: String, megabytes: Int) -> Bool {
        unsafe mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0
    }

    /// Takes all of its space but this much.
    func fill(leaving bytes: Int) throws {
        let file = unsafe open(filler, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        let block = [UInt8](repeating: 0, count: 4_096)
        var written = 0
        while true {
            let count = unsafe block.withUnsafeBytes {
                unsafe write(file, $0.baseAddress, $0.count)
            }
            guard count > 0 else { break }
            written += count
        }
        try #require(ftruncate(file, off_t(max(0, written - bytes))) == 0)
    }

    /// Gives the space back.
    func free() throws {
        let removed = unsafe unlink(filler)
        try #require(removed == 0)
    }
}

/// A small file system with a tablespace of its own; both go with the last reference.
///
/// What a night has there must be gone, or moved, before.
final class TinyDisk {
    /// Only root may mount one.
    static let isPossible: Bool = {
        guard geteuid() == 0 else { return false }
        let path = "/tmp/kf-\(getpid())-mount"
        guard unsafe mkdir(path, 0o700) == 0 else { return false }
        defer { unsafe rmdir(path) }
        guard SmallDisk.mounts(path, megabytes: 1) else { return false }
        return unsafe umount(path) == 0
    }()

    /// The tablespace's name.
    let name: String
    private let path: String
    private var disk: SmallDisk?

    /// Mounts it and makes the tablespace.
    init(megabytes: Int = 16) throws {
        name = "tiny_\(Counter.next())"
        path = "/tmp/kf-\(getpid())-\(name)"
        disk = try SmallDisk(at: path, megabytes: megabytes)
        let server = try Connection(url: FleetServer.url, applicationName: "test/server")
        let rows = try server.query("SHOW data_directory")
        var facts = stat()
        let looked = unsafe stat(rows.text(0, 0) ?? "", &facts)
        try #require(looked == 0)
        let space = "\(path)/space"
        let given = unsafe mkdir(space, 0o700) + chown(space, facts.st_uid, facts.st_gid)
        try #require(given == 0)
        try server.execute("CREATE TABLESPACE \(name) LOCATION '\(space)'")
    }

    deinit {
        if let server = try? Connection(url: FleetServer.url, applicationName: "test/server") {
            try? server.execute("DROP TABLESPACE IF EXISTS \(name)")
        }
        // Whatever still lies there goes with it.
        disk = nil
        unsafe rmdir(path)
    }

    /// Takes all of its space but this much.
    func fill(leaving bytes: Int) throws { try disk?.fill(leaving: bytes) }

    /// Gives the space back.
    func free() throws { try disk?.free() }
}
