// The command line: thin. Every command reads settings, calls one module, and prints.

import ArgumentParser
import Messaging

/// Where the process begins.
@main
enum Program {
    static func main() {
        // Before anything is read: libpq keeps the database's password in this process's memory.
        ProcessHygiene.harden()
        Kugiri.main()
    }
}

/// The one binary.
struct Kugiri: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kugiri",
        abstract: "Loads nightly files into PostgreSQL and proves what happened.",
        version: Version.text,
        subcommands: [
            RunCommand.self, ResumeCommand.self, RerunCommand.self, BackoutCommand.self,
            CancelCommand.self, ValidateCommand.self, PlanCommand.self, LintCommand.self,
            StatusCommand.self, RunsCommand.self, ReportCommand.self, RejectsCommand.self,
            PartitionsCommand.self, WorkersCommand.self, ConflictsCommand.self,
            LogsCommand.self, WhyCommand.self, CertificateCommand.self, ExplainCommand.self,
            DoctorCommand.self, PurgeCommand.self, SampleCommand.self, DatabaseCommand.self,
            CoordinatorCommand.self, WorkerCommand.self, KeysCommand.self, DrillCommand.self,
        ])
}

/// This binary's version.
enum Version {
    static let text = "0.1.0"
}
