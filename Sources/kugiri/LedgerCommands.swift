// `runs`, `report`, `rejects`, `certificate`: what the ledger knows.

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
        commandName: "runs", abstract: "List the newest runs.")
    @Option(help: "Runs shown at the most.")
    var limit = 20
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    private static let names = [
        "run", "job", "business_date", "state", "phase", "result", "exit", "started", "ended",
        "coordinator",
    ]

    func run() throws {
        try conduct("runs") {
            let connection = try Database.connect(try options.load(), purpose: "runs")
            let rows = try RunLedger.list(limit: limit, connection)
            if json {
                try Output.json(
                    rows.map { row in
                        Dictionary(
                            uniqueKeysWithValues: zip(Self.names, row).compactMap { name, value in
                                value.map { (name, $0) }
                            })
                    })
                return .normal
            }
            guard !rows.isEmpty else {
                Output.line("no run yet")
                return .normal
            }
            let shown = [0, 2, 3, 4, 5, 6, 7]
            Output.line(
                Table.render(
                    columns: shown.map { .init(Self.names[$0]) },
                    rows: rows.map { row in shown.map { row[$0] ?? "-" } }))
            return .normal
        }
    }
}

/// The command `kugiri report RUN`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Show how a run ended.")
    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("report") {
            let connection = try Database.connect(try options.load(), purpose: "report")
            guard let row = try RunLedger.get(runID, connection) else {
                throw Refusal(.usage, ["there is no run \(runID); see 'kugiri runs'"])
            }
            guard let text = row.summary else {
                Output.line(
                    "run \(runID) is \(row.state) in phase \(row.phase.rawValue); started "
                        + "\(row.startedAt) by \(row.coordinator)"
                        + (row.state == "open" ? "; go on with 'kugiri resume \(runID)'" : ""))
                return .normal
            }
            let summary = try JSONDecoder().decode(RunSummary.self, from: Data(text.utf8))
            if json {
                try Output.json(summary)
            } else {
                Output.line(ReportText(Terminal(.standardOutput)).report(summary))
            }
            return .normal
        }
    }
}

/// The command `kugiri rejects RUN`.
struct RejectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejects", abstract: "List the rejected records of a run.")
    @Argument(help: .init("The run's id.", valueName: "run"))
    var runID: String
    @Option(help: "Rejects shown at the most.")
    var limit = 50
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("rejects") {
            let connection = try Database.connect(try options.load(), purpose: "rejects")
            guard let row = try RunLedger.get(runID, connection) else {
                throw Refusal(.usage, ["there is no run \(runID); see 'kugiri runs'"])
            }
            let rejects = try SliceLedger.rejects(
                run: runID, revision: row.revision, after: (-1, "", ""), limit: limit, connection)
            guard !rejects.isEmpty else {
                Output.line("run \(runID) has no rejects")
                return .normal
            }
            Output.line(
                Table.render(
                    columns: [
                        .init("record", .right), .init("byte", .right), .init("key"),
                        .init("field"), .init("rule"), .init("value"), .init("late"),
                    ],
                    rows: rejects.map { reject, late in
                        [
                            String(reject.record), String(reject.byteOffset), reject.key ?? "-",
                            reject.field, reject.rule, reject.value, late ? "yes" : "",
                        ]
                    }))
            return .normal
        }
    }
}

/// The command `kugiri certificate [verify] RUN`.
struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "The proof of a published run.",
        subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

    /// The command `kugiri certificate show RUN`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the certificate.")
        @Argument(help: .init("The run's id.", valueName: "run"))
        var runID: String
        @Flag(help: "Print as JSON.")
        var json = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("certificate") {
                let connection = try Database.connect(try options.load(), purpose: "certificate")
                guard let stored = try RunLedger.certificate(of: runID, connection) else {
                    throw Refusal(.usage, ["run \(runID) has no certificate: it is not published"])
                }
                if json {
                    Output.line(stored.body)
                } else {
                    let certificate = try JSONDecoder().decode(
                        Certificate.self, from: Data(stored.body.utf8))
                    Output.line(certificate.text(hash: stored.sha256))
                }
                return .normal
            }
        }
    }

    /// The command `kugiri certificate verify RUN`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that input, rejects, logs and chain are what the certificate says.")
        @Argument(help: .init("The run's id.", valueName: "run"))
        var runID: String
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("certificate verify") {
                let connection = try Database.connect(try options.load(), purpose: "certificate")
                guard let proofs = try CertificateCheck.verify(run: runID, connection) else {
                    throw Refusal(.usage, ["run \(runID) has no certificate: it is not published"])
                }
                Output.line(
                    Table.render(
                        columns: [
                            .init("what"), .init("expected", .right), .init("found", .right),
                            .init(""),
                        ],
                        rows: proofs.map {
                            [$0.name, $0.expected, $0.found, $0.holds ? "✓" : "✗"]
                        }))
                return proofs.allSatisfy(\.holds) ? .normal : .bug
            }
        }
    }
}
