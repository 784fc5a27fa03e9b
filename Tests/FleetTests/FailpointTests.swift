// Every named place × kill, stop and error: a night is taken through all of them, fault after fault,
// and ends with the rows of an undisturbed one.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct FailpointTests {
        /// What a fault does to its process.
        enum Action: String, CaseIterable, Sendable {
            case kill
            case stop
            case error
        }

        /// Places of the coordinator before anything is loaded.
        private static let toTheBarrier: [Failpoint] = [
            .inputArchived, .inputKept, .runCreated, .spoolBlockWritten, .spoolWrittenBeforeCommit,
            .splitCommitted, .claimGranted, .blockSent, .atBarrier,
        ]
        /// Places of the coordinator from there to its last line.
        private static let toTheEnd: [Failpoint] = [
            .beforeRecutCommit, .barrierCommitted, .beforeReliefCommit, .afterRelief,
            .afterEpochBump, .inRequeue, .beforePublish, .midPublish, .ledgerWrittenLogNot,
        ]
        /// Places of a rerun; the last two are passed by every run.
        private static let again: [Failpoint] = [
            .revisionOpened, .beforeApproval, .afterPublish, .nightDone,
        ]
        /// Places of workers.
        private static let ofWorkers: [Failpoint] = [
            .claimTaken, .blockReceived, .afterCopyBeforeCommit, .commitSent,
            .afterCommitBeforeReport, .inChunk, .beforeCommit, .inCertify,
        ]

        @Test func `no failpoint is left out of these tables`() {
            let all =
                Self.toTheBarrier + Self.toTheEnd + Self.again + [.inBackout, .inPurge]
                + Self.ofWorkers
            #expect(all.count == Failpoint.allCases.count)
            #expect(Set(all) == Set(Failpoint.allCases))
            #expect(all.count >= 25)
        }

        @Test(arguments: [Action.kill, .error])
        func `a coordinator that fails at every place, one after another, is followed by resume`(
            action: Action
        ) throws {
            let way = try Way(action)
            for place in Self.toTheBarrier { try way.fail(at: place, way.start()) }
            let oracle = try way.changeOnline()
            let before = try way.night.contents()
            try way.editInterval()
            for place in Self.toTheEnd {
                let besides = place == .afterEpochBump ? "in_chunk:kill:1" : Way.slow
                try way.fail(at: place, besides: besides, way.start())
            }
            let run = try way.night.onlyRun()
            try oracle.expectLoaded(way.sample, try way.night.resume(run))
            let loaded = try way.night.contents()

            for place in Self.again { try way.fail(at: place, way.start(orRerun: run)) }
            #expect(try way.night.resume(run).code == 0)
            #expect(try way.night.contents() == loaded)
            #expect(try way.night.kugiri(["certificate", "verify", run]).code == 0)
            try way.fail(at: .inBackout) { try way.night.startBackout(run, environment: $0) }
            #expect(try way.night.backout(run).ended.code == 0)
            #expect(try way.night.contents() == before)
            try way.publishNext()
            try way.fail(at: .inPurge, way.purge())
            #expect(try way.night.kugiri(Way.purging).code == 0)
            let kept = "SELECT count(*) FROM kugiri.run WHERE purged_at IS NULL"
            #expect(try way.night.count(kept) == 1)
        }

        @Test func `a coordinator that stands still at every place goes on when it may`() throws {
            let way = try Way(.stop)
            let places = Set(
                Self.toTheBarrier + Self.toTheEnd + Self.again + [.inBackout, .inPurge])
            let validated = try way.stand(at: places) {
                try way.night.startRun(way.sample, ["--until", "validate"], environment: $0)
            }
            #expect(validated.code == 0, "\(validated.stderr)")
            let oracle = try way.changeOnline()
            let before = try way.night.contents()
            try way.editInterval()
            let run = try way.night.onlyRun()
            let end = try way.stand(at: places) {
                try way.night.startResume(run, environment: $0)
            } meanwhile: { place, running in
                // The claims of both are taken back, so that the epoch is raised.
                guard place == .afterRelief else { return }
                for worker in running.children { kill(worker, SIGKILL) }
            }
            try oracle.expectLoaded(way.sample, try Conclusion(end))
            let loaded = try way.night.contents()

            #expect(try way.stand(at: places, way.start(orRerun: run)).code == 0)
            #expect(try way.night.contents() == loaded)
            let back = try way.stand(at: places) {
                try way.night.startBackout(run, environment: $0)
            }
            #expect(back.code == 0, "\(back.stderr)")
            #expect(try way.night.contents() == before)
            try way.publishNext()
            #expect(try way.stand(at: places, way.purge()).code == 0)
            #expect(way.stood == places)
        }

        @Test(arguments: ofWorkers, Action.allCases)
        func `a worker that fails anywhere is replaced`(place: Failpoint, action: Action) throws {
            let night = try Night {
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
                $0.transfer = "stream"
                $0.silence = "2s"
            }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let faults = Faults(night)
            let armed = "\(place.rawValue):\(action.rawValue)"
            let end = try night.run(
                sample, environment: faults.environment.merging(["KUGIRI_FAILPOINT": armed]) { $1 })
            #expect(faults.acted(action.rawValue) == [place.rawValue])
            try oracle.expectLoaded(sample, end)
            let processes = try night.texts("SELECT DISTINCT process FROM kugiri.crew")
            #expect(processes.count > 1)
            // One that stands still is killed by its coordinator.
            #expect(try action == .error || end.log.contains("signal 9"))
        }

        /// Guests of one run, each alone, so that nobody but the silence limit tells that it is gone.
        @Test(arguments: Action.allCases)
        func `workers that fail at every place, one after another, cost time and no row`(
            action: Action
        ) throws {
            let night = try Night {
                $0.partitions = "{auto: {count: 1}}"
                $0.sliceRecords = 500
                $0.commitInterval = 100
                $0.transfer = "stream"
                $0.silence = "2s"
                $0.attempts = 50
            }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let faults = Faults(night)
            let running = try night.startRun(sample, ["--workers", "0"])
            var standing: [Running] = []
            for place in Self.ofWorkers {
                faults.forget()
                let worker = try night.startWorker(
                    "at-\(place.rawValue.replacing("_", with: "-"))", of: running,
                    failpoint: "\(place.rawValue):\(action.rawValue)",
                    environment: faults.environment)
                try waitUntil("\(action) at \(place)") {
                    faults.acted(action.rawValue) == [place.rawValue] || !running.isRunning
                }
                try #require(running.isRunning, "\(place): \(running.errorsSoFar)")
                switch action {
                case .kill: #expect(try worker.wait().wasKilled)
                case .error: _ = try worker.wait()
                case .stop:
                    try waitUntil("a stopped worker") { Processes.isStopped(worker.pid) }
                    standing.append(worker)
                }
            }
            let last = try night.startWorker("last", of: running)
            let end = try Conclusion(try running.wait())
            #expect(end.code == 0, "\(end.ended.stderr)")
            // Those that wake up after the run write nothing.
            let rows = try night.fingerprint()
            for worker in standing { worker.signal(SIGCONT) }
            for worker in standing + [last] { _ = try worker.wait() }
            #expect(try night.fingerprint() == rows)
            try oracle.expectLoaded(sample, end)
        }
    }
}

/// What processes noted about the places they passed.
private struct Faults {
    private let file: String

    init(_ night: Night) { file = "\(night.folder)/hits" }

    /// For the processes.
    var environment: [String: String] { ["KUGIRI_FAILPOINT_HITS": file] }

    /// Forgets what was noted so far.
    func forget() { try? FileManager.default.removeItem(atPath: file) }

    /// The places where an action was done, in their order.
    func acted(_ action: String) -> [String] {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.hasSuffix(":\(action)") }
            .map { String($0.dropLast(action.count + 1)) }
    }
}

/// One night on its way through the places of coordinators.
private final class Way {
    /// An idle worker gets the tail of the only claim: there is time for that.
    static let slow = "after_commit_before_report:slow:100"
    static let purging = ["purge", "--keep", "0s", "--yes"]

    let night: Night
    let sample: Sample
    private let action: FleetTests.FailpointTests.Action
    private let faults: Faults
    private let customers: [String]
    /// Places where a process stood still.
    private(set) var stood: Set<Failpoint> = []

    init(_ action: FleetTests.FailpointTests.Action) throws {
        night = try Night {
            $0.partitions = "{auto: {count: 1}}"
            $0.sliceRecords = 4_000
            $0.commitInterval = 100
            $0.transfer = "stream"
            $0.attempts = 50
        }
        sample = try night.sample(records: 1_500)
        self.action = action
        faults = Faults(night)
        customers = try sample.debits().map(\.customer)
        try night.enrol(customers.enumerated().filter { $0.offset % 3 != 0 }.map(\.element))
    }

    /// The command that begins the run, or goes on with it.
    ///
    /// - Parameter run: What is done again once it is finished; nil: it is not yet.
    func start(orRerun run: String? = nil) throws -> ([String: String]) throws -> Running {
        let open = try night.texts("SELECT run FROM kugiri.run WHERE state = 'open'")
        let night = night
        let sample = sample
        if let open = open.first { return { try night.startResume(open, environment: $0) } }
        if let run {
            return { try night.startRerun(run, ["--partition", "1"], environment: $0) }
        }
        let known = try night.texts("SELECT run FROM kugiri.run")
        if let known = known.first { return { try night.startResume(known, environment: $0) } }
        return { try night.startRun(sample, environment: $0) }
    }

    func purge() -> ([String: String]) throws -> Running {
        let night = night
        return {
            try Binary.start(
                Self.purging + ["--settings", "\(night.folder)/partitions.yaml"],
                environment: $0, scratch: "\(night.folder)/out")
        }
    }

    /// Two rows change after they were seen, so that there is something to requeue; what the load
    /// starts from.
    func changeOnline() throws -> Oracle {
        try night.online(
            "UPDATE member_account SET name = 'moved' "
                + "WHERE customer_number IN ('\(customers[1])', '\(customers[2])')")
        return try Oracle(night)
    }

    /// The rest is cut into other chunks.
    func editInterval() throws {
        var edited = night.settings
        edited.commitInterval = 110
        try night.write(edited)
    }

    /// Another night is published, so that the one before may be purged.
    func publishNext() throws {
        let next = try night.run(try night.sample(records: 50, date: "2026-11-24"))
        try #require(next.code == 0, "\(next.ended.stderr)")
    }

    /// Runs a command that fails at a place, and sees that it did.
    func fail(
        at place: Failpoint, besides: String = slow,
        _ start: ([String: String]) throws -> Running
    ) throws {
        faults.forget()
        let armed = "\(besides),\(place.rawValue):\(action.rawValue)"
        let ended = try start(faults.environment.merging(["KUGIRI_FAILPOINT": armed]) { $1 })
            .wait()
        let told = "\(place): \(ended.status) \(ended.stderr)"
        try #require(faults.acted(action.rawValue).contains(place.rawValue), "\(told)")
        try #require(action == .kill ? ended.wasKilled : ended.code == 12, "\(told)")
        // Workers end with their coordinator.
        try waitUntil("no process left") { Processes.naming(night.folder + "/") == [] }
        for run in try night.texts("SELECT run FROM kugiri.run") {
            let input = "\(night.state)/archive/\(run)/input"
            #expect(FileManager.default.fileExists(atPath: input), "\(told)")
        }
    }

    /// Runs a command that stands still at places, and goes on each time.
    func stand(
        at places: Set<Failpoint>, _ start: ([String: String]) throws -> Running,
        meanwhile: (Failpoint, Running) -> Void = { _, _ in }
    ) throws -> Ended {
        faults.forget()
        let armed = [Self.slow] + places.map { "\($0.rawValue):stop" }
        let running = try start(
            faults.environment.merging(["KUGIRI_FAILPOINT": armed.joined(separator: ",")]) { $1 })
        while running.isRunning {
            usleep(2_000)
            guard Processes.isStopped(running.pid) else { continue }
            let name = try #require(faults.acted("stop").last)
            let place = try #require(Failpoint(rawValue: name))
            stood.insert(place)
            meanwhile(place, running)
            running.signal(SIGCONT)
        }
        return try running.wait()
    }
}
