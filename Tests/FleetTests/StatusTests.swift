// `status` and `runs` while a run is on, when it was broken off, and when there is nothing; the
// figures of a run that several coordinators worked on; the log generations.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct StatusTests {
        private func status(_ night: Night, _ arguments: [String] = []) throws -> JSON {
            let ended = try night.kugiri(["status", "--json"] + arguments)
            try #require(ended.code == 0, "\(ended.stderr)")
            #expect(try JSONSchema("status-1").faults(ended.stdout).isEmpty, "\(ended.stdout)")
            return try JSON(text: ended.stdout)
        }

        @Test func `a run that is on is shown with its workers, its holder and how far it is`()
            throws
        {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 3_000)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:4"])
            let worker = try running.stoppedChild()
            let report = try status(night)
            let run = try #require(report["run"])
            #expect(report["running"]?.number == 1)
            #expect(run["on"] == .bool(true))
            #expect(run["phase"]?.string == "load")
            let done = try night.count(
                "SELECT sum(staged)::bigint FROM kugiri.interval WHERE phase = 'load'")
            #expect(done > 0 && done < 3_000)
            #expect(run["records_done"]?.number == Double(done))
            #expect(run["percent"]?.number == Double(done / 30))
            #expect(run["partitions_done"]?.number == 0)
            #expect(run["partitions_total"]?.number == 4)
            #expect(run["held_by"]?["since"]?.string != nil)
            let workers = run["workers"]?.list ?? []
            #expect(workers.map { $0["name"]?.string } == ["w1"])
            #expect(workers.first?["host"]?.string == HostName.current)
            #expect(workers.first?["process"]?.number == Double(worker))
            #expect(workers.first?["state"]?.string?.hasPrefix("load slice ") == true)
            let screen = try night.kugiri(["status"])
            for word in [
                "ON", "load \(done / 30) %", "0 of 4 done", "w1", "held by kugiri coordinator",
            ] {
                #expect(screen.stdout.contains(word), "\(word): \(screen.stdout)")
            }
            kill(worker, SIGKILL)
            #expect(try running.wait().code == 0)
            let after = try night.kugiri(["status"])
            #expect(after.stdout.hasPrefix("no run is on; "), "\(after.stdout)")
            #expect(after.stdout.contains("PUBLISHED NORMAL, exit 0"), "\(after.stdout)")
        }

        @Test func `watching ends with the run, in a pipe with a line per refresh`() throws {
            let night = try Night()
            let sample = try night.sample(records: 3_000)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            _ = try running.stoppedChild()
            let watching = try Binary.start(
                ["status", "--watch", "--settings", "\(night.folder)/partitions.yaml"],
                scratch: "\(night.folder)/out")
            try waitUntil("the first line") { watching.outputSoFar.contains("\n") }
            let events = try hear(night)
            for child in running.children { kill(child, SIGKILL) }
            #expect(try running.wait().code == 0)
            let watched = try watching.wait()
            #expect(watched.code == 0, "\(watched.stderr)")
            let lines = watched.stdout.split(separator: "\n")
            #expect(lines.count > 2, "\(watched.stdout)")
            #expect(lines.first?.contains(" ON load") == true, "\(watched.stdout)")
            #expect(lines.last?.contains("PUBLISHED NORMAL") == true, "\(watched.stdout)")

            let schema = try JSONSchema("event-1")
            var kinds: Set<String> = []
            var last = 0.0
            while let body = try events.receive() {
                let text = String(decoding: body, as: UTF8.self)
                #expect(try schema.faults(text).isEmpty, "\(text)")
                let event = try JSON(text: text)
                kinds.insert(event["event"]?.string ?? "?")
                let sequence = event["sequence"]?.number ?? 0
                #expect(sequence > last)
                last = sequence
            }
            for kind in [
                "progress", "partition_finished", "worker_left", "worker_joined", "phase_finished",
                "phase_started", "message", "run_ended",
            ] {
                #expect(kinds.contains(kind), "\(kind) not in \(kinds)")
            }
        }

        /// A subscriber that hears the only run's events already.
        private func hear(_ night: Night) throws -> SubscriberSocket {
            let run = try night.onlyRun()
            let text = try night.texts("SELECT events FROM kugiri.tenure")[0]
            let endpoint = try Endpoint(text)
            let context = try Context()
            let socket = try SubscriberSocket(context, connect: endpoint, topic: run)
            // The stopped worker holds the run, not the coordinator: progress goes on.
            let heard = try wait(subscriber: socket, milliseconds: 10_000)
            try #require(heard.socket, "no event within ten seconds")
            return socket
        }

        @Test func `events can be switched off, and a place that is taken does not stop the run`()
            throws
        {
            let night = try Night { $0.extra = "events: off" }
            let sample = try night.sample(records: 1_200)
            #expect(try night.run(sample).code == 0)
            #expect(try night.texts("SELECT events FROM kugiri.tenure") == ["NULL"])

            var settings = night.settings
            settings.extra = "events: ipc:///proc/no-such-folder/events.ipc"
            try night.write(settings)
            let end = try night.run(try night.sample(records: 1_200, seed: 2, date: "2026-11-24"))
            #expect(end.code == 0, "\(end.ended.stderr)")
            let log = try String(
                contentsOfFile: try end.facts.directory + "/run.log", encoding: .utf8)
            #expect(log.contains("KGR1045W"), "\(log)")
        }

        @Test func `a run that was killed is shown as broken off, with what to do`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_200)
            let killed = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "at_barrier:kill"])
            #expect(killed.ended.wasKilled)
            let run = try night.onlyRun()
            let report = try status(night, [run])
            #expect(report["running"]?.number == 0)
            #expect(report["run"]?["on"] == .bool(false))
            #expect(report["run"]?["held_by"] == nil)
            #expect(report["run"]?["next"]?.string == "kugiri resume \(run)")
            let text = try night.kugiri(["report", run]).stdout
            #expect(text.contains("BROKEN OFF"), "\(text)")
        }

        @Test func `a resumed run reports what all its coordinators did`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000, defects: ["bad-enum:2"])
            let stopped = try night.run(sample, ["--until", "validate", "--max-rejects", "2"])
            #expect(stopped.code == 4, "\(stopped.ended.stderr)")
            let killed = try Conclusion(
                night.kugiri(
                    ["resume", try stopped.run, "--json"],
                    environment: ["KUGIRI_FAILPOINT": "before_publish:kill"]))
            #expect(killed.ended.wasKilled)
            let end = try night.resume(try stopped.run)
            #expect(end.code == 4, "\(end.ended.stderr)")
            let facts = try end.facts
            #expect(
                facts.phases.map(\.name) == ["split", "validate", "load", "certify", "publish"])
            let first = try stopped.facts.phases.first { $0.name == "validate" }
            let validate = facts.phases.first { $0.name == "validate" }
            #expect((validate?.elapsedSeconds ?? 0) >= (first?.elapsedSeconds ?? 1) * 0.9)
            let report = try JSON(text: end.ended.stdout)
            let begun = try JSON(text: stopped.ended.stdout)
            #expect(report["started_at"] == begun["started_at"])
            let elapsed = try #require(report["elapsed_seconds"]?.number)
            let phases = facts.phases.reduce(0) { $0 + $1.elapsedSeconds }
            #expect(elapsed >= phases * 0.99)
            // Every record was validated, loaded and certified by somebody.
            #expect(facts.workers.reduce(0) { $0 + $1.records } >= 3 * 1_998)
            #expect(try night.count("SELECT count(*) FROM kugiri.tenure") == 3)
        }

        @Test func `a file with tolerated rejects ends with 4, checked or stopped or loaded`()
            throws
        {
            let night = try Night { $0.maxRejects = 2 }
            let sample = try night.sample(records: 1_200, defects: ["bad-enum:2"])
            let checked = try night.kugiri([
                "validate", "debit-result", "--input", sample.path, "--set",
                "business_date=\(sample.date)",
            ])
            #expect(checked.code == 4)
            let stopped = try night.run(sample, ["--until", "validate"])
            #expect(stopped.code == 4)
            #expect(try night.resume(try stopped.run).code == 4)
        }

        @Test func `runs lists every generation, of one job when asked`() throws {
            let night = try Night()
            let good = try night.run(try night.sample(records: 1_200))
            let bad = try night.run(
                try night.sample(
                    records: 1_200, seed: 2, date: "2026-11-24", defects: ["bad-enum:1"]))
            #expect([good.code, bad.code] == [0, 8])
            let list = try JSON(text: try night.kugiri(["runs", "--json"]).stdout)["runs"]?.list
            #expect(list?.map { $0["run_id"]?.string } == [try bad.run, try good.run])
            #expect(list?.map { $0["state"]?.string } == ["ended", "published"])
            #expect(list?.map { $0["exit_code"]?.number } == [8, 0])
            #expect(list?[0]["counts"]?["rejected"]?.number == 1)
            #expect((list?[1]["elapsed_seconds"]?.number ?? 0) > 0)
            let one = try JSON(text: try night.kugiri(["runs", "--json", "--limit", "1"]).stdout)
            #expect(one["runs"]?.list.count == 1)
            let other = try night.kugiri(["runs", "--json", "--job", "other"]).stdout
            #expect(try JSON(text: other)["runs"]?.list.isEmpty == true)
            #expect(try night.kugiri(["runs"]).stdout.contains("published"))
        }

        @Test func `old run directories move to the archive, and are found there`() throws {
            let night = try Night { $0.extra = "log_generations: 1" }
            var runs: [String] = []
            for (seed, date) in [(1, "2026-11-20"), (2, "2026-11-24"), (3, "2026-11-25")] {
                let end = try night.run(try night.sample(records: 1_200, seed: seed, date: date))
                #expect(end.code == 0, "\(end.ended.stderr)")
                runs.append(try end.run)
            }
            let files = FileManager.default
            let kept = try files.contentsOfDirectory(atPath: "\(night.state)/runs")
            #expect(kept == [runs[2]])
            for run in runs.prefix(2) {
                let path = "\(night.state)/archive/\(run)/logs"
                #expect(files.fileExists(atPath: "\(path)/certificate.json"))
                let mode = try files.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o700)
                #expect(try night.kugiri(["certificate", "verify", run]).code == 0)
                let report = try JSON(text: try night.kugiri(["report", run, "--json"]).stdout)
                #expect(report["directory"]?.string == path)
                #expect(try night.kugiri(["rejects", run]).code == 0)
            }
            let log = try String(
                contentsOfFile: "\(night.state)/runs/\(runs[2])/run.log", encoding: .utf8)
            #expect(log.contains("KGR7005I"), "\(log)")
        }

        @Test func `the latest published run keeps its directory, however old it is`() throws {
            let night = try Night { $0.extra = "log_generations: 1" }
            let published = try night.run(try night.sample(records: 1_200))
            for date in ["2026-11-25", "2026-11-26"] {
                let bad = try night.run(
                    try night.sample(
                        records: 1_200, seed: 3, date: date, defects: ["bad-enum:1"]))
                #expect(bad.code == 8)
            }
            let kept = try FileManager.default.contentsOfDirectory(
                atPath: "\(night.state)/runs")
            #expect(kept.contains(try published.run))
            #expect(kept.count == 2, "\(kept)")
        }
    }
}
