// Named places where a test may kill, stop or fail this process; inert unless armed.

import Glibc
import Synchronization

/// A named place in the code where a test can make trouble.
///
/// Armed by `KUGIRI_FAILPOINT=name:action[:count]`, where the action is `kill` (SIGKILL to this
/// process), `stop` (SIGSTOP) or `error`, and the count says at which pass it acts (default 1).
/// `KUGIRI_FAILPOINT_HITS=FILE` appends the name of every place passed, for coverage.
public enum Failpoint: String, CaseIterable, Sendable {
    case spoolWrittenBeforeCommit = "spool_written_before_commit"
    case splitCommitted = "split_committed"
    case claimTaken = "claim_taken"
    case blockSent = "block_sent"
    case blockReceived = "block_received"
    case afterCopyBeforeCommit = "after_copy_before_commit"
    case beforeChunkCommit = "before_chunk_commit"
    case commitSent = "commit_sent"
    case afterCommitBeforeReport = "after_commit_before_report"
    case afterEpochRaise = "after_epoch_raise"
    case atBarrier = "at_barrier"
    case inChunk = "in_chunk"
    case inRequeue = "in_requeue"
    case beforeRecutCommit = "before_recut_commit"
    case revisionOpened = "revision_opened"
    case beforeApproval = "before_approval"
    case inBackout = "in_backout"
    case beforePublish = "before_publish"
    case afterPublish = "after_publish"

    /// The error that the action `error` throws.
    public struct Tripped: Error, Equatable, CustomStringConvertible {
        /// As the setting names it.
        public var name: String
        /// The place's name.
        public var description: String { "failpoint \(name)" }
    }

    private struct Arming {
        var name: String
        var action: String
        /// The pass at which it acts, from 1.
        var pass: Int
    }

    private static let armed: Arming? = {
        guard let text = environment("KUGIRI_FAILPOINT") else { return nil }
        let parts = text.split(separator: ":").map { String($0) }
        guard parts.count >= 2 else { return nil }
        return Arming(
            name: parts[0], action: parts[1], pass: parts.count > 2 ? Int(parts[2]) ?? 1 : 1)
    }()
    private static let hitsPath = environment("KUGIRI_FAILPOINT_HITS")
    private static let passes = Atomic<Int>(0)

    /// Passes the place: nothing happens unless it is armed.
    public func pass() throws(Tripped) {
        if let path = Self.hitsPath { note(path) }
        guard let arming = Self.armed, arming.name == rawValue else { return }
        guard Self.passes.add(1, ordering: .relaxed).newValue == arming.pass else { return }
        switch arming.action {
        case "kill": _ = Glibc.kill(getpid(), SIGKILL)
        case "stop": _ = Glibc.kill(getpid(), SIGSTOP)
        default: throw Tripped(name: rawValue)
        }
    }

    private func note(_ path: String) {
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        guard descriptor >= 0 else { return }
        let line = Array((rawValue + "\n").utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
