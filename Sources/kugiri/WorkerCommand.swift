// `worker`: one worker process. The coordinator starts its own; nobody needs to type this.

import ArgumentParser
import FoundationEssentials
import Glibc
import Loading
import Messaging
import Plan

/// The command `kugiri worker --connect ipc://…`.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Be a worker of a running coordinator (it starts its own by itself).")

    @Option(help: .init("The coordinator's endpoint, ipc://PATH.", valueName: "endpoint"))
    var connect: String
    @Option(help: "A name for logs; must be unique in the run.")
    var name: String
    @Option(help: "End together with this process.")
    var parent: Int32?
    @Option(help: "Seconds to wait for a silent coordinator.")
    var coordinatorWait = 60

    func run() throws {
        try conduct("worker") {
            if let parent, !ParentDeath.follow(parent: parent) { return .infrastructure }
            let signals = try SignalReader([SIGINT, SIGTERM])
            guard let url = ProcessInfo.processInfo.environment["KUGIRI_DATABASE_URL"] else {
                throw Refusal(
                    .configuration, ["KUGIRI_DATABASE_URL is not set; a worker needs a database"])
            }
            var worker = try Worker(
                WorkerOptions(
                    name: name, endpoint: try Endpoint(connect), databaseURL: url, parent: parent,
                    coordinatorWait: .seconds(coordinatorWait), binaryVersion: Version.text),
                signals: signals)
            return worker.run()
        }
    }
}
