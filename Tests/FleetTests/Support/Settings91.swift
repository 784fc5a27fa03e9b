// The settings file of a test: the job debit-result, small enough for many slices and chunks.

import FoundationEssentials

/// What a test may change in `partitions.yaml`.
struct Settings91 {
    var database: String
    var mode = "upsert"
    /// As in YAML.
    var partitions = "{auto: {count: 4}}"
    var workers = 2
    var commitInterval = 200
    var sliceRecords = 1_000
    var maxRejects = 0
    var maxConflicts = 0
    var conflicts = "requeue"
    var onEmpty = "normal"
    var onBudget = "finish"
    /// Below this the test machine's own pauses look like silence.
    var silence = "10s"
    var lockBudget = "500ms"
    /// Longer than any server of these tests is away.
    var databaseWait = "100s"
    var history = "on"
    /// `KUGIRI_TEST_INDICATOR=intervals` tries the whole suite with the other one.
    var indicator =
        ProcessInfo.processInfo.environment["KUGIRI_TEST_INDICATOR"] ?? "full"
    var trusted = false
    var attempts = 3
    /// How slices reach workers.
    var transfer = "auto"
    /// The block `directories:`, as in YAML.
    var directories = "{state: .kugiri}"
    /// One more line at the top, as in YAML.
    var extra = ""
    /// One more entry of `columns`, as in YAML; nil: none.
    var extraColumn: String?
    /// The block `network:`, as in YAML.
    var network = "{}"
    /// What becomes of rows the input lacks, as in YAML; nil: they are left alone.
    var absent: String?

    init(database: String) { self.database = database }

    /// The file.
    var text: String {
        """
        kugiri: 1
        database: \(database)
        directories: \(directories)
        \(extra)
        network: \(network)
        database_wait: \(databaseWait)
        jobs:
          debit-result:
            program: KGRB091
            contract: zengin-91-result
            parameters: {business_date: date}
            identity: {consignor_code: "1234567890"}
            on_empty: \(onEmpty)
            target:
              table: member_account
              mode: \(mode)
              key: {customer_number: customer_number}
              lock: {column: updated_at, trusted: \(trusted)}
              update_count: update_count
              \(absent.map { "absent: " + $0 } ?? "")
              columns:
                last_debit_date: {field: header.debit_date}
                last_amount: {field: amount}
                last_result_code: {field: result_code}
                business_date: {parameter: business_date}
                failures_before: {before: failures, per: business_date}
                failures: {sql: "CASE WHEN new.result_code = '0' THEN 0 ELSE coalesce(old.failures, 0) + 1 END"}
                \(extraColumn ?? "")
            partitions: \(partitions)
            workers: \(workers)
            commit_interval: \(commitInterval)
            slice_records: \(sliceRecords)
            max_rejects: \(maxRejects)
            on_budget: \(onBudget)
            max_conflicts: \(maxConflicts)
            conflicts: \(conflicts)
            lock_budget: \(lockBudget)
            history: \(history)
            indicator: \(absent == nil ? indicator : "full")
            silence: \(silence)
            attempts: \(attempts)
            spool: {transfer: \(transfer)}

        """
    }
}
