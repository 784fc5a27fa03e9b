// Workers of the coordinator's own that come when the work is done already.

import FoundationEssentials
import Glibc
import Testing

extension FleetTests {
    @Suite struct LateWorkerTests {
        @Test func `workers that come after the last record are let go and not waited for`() throws
        {
            // On any machine the run's one slice is done before so many processes have started.
            let night = try Night { $0.workers = 24 }
            let sample = try night.sample(records: 1)
            let oracle = try Oracle(night)
            let began = ContinuousClock.now
            try oracle.expectLoaded(sample, try night.run(sample))
            // Those that nobody answers are killed after 15 s.
            #expect(ContinuousClock.now - began < .seconds(12))
        }
    }
}
