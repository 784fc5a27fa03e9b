// Rules that an earlier run has proved are not applied again; what reads the target always is.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct CacheTests {
        private func use(_ end: Conclusion) throws -> [Double] {
            let cache = try JSON(text: end.ended.stdout)["validation_cache"]
            return [try #require(cache?["hits"]?.number), try #require(cache?["misses"]?.number)]
        }

        /// The cache's files.
        private func entries(_ night: Night) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(night.state)/cache")
                .map { "\(night.state)/cache/\($0)" }
        }

        @Test func `a rejected file that is tolerated then is not checked again, and says by whom`()
            throws
        {
            let night = try Night { $0.sliceRecords = 300 }
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:3"])
            let refused = try night.run(sample)
            #expect(refused.code == 8)
            let slices = try use(refused)[1]
            #expect(try use(refused) == [0, slices])
            #expect(slices >= 4)
            // The target is read anew: these rows were not there when the rules were applied.
            try night.enrol(try sample.debits().prefix(700).map(\.customer))
            let oracle = try Oracle(night)
            let end = try night.run(sample, ["--max-rejects", "3"])
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try end.facts.counts.updated > 600)
            #expect(try use(end) == [slices, 0])
            let certificate = try night.kugiri(["certificate", try end.run]).stdout
            #expect(
                certificate.contains(
                    "the rules of slices 0 to \(Int(slices) - 1) were proved by slices 0 to "
                        + "\(Int(slices) - 1) of run \(try refused.run)"), "\(certificate)")
            let report = try night.kugiri(["report", try end.run]).stdout
            #expect(report.contains("\(Int(slices)) of \(Int(slices)) slices proved"), "\(report)")
            let log = try String(
                contentsOfFile: "\(end.facts.directory)/run.log", encoding: .utf8)
            #expect(log.contains("KGR3003I"))
            let printed = try night.kugiri(["report", try end.run, "--json"]).stdout
            #expect(try JSONSchema("run-1").faults(printed).isEmpty, "\(printed)")
        }

        @Test func `a corrected file is checked where it was corrected`() throws {
            let night = try Night { $0.sliceRecords = 300 }
            let wrong = try night.sample(records: 1_500, defects: ["total-off:1"])
            let refused = try night.run(wrong)
            #expect(refused.code == 9)
            let slices = try use(refused)[1]
            // The same file with its trailer right and one record's text another.
            let good = try night.sample(records: 1_500)
            var bytes = try good.bytes
            let place = try good.debits()[700].byte + 50
            bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let corrected = try night.file(bytes)
            let oracle = try Oracle(night)
            let end = try night.run(corrected)
            try oracle.expectLoaded(corrected, end)
            #expect(try use(end) == [slices - 1, 1])
        }

        @Test func `other partitions, another contract's rules and --revalidate are misses`() throws
        {
            let night = try Night { $0.sliceRecords = 300 }
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:3"])
            let slices = try use(try night.run(sample))[1]
            #expect(try use(try night.run(sample)) == [slices, 0])
            #expect(try use(try night.run(sample, ["--revalidate"])) == [0, slices])
            #expect(try use(try night.run(sample, ["--partitions", "7"])) == [0, slices])
            #expect(try use(try night.run(sample, ["--partitions", "7"])) == [slices, 0])
        }

        @Test func `a cache that was tampered with is not believed`() throws {
            let night = try Night { $0.sliceRecords = 300 }
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:3"])
            let slices = try use(try night.run(sample))[1]
            let files = try entries(night).sorted()
            #expect(files.count == Int(slices))
            let contents = try files.map { try Data(contentsOf: URL(filePath: $0)) }
            // Torn, one byte another, and the others each under its neighbour's name.
            for (index, path) in files.enumerated() {
                var data = contents[(index + 1) % contents.count]
                if index == 0 { data = contents[0].dropLast(5) }
                if index == 1 {
                    data = contents[1]
                    data[data.count / 2] ^= 1
                }
                try data.write(to: URL(filePath: path))
            }
            let oracle = try Oracle(night)
            let end = try night.run(sample, ["--max-rejects", "3"])
            try oracle.expectLoaded(sample, end, code: 4)
            #expect(try use(end) == [0, slices])
        }

        @Test func `entries go when they are as old as a purge says`() throws {
            let night = try Night()
            #expect(try night.run(try night.sample(records: 300)).code == 0)
            #expect(try !entries(night).isEmpty)
            #expect(try night.kugiri(["purge", "--keep", "1d", "--yes"]).code == 0)
            #expect(try !entries(night).isEmpty)
            let purged = try night.kugiri(["purge", "--keep", "0s", "--what", "cache", "--yes"])
            #expect(purged.code == 0, "\(purged.stderr)")
            #expect(try entries(night).isEmpty)
        }
    }
}
