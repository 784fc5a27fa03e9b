// The database goes away in mid-run: the run waits, goes on by itself, and ends with the same rows.

import FoundationEssentials
import Glibc
import Postgres
import Testing

extension FleetTests {
    @Suite struct OutageTests {
        /// A place in every phase, and who stands still there: with one worker and three slices,
        /// claims 1 to 3 are validated, 4 to 6 loaded, 7 to 9 certified.
        enum Place: String, Sendable {
            case split = "spool_written_before_commit:stop"
            case validate = "after_copy_before_commit:stop:2"
            case barrier = "at_barrier:stop"
            case load = "in_chunk:stop:3"
            case certify = "claim_taken:stop:8"
            case publish = "before_publish:stop"
            case published = "ledger_written_log_not:stop"
            case done = "night_done:stop"

            var isWorkers: Bool { [.validate, .load, .certify].contains(self) }
        }

        /// A night whose run stands still at a place.
        struct Standing {
            var night: Night
            var sample: Sample
            var running: Running
            /// The process that stands still.
            var stopped: Int32
        }

        private func night(_ change: (inout Settings91) -> Void = { _ in }) throws -> Night {
            try Night {
                $0.workers = 1
                $0.partitions = "{auto: {count: 1}}"
                $0.silence = "60s"
                change(&$0)
            }
        }

        private func standing(
            at place: Place, _ flags: [String] = [],
            _ change: (inout Settings91) -> Void = { _ in }
        ) throws -> Standing {
            let night = try night(change)
            let sample = try night.sample(records: 2_500)
            let running = try night.startRun(
                sample, flags, environment: ["KUGIRI_FAILPOINT": place.rawValue])
            return Standing(
                night: night, sample: sample, running: running,
                stopped: try stopped(running, at: place))
        }

        private func stopped(_ running: Running, at place: Place) throws -> Int32 {
            guard !place.isWorkers else { return try running.stoppedChild() }
            try waitUntil("a stopped coordinator") {
                Processes.isStopped(running.pid) || !running.isRunning
            }
            try #require(running.isRunning, "\(running.errorsSoFar)")
            return running.pid
        }

        private func awaitWait(_ running: Running) throws {
            try waitUntil("the wait for the database") {
                running.errorsSoFar.contains("KGR7013W") || !running.isRunning
            }
            try #require(running.isRunning, "\(running.errorsSoFar)")
        }

        @Test(
            arguments: [
                (Place.split, ServerEnd.immediate), (.validate, .immediate), (.barrier, .immediate),
                (.load, .immediate), (.certify, .immediate), (.validate, .fast), (.load, .fast),
                (.publish, .fast), (.barrier, .killed), (.load, .killed),
                (.certify, .killed),
            ])
        func `a server that goes away in any phase is waited for`(
            place: Place, end: ServerEnd
        ) throws {
            let it = try standing(at: place)
            let empty = try Oracle(it.night, before: [:])
            try it.night.endServer(end)
            kill(it.stopped, SIGCONT)
            try awaitWait(it.running)
            try it.night.startServer()
            let ended = try Conclusion(try it.running.wait())
            try empty.expectLoaded(it.sample, ended)
            let errors = ended.ended.stderr
            let run = try ended.run
            #expect(errors.contains("KGR7013W run \(run) waits for its database since 20"))
            #expect(errors.contains("KGR7014I run \(run) goes on after"), "\(errors)")
            #expect(try it.night.term(of: run) >= 2)
            // The worker was there before and after.
            let processes = try it.night.count(
                "SELECT count(DISTINCT process) FROM kugiri.crew WHERE run = '\(run)'")
            #expect(processes == 1)
        }

        /// Staging is not made again any more then, so there is no state of every record to judge.
        @Test func `a server that crashes at the very end is waited for`() throws {
            let it = try standing(at: .publish)
            try outlive(.immediate, it.running, it.stopped, it.night)
            try expectPublished(it, try Conclusion(try it.running.wait()))
            let ended = "SELECT exit_code FROM kugiri.tenure ORDER BY term DESC LIMIT 1"
            #expect(try it.night.texts(ended) == ["0"])
        }

        /// Found by `ops/chaos real`, seed 1 of `immediate-stop`: behind the publication the run ended
        /// with 0 and without counts.
        @Test(arguments: [Place.published, .done])
        func `a run whose server goes away behind its publication ends as published`(
            place: Place
        ) throws {
            let it = try standing(at: place)
            try it.night.endServer(.immediate)
            kill(it.stopped, SIGCONT)
            // Nobody starts the server again before it ends.
            let end = try Conclusion(try it.running.wait(.seconds(60)))
            try it.night.startServer()
            try expectPublished(it, end)
            #expect(!end.ended.stderr.contains("KGR7013W"), "\(end.ended.stderr)")
            #expect(try it.night.resume(try end.run).code == 0)
        }

        private func expectPublished(_ it: Standing, _ end: Conclusion) throws {
            #expect(end.code == 0, "\(end.ended.stderr)")
            var reference = Reference([:], inserts: true)
            reference.load(try it.sample.bytes, date: it.sample.date, without: [])
            #expect(try it.night.members() == reference.members)
            #expect(try it.night.texts("SELECT run FROM kugiri.current_run") == [try end.run])
            #expect(try end.facts.counts.inserted == 2_500)
        }

        /// Found by `ops/chaos real`, seed 1032 of `commit-cut`: it ended with 12, and the same command
        /// again with 13.
        @Test(arguments: [true, false])
        func `a run whose making was committed without an answer goes on, else nothing is left`(
            isDone: Bool
        ) throws {
            let proxy = try PostgresProxy(server: FleetServer.url)
            let night = try Night { $0.database = proxy.url(instead: $0.database) }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            proxy.cut([1], isForwarded: isDone)
            var end = try night.run(sample)
            #expect(proxy.cuts == 1)
            if isDone {
                #expect(try night.term(of: night.onlyRun()) == 2)
            } else {
                #expect(end.code == 12, "\(end.ended.stderr)")
                #expect(try night.count("SELECT count(*) FROM kugiri.run") == 0)
                let archive = "\(night.state)/archive"
                let left = try FileManager.default.subpathsOfDirectory(atPath: archive)
                #expect(!left.contains { $0.hasSuffix("input") }, "\(left)")
                end = try night.run(sample)
            }
            try oracle.expectLoaded(sample, end)
        }

        /// Found by `ops/chaos real`, seed 1001 of `backend-kill`: the ledger was asked once, while the
        /// server was starting again, and the run was left to `resume`.
        @Test func `a run whose making was committed goes on when the server is back`() throws {
            let proxy = try PostgresProxy(server: FleetServer.url)
            let night = try Night { $0.database = proxy.url(instead: $0.database) }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            proxy.cut([1], isForwarded: true, away: .seconds(3))
            let end = try night.run(sample)
            #expect(proxy.cuts == 1)
            #expect(end.ended.stderr.contains("KGR7013W"), "\(end.ended.stderr)")
            #expect(try night.term(of: night.onlyRun()) == 2)
            try oracle.expectLoaded(sample, end)
        }

        /// It would be silent and deaf otherwise for as long as the database may be away.
        @Test func `a command that waits to be told of its run ends on a signal`() throws {
            let proxy = try PostgresProxy(server: FleetServer.url)
            let night = try Night { $0.database = proxy.url(instead: $0.database) }
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            proxy.cut([1], isForwarded: true, away: .seconds(3_600))
            let running = try night.startRun(sample)
            try waitUntil("the cut") { proxy.cuts == 1 }
            usleep(500_000)
            running.signal(SIGTERM)
            let ended = try running.wait(.seconds(10))
            #expect(ended.code == 143, "\(ended.status) \(ended.stderr)")
            proxy.cut([], isForwarded: true)
            try oracle.expectLoaded(sample, try night.resume(try night.onlyRun()))
        }

        @Test(arguments: [Place.validate, .load, .certify])
        func `a coordinator whose session is ended takes its run again`(place: Place) throws {
            let it = try standing(at: place)
            let empty = try Oracle(it.night, before: [:])
            let run = try it.night.onlyRun()
            let ended = try it.night.count(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
                    + "current_database() AND application_name LIKE 'kugiri coordinator%'")
            #expect(ended >= 1)
            try waitUntil("the next term") {
                try it.night.term(of: run) == 2 || !it.running.isRunning
            }
            kill(it.stopped, SIGCONT)
            try empty.expectLoaded(it.sample, try Conclusion(try it.running.wait()))
        }

        @Test func `resume and rerun wait for the database too`() throws {
            let night = try night()
            let sample = try night.sample(records: 2_500)
            let empty = try Oracle(night, before: [:])
            let stopped = try night.run(sample, ["--until", "validate"])
            let run = try stopped.run
            let resumed = try night.startResume(
                run, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:3"])
            try outlive(.immediate, resumed, try resumed.stoppedChild(), night)
            try empty.expectLoaded(sample, try Conclusion(try resumed.wait()))
            let rows = try night.members()
            let again = try Binary.start(
                [
                    "rerun", run, "--from", "start", "--reason", "test", "--yes", "--json",
                    "--settings", "\(night.folder)/partitions.yaml",
                ], environment: ["KUGIRI_FAILPOINT": "after_copy_before_commit:stop:2"],
                scratch: "\(night.folder)/out")
            try outlive(.immediate, again, try again.stoppedChild(), night)
            let end = try Conclusion(try again.wait())
            #expect(end.code == 0, "\(end.ended.stderr)")
            #expect(try end.facts.counts.unchanged == 2_500)
            #expect(try night.members() == rows)
        }

        private func outlive(
            _ end: ServerEnd, _ running: Running, _ stopped: Int32, _ night: Night
        ) throws {
            try night.endServer(end)
            kill(stopped, SIGCONT)
            try awaitWait(running)
            try night.startServer()
        }

        @Test func `a worker of another machine survives the server`() throws {
            let night = try night { $0.workers = 0 }
            let network = Network(keyless: night)
            let sample = try night.sample(records: 2_500)
            let empty = try Oracle(night, before: [:])
            let running = try night.startRun(sample, ["--listen", network.endpoint])
            let guest = try network.worker(
                key: nil, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:3"])
            try waitUntil("a stopped worker") { Processes.isStopped(guest.pid) }
            try outlive(.immediate, running, guest.pid, night)
            let end = try Conclusion(try running.wait())
            // It stays for the next run.
            #expect(guest.isRunning)
            guest.signal(SIGTERM)
            #expect(try guest.wait().code == 143)
            try empty.expectLoaded(sample, end)
            #expect(try end.facts.workers.filter { $0.claims > 0 }.count == 1)
        }

        @Test func `a signal, and the limit, end a run that waits`() throws {
            let it = try standing(at: .load)
            let oracle = try Oracle(it.night, before: [:])
            let run = try it.night.onlyRun()
            try it.night.endServer(.fast)
            kill(it.stopped, SIGCONT)
            try awaitWait(it.running)
            it.running.signal(SIGTERM)
            let ended = try it.running.wait(.seconds(30))
            #expect(ended.code == 143, "\(ended.stderr)")
            #expect(ended.lastErrorLine.contains("run=\(run) "), "\(ended.stderr)")
            try it.night.startServer()
            var edited = it.night.settings
            edited.databaseWait = "2s"
            try it.night.write(edited)
            let resumed = try it.night.startResume(
                run, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            let worker = try resumed.stoppedChild()
            try it.night.endServer(.fast)
            kill(worker, SIGCONT)
            let late = try resumed.wait(.seconds(40))
            try it.night.startServer()
            #expect(late.code == 12, "\(late.stderr)")
            #expect(late.stderr.contains("KGR7055E run \(run) waited 2."), "\(late.stderr)")
            #expect(late.lastErrorLine.contains("run=\(run) "), "\(late.stderr)")
            try oracle.expectLoaded(it.sample, try it.night.resume(run))
        }

        @Test func `a run that is not to wait ends with 12 as soon as its database is gone`()
            throws
        {
            let it = try standing(at: .load) { $0.databaseWait = "0s" }
            let oracle = try Oracle(it.night, before: [:])
            let run = try it.night.onlyRun()
            try it.night.endServer(.fast)
            kill(it.stopped, SIGCONT)
            let ended = try it.running.wait(.seconds(30))
            try it.night.startServer()
            #expect(ended.code == 12, "\(ended.stderr)")
            #expect(!ended.stderr.contains("KGR7013W"), "\(ended.stderr)")
            try oracle.expectLoaded(it.sample, try it.night.resume(run))
        }

        @Test func `a standby goes on with a run whose process waits for the database`() throws {
            let it = try standing(at: .load)
            let oracle = try Oracle(it.night, before: [:])
            let run = try it.night.onlyRun()
            let standby = try it.night.startStandby()
            try it.night.endServer(.immediate)
            // The coordinator stands still while the server is back: the standby is first.
            it.running.signal(SIGSTOP)
            try it.night.startServer()
            try standby.told("KGR6033W")
            try waitUntil("the standby's term") { try it.night.term(of: run) == 2 }
            it.running.signal(SIGCONT)
            kill(it.stopped, SIGCONT)
            let left = try it.running.wait()
            #expect(left.code == 13, "\(left.stderr)")
            try it.night.published(run)
            try it.night.quiet(standby)
            try standby.stop()
            try oracle.expectLoaded(it.sample, try it.night.resume(run))
        }
    }
}
