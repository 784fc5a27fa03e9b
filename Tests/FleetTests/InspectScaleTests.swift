// The largest run there can be, 1,000 slices and 1,000 partitions, filled in by SQL: what an operator
// asks about it is answered at once (issue 4, "done when" 4).

import Testing

extension FleetTests {
    @Suite struct InspectScaleTests {
        /// A run with the given number, half loaded, made from a real one's row.
        private static let fill = """
            INSERT INTO kugiri.run (run, job, program, business_date, parameters, input_path,
                input_bytes, input_hash, contract_hash, settings_hash, target, target_id,
                definition, plan, envelope, phase, state, coordinator)
            SELECT 'large-' || $1, job, program, business_date, parameters, input_path, input_bytes,
                input_hash, contract_hash, settings_hash, target, target_id, definition, plan,
                envelope, 'load', 'ended', coordinator FROM kugiri.run WHERE run = $2;
            """

        private func fill(_ night: Night, _ number: Int, from run: String) throws {
            let name = "large-\(number)"
            try night.online(
                Self.fill.replacing("$1", with: String(number)).replacing("$2", with: "'\(run)'"))
            // Slices begin half a partition after partitions: 1,999 load claims.
            func key(_ expression: String) -> String {
                "CASE WHEN \(expression) <= 0 THEN '' ELSE to_char(\(expression), 'FM000000') END"
            }
            let low = key("greatest(n * 100 - 50, 0)")
            try night.online(
                """
                INSERT INTO kugiri.partition (run, revision, number, low, high)
                SELECT '\(name)', 1, n + 1, \(key("n * 100")),
                    CASE WHEN n < 999 THEN \(key("n * 100 + 100")) END
                FROM generate_series(0, 999) n;
                INSERT INTO kugiri.slice (run, revision, slice, low, high, file, records, bytes,
                    checksum, staging, staged, rejected, digest)
                SELECT '\(name)', 1, n, \(low), CASE WHEN n < 999 THEN \(key("n * 100 + 50")) END,
                    'f', 100, 1, 1, 'kugiri_stage.none', 99, 1, 0
                FROM generate_series(0, 999) n;
                INSERT INTO kugiri.share (run, revision, slice, partition, records, rejected)
                SELECT '\(name)', 1, s, p, 50, (s % 2)
                FROM generate_series(0, 999) s, LATERAL (VALUES (s), (s + 1)) v(p)
                WHERE p BETWEEN 1 AND 1000;
                INSERT INTO kugiri.claim (run, revision, phase, slice, low, high, weight, done_to,
                    epoch, attempts, worker, finished_at)
                SELECT '\(name)', 1, f, n, 'k' || n, NULL, 100, '', 1, 1, 'w1', now()
                FROM generate_series(0, 999) n, (VALUES ('validate'), ('load'), ('load')) v(f);
                INSERT INTO kugiri.interval (run, revision, phase, low, high, claim, epoch,
                    chunk_no, slice, partition, worker, staged, inserted, started_at)
                SELECT '\(name)', 1, 'load', to_char(n, 'FM00000'), to_char(n + 1, 'FM00000'), n,
                    1, 0, n / 2, n / 2 + 1, 'w' || n % 8, 25, 25, now() FROM generate_series(0, 1998) n
                """)
        }

        @Test func `status, partitions and workers of the largest run are shown within 200 ms`()
            throws
        {
            let night = try Night()
            let run = try night.run(try night.sample(records: 50)).run
            // Nine earlier nights of the same size lie in the same tables; nothing was analyzed.
            for number in 1...10 { try fill(night, number, from: run) }
            // What starting the debug binary costs is the machine's, 0.06 s on one and 0.15 s on another.
            let start = try fastest { try night.kugiri(["status", "--help"]) }
            var times: [String: Duration] = [:]
            for command in ["status", "partitions", "workers"] {
                for form in [[], ["--json"]] {
                    times["\(command) \(form)"] = try fastest {
                        try night.kugiri([command, "large-10"] + form)
                    }
                }
            }
            for (command, elapsed) in times {
                #expect(
                    elapsed - start < .milliseconds(200),
                    "\(command): \(elapsed), of it \(start) for the start")
            }
            let report = try JSON(
                text: try night.kugiri(["partitions", "large-10", "--json"]).stdout)
            #expect(report["partitions"]?.list.count == 1_000)
            #expect(report["total"]?["inserted"]?.number == 49_975)
        }

        /// The best of three: other processes use the same two cores.
        private func fastest(_ command: () throws -> Ended) throws -> Duration {
            var best = Duration.seconds(60)
            for _ in 0..<3 {
                var ended: Ended?
                let elapsed = try ContinuousClock().measure { ended = try command() }
                #expect(ended?.code == 0, "\(ended?.stderr ?? "")")
                best = min(best, elapsed)
            }
            return best
        }
    }
}
