// COPY that takes fewer rows than were sent: nothing of the slice is committed (PROTOCOL 8).

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct StagingCountTests {
        @Test func `a COPY that took fewer rows than were sent is a bug, and nothing is committed`()
            throws
        {
            let night = try Night { $0.workers = 1 }
            let sample = try night.sample(records: 1_500)
            let running = try night.startRun(
                sample, environment: ["KUGIRI_FAILPOINT": "claim_taken:stop"])
            let worker = try running.stoppedChild()
            try night.online(
                "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS "
                    + "'BEGIN RETURN NULL; END'")
            for table in try night.texts("SELECT staging FROM kugiri.slice") {
                try night.online(
                    "CREATE TRIGGER swallow BEFORE INSERT ON \(table) FOR EACH ROW "
                        + "WHEN (NEW.kugiri_record % 100 = 0) EXECUTE FUNCTION swallow()")
            }
            kill(worker, SIGCONT)
            let end = try Conclusion(try running.wait())
            #expect(end.code == 70, "\(end.ended.stderr)")
            #expect(end.ended.stderr.contains("COPY took"), "\(end.ended.stderr)")
            #expect(try night.count("SELECT count(*) FROM kugiri.interval") == 0)
            #expect(try night.fingerprint() == [])
        }
    }
}
