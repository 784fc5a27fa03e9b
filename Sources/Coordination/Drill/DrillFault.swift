// The faults of a drill, in the order in which they are drilled.

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

    /// As the table shows it.
    var text: String {
        switch self {
        case .equal: "✓ equal"
        case .differs: "✗ differs"
        case .missed: "– missed"
        case .impossible: "– not possible"
        }
    }
}

/// How a drill is stopped from outside.
struct DrillStop: Error {
    /// SIGINT or SIGTERM.
    var signal: Int32
}

/// What keeps a drill from beginning, in words for the operator.
package struct DrillImpossible: Error {
    /// What is wrong and what to do.
    package var reasons: [String]

    init(_ reasons: String...) { self.reasons = reasons }
}
