// The command line of the bench: measures Kugiri beside what a user would use instead.

import ArgumentParser
import Coordination
import FoundationEssentials
import Glibc
import Postgres

/// The bench.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kugiri-bench",
        abstract: "Measures Kugiri beside what a user would use instead.",
        subcommands: [RunBench.self, StagesCommand.self, ReportCommand.self, RemoveCommand.self],
        defaultSubcommand: RunBench.self)
}

/// The command `kugiri-bench report`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write the page of results in Markdown, and the chart, from results.json.")

    @Option(help: .init("The folder with results.json.", valueName: "folder"))
    var results = ".kugiri-bench-results"
    @Option(help: .init("The page to write.", valueName: "file"))
    var page = "ops/bench-results.md"
    @Option(help: .init("A sentence under the heading.", valueName: "text"))
    var remark: String?
    @Option(help: .init("What stands in the way of bounds that are missed.", valueName: "text"))
    var inTheWay: String?
    @Flag(help: "Print the tables instead.")
    var terminal = false

    func run() throws {
        try conduct {
            let found = try ResultFiles.read(from: Paths.absolute(results))
            let report = ReportPage(found)
            if terminal { return print(report.terminal()) }
            let path = Paths.absolute(page)
            let parts = path.split(separator: "/")
            let name = (parts.last ?? "").split(separator: ".").first.map { "\($0).svg" }
            guard let name else { throw BenchFault("--page takes a file", exitCode: 64) }
            let folder = "/" + parts.dropLast().joined(separator: "/")
            try Files.replace("\(folder)/\(name)", with: report.chart().svg())
            try Files.replace(
                path,
                with: report.markdown(chart: name, remark: remark, inTheWay: inTheWay))
        }
    }
}

/// The command `kugiri-bench remove`, for a bench that was stopped in the middle.
struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stop the bench's server and remove its folder; nothing happens without one.")

    @Option(help: .init("Server and files of the bench.", valueName: "folder"))
    var directory = ".kugiri-bench"

    func run() throws { try conduct { try Arena.remove(Paths.absolute(directory)) } }
}

/// Runs a command's body; an error becomes a line on standard error and an exit code.
func conduct(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let fault as BenchFault {
        Screen.say("kugiri-bench: \(fault.description)")
        throw ExitCode(fault.exitCode)
    } catch let trouble as FileTrouble {
        Screen.say("kugiri-bench: \(trouble.operation) \(trouble.path): \(trouble.reason)")
        throw ExitCode(12)
    } catch let error as PrivateServerError {
        Screen.say("kugiri-bench: \(error.message)")
        throw ExitCode(12)
    } catch let error as PostgresError {
        Screen.say("kugiri-bench: \(error.description)")
        throw ExitCode(12)
    }
}

/// What the bench tells while it works.
enum Screen {
    /// A line on standard error.
    static func say(_ text: String) {
        // After what was printed before: both may go to one file.
        _ = fflush(nil)
        let bytes = Array((text + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}

/// Paths as they were typed, made absolute.
enum Paths {
    /// From the current folder.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        let here = FileManager.default.currentDirectoryPath
        return path == "." ? here : "\(here)/\(path)"
    }

    /// A program in the folder of this one.
    static func beside(_ name: String) -> String {
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let parts = (own ?? "").split(separator: "/").dropLast()
        return "/" + parts.joined(separator: "/") + "/\(name)"
    }
}

/// The files of results in a folder.
enum ResultFiles {
    /// Writes `results.json` and `results.svg`.
    static func write(_ results: BenchResults, to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(results), as: UTF8.self)
        try Files.replace("\(folder)/results.json", with: text + "\n")
        try Files.replace("\(folder)/results.svg", with: ReportPage(results).chart().svg())
    }

    /// Reads `results.json`.
    static func read(from folder: String) throws -> BenchResults {
        let path = "\(folder)/results.json"
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw BenchFault("there is no \(path); run ops/bench first", exitCode: 64)
        }
        let results: BenchResults
        do {
            results = try JSONDecoder().decode(BenchResults.self, from: bytes)
        } catch {
            throw BenchFault("\(path) is not of this version: \(error)", exitCode: 64)
        }
        guard results.schema == BenchResults.schemaName else {
            throw BenchFault(
                "\(path) has the schema \(results.schema), not \(BenchResults.schemaName)",
                exitCode: 64)
        }
        return results
    }
}
