// The files of one size, and the states of the target that belong to them.

import Coordination
import FoundationEssentials

/// Files and templates for one number of records.
struct Workload {
    let arena: Arena
    let records: Int
    /// Makes the names of files and databases unique among workloads.
    let name: String
    /// Whether the target's rows are written in the order of their keys.
    let isOrdered: Bool

    /// The night before, from which a filled target comes, and the night that is measured.
    static let before = "2026-11-20"
    static let date = "2026-11-21"

    /// The seeds of the two nights: the same members, other results.
    private static let seedBefore = 1
    private static let seed = 2

    /// The night that is measured.
    var input: String { path("night.txt") }
    /// The same with a control total that does not hold.
    var wrongInput: String { path("wrong.txt") }
    /// The night as CSV, in the order of the file.
    var csv: String { path("night.csv") }
    private var csvBefore: String { path("before.csv") }

    var filled: String { "\(name)_filled" }
    var empty: String { "\(name)_empty" }
    var nearlySame: String { "\(name)_nearly_same" }

    private func path(_ file: String) -> String { "\(arena.directory)/\(name)-\(file)" }

    /// The template a scenario begins with.
    func template(of scenario: Scenario) -> String {
        switch scenario {
        case .change, .rejected, .split, .growthSmall, .growthLarge: filled
        case .empty, .growthEmpty: empty
        case .onePercent: nearlySame
        }
    }

    /// Writes the file of the night.
    func makeInput() throws { try sample(input, seed: Self.seed, Self.date) }

    /// Writes the night with a defect in a control total.
    func makeWrongInput() throws {
        try sample(wrongInput, seed: Self.seed, Self.date, ["--defect", "total-off:1"])
    }

    /// Writes the night's CSV from its file.
    func makeCSV() throws { try PeerCSV.convert(input, businessDate: Self.date, to: csv) }

    /// Sorts and divides the CSV for the floor.
    func divide() throws -> DividedCSV {
        guard let sort = Tools.path(of: "sort") else {
            throw BenchFault("the program sort is not installed")
        }
        let sorted = path("sorted.csv")
        _ = try arena.programs.run(
            Program(
                executable: sort,
                arguments: [
                    "-t", ",", "-k", "1,1", "-S", "20%", "-T", arena.directory, "-o", sorted, csv,
                ], environment: ["LC_ALL": "C"]))
        let divided = try DividedCSV(sorted, lines: records, to: path("part-"))
        Files.remove(sorted)
        return divided
    }

    /// Makes the templates that these scenarios need.
    func makeTemplates(for scenarios: [Scenario]) throws {
        let needed = Set(scenarios.map { template(of: $0) })
        if needed.contains(empty) { try arena.makeTemplate(empty, scripts: []) }
        guard needed.contains(filled) || needed.contains(nearlySame) else { return }
        let file = path("before.txt")
        try sample(file, seed: Self.seedBefore, Self.before)
        try PeerCSV.convert(file, businessDate: Self.before, to: csvBefore)
        Files.remove(file)
        try arena.makeTemplate(
            filled,
            scripts: [
                PeerSQL.settings(.tuned) + PeerSQL.createStage() + PeerSQL.copy(csvBefore)
                    + PeerSQL.fill(date: Self.before, isOrdered: isOrdered)
            ])
        Files.remove(csvBefore)
        guard needed.contains(nearlySame) else { return }
        try arena.makeTemplate(
            nearlySame, from: filled,
            scripts: [
                PeerSQL.script(.tuned, input: csv, date: Self.date) + PeerSQL.touchOnePercent
            ])
    }

    /// Removes the files and templates.
    func remove() throws {
        for file in [input, wrongInput, csv, path("part-1.csv"), path("part-2.csv")] {
            Files.remove(file)
        }
        for template in [filled, empty, nearlySame] { try arena.dropTemplate(template) }
    }

    private func sample(
        _ output: String, seed: Int, _ date: String, _ more: [String] = []
    ) throws {
        let settings = try KugiriSettings(
            database: arena.url("kugiri"), state: "\(arena.directory)/state"
        )
        .write(to: "\(arena.directory)/sample.yaml")
        _ = try arena.programs.run(
            Program(
                executable: arena.tools.kugiri,
                arguments: [
                    "sample", "debit-result", "--settings", settings, "--records",
                    String(records), "--seed", String(seed), "--set", "business_date=\(date)",
                    "--output", output,
                ] + more))
    }
}
