// The neighbours online: pgbench updates random members while a night is loaded, and every
// transaction leaves a note. Afterwards the notes say what must be in the table and in the ledger.

import FoundationEssentials
import Glibc
import Messaging
import Postgres

/// Measures one night beside online transactions.
struct OnlineMeasure {
    let arena: Arena
    let contest: Contest
    /// Online transactions per second, all clients together.
    let rate: Int
    /// About how long the night takes; online goes on for twice as long.
    let expectedSeconds: Double

    private static let clients = 2

    /// Runs the night and judges it.
    func measure(pgbench: String) throws -> BenchResults.Online {
        try arena.reset(to: contest.workload.template(of: .change))
        try prepare()
        let log = "\(arena.directory)/online-log"
        let seconds = Int((expectedSeconds * 2).rounded(.up)) + 6
        var online = try arena.programs.start(try pgbenchProgram(pgbench, seconds, log))
        do {
            // The night begins among transactions that are already on their way.
            let head = Monotonic.now() + .seconds(1)
            while Monotonic.now() < head { SystemCalls.pause() }
            var waits = LockWaits()
            let watcher = try arena.connect()
            // Counted, not thrown: the judgement below is what tells.
            let program = try contest.night([], goodCodes: [0, 15])
            let night = try arena.programs.run(program, isWatched: true) {
                try waits.look(watcher)
            }
            let coversNight = try arena.programs.isRunning(&online)
            _ = try arena.programs.finish(online)
            return try judge(
                night, waits, latencies: Self.latencies(log), coversNight: coversNight)
        } catch {
            online.child.terminate()
            throw error
        }
    }

    /// Members by number, notes, and how often every row had been written before.
    private func prepare() throws {
        let connection = try arena.connect()
        try connection.execute(
            """
            CREATE TABLE online_member AS
                SELECT row_number() OVER (ORDER BY customer_number) AS id, customer_number
                FROM member_account;
            ALTER TABLE online_member ADD PRIMARY KEY (id);
            CREATE TABLE online_base AS SELECT customer_number, update_count FROM member_account;
            CREATE TABLE online_note (customer_number text NOT NULL, update_count bigint NOT NULL,
                name text NOT NULL, at timestamptz NOT NULL);
            ANALYZE online_member; ANALYZE online_base
            """)
        try arena.checkpoint()
    }

    private func pgbenchProgram(
        _ pgbench: String, _ seconds: Int, _ log: String
    ) throws -> Program {
        let path = "\(arena.directory)/online.sql"
        // One statement: the row is taken, and the note of it is in the same transaction.
        let script = """
            \\set id random(1, \(contest.workload.records))
            WITH u AS (UPDATE member_account m SET name = 'online ' || txid_current(), update_count = m.update_count + 1 FROM online_member o WHERE o.id = :id AND m.customer_number = o.customer_number RETURNING m.customer_number, m.update_count, m.name, clock_timestamp() AS at) INSERT INTO online_note SELECT * FROM u;

            """
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        return Program(
            executable: pgbench,
            arguments: [
                "-n", "-f", path, "-c", String(Self.clients), "-j", "1", "-R", String(rate), "-T",
                String(seconds), "-l", "--log-prefix", log, arena.url(),
            ])
    }

    /// Client latencies in milliseconds from pgbench's logs, without the wait to be sent.
    private static func latencies(_ prefix: String) throws -> [Double] {
        let parts = prefix.split(separator: "/")
        let folder = "/" + parts.dropLast().joined(separator: "/")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        var found: [Double] = []
        for name in names where name.hasPrefix("\(parts.last ?? "").") {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            found += PgbenchLog.milliseconds(text)
        }
        return found
    }

    // MARK: Judgement

    private func judge(
        _ night: Measured, _ waits: LockWaits, latencies: [Double], coversNight: Bool
    ) throws -> BenchResults.Online {
        let connection = try arena.connect()
        func number(_ sql: String) throws -> Int64 {
            try connection.query(sql).int(0, 0) ?? 0
        }
        let certain = try number("SELECT count(*) FROM (\(Self.certainlyChanged)) x")
        return BenchResults.Online(
            transactions: Int(try number("SELECT count(*) FROM online_note")),
            duringLoad: Int(
                try number(
                    """
                    SELECT count(*) FROM online_note, (SELECT min(started_at) AS a,
                        max(committed_at) AS b FROM kugiri.interval WHERE phase = 'load') l
                    WHERE at BETWEEN a AND b
                    """)),
            medianMilliseconds: Statistics.median(latencies) ?? 0,
            p99Milliseconds: Statistics.percentile(0.99, of: latencies) ?? 0,
            maxMilliseconds: latencies.max() ?? 0,
            longestLockWaitMilliseconds: waits.longestMilliseconds, lockSamples: waits.samples,
            rowsWithLostWrites: try number(Self.lostWrites),
            rowsWithLostValues: try number(Self.lostValues),
            conflictsReported: try number(
                "SELECT coalesce(sum(conflicts), 0)::bigint FROM kugiri.interval "
                    + "WHERE phase = 'load'"),
            conflictsNoted: try number("SELECT count(*) FROM kugiri.conflict"),
            conflictsMissing: try number(
                "SELECT count(*) FROM (\(Self.certainlyChanged) EXCEPT "
                    + "SELECT key FROM kugiri.conflict) x"),
            conflictsSpurious: try number(
                "SELECT count(*) FROM (SELECT key FROM kugiri.conflict EXCEPT "
                    + "\(Self.perhapsChanged)) x"),
            conflictsCertain: certain, exitCode: Int(night.codes.first ?? -1),
            seconds: night.seconds, coversNight: coversNight)
    }

    /// Rows whose counter is not what was there, one for every note, and one for the batch.
    private static let lostWrites = """
        SELECT count(*) FROM member_account t JOIN online_base b USING (customer_number)
        LEFT JOIN (SELECT customer_number, count(*) AS n FROM online_note GROUP BY 1) o
            USING (customer_number)
        WHERE t.update_count <> b.update_count + coalesce(o.n, 0)
            + (t.business_date = DATE '\(Workload.date)')::int
        """

    /// Rows that do not hold what the last online transaction wrote.
    private static let lostValues = """
        SELECT count(*) FROM (SELECT DISTINCT ON (customer_number) customer_number, name
            FROM online_note ORDER BY customer_number, update_count DESC) n
        JOIN member_account t USING (customer_number) WHERE t.name IS DISTINCT FROM n.name
        """

    /// Keys of rows that were written online after validation had read them and, with a margin
    /// for the commit, before their chunk began.
    private static let certainlyChanged = changed(
        "n.at > v.committed_at AND n.at + interval '\(BenchLimits.commitMarginSeconds) s' "
            + "< l.started_at")

    /// Keys of rows that may have been.
    private static let perhapsChanged = changed(
        "n.at > v.started_at - interval '\(BenchLimits.commitMarginSeconds) s' "
            + "AND n.at < l.committed_at + interval '\(BenchLimits.commitMarginSeconds) s'")

    private static func changed(_ when: String) -> String {
        func holds(_ interval: String) -> String {
            "n.customer_number COLLATE \"C\" >= \(interval).low AND (\(interval).high IS NULL "
                + "OR n.customer_number COLLATE \"C\" < \(interval).high)"
        }
        return """
            SELECT DISTINCT n.customer_number FROM online_note n
            JOIN kugiri.interval v ON v.phase = 'validate' AND \(holds("v"))
            JOIN kugiri.interval l ON l.phase = 'load' AND \(holds("l"))
            WHERE \(when)
            """
    }
}

/// Who waits for a lock of the batch, and how long, by looking often.
struct LockWaits {
    private(set) var longestMilliseconds = 0.0
    private(set) var samples = 0
    private var lastLook = Monotonic.now()

    /// Looks when it is time to.
    mutating func look(_ connection: borrowing Connection) throws {
        guard Monotonic.now() - lastLook >= BenchLimits.lockSampleInterval else { return }
        lastLook = Monotonic.now()
        let rows = try connection.query(
            """
            SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart) * 1000), 0)::bigint
            FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE NOT l.granted AND a.application_name = 'pgbench' AND EXISTS (
                SELECT FROM unnest(pg_blocking_pids(a.pid)) b JOIN pg_stat_activity k ON k.pid = b
                WHERE k.application_name LIKE 'kugiri%')
            """)
        samples += 1
        longestMilliseconds = max(longestMilliseconds, Double(rows.int(0, 0) ?? 0))
    }
}

/// pgbench's log of transactions (`--log`): client, number, microseconds, script, seconds,
/// microseconds of the second, and with `--rate` how late it was sent.
package enum PgbenchLog {
    /// Milliseconds every transaction took from when it was sent.
    package static func milliseconds(_ text: String) -> [Double] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 6, let whole = Double(words[2]) else { return nil }
            let late = words.count >= 7 ? Double(words[6]) ?? 0 : 0
            return (whole - late) / 1_000
        }
    }
}
