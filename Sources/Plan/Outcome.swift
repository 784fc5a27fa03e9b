// How a run ends: exit codes, their classes, and which one wins when several hold.

/// A reason for a run to end other than normally; the raw value is the process's exit code.
public enum Outcome: Int32, Codable, Sendable, CaseIterable {
    /// Everything loaded and proved, or already complete and proved again.
    case normal = 0
    /// Loaded, with rejects or conflicts within tolerance.
    case warning = 4
    /// Nothing to do.
    case empty = 5
    /// Rejects over the budget, or late rejects.
    case rejects = 8
    /// Control totals, identity or the wrong file.
    case totals = 9
    /// Encoding, record length, record order, 0 bytes.
    case structure = 10
    /// Input missing or still being written.
    case input = 11
    /// Database, workers, disk space, attempts exhausted.
    case infrastructure = 12
    /// The target or run is held by another.
    case held = 13
    /// Deadline reached.
    case deadline = 14
    /// Conflicts left over tolerance.
    case conflicts = 15
    /// Settings, contract, target table, schema version, permission.
    case configuration = 16
    /// Wrong arguments.
    case usage = 64
    /// A proof failed or an invariant broke.
    case bug = 70
    /// Stopped by SIGINT.
    case interrupted = 130
    /// Stopped by SIGTERM.
    case terminated = 143

    /// The class name that JSON and logs show as `result`.
    public var result: String {
        switch self {
        case .normal: "NORMAL"
        case .warning, .empty: "WARNING"
        case .rejects, .totals, .structure, .input: "DATA"
        case .infrastructure, .held, .deadline, .conflicts: "RETRY"
        case .configuration: "CONFIG"
        case .usage: "USAGE"
        case .bug: "BUG"
        case .interrupted, .terminated: "SIGNAL"
        }
    }

    /// The one that is reported when several hold: 70, 16, 10, 9, 8, then the smallest number
    /// that is not 0.
    public static func gravest(_ outcomes: [Outcome]) -> Outcome {
        let order: [Outcome] = [.bug, .configuration, .structure, .totals, .rejects]
        for outcome in order where outcomes.contains(outcome) { return outcome }
        return outcomes.filter { $0 != .normal }.min { $0.rawValue < $1.rawValue } ?? .normal
    }
}
