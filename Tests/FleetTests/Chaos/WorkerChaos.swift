// Workers are killed, stand still and hang.

import FoundationEssentials
import Glibc
import Synchronization
import Testing

extension ChaosKind {
    static let workerKinds = [
        ChaosKind("worker-kill", "worker SIGKILL at random times", whole: 300, killWorkers),
        ChaosKind(
            "worker-syscall", "worker SIGKILL at the k-th sendto, write, recvfrom", whole: 600,
            short: 3, obstacle: Strace.obstacle, killAtSystemCall),
        ChaosKind(
            "worker-stop", "worker SIGSTOP past the silence limit, then SIGCONT", whole: 100,
            stopWorker),
        ChaosKind(
            "hung-worker", "worker whose loop hangs while its connection lives", whole: 50,
            obstacle: Strace.obstacle, hangWorker),
    ]

    private static func killWorkers(_ trial: Trial) throws {
        let it = try ChaosNight(trial) { $0.workers = 2 }
        let moments = try trial.moments(trial.number(1...3))
        let running = try it.start()
        let start = ContinuousClock.now
        for moment in moments where trial.await(moment, since: start, running) {
            guard let victim = anyWorker(of: running, trial) else { continue }
            kill(victim, SIGKILL)
            trial.tell("\(moment) ms: killed worker \(victim)")
        }
        try it.expectLoaded(try running.wait())
    }

    private static func anyWorker(of running: Running, _ trial: Trial) -> Int32? {
        let workers = running.children
        return workers.isEmpty ? nil : trial.choose(workers)
    }

    private static func stopWorker(_ trial: Trial) throws {
        try strikeWorker(trial) { victim, moment, running, start, _ in
            kill(victim, SIGSTOP)
            let long = trial.number(2_000...4_000)
            trial.tell("\(moment) ms: stopped worker \(victim) for \(long) ms")
            _ = trial.await(moment + long, since: start, running)
            kill(victim, SIGCONT)
        }
    }

    /// The first thread alone stands in a system call: the library's own threads go on answering.
    private static func hangWorker(_ trial: Trial) throws {
        try strikeWorker(trial) { victim, moment, running, _, scratch in
            let tracer = try Strace.hang(victim, scratch: scratch)
            trial.tell("\(moment) ms: worker \(victim) hangs")
            _ = try running.wait()
            kill(victim, SIGKILL)
            tracer.signal(SIGKILL)
        }
    }

    /// One worker at one moment of a night with a short silence limit.
    private static func strikeWorker(
        _ trial: Trial,
        _ strike: (Int32, Int, Running, ContinuousClock.Instant, String) throws -> Void
    ) throws {
        let it = try ChaosNight(trial) { $0.silence = "2s" }
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        let start = ContinuousClock.now
        if trial.await(moment, since: start, running), let victim = anyWorker(of: running, trial) {
            try strike(victim, moment, running, start, "\(it.night.folder)/out")
        }
        try it.expectLoaded(try running.wait())
    }

    /// Calls of which a worker makes no more than this many in a whole run.
    private static let ends = Mutex<[String: Int]>([:])

    /// Three calls, then the next three: trial 0 is the first `sendto`; until a worker is through.
    private static func killAtSystemCall(_ trial: Trial) throws {
        let call = ["sendto", "write", "recvfrom"][trial.index % 3]
        // In the suite the seed draws the place; a whole run tries one after the other.
        let pass = ChaosSelection.current.isAsked ? trial.index / 3 + 1 : trial.number(1...80)
        if let end = ends.withLock({ $0[call] }), pass > end {
            trial.isVoid = true
            return
        }
        let it = try ChaosNight(trial, records: 400) {
            $0.workers = 0
            // Nobody but silence tells of the death of a worker that was started by hand.
            $0.silence = "2s"
            $0.partitions = "{auto: {count: 1}}"
            $0.commitInterval = 200
            $0.sliceRecords = 400
        }
        let running = try it.start()
        let victim = try it.night.startWorker(
            "victim", meeting: running, wrapper: Strace.killing(call, pass: pass))
        while victim.isRunning, running.isRunning { usleep(5_000) }
        // Nobody was killed: the run is over, or about to be.
        if !running.hasEnded(within: .milliseconds(200)) {
            let other = try it.night.startWorker("other", meeting: running, wrapper: [])
            _ = try running.wait()
            other.signal(SIGTERM)
            _ = try other.wait()
        }
        victim.signal(SIGTERM)
        let end = try victim.wait()
        trial.tell("\(call) \(pass): \(end.status)")
        if !end.wasKilled { ends.withLock { $0[call] = min($0[call] ?? pass, pass) } }
        try it.expectLoaded(try running.wait())
    }
}

/// The tracer that makes trouble at a system call.
enum Strace {
    private static let path = "/usr/bin/strace"

    /// Why it cannot be used here.
    @Sendable static func obstacle() -> String? {
        unsafe access(path, X_OK) == 0 ? nil : "strace is not installed"
    }

    /// A command that becomes another one, which is killed at its `pass`-th call in one thread.
    static func killing(_ call: String, pass: Int) -> [String] {
        [
            path, "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
            "inject=\(call):signal=KILL:when=\(pass)",
        ]
    }

    /// Lets the first thread of a process stand in its next system call for ten minutes.
    static func hang(_ process: Int32, scratch: String) throws -> Running {
        try Binary.startProgram(
            path,
            [
                "-qq", "-o", "/dev/null", "-e", "trace=all", "-e",
                "inject=all:delay_enter=600000000:when=1+", "-p", String(process),
            ], scratch: scratch)
    }
}

extension Running {
    /// Whether it ends in a time.
    func hasEnded(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if !isRunning { return true }
            usleep(5_000)
        }
        return !isRunning
    }
}

extension Night {
    /// Starts a worker by hand as soon as a running coordinator listens.
    func startWorker(_ name: String, meeting running: Running, wrapper: [String]) throws -> Running
    {
        try Binary.start(
            [
                "worker", "--connect", endpoint(of: running), "--name", name,
                "--coordinator-wait", "5",
            ], environment: ["KUGIRI_DATABASE_URL": settings.database],
            scratch: "\(folder)/out", wrapper: wrapper)
    }
}
