// `validate` and `sample`: what needs no database.

import ArgumentParser
import Coordination
import FoundationEssentials
import Glibc
import Journal
import Loading
import Plan
import Records
import Settings

/// The command `kugiri validate JOB --input FILE`.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a file alone, without a database: structure, rules, totals.")

    @Argument(help: "The job, as partitions.yaml names it.")
    var job: String
    @Option(help: .init("The file to check.", valueName: "file"))
    var input: String
    @Option(
        name: .customLong("set"),
        help: .init("A parameter of the run; may be repeated.", valueName: "name=value"))
    var parameterTexts: [String] = []
    @Option(help: .init("Rejects shown on the screen.", valueName: "count"))
    var show = 20
    @Flag(help: "Print the result as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    /// The result for machines.
    private struct Report: Encodable {
        var schema = "kugiri.validate/1"
        var result: String
        var exitCode: Int32
        var records: UInt64
        var rejected: Int64
        var controlTotals: [RunSummary.ControlTotal]
        var rejects: [Row]
        var messages: [String]

        struct Row: Encodable {
            var record: Int64
            var byte: Int64
            var key: String
            var field: String
            var rule: String
            var value: String
        }

        enum CodingKeys: String, CodingKey {
            case schema, result, records, rejected, rejects, messages
            case exitCode = "exit_code"
            case controlTotals = "control_totals"
        }
    }

    func run() throws {
        try conduct("validate", json: json) {
            let settings = try options.load()
            let (job, contract) = try options.job(job, in: settings)
            let check = FileCheck(
                definition: RunDefinition(
                    job: job, contract: contract,
                    parameters: try parameters(parameterTexts, of: job),
                    directories: settings.directories),
                path: absolute(input),
                scratch: "\(settings.directories.spool)/validate-\(getpid())")
            let result = try check.check { _, _ in }
            if json { try printJSON(result) } else { printText(result) }
            return result.outcome
        }
    }

    private func printJSON(_ result: FileCheck.Result) throws {
        try Output.json(
            Report(
                result: result.outcome.result, exitCode: result.outcome.rawValue,
                records: result.records, rejected: result.rejected,
                controlTotals: result.totals,
                rejects: result.rejects.map {
                    Report.Row(
                        record: $0.record, byte: $0.byte, key: $0.key, field: $0.field,
                        rule: $0.rule, value: $0.value)
                },
                messages: result.messages.map { $0.line() }))
    }

    private func printText(_ result: FileCheck.Result) {
        if !result.rejects.isEmpty {
            Output.line(
                Table.render(
                    columns: [
                        .init("record", .right), .init("byte", .right), .init("key"),
                        .init("field"), .init("rule"), .init("value"),
                    ],
                    rows: result.rejects.prefix(show).map {
                        [String($0.record), String($0.byte), $0.key, $0.field, $0.rule, $0.value]
                    }))
            if result.rejected > Int64(show) {
                Output.line("… \(Figures.count(result.rejected)) records rejected in all")
            }
        }
        for message in result.messages { Output.error(message.line()) }
        if !result.picture.isEmpty { Output.error(result.picture) }
        let totals = result.totals.filter(\.holds).count
        let isCutShort = result.outcome == .structure || result.outcome == .input
        Output.line(
            isCutShort
                ? "\(result.outcome.result): the file could not be read to its end, nothing more "
                    + "was checked"
                : "\(result.outcome.result): \(Figures.count(Int64(result.records))) records, "
                    + "\(Figures.count(result.rejected)) rejected, "
                    + "\(totals) of \(result.totals.count) control totals hold")
    }
}

/// The command `kugiri sample JOB --records N --seed S --set business_date=D --output FILE`.
struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Write a file of a job's kind, the same bytes for the same seed.",
        discussion: "Defects: "
            + SampleDefect.allCases.map(\.rawValue).joined(separator: ", ") + ".")

    @Argument(help: "The job, as partitions.yaml names it.")
    var job: String
    @Option(help: .init("Data records to write.", valueName: "count"))
    var records: Int
    @Option(help: .init("Two seeds are two nights of the same members.", valueName: "number"))
    var seed: UInt64 = 1
    @Option(
        name: .customLong("set"),
        help: .init("A parameter of the run; may be repeated.", valueName: "name=value"))
    var parameterTexts: [String] = []
    @Option(help: .init("The file to write.", valueName: "file"))
    var output: String
    @Option(
        name: .customLong("defect"),
        help: .init("Defects to plant; may be repeated.", valueName: "kind:count"))
    var defects: [String] = []
    @Option(
        help: .init(
            "Also write what is wrong where, and the expected rows, as JSON lines.",
            valueName: "file"))
    var truth: String?
    @Option(help: "Separator: none, crlf, lf or cr.")
    var framing: Framing = .crlf
    @Option(help: .init("Data records of one header group.", valueName: "count"))
    var groupRecords = SampleLimits.groupRecordsMax
    @Flag(help: "Print the result as JSON.")
    var json = false
    @OptionGroup var options: SettingsOptions

    func run() throws {
        try conduct("sample", json: json) {
            let settings = try options.load()
            let (job, contract) = try options.job(job, in: settings)
            let values = try parameters(parameterTexts, of: job)
            let standard = CalendarDate(year: 2000, month: 1, day: 1)
            let needsDate = contract.recordTypes.contains { type in
                type.fields.contains { $0.type == .monthDay || $0.sample == .businessMonthDay }
            }
            guard let date = values.businessDate ?? (needsDate ? nil : standard) else {
                throw Refusal(.usage, ["job \(job.name) has no business_date to write"])
            }
            let plan: SamplePlan
            do {
                plan = try SamplePlan(
                    contract: contract, records: records, seed: seed, businessYear: date.year,
                    businessMonth: date.month, businessDay: date.day, framing: framing,
                    groupRecords: groupRecords, defects: try SampleDefect.counts(defects),
                    constants: job.identity)
            } catch let fault as SampleFault {
                throw Refusal(.usage, [fault.description])
            }
            try write(plan)
            if json {
                var facts = [
                    "output": absolute(output), "records": String(records), "seed": String(seed),
                ]
                if let truth { facts["truth"] = absolute(truth) }
                try Output.done("sample", facts)
            }
            return .normal
        }
    }

    private func write(_ plan: SamplePlan) throws {
        let file = try Files.openForWriting(absolute(output), append: false)
        var writer = SampleWriter(plan: plan)
        var bytes: [UInt8] = []
        var lines: [UInt8] = []
        if let truth {
            let list = try Files.openForWriting(absolute(truth), append: false)
            while writer.next(into: &bytes, truth: &lines, wantsTruth: true) {
                try file.write(bytes.span)
                try list.write(lines.span)
                bytes.removeAll(keepingCapacity: true)
                lines.removeAll(keepingCapacity: true)
            }
        } else {
            while writer.next(into: &bytes, truth: &lines, wantsTruth: false) {
                try file.write(bytes.span)
                bytes.removeAll(keepingCapacity: true)
            }
        }
    }
}
