// `report`, `rejects`, `certificate`: what the ledger knows.

import ArgumentParser
import Coordination
import FoundationEssentials
import Journal
import Ledger
import Loading
import Plan
import Postgres

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
        try conduct("report", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "report")
            guard let row = try RunLedger.get(runID, connection) else {
                throw Refusal(.usage, ["there is no run \(runID); see 'kugiri runs'"])
            }
            guard let text = row.summary else {
                // It has not ended: what there is to report is how it stands.
                guard let report = try StatusReport.read(run: runID, connection) else {
                    throw Refusal(.usage, ["there is no run \(runID); see 'kugiri runs'"])
                }
                if json { try Output.json(report) } else { Output.line(StatusText.screen(report)) }
                return .normal
            }
            let decoder = JSONDecoder()
            var summary = try decoder.decode(RunSummary.self, from: Data(text.utf8))
            let definition = try decoder.decode(
                RunDefinition.self, from: Data(row.definition.utf8))
            summary.directory =
                LogGenerations.directory(of: runID, definition) ?? summary.directory
            let notes = BackoutNotes.lines(try BackoutLedger.list(run: runID, connection))
            if json {
                summary.backouts = notes.isEmpty ? nil : notes
                try Output.json(summary)
            } else {
                Output.line(ReportText(Terminal(.standardOutput)).report(summary))
                for note in notes { Output.line("note: \(note)") }
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
    @Option(
        help: .init(
            "Only of this partition; 0: of keys outside every range.", valueName: "number"))
    var partition: Int?
    @Option(help: "Rejects shown at the most.")
    var limit = 50
    @Flag(help: "Print as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("rejects", json: json) {
            let connection = try Database.connect(try options.load(), purpose: "rejects")
            let run = try Inspection.run(runID, connection)
            try Inspection.check(partition: partition, of: run)
            let rejects = try InspectLedger.rejects(
                run: runID, revision: run.row.revision, partition: partition, limit: limit,
                connection)
            guard !json else {
                try Output.json(Self.list(runID, rejects, limit: limit))
                return .normal
            }
            guard !rejects.isEmpty else {
                let place = partition.map { " in partition \($0)" } ?? ""
                Output.line("run \(runID) has no rejects\(place)")
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
            if rejects.count >= limit { Output.line("… there may be more: see --limit") }
            return .normal
        }
    }
}

extension RejectsCommand {
    /// The list for machines: schema `kugiri.rejects/1`, in `ops/schema/rejects-1.json`.
    private struct List: Encodable {
        var schema = "kugiri.rejects/1"
        var runID: String
        /// Whether the limit was reached; there may be more.
        var isCut: Bool
        var rejects: [Row]

        enum CodingKeys: String, CodingKey {
            case schema, rejects
            case runID = "run_id"
            case isCut = "cut"
        }
    }

    private struct Row: Encodable {
        var record: Int64
        var byte: Int64
        var partition: Int?
        var key: String?
        var field: String
        var rule: String
        var value: String
        var late: Bool
    }

    private static func list(
        _ run: String, _ rejects: [(reject: Reject, late: Bool)], limit: Int
    ) -> some Encodable {
        List(
            runID: run, isCut: rejects.count >= limit,
            rejects: rejects.map { reject, late in
                Row(
                    record: reject.record, byte: reject.byteOffset, partition: reject.partition,
                    key: reject.key, field: reject.field, rule: reject.rule, value: reject.value,
                    late: late)
            })
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
        @Option(help: "Of this revision of the run; without it, of the newest that has one.")
        var revision: Int?
        @Flag(help: "Print as JSON.")
        var json = false
        @OptionGroup var options: SettingsOptions

        func run() throws {
            try conduct("certificate", json: json) {
                let connection = try Database.connect(try options.load(), purpose: "certificate")
                guard
                    let stored = try RunLedger.certificate(
                        of: runID, revision: revision, connection)
                else {
                    throw Refusal(.usage, ["run \(runID) has no certificate: it is not published"])
                }
                let notes = BackoutNotes.lines(try BackoutLedger.list(run: runID, connection))
                if json {
                    Output.line(stored.body)
                } else {
                    let certificate = try JSONDecoder().decode(
                        Certificate.self, from: Data(stored.body.utf8))
                    Output.line(certificate.text(hash: stored.sha256))
                }
                // What was sealed stays as it was sealed; what came after is told beside it.
                for note in notes {
                    if json { Output.error("note: \(note)") } else { Output.line("note: \(note)") }
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
        @Flag(help: "Print as JSON.")
        var json = false
        @OptionGroup var options: SettingsOptions

        /// The proofs for machines: schema `kugiri.verification/1`.
        private struct Verification: Encodable {
            var schema = "kugiri.verification/1"
            var runID: String
            var holds: Bool
            var proofs: [Proof]

            enum CodingKeys: String, CodingKey {
                case schema, holds, proofs
                case runID = "run_id"
            }
        }

        func run() throws {
            try conduct("certificate verify", json: json) {
                let connection = try Database.connect(try options.load(), purpose: "certificate")
                guard let proofs = try CertificateCheck.verify(run: runID, connection) else {
                    throw Refusal(.usage, ["run \(runID) has no certificate: it is not published"])
                }
                let holds = proofs.allSatisfy(\.holds)
                guard !json else {
                    try Output.json(Verification(runID: runID, holds: holds, proofs: proofs))
                    return holds ? .normal : .bug
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
                return holds ? .normal : .bug
            }
        }
    }
}
