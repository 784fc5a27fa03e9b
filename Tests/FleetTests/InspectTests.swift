// What an operator asks about a run, through the real binary: partitions, workers, conflicts,
// rejects, logs. `why` and `doctor` have suites of their own.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct InspectTests {
        private func checked(
            _ night: Night, _ arguments: [String], as schema: String, code: Int32 = 0
        ) throws -> JSON {
            let ended = try night.kugiri(arguments + ["--json"])
            try #require(ended.code == code, "\(arguments) \(ended.stderr)")
            let faults = try JSONSchema(schema).faults(ended.stdout)
            #expect(faults.isEmpty, "\(ended.stdout)")
            return try JSON(text: ended.stdout)
        }

        private func lines(_ ended: Ended) -> [String] {
            ended.stdout.split(separator: "\n").map { String($0) }
        }

        @Test func `partitions and workers show a run while it is on and afterwards`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 3_000, defects: ["bad-enum:3"])
            let running = try night.startRun(
                sample, ["--max-rejects", "3"],
                environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:4"])
            let stopped = try running.stoppedChild()
            let run = try night.onlyRun()
            let during = try checked(night, ["partitions", run], as: "partitions-1")
            let rows = during["partitions"]?.list ?? []
            #expect(rows.count == 4)
            let busy = rows.filter { $0["state"]?.string == "running" }
            #expect(busy.count == 1)
            #expect(busy.first?["workers"]?.list.compactMap(\.string) == ["w1"])
            let loaded = try night.count(
                "SELECT sum(staged)::bigint FROM kugiri.interval WHERE phase = 'load'")
            #expect(loaded > 0 && loaded < 2_997)
            #expect(during["total"]?["inserted"]?.number == Double(loaded))
            let crew = try checked(night, ["workers"], as: "workers-1")
            let worker = try #require(crew["workers"]?.list.first)
            #expect(worker["process"]?.number == Double(stopped))
            #expect(worker["now"]?["phase"]?.string == "load")
            #expect(worker["now"]?["partition"] == busy.first?["number"])
            kill(stopped, SIGKILL)
            #expect(try running.wait().code == 4)

            let after = try checked(night, ["partitions", run], as: "partitions-1")
            #expect(after["partitions"]?.list.allSatisfy { $0["state"]?.string == "done" } == true)
            #expect(after["total"]?["inserted"]?.number == 2_997)
            #expect(after["total"]?["rejected"]?.number == 3)
            let ended = try checked(night, ["workers", run], as: "workers-1")
            let lost = ended["workers"]?.list.map { $0["epochs_lost"]?.number ?? 0 } ?? []
            #expect(lost.reduce(0, +) == 1)
            #expect(ended["taken_back"]?.number == 1)
            let validated = ended["workers"]?.list.compactMap {
                $0["records"]?["validate"]?.number
            }
            #expect(validated?.reduce(0, +) == 3_000)
            #expect(ended["workers"]?.list.allSatisfy { $0["now"] == nil } == true)
            let screen = try night.kugiri(["partitions", run])
            #expect(lines(screen).count == 4 + 5, "\(screen.stdout)")
        }

        @Test func `a run stopped before the barrier has validated partitions and no rows`() throws
        {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let run = try night.run(sample, ["--until", "validate"]).run
            let report = try checked(night, ["partitions", run], as: "partitions-1")
            let rows = report["partitions"]?.list ?? []
            #expect(rows.allSatisfy { $0["state"]?.string == "validated" })
            #expect(rows.allSatisfy { $0["done_share"]?.number == 1 && $0["started_at"] == nil })
            #expect(rows.reduce(0) { $0 + ($1["staged"]?.number ?? 0) } == 1_500)
        }

        @Test func `rejects and conflicts are listed by partition, with masked keys`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:5"])
            let debits = try sample.debits()
            let bad = Set(sample.defects.map(\.record))
            let good = debits.filter { !bad.contains($0.record) }
            try night.enrol(good.map(\.customer))
            let flags = ["--max-rejects", "5", "--max-conflicts", "1"]
            let run = try night.run(sample, flags + ["--until", "validate"]).run
            try night.online(
                "DELETE FROM member_account WHERE customer_number = '\(good[0].customer)'")
            try night.online(
                "UPDATE member_account SET name = 'x' "
                    + "WHERE customer_number = '\(good[1].customer)'")
            #expect(try night.resume(run).code == 4)
            var found = 0
            for partition in 1...4 {
                let list = try checked(
                    night, ["rejects", run, "--partition", String(partition)], as: "rejects-1")
                let rejects = list["rejects"]?.list ?? []
                #expect(rejects.allSatisfy { $0["partition"]?.number == Double(partition) })
                found += rejects.count
            }
            #expect(found == 5)
            let all = try checked(night, ["conflicts", run], as: "conflicts-1")
            #expect(all["all"]?.number == 2 && all["applied"]?.number == 1)
            let vanished = try checked(
                night, ["conflicts", run, "--state", "skipped"], as: "conflicts-1")
            let row = try #require(vanished["conflicts"]?.list.first)
            #expect(row["kind"]?.string == "vanished" && row["found"] == nil)
            #expect(row["record"]?.number == Double(good[0].record))
            #expect(row["key"]?.string?.hasPrefix("*****") == true)
            #expect(row["seen"]?["at"]?.string?.count == 32)
            let other = (row["partition"]?.number == 1) ? "2" : "1"
            let none = try checked(
                night, ["conflicts", run, "--partition", other, "--state", "skipped"],
                as: "conflicts-1")
            #expect(none["conflicts"]?.list.isEmpty == true)
            let screen = try night.kugiri(["conflicts", run])
            #expect(screen.stdout.contains("2 conflicts: 0 open, 1 applied, 1 skipped"))
            #expect(!screen.stdout.contains(good[0].customer))
            #expect(try night.kugiri(["conflicts", run, "--partition", "9"]).code == 64)
            #expect(try night.kugiri(["partitions", "debit-result-20261120-77"]).code == 64)
        }

        @Test func `logs are merged, chosen by partition, worker and level, and harmless`() throws {
            let night = try Night { $0.workers = 2 }
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:1"])
            let end = try night.run(sample, ["--max-rejects", "1"])
            let run = try end.run
            let directory = try end.facts.directory
            let written = try String(contentsOfFile: "\(directory)/run.log", encoding: .utf8)
            #expect(try night.kugiri(["logs", run]).stdout == written)
            let two = lines(try night.kugiri(["logs", run, "--partition", "2"]))
            #expect(!two.isEmpty && two.allSatisfy { $0.hasSuffix("[partition 2]") }, "\(two)")
            let one = lines(try night.kugiri(["logs", run, "--worker", "w1"]))
            #expect(!one.isEmpty && one.allSatisfy { $0.contains("worker w1") }, "\(one)")
            let grave = lines(try night.kugiri(["logs", run, "--level", "W"]))
            #expect(grave.allSatisfy { $0.contains(" W KGR") || $0.contains(" E KGR") })
            #expect(grave.contains { $0.contains("KGR3011W") })
            #expect(try night.kugiri(["logs", run, "--level", "X"]).code == 64)
            for line in lines(try night.kugiri(["logs", run, "--json"])) {
                #expect(try JSONSchema("log-1").faults(line).isEmpty, "\(line)")
            }
            // Somebody writes into the log to steer the operator's terminal.
            let path = "\(directory)/run.jsonl"
            let hostile =
                try String(contentsOfFile: path, encoding: .utf8) + "\u{1B}[2Jgone\n"
            try hostile.write(toFile: path, atomically: false, encoding: .utf8)
            let shown = try night.kugiri(["logs", run])
            #expect(shown.stdout.hasSuffix("? \\u{1B}[2Jgone\n"))
            // An older generation lies in the archive.
            let archived = "\(night.state)/archive/\(run)/logs"
            try FileManager.default.moveItem(atPath: directory, toPath: archived)
            #expect(try night.kugiri(["logs", run]).stdout == shown.stdout)
            try FileManager.default.removeItem(atPath: archived)
            let gone = try night.kugiri(["logs", run])
            #expect(gone.code == 12 && gone.stderr.contains(directory), "\(gone.stderr)")
        }

        @Test func `following a log ends with the run, with its last line`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 1_500)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            let worker = try running.stoppedChild()
            let run = try night.onlyRun()
            let follower = try Binary.start(
                ["logs", run, "--follow", "--settings", "\(night.folder)/partitions.yaml"],
                scratch: "\(night.folder)/out")
            usleep(300_000)
            #expect(follower.isRunning)
            kill(worker, SIGKILL)
            #expect(try running.wait().code == 0)
            let ended = try follower.wait(.seconds(20))
            #expect(ended.code == 0)
            #expect(lines(ended).last?.contains("KGR9001I run=\(run)") == true, "\(ended.stdout)")
        }

        @Test func `explain needs no settings and knows every kind of topic`() throws {
            let night = try Night()
            let scratch = "\(night.folder)/out"
            func explain(_ arguments: [String]) throws -> Ended {
                try Binary.run(["explain"] + arguments, scratch: scratch)
            }
            for topic in ["8", "KGR3050E", "enum"] {
                let ended = try explain([topic, "--json"])
                #expect(ended.code == 0)
                #expect(try JSONSchema("explain-1").faults(ended.stdout).isEmpty)
                #expect(try explain([topic]).stdout.contains("  escalate  "))
            }
            #expect(try JSONSchema("explain-1").faults(explain(["--json"]).stdout).isEmpty)
            let runbook = try Repository.text(of: "ops/runbook.md")
            #expect(try explain(["--runbook"]).stdout == runbook)
            let wrong = try explain(["KGR3O50E"])
            #expect(wrong.code == 64 && wrong.stderr.contains("did you mean KGR3050E"))
        }
    }
}
