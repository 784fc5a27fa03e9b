// How a run stands, for people and machines: schema `kugiri.status/1`, in
// `ops/schema/status-1.json`. Read from the ledger, so it can be asked from any machine.

package import Journal
import Ledger
import Plan
package import Postgres

/// A run as it stands.
package struct RunStatus: Codable, Sendable, Equatable {
    /// A worker and what it does.
    package struct Worker: Codable, Sendable, Equatable {
        package var name: String
        package var host: String
        package var process: Int32
        /// In a few words, such as `load slice 7`.
        package var state: String
    }

    /// Who has the target table.
    package struct Holder: Codable, Sendable, Equatable {
        /// Session, role and host, for people.
        package var holder: String
        /// nil: this role may not see it.
        package var since: Timestamp?
    }

    package var runID: String
    package var job: String
    package var businessDate: String?
    /// open, ended, published, superseded or backed_out.
    package var state: String
    /// Whether a coordinator conducts it now.
    package var isOn: Bool
    package var phase: String
    /// nil: the run goes on, or can.
    package var result: String?
    /// Of the run, or of the coordinator that stopped before its end; nil: neither.
    package var exitCode: Int?
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    /// Records the phase has handled.
    package var recordsDone: Int64
    /// 0: not known yet.
    package var recordsTotal: Int64
    package var percent: Int64
    /// In this phase, under this coordinator.
    package var recordsPerSecond: Int64
    /// When the phase ends if it goes on like this; nil: nobody can tell.
    package var phaseEndsAt: Timestamp?
    package var partitionsDone: Int64
    package var partitionsTotal: Int64
    package var rejects: Int64
    package var conflicts: Int64
    package var workers: [Worker]
    package var target: String
    /// nil: nobody has it.
    package var heldBy: Holder?
    /// Host and process of the newest coordinator; nil: not known.
    package var coordinator: String?
    /// What to do to go on; nil: nothing.
    package var next: String?
    /// The clock this was read under.
    package var asOf: Timestamp
    /// Where this process can hear more; nil: nowhere.
    ///
    /// Not part of the schema.
    package var events: String?
    /// The coordinator's machine.
    ///
    /// Not part of the schema.
    package var host: String?

    enum CodingKeys: String, CodingKey {
        case job, state, phase, result, percent, rejects, conflicts, workers, target
        case coordinator, next
        case runID = "run_id"
        case businessDate = "business_date"
        case isOn = "on"
        case exitCode = "exit_code"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case recordsDone = "records_done"
        case recordsTotal = "records_total"
        case recordsPerSecond = "records_per_second"
        case phaseEndsAt = "phase_ends_at"
        case partitionsDone = "partitions_done"
        case partitionsTotal = "partitions_total"
        case heldBy = "held_by"
        case asOf = "as_of"
    }
}

/// What `kugiri status --json` prints.
package struct StatusReport: Encodable {
    /// Runs that are on now.
    package var running: Int
    /// nil: there is no run yet.
    package var run: RunStatus?

    /// Memberwise.
    package init(running: Int, run: RunStatus?) {
        self.running = running
        self.run = run
    }

    private enum CodingKeys: String, CodingKey { case schema, running, run }

    /// With `run: null` where there is none.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("kugiri.status/1", forKey: .schema)
        try container.encode(running, forKey: .running)
        try container.encode(run, forKey: .run)
    }
}

extension StatusReport {
    /// Reads how a run stands.
    ///
    /// - Parameter run: Its id; nil: the newest that is on, else the newest of all.
    /// - Returns: nil when a run was named and there is none of that name.
    package static func read(
        run named: String?, _ connection: borrowing Connection
    ) throws -> StatusReport? {
        let picked = try StatusLedger.pick(connection)
        guard let run = named ?? picked?.run else { return StatusReport(running: 0, run: nil) }
        guard let row = try StatusLedger.standing(run, connection) else { return nil }
        let holder = try StatusLedger.holder(ofTarget: row.targetID, connection)
        let isOn = try StatusLedger.isOn(run, connection)
        let progress = try StatusLedger.progress(
            run, revision: row.revision, phase: row.phase,
            since: row.phaseStartedAt ?? row.now, connection)
        let workers =
            isOn
            ? try StatusLedger.workers(
                run, revision: row.revision, phase: row.phase, term: row.term, connection) : []
        return StatusReport(
            running: picked?.running ?? 0,
            run: RunStatus(run, row, progress, workers, holder, isOn: isOn))
    }
}

extension RunStatus {
    init(
        _ run: String, _ row: StandingRow, _ progress: StandingProgress,
        _ workers: [StandingWorker], _ holder: StandingHolder?, isOn: Bool
    ) {
        let offset = Timestamp.now().offsetSeconds
        func moment(_ milliseconds: Int64) -> Timestamp {
            Timestamp(milliseconds: milliseconds, offsetSeconds: offset)
        }
        let (done, total) = Self.extent(of: row, progress)
        let elapsed = isOn ? row.phaseStartedAt.map { row.now - $0 } ?? 0 : 0
        let rate = Figures.perSecond(progress.recent, in: .milliseconds(elapsed))
        runID = run
        job = row.job
        businessDate = row.businessDate
        state = row.state
        self.isOn = isOn
        phase = row.phase.rawValue
        result = row.result
        exitCode = row.exitCode ?? row.tenure?.exitCode
        startedAt = moment(row.startedAt)
        endedAt = (row.endedAt ?? (isOn ? nil : row.tenure?.endedAt)).map(moment)
        recordsDone = done
        recordsTotal = total
        percent = total > 0 ? Figures.percent(done: done, total: total) : 0
        recordsPerSecond = Figures.whole(rate)
        phaseEndsAt =
            isOn && rate > 0 && done < total
            ? moment(row.now + Int64(Double(total - done) / rate * 1_000)) : nil
        partitionsTotal = progress.partitions
        partitionsDone =
            row.phase < .load ? 0 : max(0, progress.partitions - progress.partitionsOpen)
        rejects = progress.rejected
        conflicts = progress.conflicts
        self.workers = workers.map { worker in
            Worker(
                name: worker.worker, host: worker.host, process: worker.process,
                state: Self.state(of: worker, phase: row.phase))
        }
        target = row.target
        heldBy = holder.map { Self.holder($0, moment: moment) }
        coordinator = row.tenure.map { "\($0.host) process \($0.process)" }
        next = row.state == "open" && !isOn ? "kugiri resume \(run)" : nil
        asOf = moment(row.now)
        events = isOn ? row.tenure?.events : nil
        host = row.tenure?.host
    }

    /// Records done and in all; a published run has done them all.
    private static func extent(
        of row: StandingRow, _ progress: StandingProgress
    ) -> (done: Int64, total: Int64) {
        if row.state == "published" { return (progress.records, progress.records) }
        switch row.phase {
        case .split: return (0, 0)
        case .validate: return (progress.validated, progress.records)
        case .load, .certify: return (progress.handled, progress.staged)
        case .publish: return (progress.records, progress.records)
        }
    }

    private static func state(of worker: StandingWorker, phase: Phase) -> String {
        guard let slice = worker.slice else { return "waits for work" }
        let partition = worker.partition.map { " in partition \($0)" } ?? ""
        let records = worker.records.map { ", \(Figures.count($0)) records" } ?? ""
        let since = worker.sinceMilliseconds.map {
            ", for \(Figures.duration(.milliseconds($0)))"
        }
        return "\(phase.rawValue) slice \(slice)\(partition)\(records)\(since ?? "")"
    }

    private static func holder(
        _ holder: StandingHolder, moment: (Int64) -> Timestamp
    ) -> Holder {
        guard let application = holder.application, let user = holder.user else {
            return Holder(holder: "another role's session, process \(holder.pid)", since: nil)
        }
        return Holder(
            holder: "\(application) (user \(user), \(holder.host))",
            since: holder.since.map(moment))
    }

    /// The status as a coordinator's later event changes it.
    package mutating func apply(_ event: RunEvent) {
        guard event.runID == runID else { return }
        asOf = event.time
        if let phase = event.phase { self.phase = phase }
        switch event.event {
        case .progress:
            guard let progress = event.progress else { return }
            recordsDone = progress.recordsDone
            recordsTotal = progress.recordsTotal
            percent =
                recordsTotal > 0 ? Figures.percent(done: recordsDone, total: recordsTotal) : 0
            recordsPerSecond = progress.recordsPerSecond
            rejects = progress.rejects
            conflicts = progress.conflicts
            let left = recordsTotal - recordsDone
            phaseEndsAt = nil
            if recordsPerSecond > 0, left > 0 {
                phaseEndsAt = asOf
                phaseEndsAt?.milliseconds += left * 1_000 / recordsPerSecond
            }
            let processes = Dictionary(workers.map { ($0.name, $0.process) }) { first, _ in first }
            workers = progress.workers.map {
                Worker(
                    name: $0.name, host: $0.host, process: processes[$0.name] ?? 0,
                    state: $0.state)
            }
        case .partitionFinished: partitionsDone = min(partitionsDone + 1, partitionsTotal)
        case .workerLeft: workers.removeAll { $0.name == event.worker }
        case .runStarted, .phaseStarted, .phaseFinished, .workerJoined, .message, .runEnded: break
        }
    }
}
