// What a worker knows of a run: read from the ledger when the first assignment comes.

import FoundationEssentials
package import Ledger
package import Plan
package import Postgres
package import Records
package import Settings

/// What a run was started with; kept in the ledger so that every worker and every resume works
/// with the same.
package struct RunDefinition: Codable, Sendable {
    package var job: Job
    package var contract: Contract
    package var parameters: RunParameters
    /// Absolute folders; each run has its own folder inside.
    package var directories: Directories
    /// Rules are applied although an earlier run has proved them (`--revalidate`); nil: no.
    package var revalidates: Bool?
    /// The revision this is of; nil: the first.
    package var revision: Int?
    /// The revision whose input this one has; nil: the first's.
    package var inputRevision: Int?

    /// Memberwise, of a first revision.
    package init(
        job: Job, contract: Contract, parameters: RunParameters, directories: Directories
    ) {
        self.job = job
        self.contract = contract
        self.parameters = parameters
        self.directories = directories
    }

    /// Where the validation cache is, of all jobs.
    package var cacheDirectory: String { "\(directories.state)/cache" }
    /// Where a run's spool slices are.
    package func spoolDirectory(of run: String) -> String { "\(directories.spool)/\(run)" }
    /// Where a run's logs and reports are.
    package func runDirectory(of run: String) -> String { "\(directories.runs)/\(run)" }
    /// Where the logs and reports of this revision are inside the run's directory: "" for the first.
    package var revisionFolder: String { revision.map { "/revision-\($0)" } ?? "" }
    /// Where a run's input is kept.
    package func archivedInput(of run: String) -> String {
        "\(directories.archive)/\(run)/input\(inputRevision.map { "-\($0)" } ?? "")"
    }
    /// Where a run's logs and reports go when newer runs need their place.
    package func archivedRunDirectory(of run: String) -> String {
        "\(directories.archive)/\(run)/logs"
    }
}

/// What the split found, as the ledger keeps it.
package struct StoredEnvelope: Codable, Sendable {
    package var layout: FrameLayout
    package var summary: EnvelopeSummary

    /// Memberwise.
    package init(layout: FrameLayout, summary: EnvelopeSummary) {
        self.layout = layout
        self.summary = summary
    }
}

/// A run, read from the ledger and compiled.
package struct RunContext {
    package let row: RunRow
    package let definition: RunDefinition
    package let envelope: StoredEnvelope
    package let partitions: PartitionTable
    package let tables: RunTables
    package let rules: SliceRules
    package let cache: ValidationCache
    /// What the claim said when this was read: another hash, another partition table.
    package let settingsHash: String

    /// Reads and compiles what validation and load need; the split must be committed.
    ///
    /// - Parameter settingsHash: As the claim has it that this is read for, so that what is read
    ///   is never older than the hash.
    package init(
        run: String, settingsHash: String, _ connection: borrowing Connection
    ) throws {
        guard let row = try RunLedger.get(run, connection), let envelope = row.envelope else {
            throw LedgerError.broken("run \(run) is not in the ledger, or not split yet")
        }
        self.row = row
        self.settingsHash = settingsHash
        let decoder = JSONDecoder()
        definition = try decoder.decode(RunDefinition.self, from: Data(row.definition.utf8))
        self.envelope = try decoder.decode(StoredEnvelope.self, from: Data(envelope.utf8))
        let plan = try decoder.decode(TargetPlan.self, from: Data(row.plan.utf8))
        tables = RunTables(number: row.number, revision: row.revision, plan: plan)
        partitions = try SliceLedger.partitions(
            run: run, revision: row.revision, connection)
        rules = try SliceRules(
            contract: definition.contract, parameters: definition.parameters,
            partitions: partitions, groups: self.envelope.summary.groups,
            commitInterval: definition.job.commitInterval,
            maxReported: definition.job.maxReported,
            targetKey: definition.job.target.key.map(\.field))
        cache = ValidationCache(
            folder: definition.cacheDirectory, rules: rules, contractHash: row.contractHash,
            parameters: definition.parameters)
    }
}
