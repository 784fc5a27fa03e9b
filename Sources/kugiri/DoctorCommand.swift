// `doctor`: what a night would need of machine, settings and server. Changes nothing.

import ArgumentParser
import Coordination
import Journal
import Plan
import Postgres
import Records
import Settings

/// The command `kugiri doctor [JOB]`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check server, privileges, settings, clock, space and versions; change nothing.",
        discussion: "Exit 0: all well. 4: warnings. 16: faults.")
    @Argument(help: "Only this job's target.")
    var job: String?
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("doctor", json: json) {
            let settings = try options.load()
            var jobs: [(job: Job, contract: Contract)] = []
            var faults: [String] = []
            let names = job.map { [$0] } ?? settings.sortedJobs.map(\.name)
            for name in names {
                do {
                    jobs.append(try options.job(name, in: settings))
                } catch let refusal as Refusal where refusal.outcome == .configuration {
                    faults += refusal.lines
                }
            }
            var doctor = Doctor(
                settings, job: job, jobs: jobs, faults: faults, binaryVersion: Version.text)
            let report = try examine(settings, &doctor)
            if json {
                try Output.json(report)
            } else {
                Output.line(report.text(Terminal(.standardOutput).style))
            }
            return report.outcome
        }
    }

    private func examine(_ settings: Settings, _ doctor: inout Doctor) throws -> DoctorReport {
        let url: String
        if let database = settings.database {
            url = database
        } else {
            // Looking must not start, let alone make, a server.
            let server = Database.privateServer(settings)
            guard server.isRunning, let running = server.url else {
                return doctor.withoutDatabase(
                    "the private server of \(settings.directories.state) is not running",
                    isFault: false)
            }
            url = running
        }
        do {
            let connection = try Connection(
                url: url, applicationName: "kugiri doctor", settings: Doctor.sessionSettings)
            return try doctor.examine(connection)
        } catch let error as PostgresError where error.kind == .connection {
            return doctor.withoutDatabase(error.description, isFault: true)
        } catch let error as PostgresError where error.kind == .permission {
            return doctor.withoutDatabase(error.description, isFault: true)
        }
    }
}
