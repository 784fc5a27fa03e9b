// `coordinator --standby`: a long-lived process that takes over runs whose coordinator is gone.

import ArgumentParser
import Coordination
import Glibc
import Journal
import Messaging
import Plan
import Settings

/// The command `kugiri coordinator --standby [JOB…]`.
struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Stand by, and take over runs whose coordinator dies or falls silent.",
        discussion: "Runs that ended in order (cancelled, deadline, any exit code) are left "
            + "alone. Start it on another machine with the same directories, or beside the "
            + "coordinator; of several standbys one takes over. Workers of other machines are "
            + "told both addresses: 'kugiri worker --connect A --connect B'.")

    @Argument(help: .init("The jobs to watch; all of the settings, if none.", valueName: "job"))
    var jobs: [String] = []
    @Flag(help: "What this command does; a run is conducted by 'kugiri run' and 'kugiri resume'.")
    var standby = false
    @Option(help: "Worker processes for a run that is taken over; 0: only those started by hand.")
    var workers: Int?
    @Option(help: .init("Let remote workers in here, tcp://ADDRESS:PORT.", valueName: "endpoint"))
    var listen: String?
    @Flag(help: "Print every event as a JSON object on a line.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard standby else {
            throw ValidationError(
                "say --standby; a run is conducted by 'kugiri run' and 'kugiri resume'")
        }
        if let workers, !(0...SettingsLimits.workersMax).contains(workers) {
            throw ValidationError(
                "--workers is a number from 0 to \(SettingsLimits.workersMax)")
        }
    }

    func run() throws {
        try conduct("coordinator", json: json) {
            let signals = try SignalReader([SIGINT, SIGTERM, SIGCHLD])
            let settings = try options.load()
            let known = settings.sortedJobs.map(\.name)
            for job in jobs where !known.contains(job) {
                throw Refusal(
                    .usage,
                    ["\(options.path) has no job \(job). Jobs: \(known.joined(separator: ", "))"])
            }
            // Judged now, so that it is not found wrong when it is needed.
            let network = try Network.plan(settings, listen: listen)
            let (url, isPrivate) = try Database.url(settings)
            if isPrivate { _ = try Database.connect(settings, purpose: "standby") }
            let arguments = childArguments
            let standby = Standby(
                jobs: jobs.isEmpty ? known : jobs, databaseURL: url,
                hasOneAddress: network.endpoint != nil,
                start: { run, term throws(MessagingError) in
                    try ChildProcess.start(
                        executable: Executable.path,
                        arguments: ["resume", run, "--takeover-of", String(term)] + arguments,
                        environment: nil, output: .inherited)
                },
                show: { event in
                    Output.line(json ? try JSONText.compact(event) : event.line)
                    _ = fflush(nil)
                })
            return try standby.stand(signals: signals)
        }
    }

    /// What every coordinator that is started gets, beside its run.
    private var childArguments: [String] {
        var arguments = ["--settings", options.path]
        if let workers { arguments += ["--workers", String(workers)] }
        if let listen { arguments += ["--listen", listen] }
        return arguments
    }
}
