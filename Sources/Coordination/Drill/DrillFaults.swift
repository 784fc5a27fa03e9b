// How each fault is brought about on a run, and how the run is brought to its end.

import FoundationEssentials
import Glibc
import Journal
import Ledger
import Messaging
import Postgres

/// What a fault did to a run.
struct DrillHit {
    /// In words; nil: it could not be brought about.
    var happened: String?
    /// Why not.
    var reason = "the run was over before it could be brought about"
    var recovered = ""
    /// What an online session did and is not there any more, in words; nil: nothing.
    var lost: String?
    /// The process whose end is the run's.
    var process: DrillProcess
}

/// One run of a drill under one fault.
struct DrillFaults {
    let site: DrillSite
    /// Arguments of the run.
    let arguments: [String]
    /// Worker processes of the job.
    let workers: Int
    /// load, or validate where the file is refused before it.
    let phase: String
    /// The undisturbed run's place.
    let reference: DrillSite
    /// Columns the rival of the deadlock may insert rows with.
    let insertable: [String]
    let place: ScratchPlace
    /// Time the run has from now, and when that is over.
    let limit: Duration
    let deadline: ContinuousClock.Instant
    let breathe: () throws -> Void
    /// Told at every look.
    let watch: (DrillProgress) -> Void

    /// Brings a fault about; the run is over when this returns.
    ///
    /// - Throws: ``DrillOverrun`` when it does not end in its time; its processes are killed then.
    func hit(_ fault: DrillFault) throws -> DrillHit {
        switch fault {
        case .worker: try killWorker()
        case .coordinator: try killCoordinator()
        case .network: try cutNetwork()
        case .database: try restartDatabase()
        case .deadlock: try deadlock()
        }
    }

    /// Waits for a process's end.
    ///
    /// - Parameter happened: What was done to the run, in words; nil: nothing.
    func finish(_ process: DrillProcess, after happened: String? = nil) throws {
        do {
            while !process.hasEnded { try look() }
        } catch var late as DrillOverrun {
            late.happened = happened
            throw late
        }
        site.stopLooking()
    }

    private func killWorker() throws -> DrillHit {
        let process = try site.start(arguments)
        guard let (at, holder) = try holder(DrillLimits.workerKilledPercent, process) else {
            return DrillHit(process: process)
        }
        guard kill(holder.process, SIGKILL) == 0 else {
            try finish(process)
            return DrillHit(reason: "the worker was gone before SIGKILL", process: process)
        }
        let happened = "worker \(holder.worker) got SIGKILL at \(share(at)), \(place(of: holder))"
        try finish(process, after: happened)
        let traces = try traces()
        return DrillHit(
            happened: happened,
            recovered: traces.claimsTakenAgain > 0
                ? "another worker took its claim under a newer epoch"
                    + " (\(plural(traces.claimsTakenAgain, "claim")) taken again)"
                : "another worker came in its place; its claim was done",
            process: process)
    }

    private func killCoordinator() throws -> DrillHit {
        let first = try site.start(arguments)
        guard let at = try reach(DrillLimits.middlePercent, first) else {
            return DrillHit(process: first)
        }
        let happened = "the coordinator got SIGKILL at \(share(at)); its workers went with it"
        first.end()
        guard first.hasEnded else {
            throw DrillOverrun(
                limit: DrillLimits.partingLimit, standing: "not let go by the kernel",
                happened: happened)
        }
        let process = try site.start(["resume", at.run])
        try finish(process, after: happened)
        return DrillHit(
            happened: happened,
            recovered: "'kugiri resume \(at.run)' under term \(try traces().terms)",
            process: process)
    }

    /// A worker that stands still sends nothing and asks the database nothing, its transaction and
    /// its locks stay: what a cut wire looks like from the other side, and it needs no rights.
    private func cutNetwork() throws -> DrillHit {
        let process = try site.start(arguments + ["--workers", "0"])
        let socket = try site.meetingPlace(of: process).path
        while !Files.exists(socket), !process.hasEnded { try look() }
        guard Files.exists(socket) else {
            return DrillHit(process: process)
        }
        let crew = try (1...max(2, workers)).map {
            try site.startWorker("drill\($0)", of: process)
        }
        // Replaced by nobody: whatever happens, the drill lets none of them stand still for ever.
        defer { for worker in crew { worker.signal(SIGCONT) } }
        guard let (at, holder) = try holder(DrillLimits.workerKilledPercent, process),
            let cut = crew.first(where: { $0.pid == holder.process })
        else { return DrillHit(process: process) }
        cut.signal(SIGSTOP)
        let happened =
            "worker \(holder.worker) stood still (SIGSTOP, as if its network were cut) from "
            + "\(share(at)) until the run was over, \(place(of: holder))"
        try finish(process, after: happened)
        // It wakes up when everything is over, and must find that nothing is its own any more.
        cut.signal(SIGCONT)
        try wait(for: crew, atMost: DrillLimits.wakingTime)
        for worker in crew { worker.signal(SIGTERM) }
        try wait(for: crew, atMost: DrillLimits.partingLimit)
        for worker in crew { worker.end() }
        let traces = try traces()
        return DrillHit(
            happened: happened,
            recovered:
                "after the silence limit its claim was taken back "
                + "(\(plural(traces.claimsTakenAgain, "claim")) taken again); let go, it wrote nothing",
            process: process)
    }

    private func restartDatabase() throws -> DrillHit {
        let process = try site.start(arguments)
        guard let at = try reach(DrillLimits.middlePercent, process) else {
            return DrillHit(process: process)
        }
        site.stopLooking()
        reference.stopLooking()
        let began = Monotonic.now()
        try place.restart()
        let happened =
            "the database was restarted (fast) at \(share(at)) and was away for "
            + Figures.duration(Monotonic.now() - began)
        try finish(process, after: happened)
        return DrillHit(
            happened: happened,
            recovered: "the run waited and took itself again under term \(try traces().terms)",
            process: process)
    }

    private func deadlock() throws -> DrillHit {
        struct Over: Error {}
        let process = try site.start(arguments)
        let expected = try reference.connect("drill/expected")
        guard let at = try reach(DrillLimits.rivalPercent, process),
            let rival = try site.look({ try DrillRival(at.run, $0, reference: expected) })
        else {
            try finish(process)
            return DrillHit(process: process)
        }
        let session = try site.connect(
            "drill/rival", settings: [("deadlock_timeout", "10s")],
            idle: {
                try look()
                if process.hasEnded { throw Over() }
            })
        var marked: Int64 = 0
        do {
            // From the first question on: before it the rival waits for the worker, without a limit
            // but the run's.
            var patience: ContinuousClock.Instant?
            marked = try rival.act(session, expected: expected, columns: insertable) {
                try look()
                let end = patience ?? Monotonic.now() + DrillLimits.rivalPatience
                patience = end
                if process.hasEnded || Monotonic.now() > end { return true }
                return try site.look { try DrillLedger.traces($0).conflicts > 0 }
            }
        } catch is Over {
            session.close()
            return DrillHit(process: process)
        } catch let error as PostgresError {
            session.close()
            try finish(process)
            return DrillHit(
                reason: "the drill's own session failed: \(error.description)", process: process)
        }
        session.close()
        try finish(process, after: rival.words(marked))
        let traces = try traces()
        let found =
            traces.deadlocks > 0
            ? "PostgreSQL reported \(plural(traces.deadlocks, "deadlock")) (40P01), "
                + "the worker gave way"
            : "the worker's wait for a row lock ran out"
        var hit = DrillHit(
            happened: "\(rival.words(marked)), while a worker held the others; \(found)",
            recovered: "\(plural(traces.conflictsApplied, "row")) done again as conflicts "
                + "(\(traces.conflicts) noted, none left)",
            process: process)
        let lost = marked - (try site.look { try rival.marks($0) })
        if lost != 0 {
            hit.lost = "of \(plural(marked, "change")) of the online session \(lost) are lost"
        }
        return hit
    }

    private func wait(for crew: [DrillProcess], atMost limit: Duration) throws {
        let deadline = Monotonic.now() + limit
        while crew.contains(where: { !$0.hasEnded }), Monotonic.now() < deadline {
            try breathe()
            _ = poll(nil, 0, DrillLimits.lookMilliseconds)
        }
    }

    // MARK: Looking

    /// One look at the run; nil: there is nothing to see.
    @discardableResult
    private func look() throws -> DrillProgress? {
        try breathe()
        _ = poll(nil, 0, DrillLimits.lookMilliseconds)
        let progress = try site.progress()
        if let progress { watch(progress) }
        guard Monotonic.now() < deadline else {
            throw DrillOverrun(limit: limit, standing: standing(progress))
        }
        return progress
    }

    /// Waits until a share of the phase is done; nil: the run was over before.
    private func reach(_ percent: Int64, _ process: DrillProcess) throws -> DrillProgress? {
        while !process.hasEnded {
            guard let at = try look(), at.phase == phase, at.state == "open" else { continue }
            let (done, total) = figures(at)
            if total > 0, done > 0, done < total, done * 100 >= percent * total { return at }
        }
        return nil
    }

    /// Waits for the share, and for a worker that has a claim in hand then.
    private func holder(
        _ percent: Int64, _ process: DrillProcess
    ) throws -> (DrillProgress, DrillHolder)? {
        while let at = try reach(percent, process) {
            if let holder = try site.look({ try DrillLedger.holder(phase: phase, $0) }),
                holder.process > 1, try site.isOwn(holder.process, of: process)
            {
                return (at, holder)
            }
        }
        return nil
    }

    private func traces() throws -> DrillTraces { try site.look { try DrillLedger.traces($0) } }

    private func figures(_ progress: DrillProgress) -> (done: Int64, total: Int64) {
        phase == "load"
            ? (progress.loaded, progress.rows) : (progress.checked, progress.records)
    }

    private func place(of holder: DrillHolder) -> String {
        phase == "load" ? "in chunk \(holder.chunk) of its claim" : "with a slice in hand"
    }

    private func share(_ progress: DrillProgress) -> String {
        let (done, total) = figures(progress)
        let permille = total > 0 ? done * 1_000 / total : 0
        let noun = phase == "load" ? "load" : "validation"
        return "\(permille / 10).\(permille % 10) % of the \(noun) "
            + "(\(Figures.count(done)) of \(Figures.count(total)))"
    }

    /// nil: nothing is known.
    private func standing(_ progress: DrillProgress?) -> String {
        guard let progress else { return "not to be seen in the ledger" }
        return "\(progress.state) in phase \(progress.phase), at \(share(progress))"
    }

    private func plural(_ count: Int64, _ noun: String) -> String {
        "\(Figures.count(count)) \(noun)\(count == 1 ? "" : "s")"
    }
}
