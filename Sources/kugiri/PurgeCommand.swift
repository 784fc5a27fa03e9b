// `purge`: what old runs left behind goes. Shows it first, and asks.

import ArgumentParser
import Coordination
import Glibc
import Journal
import Ledger
import Plan
import Settings

/// The command `kugiri purge`.
struct PurgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Remove what old runs left behind; show it first, and ask.",
        discussion: "Never of an unfinished run, nor of the one a job published last, nor an "
            + "archived input that a run which is kept has too. The run's own row, its certificate "
            + "and its publication stay for ever: they are small, and the proof.")
    @Option(
        help: .init("Keep runs that ended less than this ago: 90d, 36h, 10m, 0s.", valueName: "age")
    )
    var keep: String
    @Option(help: .init("Only runs of this job.", valueName: "job"))
    var job: String?
    @Option(
        help: .init(
            "Only these kinds, with commas: staging, history, spool, cache, archive, logs. Without it "
                + "everything goes, the ledger's rows too.", valueName: "kinds"))
    var what: String?
    @Flag(help: "Only show what would be removed.")
    var dryRun = false
    @Flag(help: "Yes, remove it.")
    var yes = false
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("purge", json: json) {
            let (age, kinds) = (try Self.seconds(keep), try Self.kinds(what))
            let settings = try options.load()
            let request = PurgeRequest(
                keepSeconds: age, job: job, kinds: kinds, state: settings.directories.state)
            let connection = try Database.connect(settings, purpose: "purge")
            try Purge.begin(connection)
            let plan = try PurgePlan(request, connection)
            if dryRun || plan.isEmpty {
                try show(plan, purged: [])
                return .normal
            }
            if !json { Output.line(text(plan)) }
            guard try yes || isAgreed(plan) else {
                throw Refusal(.usage, ["nothing was removed; say --yes to remove it"])
            }
            let done = try Purge.carryOut(
                plan,
                note: { connection in
                    try Preparation.audit(
                        CommandLine.arguments.joined(separator: " "), run: nil,
                        version: Version.text, hash: Preparation.hash(settings.canonicalText),
                        reason: "\(plan.runsShown.count) runs, \(plan.bytes) bytes", connection)
                }, connection)
            if json { try show(plan, purged: done) } else { Output.line(Self.told(plan, done)) }
            return .normal
        }
    }

    /// An age in seconds; throws 64 for anything else.
    private static func seconds(_ text: String) throws -> Int64 {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        // 36,500 days: longer than any business keeps its nights.
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...36_500 * 86_400 / unit).contains(count)
        else {
            throw Refusal(.usage, ["--keep takes an age such as 90d, 36h, 10m, not '\(text)'"])
        }
        return count * unit
    }

    private static func kinds(_ text: String?) throws -> Set<PurgeKind>? {
        guard let text else { return nil }
        let known = PurgeKind.allCases.filter { $0 != .ledger }
        return Set(
            try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let kind = known.first(where: { $0.rawValue == word }) else {
                    let names = known.map(\.rawValue).joined(separator: ", ")
                    throw Refusal(.usage, ["--what takes \(names), not '\(word)'"])
                }
                return kind
            })
    }

    /// Asks the person at the terminal; without one nobody can agree.
    private func isAgreed(_ plan: PurgePlan) throws -> Bool {
        guard !json, isatty(STDIN_FILENO) == 1 else { return false }
        Output.line("Type yes to remove this of \(plan.runsShown.count) runs:")
        return readLine() == "yes"
    }
}

// What it shows.
extension PurgeCommand {
    /// Runs named one by one; the others are counted.
    private static let runsNamedMax = 20

    /// What was planned, and done, for machines: schema `kugiri.purge/1`, in
    /// `ops/schema/purge-1.json`.
    private struct Shown: Encodable {
        struct Run: Encodable {
            var runID: String
            var job: String
            var state: String
            var endedAt: Timestamp

            enum CodingKeys: String, CodingKey {
                case job, state
                case runID = "run_id"
                case endedAt = "ended_at"
            }
        }

        struct Share: Encodable {
            var kind: String
            var objects: Int
            var rows: Int64?
            var bytes: Int64
        }

        var schema = "kugiri.purge/1"
        var dryRun: Bool
        var runs: [Run]
        var kinds: [Share]
        var archivesKept: [String]
        var purged: [String]

        enum CodingKeys: String, CodingKey {
            case schema, runs, kinds, purged
            case dryRun = "dry_run"
            case archivesKept = "archives_kept"
        }
    }

    private func show(_ plan: PurgePlan, purged: [String]) throws {
        guard json else { return Output.line(text(plan)) }
        try Output.json(
            Shown(
                dryRun: dryRun,
                runs: plan.runsShown.map {
                    .init(
                        runID: $0.run, job: $0.job, state: $0.state,
                        endedAt: LocalTime.moment($0.endedAt))
                },
                kinds: plan.shares.map {
                    .init(
                        kind: $0.kind.rawValue, objects: $0.objects, rows: $0.rows,
                        bytes: $0.bytes)
                }, archivesKept: plan.archivesKept, purged: purged))
    }

    private func text(_ plan: PurgePlan) -> String {
        guard !plan.isEmpty else { return "there is nothing older than \(keep) to purge" }
        var lines = Table.render(
            columns: [.init("run"), .init("state"), .init("ended")],
            rows: plan.runsShown.prefix(Self.runsNamedMax).map {
                [$0.run, $0.state, LocalTime.moment($0.endedAt).iso8601WithOffset]
            })
        if plan.runsShown.count > Self.runsNamedMax {
            lines += "… and \(plan.runsShown.count - Self.runsNamedMax) more\n"
        }
        lines += "\n"
        lines += Table.render(
            columns: [
                .init("what"), .init("tables, files, runs", .right), .init("rows", .right),
                .init("bytes", .right),
            ],
            rows: plan.shares.map {
                [
                    $0.kind.rawValue, Figures.count(Int64($0.objects)),
                    $0.rows.map(Figures.count) ?? "-", Figures.bytes($0.bytes),
                ]
            })
        for run in plan.archivesKept {
            lines += "the archived input of \(run) stays: a run that is kept has the same\n"
        }
        return lines
    }

    private static func told(_ plan: PurgePlan, _ done: [String]) -> String {
        let left = plan.runsShown.count - done.count
        let rest = left == 0 ? "" : "; \(left) were opened or published meanwhile and are kept"
        return "purged \(done.count) runs, \(Figures.bytes(plan.bytes))\(rest)"
    }
}
