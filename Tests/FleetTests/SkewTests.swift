// A skewed file under even ranges: slices and relief balance what the ranges do not.

import FoundationEssentials
import Messaging
import Testing

extension FleetTests {
    @Suite struct SkewTests {
        /// Nine of ten customers are in a hundredth of the keys: from 0.50 to 0.51 of the range.
        private func skewed(_ records: Int) -> [Handmade.Debit] {
            (0..<records).map { number in
                let spread = Double(number) / Double(records)
                let place = number % 10 == 0 ? spread : 0.50 + spread / 100
                let digits = String(Int(place * 1e12) + number % 10)
                let customer = String(repeating: "0", count: 20 - digits.count) + digits
                return Handmade.Debit(customer: customer, amount: 100 + number % 900)
            }
        }

        /// Eight even ranges.
        private static let even: String = {
            let bounds = (1...7).map { number -> String in
                let digits = String(number * 125_000_000_000)
                return String(repeating: "0", count: 20 - digits.count) + digits
            }
            var ranges = ["{number: 1, high: \"\(bounds[0])\"}"]
            for number in 2...7 {
                ranges.append(
                    "{number: \(number), low: \"\(bounds[number - 2])\", "
                        + "high: \"\(bounds[number - 1])\"}")
            }
            ranges.append("{number: 8, low: \"\(bounds[6])\"}")
            return "{ranges: [\(ranges.joined(separator: ", "))]}"
        }()

        /// A night of 4 workers; every chunk takes 60 ms longer, so that the load is the claims'
        /// time and not this machine's.
        private func run(_ partitions: String, records: Int) throws -> (Night, Conclusion) {
            let night = try Night {
                $0.partitions = partitions
                $0.workers = 4
                $0.sliceRecords = 16_000
            }
            let sample = try night.file(
                Handmade.file([(day: "1120", debits: skewed(records))]))
            let oracle = try Oracle(night)
            let end = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "after_commit_before_report:slow:60"])
            try oracle.expectLoaded(sample, end)
            return (night, end)
        }

        private func load(_ end: Conclusion) throws -> Double {
            try #require(try end.facts.phases.first { $0.name == "load" }).elapsedSeconds
        }

        @Test func `even ranges over a skewed file take little longer than balanced ones`() throws {
            let records = 24_000
            // The best of three pairs: other processes use the same two cores.
            var pairs: [(ratio: Double, night: Night, end: Conclusion)] = []
            while pairs.count < 3, !pairs.contains(where: { $0.ratio < 1.3 }) {
                let (_, balanced) = try run("{auto: {count: 8}}", records: records)
                let (night, end) = try run(Self.even, records: records)
                pairs.append((try load(end) / load(balanced), night, end))
            }
            let (ratio, night, end) = try #require(pairs.min { $0.ratio < $1.ratio })
            let heaviest = try #require(try end.facts.partitions.map(\.counts.input).max())
            #expect(heaviest > records * 9 / 10)
            #expect(ratio < 1.3)
            // Exactly: chunks of the heaviest partition were done by all workers, and whenever one
            // finished its last chunk, no claim had more than two chunks that were not begun.
            let busy = try night.count(
                "SELECT count(DISTINCT worker) FROM kugiri.interval WHERE phase = 'load' "
                    + "AND partition = 5")
            #expect(busy == 4)
            let share = try night.count(
                """
                SELECT max(chunks) - min(chunks) FROM (SELECT count(*) AS chunks
                    FROM kugiri.interval WHERE phase = 'load' AND staged > 0 GROUP BY worker) w
                """)
            #expect(share <= 12)
            let after = try night.count(Self.chunksAfterFirstEnd)
            #expect(after <= 4)
        }

        /// The most chunks that any worker did after another one had done its last.
        private static let chunksAfterFirstEnd = """
            WITH chunks AS (
                SELECT worker, committed_at FROM kugiri.interval WHERE phase = 'load'
            ), first_end AS (
                SELECT min(last) AS at FROM (
                    SELECT max(committed_at) AS last FROM chunks GROUP BY worker) w
            )
            SELECT coalesce(max(n), 0) FROM (
                SELECT count(*) AS n FROM chunks, first_end WHERE committed_at > at GROUP BY worker) x
            """
    }
}
