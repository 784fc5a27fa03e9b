// A worker as the coordinator knows it, for its screen and its talk.

import Messaging
import Wire

/// A worker as the fleet knows it.
struct Crew {
    var peer: PeerID?
    var host: String
    var process: Int32
    /// Last heartbeat's figures, for the screen.
    var beat: Beat?
    var claimsDone = 0
    var recordsDone: UInt64 = 0
    /// A process that this coordinator started; it ends with the run.
    var isOwn = false
    /// When a message of it last came.
    var heardAt = Monotonic.now()
}
