// `runs`: every generation the ledger knows, newest first.

import ArgumentParser
import Coordination
import FoundationEssentials
import Journal
import Ledger
import Plan
import Postgres

/// The command `kugiri runs`.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List runs, the newest first.")
    @Option(help: .init("Only runs of this job.", valueName: "job"))
    var job: String?
    @Option(help: "Runs shown at the most.")
    var limit = 20
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    /// The list for machines: schema `kugiri.runs/1`, in `ops/schema/runs-1.json`.
    private struct List: Encodable {
        var schema = "kugiri.runs/1"
        var runs: [Row]
    }

    private struct Row: Encodable {
        var runID: String
        var job: String
        var businessDate: String?
        var state: String
        var phase: String
        var result: String?
        var exitCode: Int?
        var startedAt: Timestamp
        var endedAt: Timestamp?
        var elapsedSeconds: Double?
        var counts: Counts?
        var coordinator: String

        init(_ line: RunLine, offsetSeconds: Int) throws {
            func moment(_ milliseconds: Int64) -> Timestamp {
                Timestamp(milliseconds: milliseconds, offsetSeconds: offsetSeconds)
            }
            runID = line.run
            job = line.job
            businessDate = line.businessDate
            state = line.state
            phase = line.phase
            result = line.result
            exitCode = line.exitCode
            startedAt = moment(line.startedAt)
            endedAt = line.endedAt.map(moment)
            elapsedSeconds = line.elapsedSeconds
            counts = try line.counts.map {
                try JSONDecoder().decode(Counts.self, from: Data($0.utf8))
            }
            coordinator = line.coordinator
        }

        enum CodingKeys: String, CodingKey {
            case job, state, phase, result, counts, coordinator
            case runID = "run_id"
            case businessDate = "business_date"
            case exitCode = "exit_code"
            case startedAt = "started_at"
            case endedAt = "ended_at"
            case elapsedSeconds = "elapsed_seconds"
        }
    }

    func validate() throws {
        guard limit < 1 else { return }
        throw ValidationError("--limit is a number of runs, 1 or more")
    }

    func run() throws {
        try conduct("runs", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "runs")
            let offset = Timestamp.now().offsetSeconds
            let rows = try StatusLedger.runs(job: job, limit: limit, connection).map {
                try Row($0, offsetSeconds: offset)
            }
            if json {
                try Output.json(List(runs: rows))
            } else if rows.isEmpty {
                Output.line("no run yet\(job.map { " of job \($0)" } ?? "")")
            } else {
                Output.line(Self.table(rows))
            }
            return .normal
        }
    }

    private static func table(_ rows: [Row]) -> String {
        func figure(_ value: Int64?) -> String { value.map(Figures.count) ?? "-" }
        return Table.render(
            columns: [
                .init("run"), .init("state"), .init("phase"), .init("result"),
                .init("exit", .right), .init("input", .right), .init("loaded", .right),
                .init("rejected", .right), .init("conflicts", .right), .init("started"),
                .init("elapsed", .right),
            ],
            rows: rows.map { row in
                [
                    row.runID, row.state, row.phase, row.result ?? "-",
                    row.exitCode.map { String($0) } ?? "-", figure(row.counts?.input),
                    figure(row.counts?.loaded), figure(row.counts?.rejected),
                    figure(row.counts?.conflicts), row.startedAt.iso8601WithOffset,
                    row.elapsedSeconds.map { Figures.duration(seconds: $0) } ?? "-",
                ]
            })
    }
}
