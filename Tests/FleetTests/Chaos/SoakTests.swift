// Nights without end, with a fault every few seconds: what lives through all of them must not grow.

import Foundation
import Glibc
import Postgres
import Synchronization
import Testing

/// How long; `KUGIRI_SOAK` in minutes, unset: not at all.
private let soakMinutes = ProcessInfo.processInfo.environment["KUGIRI_SOAK"].flatMap { Int($0) }

extension FleetTests {
    @Suite struct SoakTests {
        /// What outlives a night, as it is between two of them.
        private struct Sample {
            /// Resident kibibytes of the standby and of the worker of another machine.
            var standbyMemory: Int
            var workerMemory: Int
            /// Open descriptors of both.
            var standbyDescriptors: Int
            var workerDescriptors: Int
            var backends: Int
            /// Kibibytes on disk.
            var target: Int
            var staging: Int
            var ledger: Int

            var list: [Int] {
                [
                    standbyMemory, workerMemory, standbyDescriptors, workerDescriptors, backends,
                    target, staging, ledger,
                ]
            }
        }

        private static let faultEvery: Duration = .seconds(5)
        private static let nightsPerPurge = 5

        @Test(.enabled(if: soakMinutes != nil, "asked for by KUGIRI_SOAK=MINUTES"))
        func `nights without end leave nothing behind`() throws {
            let minutes = try #require(soakMinutes)
            let trial = Trial(kind: "soak", seed: ChaosSelection.current.seed, index: 0)
            let start = ContinuousClock.now
            let found = Mutex<[String]>([])
            var soak = Soak()
            try withKnownIssue(isIntermittent: true) {
                try play(minutes, trial, &soak)
                try judge(soak.samples)
            } matching: { issue in
                found.withLock { $0.append("\(issue)") }
                return true
            }
            let issues = found.withLock { $0 }
            try record(soak, issues.count, ContinuousClock.now - start)
            #expect(issues.isEmpty, "\(issues.joined(separator: "\n"))")
        }

        /// What happened so far.
        private struct Soak {
            var nights = 0
            var faults = 0
            var samples: [Sample] = []
        }

        private func play(_ minutes: Int, _ trial: Trial, _ soak: inout Soak) throws {
            let it = try World()
            let start = ContinuousClock.now
            var nextFault = start + Self.faultEvery
            while ContinuousClock.now - start < .seconds(60 * minutes) {
                soak.faults += try it.night(trial, faultAt: &nextFault, every: Self.faultEvery)
                soak.nights = it.nights
                guard it.nights % Self.nightsPerPurge == 0 else { continue }
                try it.purge()
                soak.samples.append(try it.sample())
                say(it.nights, soak.faults, soak.samples)
            }
            try it.end()
        }

        private func say(_ nights: Int, _ faults: Int, _ samples: [Sample]) {
            guard samples.count % 10 == 1, let last = samples.last else { return }
            let line =
                "chaos: soak night \(nights), \(faults) faults; memory \(last.standbyMemory) and "
                + "\(last.workerMemory) KiB, descriptors \(last.standbyDescriptors) and "
                + "\(last.workerDescriptors), backends \(last.backends), target \(last.target) KiB, "
                + "staging \(last.staging) KiB, ledger \(last.ledger) KiB\n"
            FileHandle.standardError.write(Data(line.utf8))
        }

        /// The last quarter against the second: what is warm by then must not have grown.
        private func judge(_ samples: [Sample]) throws {
            try #require(samples.count >= 8, "too short to be judged")
            let quarter = samples.count / 4
            func median(_ part: ArraySlice<Sample>, _ index: Int) -> Int {
                part.map { $0.list[index] }.sorted()[part.count / 2]
            }
            let early = samples[quarter..<2 * quarter]
            let late = samples.suffix(quarter)
            for (index, name) in ["standby's memory", "worker's memory"].enumerated() {
                let (before, after) = (median(early, index), median(late, index))
                #expect(after < before + before / 10, "\(name): \(before) KiB, then \(after)")
            }
            for (index, name) in [(2, "standby's descriptors"), (3, "worker's"), (4, "backends")] {
                let (before, after) = (median(early, index), median(late, index))
                #expect(after <= before, "\(name): \(before), then \(after)")
            }
            for (index, name) in [(5, "target"), (6, "staging")] {
                let (before, after) = (median(early, index), median(late, index))
                #expect(after <= before + before / 4 + 64, "\(name): \(before) KiB, then \(after)")
            }
        }

        private func record(_ soak: Soak, _ failures: Int, _ took: Duration) throws {
            let first = soak.samples.first?.list ?? []
            let last = soak.samples.last?.list ?? []
            let names = [
                "standby", "worker", "descriptors", "descriptors", "backends", "target", "staging",
                "ledger",
            ]
            let figures = zip(names, zip(first, last)).map { "\($0) \($1.0)→\($1.1)" }
            let words = [
                "soak", "nights on end with a fault every 5 s, memory and bloat flat",
                String(soak.nights), String(failures), String(Int(took / .seconds(1))),
                String(ChaosSelection.current.seed),
                "\(soak.faults) faults; memory, descriptors, backends and KiB on disk, first and "
                    + "last: \(figures.joined(separator: ", "))",
            ]
            try ChaosSelection.current.note(words)
        }

        /// One database with a standby and a worker of another machine that never end.
        private final class World {
            private let nightWorld: Night
            private let standby: StandbyProcess
            private let standbyPID: Int32
            private let worker: Running
            private(set) var nights = 0
            /// How long the latest one took: a fault that is due strikes anywhere in the next.
            private var nightMilliseconds = 1_000

            init() throws {
                let port = Network.freePort()
                nightWorld = try Night {
                    $0.network = "{listen: \"tcp://127.0.0.1:\(port)\"}"
                    $0.commitInterval = 100
                    $0.indicator = "intervals"
                    $0.attempts = 50
                    $0.silence = "3s"
                }
                standby = try nightWorld.startStandby()
                standbyPID = try #require(
                    Processes.naming(nightWorld.folder + "/").first, "no standby")
                worker = try Binary.start(
                    [
                        "worker", "--connect", "tcp://127.0.0.1:\(port)", "--name", "soak.guest",
                        "--coordinator-wait", "600",
                    ], environment: ["KUGIRI_DATABASE_URL": nightWorld.settings.database],
                    scratch: "\(nightWorld.folder)/out")
            }

            /// One night with its faults; how many there were.
            func night(
                _ trial: Trial, faultAt next: inout ContinuousClock.Instant, every: Duration
            ) throws -> Int {
                nights += 1
                let date = Self.date(nights)
                let file = try nightWorld.sample(records: 10_000, seed: nights % 7, date: date)
                let oracle = try Oracle(nightWorld)
                let running = try nightWorld.startRun(file)
                let moment = trial.number(0...nightMilliseconds)
                let start = ContinuousClock.now
                next = max(next, start + .milliseconds(moment))
                var faults = 0
                while running.isRunning {
                    usleep(5_000)
                    guard ContinuousClock.now >= next, fault(running, trial) else { continue }
                    next += every
                    faults += 1
                }
                if faults == 0 {
                    nightMilliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
                }
                var end = try Conclusion(try running.wait())
                if end.ended.wasKilled {
                    let run = try #require(
                        try nightWorld.texts(
                            "SELECT run FROM kugiri.run ORDER BY number DESC LIMIT 1"
                        ).first)
                    try nightWorld.published(run)
                    try nightWorld.quiet(standby)
                    end = try nightWorld.resume(run)
                }
                try oracle.expectLoaded(file, end, isAlone: false)
                try FileManager.default.removeItem(atPath: file.path)
                try FileManager.default.removeItem(atPath: file.path + ".truth")
                try clean()
                return faults
            }

            /// One of: a worker killed, a worker stopped for a while, a session ended, and the
            /// coordinator killed once its run is in the ledger; whether there was one to strike.
            private func fault(_ running: Running, _ trial: Trial) -> Bool {
                let own = running.children
                switch trial.number(0...3) {
                case 0 where !own.isEmpty: kill(trial.choose(own), SIGKILL)
                case 1 where !own.isEmpty:
                    let victim = trial.choose(own)
                    kill(victim, SIGSTOP)
                    trial.sleep(milliseconds: trial.number(100...1_000))
                    kill(victim, SIGCONT)
                case 2:
                    let ended = try? nightWorld.texts(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            + "WHERE datname = current_database() "
                            + "AND application_name LIKE 'kugiri worker%' LIMIT 1")
                    return ended?.isEmpty == false
                default:
                    let states = try? nightWorld.texts(
                        "SELECT state FROM kugiri.run ORDER BY number DESC LIMIT 1")
                    guard states == ["open"] else { return false }
                    running.signal(SIGKILL)
                }
                return true
            }

            /// The output of commands that have ended.
            private func clean() throws {
                let out = "\(nightWorld.folder)/out"
                for name in try FileManager.default.contentsOfDirectory(atPath: out)
                where name.hasSuffix(".out") || name.hasSuffix(".err") {
                    let path = "\(out)/\(name)"
                    // Those of the standby and the worker are the oldest, and are still written.
                    guard (Int(name.prefix { $0.isNumber }) ?? 0) > firstNumbers else { continue }
                    try FileManager.default.removeItem(atPath: path)
                }
            }

            /// Numbers of output files up to here belong to what never ends.
            private lazy var firstNumbers = Counter.next()

            func purge() throws {
                let purged = try nightWorld.kugiri(["purge", "--keep", "0s", "--yes"])
                try purged.expect(code: 0)
                try nightWorld.online("VACUUM member_account")
            }

            func sample() throws -> Sample {
                try #require(worker.isRunning && standby.isRunning)
                func size(_ condition: String) throws -> Int {
                    try nightWorld.count(
                        "SELECT (coalesce(sum(pg_total_relation_size(c.oid)), 0) / 1024)::bigint "
                            + "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                            + "WHERE c.relkind = 'r' AND \(condition)")
                }
                return Sample(
                    standbyMemory: memory(of: standbyPID), workerMemory: memory(of: worker.pid),
                    standbyDescriptors: descriptors(of: standbyPID),
                    workerDescriptors: descriptors(of: worker.pid),
                    backends: try nightWorld.count(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"),
                    target: try size("c.relname = 'member_account'"),
                    staging: try size("n.nspname = 'kugiri_stage'"),
                    ledger: try size("n.nspname = 'kugiri'"))
            }

            private func memory(of process: Int32) -> Int {
                let text =
                    (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)) ?? ""
                let words = text.split(separator: " ")
                return words.count > 1 ? (Int(words[1]) ?? 0) * 4 : 0
            }

            private func descriptors(of process: Int32) -> Int {
                ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd"))
                    ?? []).count
            }

            func end() throws {
                try standby.stop()
                worker.signal(SIGTERM)
                #expect(try worker.wait().code == 143)
            }

            /// Business dates one after the other, from 2026-11-20 on.
            private static func date(_ number: Int) -> String {
                var day = time_t(1_795_132_800 + number * 86_400)
                var parts = unsafe tm()
                _ = unsafe gmtime_r(&day, &parts)
                func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
                let (year, month) = unsafe (parts.tm_year + 1_900, parts.tm_mon + 1)
                return unsafe "\(year)-\(two(month))-\(two(parts.tm_mday))"
            }
        }
    }
}
