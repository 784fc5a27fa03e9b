// Workers that nobody but the test started, and that cannot see what the coordinator sees.

import FoundationEssentials
import Glibc
import Messaging
import Testing

/// What a worker sees of the coordinator's machine.
enum Sight {
    /// Everything.
    case all
    /// An empty folder where the spool is: it has a mount namespace of its own.
    case noSpool
}

/// Whether a process may have a mount namespace of its own here.
enum Namespaces {
    /// Root, and a kernel and container that let it.
    static let isPossible: Bool = {
        guard geteuid() == 0 else { return false }
        let tried = try? ChildProcess.start(
            executable: "/usr/bin/unshare",
            arguments: ["-m", "/bin/sh", "-c", "mount -t tmpfs none /mnt"],
            environment: [:], output: .file(path: "/dev/null"))
        guard let tried else { return false }
        while true {
            if let status = tried.poll() { return status == .exited(code: 0) }
            usleep(5_000)
        }
    }()
}

extension Night {
    /// Where the coordinator of a running command listens.
    func endpoint(of running: Running) -> String {
        "ipc://\(state)/ipc/\(running.pid)/coordinator.ipc"
    }

    /// Starts a worker by hand.
    ///
    /// - Parameters:
    ///   - wait: Seconds it waits for a coordinator.
    ///   - failpoint: As in `KUGIRI_FAILPOINT`; empty: none.
    func startWorker(
        _ name: String, at endpoint: String, sight: Sight = .all, wait: Int = 3,
        failpoint: String = ""
    ) throws -> Running {
        var environment = ["KUGIRI_DATABASE_URL": settings.database]
        if !failpoint.isEmpty { environment["KUGIRI_FAILPOINT"] = failpoint }
        var wrapper: [String] = []
        if sight == .noSpool {
            try FileManager.default.createDirectory(
                atPath: "\(state)/spool", withIntermediateDirectories: true)
            let script = "mount -t tmpfs none \"$0\" && exec \"$@\""
            wrapper = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "\(state)/spool"]
        }
        return try Binary.start(
            [
                "worker", "--connect", endpoint, "--name", name, "--coordinator-wait",
                String(wait),
            ],
            environment: environment, scratch: "\(folder)/out", wrapper: wrapper)
    }

    /// Starts a worker by hand for the coordinator of a running command.
    func startWorker(
        _ name: String, of running: Running, sight: Sight = .all, failpoint: String = ""
    ) throws -> Running {
        try startWorker(
            name, at: endpoint(of: running), sight: sight, failpoint: failpoint)
    }
}

extension Conclusion {
    /// The run log.
    var log: String {
        get throws {
            try String(contentsOfFile: facts.directory + "/run.log", encoding: .utf8)
        }
    }
}
