// A corrected file as a revision of its run (PROTOCOL 31): what it may change, and what it lacks.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct CorrectionTests {
        @Test func `a corrected file is loaded where it differs, other rows are not written`()
            throws
        {
            let night = try Night()
            let it = try Correction(night)
            let before = try night.versions()
            let file = try it.file { $0 == 700 || $0 == 701 ? 9_999 : nil }
            let end = try night.rerun(it.run, ["--input", file.path])
            #expect(end.code == 0, "\(end.ended.stderr)")
            #expect(try end.facts.counts.updated == 2)
            #expect(try end.facts.counts.unchanged == 1_998)
            #expect(try night.versions().subtracting(before).count == 2)
            #expect(
                try night.count("SELECT count(*) FROM member_account WHERE last_amount = 9999") == 2
            )
            #expect(try night.kugiri(["certificate", "verify", it.run]).code == 0)
            #expect(try night.count("SELECT count(*) FROM kugiri.certificate") == 2)
            // The corrected file is the run's now; the one before is a second content.
            #expect(try night.run(file).code == 0)
            #expect(try night.run(it.sample).code == 9)
        }

        @Test func `in a range, other keys must be the same, and stay as they are online`() throws {
            let night = try Night()
            let it = try Correction(night)
            let part = try night.bounds(of: 2)
            let inside = try it.number(in: part)
            let outside = try it.number(in: "NOT (\(part))")
            try night.online(
                "UPDATE member_account SET last_amount = 7 WHERE customer_number IN "
                    + "('\(Feed.customer(outside))', '\(Feed.customer(inside + 1))')")
            let siblings =
                "SELECT xmin || t::text FROM member_account t WHERE NOT (\(part)) "
                + "ORDER BY customer_number"
            let (rows, before, ledger) =
                (try night.texts(siblings), try night.fingerprint(), try night.ledger())
            let beyond = try it.file { $0 == inside || $0 == outside ? 9_999 : nil }
            let refused = try night.rerun(
                it.run, ["--partition", "2", "--input", beyond.path])
            #expect(refused.code == 9, "\(refused.ended.stderr)")
            #expect(refused.ended.stderr.contains("KGR1068E"), "\(refused.ended.stderr)")
            #expect(try night.fingerprint() == before)
            #expect(try night.ledger() == ledger)

            // One record more in the range: every number behind it is another one.
            let good = try it.file(extra: "\(Feed.customer(inside))X") {
                $0 == inside ? 9_999 : nil
            }
            let end = try night.rerun(it.run, ["--partition", "2", "--input", good.path])
            #expect(end.code == 0, "\(end.ended.stderr)")
            #expect(try night.texts(siblings) == rows)
            let two = try end.facts.partitions.first { $0.number == 2 }
            #expect(two?.counts.updated == 2)
            #expect(two?.counts.inserted == 1)
            #expect(try end.facts.counts.input == 2_001)
            #expect(try end.facts.counts.balances)
            #expect(try night.kugiri(["certificate", "verify", it.run]).code == 0)
        }

        @Test func `keys that are gone need a word, and their rows stay`() throws {
            let night = try Night()
            let it = try Correction(night)
            let rows = try night.contents()
            let (before, ledger) = (try night.fingerprint(), try night.ledger())
            let file = try it.file(without: [300, 301, 302]) { _ in nil }
            let refused = try night.rerun(it.run, ["--input", file.path])
            #expect(refused.code == 9, "\(refused.ended.stderr)")
            #expect(refused.ended.stderr.contains("KGR1067E"), "\(refused.ended.stderr)")
            #expect(refused.ended.stderr.contains("lacks 3 keys"), "\(refused.ended.stderr)")
            #expect(try night.fingerprint() == before)
            #expect(try night.ledger() == ledger)
            let end = try night.rerun(it.run, ["--input", file.path, "--drop-missing"])
            #expect(end.code == 0, "\(end.ended.stderr)")
            #expect(try end.facts.counts.input == 1_997)
            #expect(try night.contents() == rows)
            try night.expectNoted(try end.facts, "KGR1066W")
        }

        @Test func `totals that do not hold end it, and the run is what it was`() throws {
            let night = try Night()
            let it = try Correction(night)
            var bytes = try it.file { _ in nil }.bytes
            // The last digit of the first record's amount: the trailer promises another sum.
            let at = 120 + 89
            bytes[at] = bytes[at] == 0x31 ? 0x32 : 0x31
            let wrong = try night.file(bytes)
            let (before, ledger) = (try night.fingerprint(), try night.ledger())
            let end = try night.rerun(it.run, ["--input", wrong.path])
            #expect(end.code == 9, "\(end.ended.stderr)")
            #expect(try night.fingerprint() == before)
            #expect(try night.ledger() == ledger)
            #expect(try night.kugiri(["certificate", "verify", it.run]).code == 0)
        }

        @Test func `a corrected rerun that was killed goes on with resume`() throws {
            let night = try Night { $0.workers = 1 }
            let it = try Correction(night)
            let part = try night.bounds(of: 3)
            let inside = try it.number(in: part)
            let file = try it.file { $0 == inside ? 9_999 : nil }
            for failpoint in ["revision_opened:kill", "before_publish:kill"] {
                _ = try night.rerun(
                    it.run, ["--partition", "3", "--input", file.path],
                    environment: ["KUGIRI_FAILPOINT": failpoint])
                let end = try night.resume(it.run)
                #expect(end.code == 0, "\(failpoint): \(end.ended.stderr)")
            }
            #expect(
                try night.count("SELECT count(*) FROM member_account WHERE last_amount = 9999") == 1
            )
            #expect(
                try night.texts("SELECT state || revision FROM kugiri.run") == ["published3"])
        }
    }
}

/// A loaded file of 2,000 customers, and corrections of it.
private struct Correction {
    let night: Night
    let run: String
    let sample: Sample

    init(_ night: Night) throws {
        self.night = night
        sample = try Feed.file(Array(0..<2_000), in: night)
        let end = try night.run(sample)
        try #require(end.code == 0, "\(end.ended.stderr)")
        run = try end.run
    }

    /// The file with other amounts, without some customers, with one more.
    func file(
        without lost: Set<Int> = [], extra: String? = nil, _ amount: (Int) -> Int?
    ) throws -> Sample {
        var debits = (0..<2_000).filter { !lost.contains($0) }.map { number in
            Handmade.Debit(customer: Feed.customer(number), amount: amount(number) ?? 100 + number)
        }
        if let extra { debits.insert(.init(customer: extra, amount: 5), at: 0) }
        return try night.file(Handmade.file([("1120", debits)]))
    }

    /// The number of a customer some way into a range.
    func number(in condition: String) throws -> Int {
        let key = try night.texts(
            "SELECT customer_number FROM member_account WHERE \(condition) "
                + "ORDER BY customer_number OFFSET 20 LIMIT 1")[0]
        return Int(key.dropFirst()) ?? -1
    }
}
