// The faults of a drill, in the order in which they are drilled; what a drill says about them, and
// what ends it.

import Journal
import Postgres

/// A fault.
package enum DrillFault: String, CaseIterable, Sendable, Encodable {
    case worker
    case coordinator
    case network
    case database
    case deadlock

    /// As tables and progress name it.
    var title: String {
        switch self {
        case .worker: "worker killed"
        case .coordinator: "coordinator killed"
        case .network: "network cut"
        case .database: "database restarted"
        case .deadlock: "deadlock"
        }
    }

    /// Whether it can be drilled though the file is refused before anything is loaded.
    var needsNoLoad: Bool { self != .deadlock }
}

/// What a drill could say about one fault.
package enum DrillVerdict: String, Encodable, Sendable {
    /// The run ended as the undisturbed one, row for row.
    case equal
    /// It did not: the findings say what differs.
    case differs
    /// The run was over before the fault could hit it.
    case missed
    /// With this input the fault cannot be: nothing is loaded.
    case impossible
    /// The run read another file than the page is about: the input changed meanwhile.
    case changed

    /// As the table shows it.
    var text: String {
        switch self {
        case .equal: "✓ equal"
        case .differs: "✗ differs"
        case .missed: "– missed"
        case .impossible: "– not possible"
        case .changed: "– other input"
        }
    }
}

/// How a drill is stopped from outside.
struct DrillStop: Error {
    /// SIGINT, SIGTERM, or SIGHUP of a terminal that was closed.
    var signal: Int32
    /// The drill's folder; when nothing of it is left, it is not there any more.
    var folder: String
}

/// A run of a drill that did not end in its time.
struct DrillOverrun: Error {
    /// The time it had.
    var limit: Duration
    /// How far it was when it was last seen, in words.
    var standing: String
    /// What had been done to it, in words; nil: nothing yet.
    var happened: String?

    /// As the page tells it.
    var finding: String {
        "did not end within \(Figures.duration(limit)) and was killed; it was \(standing)"
    }
}

/// Trouble that is told and not thrown.
enum DrillTrouble {
    /// The reason of an error, in words for the operator.
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as PostgresError: error.description
        case let error as PrivateServerError: error.message
        case let trouble as FileTrouble: "\(trouble.operation): \(trouble.reason)"
        default: "\(error)"
        }
    }
}

/// What keeps a drill from beginning, in words for the operator.
package struct DrillImpossible: Error {
    /// What is wrong and what to do.
    package var reasons: [String]

    init(_ reasons: String...) { self.reasons = reasons }
}
