// Inputs that are no files, or lie elsewhere than they seem to: refused at once by every command.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct InputPlaceTests {
        private func commands(_ path: String) -> [[String]] {
            let rest = ["debit-result", "--input", path, "--set", "business_date=\(Night.date)"]
            return [["run"] + rest, ["validate"] + rest, ["plan"] + rest]
        }

        @Test func `a pipe is refused with 11 and nobody waits for its writer`() throws {
            let night = try Night()
            let oracle = try Oracle(night)
            let pipe = "\(night.folder)/pipe.txt"
            try #require(unsafe mkfifo(pipe, 0o600) == 0)
            for command in commands(pipe) {
                let ended = try night.kugiri(command, limit: .seconds(60))
                #expect(ended.code == 11, "\(command) \(ended.stderr)")
                #expect(ended.stderr.contains("it is a named pipe, not a regular file"))
            }
            let sample = Sample(path: pipe, date: Night.date, defects: [])
            try oracle.expectUntouched(try night.run(sample), code: 11)
        }

        @Test func `a link out of its folder is refused with 16 until the settings name the place`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 300)
            let oracle = try Oracle(night)
            let drop = "\(night.folder)/drop"
            try FileManager.default.createDirectory(
                atPath: drop, withIntermediateDirectories: false)
            let link = "\(drop)/tonight.txt"
            try #require(unsafe symlink(sample.path, link) == 0)
            for command in commands(link) {
                let ended = try night.kugiri(command)
                #expect(ended.code == 16, "\(command) \(ended.stderr)")
                #expect(ended.stderr.contains("KGR2061E input \(link) leads to \(sample.path)"))
            }
            var linked = sample
            linked.path = link
            try oracle.expectUntouched(try night.run(linked), code: 16)

            var settings = night.settings
            settings.directories = "{state: .kugiri, inputs: [.]}"
            try night.write(settings)
            try oracle.expectLoaded(sample, try night.run(linked))
            settings.directories = "{state: .kugiri, inputs: [drop]}"
            try night.write(settings)
            let rerun = try night.kugiri([
                "rerun", try night.onlyRun(), "--input", link, "--reason", "test", "--yes",
            ])
            #expect(rerun.code == 16, "\(rerun.stderr)")
            #expect(rerun.stderr.contains("KGR2061E"))
        }
    }
}
