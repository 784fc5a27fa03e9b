// The coordinator's end of the events: numbers them, limits progress, and drops what cannot be
// sent. A run never waits for a listener and never fails because of one.

import Glibc
import Journal
import Ledger
import Messaging
import Plan
import Settings
import Wire

/// Publishes the events of one run.
final class EventStream {
    private let socket: PublisherSocket
    private let run: String
    private var sequence: UInt64 = 0
    private var lastProgressAt: ContinuousClock.Instant?
    /// Events that could not be written or sent; told once, at the end.
    private(set) var dropped = 0

    init(_ socket: consuming PublisherSocket, run: String) {
        self.socket = socket
        self.run = run
    }

    /// Publishes an event of a kind; `fill` sets what belongs to it.
    func tell(_ kind: RunEvent.Kind, _ fill: (inout RunEvent) -> Void = { _ in }) {
        var event = RunEvent(kind, run: run)
        sequence += 1
        event.sequence = sequence
        fill(&event)
        do {
            try socket.publish(topic: run, Array(try JSONText.compact(event).utf8))
        } catch {
            dropped += 1
        }
    }

    /// Publishes how far the run is, when the last time is long enough ago.
    func progress(_ state: ProgressState, crew: [WorkerName: Crew]) {
        let now = Monotonic.now()
        if let last = lastProgressAt, now - last < CoordinationLimits.eventProgressInterval {
            return
        }
        lastProgressAt = now
        tell(.progress) { event in
            event.phase = state.phase
            event.progress = RunEvent.Progress(
                recordsDone: state.recordsDone, recordsTotal: state.recordsTotal,
                recordsPerSecond: Figures.whole(state.recordsPerSecond), rejects: state.rejects,
                conflicts: state.conflicts, elapsedSeconds: state.elapsed / .seconds(1),
                workers: state.workers.map {
                    RunEvent.Worker(
                        name: $0.name, host: crew[$0.name]?.host ?? "", state: $0.state,
                        recordsPerSecond: Figures.whole($0.recordsPerSecond))
                })
        }
    }
}

extension RunCoordinator {
    /// Opens the run's events; a run whose events cannot be heard goes on without.
    func openEvents(_ place: EventsPlace) {
        do {
            guard let endpoint = try MeetingPlace.events(place, beside: fleet.endpoint) else {
                return
            }
            try endpoint.prepareDirectory()
            eventsEndpoint = endpoint
            events = EventStream(try fleet.publisher(bind: endpoint), run: run)
        } catch {
            eventsEndpoint = nil
            note(
                LogMessage(
                    .eventsUnavailable,
                    ["run": run, "reason": (error as? MessagingError)?.message ?? "\(error)"]))
        }
    }

    /// Goes on with the events of the coordinator that this process was before.
    func takeEvents(from lost: RunCoordinator) {
        events = lost.events
        eventsEndpoint = lost.eventsEndpoint
        lost.events = nil
        lost.eventsEndpoint = nil
    }

    /// Closes the events after the last one.
    func closeEvents() {
        events = nil
        if let path = eventsEndpoint?.path { Files.remove(path) }
    }

    /// Notes in the ledger where the events are heard, and reads what coordinators before this one
    /// took.
    func beginTenure(_ row: RunRow) throws {
        if let eventsEndpoint {
            try TenureLedger.publishes(eventsEndpoint.text, run: run, term: term, connection)
        }
        past = try TenureLedger.past(run: run, before: term, connection)
        if let standing = try StatusLedger.standing(run, connection) {
            startedAt = Timestamp(
                milliseconds: standing.startedAt, offsetSeconds: startedAt.offsetSeconds)
        }
        events?.tell(.runStarted) { event in
            event.job = row.job
            event.phase = row.phase.rawValue
        }
    }

    /// Counts a settled load claim; the last one of a partition is an event.
    func settledInPartition(_ partition: Int?) {
        guard let partition, let left = claimsLeft[partition] else { return }
        claimsLeft[partition] = left - 1
        guard left == 1 else { return }
        events?.tell(.partitionFinished) { event in
            event.partition = partition
            event.phase = Phase.load.rawValue
        }
    }
}
