// What goes wrong in a run, as a list that can be read, printed and shortened.

/// Something that goes wrong.
package struct Fault: Sendable, Equatable {
    /// What it is.
    package enum Kind: String, Sendable, CaseIterable {
        /// By number of the message: it never arrives.
        case messageLost = "message lost"
        /// By number: it arrives twice, the second time after `length`.
        case messageDoubled = "message doubled"
        /// By number: it arrives after `length`, behind later ones.
        case messageDelayed = "message delayed"
        /// By number of the statement: the connection breaks before it is executed.
        case cutBefore = "connection cut before statement"
        /// By number: the connection breaks after it was executed; the client does not know.
        case cutAfter = "connection cut after statement"
        /// By number: the client hears that the connection broke; it is executed after `length`.
        case executedLate = "connection cut, executed late, statement"
        /// By number: whoever sent it ends at once.
        case clientKilled = "client killed at statement"
        /// By number: whoever sent it stands still for `length`.
        case clientFrozen = "client frozen at statement"
        /// By time: `target` is the worker.
        case workerKilled = "worker killed"
        /// By time: it stands still for `length`.
        case workerFrozen = "worker frozen"
        /// By time: its heartbeats go on, its work stands still for `length`.
        case workerHung = "worker hung"
        /// By time.
        case coordinatorKilled = "coordinator killed"
        /// By time: it stands still for `length`.
        case coordinatorFrozen = "coordinator frozen"
        /// By time: no message between the coordinator and worker `target` for `length`.
        case linkCut = "link cut"
        /// By time: the database is away for `length`; unlogged tables are empty, commits that
        /// were not flushed are gone.
        case serverCrashed = "server crashed"

        /// Whether `at` counts messages.
        var countsMessages: Bool {
            switch self {
            case .messageLost, .messageDoubled, .messageDelayed: true
            default: false
            }
        }

        /// Whether `at` counts statements.
        var countsStatements: Bool {
            switch self {
            case .cutBefore, .cutAfter, .executedLate, .clientKilled, .clientFrozen: true
            default: false
            }
        }
    }

    /// What goes wrong.
    package var kind: Kind
    /// Milliseconds, or the number of the message or statement.
    package var at: Int
    /// The worker; 0 where it is about none.
    package var target: Int
    /// Milliseconds.
    ///
    /// Of a connection cut: until the server notices; 0: only keepalives tell it. Of a frozen
    /// process: 0 is for ever.
    package var length: Int

    /// Memberwise.
    package init(kind: Kind, at place: Int, target: Int = 0, length: Int = 0) {
        self.kind = kind
        at = place
        self.target = target
        self.length = length
    }
}

extension Fault: CustomStringConvertible {
    /// For people and for comparing two replays.
    package var description: String {
        switch kind {
        case .workerKilled: "at \(at) ms: worker \(target) killed"
        case .workerFrozen where length == 0:
            "at \(at) ms: \(kind.rawValue), worker \(target), for ever"
        case .workerFrozen, .workerHung, .linkCut:
            "at \(at) ms: \(kind.rawValue), worker \(target), for \(length) ms"
        case .coordinatorKilled: "at \(at) ms: coordinator killed"
        case .coordinatorFrozen, .serverCrashed: "at \(at) ms: \(kind.rawValue), for \(length) ms"
        case .messageLost: "\(kind.rawValue): number \(at)"
        case .cutBefore, .cutAfter, .clientKilled:
            length == 0
                ? "\(kind.rawValue) \(at); only keepalives tell the server"
                : "\(kind.rawValue) \(at); the server notices after \(length) ms"
        case .clientFrozen where length == 0: "\(kind.rawValue) \(at), for ever"
        case .messageDoubled, .messageDelayed, .executedLate, .clientFrozen:
            "\(kind.rawValue) number \(at), by \(length) ms"
        }
    }
}

extension Fault {
    /// Draws the `number`-th fault of a seed.
    static func drawn(_ chance: Chance, _ number: Int) -> Fault {
        let place = number * 8
        let kinds = Kind.allCases
        let kind = kinds[chance.number(.fault, place, in: 0...kinds.count - 1)]
        let span =
            if kind.countsMessages {
                SimulatorLimits.messageSpan
            } else if kind.countsStatements {
                SimulatorLimits.statementSpan
            } else {
                SimulatorLimits.faultSpan
            }
        let isForever = chance.number(.fault, place + 3, in: 0...3) == 0
        let lengths =
            switch kind {
            case .messageDoubled, .messageDelayed: 20...6_000
            case .cutBefore, .cutAfter, .clientKilled: isForever ? 0...0 : 1...4_000
            // Mostly short: about when the client is back.
            case .executedLate: isForever ? 400...3_000 : 20...300
            case .workerFrozen, .clientFrozen: isForever ? 0...0 : 300...8_000
            case .serverCrashed: 100...2_500
            default: 300...8_000
            }
        return Fault(
            kind: kind, at: chance.number(.fault, place + 1, in: span),
            target: chance.number(
                .fault, place + 2, in: 0...SimulatorLimits.workers.upperBound - 1),
            length: chance.number(.fault, place + 4, in: lengths))
    }
}

/// A write of the online service to the same rows.
package struct OnlineWrite: Sendable, Equatable {
    /// How it is done.
    package enum Kind: Int, Sendable, CaseIterable {
        /// An update that moves the lock column, as it should.
        case update
        /// An update that leaves the lock column as it was; the row's version moves.
        case forgotten
        /// An update in a transaction whose number is that of the row's writer, come round.
        case comeRound
        /// An update whose transaction holds the row for a while.
        case slow
        case delete
        case insert
    }

    /// How it is done.
    package var kind: Kind
    /// Milliseconds.
    package var at: Int
    /// Place of the key.
    package var key: Int
    /// What is added to the balance.
    package var amount: Int
    /// Of a slow one, milliseconds.
    package var length: Int
}

extension OnlineWrite: CustomStringConvertible {
    /// For people.
    package var description: String {
        "at \(at) ms: online \(kind) of key \(key), \(amount) more"
    }
}
