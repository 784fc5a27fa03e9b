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
        "ipc://\(meetingPlace(of: running))/coordinator.ipc"
    }

    /// The folder where its own workers meet it.
    func meetingPlace(of running: Running) -> String {
        "\(state)/ipc/\(HostName.mark(of: running.pid))"
    }

    /// Starts a worker by hand.
    ///
    /// - Parameters:
    ///   - wait: Seconds it waits for a coordinator.
    ///   - failpoint: As in `KUGIRI_FAILPOINT`; empty: none.
    func startWorker(
        _ name: String, at endpoint: String, sight: Sight = .all, wait: Int = 3,
        failpoint: String = "", environment: [String: String] = [:]
    ) throws -> Running {
        var environment = environment
        environment["KUGIRI_DATABASE_URL"] = settings.database
        if !failpoint.isEmpty { environment["KUGIRI_FAILPOINT"] = failpoint }
        let wrapper = sight == .noSpool ? try withoutSpool() : []
        return try Binary.start(
            [
                "worker", "--connect", endpoint, "--name", name, "--coordinator-wait",
                String(wait),
            ],
            environment: environment, scratch: "\(folder)/out", wrapper: wrapper)
    }

    /// A command that becomes another one, for which an empty folder is where the spool is.
    func withoutSpool() throws -> [String] {
        try FileManager.default.createDirectory(
            atPath: "\(state)/spool", withIntermediateDirectories: true)
        let script = "mount -t tmpfs none \"$0\" && exec \"$@\""
        return ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "\(state)/spool"]
    }

    /// Starts a worker by hand for the coordinator of a running command.
    func startWorker(
        _ name: String, of running: Running, sight: Sight = .all, failpoint: String = "",
        environment: [String: String] = [:]
    ) throws -> Running {
        try startWorker(
            name, at: endpoint(of: running), sight: sight, failpoint: failpoint,
            environment: environment)
    }
}

/// Machines of their own as far as the network goes: namespaces on one bridge.
final class Machines {
    /// The coordinator's address on the bridge.
    static let host = "10.231.77.1"
    private let tag: String
    private let bridge: String
    let names: [String]

    /// Makes the bridge and as many namespaces; nil: this machine does not let us.
    init?(_ count: Int) {
        // The kernel takes its time with what was there before: no name comes twice.
        tag = "k\(getpid() % 100_000)x\(Counter.next() % 1_000)"
        bridge = tag + "b"
        names = (1...count).map { [tag] in "\(tag)n\($0)" }
        var lines = [
            "ip link add \(bridge) type bridge",
            "ip addr add \(Self.host)/24 dev \(bridge)", "ip link set \(bridge) up",
        ]
        for (index, name) in names.enumerated() {
            lines += [
                "ip netns add \(name)",
                "ip link add \(tag)v\(index) type veth peer name eth0 netns \(name)",
                "ip link set \(tag)v\(index) master \(bridge) up",
                "ip -n \(name) addr add 10.231.77.\(index + 11)/24 dev eth0",
                "ip -n \(name) link set eth0 up", "ip -n \(name) link set lo up",
            ]
        }
        guard Self.run(lines.joined(separator: " && ")) else {
            remove()
            return nil
        }
    }

    deinit { remove() }

    /// Takes the cable out of a machine, numbered from 0.
    func cut(_ index: Int) { set(index, "down") }

    /// Puts it in again.
    func heal(_ index: Int) { set(index, "up") }

    private func set(_ index: Int, _ state: String) {
        #expect(Self.run("ip link set \(tag)v\(index) \(state)"))
    }

    private func remove() {
        let lines = names.map { "ip netns del \($0)" } + ["ip link del \(bridge)"]
        _ = Self.run(lines.joined(separator: "; "))
    }

    private static func run(_ script: String) -> Bool {
        let started = try? ChildProcess.start(
            executable: "/bin/sh", arguments: ["-c", script],
            environment: ["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"],
            output: .file(path: "/dev/null"))
        guard let started else { return false }
        while true {
            if let status = started.poll() { return status == .exited(code: 0) }
            usleep(5_000)
        }
    }

    /// Whether they can be made here: root, iproute2, bridge and veth in the kernel.
    static let arePossible = geteuid() == 0 && Namespaces.isPossible && Machines(1) != nil
}

extension Conclusion {
    /// The run log.
    var log: String {
        get throws {
            try String(contentsOfFile: facts.directory + "/run.log", encoding: .utf8)
        }
    }
}
