// A finished run done again, in whole or in part: what is asked for is done, and nothing else.

import FoundationEssentials
import Glibc
import Postgres
import Testing

extension FleetTests {
    @Suite struct RerunTests {
        @Test func `a partition done again changes no row and is certified again`() throws {
            let night = try Night()
            let sample = try night.sample(records: 3_000, defects: ["bad-enum:4"])
            try night.enrol(try sample.debits().prefix(1_000).map(\.customer))
            let first = try night.run(sample, ["--max-rejects", "4"])
            try #require(first.code == 4, "\(first.ended.stderr)")
            let before = try night.fingerprint()
            let again = try night.rerun(try first.run, ["--partition", "2,3"])
            #expect(again.code == 4, "\(again.ended.stderr)")
            #expect(try night.fingerprint() == before)
            let counts = try again.facts.counts
            #expect(counts.balances)
            #expect(counts.input == 3_000 && counts.rejected == 4)
            #expect(try again.facts.partitions.allSatisfy { $0.counts.balances && $0.done })
            for part in try again.facts.partitions where [2, 3].contains(part.number) {
                #expect(part.counts.updated + part.counts.inserted == 0, "\(part)")
            }
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [try first.run])
            let certificates = try night.texts(
                "SELECT revision::text FROM kugiri.certificate ORDER BY revision")
            #expect(certificates == ["1", "2"])
            #expect(try night.kugiri(["certificate", "verify", try first.run]).code == 0)
            let earlier = try night.kugiri(["certificate", try first.run, "--revision", "1"])
            #expect(earlier.stdout.contains(try first.facts.certificate ?? "-"))
            let newest = try night.kugiri(["certificate", try first.run])
            #expect(newest.stdout.contains("partitions 2, 3, from validate: a test"))
            let known = try night.run(sample, ["--max-rejects", "4"])
            #expect(known.code == 0, "\(known.ended.stderr)")
            #expect(
                try night.texts("SELECT reason FROM kugiri.audit WHERE reason = 'a test'") == [
                    "a test"
                ])
        }

        @Test(arguments: ["validate", "load"])
        func `rows changed since are overwritten in the range and nowhere else`(
            phase: String
        ) throws {
            let night = try Night()
            let sample = try night.sample(records: 3_000)
            let first = try night.run(sample)
            try #require(first.code == 0, "\(first.ended.stderr)")
            let loaded = try night.contents()
            let part = try night.bounds(of: 2)
            try night.online(
                "UPDATE member_account SET last_amount = 7, name = 'moved' "
                    + "WHERE customer_number = ANY(ARRAY(SELECT customer_number FROM "
                    + "member_account ORDER BY md5(customer_number) LIMIT 600))")
            let changed = try night.count(
                "SELECT count(*) FROM member_account WHERE last_amount = 7 AND \(part)")
            #expect(changed > 20)
            let outside =
                "SELECT xmin || t::text FROM member_account t WHERE NOT (\(part)) "
                + "ORDER BY customer_number"
            let inside =
                "SELECT xmin || t::text FROM member_account t WHERE \(part) "
                + "AND name IS DISTINCT FROM 'moved' ORDER BY customer_number"
            let (siblings, same) = (try night.texts(outside), try night.texts(inside))
            let asked = try night.texts(
                "SELECT customer_number FROM member_account WHERE last_amount = 7 AND \(part) "
                    + "LIMIT 1")
            let again = try night.rerun(
                try first.run, ["--partition", "2", "--from", phase])
            #expect(again.code == 0, "\(again.ended.stderr)")
            // Two before-images are kept of the row: the answer is about the newer one.
            let why = try night.kugiri(["why", try first.run, try #require(asked.first)])
            #expect(why.stdout.contains("last_amount       7 "), "\(why.stdout)")
            #expect(why.stdout.contains("as this run left it"), "\(why.stdout)")
            #expect(try night.texts(outside) == siblings)
            #expect(try night.texts(inside) == same)
            let found = try night.contents()
            for (key, row) in try night.contents(where: part) {
                var expected = loaded[key]
                if found[key]?.name == "moved" { expected?.name = "moved" }
                #expect(row == expected)
            }
            let two = try again.facts.partitions.first { $0.number == 2 }
            #expect(two?.counts.updated == changed)
            try night.expectNoted(
                try again.facts, "update \(changed) and close 0 rows")
            // Rows that carry no state do not tell what was written there (decision 0036).
            guard night.settings.indicator == "full" else { return }
            #expect(again.ended.stderr.contains("changed since"), "\(again.ended.stderr)")
            try night.expectNoted(try again.facts, "\(changed) of them were changed by others")
        }

        @Test func `what is asked of a run done again is answered, also after a crash`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000, defects: ["bad-enum:2"])
            let first = try night.run(sample, ["--max-rejects", "2"])
            try #require(first.code == 4)
            let run = try first.run
            let before = try night.fingerprint()
            try night.crashServer()
            let again = try night.rerun(run, ["--partition", "2", "--from", "load"])
            #expect(again.code == 4, "\(again.ended.stderr)")
            #expect(try night.fingerprint() == before)
            try night.expectNoted(try again.facts, "an unknown number of them")
            let key = try sample.debits()[1_000].customer
            let questions = [
                (["report", run], "run-1"), (["partitions", run], "partitions-1"),
                (["workers", run], "workers-1"), (["status", run], "status-1"),
                (["rejects", run], "rejects-1"), (["conflicts", run], "conflicts-1"),
                (["why", run, key], "why-1"), (["certificate", run], "certificate-1"),
                (["runs"], "runs-1"),
            ]
            for (question, schema) in questions {
                let answer = try night.kugiri(question + ["--json"])
                #expect(answer.code == 0, "\(question) \(answer.stderr)")
                let faults = try JSONSchema(schema).faults(answer.stdout)
                #expect(faults.isEmpty, "\(question): \(faults)")
            }
            let log = try night.kugiri(["logs", run])
            #expect(log.stdout.contains("KGR1060I"), "\(log.stderr)")
        }

        @Test func `keys grow to whole chunks, and that is said`() throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_000)
            let first = try night.run(sample)
            try #require(first.code == 0)
            try night.online("UPDATE member_account SET last_amount = 7")
            let keys = try sample.debits().map(\.customer).sorted()
            let before = try night.versions()
            let again = try night.rerun(
                try first.run, ["--range", "\(keys[501])..\(keys[502])"])
            #expect(again.code == 0, "\(again.ended.stderr)")
            #expect(again.ended.stderr.contains("KGR1062W"), "\(again.ended.stderr)")
            let written = try night.versions().subtracting(before).count
            // One chunk of the commit interval, about.
            #expect((1...400).contains(written))
            #expect(
                try night.count("SELECT count(*) FROM member_account WHERE last_amount <> 7")
                    == written)
        }

        @Test func `the whole run is done again from its start`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_500)
            let oracle = try Oracle(night)
            let first = try night.run(sample)
            try oracle.expectLoaded(sample, first)
            let before = try night.contents()
            try night.online("UPDATE member_account SET last_amount = last_amount + 1")
            try night.online(
                "DELETE FROM member_account WHERE customer_number < '\(try night.middle())'")
            let again = try night.rerun(try first.run, ["--from", "start"])
            #expect(again.code == 0, "\(again.ended.stderr)")
            #expect(try night.contents() == before)
            #expect(try again.facts.counts.inserted > 1_000)
        }

        @Test func `nobody to ask, an unfinished run, a later night: refused, nothing is written`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let stopped = try night.run(sample, ["--until", "validate"])
            let unfinished = try night.rerun(try stopped.run, ["--partition", "1"])
            #expect(unfinished.code == 64)
            #expect(unfinished.ended.stderr.contains("kugiri resume \(try stopped.run)"))
            try #require(try night.resume(try stopped.run).code == 0)
            let before = (try night.ledger(), try night.fingerprint())
            let run = try stopped.run
            let silent = try night.kugiri(["rerun", run, "--partition", "1", "--reason", "x"])
            #expect(silent.code == 64)
            #expect(silent.stderr.contains("--yes"), "\(silent.stderr)")
            #expect(try night.rerun(run, ["--partition", "9"]).code == 64)
            #expect(try night.rerun(run, []).code == 64)
            #expect(try night.rerun(run, ["--partition", "1", "--from", "start"]).code == 64)
            #expect(try night.ledger() == before.0)
            #expect(try night.fingerprint() == before.1)
            let later = try night.run(
                try night.sample(records: 1_500, seed: 2, date: "2026-11-24"))
            try #require(later.code == 0, "\(later.ended.stderr)")
            let refused = try night.rerun(run, ["--partition", "1"])
            #expect(refused.code == 9)
            #expect(refused.ended.stderr.contains(try later.run), "\(refused.ended.stderr)")
            let forced = try night.rerun(run, ["--partition", "1", "--force-older"])
            #expect(forced.code == 0, "\(forced.ended.stderr)")
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [try later.run])
        }

        @Test(arguments: ["no", "yes"])
        func `the answer decides, and no leaves the run as it was`(answer: String) throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500, defects: ["bad-enum:2"])
            let first = try night.run(sample, ["--max-rejects", "2"])
            try #require(first.code == 4)
            try night.online("UPDATE member_account SET last_amount = 7")
            let before = (try night.ledger(), try night.fingerprint())
            let ended = try night.asked(
                ["rerun", try first.run, "--partition", "2", "--reason", "x", "--quiet"], answer)
            #expect(ended.stdout.contains("Type yes"), "\(ended.stdout)")
            if answer == "no" {
                #expect(ended.code == 5, "\(ended.stdout)")
                #expect(try night.ledger() == before.0)
                #expect(try night.fingerprint() == before.1)
                #expect(try night.kugiri(["certificate", "verify", try first.run]).code == 0)
            } else {
                #expect(ended.code == 4, "\(ended.stdout)")
                #expect(try night.fingerprint() != before.1)
            }
        }

        @Test(arguments: [
            "revision_opened:kill", "after_copy_before_commit:kill", "before_approval:kill",
            "at_barrier:kill", "in_chunk:stop:2", "before_publish:kill",
        ])
        func `a rerun that was killed goes on with resume`(failpoint: String) throws {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 3_000)
            let first = try night.run(sample)
            try #require(first.code == 0)
            let loaded = try night.contents()
            let part = try night.bounds(of: 2)
            try night.online("UPDATE member_account SET last_amount = 7 WHERE \(part)")
            try night.online(
                "UPDATE member_account SET name = 'other' WHERE NOT (\(part))")
            let outside =
                "SELECT xmin || t::text FROM member_account t WHERE NOT (\(part)) "
                + "ORDER BY customer_number"
            let siblings = try night.texts(outside)
            if failpoint.contains("stop") {
                let running = try night.startRerun(
                    try first.run, ["--partition", "2"],
                    environment: ["KUGIRI_FAILPOINT": failpoint])
                _ = try running.stoppedChild()
                running.signal(SIGKILL)
                #expect(try running.wait().wasKilled)
                try night.waitForWorkers()
            } else {
                _ = try night.rerun(
                    try first.run, ["--partition", "2"],
                    environment: ["KUGIRI_FAILPOINT": failpoint])
            }
            let state = try night.texts("SELECT state FROM kugiri.run")
            if state == ["open"] {
                #expect(try night.run(sample).code == 13)
                let end = try night.resume(try first.run)
                #expect(end.code == 0, "\(end.ended.stderr)")
            }
            #expect(try night.texts(outside) == siblings)
            for (key, row) in try night.contents(where: part) { #expect(row == loaded[key]) }
            #expect(
                try night.texts("SELECT state || revision FROM kugiri.run") == ["published2"])
            #expect(try night.kugiri(["certificate", "verify", try first.run]).code == 0)
        }

        @Test func `a question that was not answered is asked again by resume`() throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let first = try night.run(sample)
            try #require(first.code == 0)
            let killed = try night.asked(
                ["rerun", try first.run, "--partition", "2", "--reason", "x", "--quiet"], "yes",
                environment: ["KUGIRI_FAILPOINT": "before_approval:kill"])
            #expect(killed.code != 0)
            let silent = try night.resume(try first.run)
            #expect(silent.code == 64)
            #expect(silent.ended.stderr.contains("--yes"), "\(silent.ended.stderr)")
            let end = try night.resume(try first.run, ["--yes"])
            #expect(end.code == 0, "\(end.ended.stderr)")
        }

        @Test func `a rerun whose records are over the budget is withdrawn`() throws {
            let night = try Night { $0.mode = "update" }
            let sample = try night.sample(records: 2_000)
            let customers = try sample.debits().map(\.customer).sorted()
            try night.enrol(customers)
            let first = try night.run(sample)
            try #require(first.code == 0, "\(first.ended.stderr)")
            let part = try night.bounds(of: 2)
            // One row inside, one outside: the one outside is loaded, and stays judged as it was.
            try night.online(
                "DELETE FROM member_account WHERE customer_number IN ('\(customers[0])', "
                    + "(SELECT min(customer_number) FROM member_account WHERE \(part)))")
            let before = (try night.ledger(), try night.fingerprint())
            let judged = try night.rerun(try first.run, ["--partition", "2"])
            #expect(judged.code == 8, "\(judged.ended.stderr)")
            #expect(try night.ledger() == before.0)
            #expect(try night.fingerprint() == before.1)
            let end = try night.rerun(try first.run, ["--partition", "3"])
            #expect(end.code == 0, "\(end.ended.stderr)")
            let proved = try night.rerun(
                try first.run, ["--partition", "2", "--from", "load"])
            #expect(proved.code == 15, "\(proved.ended.stderr)")
            #expect(try night.resume(try first.run, ["--max-conflicts", "1"]).code == 4)
        }

        @Test func `what the target refused in the load is done again when it does not any more`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let customers = try sample.debits().map(\.customer).sorted()
            let stopped = try night.run(sample, ["--until", "validate"])
            let run = try stopped.run
            try night.online(
                "ALTER TABLE member_account ADD CONSTRAINT passing "
                    + "CHECK (customer_number <> '\(customers[100])')")
            let left = try night.resume(run)
            #expect(left.code == 8, "\(left.ended.stderr)")
            try night.online("ALTER TABLE member_account DROP CONSTRAINT passing")
            let before = try night.versions()
            let end = try night.rerun(run, ["--partition", "1"])
            #expect(end.code == 0, "\(end.ended.stderr)")
            #expect(try end.facts.counts.rejected == 0)
            #expect(try end.facts.counts.balances)
            #expect(try before.isSubset(of: night.versions()))
            #expect(try night.count("SELECT count(*) FROM member_account") == 2_000)
            #expect(try night.texts("SELECT run FROM kugiri.current_run") == [run])
        }

        @Test func `a job that closes rows is done again by slices`() throws {
            let night = try Feed.night { $0.workers = 1 }
            let it = try Feed.lacking(every: 20, of: 1_700, in: night)
            let oracle = try Oracle(night)
            let first = try night.run(it.file)
            try oracle.expectLoaded(it.file, first, closing: it.closing)
            let before = try night.contents()
            let some = it.closing.sorted()[30]
            try night.online(
                "UPDATE member_account SET closed_on = NULL WHERE customer_number = '\(some)'")
            let again = try night.rerun(try first.run, ["--partition", "1,2"])
            #expect(again.code == 0, "\(again.ended.stderr)")
            #expect(try night.closed() == it.closing)
            #expect(try night.contents() == before)
            #expect(try again.facts.counts.balances)
        }
    }
}
