// `why`: what happened to one key, from staging, and after staging is dropped from the archive and
// what else is left.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct WhyTests {
        private func why(
            _ night: Night, _ run: String, _ key: String, _ flags: [String] = []
        ) throws -> JSON {
            let ended = try night.kugiri(["why", run, key, "--json"] + flags)
            try #require(ended.code == 0, "\(ended.stderr)")
            let faults = try JSONSchema("why-1").faults(ended.stdout)
            #expect(faults.isEmpty, "\(faults) \(ended.stdout)")
            return try JSON(text: ended.stdout)
        }

        private func column(_ name: String, of record: JSON?) -> JSON? {
            record?["columns"]?.list.first { $0["column"]?.string == name }
        }

        private func reasons(_ answer: JSON) -> String {
            (answer["gone"]?.list ?? []).compactMap { $0["reason"]?.string }
                .joined(separator: "\n")
        }

        /// Two nights of the same members, told by `old` and `new` values.
        private struct Pair {
            var night: Night
            var first: Sample
            var second: Sample
            var runs: [String]
        }

        private func twoNights() throws -> Pair {
            let night = try Night()
            let first = try night.sample(records: 1_500, seed: 1, groupRecords: 400)
            let second = try night.sample(records: 1_500, seed: 2, date: "2026-11-24")
            let runs = [try night.run(first).run, try night.run(second).run]
            return Pair(night: night, first: first, second: second, runs: runs)
        }

        /// As behind a corrected input with a line more: its records have other numbers.
        @Test func `a newer image of another key under the same number is not looked at`() throws {
            let night = try Night()
            let sample = try night.sample(records: 300)
            let debits = try sample.debits()
            try night.enrol(debits.map(\.customer))
            let run = try night.run(sample).run
            func why() throws -> String {
                let ended = try night.kugiri(["why", run, debits[0].customer])
                try ended.expect(code: 0)
                return ended.stdout
            }
            let before = try why()
            #expect(before.contains("last_amount"), "\(before)")
            try night.online(
                "CREATE TEMP TABLE other AS SELECT * FROM kugiri_history.r1 "
                    + "WHERE kugiri_key = '\(debits[0].customer)'; "
                    + "UPDATE other SET kugiri_key = 'other', last_amount = 4711, "
                    + "kugiri_lock_at = kugiri_lock_at + interval '1 hour'; "
                    + "INSERT INTO kugiri_history.r1 TABLE other")
            #expect(try why() == before)
        }

        @Test func `a job that closes rows with a parameter answers for the keys it loaded`() throws
        {
            let night = try Feed.night {
                $0.absent = Feed.absent(share: "0.1").replacing(
                    "parameter: business_date", with: "parameter: closing_date")
            }
            let text = night.settings.text.replacing(
                "{business_date: date}", with: "{business_date: date, closing_date: date}")
            try text.write(
                toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            let sample = try Feed.file([1, 2, 3], in: night)
            let run = try night.run(sample, ["--set", "closing_date=2026-11-21"]).run
            let record = try #require(
                try why(night, run, Feed.customer(2))["records"]?.list.first)
            #expect(record["outcome"]?.string == "inserted")
            #expect(column("last_amount", of: record)?["new"]?.string == "102")
        }

        @Test func `an updated key: place, worker, epoch, chunk, old and new values and lock`()
            throws
        {
            let pair = try twoNights()
            let debit = try pair.second.debits()[700]
            let answer = try why(pair.night, pair.runs[1], debit.customer)
            #expect(answer["found"] == .bool(true))
            #expect(answer["source"]?.string == "staging")
            #expect(answer["file"]?.string == pair.second.path)
            let record = try #require(answer["records"]?.list.first)
            #expect(record["record"]?.number == Double(debit.record))
            #expect(record["byte"]?.number == Double(debit.byte))
            #expect(record["group"]?.number == 1)
            #expect(record["outcome"]?.string == "updated")
            let phases = answer["work"]?.list.compactMap { $0["phase"]?.string }
            #expect(phases == ["validate", "load", "certify"])
            let load = answer["work"]?.list.first { $0["phase"]?.string == "load" }
            #expect(load?["epoch"]?.number == 1 && load?["chunk"] != nil)
            #expect(load?["worker"]?.string?.hasPrefix("w") == true)
            // The columns are those the table has, and those it had.
            let now = try pair.night.texts(
                "SELECT last_amount || ' ' || failures || ' ' || last_debit_date "
                    + "FROM member_account WHERE customer_number = '\(debit.customer)'")
            let shown = ["last_amount", "failures", "last_debit_date"].map {
                column($0, of: record)?["new"]?.string ?? "-"
            }
            #expect(shown.joined(separator: " ") == now[0])
            #expect(column("last_debit_date", of: record)?["old"]?.string == "2026-11-20")
            #expect(record["new_lock"] == answer["row"]?["lock"])
            #expect(record["old_lock"]?["at"] != record["new_lock"]?["at"])
            #expect(answer["row"]?["changed_since"] == .bool(false))
            #expect(answer["row"]?["written_by"]?.string == pair.runs[1])
            #expect(answer["gone"]?.list.isEmpty == true)
        }

        @Test func `after staging is dropped the archive answers and says what is gone`() throws {
            let pair = try twoNights()
            let debit = try pair.first.debits()[900]
            let answer = try why(pair.night, pair.runs[0], debit.customer)
            #expect(answer["source"]?.string == "archive")
            let record = try #require(answer["records"]?.list.first)
            #expect(record["record"]?.number == Double(debit.record))
            #expect(record["byte"]?.number == Double(debit.byte))
            #expect(record["group"]?.number == 3)
            #expect(record["outcome"]?.string == "inserted")
            #expect(column("last_debit_date", of: record)?["new"]?.string == "2026-11-20")
            #expect(column("last_debit_date", of: record)?["old"] == nil)
            #expect(answer["row"]?["changed_since"] == .bool(true))
            #expect(answer["row"]?["written_by"]?.string == pair.runs[1])
            #expect(reasons(answer).contains("a later night of the job was published"))
        }

        @Test func `values are masked, and unmasking is in the audit`() throws {
            let pair = try twoNights()
            let debit = try pair.second.debits()[3]
            try pair.night.online(
                "UPDATE member_account SET name = 'Tanaka' "
                    + "WHERE customer_number = '\(debit.customer)'")
            let masked = try pair.night.kugiri(["why", pair.runs[1], debit.customer])
            #expect(masked.code == 0)
            #expect(!masked.stdout.contains(debit.customer) && !masked.stdout.contains("Tanaka"))
            #expect(masked.stdout.contains("changed since this run wrote it"))
            let count = "SELECT count(*) FROM kugiri.audit WHERE command LIKE '%--unmask%'"
            #expect(try pair.night.count(count) == 0)
            let plain = try pair.night.kugiri(["why", pair.runs[1], debit.customer, "--unmask"])
            #expect(plain.stdout.contains(debit.customer) && plain.stdout.contains("Tanaka"))
            #expect(try pair.night.count(count) == 1)
        }

        @Test func `a rejected record and its twin are told with their rule`() throws {
            let night = try Night { $0.maxRejects = 5 }
            let file = Handmade.file([
                (
                    "1118",
                    [
                        .init(customer: "M1", amount: 100),
                        .init(customer: "M2", amount: 200, result: "x"),
                        .init(customer: "M1", amount: 300),
                    ]
                )
            ])
            let sample = try night.file(file)
            let run = try night.run(sample).run
            let rejected = try why(night, run, "M2")
            #expect(rejected["records"]?.list.map { $0["outcome"]?.string } == ["rejected"])
            #expect(rejected["rejects"]?.list.first?["field"]?.string == "result_code")
            #expect(rejected["row"]?["there"] == .bool(false))
            let twins = try why(night, run, "M1        ")
            #expect(
                twins["records"]?.list.map { $0["outcome"]?.string } == ["inserted", "rejected"])
            #expect(twins["rejects"]?.list.first?["rule"]?.string == "unique")
        }

        @Test func `a conflict shows what was seen and found, before and after it is applied`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let debits = try sample.debits()
            try night.enrol(debits.map(\.customer))
            let run = try night.run(sample, ["--until", "validate"]).run
            let before = try why(night, run, debits[0].customer)
            #expect(before["records"]?.list.first?["outcome"]?.string == "waiting")
            try night.online(
                "UPDATE member_account SET name = 'x' "
                    + "WHERE customer_number = '\(debits[0].customer)'")
            try night.online(
                "DELETE FROM member_account WHERE customer_number = '\(debits[1].customer)'")
            #expect(try night.resume(run).code == 15)
            let changed = try why(night, run, debits[0].customer)
            let conflict = try #require(changed["conflicts"]?.list.first)
            #expect(conflict["state"]?.string == "applied")
            #expect(conflict["seen"] != conflict["found"])
            #expect(changed["records"]?.list.first?["outcome"]?.string == "updated")
            let vanished = try why(night, run, debits[1].customer)
            #expect(vanished["records"]?.list.first?["outcome"]?.string == "conflict")
            #expect(vanished["row"]?["there"] == .bool(false))
        }

        @Test func `a key that is not in the run is placed, and no key is refused`() throws {
            let night = try Night {
                $0.partitions = "{ranges: [{number: 1, high: \"5\"}, {number: 2, low: \"5\"}]}"
            }
            let run = try night.run(try night.sample(records: 1_200)).run
            let answer = try why(night, run, "77")
            #expect(answer["found"] == .bool(false))
            #expect(answer["partition"]?["number"]?.number == 2)
            #expect(answer["slice"] != nil)
            let screen = try night.kugiri(["why", run, "77"])
            #expect(screen.stdout.contains("it would be in partition 2"), "\(screen.stdout)")
            #expect(try night.kugiri(["why", run, "  "]).code == 64)
            #expect(try night.kugiri(["why", run, String(repeating: "7", count: 21)]).code == 64)
        }

        @Test func `without archive and before-images it says what nobody can tell`() throws {
            let night = try Night { $0.history = "off" }
            let sample = try night.sample(records: 1_200)
            let debit = try sample.debits()[10]
            let run = try night.run(sample).run
            let kept = try why(night, run, debit.customer)
            #expect(kept["records"]?.list.first?["outcome"]?.string == "inserted")
            #expect(reasons(kept).contains("history: off"))
            try FileManager.default.removeItem(atPath: "\(night.state)/archive/\(run)/input")
            let staged = try why(night, run, debit.customer)
            #expect(staged["found"] == .bool(true))
            #expect(reasons(staged).contains("archived input"))
            try night.online("DROP TABLE kugiri_stage.r1 CASCADE")
            let gone = try why(night, run, debit.customer)
            #expect(gone["found"] == .bool(false))
            #expect(reasons(gone).contains("neither staging nor the archived input"))
            #expect(gone["work"]?.list.count == 3)
        }

        @Test func `a record of a CSV file is found in its archive, at its byte`() throws {
            let night = try Night()
            try night.settings.text.replacing("zengin-91-result", with: "zengin-91-result-csv")
                .write(
                    toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            let sample = try night.sample(records: 1_200, seed: 5, groupRecords: 500)
            let run = try night.run(sample).run
            let customer = try night.texts(
                "SELECT customer_number FROM member_account ORDER BY customer_number OFFSET 600")[0]
            let answer = try why(night, run, customer, ["--unmask"])
            let record = try #require(answer["records"]?.list.first)
            #expect(record["outcome"]?.string == "inserted")
            // The byte is where the line with this customer begins.
            let bytes = try sample.bytes
            let start = Int(try #require(record["byte"]?.number))
            #expect(start == 0 || bytes[start - 1] == UInt8(ascii: "\n"))
            let line = bytes[start...].prefix { $0 != UInt8(ascii: "\r") }
            #expect(String(decoding: line, as: UTF8.self).contains(customer))
            let field = record["fields"]?.list.first { $0["field"]?.string == "customer_number" }
            #expect(field?["value"]?.string == customer)
            let amount = try night.texts(
                "SELECT last_amount::text FROM member_account "
                    + "WHERE customer_number = '\(customer)'")
            #expect(column("last_amount", of: record)?["new"]?.string == amount[0])
            #expect(try why(night, run, "NOBODY")["found"] == .bool(false))
        }
    }
}
