// One measurement: a contestant does its work on a fresh target, and the rows are compared.

import Coordination
import FoundationEssentials
import Postgres

/// Runs contestants over one workload.
struct Contest {
    let arena: Arena
    let workload: Workload
    let workers: Int
    /// What the floor and DuckDB need; nil: neither takes part.
    let divided: DividedCSV?

    /// Takes one measurement.
    func measure(
        _ contestant: Contestant, in scenario: Scenario, round: Int
    ) throws -> BenchResults.Sample {
        try arena.reset(to: workload.template(of: scenario))
        let (measured, phases) = try run(contestant, scenario)
        let digest = scenario.comparesRows ? try arena.digest() : nil
        return BenchResults.Sample(
            scenario: scenario.rawValue, contestant: contestant.rawValue, round: round,
            records: workload.records, seconds: measured.seconds,
            processorSeconds: measured.processorSeconds, peakBytes: measured.peakBytes,
            processes: measured.processes, phases: phases, digest: digest)
    }

    private func run(
        _ contestant: Contestant, _ scenario: Scenario
    ) throws -> (Measured, phases: [String: Double]) {
        switch contestant {
        case .kugiri: return try kugiri(scenario, [])
        case .kugiriWithoutHistory: return try kugiri(scenario, ["history: off"])
        case .kugiriIntervals: return try kugiri(scenario, ["indicator: intervals"])
        case .kugiriValidate: return (try validate(), [:])
        case .script: return (try script(.defaults), [:])
        case .scriptTuned: return (try script(.tuned), [:])
        case .pgloader: return (try pgloader(), [:])
        case .floor: return (try floor(inserts: scenario == .empty), [:])
        case .duckdb: return (try duckdb(), [:])
        case .copy: return (try copy(), [:])
        }
    }

    // MARK: Kugiri

    /// The part of a run's JSON that the bench reads.
    private struct Report: Decodable {
        struct Phase: Decodable {
            var name: String
            var seconds: Double

            enum CodingKeys: String, CodingKey {
                case name
                case seconds = "elapsed_seconds"
            }
        }
        var phases: [Phase]
    }

    /// A program that loads the workload's night.
    func night(
        _ extra: [String], input: String? = nil, goodCodes: Set<Int32> = [0]
    ) throws -> Program {
        let settings = try settings(extra)
        return Program(
            executable: arena.tools.kugiri,
            arguments: [
                "run", "debit-result", "--settings", settings, "--input",
                input ?? workload.input, "--set", "business_date=\(Workload.date)", "--json",
                "--quiet",
            ], goodCodes: goodCodes)
    }

    private func settings(_ extra: [String]) throws -> String {
        try KugiriSettings(
            database: arena.url(), state: "\(arena.directory)/state", workers: workers,
            extra: extra
        )
        .write(to: "\(arena.directory)/night.yaml")
    }

    private func kugiri(
        _ scenario: Scenario, _ extra: [String]
    ) throws -> (Measured, phases: [String: Double]) {
        let isWrong = scenario == .rejected
        let program = try night(
            extra, input: isWrong ? workload.wrongInput : nil, goodCodes: isWrong ? [9] : [0])
        let measured = try arena.programs.run(program, isWatched: true)
        let json = Data((measured.outputs.first ?? "").utf8)
        let report = try JSONDecoder().decode(Report.self, from: json)
        var phases: [String: Double] = [:]
        for phase in report.phases { phases[phase.name, default: 0] += phase.seconds }
        return (measured, phases)
    }

    private func validate() throws -> Measured {
        let settings = try settings([])
        return try arena.programs.run(
            Program(
                executable: arena.tools.kugiri,
                arguments: [
                    "validate", "debit-result", "--settings", settings, "--input",
                    workload.wrongInput, "--set", "business_date=\(Workload.date)",
                ], goodCodes: [9]), isWatched: true)
    }

    // MARK: Peers

    private func script(_ session: PeerSQL.Session) throws -> Measured {
        try arena.programs.run(
            try arena.psql(
                PeerSQL.script(session, input: workload.csv, date: Workload.date), "script"))
    }

    private func copy() throws -> Measured {
        try arena.programs.run(
            try arena.psql(
                PeerSQL.settings(.defaults) + PeerSQL.createStage() + PeerSQL.copy(workload.csv),
                "copy"))
    }

    private func pgloader() throws -> Measured {
        guard let pgloader = arena.tools.pgloader else {
            throw BenchFault("pgloader is not installed")
        }
        let path = "\(arena.directory)/stage.load"
        try Files.replace(
            path,
            with: try PeerSQL.pgloader(
                input: workload.csv, socket: arena.socketDirectory(), database: Arena.database))
        let load = try arena.programs.run(
            Program(
                executable: pgloader,
                arguments: ["--root-dir", "\(arena.directory)/pgloader", "--quiet", path]))
        // It ends well although rows were left behind, so they are counted.
        let staged = try arena.connect().query("SELECT count(*) FROM stage_debit").int(0, 0) ?? 0
        guard staged == Int64(workload.records) else {
            throw BenchFault("pgloader staged \(staged) of \(workload.records) rows", exitCode: 70)
        }
        return load
            + (try arena.programs.run(
                try arena.psql(
                    PeerSQL.settings(.defaults)
                        + PeerSQL.upsert(date: Workload.date, isOrdered: false), "script")))
    }

    private func floor(inserts: Bool) throws -> Measured {
        guard let divided else { throw BenchFault("the floor's input was not made") }
        let programs = try divided.files.indices.map { index in
            try arena.psql(
                PeerSQL.floor(
                    number: index + 1, input: divided.files[index], date: Workload.date,
                    chunks: divided.chunks[index], inserts: inserts), "floor-\(index + 1)")
        }
        return try arena.programs.run(programs)
    }

    private func duckdb() throws -> Measured {
        guard let duckdb = arena.tools.duckdb, let divided else {
            throw BenchFault("DuckDB is not installed")
        }
        let output = "\(arena.directory)/duckdb"
        try Files.removeDirectory(output)
        let measured = try arena.programs.run(
            duckdb.run(PeerSQL.duckdb(input: workload.csv, output: output, cuts: divided.cuts)))
        let lines = try Self.lines(under: output)
        guard lines == workload.records else {
            throw BenchFault(
                "DuckDB divided \(lines) of \(workload.records) records", exitCode: 70)
        }
        try Files.removeDirectory(output)
        return measured
    }

    /// Lines of all files under a folder.
    private static func lines(under folder: String) throws -> Int {
        var count = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where name.hasSuffix(".csv") {
            let file = try Files.openForReading("\(folder)/\(name)")
            var block = [UInt8](repeating: 0, count: BenchLimits.blockBytes)
            while true {
                let got = try file.read(into: &block, at: 0, count: block.count)
                if got == 0 { break }
                for index in 0..<got where block[index] == UInt8(ascii: "\n") { count += 1 }
            }
        }
        return count
    }
}
