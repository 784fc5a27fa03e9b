// How long this process has had a processor, for figures in the log; decides nothing.

import Glibc

/// The processor time of this process.
enum ProcessorTime {
    /// Of all its threads, since its start.
    static var now: Duration {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .zero }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
