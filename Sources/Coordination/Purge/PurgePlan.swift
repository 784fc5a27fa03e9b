// What a purge would remove, looked up and never guessed: runs, tables, rows, files and their bytes.

import FoundationEssentials
import Journal
package import Ledger
import Loading
import Plan
package import Postgres
import Settings

/// A kind of thing that runs leave behind.
package enum PurgeKind: String, CaseIterable, Sendable, Encodable {
    /// Staged records.
    case staging
    /// Before-images; without them a night cannot be backed out.
    case history
    /// Slices of inputs.
    case spool
    /// Entries of the validation cache, by their own age: they are of no one run.
    case cache
    /// Inputs as they were received; without them nothing can be run again.
    case archive
    /// Logs, rejects and reports.
    case logs
    /// Rows of the ledger, all but the run's own, its certificate and its publication.
    case ledger
}

/// What is asked of a purge.
package struct PurgeRequest: Sendable {
    /// Runs that ended less than this ago are kept.
    package var keepSeconds: Int64
    /// nil: of all jobs.
    package var job: String?
    /// nil: everything, and the run counts as purged from then on.
    package var kinds: Set<PurgeKind>?
    /// The state folder, where the validation cache is.
    package var state: String

    /// Memberwise.
    package init(keepSeconds: Int64, job: String?, kinds: Set<PurgeKind>?, state: String) {
        self.keepSeconds = keepSeconds
        self.job = job
        self.kinds = kinds
        self.state = state
    }

    /// Entries of the validation cache that go; none when one job is named: they tell of no job.
    var cacheEntries: [(path: String, facts: FileFacts)] {
        guard takes(.cache), job == nil else { return [] }
        return CacheUpkeep.entries(in: "\(state)/cache", olderThan: keepSeconds)
    }

    /// Whether things of this kind go.
    func takes(_ kind: PurgeKind) -> Bool { kinds?.contains(kind) ?? true }
}

/// A run that is to be purged, with its folders.
struct PurgedRun {
    var candidate: PurgeCandidate
    /// As the run had them; the settings file may say otherwise by now.
    var directories: Directories

    init(_ candidate: PurgeCandidate) throws {
        self.candidate = candidate
        directories = try JSONDecoder().decode(
            Directories.self, from: Data(candidate.directories.utf8))
    }

    var run: String { candidate.run }

    /// Where its things of a kind are; empty for those in the database.
    ///
    /// The archive's folder of a run holds its input, and its logs once they were moved there.
    func paths(_ kind: PurgeKind) -> [String] {
        switch kind {
        case .spool: ["\(directories.spool)/\(run)"]
        case .logs: ["\(directories.runs)/\(run)", "\(directories.archive)/\(run)/logs"]
        case .archive:
            Files.names(in: "\(directories.archive)/\(run)").filter { $0 != "logs" }
                .map { "\(directories.archive)/\(run)/\($0)" }
        case .staging, .history, .cache, .ledger: []
        }
    }
}

/// What a purge removes, or would.
package struct PurgePlan {
    /// Everything of one kind.
    package struct Share: Sendable {
        package var kind: PurgeKind
        /// Tables or files; of the ledger, runs.
        package var objects = 0
        /// nil: it has none, or the server never counted them.
        package var rows: Int64?
        package var bytes: Int64 = 0
    }

    let request: PurgeRequest
    let runs: [PurgedRun]
    /// Contents whose archived input stays, because a run that is kept has the same.
    let sharedHashes: Set<String>
    /// Per kind that was asked for, in the order of ``PurgeKind``.
    package let shares: [Share]

    /// Id, job, state and end of every run.
    package var runsShown: [PurgeCandidate] { runs.map(\.candidate) }

    /// Runs whose archived input stays for another run's sake.
    package var archivesKept: [String] {
        request.takes(.archive)
            ? runs.filter { sharedHashes.contains($0.candidate.inputHash) }.map(\.run) : []
    }

    /// Whether there is nothing to remove.
    package var isEmpty: Bool { runs.isEmpty && !shares.contains { $0.objects > 0 } }

    /// Bytes of all kinds.
    package var bytes: Int64 { shares.reduce(0) { $0 + $1.bytes } }

    /// Looks up what there is to be removed.
    package init(_ request: PurgeRequest, _ connection: borrowing Connection) throws {
        self.request = request
        let candidates = try PurgeLedger.candidates(
            job: request.job, keepSeconds: request.keepSeconds, connection)
        let runs = try candidates.map { try PurgedRun($0) }
        self.runs = runs
        sharedHashes = try PurgeLedger.shared(
            hashes: Array(Set(candidates.map(\.inputHash))), besides: candidates.map(\.run),
            connection)
        var shares: [Share] = []
        for kind in PurgeKind.allCases where request.takes(kind) {
            guard kind != .cache else {
                let entries = request.cacheEntries
                var share = Share(kind: .cache, objects: entries.count)
                share.bytes = entries.reduce(0) { $0 + $1.facts.bytes }
                shares.append(share)
                continue
            }
            shares.append(try Self.share(kind, runs, without: sharedHashes, connection))
        }
        self.shares = shares
    }

    private static func share(
        _ kind: PurgeKind, _ runs: [PurgedRun], without shared: Set<String>,
        _ connection: borrowing Connection
    ) throws -> Share {
        var share = Share(kind: kind)
        switch kind {
        case .staging, .history:
            let tables = try PurgeLedger.tables(
                in: kind.schema, of: runs.map(\.candidate.number), connection)
            share.objects = tables.count
            let counted = tables.compactMap(\.rows)
            share.rows = counted.isEmpty && !tables.isEmpty ? nil : counted.reduce(0, +)
            share.bytes = tables.reduce(0) { $0 + $1.bytes }
        case .spool, .archive, .logs:
            for run in runs where kind != .archive || !shared.contains(run.candidate.inputHash) {
                for path in run.paths(kind) {
                    let (files, bytes) = Files.contents(of: path)
                    share.objects += files
                    share.bytes += bytes
                }
            }
        case .cache: break
        case .ledger:
            share.objects = runs.count
            let rows = try PurgeLedger.rows(of: runs.map(\.run), connection)
            (share.rows, share.bytes) = (rows.count, rows.bytes)
        }
        return share
    }
}

extension PurgeKind {
    /// The schema of the tables; of other kinds there are none.
    var schema: String { self == .staging ? "kugiri_stage" : "kugiri_history" }
}

extension Files {
    /// What is in a folder, by name; empty: nothing, or no such folder.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// Files under a path, and their bytes; a file that goes away meanwhile is not counted.
    static func contents(of path: String) -> (files: Int, bytes: Int64) {
        guard let facts = try? facts(path) else { return (0, 0) }
        if facts.isRegular { return (1, facts.bytes) }
        var sum: (files: Int, bytes: Int64) = (0, 0)
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] {
            guard let facts = try? self.facts("\(path)/\(name)"), facts.isRegular else { continue }
            sum.files += 1
            sum.bytes += facts.bytes
        }
        return sum
    }
}
