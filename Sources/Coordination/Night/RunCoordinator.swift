// The coordinator of one run: the order of the night, phase after phase. Each step is in a file
// of its own; this one holds what they share and says what follows what.

import FoundationEssentials
import Glibc
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings
import Wire

/// The coordinator of one run.
///
/// A class, because the database connection's idle hook and the loop both reach it; one thread uses
/// it.
final class RunCoordinator {
    let executable: String
    let binaryVersion: String
    let databaseURL: String
    let definition: RunDefinition
    let fleet: Fleet
    let connection: Connection
    let run: String
    let number: Int64
    let revision: Int
    let plan: TargetPlan
    let tables: RunTables
    let log: RunLog
    let directory: String
    let input: ArrivedInput
    let tolerances: [RunSummary.Tolerance]
    /// When the run was created, under whatever coordinator.
    var startedAt: Timestamp
    /// What coordinators before this one took and did.
    var past = PastTenures()
    let startedClock = Monotonic.now()
    var term: Int64
    /// The term that this process asked for after its database was away, whether or not it heard the
    /// answer; nil: it never did.
    var termTried: Int64?
    var phase: Phase
    /// Asks whether a revision may change what it would; nil: it is agreed already.
    var consent: Consent?
    var phaseTimes: [(phase: Phase, elapsed: Duration)] = []
    var phaseClock = Monotonic.now()
    var envelope: EnvelopeSummary?
    /// The split found that control totals or identity do not hold; false: they do, or it is not known.
    var breaksPromises = false
    var layout: FrameLayout?
    var partitions: PartitionTable?
    var messages: [RunSummary.Message] = []
    var warnings: [Outcome] = []
    var certificateHash: String?
    /// How the run ended, once its publication is committed; nil: it is not, or nobody knows.
    var published: (outcome: Outcome, summary: RunSummary)?
    var screen: RunScreen
    var isSettlingPrepared = false
    private var drawnAt = Monotonic.now()
    let logGenerations: Int
    /// nil: they are switched off, or could not be opened.
    var events: EventStream?
    var eventsEndpoint: Endpoint?
    /// Load claims per partition that are not settled yet.
    var claimsLeft: [Int: Int] = [:]
    /// Claims whose work is counted from the ledger.
    var claimsSettled: Set<Int64> = []
    /// Records done in the phase, from finished claims.
    var recordsSettled: UInt64 = 0
    var rejectsSettled: Int64 = 0
    var conflictsSettled: Int64 = 0
    var requeued: Int64 = 0
    /// When claims were assigned, and how many chunks the ledger showed of each.
    var claimWatch = ClaimWatch(grace: CoordinationLimits.assignmentGrace)
    /// When an idle worker was last looked after.
    var relievedAt: Duration = .zero
    /// Load claims that nobody tries any more.
    var failures = PartitionFailures()
    /// Instructions and the deadline.
    var watch = RunWatch()
    var lastFailure: (worker: WorkerName, reason: String)?
    /// A newer coordinator has the run: this one writes nothing more.
    var isSupplanted = false
    /// A second session, used only to take claims away (PROTOCOL 11).
    private var guardian: GuardianBox?

    init(
        executable: String, binaryVersion: String, databaseURL: String,
        definition: RunDefinition, fleet: Fleet, connection: consuming Connection, row: RunRow,
        plan: TargetPlan, term: Int64, input: ArrivedInput,
        tolerances: [RunSummary.Tolerance], screen: RunScreen, logGenerations: Int
    ) throws {
        self.logGenerations = logGenerations
        self.executable = executable
        self.binaryVersion = binaryVersion
        self.databaseURL = databaseURL
        self.definition = definition
        self.fleet = fleet
        self.connection = connection
        run = row.run
        number = row.number
        revision = row.revision
        self.plan = plan
        tables = RunTables(number: row.number, revision: row.revision, plan: plan)
        directory = definition.runDirectory(of: row.run) + definition.revisionFolder
        try Files.makeDirectory(directory)
        log = try RunLog(directory: directory)
        self.input = input
        self.tolerances = tolerances
        self.term = term
        phase = row.phase
        startedAt = .now()
        self.screen = screen
        fleet.run = row.run
        fleet.term = UInt64(term)
        fleet.silenceLimit = .milliseconds(definition.job.silenceMilliseconds)
    }

    /// The terms that are this process's.
    var ownTerms: Set<Int64> { Set([term] + (termTried.map { [$0] } ?? [])) }

    /// Whether the newest coordinator is this one.
    ///
    /// The process alone does not tell: containers of one image can have host and process in common.
    func isOwn(_ last: LastConductor) -> Bool {
        last.term == term || last.term == termTried && last.conductor == Holders.own
    }

    /// Writes a line of the run log; what is not routine is kept for the report too.
    func note(_ message: LogMessage, worker: String? = nil, partition: Int? = nil) {
        log.write(message, worker: worker, partition: partition)
        guard message.severity != .information else { return }
        events?.tell(.message) { event in
            event.id = message.id.rawValue
            event.text = message.text(in: .english)
        }
        if messages.count < JournalLimits.reportMessagesMax {
            messages.append(RunSummary.Message(message, at: .now(), catalogue: .english))
        }
    }

    /// A transaction of the coordinator: nothing is done when the term is over (PROTOCOL 16).
    func transact<T>(_ body: (borrowing Connection) throws -> T) throws -> T {
        watch.isTransacting = true
        defer { watch.isTransacting = false }
        return try connection.transaction { connection in
            try RunLedger.fence(run, term: term, connection)
            return try body(connection)
        }
    }

    /// Lets everything breathe; throws when a signal, an instruction or the deadline asks to stop.
    func breathe() throws {
        try fleet.breathe()
        try checkSignal()
        try followInstructions()
    }

    /// The session that takes claims away, made when it is first needed.
    func guardConnection() throws -> GuardianBox {
        if let guardian, guardian.connection.isUsable { return guardian }
        let fleet = fleet
        let box = GuardianBox(
            try Connection(
                url: databaseURL, applicationName: "kugiri coordinator \(run) guard",
                idle: { try fleet.breathe() }))
        guardian = box
        return box
    }

    func checkSignal() throws {
        guard let signal = fleet.signal else { return }
        throw RunStop(signal: signal)
    }

    func begin(_ next: Phase) throws {
        phase = next
        phaseClock = Monotonic.now()
        fleet.phase = next
        recordsSettled = 0
        fleet.tellAlive()
        let records = envelope.map { String($0.dataRecords) } ?? "?"
        let count = partitions.map { String($0.partitions.count) } ?? "?"
        note(
            LogMessage(
                .phaseStarted,
                ["phase": next.rawValue, "records": records, "partitions": count]))
        try TenureLedger.begin(next, run: run, term: term, connection)
        events?.tell(.phaseStarted) { $0.phase = next.rawValue }
        draw()
    }

    func finish(_ done: Phase, records: UInt64) throws {
        let elapsed = Monotonic.now() - phaseClock
        phaseTimes.append((done, elapsed))
        note(
            LogMessage(
                .phaseFinished,
                [
                    "phase": done.rawValue, "records": String(records),
                    "elapsed": Figures.duration(elapsed),
                    "rate": Figures.count(Int64(Figures.perSecond(Int64(records), in: elapsed))),
                ]))
        try TenureLedger.finish(done, run: run, term: term, connection)
        events?.tell(.phaseFinished) { event in
            event.phase = done.rawValue
            event.records = Int64(records)
            event.elapsedSeconds = elapsed / .seconds(1)
        }
        draw()
    }

    /// The night, from wherever it stands to its end.
    func night(untilValidate: Bool) throws -> Outcome {
        if phase == .split { try split() }
        guard let envelope else { throw LedgerError.broken("no envelope after the split") }
        try refuseEmptyFeed(envelope)
        if envelope.dataRecords == 0, definition.job.onEmpty == .warn {
            note(LogMessage(.inputEmpty, ["input": input.path]))
            throw RunStop(.empty, [])
        }
        if phase == .validate {
            try validate()
            try judge()
            if untilValidate { return Outcome.gravest(warnings) }
            try agree()
            try passBarrier()
        }
        if phase == .load {
            try load()
            try requeue()
            try enter(.certify)
        }
        if phase == .certify {
            try certify()
            try enter(.publish)
        }
        try publish()
        return Outcome.gravest(warnings)
    }

    func enter(_ next: Phase) throws {
        try transact { connection in
            try RunLedger.enter(next, run: run, connection)
        }
        phase = next
    }

    /// Time that coordinators have worked on the run, this one included.
    var elapsedOfRun: Duration { .seconds(past.seconds) + (Monotonic.now() - startedClock) }

    /// What the fleet has under way in this phase, beyond what is settled.
    var inFlight: InFlight {
        InFlight(fleet.crew.values.lazy.compactMap(\.beat), of: phase, settled: claimsSettled)
    }

    /// Draws when the last time is long enough ago: nobody sees more, and every message, statement
    /// and claim comes past here.
    func drawSoon() {
        guard Monotonic.now() - drawnAt >= CoordinationLimits.drawInterval else { return }
        draw()
    }

    func draw(isFinal: Bool = false) {
        drawnAt = Monotonic.now()
        let inFlight = inFlight
        var done = recordsSettled + inFlight.records
        let rejects = rejectsSettled + (phase == .validate ? inFlight.rejects : 0)
        // Publish handles no records; what it shows is the whole run's.
        if phase == .publish { done = envelope?.dataRecords ?? done }
        fleet.recordsDone = done
        let total = envelope?.dataRecords ?? fleet.recordsTotal
        fleet.recordsTotal = total
        let state = screen.draw(
            run: run, phase: phase, phaseTimes: phaseTimes,
            phaseElapsed: Monotonic.now() - phaseClock, done: total > 0 ? min(done, total) : done,
            total: total, crew: fleet.crew, idle: fleet.idle, rejects: rejects,
            conflicts: conflictsSettled, elapsed: elapsedOfRun,
            isFinal: isFinal)
        events?.progress(state, crew: fleet.crew)
    }
}

/// Keeps a connection in an optional property of a class.
final class GuardianBox {
    let connection: Connection
    init(_ connection: consuming Connection) { self.connection = connection }
}
