// What progress shows, as a value; and when it is shown, as a state machine without a clock.

/// A run as it stands now.
public struct ProgressState: Sendable, Equatable {
    /// One phase of the run.
    public struct Phase: Sendable, Equatable {
        /// How far a phase is.
        public enum Standing: Sendable { case pending, current, done }

        /// `split`, `validate`, `load`, `certify` or `publish`.
        public var name: String
        /// How far it is.
        public var standing: Standing
        /// Time in the phase so far; nil: it has not begun.
        public var elapsed: Duration?

        /// Memberwise.
        public init(name: String, standing: Standing, elapsed: Duration? = nil) {
            self.name = name
            self.standing = standing
            self.elapsed = elapsed
        }
    }

    /// One worker of the fleet.
    public struct Worker: Sendable, Equatable {
        /// Its name in claims and logs.
        public var name: String
        /// What it does, in a few words such as `load slice 7`.
        public var state: String
        /// Its rate over its last blocks.
        public var recordsPerSecond: Double

        /// Memberwise.
        public init(name: String, state: String, recordsPerSecond: Double) {
            self.name = name
            self.state = state
            self.recordsPerSecond = recordsPerSecond
        }
    }

    /// The run's id.
    public var run: String
    /// The current phase's name.
    public var phase: String
    /// All phases of the run, in their order.
    public var phases: [Phase]
    /// Records the current phase has handled.
    public var recordsDone: Int64
    /// Records the current phase has to handle; 0: not known yet.
    public var recordsTotal: Int64
    /// Records per second over the current phase, or over the run when it ends.
    public var recordsPerSecond: Double
    /// The fleet, in the order it is shown.
    public var workers: [Worker]
    /// Records rejected so far.
    public var rejects: Int64
    /// Conflicts found so far.
    public var conflicts: Int64
    /// Time since the run began.
    public var elapsed: Duration

    /// Memberwise.
    public init(
        run: String, phase: String, phases: [Phase], recordsDone: Int64, recordsTotal: Int64,
        recordsPerSecond: Double, workers: [Worker], rejects: Int64, conflicts: Int64,
        elapsed: Duration
    ) {
        self.run = run
        self.phase = phase
        self.phases = phases
        self.recordsDone = recordsDone
        self.recordsTotal = recordsTotal
        self.recordsPerSecond = recordsPerSecond
        self.workers = workers
        self.rejects = rejects
        self.conflicts = conflicts
        self.elapsed = elapsed
    }
}

/// Decides when progress is due; the caller passes the time in.
public struct ProgressThrottle: Sendable, Equatable {
    /// How progress is shown.
    public enum Manner: Sendable {
        /// A block redrawn in place: at most ten times per second.
        case redrawn
        /// Lines: when a phase begins, every 5 % that took some seconds, and every 30 seconds.
        case lines
    }

    /// How progress is shown.
    public let manner: Manner
    private var last: (at: Duration, phase: String, step: Int64, done: Int64)?

    /// Nothing shown yet: the first question is always answered with yes.
    public init(_ manner: Manner) { self.manner = manner }

    /// Whether the state is due at this time; if so, it counts as shown.
    ///
    /// - Parameters:
    ///   - state: The run as it stands.
    ///   - now: Time since any fixed moment, never going back.
    ///   - isFinal: The last question: a block is due, a line if it tells something new.
    public mutating func isDue(
        _ state: ProgressState, at now: Duration, isFinal: Bool = false
    ) -> Bool {
        let percent =
            state.recordsTotal > 0
            ? Figures.percent(done: state.recordsDone, total: state.recordsTotal) : 0
        let step = percent / JournalLimits.lineStepPercent
        if let last {
            let pause = now - last.at
            let isNewPhase = state.phase != last.phase
            let due =
                switch manner {
                case .redrawn: isFinal || pause >= JournalLimits.frameInterval
                case .lines:
                    isNewPhase || pause >= JournalLimits.lineInterval
                        || (step > last.step && pause >= JournalLimits.lineSpacing)
                        || (isFinal && state.recordsDone != last.done)
                }
            guard due else { return false }
        }
        last = (now, state.phase, step, state.recordsDone)
        return true
    }

    /// Equal when they answer alike from now on.
    public static func == (left: ProgressThrottle, right: ProgressThrottle) -> Bool {
        left.manner == right.manner && left.last?.at == right.last?.at
            && left.last?.phase == right.last?.phase && left.last?.step == right.last?.step
            && left.last?.done == right.last?.done
    }
}
