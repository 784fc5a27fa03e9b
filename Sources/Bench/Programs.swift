// Runs programs to their end and tells how long they took and what they used. Several at once
// count as one: from the start of the first to the end of the last.

import FoundationEssentials
import Glibc
import Messaging

/// One program to be run.
struct Program {
    /// A path.
    var executable: String
    var arguments: [String]
    /// Added to our environment, from which what belongs to PostgreSQL and Kugiri is left out.
    var environment: [String: String] = [:]
    /// Exit codes that are no error.
    var goodCodes: Set<Int32> = [0]
}

/// What running programs came to.
struct Measured {
    var seconds: Double
    var processorSeconds: Double
    var peakBytes: Int64
    /// Highest memory of every process that was seen, by process; the first is the program itself.
    var processes: [BenchResults.ProcessPeak]
    /// The exit code and standard output of every program, in order.
    var codes: [Int32]
    var outputs: [String]

    /// One after the other.
    static func + (left: Measured, right: Measured) -> Measured {
        Measured(
            seconds: left.seconds + right.seconds,
            processorSeconds: left.processorSeconds + right.processorSeconds,
            peakBytes: max(left.peakBytes, right.peakBytes),
            processes: left.processes + right.processes, codes: left.codes + right.codes,
            outputs: left.outputs + right.outputs)
    }
}

/// Runs programs; their output goes to files in a scratch folder.
struct Programs {
    /// Where output is kept while a program runs.
    let scratch: String

    /// Runs programs at the same time, to their ends.
    ///
    /// - Parameters:
    ///   - programs: Started in this order.
    ///   - isWatched: Whether the memory of the first one's processes is kept process by process.
    ///   - tick: Called every few milliseconds.
    /// - Throws: ``BenchFault`` with the program's last words when one fails or hangs.
    func run(
        _ programs: [Program], isWatched: Bool = false, tick: () throws -> Void = {}
    ) throws -> Measured {
        let began = Monotonic.now()
        var running: [Running] = []
        do {
            for (index, program) in programs.enumerated() {
                running.append(try start(program, index))
            }
            var watch = MemoryWatch(root: running[0].child.pid)
            while running.contains(where: { $0.end == nil }) {
                for index in running.indices where running[index].end == nil {
                    running[index].end = try SystemCalls.collect(running[index].child.pid)
                }
                watch.look()
                try tick()
                guard Monotonic.now() - began < BenchLimits.programLimit else {
                    throw BenchFault("\(programs[0].executable) did not end; it was stopped")
                }
                if running.contains(where: { $0.end == nil }) { SystemCalls.pause() }
            }
            let elapsed = (Monotonic.now() - began) / .seconds(1)
            return try conclude(running, elapsed, watch.peaks, keeps: isWatched)
        } catch {
            for each in running where each.end == nil { Self.end(each.child) }
            throw error
        }
    }

    /// Runs one program.
    func run(
        _ program: Program, isWatched: Bool = false, tick: () throws -> Void = {}
    ) throws -> Measured {
        try run([program], isWatched: isWatched, tick: tick)
    }

    /// Starts a program that goes on beside others; see ``finish(_:)``.
    func start(_ program: Program, _ index: Int = 99) throws -> Running {
        let name = "\(scratch)/program-\(index)"
        for suffix in [".out", ".err"] {
            try? FileManager.default.removeItem(atPath: name + suffix)
        }
        // The shell gives standard error a file of its own, and is replaced by the program.
        // Ctrl-C at the terminal must reach the program too: it stays in our process group.
        let child = try ChildProcess.start(
            executable: "/bin/sh",
            arguments: ["-c", "exec \"$@\" 2>\"$0\"", name + ".err", program.executable]
                + program.arguments,
            environment: Self.environment(program.environment), output: .file(path: name + ".out"),
            ownProcessGroup: false)
        return Running(child: child, program: program, name: name)
    }

    /// Whether a program that was started apart still runs.
    func isRunning(_ running: inout Running) throws -> Bool {
        if running.end == nil { running.end = try SystemCalls.collect(running.child.pid) }
        return running.end == nil
    }

    /// Waits for a program that was started apart.
    func finish(_ running: Running) throws -> Measured {
        var running = running
        let began = Monotonic.now()
        while running.end == nil {
            running.end = try SystemCalls.collect(running.child.pid)
            guard Monotonic.now() - began < BenchLimits.programLimit else {
                Self.end(running.child)
                throw BenchFault("\(running.program.executable) did not end; it was stopped")
            }
            if running.end == nil { SystemCalls.pause() }
        }
        return try conclude(
            [running], (Monotonic.now() - began) / .seconds(1), [], keeps: false)
    }

    /// A program that was started.
    struct Running {
        let child: ChildProcess
        let program: Program
        fileprivate let name: String
        fileprivate var end: ProgramEnd?
    }

    private func conclude(
        _ running: [Running], _ seconds: Double, _ peaks: [BenchResults.ProcessPeak], keeps: Bool
    ) throws -> Measured {
        var measured = Measured(
            seconds: seconds, processorSeconds: 0, peakBytes: 0, processes: keeps ? peaks : [],
            codes: [], outputs: [])
        for each in running {
            guard let end = each.end else { continue }
            let output = Self.text(each.name + ".out")
            guard each.program.goodCodes.contains(end.code) else {
                let words = (Self.text(each.name + ".err") + output)
                    .suffix(BenchLimits.lastWordsBytes)
                let arguments = each.program.arguments.joined(separator: " ")
                throw BenchFault(
                    "\(each.program.executable) \(arguments) ended with \(end.code):\n\(words)")
            }
            measured.processorSeconds += end.processorSeconds
            // A program starts with our own peak in the kernel's books (exec keeps it), so only
            // a higher figure is the program's.
            let own = MemoryWatch.highWater(getpid()) ?? 0
            let seen = peaks.map(\.bytes).max() ?? 0
            let peak = end.peakBytes > own ? end.peakBytes : seen
            measured.peakBytes = max(measured.peakBytes, peak)
            measured.codes.append(end.code)
            measured.outputs.append(output)
        }
        return measured
    }

    private static func end(_ child: ChildProcess) {
        child.terminate()
        let deadline = Monotonic.now() + .seconds(20)
        while child.poll() == nil {
            if Monotonic.now() > deadline { child.kill() }
            SystemCalls.pause()
        }
    }

    private static func text(_ path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func environment(_ extra: [String: String]) -> [String: String] {
        ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("PG") && !$0.key.hasPrefix("KUGIRI_") }
            .merging(extra) { _, new in new }
    }
}

/// Looks at the memory of a program and its descendants while they run.
struct MemoryWatch {
    private let root: Int32
    private var order: [Int32] = []
    private var highest: [Int32: Int64] = [:]
    private var lastLook = Monotonic.now()

    init(root: Int32) { self.root = root }

    /// Looks when it is time to.
    mutating func look() {
        guard Monotonic.now() - lastLook >= BenchLimits.memorySampleInterval else { return }
        lastLook = Monotonic.now()
        var waiting = [root]
        var seen = 0
        while let pid = waiting.popLast(), seen < BenchLimits.descendantsMax {
            seen += 1
            if let bytes = Self.highWater(pid) {
                if highest[pid] == nil { order.append(pid) }
                highest[pid] = max(highest[pid] ?? 0, bytes)
            }
            waiting += Self.words("/proc/\(pid)/task/\(pid)/children").compactMap { Int32($0) }
        }
    }

    /// What was seen, the program first, then its descendants as they came.
    var peaks: [BenchResults.ProcessPeak] {
        order.enumerated().map { index, pid in
            .init(
                name: index == 0 ? "coordinator" : "worker \(index)", bytes: highest[pid] ?? 0)
        }
    }

    /// The highest memory of a process so far; nil: it is gone.
    static func highWater(_ pid: Int32) -> Int64? {
        let words = words("/proc/\(pid)/status")
        guard let label = words.firstIndex(of: "VmHWM:"), label + 1 < words.count,
            let kibibytes = Int64(words[label + 1])
        else { return nil }
        return kibibytes * 1_024
    }

    private static func words(_ path: String) -> [Substring] {
        guard let bytes = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: bytes, as: UTF8.self)
            .split { $0 == " " || $0 == "\n" || $0 == "\t" }
    }
}
