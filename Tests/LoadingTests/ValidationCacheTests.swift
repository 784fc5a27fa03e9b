// What the validation cache gives back is what the rules would find, or nothing.

import FoundationEssentials
import Glibc
import Ledger
import Plan
import Records
import Testing

@testable import Loading

@Suite struct ValidationCacheTests {
    private static let origin = SliceProof(run: "night-1", slice: 7)

    private func rules(
        _ groups: [GroupEnvelope] = Plain.groups(["0001", "0002", "0003"]),
        cutAt middle: String = "M", maxReported: Int = 100_000, targetKey: [String] = ["member"]
    ) throws -> SliceRules {
        try SliceRules(
            contract: Plain.contract,
            parameters: try RunParameters(values: ["business_date": "2026-11-20"]),
            partitions: try PartitionTable([
                Partition(number: 1, range: KeyRange(low: Key("B"), high: Key(middle))),
                Partition(number: 2, range: KeyRange(low: Key(middle), high: Key("Y"))),
            ]), groups: groups, commitInterval: 100, maxReported: maxReported,
            targetKey: targetKey)
    }

    private func cache(
        _ folder: String, _ rules: SliceRules, contract: String = "c", date: String = "2026-11-20",
        binary: String = "b", version: Int = 1
    ) throws -> ValidationCache {
        ValidationCache(
            folder: folder, rules: rules, contractHash: contract,
            parameters: try RunParameters(values: ["business_date": date]), binary: binary,
            version: version)
    }

    /// Twins, unreadable keys, keys outside every partition, broken fields.
    private func slice(seed: UInt64) -> [UInt8] {
        var dice = Dice(seed: seed)
        let members = ["A", "B", "BA", "BB-1", "C", "CCCC", "M", "X", "Y", ""]
        let records = (0..<Int.random(in: 0...200, using: &dice)).map { index in
            var record = Plain.record([
                "member": members[Int.random(in: 0..<members.count, using: &dice)]
                    + String(Int.random(in: 0...9, using: &dice)),
                "code": ["", "0001"][Int.random(in: 0..<2, using: &dice)],
                "medium": String(Int.random(in: 0...9_999, using: &dice)),
            ])
            switch Int.random(in: 0..<10, using: &dice) {
            case 0: record[22] = UInt8(ascii: "x")
            case 1: record[1] = 0x85
            default: break
            }
            return Placed(number: UInt64(index) + 1, group: index / 80, bytes: record)
        }
        return Placed.slice(records)
    }

    /// Everything a check comes to, as text.
    private func shown(_ slice: CheckedSlice) -> [String] {
        let findings = slice.findings
        return ["\(slice.entries)", "\(slice.keys)", "\(slice.bytes)", "\(findings.rejects)"]
            + ["\(findings.rejected) \(findings.nameless)", "\(slice.rejectedRecords.sorted())"]
            + findings.totals.map { "\($0)" }.sorted() + findings.shares.map { "\($0)" }.sorted()
    }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/kugiri-cache-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func permit(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func check(
        _ bytes: [UInt8], _ cache: ValidationCache, _ rules: SliceRules, isFresh: Bool = false
    ) throws -> (slice: CheckedSlice, proof: SliceProof?) {
        try cache.check(bytes, rules: rules, as: Self.origin, isFresh: isFresh) {}
    }

    @Test(arguments: UInt64(1)...40)
    func `a slice that is found again is the slice that was checked`(seed: UInt64) throws {
        try inFolder { folder in
            let rules = try rules()
            let cache = try cache(folder, rules)
            let bytes = slice(seed: seed)
            let first = try check(bytes, cache, rules)
            #expect(first.proof == nil)
            let second = try check(bytes, cache, rules)
            #expect(second.proof == Self.origin)
            #expect(shown(second.slice) == shown(first.slice))
            #expect(shown(second.slice) == shown(try rules.check(bytes) {}))
            #expect(try check(bytes, cache, rules, isFresh: true).proof == nil)
        }
    }

    @Test func `any other content, contract, parameter, partition, group, job or binary is a miss`()
        throws
    {
        try inFolder { folder in
            let bytes = slice(seed: 3)
            let rules = try rules()
            _ = try check(bytes, try cache(folder, rules), rules)
            #expect(try check(bytes, try cache(folder, rules), rules).proof != nil)
            var changed = bytes
            changed[changed.count - 1] ^= 1
            let others: [(SliceRules, ValidationCache, [UInt8])] = [
                (rules, try cache(folder, rules), changed),
                (rules, try cache(folder, rules, contract: "d"), bytes),
                (rules, try cache(folder, rules, date: "2026-11-21"), bytes),
                (rules, try cache(folder, rules, binary: "another build"), bytes),
                (rules, try cache(folder, rules, version: 2), bytes),
            ]
            for (rules, cache, bytes) in others {
                #expect(try check(bytes, cache, rules).proof == nil)
            }
            let variants = [
                try self.rules(cutAt: "N"), try self.rules(maxReported: 3),
                try self.rules(targetKey: ["header.sender", "member"]),
                try self.rules(Plain.groups(["0001", "0002", "0004"])),
            ]
            for variant in variants {
                let (found, proof) = try check(bytes, try cache(folder, variant), variant)
                #expect(proof == nil)
                #expect(shown(found) == shown(try variant.check(bytes) {}))
            }
        }
    }

    @Test func `an entry that is torn, changed, swapped or open to others is not believed`() throws
    {
        try inFolder { folder in
            let rules = try rules()
            let cache = try cache(folder, rules)
            let (one, two) = (slice(seed: 5), slice(seed: 6))
            _ = try check(one, cache, rules)
            let first = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder).first)
            let path = "\(folder)/\(first)"
            let good = try Data(contentsOf: URL(filePath: path))
            func isBelieved(_ data: Data) throws -> Bool {
                try data.write(to: URL(filePath: path))
                try permit(0o600, path)
                let (found, proof) = try check(one, cache, rules)
                #expect(shown(found) == shown(try rules.check(one) {}))
                return proof != nil
            }
            #expect(try isBelieved(good))
            for count in [0, 1, 40, good.count / 2, good.count - 1] {
                #expect(try !isBelieved(good.prefix(count)), "\(count)")
            }
            for place in stride(from: 0, to: good.count, by: 7) {
                var bad = good
                bad[place] ^= 0x10
                #expect(try !isBelieved(bad), "\(place)")
            }
            _ = try check(two, cache, rules)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            let second = try #require(names.first { $0 != first })
            #expect(try !isBelieved(try Data(contentsOf: URL(filePath: "\(folder)/\(second)"))))
            try good.write(to: URL(filePath: path))
            try permit(0o622, path)
            #expect(try check(one, cache, rules).proof == nil)
        }
    }

    @Test func `without its folder the cache is empty, and nothing is wrong`() throws {
        let rules = try rules()
        let cache = try cache("/tmp/kugiri-no-such-folder-\(getpid())", rules)
        let bytes = slice(seed: 9)
        for _ in 0..<2 { #expect(try check(bytes, cache, rules).proof == nil) }
    }
}
