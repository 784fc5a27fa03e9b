// The coordinator dies in the load, is asked to stop, or is one too many; every other place where it
// may die is in `FailpointTests`.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct CoordinatorFaultTests {
        @Test func `a coordinator killed in the middle of the load is followed by resume`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let run = try killInLoad(night, sample)
            let halfway = try night.count("SELECT count(*) FROM member_account")
            #expect(halfway > 0 && halfway < 2_500)
            try oracle.expectLoaded(sample, try night.resume(run))
        }

        /// A coordinator that died between the run's row and the move of its input left a run that ended
        /// with 11 at every resume.
        @Test(arguments: [Failpoint.inputKept, .runCreated])
        func `a run that is in the ledger has its input`(place: Failpoint) throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "\(place.rawValue):kill"])
            #expect(died.ended.wasKilled)
            let runs = try night.texts("SELECT run FROM kugiri.run")
            #expect(runs.isEmpty == (place == .inputKept))
            // Not even the file that was given is needed any more.
            if !runs.isEmpty {
                try FileManager.default.moveItem(atPath: sample.path, toPath: sample.path + ".gone")
            }
            let end = try runs.first.map { try night.resume($0) } ?? night.run(sample)
            if !runs.isEmpty {
                try FileManager.default.moveItem(atPath: sample.path + ".gone", toPath: sample.path)
            }
            try oracle.expectLoaded(sample, end)
            #expect(try night.onlyRun() == "debit-result-20261120-01")
        }

        @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
        func `a coordinator asked to stop keeps what is done`(signal: Int32, code: Int32) throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:4"])
            let worker = try running.stoppedChild()
            running.signal(signal)
            kill(worker, SIGCONT)
            let stopped = try Conclusion(try running.wait())
            #expect(stopped.code == code, "\(stopped.ended.stderr)")
            #expect(try stopped.facts.exitCode == code)
            #expect(stopped.ended.lastErrorLine.contains("exit=\(code) "))
            #expect(Processes.naming(night.folder + "/") == [])
            let done = try night.count("SELECT count(*) FROM member_account")
            #expect(done >= 600 && done < 2_500)
            try oracle.expectLoaded(sample, try night.resume(try stopped.run))
        }

        @Test func `a second coordinator on the same target is refused with 13`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            let worker = try running.stoppedChild()
            #expect(try night.run(sample).code == 13)
            #expect(try night.resume(try night.onlyRun()).code == 13)
            kill(worker, SIGCONT)
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }

        /// One night passes every named place, so none of them is out of the way of real runs.
        @Test func `no failpoint is out of reach`() throws {
            let night = try Night { $0.transfer = "stream" }
            let sample = try night.sample(records: 1_500)
            let customers = try sample.debits().map(\.customer)
            try night.enrol(customers)
            let hits = "\(night.folder)/hits"
            let environment = ["KUGIRI_FAILPOINT_HITS": hits]
            let stopped = try night.run(
                sample, ["--until", "validate"], environment: environment)
            try night.online(
                "UPDATE member_account SET name = 'moved' "
                    + "WHERE customer_number = '\(customers[0])'")
            let oracle = try Oracle(night)
            var edited = night.settings
            edited.commitInterval = 300
            try night.write(edited)
            let end = try night.resume(
                try stopped.run,
                environment: environment.merging(["KUGIRI_FAILPOINT": "in_chunk:kill:2"]) { $1 })
            try oracle.expectLoaded(sample, end)
            // One claim for two workers: its tail is given away.
            let unequal = try Night {
                $0.partitions = "{auto: {count: 1}}"
                $0.sliceRecords = 4_000
            }
            let relieved = try unequal.run(
                try unequal.sample(records: 3_000),
                environment: environment.merging([
                    "KUGIRI_FAILPOINT": "after_commit_before_report:slow:100"
                ]) { $1 })
            #expect(relieved.code == 0, "\(relieved.ended.stderr)")
            let again = try night.rerun(
                try stopped.run, ["--partition", "1"], environment: environment)
            #expect(again.code == 0, "\(again.ended.stderr)")
            let back = try night.backout(try stopped.run, environment: environment)
            #expect(back.ended.code == 0, "\(back.ended.stderr)")
            let next = try night.sample(records: 50, date: "2026-11-24")
            #expect(try night.run(next).code == 0)
            let purged = try night.kugiri(
                ["purge", "--keep", "0s", "--yes"], environment: environment)
            #expect(purged.code == 0, "\(purged.stderr)")
            let passed = Set(
                try String(contentsOfFile: hits, encoding: .utf8).split(separator: "\n")
                    .map { String($0) })
            #expect(Set(Failpoint.allCases.map(\.rawValue)).subtracting(passed) == [])
        }

        // MARK: Help

        /// Kills the coordinator while a worker stands in a chunk; answers the run.
        private func killInLoad(_ night: Night, _ sample: Sample) throws -> String {
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:3"])
            _ = try running.stoppedChild()
            running.signal(SIGKILL)
            #expect(try running.wait().wasKilled)
            // Workers end with the coordinator, stopped ones too.
            try waitUntil("no worker left") { Processes.naming(night.folder + "/") == [] }
            return try night.onlyRun()
        }
    }
}
