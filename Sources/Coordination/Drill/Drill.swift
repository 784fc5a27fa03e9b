// A drill: one undisturbed run of a file on a copy of its table, then one run for each fault, each
// held against the first. Nothing real is written to: table, ledger, archive and spool are copies.

import FoundationEssentials
import Glibc
package import Journal
import Ledger
import Loading
package import Messaging
package import Plan
import Postgres
package import Records
package import Settings

/// What a drill is asked for.
package struct DrillRequest {
    package var settings: Settings
    package var job: Job
    package var contract: Contract
    /// `name=value`, as they were given.
    package var parameterTexts: [String]
    package var inputPath: String
    /// Where the real target is; it is only read.
    package var sourceURL: String
    /// The folder that the scratch place is made in.
    package var scratchFolder: String
    /// Rows of the target that are copied at the most.
    package var rowsMax: Int64
    package var executable: String

    /// Memberwise.
    package init(
        settings: Settings, job: Job, contract: Contract, parameterTexts: [String],
        inputPath: String, sourceURL: String, scratchFolder: String, rowsMax: Int64,
        executable: String
    ) {
        self.settings = settings
        self.job = job
        self.contract = contract
        self.parameterTexts = parameterTexts
        self.inputPath = inputPath
        self.sourceURL = sourceURL
        self.scratchFolder = scratchFolder
        self.rowsMax = rowsMax
        self.executable = executable
    }
}

/// How a drill ended.
package enum DrillResult {
    /// With its page.
    case report(DrillReport)
    /// Before there was anything to report.
    case refused(Outcome, [LogMessage])
}

/// Runs drills.
package final class Drill {
    let request: DrillRequest
    let signals: SignalReader
    var screen: DrillScreen
    let place: ScratchPlace
    let began = Monotonic.now()
    /// Sites whose folder and database are there.
    var sites: [DrillSite] = []
    /// What went wrong beside the runs, in words.
    private(set) var troubles: [String] = []

    private init(
        _ request: DrillRequest, signals: consuming SignalReader, screen: DrillScreen
    ) throws {
        self.request = request
        self.signals = signals
        self.screen = screen
        place = try ScratchPlace(in: request.scratchFolder)
    }

    /// Drills, and leaves nothing behind, whatever happens.
    ///
    /// - Throws: Trouble with databases and files, as any command meets it.
    package static func run(
        _ request: DrillRequest, signals: consuming SignalReader, screen: DrillScreen
    ) throws -> DrillResult {
        do {
            let facts = try Arrival.check(
                request.inputPath, ready: .stable(seconds: 0),
                inputs: request.settings.directories.inputs, breathe: {})
            let drill = try Drill(request, signals: signals, screen: screen)
            let result = Result { try drill.conduct(inputBytes: facts.bytes) }
            drill.screen.clear()
            drill.sites = []
            drill.clear("\(drill.place.folder) could not be removed") {
                try drill.place.remove()
            }
            return try drill.conclude(result)
        } catch let stop as DrillStop {
            let outcome: Outcome = stop.signal == SIGINT ? .interrupted : .terminated
            let name = [SIGINT: "SIGINT", SIGHUP: "SIGHUP"][stop.signal] ?? "SIGTERM"
            return .refused(
                outcome,
                [
                    LogMessage(
                        .drillStopped,
                        [
                            "job": request.job.name, "signal": name,
                            "left": Files.exists(stop.folder)
                                ? "what is left of it is in \(stop.folder)"
                                : "nothing of it is left",
                        ])
                ])
        } catch let fault as DrillImpossible {
            return .refused(
                .configuration,
                fault.reasons.map {
                    LogMessage(.drillImpossible, ["job": request.job.name, "reason": $0])
                })
        }
    }

    /// The report with all that went wrong beside the runs; without one, that is told here.
    private func conclude(_ result: Result<DrillReport, any Error>) throws -> DrillResult {
        switch result {
        case .success(var report):
            for trouble in place.troubles + troubles { report.add(trouble: trouble) }
            return .report(report)
        case .failure(let error):
            for trouble in place.troubles + troubles {
                screen.say(
                    LogMessage(
                        .drillTrouble, ["job": request.job.name, "trouble": trouble]))
            }
            throw error
        }
    }

    /// Hears signals.
    func breathe() throws {
        while let signal = signals.next() {
            if [SIGINT, SIGTERM, SIGHUP].contains(signal) {
                throw DrillStop(signal: signal, folder: place.folder)
            }
        }
    }

    /// A moment's rest; hears signals.
    func rest() throws {
        try breathe()
        _ = poll(nil, 0, DrillLimits.lookMilliseconds)
    }

    /// Arguments of the run, as the operator would give them.
    var arguments: [String] {
        ["run", request.job.name, "--input", request.inputPath]
            + request.parameterTexts.flatMap { ["--set", $0] }
    }

    /// A place for one run: a fresh copy of the template, and a folder.
    func makeSite(
        _ name: String, job: Job, environment: [String: String], searchPath: String
    ) throws -> DrillSite {
        let database = "drill_\(name)"
        try place.make(database, from: DrillSource.database)
        try place.set(searchPath: searchPath, of: database)
        let site = try DrillSite(
            name: database, in: place, settings: request.settings, job: job,
            executable: request.executable, environment: environment,
            breathe: { [unowned self] in try breathe() })
        sites.append(site)
        return site
    }

    /// Space for the next run: nothing of one is needed when it was judged.
    func discard(_ site: DrillSite) {
        site.stopLooking()
        sites.removeAll { $0 === site }
        clear("the database \(site.name) could not be dropped") { try place.drop(site.name) }
        clear("\(site.folder) could not be removed") { try place.removeFolder(site.folder) }
    }

    /// Clears something away; a failure costs no result, but is told.
    private func clear(_ failure: String, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            troubles.append("\(failure): \(DrillTrouble.words(error))")
        }
    }

    private func conduct(inputBytes: Int64) throws -> DrillReport {
        screen.announce(
            LogMessage(
                .drillStarted,
                [
                    "job": request.job.name, "input": request.inputPath,
                    "folder": place.folder,
                ]),
            steps: ["copy", "undisturbed"] + DrillFault.allCases.map(\.title))
        screen.begin("copy")
        let pace = DrillPace(
            job: request.job, settings: request.settings, inputBytes: inputBytes,
            recordBytes: Int64(request.contract.typicalRecordBytes))
        let source = try DrillSource(self, pace, inputBytes: inputBytes)
        var report = DrillReport(
            job: request.job.name, startedAt: .now(),
            input: .init(
                path: request.inputPath, bytes: inputBytes,
                sha256: try Files.sha256(request.inputPath, breathe: breathe)),
            target: .init(
                table: source.copy.table, rows: source.copy.rows,
                copied: source.isPartial ? "keys" : "all",
                leftOut: source.copy.leftOut, comparedInPart: source.inPart),
            changed: pace.changes, paceMilliseconds: pace.milliseconds,
            undisturbed: .init(fault: nil, verdict: .equal))
        screen.end("\(Figures.count(source.copy.rows)) rows of \(source.copy.table)")
        let runs = DrillRuns(self, source, pace, inputHash: report.input.sha256)
        report.undisturbed = try runs.undisturbed()
        report.messages = report.isRefused ? runs.messages : []
        // Runs of another file prove nothing about this one.
        for fault in DrillFault.allCases where !report.isOfTwoInputs {
            report.faults.append(try runs.run(fault, against: report.undisturbed))
        }
        troubles += runs.troubles
        report.elapsedSeconds = (Monotonic.now() - began) / .seconds(1)
        report.conclude()
        return report
    }
}
