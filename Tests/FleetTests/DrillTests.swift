// A drill on a real table: five faults on copies, equal rows each time, and nothing real is touched.

import Coordination
import FoundationEssentials
import Glibc
import Messaging
import Postgres
import Testing

extension FleetTests {
    @Suite struct DrillTests {
        /// Six runs and a server; two busy cores.
        private static let limit: Duration = .seconds(400)
        /// Drills until every fault hits.
        private static let triesMax = 3

        /// Arguments of a drill whose server is in the night's folder.
        private func arguments(_ night: Night, _ sample: Sample, _ flags: [String] = [])
            throws -> [String]
        {
            let scratch = "\(night.folder)/scratch"
            try FileManager.default.createDirectory(
                atPath: scratch, withIntermediateDirectories: true)
            return [
                "drill", "debit-result", "--input", sample.path, "--set",
                "business_date=\(sample.date)", "--scratch", scratch,
            ] + flags
        }

        private func drill(
            _ night: Night, _ sample: Sample, _ flags: [String] = []
        ) throws -> Ended {
            try night.kugiri(arguments(night, sample, flags), limit: Self.limit)
        }

        /// A drill again, where the machine was too busy for a fault to hit in time.
        private func drillUntilHit(
            _ night: Night, _ sample: Sample, _ flags: [String]
        ) throws -> Ended {
            for _ in 1..<Self.triesMax {
                let ended = try drill(night, sample, flags)
                guard ended.stderr.contains("KGR9021W") else { return ended }
            }
            return try drill(night, sample, flags)
        }

        /// The per cent in what happened: `… at 37.5 % of the load …`.
        private func share(_ happened: String) -> Int? {
            happened.firstRange(of: " at ").flatMap {
                Int(happened[$0.upperBound...].prefix { $0.isNumber })
            }
        }

        /// The page as an object, checked against its schema.
        private func page(_ ended: Ended) throws -> JSON {
            let faults = try JSONSchema("drill-1").faults(ended.stdout)
            #expect(faults.isEmpty, "\(faults) \(ended.stdout) \(ended.stderr)")
            return try JSON(text: ended.stdout)
        }

        /// What a drill must leave as it was: rows with their versions, the ledger, the folders.
        private struct Real: Equatable {
            var rows: [String]
            var ledger: [String]
            var files: [String]

            init(_ night: Night) throws {
                rows = try night.fingerprint()
                ledger = try night.texts(
                    """
                    SELECT relname || ' ' || pg_relation_filenode(c.oid) || ' '
                        || (xpath('/row/c/text()', query_to_xml(
                            format('SELECT count(*) || '' '' || coalesce(md5(string_agg('
                                't::text, ''|'' ORDER BY t::text)), '''') AS c FROM kugiri.%I t',
                                relname),
                            false, true, '')))[1]::text
                    FROM pg_class c WHERE relnamespace = 'kugiri'::regnamespace
                        AND relkind = 'r' ORDER BY 1
                    """)
                files =
                    (try? FileManager.default.subpathsOfDirectory(atPath: night.state)) ?? []
            }
        }

        private func expectNothingLeft(_ night: Night) throws {
            let left = try FileManager.default.contentsOfDirectory(
                atPath: "\(night.folder)/scratch")
            #expect(left == [])
            try waitUntil("no process left") { Processes.naming(night.folder + "/scratch") == [] }
        }

        @Test func `five faults on a copy end as the undisturbed run, and nothing real is touched`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            try night.enrol(try sample.debits().dropLast(500).map(\.customer))
            let real = try Real(night)
            let ended = try drillUntilHit(night, sample, ["--json"])
            try ended.expect(code: 0)
            let page = try page(ended)
            #expect(page["troubles"]?.list.isEmpty == true)
            #expect(page["target"]?["rows"]?.number == 1_500)
            #expect(page["undisturbed"]?["exit_code"]?.number == 0)
            #expect(page["undisturbed"]?["counts"]?["inserted"]?.number == 500)
            let faults = page["faults"]?.list ?? []
            #expect(
                faults.map { $0["fault"]?.string } == [
                    "worker", "coordinator", "network", "database", "deadlock",
                ])
            for fault in faults {
                #expect(fault["verdict"]?.string == "equal", "\(fault)")
                #expect(fault["rows_compared"]?.number == 2_000)
                #expect(fault["rows_differing"]?.number == 0)
                #expect(fault["happened"]?.string?.isEmpty == false)
                #expect(fault["counts"] != nil)
            }
            let words = faults.map {
                ($0["happened"]?.string ?? "") + ($0["recovered"]?.string ?? "")
            }
            // At the share or later, as busy as the machine is.
            #expect(share(words[0]).map { $0 >= 37 } == true, "\(words[0])")
            #expect(share(words[1]).map { $0 >= 50 } == true, "\(words[1])")
            #expect(words[1].contains("kugiri resume"))
            #expect(words[2].contains("SIGSTOP"))
            #expect(words[3].contains("restarted (fast)"))
            #expect(words[4].contains("an online session updated 2 rows"))
            #expect(ended.lastErrorLine.hasPrefix("KGR9020I drill of job debit-result: 5 faults"))
            #expect(try Real(night) == real)
            try expectNothingLeft(night)
        }

        @Test
        func `a table with types, sequences and others' triggers is copied, rejects are equal`()
            throws
        {
            let night = try Night { $0.maxRejects = 5 }
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:3"])
            try night.online(
                """
                CREATE TYPE tier AS ENUM ('gold', 'silver');
                CREATE DOMAIN points AS integer CHECK (VALUE >= 0);
                CREATE TABLE branch (id integer PRIMARY KEY);
                INSERT INTO branch VALUES (1);
                CREATE FUNCTION half(x bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT x / 2';
                ALTER TABLE member_account ADD COLUMN id serial UNIQUE,
                    ADD COLUMN "Tier" tier DEFAULT 'gold', ADD COLUMN score points DEFAULT 1,
                    ADD COLUMN branch integer REFERENCES branch DEFAULT 1,
                    ADD COLUMN half bigint GENERATED ALWAYS AS (half(last_amount)) STORED,
                    ADD COLUMN made timestamptz DEFAULT now();
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE 'not in a drill'; END $$;
                CREATE TRIGGER refuse AFTER UPDATE ON member_account
                FOR EACH ROW EXECUTE FUNCTION refuse()
                """)
            let members = try sample.debits().map(\.customer)
            try night.enrol(members.dropLast(100) + (1...300).map { "not-in-the-file-\($0)" })
            try night.online(
                "UPDATE member_account SET updated_at = updated_at WHERE false;"
                    + "ALTER TABLE member_account DISABLE TRIGGER refuse;"
                    + "UPDATE member_account SET name = E'tab\\t back\\\\ line\\n' WHERE id < 10;"
                    + "ALTER TABLE member_account ENABLE TRIGGER refuse")
            let real = try Real(night)
            // More rows than are wanted: only those of the file.
            let ended = try drillUntilHit(night, sample, ["--rows", "1000", "--json"])
            try ended.expect(code: 0)
            let page = try page(ended)
            #expect(page["target"]?["copied"]?.string == "keys")
            #expect(page["target"]?["rows"]?.number.map { (1_390...1_400).contains($0) } == true)
            let left = page["target"]?["left_out"]?.list.compactMap(\.string) ?? []
            #expect(left.contains("trigger refuse"))
            #expect(left.contains { $0.contains("foreign key") })
            let parts = page["target"]?["compared_in_part"]?.list.compactMap {
                $0["column"]?.string
            }
            #expect(parts?.sorted() == ["id", "made", "updated_at"])
            #expect(page["undisturbed"]?["exit_code"]?.number == 4)
            for fault in page["faults"]?.list ?? [] {
                #expect(fault["verdict"]?.string == "equal", "\(fault)")
                #expect(fault["rejects_compared"]?.number == 3)
            }
            #expect(try Real(night) == real)
            try expectNothingLeft(night)
        }

        @Test func `a file that is refused gives its own code, equal under every fault`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500, defects: ["total-off:1"])
            let real = try Real(night)
            let path = "\(night.folder)/page.txt"
            let ended = try drill(night, sample, ["--report", path])
            try ended.expect(code: 9)
            #expect(ended.stdout.contains("KGR4050E"))
            #expect(ended.stdout.contains("refused as a whole"))
            #expect(ended.stdout.split(separator: "✓ equal").count == 5)
            #expect(ended.lastErrorLine.hasPrefix("KGR9052E"))
            let page = try String(contentsOfFile: path, encoding: .utf8)
            #expect(page == ended.stdout)
            let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count < 60)
            #expect(lines.allSatisfy { $0.count <= 80 }, "\(page)")
            #expect(try Real(night) == real)
            try expectNothingLeft(night)
        }

        @Test func `a file that cannot be read ends after one run`() throws {
            let night = try Night()
            let sample = try night.sample(records: 500, defects: ["short-record:1"])
            let ended = try drill(night, sample, ["--json"])
            try ended.expect(code: 10)
            let verdicts = try page(ended)["faults"]?.list.compactMap { $0["verdict"]?.string }
            #expect(verdicts == Array(repeating: "impossible", count: 5))
            try expectNothingLeft(night)
        }

        /// One chunk: no fault hits, each run is short.
        ///
        /// No fault would change the outcome: the job itself gives other rows in each database.
        @Test func `a job whose rows are others each time is found, row and column`() throws {
            let night = try Night {
                $0.extraColumn = "name: {sql: \"current_database()::text\"}"
            }
            let sample = try night.sample(records: 50)
            let ended = try drill(night, sample)
            try ended.expect(code: 70)
            #expect(ended.stdout.contains("✗ differs"))
            #expect(ended.stdout.contains("50 rows differ"))
            #expect(ended.stdout.contains(": name"))
            #expect(ended.lastErrorLine.hasPrefix("KGR9051E"))
            let customers = try sample.debits().map(\.customer)
            #expect(!customers.contains { ended.stdout.contains($0) })
            try expectNothingLeft(night)
        }

        @Test func `a page that cannot be written is trouble, and the drill is told all the same`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 20)
            let path = "\(night.folder)/absent/page.json"
            let ended = try drill(night, sample, ["--json", "--report", path])
            try ended.expect(code: 12)
            let page = try page(ended)
            #expect(page["result"]?.string == "RETRY")
            #expect(page["troubles"]?.list.first?.string?.contains(path) == true)
            #expect(page["faults"]?.list.count == 5)
            #expect(ended.stderr.contains("KGR1083W"))
            #expect(ended.lastErrorLine.hasPrefix("KGR9053E"))
            try expectNothingLeft(night)
        }

        @Test func `an input that changes during a drill is no difference, and is told`() throws {
            let night = try Night()
            let sample = try night.sample(records: 20)
            let other = try night.sample(records: 21)
            let path = "\(night.folder)/changing.txt"
            try FileManager.default.copyItem(atPath: sample.path, toPath: path)
            let running = try Binary.start(
                [
                    "drill", "debit-result", "--input", path, "--set",
                    "business_date=\(sample.date)", "--scratch", night.folder, "--settings",
                    "\(night.folder)/partitions.yaml",
                ], scratch: "\(night.folder)/out")
            try waitUntil("the first run", limit: .seconds(120)) {
                running.errorsSoFar.contains("drill: undisturbed:") || !running.isRunning
            }
            try FileManager.default.copyItem(atPath: other.path, toPath: path + ".new")
            #expect(unsafe rename(path + ".new", path) == 0)
            let ended = try running.wait()
            try ended.expect(code: 11)
            #expect(ended.stdout.contains("– other input"))
            #expect(!ended.stdout.contains("✗ differs"))
            #expect(ended.stderr.contains("the input changed during the drill"))
            #expect(ended.lastErrorLine.hasPrefix("KGR9053E"))
        }

        @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143)), (SIGHUP, Int32(143))])
        func `a drill that is interrupted leaves nothing`(signal: Int32, code: Int32) throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let real = try Real(night)
            let running = try Binary.start(
                arguments(night, sample) + ["--settings", "\(night.folder)/partitions.yaml"],
                scratch: "\(night.folder)/out")
            // In the middle of the second run, and with the second signal while it starts.
            let mark = signal == SIGINT ? "drill: undisturbed:" : "drill: copy:"
            try waitUntil("the first run", limit: .seconds(120)) {
                running.errorsSoFar.contains(mark) || !running.isRunning
            }
            usleep(700_000)
            running.signal(signal)
            let ended = try running.wait()
            try ended.expect(code: code)
            #expect(ended.lastErrorLine.hasPrefix("KGR1081W"))
            #expect(try Real(night) == real)
            try expectNothingLeft(night)
        }

        @Test func `a report in the place of a pipe is refused before anything begins`() throws {
            let night = try Night()
            let sample = try night.sample(records: 200)
            let pipe = "\(night.folder)/pipe"
            try #require(unsafe mkfifo(pipe, 0o600) == 0)
            let ended = try drill(night, sample, ["--report", pipe])
            try ended.expect(code: 64)
            #expect(ended.stderr.contains("no regular file"), "\(ended.stderr)")
            var facts = stat()
            #expect(unsafe lstat(pipe, &facts) == 0 && facts.st_mode & S_IFMT == S_IFIFO)
        }

        @Test func `what a killed drill left is swept by the next one`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let running = try Binary.start(
                arguments(night, sample) + ["--settings", "\(night.folder)/partitions.yaml"],
                scratch: "\(night.folder)/out")
            try waitUntil("the first run", limit: .seconds(120)) {
                running.errorsSoFar.contains("drill: copy:") || !running.isRunning
            }
            running.signal(SIGKILL)
            _ = try running.wait()
            let short = try night.sample(records: 500, defects: ["short-record:1"])
            try waitUntil("its run to end with it", limit: .seconds(10)) {
                !Processes.naming(night.folder + "/scratch").contains {
                    Processes.text(of: $0).contains("--resolved")
                }
            }
            try drill(night, short).expect(code: 10)
            try expectNothingLeft(night)
        }

        @Test func `what cannot be copied is refused with the reason`() throws {
            let night = try Night()
            let sample = try night.sample(records: 50)
            try night.online("ALTER TABLE member_account RENAME TO elsewhere")
            let ended = try drill(night, sample, ["--json"])
            try ended.expect(code: 16)
            #expect(try JSONSchema("refused-1").faults(ended.stdout) == [])
            #expect(ended.stderr.contains("KGR1082E"))
            try expectNothingLeft(night)
        }

        @Test func `two tables that differ in a column and a row are told apart`() throws {
            let one = try Night()
            let other = try Night()
            for night in [one, other] { try night.enrol(["a-0001", "a-0002", "a-0003", "é"]) }
            try other.online(
                "UPDATE member_account SET name = 'x' WHERE customer_number = 'a-0002'")
            try other.online("DELETE FROM member_account WHERE customer_number = 'a-0003'")
            func compare(_ left: Night, _ right: Night) throws -> RowComparison {
                try RowComparison.compare(
                    table: "member_account", key: ["\"customer_number\""],
                    columns: [(name: "name", expression: "t.name"), ("failures", "t.failures")],
                    expected: try Connection(
                        url: FleetServer.url(of: left.name), applicationName: "test/left"),
                    found: try Connection(
                        url: FleetServer.url(of: right.name), applicationName: "test/right"))
            }
            let found = try compare(one, other)
            #expect(found.compared == 4)
            #expect(found.differing == 2)
            #expect(found.examples == ["row ****02: name", "row ****03 is missing"])
            #expect(try compare(other, one).examples[1] == "row ****03 should not be there")
            #expect(try compare(one, one).differing == 0)
        }
    }
}
