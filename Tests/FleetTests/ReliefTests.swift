// Straggler relief: idle workers get the tail of the largest claim, and whoever dies around the
// cut, the night ends with the same rows.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct ReliefTests {
        /// One slice of one partition, so that there is one load claim: 20 chunks.
        private func night(workers: Int = 2) throws -> Night {
            try Night {
                $0.partitions = "{auto: {count: 1}}"
                $0.sliceRecords = 8_000
                $0.workers = workers
                $0.attempts = 6
            }
        }
        private static let slow = "after_commit_before_report:slow:100"

        @Test func `an idle worker is given the tail of the only claim and the load takes less`()
            throws
        {
            let single = try night(workers: 1)
            let sample = try single.sample(records: 4_000)
            let environment = ["KUGIRI_FAILPOINT": Self.slow]
            let alone = try single.run(sample, environment: environment)
            #expect(alone.code == 0, "\(alone.ended.stderr)")
            #expect(try single.loadClaims() == 1)

            let night = try night()
            let same = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let end = try night.run(same, environment: environment)
            try oracle.expectLoaded(same, end)
            #expect(try night.loadClaims() > 1)
            #expect(try end.log.contains("KGR5014I"))
            let busy = try night.texts(
                "SELECT DISTINCT worker FROM kugiri.interval WHERE phase = 'load' ORDER BY 1")
            #expect(busy == ["w1", "w2"])
            // The claims are one another's neighbours: no gap, no overlap.
            let bounds = try night.texts(
                """
                SELECT coalesce(high, '+') || ' ' || coalesce(lead(low) OVER (ORDER BY low), '+')
                FROM kugiri.claim WHERE phase = 'load'
                """)
            for pair in bounds {
                let ends = pair.split(separator: " ")
                #expect(ends.count == 2 && ends[0] == ends[1])
            }
            func load(_ end: Conclusion) throws -> Double {
                try #require(try end.facts.phases.first { $0.name == "load" }).elapsedSeconds
            }
            #expect(try load(end) < 0.8 * load(alone))
        }

        @Test(arguments: [
            "before_relief_commit:kill", "after_relief:kill", "before_relief_commit:error",
            "after_relief:error",
        ])
        func `a coordinator that dies around the cut is followed by resume`(place: String) throws {
            let night = try night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "\(Self.slow),\(place)"])
            #expect(place.hasSuffix("kill") ? died.ended.wasKilled : died.code == 12)
            let isCut = try night.loadClaims() > 1
            #expect(isCut == place.hasPrefix("after"))
            let run = try night.onlyRun()
            let rows = try night.loadedRows(run)
            let end = try night.resume(run, environment: ["KUGIRI_FAILPOINT": Self.slow])
            #expect(rows < 4_000)
            try oracle.expectLoaded(sample, end)
        }

        /// Both workers count their own passes, so holder and heir die at many different places.
        @Test(
            arguments: ["in_chunk", "before_commit", "commit_sent", "claim_taken"],
            [1, 2, 4, 7])
        func `workers that die around the cut cost time and no row`(place: String, pass: Int) throws
        {
            let night = try night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let end = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "\(Self.slow),\(place):kill:\(pass)"])
            try oracle.expectLoaded(sample, end)
        }

        @Test func `staging that is lost is cut where an unfinished claim was`() throws {
            let night = try night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "\(Self.slow),after_relief:kill"])
            #expect(died.ended.wasKilled)
            try waitUntil("no worker left") { Processes.naming(night.folder + "/") == [] }
            // Nobody has begun the tail: only its claim says where it begins.
            let begun =
                "SELECT count(*) FROM kugiri.claim WHERE phase = 'load' AND done_to > low"
            #expect(try night.count(begun) == 1)
            try night.crashServer()
            // At this interval no chunk would end there by itself.
            var edited = night.settings
            edited.commitInterval = 170
            try night.write(edited)
            try oracle.expectLoaded(sample, try night.resume(try night.onlyRun()))
        }

        @Test func `a server that crashes after a cut is waited for`() throws {
            let night = try night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": Self.slow])
            try waitUntil("a cut") { try night.loadClaims() > 1 }
            try night.crashServer()
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }

        @Test func `a re-cut after a cut takes claims as they are`() throws {
            let night = try night()
            let sample = try night.sample(records: 4_000)
            let oracle = try Oracle(night)
            let died = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "\(Self.slow),after_relief:kill"])
            #expect(died.ended.wasKilled)
            var edited = night.settings
            edited.partitions = "{auto: {count: 3}}"
            try night.write(edited)
            try oracle.expectLoaded(sample, try night.resume(try night.onlyRun()))
        }
    }
}

extension Night {
    /// Load claims of all runs.
    func loadClaims() throws -> Int {
        try count("SELECT count(*) FROM kugiri.claim WHERE phase = 'load'")
    }
}
