// The whole bench: prepares, compares rows on a small file, measures in interleaved rounds, and
// writes what it found.

import ArgumentParser
import Coordination
import FoundationEssentials
import Journal

/// The command `kugiri-bench run`.
struct RunBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure everything side by side; the default.",
        discussion: "Exit codes: 0 measured (bounds met or not), 12 the machine, 64 arguments, "
            + "70 somebody left other rows than Kugiri.")

    @Option(help: .init("Records of the file and members of the target.", valueName: "count"))
    var records = 5_000_000
    @Option(help: .init("Interleaved rounds.", valueName: "count"))
    var rounds = 3
    @Option(help: .init("Worker processes of Kugiri.", valueName: "count"))
    var workers = 2
    @Option(
        help: .init(
            "Parts to run, with commas: "
                + Section.allCases.map(\.rawValue).joined(separator: ", "),
            valueName: "parts"))
    var only: String?
    @Option(
        help: .init(
            "Contestants to run, with commas: "
                + Contestant.allCases.map(\.rawValue).joined(separator: ", "),
            valueName: "names"))
    var contestants: String?
    @Option(
        help: .init(
            "The two sizes that show growth; left out: a fifth and the double of --records.",
            valueName: "small,large"))
    var growth: String?
    @Option(help: .init("Online transactions per second.", valueName: "count"))
    var onlineRate = 200
    @Option(
        help: .init("Write the target's rows in the order of the key or file.", valueName: "order"))
    var targetOrder = "key"
    @Option(help: .init("Where results.json and results.svg go.", valueName: "folder"))
    var output = ".kugiri-bench-results"
    @Option(help: .init("Server and files while it runs; emptied.", valueName: "folder"))
    var directory = ".kugiri-bench"
    @Option(help: .init("The product's binary; left out: beside this one.", valueName: "path"))
    var kugiri: String?
    @Option(help: .init("A Python that has the module duckdb.", valueName: "path"))
    var python: String?
    @Option(help: .init("The checkout.", valueName: "folder"))
    var root = "."

    func validate() throws {
        guard records >= 100, rounds >= 1, workers >= 1, onlineRate >= 1 else {
            throw ValidationError("--records takes 100 or more; the other numbers 1 or more")
        }
        guard targetOrder == "key" || targetOrder == "file" else {
            throw ValidationError("--target-order takes key or file")
        }
        _ = try plan()
    }

    func run() throws {
        try conduct {
            let folder = Paths.absolute(output)
            try Files.makeDirectory(folder)
            let arena = try Arena(
                directory: Paths.absolute(directory), root: Paths.absolute(root),
                kugiri: kugiri.map(Paths.absolute) ?? Paths.beside("kugiri"), python: python)
            do {
                let session = BenchSession(arena: arena, plan: try plan())
                let results = try session.run { try ResultFiles.write($0, to: folder) }
                print(ReportPage(results).terminal())
                Screen.say("results: \(folder)/results.json and results.svg")
            } catch {
                // The first failure is the one to tell.
                do { try arena.remove() } catch let second { Screen.say("also: \(second)") }
                throw error
            }
            try arena.remove()
        }
    }

    private func plan() throws -> BenchPlan {
        let sizes = try growth.map { text in
            let sizes = text.split(separator: ",").compactMap { Int($0) }
            guard sizes.count == 2, sizes[0] >= 100, sizes[1] > sizes[0] else {
                throw ValidationError("--growth takes two sizes, the smaller first: 1000,10000")
            }
            return sizes
        }
        return BenchPlan(
            records: records, rounds: rounds, workers: workers,
            sections: try Self.names(only, "--only"),
            contestants: try Self.names(contestants, "--contestants"),
            growth: sizes ?? [max(100, records / 5), records * 2], onlineRate: onlineRate,
            targetOrder: targetOrder)
    }

    /// Values of a list with commas; all of them when there is none.
    private static func names<Value: RawRepresentable & CaseIterable & Hashable>(
        _ text: String?, _ option: String
    ) throws -> Set<Value> where Value.RawValue == String {
        guard let text else { return Set(Value.allCases) }
        return Set(
            try text.split(separator: ",").map { name in
                guard let value = Value(rawValue: String(name)) else {
                    let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("\(option): there is no \(name); there are: \(known)")
                }
                return value
            })
    }
}

/// What is to be measured.
struct BenchPlan {
    var records: Int
    var rounds: Int
    var workers: Int
    var sections: Set<Section>
    var contestants: Set<Contestant>
    var growth: [Int]
    var onlineRate: Int
    var targetOrder: String

    /// The scenarios of one size that are asked for.
    var scenarios: [Scenario] {
        Scenario.allCases.filter { sections.contains($0.section) && $0.section != .growth }
    }
}
