// A standby coordinator: watches the open runs of its jobs, and starts a coordinator process for one
// whose own is gone. The process is `kugiri resume`: what ends it does not end the standby.

import Glibc
package import Journal
import Ledger
package import Messaging
package import Plan
import Postgres

/// One thing a standby did or saw: schema `kugiri.standby/1`, in `ops/schema/standby-1.json`.
package struct StandbyEvent: Encodable, Sendable {
    private let schema = "kugiri.standby/1"
    package var time: Timestamp
    /// The message's id.
    package var id: String
    package var text: String
    /// nil: it is about no run in particular.
    package var runID: String?
    package var job: String?

    init(_ message: LogMessage, run: String? = nil, job: String? = nil) {
        time = .now()
        id = message.id.rawValue
        text = message.text(in: .english)
        runID = run
        self.job = job
    }

    private enum CodingKeys: String, CodingKey {
        case schema, time, id, text, job
        case runID = "run_id"
    }

    /// The line for people.
    package var line: String { "\(time.iso8601WithOffset) \(id) \(text)" }
}

/// A standby.
package final class Standby {
    private let jobs: [String]
    private let session: BoundedSession
    private let runsMax: Int
    private let start: (String, Int64) throws(MessagingError) -> ChildProcess
    private let show: (StandbyEvent) throws -> Void
    private var book = StandbyBook()
    private var children: [String: (job: String, process: ChildProcess)] = [:]
    private var lookAt = Monotonic.now()
    private var isTroubled = false
    /// The database was asked once: until then trouble with it is the command's.
    private var hasLooked = false

    /// - Parameters:
    ///   - jobs: Whose runs are watched.
    ///   - databaseURL: Where the ledger is.
    ///   - hasOneAddress: Its coordinators listen at one address, so there is one at a time.
    ///   - start: Starts a coordinator for a run, given the term that it takes over from.
    ///   - show: Shows an event.
    package init(
        jobs: [String], databaseURL: String, hasOneAddress: Bool,
        start: @escaping (String, Int64) throws(MessagingError) -> ChildProcess,
        show: @escaping (StandbyEvent) throws -> Void
    ) {
        self.jobs = jobs
        session = BoundedSession(
            url: databaseURL, name: "kugiri standby \(HostName.current)",
            limit: CoordinationLimits.standbyAnswerMax)
        runsMax = hasOneAddress ? 1 : CoordinationLimits.standbyRunsMax
        self.start = start
        self.show = show
    }

    /// Stands by until a signal asks to stop.
    ///
    /// - Returns: The signal's outcome.
    package func stand(signals: consuming SignalReader) throws -> Outcome {
        while true {
            while let signal = signals.next() {
                guard signal == SIGINT || signal == SIGTERM else { continue }
                return try stop(signal)
            }
            try collect()
            if Monotonic.now() >= lookAt { try look() }
            usleep(CoordinationLimits.standbyPauseMicroseconds)
        }
    }

    private func tell(_ message: LogMessage, run: String? = nil, job: String? = nil) throws {
        try show(StandbyEvent(message, run: run, job: job))
    }

    private func look() throws {
        lookAt = Monotonic.now() + CoordinationLimits.standbyInterval
        let sights: [RunSight]
        do {
            let jobs = jobs
            sights = try session.use { connection in
                if !hasLooked { try Schema.check(connection) }
                return try HolderLedger.sights(jobs: jobs, connection)
            }
        } catch let error as PostgresError where hasLooked && error.isPassing {
            lookAt = Monotonic.now() + CoordinationLimits.standbyDatabasePatience
            if !isTroubled { try tell(LogMessage(.standbyBlind, ["reason": error.description])) }
            isTroubled = true
            return
        }
        if isTroubled { try tell(LogMessage(.standbySees)) }
        isTroubled = false
        if !hasLooked { try begin() }
        let effects = book.look(
            sights, mayTakeOver: children.count < runsMax, at: Monotonic.now())
        for effect in effects {
            switch effect {
            case .tell(let message, let run, let job): try tell(message, run: run, job: job)
            case .takeOver(let sight): try takeOver(sight)
            }
        }
    }

    /// The ledger was read for the first time: from now on trouble with it passes.
    private func begin() throws {
        hasLooked = true
        try tell(
            LogMessage(
                .standingBy,
                [
                    "jobs": jobs.joined(separator: ", "), "holder": Holders.own.description,
                    "silence": Figures.duration(CoordinationLimits.coordinatorSilenceLimit),
                ]))
    }

    private func takeOver(_ sight: RunSight) throws {
        do {
            children[sight.run] = (sight.job, try start(sight.run, sight.term))
        } catch {
            // Tried again like one that started and failed.
            book.ended(sight.run, exit: "\(error.operation): \(error.message)")
        }
    }

    /// Looks which coordinators have ended.
    private func collect() throws {
        for (run, child) in children {
            guard let status = child.process.poll() else { continue }
            children[run] = nil
            let exit =
                switch status {
                case .exited(let code): "exit \(code)"
                case .signalled(let signal): "signal \(signal)"
                case .lost: "an unknown status"
                }
            book.ended(run, exit: exit)
            try tell(
                LogMessage(.takeoverEnded, ["run": run, "exit": exit]), run: run, job: child.job)
        }
    }

    /// Stops the coordinators in order; what they have done stays done.
    private func stop(_ signal: Int32) throws -> Outcome {
        for child in children.values { child.process.terminate() }
        let deadline = Monotonic.now() + CoordinationLimits.standbyStopLimit
        while !children.isEmpty, Monotonic.now() < deadline {
            try collect()
            usleep(CoordinationLimits.standbyPauseMicroseconds)
        }
        for child in children.values { child.process.kill() }
        while !children.isEmpty {
            try collect()
            usleep(CoordinationLimits.standbyPauseMicroseconds)
        }
        try tell(
            LogMessage(
                .standbyStopped, ["signal": signal == SIGINT ? "SIGINT" : "SIGTERM"]))
        return signal == SIGINT ? .interrupted : .terminated
    }
}
