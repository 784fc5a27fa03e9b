// `logs`: the merged log of a run, whole or in part, while it is written or later.

import ArgumentParser
import Coordination
import FoundationEssentials
import Glibc
import Journal
import Ledger
import Loading
import Plan
import Postgres

/// The command `kugiri logs RUN`.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the log of a run, also while it is written.",
        discussion: "With --follow until the run ends. With --json one object per line.")
    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Option(help: .init("Only lines about this partition.", valueName: "number"))
    var partition: Int?
    @Option(help: .init("Only lines about this worker.", valueName: "name"))
    var worker: String?
    @Option(help: "Only lines at least this grave: I, W or E.")
    var level = "I"
    @Flag(help: "Go on until the run ends.")
    var follow = false
    @Flag(help: "Print as JSON, one object per line.")
    var json = false
    @OptionGroup var options: SettingsOptions

    /// Time between two looks for new lines.
    private static let pauseMicroseconds: UInt32 = 200_000
    /// Looks without a new line and without a coordinator after which a run counts as over: a
    /// coordinator that starts or ends holds its target a moment longer or later than its lines.
    private static let quietLooksMax = 10

    /// A line for machines: schema `kugiri.log/1`, in `ops/schema/log-1.json`.
    private struct Line: Encodable {
        var schema = "kugiri.log/1"
        var runID: String
        var time: Timestamp?
        var id: String?
        var severity: String?
        var partition: Int?
        var worker: String?
        var args: [String: String]?
        var text: String

        enum CodingKeys: String, CodingKey {
            case schema, time, id, severity, partition, worker, args, text
            case runID = "run_id"
        }
    }

    func validate() throws {
        guard Severity(rawValue: level.uppercased()) == nil else { return }
        throw ValidationError("--level takes I, W or E, not '\(level)'")
    }

    func run() throws {
        try conduct("logs", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "logs")
            let run = try Inspection.run(runID, connection)
            guard let directory = LogGenerations.directory(of: runID, run.definition) else {
                throw Refusal(
                    .infrastructure,
                    [
                        "the logs of run \(runID) are neither in "
                            + "\(run.definition.runDirectory(of: runID)) nor in "
                            + run.definition.archivedRunDirectory(of: runID)
                            + " of this machine; look on the coordinator's, or ask "
                            + "'kugiri report \(runID)', which needs no file"
                    ])
            }
            var log = try RunLogReader(directory: directory)
            var quietLooks = 0
            while true {
                while let line = try log.next() {
                    quietLooks = 0
                    try show(line)
                }
                guard follow else { return .normal }
                _ = fflush(nil)
                quietLooks = try StatusLedger.isOn(runID, connection) ? 0 : quietLooks + 1
                guard quietLooks < Self.quietLooksMax else { return .normal }
                usleep(Self.pauseMicroseconds)
            }
        }
    }

    private func show(_ line: RunLogReader.Line) throws {
        switch line {
        case .event(let event):
            guard isWanted(event) else { return }
            guard json else { return Output.line(Escaping.escaped(event.text())) }
            Output.line(
                try JSONText.compact(
                    Line(
                        runID: runID, time: event.time, id: event.id.rawValue,
                        severity: event.id.severity.rawValue, partition: event.partition,
                        worker: event.worker, args: event.arguments,
                        text: Escaping.escaped(event.message.text()))))
        case .foreign(let text):
            // Nobody knows what it is about; it is shown unless something is asked for.
            guard partition == nil, worker == nil, level.uppercased() == "I" else { return }
            guard json else { return Output.line("? \(text)") }
            Output.line(try JSONText.compact(Line(runID: runID, text: text)))
        }
    }

    private func isWanted(_ event: LogEvent) -> Bool {
        let order: [Severity] = [.information, .warning, .error]
        let least = Severity(rawValue: level.uppercased()).flatMap(order.firstIndex(of:)) ?? 0
        guard (order.firstIndex(of: event.id.severity) ?? 0) >= least else { return false }
        if let partition, event.partition != partition { return false }
        if let worker, event.worker != worker { return false }
        return true
    }
}
