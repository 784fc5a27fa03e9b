// The kinds of chaos, and how many trials of each are asked for.

import FoundationEssentials
import Glibc
import Testing

/// A kind of fault that is tried many times.
struct ChaosKind: Sendable, CustomTestStringConvertible {
    /// As the command line names it.
    let name: String
    /// As the table of results names it.
    let title: String
    /// Trials of a whole run of `ops/chaos real`.
    let whole: Int
    /// Trials in the suite.
    let short: Int
    /// What one trial tries, where it is more than one thing: files.
    let each: Int
    /// Why it cannot be tried on this machine; nil: it can.
    let obstacle: @Sendable () -> String?
    let trial: @Sendable (Trial) throws -> Void

    init(
        _ name: String, _ title: String, whole: Int, short: Int = 1, each: Int = 1,
        obstacle: @escaping @Sendable () -> String? = { nil },
        _ trial: @escaping @Sendable (Trial) throws -> Void
    ) {
        self.name = name
        self.title = title
        self.whole = whole
        self.short = short
        self.each = each
        self.obstacle = obstacle
        self.trial = trial
    }

    var testDescription: String { name }

    /// All of them, in the order of the table.
    static let all: [ChaosKind] =
        workerKinds + coordinatorKinds + serverKinds + messageKinds + diskKinds + dataKinds
        + peerKinds
}

/// Which trials are run.
///
/// `KUGIRI_CHAOS` names kinds with counts, `worker-kill=300 hung-worker=50`; `all` is every kind
/// with the count of a whole run. Unset: the suite's short selection. `KUGIRI_CHAOS_SEED` is the
/// first seed, `KUGIRI_CHAOS_RESULTS` a file that gets one line per kind.
struct ChaosSelection: Sendable {
    struct Share: Sendable, CustomTestStringConvertible {
        var kind: ChaosKind
        var trials: Int
        var testDescription: String { "\(kind.name)=\(trials)" }
    }

    var shares: [Share]
    var seed: UInt64
    /// nil: nobody wants them.
    var results: String?
    /// Whether a person asked for it, and sees how it goes.
    var isAsked: Bool

    static let current = ChaosSelection(ProcessInfo.processInfo.environment)

    init(_ environment: [String: String]) {
        seed = environment["KUGIRI_CHAOS_SEED"].flatMap { UInt64($0) } ?? 1
        results = environment["KUGIRI_CHAOS_RESULTS"]
        let words = (environment["KUGIRI_CHAOS"] ?? "").split(separator: " ")
        isAsked = !words.isEmpty
        guard isAsked else {
            shares = ChaosKind.all.map { Share(kind: $0, trials: $0.short) }
            return
        }
        guard words != ["all"] else {
            shares = ChaosKind.all.map { Share(kind: $0, trials: $0.whole) }
            return
        }
        shares = words.map { word in
            let parts = word.split(separator: "=")
            guard let kind = ChaosKind.all.first(where: { $0.name == parts[0] }) else {
                preconditionFailure("KUGIRI_CHAOS names \(word), which is no kind of chaos")
            }
            return Share(
                kind: kind, trials: parts.count > 1 ? Int(parts[1]) ?? kind.whole : kind.whole)
        }
    }

    /// Adds a line of these words to the results, if anybody wants them.
    func note(_ words: [String]) throws {
        guard let path = results else { return }
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        try #require(descriptor >= 0, "\(path)")
        defer { close(descriptor) }
        let line = Array((words.joined(separator: "\t") + "\n").utf8)
        let count = unsafe line.withUnsafeBytes {
            unsafe write(descriptor, $0.baseAddress, $0.count)
        }
        try #require(count == line.count)
    }
}
