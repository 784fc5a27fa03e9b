// What a drill found, as one object: what `--json` prints and the page is made from.

package import Journal
package import Plan

/// The page of a drill; schema `kugiri.drill/1`, in `ops/schema/drill-1.json`.
package struct DrillReport: Encodable, Sendable {
    /// The file that was drilled with.
    package struct Input: Encodable, Sendable {
        package var path: String
        package var bytes: Int64
        package var sha256: String
    }

    /// The table that was copied.
    package struct Target: Encodable, Sendable {
        /// Quoted, with its schema.
        package var table: String
        /// Rows of the copy.
        package var rows: Int64
        /// all, or keys: only rows whose keys are in the file.
        package var copied: String
        /// What the copy lacks, in words.
        package var leftOut: [String]
        /// Columns that are compared only in some rows, and why.
        var comparedInPart: [TargetCopy.InPart]

        enum CodingKeys: String, CodingKey {
            case table, rows, copied
            case leftOut = "left_out"
            case comparedInPart = "compared_in_part"
        }
    }

    /// A run of the drill: how it ended and what was held against the undisturbed one.
    package struct Run: Encodable, Sendable {
        /// nil: the undisturbed one.
        package var fault: DrillFault?
        package var verdict: DrillVerdict
        /// What was done to it, in words; "": nothing.
        package var happened = ""
        /// How it went on, in words; "": it did not have to.
        package var recovered = ""
        /// nil: a signal ended it, or it was not run.
        package var exitCode: Int32?
        package var counts = Counts.zero
        package var elapsedSeconds = 0.0
        package var rowsCompared: Int64 = 0
        package var rowsDiffering: Int64 = 0
        package var rejectsCompared: Int64 = 0
        package var rejectsDiffering: Int64 = 0
        /// What is not as it should be, in words; empty: all is.
        package var findings: [String] = []

        init(fault: DrillFault?, verdict: DrillVerdict) {
            self.fault = fault
            self.verdict = verdict
        }

        /// As tables and progress name it.
        package var title: String { fault?.title ?? "undisturbed" }

        enum CodingKeys: String, CodingKey {
            case fault, verdict, happened, recovered, counts, findings
            case exitCode = "exit_code"
            case elapsedSeconds = "elapsed_seconds"
            case rowsCompared = "rows_compared"
            case rowsDiffering = "rows_differing"
            case rejectsCompared = "rejects_compared"
            case rejectsDiffering = "rejects_differing"
        }
    }

    package var schema = "kugiri.drill/1"
    package var job: String
    /// NORMAL, WARNING, DATA, RETRY, CONFIG or BUG: the class of the exit code.
    package var result = ""
    package var exitCode: Int32 = 0
    package var startedAt: Timestamp
    package var elapsedSeconds = 0.0
    package var input: Input
    package var target: Target
    /// Settings that are not the job's own, in words.
    package var changed: [String]
    /// What each chunk was held for in every run, so that faults hit the load; 0: nothing.
    package var paceMilliseconds: Int64
    /// What the undisturbed run said about the file, a message each.
    package var messages: [String] = []
    /// The undisturbed run.
    package var undisturbed: Run
    package var faults: [Run] = []
    /// What went wrong beside the runs, in words: a changed input, what could not be cleared away.
    package private(set) var troubles: [String] = []

    enum CodingKeys: String, CodingKey {
        case schema, job, result, input, target, changed, messages, undisturbed, faults, troubles
        case exitCode = "exit_code"
        case startedAt = "started_at"
        case elapsedSeconds = "elapsed_seconds"
        case paceMilliseconds = "pace_milliseconds"
    }

    /// Whether the undisturbed run refused the file as a whole, so that nothing was loaded.
    package var isRefused: Bool {
        ![0, 4, 5].contains(undisturbed.exitCode)
    }

    /// Whether a run read another file than the one the page is about.
    package var isOfTwoInputs: Bool {
        ([undisturbed] + faults).contains { $0.verdict == .changed }
    }

    /// Adds what went wrong beside the runs; the exit code may be another one then.
    package mutating func add(trouble: String) {
        troubles.append(trouble)
        conclude()
    }

    /// Settles result and exit code: 70 where something differs, 11 where the input changed, the
    /// file's own code where it is refused as a whole, 12 where not all could be cleared away or
    /// written, 4 where a fault could not be brought about, else 0.
    mutating func conclude() {
        let all = [undisturbed] + faults
        let own = Outcome(rawValue: undisturbed.exitCode ?? Outcome.bug.rawValue) ?? .bug
        let outcome: Outcome =
            if all.contains(where: { $0.verdict == .differs }) {
                .bug
            } else if isOfTwoInputs {
                .input
            } else if isRefused || own == .empty {
                own
            } else if !troubles.isEmpty {
                .infrastructure
            } else if faults.contains(where: { $0.verdict != .equal }) {
                .warning
            } else {
                .normal
            }
        exitCode = outcome.rawValue
        result = outcome.result
    }

    /// How the drill ended.
    package var outcome: Outcome { Outcome(rawValue: exitCode) ?? .bug }

    /// The last line of standard error.
    package var resultMessage: LogMessage {
        let done = faults.filter { $0.verdict == .equal }
        let open = faults.filter { [.missed, .impossible].contains($0.verdict) }
        let faults = String(done.count)
        let rows = Figures.count(undisturbed.rowsCompared)
        let rejects = Figures.count(undisturbed.rejectsCompared)
        let exit = String(exitCode)
        let elapsed = Figures.duration(seconds: elapsedSeconds).split(separator: " ").joined()
        switch outcome {
        case .normal:
            return LogMessage(
                .drillEqual,
                [
                    "job": job, "faults": faults, "rows": rows, "rejects": rejects, "exit": exit,
                    "elapsed": elapsed,
                ])
        case .bug:
            let differing = ([undisturbed] + self.faults).filter { $0.verdict == .differs }
            return LogMessage(
                .drillDiffers,
                [
                    "job": job, "runs": differing.map(\.title).joined(separator: ", "),
                    "finding": differing.first?.findings.first ?? "-", "exit": exit,
                ])
        case _ where isOfTwoInputs || outcome == .infrastructure:
            return LogMessage(
                .drillDisordered,
                [
                    "job": job, "faults": faults, "trouble": troubles.first ?? "-", "exit": exit,
                    "elapsed": elapsed,
                ])
        case _ where isRefused:
            return LogMessage(
                .drillRefused,
                [
                    "job": job, "exit": exit, "faults": faults, "rejects": rejects,
                    "elapsed": elapsed,
                ])
        default:
            return LogMessage(
                .drillIncomplete,
                [
                    "job": job, "open": open.map(\.title).joined(separator: ", "),
                    "faults": faults, "rows": rows, "rejects": rejects, "exit": exit,
                    "elapsed": elapsed,
                ])
        }
    }
}
