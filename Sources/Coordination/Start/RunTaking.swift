// The transaction that gives a coordinator its run: the term, the tenure and the audit row are one
// (PROTOCOL 16 and 30).

import Glibc
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Settings

/// A run that was given up for a new one.
struct SupersededRun {
    var run: String
    /// Who conducted it.
    var holder: String
    /// When it began.
    var since: String
}

extension RunStart {
    /// Creates a run and takes it; unfinished runs on the target that have loaded nothing are given
    /// up for it, one that has makes it refuse with 13.
    ///
    /// The input gets its place before the commit: a run that is in the ledger has its input, whoever
    /// dies when. A place without a run is given to the next run, which gets the same id.
    ///
    /// - Throws: ``LostCreation`` when the commit's answer never came.
    static func begin(
        _ new: NewRun, _ arrived: ArrivedInput, _ request: RunRequest, target plan: TargetPlan,
        _ connection: borrowing Connection
    ) throws -> (run: String, term: Int64, input: ArrivedInput, superseded: [SupersededRun]) {
        var superseded: [SupersededRun] = []
        var made: (run: String, input: ArrivedInput)?
        do {
            let created = try connection.transaction { connection in
                let open = try RunLedger.open(onTarget: plan.tableID, connection)
                for open in open {
                    let last = try Holders.last(
                        of: open.run, else: open.coordinator, since: open.since, connection)
                    guard !open.loaded else {
                        throw halfLoaded(
                            open.run, since: open.since, plan.table, holder: last.holder,
                            ending: last.ending)
                    }
                    superseded.append(
                        SupersededRun(run: open.run, holder: last.holder, since: last.since))
                }
                let created = try RunLedger.create(new, connection)
                for given in superseded {
                    try RunLedger.supersede(given.run, by: created.run, connection)
                }
                guard
                    let taken = try RunLedger.take(created.run, coordinator: identity, connection)
                else { throw LedgerError.fenced(run: created.run) }
                try TenureLedger.begin(
                    run: created.run, term: taken.term, conductor: Holders.own, isTakeover: false,
                    connection)
                try Preparation.audit(
                    request.command, run: created.run, version: request.binaryVersion,
                    hash: request.settingsHash, connection)
                let place = try Arrival.keep(
                    arrived, as: request.definition.archivedInput(of: created.run))
                made = (created.run, place)
                try Failpoint.inputKept.pass()
                return (created.run, taken.term, place)
            }
            return (created.0, created.1, created.2, superseded)
        } catch {
            guard let made else { throw error }
            if let error = error as? PostgresError, error.commitUnknown {
                throw LostCreation(
                    run: made.run, input: made.input, target: plan.tableID, error: error)
            }
            Arrival.discard(made.input)
            throw error
        }
    }

    /// Another run stands in the way: it is not finished, and has loaded.
    static func halfLoaded(
        _ run: String, since: Int64, _ target: String, holder: String, ending: String
    ) -> RunStop {
        RunStop(
            .held,
            LogMessage(
                .runHalfLoaded,
                [
                    "run": run, "target": target, "since": Holders.moment(since),
                    "holder": holder, "ending": ending,
                ]))
    }

    /// Takes an open run under the next term.
    ///
    /// - Parameters:
    ///   - after: The term that must be the newest; nil: whichever is.
    ///   - isTakeover: A standby found it without a coordinator.
    static func take(
        _ run: String, after term: Int64?, isTakeover: Bool, command: String, version: String,
        _ connection: borrowing Connection
    ) throws -> Int64 {
        try connection.transaction { connection in
            guard
                let taken = try RunLedger.take(
                    run, coordinator: identity, after: term, connection)
            else { throw try lostRace(for: run, connection) }
            try TenureLedger.begin(
                run: run, term: taken.term, conductor: Holders.own, isTakeover: isTakeover,
                connection)
            try Preparation.audit(command, run: run, version: version, hash: nil, connection)
            return taken.term
        }
    }

    /// Somebody else took the run, or ended it, since it was looked at.
    static func lostRace(
        for run: String, _ connection: borrowing Connection
    ) throws -> any Error {
        guard let last = try HolderLedger.lastConductor(of: run, connection) else {
            return LedgerError.fenced(run: run)
        }
        return RunStop(
            .held,
            LogMessage(
                .runTakenByOther,
                [
                    "run": run, "holder": last.conductor.description,
                    "since": Holders.moment(last.startedAt), "term": String(last.term),
                ]))
    }

    /// `kugiri run` of an input whose run is not finished, with `--resume`.
    static func goOn(
        with run: String, _ request: RunRequest, screen: RunScreen
    ) throws -> RunEnd {
        guard let edited = request.resuming else {
            throw LedgerError.broken("run \(run) was not asked to go on")
        }
        var resume = ResumeRequest(request, run: run)
        resume.edited = edited
        return self.resume(
            resume, signals: try SignalReader([SIGINT, SIGTERM, SIGCHLD]), screen: screen)
    }

    /// The sockets of a run, before anything of it is in the ledger: an address that cannot be had
    /// leaves the run to whoever has another.
    static func makeFleet(
        _ definition: RunDefinition, _ surroundings: Surroundings, binaryVersion: String,
        signals: consuming SignalReader
    ) throws -> Fleet {
        try Fleet(
            endpoint: try MeetingPlace.endpoint(state: definition.directories.state),
            network: surroundings.network, binaryVersion: binaryVersion, signals: signals)
    }

    /// Why an archived input is not to be found.
    static func missingReason(_ former: Conductor?) -> String {
        guard let former, former.host != HostName.current else { return "it left the archive" }
        return "it is not on \(HostName.current); the run was conducted on \(former.host): share "
            + "its directories with this machine, or go on there"
    }

    /// Says in the run log that nobody asked for this coordinator.
    static func noteTakeover(_ coordinator: RunCoordinator, from former: LastConductor?) {
        coordinator.note(
            LogMessage(
                .runTakenOver,
                [
                    "run": coordinator.run, "term": String(coordinator.term),
                    "holder": former?.conductor.description ?? "an unknown coordinator",
                    "since": former.map { Holders.moment($0.startedAt) } ?? "?",
                ]))
    }
}

extension RunCoordinator {
    /// Says that an unfinished run made way for this one.
    func noteSuperseded(_ given: SupersededRun) {
        let message = LogMessage(
            .runSupersedes,
            ["run": run, "other": given.run, "holder": given.holder, "since": given.since])
        note(message)
        screen.announce(message)
    }

    /// Begins to say in the ledger that this coordinator is alive.
    func beginPulse() {
        let pulse = Pulse(url: databaseURL, run: run, term: term) { [weak self] in
            self?.note($0)
        }
        fleet.heartbeat = { try pulse.beatWhenDue() }
    }
}
