// Two workers over tcp that cannot see the spool: the night ends as a local one does.

import FoundationEssentials
import Glibc
import Messaging
import Testing

extension FleetTests {
    @Suite struct RemoteSpoolTests {
        @Test(.enabled(if: Namespaces.isPossible, "needs root and mount namespaces"))
        func `two workers over loopback tcp without the spool load what local ones do`() throws {
            let night = try Night()
            try expectAsLocal(night, Network(night), wrappers: [[], []])
        }

        @Test(
            .enabled(
                if: Machines.arePossible,
                "needs root, iproute2, and a kernel with bridges and network namespaces"))
        func `two workers in networks of their own without the spool load what local ones do`()
            throws
        {
            let machines = try #require(Machines(2))
            let night = try Night()
            var network = try Network(night)
            network.host = Machines.host
            try expectAsLocal(
                night, network,
                wrappers: machines.names.map { ["/usr/sbin/ip", "netns", "exec", $0] })
            withExtendedLifetime(machines) {}
        }

        /// Runs a file by remote workers alone, and by local ones on another database.
        private func expectAsLocal(
            _ night: Night, _ network: Network, wrappers: [[String]]
        ) throws {
            let sample = try night.sample(records: 3_000, defects: ["bad-enum:2"])
            let oracle = try Oracle(night)
            let flags = ["--max-rejects", "2", "--workers", "0", "--listen", network.endpoint]
            let running = try night.startRun(sample, flags)
            let hidden = try night.withoutSpool()
            let hits = "\(night.folder)/hits"
            let guests = try wrappers.map {
                try network.worker(
                    wait: 5, environment: ["KUGIRI_FAILPOINT_HITS": hits], wrapper: $0 + hidden)
            }
            let end = try Conclusion(try running.wait())
            for guest in guests { #expect(try guest.wait().code == 0) }
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try end.facts.workers.count == 2)
            let blocks = try String(contentsOfFile: hits, encoding: .utf8)
                .split(separator: "\n").count { $0 == "block_received" }
            #expect(blocks >= 7)

            let local = try Night()
            let other = try local.run(sample, ["--max-rejects", "2"])
            try #require(other.code == 4, "\(other.ended.stderr)")
            #expect(try local.members() == night.members())
            #expect(try other.facts.counts == end.facts.counts)
            #expect(try other.facts.controlTotals == end.facts.controlTotals)
        }
    }
}
