// The peers' SQL, as a competent database administrator would write it for this one job.

/// SQL of the peers.
package enum PeerSQL {
    /// How a session differs from the private server's settings.
    package enum Session: Sendable {
        /// PostgreSQL's own defaults: the compiler on, 4 MB.
        case defaults
        /// What helps this statement.
        case tuned
    }

    /// The SET statements of a session.
    package static func settings(_ session: Session) -> String {
        switch session {
        case .defaults: "SET jit = on;\n"
        case .tuned: "SET jit = off;\nSET work_mem = '512MB';\n"
        }
    }

    /// The staging table of everybody.
    package static func createStage(_ name: String = "stage_debit") -> String {
        "CREATE UNLOGGED TABLE \(name) (customer_number text, debit_date date, amount bigint, "
            + "result_code text);\n"
    }

    /// psql's copy from a file of the client.
    package static func copy(_ path: String, into name: String = "stage_debit") -> String {
        let quoted = path.replacing("'", with: "''")
        return "\\copy \(name) FROM '\(quoted)' WITH (FORMAT csv)\n"
    }

    /// The upsert from staging, and the end of staging.
    package static func upsert(date: String, isOrdered: Bool) -> String {
        """
        INSERT INTO member_account AS t (customer_number, last_debit_date, last_amount,
            last_result_code, business_date, failures, updated_at, update_count)
        SELECT customer_number, debit_date, amount, result_code, DATE '\(date)',
            CASE WHEN result_code = '0' THEN 0 ELSE 1 END, clock_timestamp(), 1
        FROM stage_debit\(isOrdered ? " ORDER BY customer_number" : "")
        ON CONFLICT (customer_number) DO UPDATE SET
            last_debit_date = EXCLUDED.last_debit_date, last_amount = EXCLUDED.last_amount,
            last_result_code = EXCLUDED.last_result_code, business_date = EXCLUDED.business_date,
            failures_before = \(before("EXCLUDED.business_date")),
            failures = CASE WHEN EXCLUDED.last_result_code = '0' THEN 0
                ELSE coalesce(\(before("EXCLUDED.business_date")), 0) + 1 END,
            updated_at = EXCLUDED.updated_at, update_count = t.update_count + 1;
        DROP TABLE stage_debit;

        """
    }

    /// The count of failures before this business date.
    private static func before(_ date: String) -> String {
        "CASE WHEN t.business_date IS NULL OR t.business_date < \(date) THEN t.failures "
            + "ELSE t.failures_before END"
    }

    /// The script, from its session's settings to the end of staging.
    package static func script(_ session: Session, input: String, date: String) -> String {
        let isOrdered =
            switch session {
            case .defaults: false
            case .tuned: true
            }
        return settings(session) + createStage() + copy(input)
            + upsert(date: date, isOrdered: isOrdered)
    }

    /// The floor for one connection: sorted input of its own, chunks by key.
    ///
    /// - Parameters:
    ///   - number: Of the connection; its staging has its name.
    ///   - chunks: The first key of every chunk.
    ///   - inserts: Whether the target is empty; otherwise every row is there.
    package static func floor(
        number: Int, input: String, date: String, chunks: [String], inserts: Bool
    ) -> String {
        let stage = "floor_\(number)"
        var text = """
            SET jit = off;
            SET synchronous_commit = off;
            SET enable_hashjoin = off;
            SET enable_mergejoin = off;
            SET enable_seqscan = off;

            """
        text += createStage(stage) + copy(input, into: stage)
        text += "CREATE INDEX ON \(stage) (customer_number);\nANALYZE \(stage);\n"
        text += "PREPARE chunk (text, text) AS\n"
        text += (inserts ? floorInsert(stage, date) : floorUpdate(stage, date)) + ";\n"
        for (index, low) in chunks.enumerated() {
            // Keys are digits and capital letters, which stand below the tilde.
            let high = index + 1 < chunks.count ? chunks[index + 1] : "~"
            text += "EXECUTE chunk ('\(low)', '\(high)');\n"
        }
        // One synchronous commit at the end flushes all the others.
        return text + "SET synchronous_commit = on;\nDROP TABLE \(stage);\n"
    }

    private static let inChunk = "s.customer_number >= $1 AND s.customer_number < $2"

    private static func floorUpdate(_ stage: String, _ date: String) -> String {
        """
        UPDATE member_account t SET
            last_debit_date = s.debit_date, last_amount = s.amount,
            last_result_code = s.result_code, business_date = DATE '\(date)',
            failures_before = \(before("DATE '\(date)'")),
            failures = CASE WHEN s.result_code = '0' THEN 0
                ELSE coalesce(\(before("DATE '\(date)'")), 0) + 1 END,
            updated_at = clock_timestamp(), update_count = t.update_count + 1
        FROM \(stage) s WHERE t.customer_number = s.customer_number AND \(inChunk)
        """
    }

    private static func floorInsert(_ stage: String, _ date: String) -> String {
        """
        INSERT INTO member_account (customer_number, last_debit_date, last_amount,
            last_result_code, business_date, failures, updated_at, update_count)
        SELECT customer_number, debit_date, amount, result_code, DATE '\(date)',
            CASE WHEN result_code = '0' THEN 0 ELSE 1 END, clock_timestamp(), 1
        FROM \(stage) s WHERE \(inChunk) ORDER BY customer_number
        """
    }

    /// pgloader's command file: the same staging, the same CSV.
    package static func pgloader(input: String, socket: String, database: String) -> String {
        """
        LOAD CSV
            FROM '\(input)' HAVING FIELDS (customer_number, debit_date, amount, result_code)
            INTO postgresql://kugiri@unix:\(socket):5432/\(database)
            TARGET TABLE public.stage_debit (customer_number, debit_date, amount, result_code)
            WITH fields terminated by ','
            BEFORE LOAD DO $$ \(createStage().split(separator: "\n").joined(separator: " ")) $$;

        """
    }

    /// DuckDB's sort and divide, with the job's number of partitions.
    package static func duckdb(input: String, output: String, cuts: [String]) -> String {
        var part = "CASE"
        for (index, cut) in cuts.enumerated() {
            part += " WHEN customer_number < '\(cut)' THEN \(index + 1)"
        }
        part = cuts.isEmpty ? "1" : part + " ELSE \(cuts.count + 1) END"
        return """
            SET threads = 2;
            COPY (SELECT *, \(part) AS part FROM read_csv('\(input)', header = false,
                columns = {'customer_number': 'VARCHAR', 'debit_date': 'DATE',
                    'amount': 'BIGINT', 'result_code': 'VARCHAR'})
                ORDER BY customer_number)
            TO '\(output)' (FORMAT csv, HEADER false, PARTITION_BY (part));
            """
    }

    /// Fills an empty target as the night before would have left it.
    package static func fill(date: String, isOrdered: Bool) -> String {
        """
        INSERT INTO member_account (customer_number, name, last_debit_date, last_amount,
            last_result_code, business_date, failures, update_count)
        SELECT customer_number, 'member ' || right(customer_number, 8), debit_date, amount,
            result_code, DATE '\(date)', CASE WHEN result_code = '0' THEN 0 ELSE 1 END, 1
        FROM stage_debit\(isOrdered ? " ORDER BY customer_number" : "");
        DROP TABLE stage_debit;

        """
    }

    /// Makes one row in a hundred differ from what the file says.
    package static let touchOnePercent = """
        UPDATE member_account SET last_amount = last_amount + 1
        WHERE hashtext(customer_number) % 100 = 0;

        """

    /// Count and digest of the target's business columns, in whatever order the rows are.
    ///
    /// The counter of writes and the time of the last one are left out: they say how often a row
    /// was written, not what it holds.
    package static let digest = """
        SELECT count(*) || ' rows, digest ' || coalesce(sum(hashtextextended(concat_ws('|',
            customer_number, coalesce(name, '-'), last_debit_date, last_amount, last_result_code,
            business_date, coalesce(failures_before::text, '-'), failures), 0)::numeric), 0)
        FROM member_account
        """
}
