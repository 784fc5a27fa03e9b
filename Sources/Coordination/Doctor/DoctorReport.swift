// What `kugiri doctor` found: one line per check, and the exit code that follows from them.

package import Journal
package import Plan

/// The checks of an installation; schema `kugiri.doctor/1`, in `ops/schema/doctor-1.json`.
package struct DoctorReport: Encodable, Sendable {
    /// How a check ended.
    package enum Verdict: String, Encodable, Sendable {
        case ok
        case warning
        case fault
    }

    /// One check.
    package struct Check: Encodable, Sendable, Equatable {
        /// What was looked at.
        package var name: String
        package var verdict: Verdict
        /// What was found.
        package var found: String
        /// What to do; nil: nothing.
        package var advice: String?

        package static func ok(_ name: String, _ found: String) -> Check {
            Check(name: name, verdict: .ok, found: found)
        }

        package static func warning(_ name: String, _ found: String, _ advice: String) -> Check {
            Check(name: name, verdict: .warning, found: found, advice: advice)
        }

        package static func fault(_ name: String, _ found: String, _ advice: String) -> Check {
            Check(name: name, verdict: .fault, found: found, advice: advice)
        }
    }

    package var schema = "kugiri.doctor/1"
    /// nil: all jobs.
    package var job: String?
    package var checks: [Check] = []

    /// Of no checks yet.
    package init(job: String?) { self.job = job }

    /// 16 with a fault, 4 with a warning, else 0.
    package var outcome: Outcome {
        if checks.contains(where: { $0.verdict == .fault }) { return .configuration }
        return checks.contains { $0.verdict == .warning } ? .warning : .normal
    }

    /// One line per check, what to do behind an arrow.
    package func text(_ style: Style) -> String {
        let width = checks.map { DisplayWidth.columns($0.name) }.max() ?? 0
        var text = ""
        for check in checks {
            let ink: Style.Ink =
                switch check.verdict {
                case .ok: .green
                case .warning: .yellow
                case .fault: .red
                }
            let verdict = DisplayWidth.fitted(check.verdict.rawValue, to: 7)
            text += style.paint(verdict, ink) + "  " + DisplayWidth.fitted(check.name, to: width)
            text += "  " + Escaping.escaped(check.found)
            text += (check.advice.map { " → " + Escaping.escaped($0) } ?? "") + "\n"
        }
        let faults = checks.count { $0.verdict == .fault }
        let warnings = checks.count { $0.verdict == .warning }
        return text + "\(checks.count) checks: \(faults) faults, \(warnings) warnings\n"
    }
}
