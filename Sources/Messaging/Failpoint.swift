// Named places where a test may kill, stop or fail this process; inert unless armed.

import Glibc
import Synchronization

/// A named place in the code where a test can make trouble.
///
/// Armed by `KUGIRI_FAILPOINT=name:action[:count]`, where the action is `kill` (SIGKILL to this
/// process), `stop` (SIGSTOP) or `error`, and the count says at which pass it acts (default 1).
/// With `name:slow:milliseconds` every pass takes that long. Several are separated by commas.
/// `KUGIRI_FAILPOINT_HITS=FILE` appends the name of every place passed, for coverage, and
/// `name:action` where one acts, before it does.
public enum Failpoint: String, CaseIterable, Sendable {
    case inputArchived = "input_archived"
    case inputKept = "input_kept"
    case runCreated = "run_created"
    case spoolBlockWritten = "spool_block_written"
    case spoolWrittenBeforeCommit = "spool_written_before_commit"
    case splitCommitted = "split_committed"
    case claimGranted = "claim_granted"
    case claimTaken = "claim_taken"
    case blockSent = "block_sent"
    case blockReceived = "block_received"
    case afterCopyBeforeCommit = "after_copy_before_commit"
    case beforeCommit = "before_commit"
    case commitSent = "commit_sent"
    case afterCommitBeforeReport = "after_commit_before_report"
    case afterEpochBump = "after_epoch_bump"
    case atBarrier = "at_barrier"
    case barrierCommitted = "barrier_committed"
    case inChunk = "in_chunk"
    case inRequeue = "in_requeue"
    case beforeRecutCommit = "before_recut_commit"
    case beforeReliefCommit = "before_relief_commit"
    case afterRelief = "after_relief"
    case revisionOpened = "revision_opened"
    case beforeApproval = "before_approval"
    case inBackout = "in_backout"
    case inCertify = "in_certify"
    case beforePublish = "before_publish"
    case midPublish = "mid_publish"
    case ledgerWrittenLogNot = "ledger_written_log_not"
    case afterPublish = "after_publish"
    case nightDone = "night_done"
    case inPurge = "in_purge"

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

    private static let armed: [Arming] = {
        guard let text = environment("KUGIRI_FAILPOINT") else { return [] }
        return text.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: ":").map { String($0) }
            guard parts.count >= 2 else { return nil }
            return Arming(
                name: parts[0], action: parts[1], pass: parts.count > 2 ? Int(parts[2]) ?? 1 : 1)
        }
    }()
    private static let hitsPath = environment("KUGIRI_FAILPOINT_HITS")
    /// Passes by place.
    private static let passes = Mutex<[String: Int]>([:])

    /// Passes the place: nothing happens unless it is armed.
    public func pass() throws(Tripped) {
        if let path = Self.hitsPath { Self.note(rawValue, in: path) }
        guard !Self.armed.isEmpty else { return }
        for arming in Self.armed where arming.name == rawValue && arming.action == "slow" {
            usleep(UInt32(clamping: arming.pass) &* 1_000)
        }
        let fatal = Self.armed.filter { $0.name == rawValue && $0.action != "slow" }
        guard !fatal.isEmpty else { return }
        let count = Self.passes.withLock { passes in
            passes[rawValue, default: 0] += 1
            return passes[rawValue, default: 0]
        }
        guard let arming = fatal.first(where: { $0.pass == count }) else { return }
        if let path = Self.hitsPath { Self.note("\(rawValue):\(arming.action)", in: path) }
        switch arming.action {
        case "kill": _ = Glibc.kill(getpid(), SIGKILL)
        case "stop": _ = Glibc.kill(getpid(), SIGSTOP)
        default: throw Tripped(name: rawValue)
        }
    }

    private static func note(_ text: String, in path: String) {
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        guard descriptor >= 0 else { return }
        let line = Array((text + "\n").utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
