// The worker processes of one coordinator: started, watched and ended. What they say is the fleet's
// affair.

import FoundationEssentials
import Glibc
import Messaging
import Plan

/// The worker processes that this coordinator started.
struct OwnWorkers {
    private var children: [WorkerName: ChildProcess] = [:]
    private var started = 0
    /// How many took another one's place.
    private(set) var restarts = 0

    /// Processes that are not known to have ended.
    var count: Int { children.count }

    /// A worker's process number; nil: it is none of these, or has ended.
    func process(of worker: WorkerName) -> Int32? { children[worker]?.pid }

    /// Starts one of this binary; its name and process number.
    ///
    /// - Parameters:
    ///   - endpoint: Where it meets the coordinator.
    ///   - databaseWait: How long it waits for a database that is away.
    mutating func start(
        executable: String, endpoint: Endpoint, databaseURL: String, databaseWait: Duration,
        logDirectory: String, isReplacement: Bool
    ) throws -> (name: WorkerName, process: Int32) {
        started += 1
        if isReplacement { restarts += 1 }
        let name = "w\(started)"
        var environment = ProcessInfo.processInfo.environment
        environment["KUGIRI_DATABASE_URL"] = databaseURL
        // A test's failpoint is for the first workers, not for those that stand in.
        if isReplacement { environment["KUGIRI_FAILPOINT"] = nil }
        let child = try ChildProcess.start(
            executable: executable,
            arguments: [
                "worker", "--connect", endpoint.text, "--name", name, "--parent",
                String(getpid()), "--database-wait", String(Int64(databaseWait / .seconds(1))),
            ],
            environment: environment, output: .file(path: "\(logDirectory)/\(name).out"))
        children[name] = child
        return (name, child.pid)
    }

    /// Those that have ended since the last call.
    mutating func takeEnded() -> [(name: WorkerName, process: Int32, status: ExitStatus)] {
        var ended: [(name: WorkerName, process: Int32, status: ExitStatus)] = []
        for (name, child) in children {
            guard let status = child.poll() else { continue }
            children[name] = nil
            ended.append((name, child.pid, status))
        }
        return ended
    }

    /// Kills one; nothing happens when it is none of these.
    func kill(_ worker: WorkerName) { children[worker]?.kill() }

    /// Kills all.
    func killAll() { for child in children.values { child.kill() } }

    /// Kills all and waits for their end, at most `reapLimit`.
    ///
    /// One that not even SIGKILL ends hangs in the kernel, or under a debugger. It is fenced like any
    /// other, and the run does not wait for it.
    mutating func end() {
        killAll()
        let deadline = Monotonic.now() + CoordinationLimits.reapLimit
        while count > 0, Monotonic.now() < deadline {
            if takeEnded().isEmpty { usleep(2_000) }
        }
    }
}
