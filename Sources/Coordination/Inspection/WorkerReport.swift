// `kugiri workers`: who worked on a run and who works on it now, from crew, claims and intervals of
// the ledger; only whose claims were taken back is what the run log says.

package import Journal
import Ledger
import Plan
package import Postgres

/// The workers of a run; schema `kugiri.workers/1`, in `ops/schema/workers-1.json`.
package struct WorkerReport: Encodable, Sendable {
    /// Records handled, by phase.
    package struct Records: Encodable, Sendable, Equatable {
        package var validate: Int64 = 0
        package var load: Int64 = 0
        package var certify: Int64 = 0
    }

    /// The claim a worker has in hand.
    package struct Now: Encodable, Sendable {
        package var phase: String
        package var slice: Int
        package var partition: Int?
        package var claim: Int64
        package var epoch: Int64
        package var since: Timestamp
    }

    /// One worker.
    package struct Row: Encodable, Sendable {
        package var name: String
        /// nil: it worked before the ledger kept this.
        package var host: String?
        /// Its newest process; nil: as for the host.
        package var process: Int?
        /// Claims of which it committed something.
        package var claims: Int64
        package var records: Records
        /// nil: it works on nothing.
        package var now: Now?
        /// Claims that were taken back from it, as far as the run log tells.
        package var epochsLost: Int
        /// When it last joined, took a claim, committed or left.
        package var lastSeen: Timestamp?

        enum CodingKeys: String, CodingKey {
            case name, host, process, claims, records, now
            case epochsLost = "epochs_lost"
            case lastSeen = "last_seen"
        }
    }

    package var schema = "kugiri.workers/1"
    package var runID: String
    package var state: String
    package var phase: String
    package var asOf: Timestamp
    package var workers: [Row]
    /// Claims taken back from anybody, also by a new coordinator.
    package var takenBack: Int64

    enum CodingKeys: String, CodingKey {
        case schema, state, phase, workers
        case runID = "run_id"
        case asOf = "as_of"
        case takenBack = "taken_back"
    }

    /// Reads the workers of a run.
    package static func read(
        _ run: InspectedRun, _ connection: borrowing Connection
    ) throws -> WorkerReport {
        let (name, revision) = (run.row.run, run.row.revision)
        var rows: [String: Row] = [:]
        func edit(_ worker: String, _ change: (inout Row) -> Void) {
            var row =
                rows[worker]
                ?? Row(name: worker, claims: 0, records: Records(), epochsLost: 0)
            change(&row)
            rows[worker] = row
        }
        var seen: [String: Int64] = try InspectLedger.takenAt(
            run: name, revision: revision, connection)
        for worker in seen.keys { edit(worker) { _ in } }
        for work in try InspectLedger.workDone(run: name, revision: revision, connection) {
            seen[work.worker] = max(seen[work.worker] ?? 0, work.committedAt)
            edit(work.worker) { row in
                row.claims += work.claims
                switch work.phase {
                case .validate: row.records.validate += work.records
                case .load: row.records.load += work.records
                case .certify: row.records.certify += work.records
                case .split, .publish: break
                }
            }
        }
        for claim in try InspectLedger.claimsInHand(run: name, revision: revision, connection) {
            edit(claim.worker) { row in
                row.now = Now(
                    phase: claim.phase.rawValue, slice: claim.slice, partition: claim.partition,
                    claim: claim.claim, epoch: claim.epoch,
                    since: LocalTime.moment(claim.takenAt))
            }
        }
        for crew in try InspectLedger.crew(run: name, connection) {
            seen[crew.worker] = max(seen[crew.worker] ?? 0, crew.seenAt)
            edit(crew.worker) { row in
                row.host = crew.host
                row.process = crew.process
            }
        }
        for (worker, count) in try LostClaims.read(run) {
            edit(worker) { $0.epochsLost = count }
        }
        return WorkerReport(
            runID: name, state: run.row.state, phase: run.row.phase.rawValue, asOf: .now(),
            workers: rows.values.sorted {
                ($0.name.count, $0.name) < ($1.name.count, $1.name)
            }.map { row in
                var row = row
                row.lastSeen = seen[row.name].map { LocalTime.moment($0) }
                return row
            },
            takenBack: try InspectLedger.takenBack(run: name, revision: revision, connection))
    }

    /// The table for people.
    ///
    /// - Parameter width: Columns to fit into; nil: as wide as it is.
    package func text(width: Int?) -> String {
        guard !workers.isEmpty else { return "no worker has taken a claim of run \(runID)\n" }
        let table = Table.render(
            columns: [
                .init("worker"), .init("host"), .init("process", .right), .init("claims", .right),
                .init("validated", .right), .init("loaded", .right), .init("certified", .right),
                .init("lost", .right), .init("now"), .init("last seen"),
            ],
            rows: workers.map { row in
                [
                    row.name, row.host ?? "-", row.process.map { String($0) } ?? "-",
                    Figures.count(row.claims), Figures.count(row.records.validate),
                    Figures.count(row.records.load), Figures.count(row.records.certify),
                    String(row.epochsLost), row.now?.text(asOf: asOf) ?? "-",
                    row.lastSeen?.iso8601WithOffset ?? "-",
                ]
            }, width: width)
        let lost = takenBack > 0 ? "; \(takenBack) claims were taken back in all" : ""
        return table + "\(runID) is \(state), phase \(phase)\(lost)\n"
    }
}

extension WorkerReport.Now {
    /// `load slice 3, partition 7, epoch 1 for 2.0s`.
    fileprivate func text(asOf: Timestamp) -> String {
        let place = partition.map { ", partition \($0)" } ?? ""
        let elapsed = Double(max(0, asOf.milliseconds - since.milliseconds)) / 1_000
        return "\(phase) slice \(slice)\(place), epoch \(epoch) for "
            + Figures.duration(seconds: elapsed)
    }
}

/// Claims that workers lost, as the run log names them.
enum LostClaims {
    /// By worker; empty when the log is gone.
    static func read(_ run: InspectedRun) throws -> [String: Int] {
        var lost: [String: Int] = [:]
        guard let directory = LogGenerations.directory(of: run.row.run, run.definition),
            Files.exists("\(directory)/run.jsonl")
        else { return lost }
        var log = try RunLogReader(directory: directory)
        while let line = try log.next() {
            guard case .event(let event) = line, let worker = event.worker,
                event.id == .claimTakenBack
            else { continue }
            lost[worker, default: 0] += 1
        }
        return lost
    }
}
