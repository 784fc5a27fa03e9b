// What the ledger tells of coordinators, their times, and runs as they stand.

import Ledger
import Plan
import Postgres
import Testing

extension PostgresTests {
    @Suite struct StatusLedgerTests {
        @Test func `earlier coordinators are added up, a killed one until its last trace`() throws {
            let connection = try connect()
            let run = try Night.createRun(job: "times", connection).run
            // The first ended; the second was killed three seconds after it began to validate,
            // when its last interval was committed.
            try connection.execute(
                """
                INSERT INTO kugiri.tenure (run, term, host, process, started_at, ended_at) VALUES
                    ('\(run)', 1, 'a', 1, '2026-11-20 01:00:00Z', '2026-11-20 01:00:10Z'),
                    ('\(run)', 2, 'b', 2, '2026-11-20 02:00:00Z', NULL),
                    ('\(run)', 3, 'c', 3, '2026-11-20 03:00:00Z', NULL);
                INSERT INTO kugiri.phase_time VALUES
                    ('\(run)', 1, 'split', '2026-11-20 01:00:00Z', '2026-11-20 01:00:04Z'),
                    ('\(run)', 1, 'validate', '2026-11-20 01:00:04Z', NULL),
                    ('\(run)', 2, 'validate', '2026-11-20 02:00:02Z', NULL);
                INSERT INTO kugiri.interval (run, revision, phase, low, claim, epoch, chunk_no,
                    slice, worker, started_at, committed_at) VALUES
                    ('\(run)', 1, 'validate', '', 1, 1, 0, 0, 'w1', '2026-11-20 02:00:02Z',
                    '2026-11-20 02:00:05Z');
                INSERT INTO kugiri.crew (run, term, worker, host, process) VALUES
                    ('\(run)', 2, 'w1', 'b', 7);
                INSERT INTO kugiri.claim (run, revision, phase, slice, low, weight, worker,
                    done_to, finished_at) VALUES
                    ('\(run)', 1, 'validate', 0, '', 500, 'w1', '', '2026-11-20 02:00:05Z'),
                    ('\(run)', 1, 'load', 0, '', 500, 'w1', '', '2026-11-20 03:00:05Z')
                """)
            let past = try TenureLedger.past(run: run, before: 3, connection)
            #expect(past.seconds == 15)
            #expect(past.phases == [.split: 4, .validate: 9])
            #expect(past.finished == [.split])
            #expect(
                past.workers.map { "\($0.worker) \($0.host ?? "-") \($0.claims) \($0.records)" }
                    == ["w1 b 1 500"])
            #expect(try TenureLedger.past(run: run, before: 1, connection) == PastTenures())
        }

        @Test func `only finished runs outlive their generations, and never the published one`()
            throws
        {
            let connection = try connect()
            var runs: [String] = []
            for _ in 0..<6 { runs.append(try Night.createRun(job: "logs", connection).run) }
            func set(_ state: String, _ indices: [Int]) throws {
                for index in indices {
                    try connection.execute(
                        "UPDATE kugiri.run SET state = '\(state)' WHERE run = '\(runs[index])'")
                }
            }
            try set("published", [1, 2])
            try set("ended", [3, 4, 5])
            try RunLedger.publish(
                run: runs[1], job: "logs", businessDate: nil, certificate: "-", connection)
            try RunLedger.publish(
                run: runs[2], job: "logs", businessDate: nil, certificate: "-", connection)
            func old(_ generations: Int, among names: [String]) throws -> [String] {
                try StatusLedger.outlived(
                    job: "logs", generations: generations, among: names, limit: 10, connection)
            }
            #expect(try old(2, among: runs) == [runs[1], runs[3]])
            #expect(try old(2, among: [runs[0], runs[3]]) == [runs[3]])
            #expect(try old(5, among: runs).isEmpty)
        }

        @Test func `a run of a thousand slices and partitions is read in a fifth of a second`()
            throws
        {
            let connection = try connect()
            let run = try Night.createRun(job: "large", connection).run
            try connection.execute(
                """
                INSERT INTO kugiri.slice (run, revision, slice, low, high, file, records, bytes,
                    checksum, staging, staged, rejected, digest)
                SELECT '\(run)', 1, n, to_char(n, 'FM0000'), to_char(n + 1, 'FM0000'), 'f', 1000,
                    1, 0, 's', 999, 1, 0 FROM generate_series(0, 999) n;
                INSERT INTO kugiri.partition SELECT '\(run)', 1, n + 1, to_char(n, 'FM0000') || '5',
                    to_char(n + 1, 'FM0000') || '5' FROM generate_series(0, 999) n;
                INSERT INTO kugiri.claim (run, revision, phase, slice, partition, low, weight,
                    done_to, epoch, worker, pid, taken_at, finished_at)
                SELECT run, 1, phase, n / 2, (n + 1) / 2, to_char(n, 'FM0000'), 500, '', 1,
                    'w' || n % 64, 1, now(), CASE WHEN n < 1000 THEN now() END
                FROM generate_series(0, 1999) n, unnest(ARRAY['validate', 'load']) phase,
                    (SELECT '\(run)' || nullif(other, 0) AS run FROM generate_series(0, 9) other
                     UNION ALL SELECT '\(run)') runs WHERE run IS NOT NULL;
                INSERT INTO kugiri.interval (run, revision, phase, low, claim, epoch, chunk_no,
                    slice, worker, staged, unchanged, started_at)
                SELECT '\(run)', 1, 'load', to_char(n, 'FM0000'), 1, 1, 0, n / 2, 'w', 500, 500,
                    now() FROM generate_series(0, 999) n;
                INSERT INTO kugiri.crew (run, term, worker, host, process)
                SELECT '\(run)', 0, 'w' || n, 'h', n FROM generate_series(0, 63) n;
                """)
            let clock = ContinuousClock()
            let took = try clock.measure {
                _ = try StatusLedger.pick(connection)
                let row = try StatusLedger.standing(run, connection)
                #expect(row?.job == "large")
                #expect(try !StatusLedger.isOn(run, connection))
                let progress = try StatusLedger.progress(
                    run, revision: 1, phase: .load, since: 0, connection)
                #expect(progress.slices == 1_000 && progress.partitions == 1_000)
                #expect(progress.handled == 500_000 && progress.staged == 999_000)
                #expect(progress.partitionsOpen == 501)
                #expect(
                    try StatusLedger.workers(
                        run, revision: 1, phase: .load, term: 0, connection
                    ).count { $0.slice != nil } == 64)
            }
            #expect(took < .milliseconds(200))
        }
    }
}
