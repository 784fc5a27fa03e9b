// `drill`: faults on a copy, with the operator's own file and job. The real target is only read.

import ArgumentParser
import Coordination
import FoundationEssentials
import Glibc
import Journal
import Messaging
import Plan
import Postgres
import Settings

/// The command `kugiri drill JOB --input FILE`.
struct DrillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Load a file on a copy of its table under faults, and compare row for row.",
        discussion:
            "A worker is killed, then the coordinator, the network is cut, the database restarted, a "
            + "deadlock provoked, each in a run of its own, on a PostgreSQL of the drill's own that is "
            + "thrown away. Target, ledger, archive and spool of the job are never written to. "
            + "Exit codes: 0 all equal, 4 equal but not every fault could be brought about, 8-11 "
            + "the file is refused as a whole, 11 too where it changed meanwhile, 12 no space, or not all "
            + "could be cleared away or written, 16 settings, table or no server, "
            + "70 a run differs.")

    @Argument(help: "The job, as partitions.yaml names it.")
    var job: String
    @Option(help: .init("The file to drill with.", valueName: "file"))
    var input: String
    @Option(
        name: .customLong("set"),
        help: .init("A parameter of the run; may be repeated.", valueName: "name=value"))
    var parameterTexts: [String] = []
    @Option(help: .init("Rows of the target to copy at the most.", valueName: "count"))
    var rows = DrillLimits.rowsMaxDefault
    @Option(
        help: .init("Where the drill's server and files are for its time.", valueName: "folder"))
    var scratch = "/var/tmp"
    @Option(help: .init("Write the page here too.", valueName: "file"))
    var report: String?
    @Flag(help: "Print the page as JSON.")
    var json = false
    @Flag(help: "Show no progress.")
    var quiet = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard (0...DrillLimits.rowsMaxHighest).contains(rows) else {
            throw ValidationError(
                "--rows is a number of rows, 0 to \(DrillLimits.rowsMaxHighest)")
        }
        guard !scratch.isEmpty else { throw ValidationError("--scratch names a folder") }
        // Said before the drill, not after it.
        if let report, !Files.isReplaceable(absolute(report)) {
            throw ValidationError("--report: '\(report)' is there and is no regular file")
        }
    }

    func run() throws {
        try conduct("drill", json: json) {
            let signals = try SignalReader([SIGINT, SIGTERM, SIGHUP, SIGCHLD])
            let settings = try options.load()
            let (found, contract) = try options.job(job, in: settings)
            _ = try parameters(parameterTexts, of: found)
            let request = DrillRequest(
                settings: settings, job: found, contract: contract,
                parameterTexts: parameterTexts, inputPath: absolute(input),
                sourceURL: try source(settings), scratchFolder: absolute(scratch),
                rowsMax: rows, executable: Executable.path)
            let screen = DrillScreen(Terminal(.standardError), isQuiet: quiet)
            switch try Drill.run(request, signals: signals, screen: screen) {
            case .report(let page): return try show(page)
            case .refused(let outcome, let messages):
                let lines = messages.map { $0.line() }
                for line in lines { Output.error(line) }
                if json { try Output.json(Refused("drill", outcome, lines: lines)) }
                return outcome
            }
        }
    }

    /// Where the real target is.
    ///
    /// A private server is started when it is there, and not made.
    private func source(_ settings: Settings) throws -> String {
        if let url = settings.database { return url }
        let server = Database.privateServer(settings)
        guard server.url != nil else {
            throw Refusal(
                .configuration,
                [
                    LogMessage(
                        .drillImpossible,
                        [
                            "job": job,
                            "reason": "there is no database yet, so there is no table to copy; "
                                + "'kugiri db url' makes the private one",
                        ]
                    ).line()
                ])
        }
        return try server.start()
    }

    private func show(_ found: DrillReport) throws -> Outcome {
        var page = found
        let terminal = Terminal(.standardOutput)
        if let report {
            let text = page.text(width: JournalLimits.columnsDefault)
            do {
                try Files.replace(absolute(report), with: text)
            } catch {
                page.add(
                    trouble: "the page could not be written to \(report): \(error)")
            }
        }
        if json {
            try Output.json(page)
        } else {
            Output.line(page.text(width: terminal.columns, style: terminal.style))
        }
        for trouble in page.troubles {
            Output.error(
                LogMessage(.drillTrouble, ["job": page.job, "trouble": trouble]).line())
        }
        Output.error(page.resultMessage.line())
        return page.outcome
    }
}
