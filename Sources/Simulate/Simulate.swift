// The command line of the simulator: many seeds, or one seed shown whole.

import ArgumentParser
import Glibc
import Simulator

/// The simulator.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kugiri-simulate",
        abstract: "Runs the fleet's state machines in one thread under a seeded clock.",
        discussion: """
            Every seed is a night: an input, a fleet, online writes, and faults of messages, \
            statements, processes and the server. The same seed does the same, bit for bit. \
            Exit codes: 0 nothing was found, 70 something was.
            """,
        subcommands: [SeedsCommand.self, ReplayCommand.self, FuzzCommand.self],
        defaultSubcommand: SeedsCommand.self)
}

/// Seeds from one number to another, both included.
struct SeedRange: ExpressibleByArgument {
    var range: ClosedRange<UInt64>

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: true)
        guard let first = parts.first.flatMap({ UInt64($0) }) else { return nil }
        guard argument.contains("..") else {
            guard parts.count == 1 else { return nil }
            range = first...first
            return
        }
        guard parts.count == 2, let last = UInt64(parts[1]), last >= first else { return nil }
        range = first...last
    }
}

/// The command `kugiri-simulate seeds`.
struct SeedsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seeds", abstract: "Run many seeds and say what was found.")

    @Option(help: .init("Seeds, both ends included, for example 1..10000.", valueName: "from..to"))
    var seeds: SeedRange
    @Option(help: .init("Stop after so many seeds that fail.", valueName: "count"))
    var failuresMax = 5

    func run() throws {
        let clock = ContinuousClock()
        let start = clock.now
        var failed: [Verdict] = []
        var count: UInt64 = 0
        var digest: UInt64 = 0
        var longest = 0
        for seed in seeds.range {
            let verdict = Simulator.run(Scenario(seed: seed))
            count += 1
            digest = (digest ^ verdict.hash) &* 0x100_0000_01B3
            longest = max(longest, verdict.publishedAt ?? 0)
            guard !verdict.findings.isEmpty else { continue }
            failed.append(verdict)
            print("seed \(seed):")
            for finding in verdict.findings { print("  \(finding)") }
            print("  replay: kugiri-simulate replay --seed \(seed)")
            if failed.count >= failuresMax { break }
        }
        let seconds = max((clock.now - start) / .seconds(1), 0.000_001)
        print(
            "seeds=\(count) failed=\(failed.count) longest=\(longest)ms "
                + "rate=\(Int(Double(count) / seconds))/s digest=\(String(digest, radix: 16))")
        if !failed.isEmpty { throw ExitCode(70) }
    }
}

/// The command `kugiri-simulate replay`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run one seed and print its faults and its event log.",
        discussion: "A seed that fails is made small first: only faults it needs are left.")

    @Option(help: .init("The seed.", valueName: "number"))
    var seed: UInt64
    @Flag(help: "Keep every fault and write of the seed.")
    var whole = false

    func run() throws {
        let drawn = Scenario(seed: seed)
        let scenario = whole ? drawn : Simulator.shrunk(drawn)
        let verdict = Simulator.run(scenario, isTraced: true)
        for line in verdict.log { print(line) }
        print("faults: \(scenario.faults.count) of \(drawn.faults.count)")
        for fault in scenario.faults { print("  \(fault)") }
        print("online writes: \(scenario.writes.count) of \(drawn.writes.count)")
        for write in scenario.writes { print("  \(write)") }
        print("findings: \(verdict.findings.count)")
        for finding in verdict.findings { print("  \(finding)") }
        print(
            "seed=\(seed) hash=\(String(verdict.hash, radix: 16)) entries=\(verdict.entries) "
                + "published=\(verdict.publishedAt.map { "\($0)ms" } ?? "no")")
        if !verdict.findings.isEmpty { throw ExitCode(70) }
    }
}

/// The command `kugiri-simulate fuzz`.
struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz",
        abstract: "Throw broken messages at the parser of the wire.",
        discussion: """
            Built with --sanitize=address, memory errors end it with a report too. Exit codes: 0 \
            nothing was found, 70 a broken message was read as something it does not say.
            """)

    @Option(help: .init("Inputs tried.", valueName: "count"))
    var executions = 1_000_000
    @Option(
        help: .init("Where to begin; the same seed tries the same inputs.", valueName: "number"))
    var seed: UInt64 = 1

    func run() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let result = WireFuzz.run(seed: seed, executions: executions)
        let seconds = max((clock.now - start) / .seconds(1), 0.000_001)
        if let misread = result.misread {
            print("accepted, but encoded differently: \(misread)")
        }
        print(
            "executions=\(result.executions) accepted=\(result.accepted) "
                + "refusals=\(result.refusals.count) misread=\(result.misread == nil ? 0 : 1) "
                + "seed=\(seed) rate=\(Int(Double(result.executions) / seconds))/s")
        if result.misread != nil { throw ExitCode(70) }
    }
}
