// What `--json` prints is what `ops/schema` says, whatever came of the command.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct JSONTests {
        /// The printed object, checked; its schema is the one its member `schema` names.
        @discardableResult private func checked(
            _ ended: Ended, as name: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> JSON {
            let faults = try JSONSchema(name).faults(ended.stdout)
            #expect(faults.isEmpty, "\(ended.stdout)", sourceLocation: sourceLocation)
            return try JSON(text: ended.stdout)
        }

        @Test func `every command of a night prints what its schema says`() throws {
            let night = try Night()
            let none = try checked(try night.kugiri(["status", "--json"]), as: "status-1")
            #expect(none["run"] == .null)
            try checked(try night.kugiri(["runs", "--json"]), as: "runs-1")
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:3"])
            let input = ["--input", sample.path, "--set", "business_date=\(sample.date)"]
            try checked(
                try night.kugiri(["validate", "debit-result", "--json"] + input), as: "validate-1")
            let end = try night.run(sample, ["--max-rejects", "3"])
            #expect(end.code == 4, "\(end.ended.stderr)")
            try checked(end.ended, as: "run-1")
            let run = try end.run
            try checked(try night.kugiri(["report", run, "--json"]), as: "run-1")
            let rejects = try checked(
                try night.kugiri(["rejects", run, "--json"]), as: "rejects-1")
            #expect(rejects["rejects"]?.list.count == 3)
            try checked(try night.kugiri(["certificate", run, "--json"]), as: "certificate-1")
            let proofs = try checked(
                try night.kugiri(["certificate", "verify", run, "--json"]), as: "verification-1")
            #expect(proofs["holds"] == .bool(true))
            let status = try checked(
                try night.kugiri(["status", run, "--json"]), as: "status-1")
            #expect(status["run"]?["state"]?.string == "published")
            #expect(status["run"]?["partitions_done"] == status["run"]?["partitions_total"])
            let runs = try checked(try night.kugiri(["runs", "--json"]), as: "runs-1")
            #expect(runs["runs"]?.list.first?["counts"]?["input"]?.number == 1_500)
        }

        @Test func `commands without a report say in JSON what they did`() throws {
            let night = try Night()
            func facts(_ arguments: [String]) throws -> [String: String] {
                let ended = try night.kugiri(arguments + ["--json"])
                try #require(ended.code == 0, "\(ended.stderr)")
                let done = try checked(ended, as: "done-1")
                guard case .object(let members)? = done["facts"] else { return [:] }
                return members.compactMapValues(\.string)
            }
            let file = "\(night.folder)/twenty.txt"
            let sample = try facts([
                "sample", "debit-result", "--records", "20", "--set", "business_date=2026-11-20",
                "--output", file,
            ])
            #expect(sample == ["output": file, "records": "20", "seed": "1"])
            #expect(try facts(["db", "url"])["url"]?.isEmpty == false)
            let migrated = try facts(["db", "migrate"])
            #expect(migrated["applied"] == "0")
            #expect(migrated["version"].flatMap { Int($0) } ?? 0 > 0)
            let lint = try checked(
                try night.kugiri(["lint", "--database", "--json"]), as: "lint-1")
            #expect(lint["faults"]?.list.isEmpty == true)
            #expect(lint["notes"]?.list.isEmpty == false)
            let folder = ["--directory", "\(night.folder)/keys"]
            func keys(_ arguments: [String]) throws -> JSON {
                try checked(
                    try Binary.run(
                        ["keys"] + arguments + folder + ["--json"],
                        scratch: "\(night.folder)/out"), as: "done-1")
            }
            let made = try keys(["new", "osaka"])
            #expect(made["facts"]?["secret"]?.string == "\(night.folder)/keys/osaka.key")
            let allowed = try keys(["allow", "\(night.folder)/keys/osaka.pub"])
            #expect(allowed["facts"]?["allowed"]?.string == "osaka")
            #expect(try keys(["revoke", "osaka"])["facts"]?["revoked"]?.string == "osaka")
            let trigger = try checked(
                try Binary.run(
                    ["db", "lock-trigger", "member", "--json"], scratch: "\(night.folder)/out"),
                as: "done-1")
            #expect(trigger["facts"]?["sql"]?.string?.contains("member") == true)
        }

        @Test func `a fault of the settings stands in the JSON of lint`() throws {
            let night = try Night { $0.extraColumn = "name: {field: none_such}" }
            let ended = try night.kugiri(["lint", "--json"])
            let lint = try checked(ended, as: "lint-1")
            #expect(ended.code == 16)
            #expect(lint["faults"]?.list.isEmpty == false)
        }

        @Test func `keys print what their schema says, allowed and revoked`() throws {
            let night = try Night()
            let folder = ["--directory", "\(night.folder)/keys"]
            func keys(_ arguments: [String]) throws -> Ended {
                let ended = try Binary.run(
                    ["keys"] + arguments + folder, scratch: "\(night.folder)/out")
                try #require(ended.code == 0, "\(ended.stderr)")
                return ended
            }
            try checked(try keys(["list", "--json"]), as: "keys-1")
            for name in ["osaka", "kyoto"] {
                _ = try keys(["new", name])
                _ = try keys(["allow", "\(night.folder)/keys/\(name).pub"])
            }
            _ = try keys(["revoke", "kyoto"])
            let listed = try checked(try keys(["list", "--json"]), as: "keys-1")
            #expect(
                listed["keys"]?.list.compactMap { $0["state"]?.string } == ["allowed", "revoked"])
        }

        @Test func `a run that is refused before it exists says so in JSON`() throws {
            let night = try Night()
            let sample = try night.sample(records: 50)
            var missing = sample
            missing.path += ".not"
            let unset = ["run", "debit-result", "--input", sample.path, "--json"]
            let cases: [(arguments: [String], code: Int, id: String?)] = [
                (night.runArguments(missing), 11, "KGR2050E"),
                (unset, 64, "KGR8054E"),
                (unset + ["--workers"], 64, nil),
                (["resume", "debit-result-20261120-77", "--json"], 64, "KGR8056E"),
                (["report", "debit-result-20261120-77", "--json"], 64, "KGR8056E"),
                (["status", "debit-result-20261120-77", "--json"], 64, "KGR8056E"),
            ]
            for (arguments, code, id) in cases {
                let ended = try night.kugiri(arguments)
                let refused = try checked(ended, as: "refused-1")
                #expect(ended.code == Int32(code), "\(arguments) \(ended.stderr)")
                #expect(refused["exit_code"]?.number == Double(code))
                #expect(refused["run_id"] == .null)
                #expect(refused["messages"]?.list.first?["id"]?.string == id, "\(arguments)")
            }
        }

        @Test func `a held target and a wrong table are refused in JSON`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_200)
            let killed = try night.run(
                sample, environment: ["KUGIRI_FAILPOINT": "before_publish:kill"])
            #expect(killed.ended.wasKilled)
            let held = try night.run(try night.sample(records: 50, date: "2026-11-24"))
            #expect(held.code == 13)
            #expect(try checked(held.ended, as: "refused-1")["result"]?.string == "RETRY")
            try night.online("DROP TRIGGER kugiri_lock ON member_account")
            let unfit = try night.run(sample)
            #expect(unfit.code == 16)
            #expect(try checked(unfit.ended, as: "refused-1")["result"]?.string == "CONFIG")
        }
    }
}
