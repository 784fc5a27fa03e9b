// Every bound of this module, with its reason. A bound that lives in the server's settings file
// is in ServerSettings.swift.

enum Limits {
    /// The longest single wait in `poll`, in milliseconds.
    ///
    /// The owner's idle hook must run at least every 50 ms. It is called after a wait when one
    /// breath has passed since the last call, so the longest gap is one breath and one wait.
    static let pollMillisecondsMax: Int32 = 25
    /// The least time between two calls of the idle hook; see `pollMillisecondsMax`.
    static let breath: Duration = .milliseconds(25)

    /// The most bytes of a COPY given to libpq per look at the socket.
    ///
    /// A Unix socket reports "writable" while three quarters of its buffer (208 KiB by default)
    /// are free, so that 64 KiB go in without blocking; larger gave no better rate.
    static let putBytesMax = 64 * 1024
    /// How long input in the middle of a COPY may stay unexplained before it counts as the
    /// server's error: a notice that came in two pieces is whole after a retransmission or two.
    static let copyAlarm: Duration = .milliseconds(500)

    /// Notices kept until they are taken; later ones are only counted.
    static let noticesMax = 100
    /// Savepoints inside each other: deeper is a loop, not a program.
    static let savepointDepthMax = 32

    /// How often the server looks whether the client of a running statement is still there,
    /// in milliseconds: what a killed worker holds is free again after this.
    static let clientCheckMilliseconds = 2_000

    /// The longest path of a Unix socket in bytes: `sun_path` is 108 with its closing zero.
    static let socketPathBytesMax = 107
    /// Wait for the last processes of a server that was killed to be gone.
    static let crashWaitSeconds = 15
    /// How long the private server may take until it accepts connections, and to stop.
    static let serverWaitSeconds = 60
    /// How long a knock at the private server may take: it is on this machine, so a longer silence
    /// is a stopped process.
    static let pingSeconds = 2
    /// How long `initdb` may take; it writes and syncs about 40 MB.
    static let initialiseSeconds = 180
    /// How long one process waits for another one that starts or stops the same server:
    /// one `initdb` and one start.
    static let lockWaitSeconds = 300
    /// What is kept of a program's output, in bytes: enough for its last words.
    static let outputBytesMax = 64 * 1024
    /// The pause between two looks at a child process or a lock, in milliseconds.
    static let pauseMilliseconds: Int32 = 10
}
