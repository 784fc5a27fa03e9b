// What the bench asks the kernel: how a program ended and what it used, processor time, load.

import Glibc

/// How a program ended and what it used.
struct ProgramEnd {
    /// The exit code; 128 + n: ended by signal n.
    var code: Int32
    /// User and system time, with that of the children it waited for.
    var processorSeconds: Double
    /// The most memory of it or of one child it waited for, in bytes.
    var peakBytes: Int64
}

/// Calls on the kernel.
enum SystemCalls {
    /// How a child ended; nil: it runs.
    ///
    /// Throws when it is not a child of ours, or was collected before.
    static func collect(_ pid: Int32) throws -> ProgramEnd? {
        var status: Int32 = 0
        var usage = rusage()
        let answer = unsafe wait4(pid, &status, WNOHANG, &usage)
        if answer == 0 || (answer < 0 && errno == EINTR) { return nil }
        guard answer == pid else {
            throw BenchFault("process \(pid) cannot be waited for (errno \(errno))")
        }
        let signal = status & 0x7F
        return ProgramEnd(
            code: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
            processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakBytes: Int64(usage.ru_maxrss) * 1_024)
    }

    /// A moment's rest between two looks at a program.
    static func pause() { _ = usleep(BenchLimits.pauseMicroseconds) }

    /// Has the kernel write what files still owe the disk, so that nobody pays for what was before.
    static func sync() { Glibc.sync() }

    /// Processor time this process has used.
    static func processorSeconds() -> Double {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Processors that are online.
    static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    /// Physical memory in bytes.
    static var memoryBytes: Int64 {
        Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Whether there is a file that we may execute.
    static func isProgram(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
