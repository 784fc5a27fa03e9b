// Phases certify and publish: the night is added up, proved, sealed, and only then shown.

import FoundationEssentials
import Journal
import Ledger
import Loading
import Messaging
import Plan
import Postgres
import Records
import Settings

extension RunCoordinator {
    /// Has every slice compared with the table.
    func certify() throws {
        try begin(.certify)
        try transact { connection in
            try ClaimLedger.insertForSlices(
                run: run, revision: revision, phase: .certify, connection)
        }
        try driveWithStaging(.certify)
        try finish(.certify, records: envelope?.dataRecords ?? 0)
    }

    /// What the ledger says the whole run came to (invariant 1).
    func totalCounts() throws -> Counts {
        let load = try ProofLedger.counts(
            run: run, revision: revision, phase: .load, connection)
        let shares = try ProofLedger.shares(run: run, revision: revision, connection)
        let conflicts = try ProofLedger.conflicts(run: run, revision: revision, connection)
        return Self.counts(
            load, records: shares.values.reduce(0) { $0 + $1.records },
            rejected: shares.values.reduce(0) { $0 + $1.rejected },
            absent: shares.values.reduce(0) { $0 + $1.absent }, conflicts: conflicts)
    }

    /// Counts of a part of the run: what the load did, corrected by what requeue made of it.
    static func counts(
        _ load: IntervalCounts, records: Int64, rejected: Int64, absent: Int64,
        conflicts: [ConflictRow]
    ) -> Counts {
        func applied(_ outcome: String) -> Int64 {
            conflicts.filter { $0.state == "applied" && $0.outcome == outcome }
                .reduce(0) { $0 + $1.count }
        }
        var counts = Counts()
        counts.input = records
        counts.absent = absent
        counts.inserted = load.inserted + applied("I")
        counts.updated = load.updated + applied("U")
        counts.deleted = load.deleted
        counts.closed = load.closed + applied("C")
        counts.unchanged = load.unchanged + applied("N")
        counts.converged = load.converged
        counts.rejected = rejected + load.late + applied("R")
        let requeued = ["I", "U", "N", "C", "R"].reduce(Int64(0)) { $0 + applied($1) }
        counts.conflicts = load.conflicts - requeued
        counts.requeued = requeued
        return counts
    }

    /// Every line of the proof; the run is certified when all hold.
    func proofs(_ counts: Counts) throws -> [Proof] {
        guard let envelope else { throw LedgerError.broken("no envelope") }
        let validate = try ProofLedger.counts(
            run: run, revision: revision, phase: .validate, connection)
        let load = try ProofLedger.counts(
            run: run, revision: revision, phase: .load, connection)
        let table = try ProofLedger.counts(
            run: run, revision: revision, phase: .certify, connection)
        let lateAtRequeue = counts.rejected - validate.rejected - load.late
        func hex(_ digest: UInt64) -> String { String(digest, radix: 16) }
        var list = [
            Proof(
                name: "file: data records = records in slices",
                expected: String(envelope.dataRecords), found: String(counts.input)),
            Proof(
                name: counts.absent == 0
                    ? "fleet: staged + rejected = input"
                    : "fleet: staged + rejected = input + absent",
                expected: String(counts.input + counts.absent),
                found: String(validate.staged + validate.rejected)),
            Proof(
                name: "fleet: rows handled by load = staged", expected: String(validate.staged),
                found: String(load.staged)),
            Proof(
                name: "fleet: digest of rows handled = staged", expected: hex(validate.digest),
                found: hex(load.digest)),
            Proof(
                name: "table: rows settled or in error = staged",
                expected: String(validate.staged), found: String(table.staged)),
            Proof(
                name: "table: digest of staged rows", expected: hex(validate.digest),
                found: hex(table.digest)),
            Proof(
                name: "table: loaded and unchanged",
                expected: String(counts.loaded + counts.unchanged),
                found: String(
                    table.inserted + table.updated + table.closed + table.unchanged
                        + table.restored)),
            Proof(
                name: "table: conflicts left", expected: String(counts.conflicts),
                found: String(table.conflicts)),
            Proof(
                name: "table: late rejects", expected: String(load.late + lateAtRequeue),
                found: String(table.late)),
            Proof(
                name: "table: rows of ours that differ", expected: "0",
                found: String(table.differing)),
            Proof(
                name: counts.absent == 0
                    ? "equation: input = all outcomes"
                    : "equation: input + absent = all outcomes",
                expected: String(counts.input + counts.absent),
                found: String(
                    counts.loaded + counts.unchanged + counts.rejected + counts.conflicts)),
        ]
        if table.restored == 0 {
            list.append(
                Proof(
                    name: "table: inserted + updated = ledger's",
                    expected: String(
                        counts.inserted + counts.updated),
                    found: String(table.inserted + table.updated)))
        }
        if definition.job.target.absent != nil {
            list += try absentProofs(counts, table)
        }
        for (index, sum) in table.sums.enumerated() where table.conflicts + table.late == 0 {
            let scale = plan.sumScales?[index] ?? 0
            let promised = validate.sums.indices.contains(index) ? validate.sums[index] : 0
            list.append(
                Proof(
                    name: "table: sum of \(plan.sums[index])\(scale > 0 ? "" : " (yen)")",
                    expected: FieldNumber.text(promised, scale: scale),
                    found: FieldNumber.text(sum, scale: scale)))
        }
        if table.changedSince > 0 {
            note(
                LogMessage(
                    .rowsChangedAfterLoad,
                    ["rows": String(table.changedSince), "target": plan.table]))
        }
        return list
    }

    /// Lines about rows that the input lacks (PROTOCOL 26).
    private func absentProofs(_ counts: Counts, _ table: IntervalCounts) throws -> [Proof] {
        guard let absent = definition.job.target.absent else { return [] }
        let open = try AbsentLedger.totals(run: run, revision: revision, connection).open ?? 0
        var list = [
            Proof(
                name:
                    "absent: \(counts.absent) of \(open) open rows, within \(absent.maxShareText)",
                expected: "yes",
                found: absent.allows(closing: counts.absent, of: open) ? "yes" : "no")
        ]
        if table.restored == 0 {
            list.append(
                Proof(
                    name: "table: closed = ledger's", expected: String(counts.closed),
                    found: String(table.closed)))
        }
        return list
    }

    /// Seals the certificate and publishes it; nothing is published that was not proved.
    func publish() throws {
        try begin(.publish)
        let counts = try totalCounts()
        // Asked of the ledger, not of memory: the run may have been resumed since.
        if counts.rejected > 0 || counts.conflicts > 0 { warnings.append(.warning) }
        let proofs = try proofs(counts)
        let failed = proofs.filter { !$0.holds }.map { proof in
            LogMessage(
                .proofFailed,
                [
                    "proof": proof.name, "run": run, "place": plan.table,
                    "expected": proof.expected, "found": proof.found, "directory": directory,
                ])
        }
        guard failed.isEmpty else { throw RunStop(.bug, failed, isResumable: true) }
        try writeRejects()
        if try ProofLedger.counts(
            run: run, revision: revision, phase: .load, connection
        ).late > 0
            || counts.rejected > rejectsValidated()
        {
            let partitions = try ClaimLedger.latePartitions(
                run: run, revision: revision, connection)
            throw RunStop(
                .rejects,
                LogMessage(
                    .lateRejects,
                    [
                        "rejects": String(counts.rejected),
                        "partition": partitions.map { String($0) }.joined(separator: ", "),
                        "path": "\(directory)/rejects.csv",
                    ]), isResumable: false)
        }
        let previous = try RunLedger.previousCertificate(connection)
        let certificate = try certificate(counts, proofs, previous: previous)
        let body = try JSONText.pretty(certificate)
        let hash = Files.sha256(ofText: body)
        // The files stand beside those of every coordinator of the run: one that slept through a
        // takeover must not lay its own over the newer one's.
        try transact { _ in }
        try Files.replace("\(directory)/certificate.json", with: body)
        try Files.replace("\(directory)/certificate.txt", with: certificate.text(hash: hash))
        certificateHash = hash
        try Failpoint.beforePublish.pass()
        let outcome = Outcome.gravest(warnings)
        phaseTimes.append((.publish, Monotonic.now() - phaseClock))
        let made = try summary(outcome)
        let summary = try JSONText.compact(made)
        try transact { connection in
            try connection.execute("SET LOCAL synchronous_commit = on")
            try RunLedger.storeCertificate(
                run: run, revision: revision, sha256: hash, previous: previous, body: body,
                connection)
            try RunLedger.publish(
                run: run, revision: revision, job: definition.job.name,
                businessDate: definition.parameters.businessDate?.iso, certificate: hash,
                connection)
            try TenureLedger.finish(.publish, run: run, term: term, connection)
            try RunLedger.end(
                run: run, state: "published", outcome: outcome, summary: summary, connection)
            try Failpoint.midPublish.pass()
        }
        published = (outcome, made)
        try Failpoint.ledgerWrittenLogNot.pass()
        note(
            LogMessage(
                .certified, ["run": run, "records": String(counts.input), "sha256": hash]))
        note(
            LogMessage(
                .published,
                ["run": run, "date": definition.parameters.businessDate?.iso ?? "-"]))
        try Failpoint.afterPublish.pass()
        try dropOldStaging()
        draw()
    }

    private func rejectsValidated() throws -> Int64 {
        try ProofLedger.counts(
            run: run, revision: revision, phase: .validate, connection
        ).rejected
    }

    private func certificate(
        _ counts: Counts, _ proofs: [Proof], previous: String?
    ) throws -> Certificate {
        var remarks: [String] = []
        if definition.job.target.lockTrusted {
            remarks.append("the online side is trusted to move \(plan.lockColumn)")
        }
        for total in try controlTotals() where total.isOmitted {
            remarks.append("group \(total.group.number + 1): \(total.name) was not given")
        }
        remarks += try cacheRemarks()
        log.seal()
        var files: [Certificate.SealedFile] = []
        for name in ["rejects.csv", "run.log", "run.jsonl"] {
            let path = "\(directory)/\(name)"
            let bytes = try Files.facts(path).bytes
            files.append(
                .init(name: name, bytes: bytes, sha256: try Files.sha256(path, bytes: bytes)))
        }
        let summary = try summary(Outcome.gravest(warnings))
        let again = try RevisionLedger.get(run: run, revision: revision, connection)
        return Certificate(
            run: run, job: definition.job.name, program: definition.job.program,
            businessDate: definition.parameters.businessDate?.iso, target: plan.table,
            input: summary.input,
            contractHash: try Files.sha256(ofText: JSONText.compact(definition.contract)),
            counts: counts, controlTotals: summary.controlTotals,
            partitions: summary.partitions, tolerances: tolerances, remarks: remarks,
            proofs: proofs, files: files, previous: previous, madeAt: .now(),
            version: binaryVersion,
            revision: again.map {
                .init(
                    number: revision, scope: $0.scope, from: $0.beginning.rawValue,
                    reason: $0.reason)
            })
    }

    /// Staging is kept until the job's next published night; that is now.
    private func dropOldStaging() throws {
        if revision > 1 {
            // The nights after it, and what they staged, are none of a rerun's business.
            try dropReplacedStaging()
            return try Files.removeDirectory(definition.spoolDirectory(of: run))
        }
        for number in try TargetCatalog.runsWithStaging(
            job: definition.job.name, except: run, connection)
        {
            try StagingCleanup.drop(number: number, connection)
        }
        try Files.removeDirectory(definition.spoolDirectory(of: run))
    }
}
