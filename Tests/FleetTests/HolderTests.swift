// Whenever something cannot go on, the message says why, who holds it, since when, and the command
// that resolves it.

import FoundationEssentials
import Glibc
import Messaging
import Postgres
import Testing

extension FleetTests {
    @Suite struct HolderTests {
        /// Whose processes these are, as messages name them.
        private static let me: String = {
            let user = unsafe getpwuid(getuid()).flatMap {
                unsafe String(cString: $0.pointee.pw_name)
            }
            return "\(user ?? String(getuid()))@\(HostName.current), process "
        }()

        @Test func `a target and a run that are held say by whom, since when, and what to do`()
            throws
        {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 2_000)
            let other = try night.sample(records: 500, seed: 2, date: "2026-11-24")
            let oracle = try Oracle(night)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "in_chunk:stop:2"])
            let worker = try running.stoppedChild()
            let run = try night.onlyRun()
            let holder = "\(Self.me)\(running.pid) since 20"
            try expect(
                try night.run(other), 13,
                [
                    "KGR5060E target public.member_account is held by run \(run) of \(holder)",
                    "'kugiri status \(run) --watch'",
                    "'kugiri cancel \(run)' (process \(running.pid) on \(HostName.current))",
                ])
            try expect(
                try night.resume(run), 13,
                [
                    "KGR5051E run \(run) is held by its coordinator \(holder)",
                    "'kugiri cancel \(run)' (process \(running.pid) on \(HostName.current))",
                    "'kugiri resume \(run)'",
                ])
            // Frozen: after a while it counts as silent, and its run may be taken over.
            running.signal(SIGSTOP)
            try waitUntil("the silence") {
                try night.texts(
                    "SELECT clock_timestamp() - beat_at > '5.2 s' FROM kugiri.tenure") == ["t"]
            }
            try expect(
                try night.run(other), 13,
                [
                    "KGR5061E target public.member_account is held by run \(run) of \(holder)",
                    "has been silent for ", "'kugiri resume \(run)', then run again",
                ])
            running.signal(SIGCONT)
            kill(worker, SIGCONT)
            try oracle.expectLoaded(sample, try Conclusion(try running.wait()))
        }

        @Test func `a session that conducts no run is named with its role and name`() throws {
            let night = try Night()
            let sample = try night.sample(records: 50)
            try night.online(
                "SELECT pg_advisory_lock(1265986381, ('member_account'::regclass::oid::bigint "
                    + "- 2147483648)::integer)")
            let role = try night.texts("SELECT current_user")[0]
            try expect(
                try night.run(sample), 13,
                [
                    "KGR5052E target public.member_account is held by session '",
                    "test/night' of database role \(role) from this host, process ", " since 20",
                    "wait for it to end and run again",
                ])
        }

        @Test func `the same input again names the unfinished run, and --resume goes on with it`()
            throws
        {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let first = try night.run(sample, ["--until", "validate", "--resume"])
            #expect(first.code == 0, "\(first.ended.stderr)")
            let run = try first.run
            try expect(
                try night.run(sample), 13,
                [
                    "KGR5062E run \(run) has the same input and parameters and is not finished",
                    "last conducted by \(Self.me)", "it ended with exit 0 at 20",
                    "'kugiri resume \(run)'", "'--resume'", "'--supersede \(run)'",
                ])
            // Half loaded, and killed.
            let killed = try night.run(
                sample, ["--resume"], environment: ["KUGIRI_FAILPOINT": "before_publish:kill"])
            #expect(killed.ended.wasKilled)
            #expect(try night.onlyRun() == run)
            try expect(
                try night.run(sample), 13,
                [
                    "KGR5063E run \(run) has the same input and parameters, has loaded a part of "
                        + "public.member_account",
                    "it ended without a word", "'kugiri resume \(run)'", "'--resume'",
                ])
            #expect(try night.run(sample, ["--supersede", run]).code == 13)
            let other = try night.sample(records: 50, seed: 2, date: "2026-11-24")
            try expect(
                try night.run(other), 13,
                [
                    "KGR5054E run \(run) has loaded a part of public.member_account",
                    "last conducted by \(Self.me)", "it ended without a word",
                    "'kugiri resume \(run)', then run this file",
                ])
            try oracle.expectLoaded(sample, try night.run(sample, ["--resume"]))
            #expect(try night.onlyRun() == run)
        }

        @Test func `a run that made way says for which, and is begun anew with --supersede`() throws
        {
            let night = try Night()
            let sample = try night.sample(records: 1_500)
            let oracle = try Oracle(night)
            let first = try night.run(sample, ["--until", "validate"])
            let end = try night.run(sample, ["--supersede", try first.run])
            try oracle.expectLoaded(sample, end)
            let (given, begun) = (try first.run, try end.run)
            #expect(begun != given)
            #expect(try end.log.contains("KGR1006I run \(given) of \(Self.me)"))
            #expect(end.ended.stderr.contains("KGR1006I"), "\(end.ended.stderr)")
            try expect(
                try night.resume(try first.run), 64,
                [
                    "KGR5064E run \(try first.run) was given up at 20",
                    "for run \(try end.run) of \(Self.me)", "'kugiri status \(try end.run)'",
                ])
        }

        @Test func `what was published later or before says who did it and when`() throws {
            let night = try Night()
            let sample = try night.sample(records: 500)
            let open = try night.run(sample, ["--until", "validate"])
            let newer = try night.sample(records: 500, seed: 2)
            let end = try night.run(newer)
            #expect(end.code == 0, "\(end.ended.stderr)")
            let who = "\(Self.me)"
            // Only a fault of the ledger leaves an older run open: the check is the last line.
            try night.online(
                "UPDATE kugiri.run SET state = 'open' WHERE run = '\(try open.run)'")
            try expect(
                try night.resume(try open.run), 9,
                [
                    "KGR5065E run \(try end.run) of \(who)", "conducted since 20",
                    "has loaded into public.member_account", "'--out-of-order'",
                ])
            try night.online(
                "UPDATE kugiri.run SET state = 'superseded' WHERE run = '\(try open.run)'")
            try expect(
                try night.run(try night.sample(records: 500, seed: 3)), 9,
                ["KGR4054E", "run \(try end.run)", "by \(who)", " at 20", "'--supersede"])
            try expect(
                try night.run(newer, date: "2026-11-24"), 9,
                ["KGR4052E", "run \(try end.run)", "by \(who)", " at 20", "'--supersede"])
            try expect(
                try night.run(try night.sample(records: 500, seed: 4, date: "2026-11-19")), 9,
                ["KGR4055E", "run \(try end.run)", who, " published at 20", "'--out-of-order'"])
        }

        // MARK: Help

        private func expect(
            _ end: Conclusion, _ code: Int32, _ words: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            #expect(end.code == code, "\(end.ended.stderr)", sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    end.ended.stderr.contains(word), "'\(word)' is not in \(end.ended.stderr)",
                    sourceLocation: sourceLocation)
            }
        }
    }
}
