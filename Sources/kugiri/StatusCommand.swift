// `status`: how a run stands, from any machine that reaches the database.

import ArgumentParser
import Coordination
import Glibc
import Journal
import Plan
import Postgres

/// The command `kugiri status [RUN]`.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how a run stands: phase, rate, end, workers, partitions, troubles.",
        discussion: "Without a run: the newest that is on, else the newest of all. The exit code "
            + "is 0 when the question could be answered, whatever the run came to.")

    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String?
    @Flag(help: "Go on until the run ends; in a pipe one line per refresh.")
    var watch = false
    @Flag(help: "Print as JSON; with --watch one object per line.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("status", json: json) {
            let settings = try options.load()
            let url = try Database.url(settings).url
            let connection = try Database.connect(settings, purpose: "status")
            guard let report = try StatusReport.read(run: runID, connection) else {
                throw Refusal(.usage, ["there is no run \(runID ?? "-"); see 'kugiri runs'"])
            }
            guard watch else {
                if json { try Output.json(report) } else { Output.line(StatusText.screen(report)) }
                return .normal
            }
            let terminal = Terminal(.standardOutput)
            var linesShown = 0
            var watch = try StatusWatch(report, url: url)
            try watch.follow(connection) { report in
                if json {
                    Output.line(try JSONText.compact(report))
                } else if terminal.canRedraw {
                    let screen = StatusText.screen(report)
                    terminal.write(Self.redrawn(screen, over: linesShown, terminal))
                    linesShown = min(
                        screen.count { $0 == "\n" }, max(1, terminal.rows - 1))
                } else {
                    Output.line(StatusText.line(report))
                }
                _ = fflush(nil)
            }
            return .normal
        }
    }

    /// A screen over the one before it, cut to what the terminal can hold.
    private static func redrawn(
        _ screen: String, over linesShown: Int, _ terminal: Terminal
    ) -> String {
        var text = linesShown > 0 ? "\u{1B}[\(linesShown)A\r" : ""
        for line in screen.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .prefix(max(1, terminal.rows - 1))
        {
            text += DisplayWidth.truncated(String(line), to: max(1, terminal.columns - 1))
            text += "\u{1B}[K\n"
        }
        return text + "\u{1B}[J"
    }
}
