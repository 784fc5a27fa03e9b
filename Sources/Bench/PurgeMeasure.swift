// How much of a run stays in the database once its staging and before-images are purged.

import Coordination
import FoundationEssentials
import Postgres

/// Measures the database's growth per run.
struct PurgeMeasure {
    let arena: Arena
    let workers: Int

    /// Nights one after the other in one database, each purged of staging and before-images.
    ///
    /// The newest run keeps its staging, at every look the same. The target is left out of the size:
    /// its rows are the members', not the run's.
    func measure() throws -> BenchResults.DatabaseGrowth {
        let template = "purge_empty"
        try arena.makeTemplate(template, scripts: [])
        try arena.reset(to: template)
        let settings = try KugiriSettings(
            database: arena.url(), state: "\(arena.directory)/state", workers: workers
        )
        .write(to: "\(arena.directory)/purge.yaml")
        var sizes: [Int64] = []
        for number in 1...BenchLimits.purgeNights {
            sizes.append(try night(number, settings))
        }
        try arena.dropTemplate(template)
        let first = sizes[BenchLimits.purgeNightsUncounted - 1]
        let last = sizes[sizes.count - 1]
        let counted = Int64(BenchLimits.purgeNights - BenchLimits.purgeNightsUncounted)
        return .init(
            partitions: BenchLimits.purgePartitions, records: BenchLimits.purgeRecords,
            bytesPerRun: (last - first) / counted, sizes: sizes)
    }

    /// One night, its purge, and the size of the database after it.
    private func night(_ number: Int, _ settings: String) throws -> Int64 {
        let date = "2026-12-" + (number < 10 ? "0" : "") + String(number)
        let input = "\(arena.directory)/purge-\(number).txt"
        let common = ["--settings", settings]
        let steps = [
            [
                "sample", "debit-result", "--records", String(BenchLimits.purgeRecords), "--seed",
                String(number), "--set", "business_date=\(date)", "--output", input,
            ],
            [
                "run", "debit-result", "--input", input, "--set", "business_date=\(date)",
                "--partitions", String(BenchLimits.purgePartitions), "--json", "--quiet",
            ],
            ["purge", "--keep", "0s", "--what", "staging,history", "--yes"],
        ]
        for step in steps {
            _ = try arena.programs.run(
                Program(executable: arena.tools.kugiri, arguments: step + common))
        }
        Files.remove(input)
        let connection = try arena.connect()
        try connection.execute("VACUUM (ANALYZE)")
        return try connection.query(
            """
            SELECT pg_database_size(current_database())
                - pg_total_relation_size('member_account')
            """
        ).int(0, 0) ?? 0
    }
}
