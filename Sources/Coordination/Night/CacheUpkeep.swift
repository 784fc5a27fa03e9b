// The validation cache as the coordinator sees it: its folder, its bound, and who proved what.

import Glibc
import Journal
import Ledger
import Loading
import Plan

/// Keeps the folder of the validation cache within its bound.
enum CacheUpkeep {
    /// Makes the folder, and removes the oldest entries when there are too many bytes of them.
    ///
    /// Two coordinators may do so at once: what is gone already is no fault, and an entry that goes
    /// while a worker reads it is still read.
    static func prepare(_ folder: String) throws {
        try Files.makeDirectory(folder)
        var entries = entries(in: folder)
        var bytes = entries.reduce(0) { $0 + $1.facts.bytes }
        entries.sort { $0.facts.modifiedSeconds > $1.facts.modifiedSeconds }
        while bytes > CoordinationLimits.cacheBytesMax, let oldest = entries.popLast() {
            Files.remove(oldest.path)
            bytes -= oldest.facts.bytes
        }
    }

    /// The entries, also those that a killed worker did not finish.
    static func entries(in folder: String) -> [(path: String, facts: FileFacts)] {
        Files.names(in: folder).compactMap { name in
            let path = "\(folder)/\(name)"
            return (try? Files.facts(path)).map { (path, $0) }
        }
    }

    /// Entries that were made at least so many seconds ago.
    static func entries(
        in folder: String, olderThan seconds: Int64
    ) -> [(path: String, facts: FileFacts)] {
        let limit = Int64(time(nil)) - seconds
        return entries(in: folder).filter { Int64($0.facts.modifiedSeconds) <= limit }
    }
}

extension RunCoordinator {
    /// How many slices were not checked again; nil: none was validated yet.
    func cacheUse() throws -> RunSummary.CacheUse? {
        let slices = try SliceLedger.slices(run: run, revision: revision, connection)
        let validated = slices.count { $0.staged != nil }
        guard validated > 0 else { return nil }
        let proofs = try ProofCacheLedger.proofs(run: run, revision: revision, connection)
        return .init(hits: proofs.count, misses: validated - proofs.count)
    }

    /// What the certificate says of slices whose rules an earlier run has proved; neighbours that
    /// were proved by neighbours share a line.
    func cacheRemarks() throws -> [String] {
        let proofs = try ProofCacheLedger.proofs(run: run, revision: revision, connection)
        var groups: [(first: Int, count: Int, by: SliceProof)] = []
        for (slice, proof) in proofs {
            if let last = groups.last, last.by.run == proof.run,
                last.first + last.count == slice, last.by.slice + last.count == proof.slice
            {
                groups[groups.count - 1].count += 1
            } else {
                groups.append((slice, 1, proof))
            }
        }
        func named(_ first: Int, _ count: Int) -> String {
            count == 1 ? "slice \(first)" : "slices \(first) to \(first + count - 1)"
        }
        return groups.map { group in
            "the rules of \(named(group.first, group.count)) were proved by "
                + "\(named(group.by.slice, group.count)) of run \(group.by.run), of the same content"
        }
    }
}
