// `cancel`: stops a run that is on, wherever its coordinator is.

import ArgumentParser
import Coordination
import Journal
import Plan

/// The command `kugiri cancel RUN`.
struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Stop a run at a chunk boundary; what is done stays done.",
        discussion: "Waits until it has stopped. The run's own command ends with 143; "
            + "'kugiri resume RUN' goes on with it. A run whose coordinator is gone is stopped too. "
            + "Ends with 0 when the run stands still, 5 when it had ended for good, 13 when it "
            + "does not stop.")

    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Option(help: .init("Why, for the run log and the audit.", valueName: "text"))
    var reason: String?
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("cancel", json: json) {
            let settings = try options.load()
            let connection = try Database.connect(settings, purpose: "cancel \(runID)")
            let cancel = CancelRun(
                run: runID, reason: reason, databaseURL: try Database.url(settings).url,
                command: CommandLine.arguments.joined(separator: " "), version: Version.text)
            guard let report = try cancel.cancel(connection) else {
                throw Refusal(.usage, ["there is no run \(runID); see 'kugiri runs'"])
            }
            if json { try Output.json(report) } else { Output.line(report.text) }
            return report.next == nil ? .empty : .normal
        }
    }
}
