// The steps of a night one by one, in this process, over the same file: where the time goes.

import ArgumentParser
import Coordination
import FoundationEssentials
import Journal
import Messaging

/// The command `kugiri-bench stages`.
struct StagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stages",
        abstract:
            "Measure the steps of a night one by one, each with records per second and share.",
        discussion: "One thread, one connection, the product's own code; a fleet runs the "
            + "steps from 'control totals' on side by side. Rates are medians of the rounds.")

    @Option(help: .init("Records of the file and members of the target.", valueName: "count"))
    var records = 500_000
    @Option(help: .init("Rounds; each begins with a fresh target.", valueName: "count"))
    var rounds = 3
    @Option(help: .init("Show only these stages, with commas, by their names.", valueName: "names"))
    var only: String?
    @Flag(help: "Load into an empty target instead of a filled one.")
    var empty = false
    @Flag(help: "Print the result as JSON.")
    var json = false
    @Option(help: .init("Server and files while it runs; emptied.", valueName: "folder"))
    var directory = ".kugiri-bench"
    @Option(help: .init("The product's binary; left out: beside this one.", valueName: "path"))
    var kugiri: String?
    @Option(help: .init("The checkout.", valueName: "folder"))
    var root = "."

    /// The result for machines.
    private struct Report: Encodable {
        var schema = "kugiri.bench-stages/1"
        var records: Int
        var rounds: Int
        var stages: [Line]

        struct Line: Encodable {
            var name: String
            var seconds: Double
            var processorSeconds: Double
            var share: Double

            enum CodingKeys: String, CodingKey {
                case name, seconds, share
                case processorSeconds = "processor_seconds"
            }
        }
    }

    func validate() throws {
        guard records >= 100, rounds >= 1 else {
            throw ValidationError("--records takes 100 or more, --rounds 1 or more")
        }
    }

    func run() throws {
        try conduct {
            let arena = try Arena(
                directory: Paths.absolute(directory), root: Paths.absolute(root),
                kugiri: kugiri.map(Paths.absolute) ?? Paths.beside("kugiri"), python: nil)
            do {
                show(try measure(arena))
            } catch {
                do { try arena.remove() } catch let second { Screen.say("also: \(second)") }
                throw error
            }
            try arena.remove()
        }
    }

    private func measure(_ arena: Arena) throws -> StageTimes {
        let workload = Workload(arena: arena, records: records, name: "stages", isOrdered: true)
        Screen.say("preparing \(records) records and the target")
        try workload.makeInput()
        try workload.makeTemplates(for: [empty ? .empty : .change])
        var times = StageTimes()
        for round in 1...rounds {
            try arena.reset(to: empty ? workload.empty : workload.filled)
            let stages = try Stages(arena: arena, workload: workload)
            try stages.run(&times)
            Screen.say("round \(round) of \(rounds)")
        }
        return times
    }

    private func show(_ times: StageTimes) {
        let wanted = only.map { $0.split(separator: ",").map { String($0) } }
        let lines = times.lines(records: records)
            .filter { line in wanted?.contains(line.name) ?? true }
        guard !json else {
            let report = Report(
                records: records, rounds: rounds,
                stages: lines.map {
                    .init(
                        name: $0.name, seconds: $0.seconds,
                        processorSeconds: $0.processorSeconds, share: $0.share)
                })
            do { print(try JSONText.pretty(report)) } catch { Screen.say("\(error)") }
            return
        }
        print(
            Table.render(
                columns: [
                    .init("stage"), .init("seconds", .right), .init("records/s", .right),
                    .init("our CPU", .right), .init("share", .right),
                ],
                rows: lines.map {
                    [
                        $0.name, Statistics.text($0.seconds, decimals: 3),
                        $0.seconds > 0 ? Figures.rate(Double(records) / $0.seconds) : "–",
                        Statistics.text($0.processorSeconds, decimals: 3),
                        Statistics.text($0.share * 100, decimals: 1) + " %",
                    ]
                },
                footer: [
                    "together",
                    Statistics.text(lines.reduce(0) { $0 + $1.seconds }, decimals: 3), "",
                    Statistics.text(lines.reduce(0) { $0 + $1.processorSeconds }, decimals: 3),
                ]))
    }
}

/// Times of stages over several rounds, in the order in which they were first taken.
package struct StageTimes: Sendable {
    private var order: [String] = []
    private var seconds: [String: [Double]] = [:]
    private var processor: [String: [Double]] = [:]

    /// No times.
    package init() {}

    /// One stage's medians.
    package struct Line: Sendable, Equatable {
        /// The stage.
        package var name: String
        /// By the clock.
        package var seconds: Double
        /// Processor time of this process, without the server's.
        package var processorSeconds: Double
        /// Of the seconds of all stages, 0 to 1.
        package var share: Double
    }

    /// Keeps a time.
    ///
    /// - Parameter addingToLast: It is a further part of the round before, not a round of its own.
    package mutating func add(
        _ stage: String, seconds value: Double, processorSeconds: Double,
        addingToLast: Bool = false
    ) {
        if seconds[stage] == nil { order.append(stage) }
        if addingToLast, let last = seconds[stage]?.last, let used = processor[stage]?.last {
            seconds[stage]?.removeLast()
            processor[stage]?.removeLast()
            seconds[stage]?.append(last + value)
            processor[stage]?.append(used + processorSeconds)
            return
        }
        seconds[stage, default: []].append(value)
        processor[stage, default: []].append(processorSeconds)
    }

    /// Medians and shares.
    package func lines(records: Int) -> [Line] {
        let medians = order.map { Statistics.median(seconds[$0] ?? []) ?? 0 }
        let total = medians.reduce(0, +)
        return zip(order, medians).map { name, median in
            Line(
                name: name, seconds: median,
                processorSeconds: Statistics.median(processor[name] ?? []) ?? 0,
                share: total > 0 ? median / total : 0)
        }
    }

    /// Times a stage.
    mutating func time<Result>(_ stage: String, _ body: () throws -> Result) rethrows -> Result {
        let processorBefore = SystemCalls.processorSeconds()
        let began = Monotonic.now()
        let result = try body()
        let elapsed = (Monotonic.now() - began) / .seconds(1)
        add(
            stage, seconds: elapsed,
            processorSeconds: SystemCalls.processorSeconds() - processorBefore)
        return result
    }
}
