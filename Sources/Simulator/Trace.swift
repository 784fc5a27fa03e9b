// What happened, as numbers: hashed always, kept and shown as text only in a replay.

/// What can be noted.
enum Note: UInt8 {
    case sent, lost, doubled, delayed, received, refused
    case statement, answered, broken, sessionEnded, committed, rolledBack
    case processStarted, processEnded, processFrozen, workHung, linkCut
    case coordinatorTook, phaseBegun, assigned, settled, revoked, stagedAgain
    case claimTaken, chunkCommitted, online, crashed, recovered, published, coordinatorLeft
    case found
}

/// The event log of one run.
package struct Trace {
    private struct Entry {
        var time: Int
        var note: Note
        var a: Int
        var b: Int
        var c: Int
    }

    /// FNV-1a over every entry: two runs with the same one did the same.
    package private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Entries so far.
    package private(set) var count = 0
    private let isKept: Bool
    private var entries: [Entry] = []

    /// - Parameter isKept: Keep the entries for ``lines``.
    init(isKept: Bool) { self.isKept = isKept }

    mutating func note(_ time: Int, _ note: Note, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        mix(UInt64(truncatingIfNeeded: time) << 8 | UInt64(note.rawValue))
        mix(UInt64(truncatingIfNeeded: a))
        mix(UInt64(truncatingIfNeeded: b) << 20 ^ UInt64(truncatingIfNeeded: c))
        count &+= 1
        if isKept { entries.append(Entry(time: time, note: note, a: a, b: b, c: c)) }
    }

    private mutating func mix(_ value: UInt64) {
        hash = (hash ^ value) &* 0x100_0000_01B3
        hash ^= hash >> 29
    }

    /// The event log as text, one line each.
    package var lines: [String] {
        entries.map { entry in
            let time = String(entry.time)
            let padded = String(repeating: " ", count: max(0, 7 - time.count)) + time
            return "\(padded) ms  \(Self.text(entry.note, entry.a, entry.b, entry.c))"
        }
    }

    /// Messages by the order of ``SimulatedMessage/code``.
    private static let messages = [
        "hello", "ready", "beat", "failed", "goodbye", "assign", "alive", "drain", "other",
    ]

    private static func who(_ process: Int) -> String { "process \(process)" }

    private static func text(_ note: Note, _ a: Int, _ b: Int, _ c: Int) -> String {
        switch note {
        case .sent: "message \(a): \(messages[c]) from \(who(b))"
        case .lost: "message \(a) is lost"
        case .doubled: "message \(a) is doubled, the second one \(b) ms late"
        case .delayed: "message \(a) is delayed by \(b) ms"
        case .received: "message \(a): \(messages[c]) reaches \(who(b))"
        case .refused: "message \(a) does not decode"
        case .statement: "statement \(a) of \(who(b)) in session \(c) is executed"
        case .answered: "statement \(a) is answered to \(who(b)): \(Reply.names[c])"
        case .broken: "statement \(a): \(who(b)) hears that session \(c) is lost"
        case .sessionEnded: "session \(a) ends"
        case .committed: "session \(a) commits"
        case .rolledBack: "session \(a) rolls back"
        case .processStarted: c < 0 ? "\(who(a)) starts: coordinator" : "\(who(a)) starts: w\(c)"
        case .processEnded: "\(who(a)) is gone"
        case .processFrozen: "\(who(a)) stands still for \(b) ms"
        case .workHung: "the work of \(who(a)) stands still for \(b) ms"
        case .linkCut: "the link of worker \(a) is cut for \(b) ms"
        case .coordinatorTook: "\(who(a)) has the run under term \(b)"
        case .phaseBegun: "\(who(a)) begins phase \(b)"
        case .assigned: "claim \(a) under epoch \(b) is given to w\(c)"
        case .settled: "claim \(a) is finished"
        case .revoked: "claim \(a) is taken back; its epoch is \(b)"
        case .stagedAgain: "\(who(a)) has lost slices staged again"
        case .claimTaken: "claim \(a) is taken under epoch \(b) by session \(c)"
        case .chunkCommitted: "claim \(a), epoch \(b): done to place \(c)"
        case .online: "online write \(a) of key \(b): \(c == 1 ? "committed" : "nothing to write")"
        case .crashed: "the server crashes; \(a) commits are lost"
        case .recovered: "the server is back"
        case .published: "\(who(a)) publishes under term \(b)"
        case .coordinatorLeft: "\(who(a)) leaves with \(b)"
        case .found: "FINDING \(a)"
        }
    }
}
